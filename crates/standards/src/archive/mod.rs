//! Wheels, sdists and eggs: what they say about themselves, read in place.
//!
//! Nothing is ever unpacked to disk, no size that an archive claims is believed, and every reader
//! stops at the limits of [`Limits`]. Reading is lenient where installers are: data before a zip
//! archive and comments behind it do not matter. [`zip`] and [`tar`] show the members, so that a
//! stricter check can stand on the same readers.

mod ending;
mod error;
mod inflate;
mod limits;
mod mark;
mod members;
mod metadata;
mod read_at;
pub mod tar;
pub mod zip;

pub use ending::{Ending, ends_well};
pub use error::ArchiveError;
pub use limits::Limits;
pub use mark::MemberMark;
pub use members::{
    Listing, Member, MemberBytes, MemberKind, Visit, is_code, is_looked_into, list, walk,
};
pub use metadata::{WheelMetadata, egg_metadata, sdist_metadata, wheel_metadata};
pub use read_at::{FileAt, ReadAt};

#[cfg(test)]
pub(crate) mod samples;
