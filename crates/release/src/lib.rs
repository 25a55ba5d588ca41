#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod changelog;
pub mod distribution;
pub mod publishing;
pub mod pypirc;
pub mod version_place;
