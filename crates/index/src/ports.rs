//! What the index needs from outside. Each port is a trait; its documentation is a contract that
//! `wheelhouse_store::conformance` checks for every backend.

use std::sync::Arc;

mod access_store;
mod attestation_verifier;
mod catalog;
mod catalog_copy;
mod catalog_upkeep;
mod clock;
mod disks;
mod download_counts;
mod file_store;
mod identities;
mod person_sign_in;
mod project_finder;
mod replicas;
mod sealed_records;
mod token_exchange;

pub use access_store::{AccessChange, AccessRecord, AccessStore};
pub use attestation_verifier::{AttestationError, AttestationVerifier, AttestedFile};
pub use catalog::{Catalog, Committed, Counts, NewProject, SearchHit, SearchTerms};
pub use catalog_copy::{
    CatalogCopy, CatalogHold, CatalogRow, CatalogSource, CatalogTarget, ClaimRow, CopyScope,
    CountedWhen, DownloadsRow, FileRow, FillError, Filled, Filling, Hold, KeyRow, PathOrMarks,
    ProjectRow,
};
pub use catalog_upkeep::{CatalogFlaw, CatalogUpkeep, FlawKind, Repair};
pub use clock::{Clock, SystemClock};
pub use disks::{DiskRoom, DiskUse, Disks};
pub use download_counts::{DownloadCount, DownloadCounts, DownloadSums, ProjectDownloads};
pub use file_store::{
    AddressMethod, BroughtBack, Content, FileStore, MarksFile, MarksPlace, Observation, OpenError,
    OpenFile, PlaceError, PlaceMode, PlacedFile, Scan, Seen, StagedFile, Staging, Truth,
};
pub use identities::{IdentifyError, Identities};
pub use person_sign_in::{Begun, PersonSignIn, Returned, SignInError, SignedIn};
pub use project_finder::{FinderEntry, FinderQuery, FoundProject, FoundProjects, ProjectFinder};
pub use replicas::{Held, LEASE, Progress, ReplicaState, Replicas};
pub use sealed_records::{
    ListedContents, PathDigest, RecordName, SealedFile, SealedRecords, Shard, StoredContent,
    UnsealError,
};
pub use token_exchange::{MintError, Minted, TokenExchange};

/// A backend could not do its work. Never about the request: what a request may get wrong has an
/// error of its own.
#[derive(Debug, thiserror::Error)]
#[error("{backend}: cannot {operation}: {source}")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own about one failure"
)]
pub struct StoreError {
    /// Which backend, such as `sqlite`.
    pub backend: &'static str,
    /// What it was doing, as a verb and an object.
    pub operation: &'static str,
    /// Why it failed.
    pub source: Box<dyn std::error::Error + Send + Sync>,
    /// Whether it would succeed with more room on the disk.
    pub is_full: bool,
    /// Whether the backend cannot be asked for now: the same may well succeed later.
    pub is_away: bool,
    /// Whether nothing is taken for now because everything is copied to another place, which the source
    /// says.
    pub is_held: bool,
    /// Whether it may have been done all the same: nobody could be asked what became of it.
    pub is_undecided: bool,
}

impl StoreError {
    /// Makes the error of a backend's operation. What came of another backend's, such as a reading
    /// through a file store that is away, is as that was.
    pub fn new(
        backend: &'static str,
        operation: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        let source = source.into();
        let cause = Self::behind(&*source);
        let (is_full, is_away, is_held) = cause.map_or((false, false, false), |cause| {
            (cause.is_full, cause.is_away, cause.is_held)
        });
        Self {
            backend,
            operation,
            source,
            is_full,
            is_away,
            is_held,
            is_undecided: false,
        }
    }

    /// Returns the error of a backend that an error is, or that it carries.
    fn behind<'e>(error: &'e (dyn std::error::Error + Send + Sync + 'static)) -> Option<&'e Self> {
        let shared = || error.downcast_ref::<Arc<Self>>().map(|shared| &**shared);
        let carried = || {
            let error = error.downcast_ref::<std::io::Error>()?;
            Self::behind(error.get_ref()?)
        };
        error.downcast_ref().or_else(shared).or_else(carried)
    }

    /// Says that there was no room, if that is so.
    #[must_use]
    pub const fn for_want_of_room(mut self, is_full: bool) -> Self {
        self.is_full = is_full;
        self
    }

    /// Says that the backend cannot be asked for now, if that is so.
    #[must_use]
    pub const fn while_away(mut self, is_away: bool) -> Self {
        self.is_away = is_away;
        self
    }

    /// Says that everything is copied to another place, if that is so: the same may well succeed
    /// there soon.
    #[must_use]
    pub const fn while_held(mut self, is_held: bool) -> Self {
        self.is_held = is_held;
        self.is_away |= is_held;
        self
    }

    /// Says that it may have been done all the same, if that is so.
    #[must_use]
    pub const fn while_undecided(mut self, is_undecided: bool) -> Self {
        self.is_undecided = is_undecided;
        self
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn what_came_of_another_error_is_as_that_was() {
        let away = || StoreError::new("database", "ask", "closed").while_away(true);
        let full = || StoreError::new("database", "write", "closed").for_want_of_room(true);
        let over = |error: Box<dyn std::error::Error + Send + Sync>| {
            let error = StoreError::new("index", "read", error);
            (error.is_away, error.is_full)
        };
        assert_eq!(over(Box::new(away())), (true, false));
        assert_eq!(over(Box::new(Arc::new(away()))), (true, false));
        assert_eq!(over(Box::new(io::Error::other(away()))), (true, false));
        assert_eq!(over(Box::new(full())), (false, true));
        assert_eq!(over(Box::new(io::Error::other("closed"))), (false, false));
        assert_eq!(over("closed".into()), (false, false));
    }
}
