#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod actor;
mod adopt;
pub mod change;
mod contents;
pub mod documentation;
pub mod download;
pub mod identity;
pub mod index;
pub mod journal;
mod knowledge;
mod locks;
pub mod page;
pub mod path;
pub mod permission;
pub mod ports;
pub mod publish;
pub mod reading;
pub mod record;
pub mod remove;
pub mod search;
pub mod view;

pub use index::{Index, IndexOptions, SignatureListing};
