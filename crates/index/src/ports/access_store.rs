//! The port for what is kept about accounts, tokens, rules and sign-ins.

use std::fmt;

use async_trait::async_trait;
use serde_json::Value;

use super::StoreError;
use crate::audit::{AuditEvent, AuditFilter, TrailEntry};
use crate::identity::Timestamp;

/// The records that say who may do what, and the trail of what was done with them. They belong to
/// the installation, not to one index, and losing them loses no package.
///
/// Every implementation passes `wheelhouse_store::conformance::access_store`.
#[async_trait]
pub trait AccessStore: fmt::Debug + Send + Sync + 'static {
    /// Returns all records, ordered by kind and key.
    async fn access_records(&self) -> Result<Vec<AccessRecord>, StoreError>;

    /// Changes records and notes what was done, all or nothing, durably. A record that is put
    /// takes the place of one with its kind and key; removing one that is not there is no error.
    async fn change_access(&self, change: AccessChange) -> Result<(), StoreError>;

    /// Takes a key for itself until `until`, durably, and returns whether nobody had: of many who
    /// ask at the same time exactly one is told yes. Keys whose time was up at `now` are free.
    async fn claim(&self, key: &str, until: Timestamp, now: Timestamp) -> Result<bool, StoreError>;

    /// Returns up to `limit` events of the trail that the filter lets through, the last first. The
    /// place of an event never changes.
    async fn audit_trail(
        &self,
        filter: &AuditFilter,
        limit: usize,
    ) -> Result<Vec<TrailEntry>, StoreError>;
}

/// One record. What is in it, the index knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRecord {
    /// What kind of record it is, such as `token`.
    pub kind: String,
    /// Which one of its kind.
    pub key: String,
    /// What it says: a JSON object.
    pub body: Value,
}

/// A change to records. Events without a change of records are right too.
#[derive(Debug, Clone, Default)]
pub struct AccessChange {
    /// Records to put.
    pub put: Vec<AccessRecord>,
    /// Kinds and keys of records to remove.
    pub remove: Vec<(String, String)>,
    /// What to write into the trail.
    pub events: Vec<AuditEvent>,
}
