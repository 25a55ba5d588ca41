#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod actor;
pub mod change;
pub mod identity;
pub mod path;
pub mod ports;
pub mod record;
