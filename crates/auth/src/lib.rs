#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod checker;
pub mod group_file;
pub mod htpasswd;
pub mod sources;
pub mod token;
pub mod verify;
