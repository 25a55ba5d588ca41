#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod digest;
pub mod filename;
pub mod htpasswd;
pub mod name;
pub mod simple;
pub mod version;
