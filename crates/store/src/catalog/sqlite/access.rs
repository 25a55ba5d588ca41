//! What is kept about who may do what, and the audit trail.

use std::fmt::Write as _;

use async_trait::async_trait;
use rusqlite::{Connection, Row, params};
use wheelhouse_index::actor::ActorFilter;
use wheelhouse_index::audit::{AuditEvent, AuditFilter, AuditKind, TrailEntry, TrailPlace};
use wheelhouse_index::change::Attribution;
use wheelhouse_index::identity::Timestamp;
use wheelhouse_index::ports::{AccessChange, AccessRecord, AccessStore, StoreError};

use wheelhouse_standards::digest::{Digester, Sha256Digest};
use wheelhouse_standards::name::ProjectKey;

use super::SqliteCatalog;
use super::failure::Outcome;
use crate::catalog::stored::{
    actor_from_text, audit_kind_from_name, json_from_text, key_from_text,
};

/// What the names of claims begin with.
const DIGEST: &str = "sha256:";

#[async_trait]
impl AccessStore for SqliteCatalog {
    async fn access_records(&self) -> Result<Vec<AccessRecord>, StoreError> {
        self.read("read who may do what", records).await
    }

    async fn change_access(&self, change: AccessChange) -> Result<(), StoreError> {
        let outcome = self
            .writer
            .write(1, move |connection, _| put(connection, &change))
            .await;
        self.told("change who may do what", outcome)
    }

    async fn claim(&self, key: &str, until: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
        let key = key.to_owned();
        let outcome = self
            .writer
            .write(1, move |connection, _| claim(connection, &key, until, now))
            .await;
        self.told("claim what may be used once", outcome)
    }

    async fn audit_trail(
        &self,
        filter: &AuditFilter,
        limit: usize,
    ) -> Result<Vec<TrailEntry>, StoreError> {
        let filter = filter.clone();
        self.read("read the audit trail", move |connection| {
            trail(connection, &filter, limit)
        })
        .await
    }
}

fn records(connection: &Connection) -> Outcome<Vec<AccessRecord>> {
    let mut statement =
        connection.prepare_cached("SELECT kind, key, body FROM access ORDER BY kind, key")?;
    let mut rows = statement.query([])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        let body: String = row.get(2)?;
        records.push(AccessRecord {
            kind: row.get(0)?,
            key: row.get(1)?,
            body: json_from_text("access", &body)?,
        });
    }
    Ok(records)
}

pub(super) fn put(connection: &Connection, change: &AccessChange) -> Outcome<()> {
    for record in &change.put {
        connection
            .prepare_cached(
                "INSERT INTO access (kind, key, body) VALUES (?1, ?2, ?3)
                 ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
            )?
            .execute(params![record.kind, record.key, record.body.to_string()])?;
    }
    for (kind, key) in &change.remove {
        connection
            .prepare_cached("DELETE FROM access WHERE kind = ?1 AND key = ?2")?
            .execute(params![kind, key])?;
    }
    for event in &change.events {
        let by = &event.by;
        connection
            .prepare_cached(
                "INSERT INTO audit (at, kind, actor, address, agent, request_id, project, detail)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                by.at.0,
                event.kind.name(),
                by.actor.to_string(),
                by.address,
                by.agent,
                by.request_id,
                event.project.as_ref().map(ProjectKey::as_str),
                event.detail.to_string(),
            ])?;
    }
    Ok(())
}

fn claim(connection: &Connection, key: &str, until: Timestamp, now: Timestamp) -> Outcome<bool> {
    connection
        .prepare_cached("DELETE FROM claims WHERE until <= ?1")?
        .execute(params![now.0])?;
    // Earlier versions wrote the key as it is.
    let claimed = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO claims (key, until)
             SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM claims WHERE key = ?3)",
        )?
        .execute(params![claim_key(&digest_of(key)), until.0, key])?;
    Ok(claimed == 1)
}

/// Returns what the table calls a key with this digest: a copy of the catalog need not know more of it.
pub(super) fn claim_key(sha256: &[u8]) -> String {
    let mut text = String::from(DIGEST);
    for byte in sha256 {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Returns the digest of a key, by what the table calls it.
pub(super) fn claim_digest(stored: &str) -> [u8; 32] {
    let digest = stored.strip_prefix(DIGEST).and_then(|hex| hex.parse().ok());
    digest.map_or_else(
        || digest_of(stored),
        |digest: Sha256Digest| *digest.as_bytes(),
    )
}

fn digest_of(key: &str) -> [u8; 32] {
    let mut digester = Digester::new(None);
    digester.update(key.as_bytes());
    *digester.finish().sha256.as_bytes()
}

fn trail(connection: &Connection, filter: &AuditFilter, limit: usize) -> Outcome<Vec<TrailEntry>> {
    let mut statement = connection.prepare_cached(
        "SELECT at, kind, actor, address, agent, request_id, project, detail, id FROM audit
         WHERE at >= ?1 AND (?2 IS NULL OR actor = ?2 OR (actor LIKE 'token:%'
             AND substr(actor, 7 + instr(substr(actor, 7), ':')) = ?6)) AND (?3 IS NULL OR project = ?3)
           AND (?4 IS NULL OR kind = ?4) AND (at, id) < (?7, ?8)
         ORDER BY at DESC, id DESC LIMIT ?5",
    )?;
    let mut rows = statement.query(params![
        filter.since.map_or(i64::MIN, |since| since.0),
        filter.actor.as_ref().map(ActorFilter::as_str),
        filter.project.as_ref().map(ProjectKey::as_str),
        filter.kind.map(AuditKind::name),
        i64::try_from(limit).unwrap_or(i64::MAX),
        filter.actor.as_ref().and_then(ActorFilter::user),
        filter.before.map_or(i64::MAX, |before| before.at.0),
        filter.before.map_or(i64::MAX, |before| before.number),
    ])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let event = event(row)?;
        let (at, number) = (event.by.at, row.get(8)?);
        let place = TrailPlace { at, number };
        events.push(TrailEntry { place, event });
    }
    Ok(events)
}

pub(super) fn event(row: &Row<'_>) -> Outcome<AuditEvent> {
    let (kind, actor, detail): (String, String, String) = (row.get(1)?, row.get(2)?, row.get(7)?);
    let project: Option<String> = row.get(6)?;
    Ok(AuditEvent {
        kind: audit_kind_from_name(&kind)?,
        by: Attribution {
            actor: actor_from_text(&actor)?,
            address: row.get(3)?,
            agent: row.get(4)?,
            request_id: row.get(5)?,
            at: Timestamp(row.get(0)?),
        },
        project: project.as_deref().map(key_from_text).transpose()?,
        detail: json_from_text("audit", &detail)?,
    })
}
