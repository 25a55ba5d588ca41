//! The simple repository API: pages as values, and their HTML and JSON forms.
//!
//! A page is computed elsewhere, from one consistent read; here it becomes bytes. One value always
//! becomes the same bytes, so that entity tags and caches work. Which form a client gets is decided
//! by [`crate::accept`].

mod escape;
pub mod html;
pub mod json;
pub mod link;
mod page;

pub use page::{
    CoreMetadataMark, FlatFile, FlatList, FragmentHash, ListedProject, PageFile, ProjectList,
    ProjectPage, ProjectStatus, Yanked,
};

/// The version of the API that both forms announce.
///
/// The HTML form never announces a higher one.
///
/// Standard: PEP 833.
pub const API_VERSION: &str = "1.4";

#[cfg(test)]
mod fixture;
