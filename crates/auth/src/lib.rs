#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod checker;
pub mod htpasswd;
pub mod verify;
