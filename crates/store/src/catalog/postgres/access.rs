//! What is kept about who may do what, and the audit trail.

use async_trait::async_trait;
use deadpool_postgres::{Object, Pool};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use wheelhouse_index::actor::{Actor, ActorFilter};
use wheelhouse_index::audit::{AuditEvent, AuditFilter, AuditKind, TrailEntry, TrailPlace};
use wheelhouse_index::identity::Timestamp;
use wheelhouse_index::ports::{AccessChange, AccessRecord, AccessStore, StoreError};
use wheelhouse_standards::digest::Digester;
use wheelhouse_standards::name::ProjectKey;

use super::commit::{ACCESS_CHANGED, CHANNEL};
use super::failure::{Failure, Outcome};
use super::pipeline::Pipeline;
use super::pool::{connection, renew};
use super::reads::Reads;
use super::row::{attribution, bound, odd_text, text};
use super::writer::{Settled, again, begin_with_lock, settled};
use super::{ACCESS_LOCK, PostgresCatalog, told};
use crate::catalog::stored::{audit_kind_from_name, json_from_text, key_from_text};

/// How many claims whose time was up are forgotten with one new claim.
const FORGOTTEN: i64 = 1_000;

/// Puts records. One that is put twice is what the last says.
pub(super) const PUT: &str = "
    INSERT INTO access (kind, key, body)
    SELECT DISTINCT ON (kind, key) kind, key, body
    FROM unnest($1::bytea[], $2::bytea[], $3::text[])
        WITH ORDINALITY AS put (kind, key, body, place)
    ORDER BY kind, key, place DESC
    ON CONFLICT (kind, sha256(key)) DO UPDATE SET body = excluded.body";

/// Adds to the trail.
pub(super) const NOTE: &str = "
    INSERT INTO audit
        (at, kind, actor, token_owner, address, agent, request_id, project, detail)
    SELECT at, kind, actor, token_owner, address, agent, request_id, project, detail
    FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::bytea[], $5::bytea[],
        $6::bytea[], $7::bytea[], $8::bytea[], $9::text[]) WITH ORDINALITY
        AS noted (at, kind, actor, token_owner, address, agent, request_id, project,
            detail, place)
    ORDER BY place";

#[async_trait]
impl AccessStore for PostgresCatalog {
    async fn access_records(&self) -> Result<Vec<AccessRecord>, StoreError> {
        told("read who may do what", records(&self.reads).await)
    }

    async fn change_access(&self, change: AccessChange) -> Result<(), StoreError> {
        let pool = self.writes.clone();
        // Goes on to its end if the caller stops waiting.
        let written = tokio::spawn(async move { write(&pool, &change).await });
        let outcome = written.await.unwrap_or(Err(Failure::Closed));
        told("change who may do what", outcome)
    }

    async fn claim(&self, key: &str, until: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
        let (pool, key) = (self.writes.clone(), digest(key));
        let claimed = tokio::spawn(async move { claim(&pool, &key, until, now).await });
        let outcome = claimed.await.unwrap_or(Err(Failure::Closed));
        told("claim what may be used once", outcome)
    }

    async fn audit_trail(
        &self,
        filter: &AuditFilter,
        limit: usize,
    ) -> Result<Vec<TrailEntry>, StoreError> {
        told(
            "read the audit trail",
            trail(&self.reads, filter, limit).await,
        )
    }
}

async fn records(reads: &Reads) -> Outcome<Vec<AccessRecord>> {
    let rows = reads
        .rows("SELECT kind, key, body FROM access ORDER BY kind, key", &[])
        .await?;
    let record = |row: &Row| {
        Ok(AccessRecord {
            kind: odd_text(row, 0)?.unwrap_or_default().to_owned(),
            key: odd_text(row, 1)?.unwrap_or_default().to_owned(),
            body: json_from_text("access", text(row, 2)?)?,
        })
    };
    rows.iter().map(record).collect()
}

