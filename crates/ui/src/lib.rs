#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod asset;
pub mod changes;
mod escape;
pub mod failure;
mod format;
pub mod frame;
pub mod home;
pub mod inside;
mod lines;
mod markup;
pub mod member;
mod pages;
pub mod project;
pub mod search;
pub mod theme;

pub use markup::Markup;
pub use pages::{Page, Pages};
