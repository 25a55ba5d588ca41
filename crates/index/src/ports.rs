//! What the index needs from outside. Each port is a trait; its documentation is a contract that
//! `wheelhouse_store::conformance` checks for every backend.

mod access_store;
mod attestation_verifier;
mod catalog;
mod clock;
mod file_store;
mod identities;
mod person_sign_in;
mod replicas;
mod token_exchange;

pub use access_store::{AccessChange, AccessRecord, AccessStore};
pub use attestation_verifier::{AttestationError, AttestationVerifier, AttestedFile};
pub use catalog::{Catalog, Committed, Counts, NewProject, SearchHit, SearchTerms};
pub use clock::{Clock, SystemClock};
pub use file_store::{
    AddressMethod, BroughtBack, Content, FileStore, MarksFile, MarksPlace, Observation, OpenError,
    OpenFile, PlaceError, PlaceMode, PlacedFile, Scan, Seen, StagedFile, Staging, Truth,
};
pub use identities::{IdentifyError, Identities};
pub use person_sign_in::{Begun, PersonSignIn, Returned, SignInError, SignedIn};
pub use replicas::{Held, LEASE, Progress, Replicas};
pub use token_exchange::{MintError, Minted, TokenExchange};

/// A backend could not do its work. Never about the request: what a request may get wrong has an
/// error of its own.
#[derive(Debug, thiserror::Error)]
#[error("{backend}: cannot {operation}: {source}")]
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
}

impl StoreError {
    /// Makes the error of a backend's operation.
    pub fn new(
        backend: &'static str,
        operation: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            backend,
            operation,
            source: source.into(),
            is_full: false,
            is_away: false,
        }
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
}
