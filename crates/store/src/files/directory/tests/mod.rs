//! What a [`DirectoryStore`] does with real folders.

mod away;
mod fixture;
mod following;
mod opening;
mod placing;
mod polling;

use std::sync::Arc;

use self::fixture::Roots;
use crate::conformance::file_store::{file_store_promises, path_promises};

file_store_promises!({
    let roots = Roots::new();
    (Arc::new(roots.store()), roots)
});

path_promises!({
    let roots = Roots::new();
    (Arc::new(roots.store()), roots)
});
