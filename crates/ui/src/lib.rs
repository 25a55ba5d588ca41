#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod account;
pub mod admin;
pub mod asset;
pub mod badge;
pub mod changes;
pub mod chart;
pub mod code;
mod escape;
pub mod failure;
mod format;
pub mod frame;
pub mod home;
pub mod inside;
mod lines;
pub mod manage;
mod markup;
pub mod member;
mod pages;
pub mod project;
pub mod readme;
pub mod search;
pub mod theme;
pub mod words;

pub use markup::Markup;
pub use pages::{Page, Pages};
