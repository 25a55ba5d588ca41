//! Readers of the journal within this process: whoever keeps something made from the catalog.

use std::fmt;

use crate::change::Applied;

/// Keeps something made from the catalog, and drops what a change made stale.
pub trait JournalReader: fmt::Debug + Send + Sync + 'static {
    /// Takes note of a committed change. Called after the commit and before whoever asked for
    /// the change is answered, so that they read what they wrote. Must be quick.
    fn applied(&self, applied: &Applied);

    /// Takes note that another replica changed who may do what.
    fn access_changed(&self) {}
}
