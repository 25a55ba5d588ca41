#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod account;
pub mod admin;
pub mod asset;
mod escape;
pub mod failure;
mod format;
pub mod frame;
pub mod home;
pub mod manage;
mod markup;
mod pages;
pub mod project;
pub mod search;
pub mod theme;

pub use markup::Markup;
pub use pages::{Page, Pages};
