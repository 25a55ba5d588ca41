//! The promises of each port, as tests that every backend passes.

pub(crate) mod access_store;
pub(crate) mod catalog;
pub(crate) mod catalog_copy;
pub(crate) mod download_counts;
pub(crate) mod file_store;
