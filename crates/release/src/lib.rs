#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod bump;
pub mod changelog;
pub mod client_setup;
pub mod contents;
pub mod distribution;
pub mod modules;
pub mod pipelines;
pub mod publishing;
pub mod pypirc;
pub mod readiness;
pub mod tag;
pub mod version_place;
