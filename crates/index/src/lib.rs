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
pub mod manage;
pub mod mark;
mod marks_file;
pub mod page;
pub mod path;
pub mod permission;
pub mod ports;
pub mod publish;
pub mod reading;
pub mod record;
mod remove;
pub mod search;
pub mod view;
pub mod withdrawn;

pub use index::{DeletedNames, Index, IndexOptions, SignatureListing};
