#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod basic;
mod checker;
pub mod htpasswd;
pub mod verify;
