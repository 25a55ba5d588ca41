#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod attestation;
mod checker;
pub mod group_file;
pub mod htpasswd;
pub mod identity_token;
pub mod issuers;
pub mod ldap;
pub mod openid;
pub mod sources;
pub mod token;
pub mod trusted;
pub mod verify;
