#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod sdist;
mod wheel;
mod zip;

pub use sdist::Sdist;
pub use wheel::Wheel;
pub use zip::archive as zip_of;
