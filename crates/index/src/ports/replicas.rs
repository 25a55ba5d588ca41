//! The port for what the replicas of an installation know of each other.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::StoreError;
use crate::identity::Serial;

/// How long the others believe that a replica follows, after it said so.
pub const LEASE: Duration = Duration::from_secs(1);

/// Up to where changes were followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// The serial of the last change of packages.
    pub serial: Serial,
    /// The number of the last change of who may do what.
    pub access: u64,
}

impl Progress {
    /// Returns whether everything that `other` has is in here.
    pub fn includes(&self, other: &Self) -> bool {
        self.serial >= other.serial && self.access >= other.access
    }
}

/// The replicas of an installation: equal servers over one catalog.
///
/// What makes an answer of a cache true: whoever commits a change waits for every replica whose
/// lease has not run out, and a replica whose lease has run out believes no cache of its own.
#[async_trait]
pub trait Replicas: fmt::Debug + Send + Sync + 'static {
    /// Says that this replica has followed up to `progress`, and renews its lease: for [`LEASE`]
    /// from a moment after the call. Then, and not before, returns up to where there is something
    /// to follow: a change that is committed later sees the lease.
    async fn report(&self, progress: Progress) -> Result<Progress, StoreError>;

    /// Returns up to where there is something to follow.
    async fn heads(&self) -> Result<Progress, StoreError>;

    /// Waits until there may be something new to follow, at most so long.
    async fn stirred(&self, at_most: Duration);

    /// Waits until every other replica with a lease has followed up to `progress`, and returns
    /// whether they have. Gives up after [`LEASE`].
    async fn await_others(&self, progress: Progress) -> Result<bool, StoreError>;

    /// Ends the lease at once: this replica answers no more.
    async fn leave(&self) -> Result<(), StoreError>;

    /// Takes a turn at work that one replica is to do, and returns whether it is this one's. The
    /// turn is over after `span`, or is prolonged by asking again.
    async fn take_turn(&self, work: &str, span: Duration) -> Result<bool, StoreError>;

    /// Returns the servers that have or had a lease, by name.
    async fn known(&self) -> Result<Vec<ReplicaState>, StoreError> {
        Ok(Vec::new())
    }

    /// Waits until no other replica holds `name`, and holds it until the answer is dropped.
    async fn hold(&self, name: &str) -> Result<Box<dyn Held>, StoreError>;
}

/// What is known of a replica.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaState {
    /// Its name: it chose one at random when it started.
    pub name: String,
    /// Whether it is the one that says so.
    pub is_this: bool,
    /// Up to where it said that it had followed.
    pub followed: Progress,
    /// For how long its lease is good, in milliseconds; less than nothing if it ran out.
    pub lease_ms: i64,
}

/// A name that is held. Dropping it lets it go.
pub trait Held: fmt::Debug + Send + Sync {}
