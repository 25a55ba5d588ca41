#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod accept;
pub mod archive;
pub mod check;
pub mod digest;
pub mod entity_tag;
pub mod filename;
pub mod found;
pub mod htpasswd;
pub mod inside;
pub mod json_api;
pub mod license;
pub mod metadata;
pub mod name;
pub mod range;
pub mod rss;
pub mod simple;
pub mod specifier;
pub mod version;
pub mod xml;
