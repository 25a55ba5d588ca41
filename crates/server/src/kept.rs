//! How much a cache keeps, for administrators.

use std::hash::Hash;

use moka::sync::Cache;

/// How much a cache keeps. The numbers may lag behind by a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
}

impl Kept {
    /// Returns how much is in a cache whose weights are bytes.
    pub(crate) fn of<K, V>(cache: &Cache<K, V>) -> Self
    where
        K: Hash + Eq + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
    {
        cache.run_pending_tasks();
        Self {
            entries: cache.entry_count(),
            bytes: cache.weighted_size(),
        }
    }
}
