#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod digest;
pub mod name;
pub mod simple;
