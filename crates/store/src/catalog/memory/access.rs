//! Who may do what, for as long as the program runs.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use serde_json::Value;
use wheelhouse_index::audit::{AuditEvent, AuditFilter, TrailEntry, TrailPlace};
use wheelhouse_index::identity::Timestamp;
use wheelhouse_index::ports::{AccessChange, AccessRecord, AccessStore, StoreError};

use super::MemoryCatalog;

/// Most events of the trail that are kept: nobody prunes memory.
const MAX_EVENTS: usize = 10_000;

/// What is kept about who may do what.
#[derive(Debug, Default)]
pub(super) struct AccessShelf {
    records: BTreeMap<(String, String), Value>,
    claims: HashMap<String, Timestamp>,
    trail: Vec<AuditEvent>,
}

#[async_trait]
impl AccessStore for MemoryCatalog {
    async fn access_records(&self) -> Result<Vec<AccessRecord>, StoreError> {
        let state = self.state();
        let records = state.access.records.iter();
        Ok(records
            .map(|((kind, key), body)| AccessRecord {
                kind: kind.clone(),
                key: key.clone(),
                body: body.clone(),
            })
            .collect())
    }

    async fn change_access(&self, change: AccessChange) -> Result<(), StoreError> {
        let shelf = &mut self.state().access;
        for record in change.put {
            shelf.records.insert((record.kind, record.key), record.body);
        }
        for key in change.remove {
            shelf.records.remove(&key);
        }
        shelf.trail.extend(change.events);
        let excess = shelf.trail.len().saturating_sub(MAX_EVENTS);
        shelf.trail.drain(..excess);
        Ok(())
    }

    async fn claim(&self, key: &str, until: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
        let claims = &mut self.state().access.claims;
        claims.retain(|_, until| *until > now);
        if claims.contains_key(key) {
            return Ok(false);
        }
        claims.insert(key.to_owned(), until);
        Ok(true)
    }

    async fn audit_trail(
        &self,
        filter: &AuditFilter,
        limit: usize,
    ) -> Result<Vec<TrailEntry>, StoreError> {
        let state = self.state();
        let placed = state.access.trail.iter().zip(0..).map(|(event, number)| {
            let at = event.by.at;
            (TrailPlace { at, number }, event)
        });
        let mut events: Vec<_> = placed
            .filter(|(place, event)| filter.lets_through(*place, event))
            .collect();
        events.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
        Ok(events
            .into_iter()
            .take(limit)
            .map(|(place, event)| TrailEntry {
                place,
                event: event.clone(),
            })
            .collect())
    }
}
