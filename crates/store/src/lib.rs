#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod catalog;
#[cfg(test)]
mod conformance;
pub mod disks;
pub mod files;
pub mod state;
