#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod access;
pub mod actor;
mod adopt;
pub mod audit;
pub mod change;
pub mod compare;
mod contents;
pub mod damage;
pub mod documentation;
pub mod download;
pub mod downloads;
pub mod finding;
pub mod identity;
pub mod index;
pub mod inspect;
pub mod journal;
mod knowledge;
mod locks;
pub mod manage;
pub mod mark;
mod marks_file;
pub mod news;
pub mod origin;
pub mod overview;
pub mod page;
pub mod path;
pub mod permission;
pub mod ports;
mod provenance;
pub mod publish;
pub mod reading;
pub mod record;
pub mod release;
mod remove;
pub mod replica;
pub mod said;
pub mod scrubbed;
pub mod search;
mod sizes;
pub mod verify;
mod vetting;
pub mod view;
pub mod withdrawn;

pub use index::{DeletedNames, Index, IndexOptions, SignatureListing};
