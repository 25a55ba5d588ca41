#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod checker;
pub mod group_file;
pub mod htpasswd;
pub mod identity_token;
pub mod issuers;
pub mod sources;
pub mod token;
pub mod trusted;
pub mod verify;