/// Puts, removes and notes in one transaction. Two at a time would wait for each other, so all take
/// one lock first.
async fn write(pool: &Pool, change: &AccessChange) -> Outcome<()> {
    for tried in 1.. {
        let client = connection(pool).await?;
        let transaction = match begin_with_lock(&client, ACCESS_LOCK).await {
            Ok(transaction) => transaction,
            Err(failure) => match again(pool, failure, client, tried).await {
                None => continue,
                Some(failure) => return Err(failure),
            },
        };
        let written = write_all(&client, change).await;
        match settled(pool, client, &transaction, written, tried).await {
            Settled::Done => return Ok(()),
            // There is no journal to look into: whoever asked is told that nobody can tell.
            Settled::FoundOut => return Err(Failure::Unknown),
            Settled::Again => {}
            Settled::Failed(failure) => return Err(failure),
        }
    }
    Err(Failure::Closed)
}

/// Writes everything, and commits it. A record that is put twice is what the last says.
async fn write_all(client: &Object, change: &AccessChange) -> Outcome<()> {
    let put = client.prepare_cached(PUT).await?;
    let remove = client
        .prepare_cached(
            "DELETE FROM access USING unnest($1::bytea[], $2::bytea[]) AS gone (kind, key)
             WHERE access.kind = gone.kind AND sha256(access.key) = sha256(gone.key)",
        )
        .await?;
    let note = client.prepare_cached(NOTE).await?;
    let notify = client.prepare_cached("SELECT pg_notify($1, $2)").await?;
    let (kinds, keys): (Vec<&[u8]>, Vec<&[u8]>) = change
        .put
        .iter()
        .map(|record| (record.kind.as_bytes(), record.key.as_bytes()))
        .unzip();
    let bodies: Vec<String> = change
        .put
        .iter()
        .map(|record| record.body.to_string())
        .collect();
    let (gone_kinds, gone_keys): (Vec<&[u8]>, Vec<&[u8]>) = change
        .remove
        .iter()
        .map(|(kind, key)| (kind.as_bytes(), key.as_bytes()))
        .unzip();
    let notes = Notes::of(&change.events);
    let mut pipeline = Pipeline::default();
    if !change.put.is_empty() {
        pipeline.execute(client, &put, vec![&kinds, &keys, &bodies]);
    }
    if !change.remove.is_empty() {
        pipeline.execute(client, &remove, vec![&gone_kinds, &gone_keys]);
    }
    if !change.put.is_empty() || !change.remove.is_empty() {
        pipeline.execute(client, &notify, vec![&CHANNEL, &ACCESS_CHANGED]);
    }
    if !change.events.is_empty() {
        pipeline.execute(client, &note, notes.values());
    }
    pipeline.say(client, "COMMIT");
    pipeline.run().await
}

/// Events of the trail, column by column.
pub(super) struct Notes<'a> {
    at: Vec<i64>,
    kind: Vec<&'a str>,
    actor: Vec<Vec<u8>>,
    token_owner: Vec<Option<&'a [u8]>>,
    address: Vec<Option<&'a [u8]>>,
    agent: Vec<Option<&'a [u8]>>,
    request_id: Vec<Option<&'a [u8]>>,
    project: Vec<Option<&'a [u8]>>,
    detail: Vec<String>,
}

impl<'a> Notes<'a> {
    pub(super) fn of(events: &'a [AuditEvent]) -> Self {
        let bytes = |text: &'a Option<String>| text.as_ref().map(String::as_bytes);
        Self {
            at: events.iter().map(|event| event.by.at.0).collect(),
            kind: events.iter().map(|event| event.kind.name()).collect(),
            actor: events
                .iter()
                .map(|event| event.by.actor.to_string().into_bytes())
                .collect(),
            token_owner: events
                .iter()
                .map(|event| match &event.by.actor {
                    Actor::Token { owner, .. } => Some(owner.as_str().as_bytes()),
                    _ => None,
                })
                .collect(),
            address: events
                .iter()
                .map(|event| bytes(&event.by.address))
                .collect(),
            agent: events.iter().map(|event| bytes(&event.by.agent)).collect(),
            request_id: events
                .iter()
                .map(|event| bytes(&event.by.request_id))
                .collect(),
            project: events
                .iter()
                .map(|event| event.project.as_ref().map(|key| key.as_str().as_bytes()))
                .collect(),
            detail: events
                .iter()
                .map(|event| event.detail.to_string())
                .collect(),
        }
    }

