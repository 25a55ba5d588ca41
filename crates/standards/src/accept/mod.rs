//! What a client accepts: the form of a page, and its compression.
//!
//! Headers are read leniently: nothing in them fails a request, since real clients send odd ones.

mod encoding;
mod media_type;
mod quality;
mod representation;

pub use encoding::{Encoding, negotiate_encoding};
pub use media_type::choose_media_type;
pub use representation::{NotAcceptable, Representation, negotiate};
