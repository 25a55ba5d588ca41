#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod asset;
<<<<<<< HEAD
pub mod changes;
=======
pub mod badge;
pub mod chart;
pub mod code;
>>>>>>> 1d9377ae1a6b30b21fc32900845e3fbd8b9f0857
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
pub mod readme;
pub mod search;
pub mod theme;
pub mod words;

pub use markup::Markup;
pub use pages::{Page, Pages};