    pub(super) fn values(&self) -> Vec<&(dyn ToSql + Sync)> {
        vec![
            &self.at,
            &self.kind,
            &self.actor,
            &self.token_owner,
            &self.address,
            &self.agent,
            &self.request_id,
            &self.project,
            &self.detail,
        ]
    }
}

/// Takes a key, or tells that somebody has it: one statement, which only one of many wins.
async fn claim(pool: &Pool, key: &[u8], until: Timestamp, now: Timestamp) -> Outcome<bool> {
    let client = match forget(pool, now).await {
        // Nothing was taken yet: another connection will do.
        Err(failure) if failure.is_lost_connection() => {
            renew(pool);
            forget(pool, now).await?
        }
        outcome => outcome?,
    };
    let take = client
        .prepare_cached(
            "INSERT INTO claims AS held (key_sha256, until) VALUES ($1, $2)
             ON CONFLICT (key_sha256) DO UPDATE SET until = excluded.until
             WHERE held.until <= $3",
        )
        .await?;
    let taken = client.execute(&take, &[&key, &until.0, &now.0]).await?;
    Ok(taken == 1)
}

/// Forgets claims whose time is up, and returns the connection, which works.
async fn forget(pool: &Pool, now: Timestamp) -> Outcome<Object> {
    let client = connection(pool).await?;
    // What others look at just now is forgotten another time.
    let forget = client
        .prepare_cached(
            "DELETE FROM claims WHERE key_sha256 IN (
                 SELECT key_sha256 FROM claims WHERE until <= $1
                 ORDER BY until LIMIT $2 FOR UPDATE SKIP LOCKED)",
        )
        .await?;
    client.execute(&forget, &[&now.0, &FORGOTTEN]).await?;
    Ok(client)
}

fn digest(key: &str) -> Vec<u8> {
    let mut digester = Digester::new(None);
    digester.update(key.as_bytes());
    digester.finish().sha256.as_bytes().to_vec()
}

async fn trail(reads: &Reads, filter: &AuditFilter, limit: usize) -> Outcome<Vec<TrailEntry>> {
    let since = filter.since.map_or(i64::MIN, |since| since.0);
    let actor = filter.actor.as_ref().map(ActorFilter::as_str);
    let user = filter.actor.as_ref().and_then(ActorFilter::user);
    let project = filter.project.as_ref().map(ProjectKey::as_str);
    let rows = reads
        .rows(
            "SELECT kind, actor, address, agent, request_id, at, project, detail, id FROM audit
             WHERE at >= $1
                 AND ($2::bytea IS NULL OR actor = $2 OR token_owner = $3::bytea)
                 AND ($4::bytea IS NULL OR project = $4)
                 AND ($5::text IS NULL OR kind = $5)
                 AND (at, id) < ($7, $8)
             ORDER BY at DESC, id DESC LIMIT $6",
            &[
                &since,
                &actor.map(str::as_bytes),
                &user.map(str::as_bytes),
                &project.map(str::as_bytes),
                &filter.kind.map(AuditKind::name),
                &bound(limit),
                &filter.before.map_or(i64::MAX, |before| before.at.0),
                &filter.before.map_or(i64::MAX, |before| before.number),
            ],
        )
        .await?;
    let entry = |row| {
        let event = audit_event(row)?;
        let (at, number) = (event.by.at, row.try_get(8)?);
        let place = TrailPlace { at, number };
        Ok(TrailEntry { place, event })
    };
    rows.iter().map(entry).collect()
}

pub(super) fn audit_event(row: &Row) -> Outcome<AuditEvent> {
    Ok(AuditEvent {
        kind: audit_kind_from_name(text(row, 0)?)?,
        by: attribution(row, 1)?,
        project: odd_text(row, 6)?.map(key_from_text).transpose()?,
        detail: json_from_text("audit", text(row, 7)?)?,
    })
}
