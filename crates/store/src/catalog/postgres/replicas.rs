//! The servers over one database: their leases, whose turn it is, and what is held by one alone.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use deadpool_postgres::{Object, Pool};
use futures_util::future::join;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use wheelhouse_index::ports::{Held, LEASE, Progress, ReplicaState, Replicas, StoreError};

use super::changes::JournalChanges;
use super::failure::{Failure, Outcome};
use super::pool::{connection, renew};
use super::read::serial_of;
use super::told;

/// How long an answer is waited for. A lease that takes longer to renew has run out anyway.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long somebody waits for what another one holds.
const HOLD_PATIENCE: Duration = Duration::from_secs(30);
/// How many names are held at a time: each takes a connection, of which a database has a hundred or so
/// for all servers.
const HOLDS: usize = 8;
/// How long to wait between two looks at whether the others have followed.
const FIRST_LOOK: Duration = Duration::from_millis(2);
const LAST_LOOK: Duration = Duration::from_millis(32);

/// This server among those that use the same database.
#[derive(Debug)]
pub struct PostgresReplicas {
    pool: Pool,
    id: String,
    changes: Mutex<JournalChanges>,
    holds: Arc<Semaphore>,
}

impl PostgresReplicas {
    pub(super) fn new(pool: Pool, changes: JournalChanges) -> Self {
        Self {
            pool,
            id: uuid::Uuid::new_v4().to_string(),
            changes: Mutex::new(changes),
            holds: Arc::new(Semaphore::new(HOLDS)),
        }
    }

    /// Does something with a connection, once more over another if it turns out to be lost.
    async fn with<T, F>(&self, work: impl Fn(Object) -> F) -> Outcome<T>
    where
        F: Future<Output = Outcome<T>>,
    {
        match self.once(&work).await {
            Err(failure) if failure.is_lost_connection() => {
                renew(&self.pool);
                self.once(&work).await
            }
            outcome => outcome,
        }
    }

    async fn once<T, F>(&self, work: impl Fn(Object) -> F) -> Outcome<T>
    where
        F: Future<Output = Outcome<T>>,
    {
        let client = connection(&self.pool).await?;
        let done = timeout(PATIENCE, work(client)).await;
        done.unwrap_or(Err(Failure::Busy("the database does not answer")))
    }
}

#[async_trait]
impl Replicas for PostgresReplicas {
    async fn report(&self, progress: Progress) -> Result<Progress, StoreError> {
        let reported = self.with(async |client: Object| {
            let report = client
                .prepare_cached(
                    "INSERT INTO replicas (id, serial, access, lease_until)
                     VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))
                     ON CONFLICT (id) DO UPDATE SET serial = excluded.serial,
                         access = excluded.access, lease_until = excluded.lease_until",
                )
                .await?;
            let heads = client.prepare_cached(HEADS).await?;
            let (serial, access) = columns(progress);
            let lease = LEASE.as_secs_f64();
            let values: [&(dyn ToSql + Sync); 4] = [&self.id, &serial, &access, &lease];
            // Sent in this order, one behind the other, each a transaction of its own: the lease is
            // there before the heads are looked at.
            let (reported, heads) = join(
                client.execute(&report, &values),
                client.query_one(&heads, &[]),
            )
            .await;
            reported?;
            progress_of(&heads?)
        });
        told("renew the lease of this server", reported.await)
    }

    async fn heads(&self) -> Result<Progress, StoreError> {
        let asked = self.with(async |client: Object| {
            let heads = client.prepare_cached(HEADS).await?;
            progress_of(&client.query_one(&heads, &[]).await?)
        });
        told("look up to where there is something to follow", asked.await)
    }

    async fn stirred(&self, at_most: Duration) {
        let mut changes = self.changes.lock().await;
        let _ = timeout(at_most, changes.next()).await;
    }

    async fn await_others(&self, progress: Progress) -> Result<bool, StoreError> {
        let give_up = Instant::now() + LEASE;
        let mut pause = FIRST_LOOK;
        loop {
            let looked = self.with(async |client: Object| {
                let behind = client
                    .prepare_cached(
                        "SELECT EXISTS (SELECT 1 FROM replicas
                         WHERE id <> $1 AND lease_until > clock_timestamp()
                             AND (serial < $2 OR access < $3))",
                    )
                    .await?;
                let (serial, access) = columns(progress);
                let values: [&(dyn ToSql + Sync); 3] = [&self.id, &serial, &access];
                Ok(client.query_one(&behind, &values).await?.try_get(0)?)
            });
            let is_behind: bool = told("look whether other servers have followed", looked.await)?;
            if !is_behind {
                return Ok(true);
            }
            if Instant::now() >= give_up {
                return Ok(false);
            }
            sleep(pause).await;
            pause = (pause * 2).min(LAST_LOOK);
        }
    }

    async fn leave(&self) -> Result<(), StoreError> {
        let left = self.with(async |client: Object| {
            let leave = client
                .prepare_cached(
                    "DELETE FROM replicas WHERE id = $1 OR lease_until < now() - interval '1 hour'",
                )
                .await?;
            client.execute(&leave, &[&self.id]).await?;
            Ok(())
        });
        told("end the lease of this server", left.await)
    }

    async fn take_turn(&self, work: &str, span: Duration) -> Result<bool, StoreError> {
        let taken = self.with(async |client: Object| {
            let take = client
                .prepare_cached(
                    "INSERT INTO turns AS held (work, holder, until)
                     VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
                     ON CONFLICT (work) DO UPDATE
                         SET holder = excluded.holder, until = excluded.until
                         WHERE held.holder = excluded.holder OR held.until <= clock_timestamp()",
                )
                .await?;
            let seconds = span.as_secs_f64();
            let values: [&(dyn ToSql + Sync); 3] = [&work, &self.id, &seconds];
            Ok(client.execute(&take, &values).await? == 1)
        });
        told("find out whose turn it is", taken.await)
    }

    async fn known(&self) -> Result<Vec<ReplicaState>, StoreError> {
        let found = self.with(async |client: Object| {
            let known = client
                .prepare_cached(
                    "SELECT id, serial, access,
                         (extract(epoch FROM lease_until - clock_timestamp()) * 1000)::bigint
                     FROM replicas ORDER BY id LIMIT 100",
                )
                .await?;
            let mut states = Vec::new();
            for row in client.query(&known, &[]).await? {
                let (name, access): (String, i64) = (row.try_get(0)?, row.try_get(2)?);
                states.push(ReplicaState {
                    is_this: name == self.id,
                    name,
                    followed: Progress {
                        serial: serial_of(row.try_get(1)?),
                        access: u64::try_from(access).unwrap_or(0),
                    },
                    lease_ms: row.try_get(3)?,
                });
            }
            Ok(states)
        });
        told("look up the servers over this database", found.await)
    }

    async fn hold(&self, name: &str) -> Result<Box<dyn Held>, StoreError> {
        let held = async {
            let permit = Arc::clone(&self.holds).acquire_owned().await;
            let permit = permit.map_err(|_| Failure::Closed)?;
            let client = connection(&self.pool).await?;
            let lock = client
                .prepare_cached("SELECT pg_advisory_lock(hashtextextended($1, 0))")
                .await?;
            // It is let go of with the connection, which nobody else must get.
            let client = Object::take(client);
            client.query_one(&lock, &[&name]).await?;
            Ok::<_, Failure>(Box::new(HeldByConnection {
                _client: Box::new(client),
                _permit: permit,
            }) as Box<dyn Held>)
        };
        let held = timeout(HOLD_PATIENCE, held).await;
        let held = held.unwrap_or(Err(Failure::Busy("another server has not finished")));
        told("wait for another server", held)
    }
}

const HEADS: &str = "SELECT j.serial, a.number FROM journal_head j, access_head a";

fn columns(progress: Progress) -> (i64, i64) {
    let column = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    (column(progress.serial.0), column(progress.access))
}

fn progress_of(row: &Row) -> Outcome<Progress> {
    let access: i64 = row.try_get(1)?;
    Ok(Progress {
        serial: serial_of(row.try_get(0)?),
        access: u64::try_from(access).unwrap_or(0),
    })
}

/// A lock of a session of the database, which ends with its connection.
struct HeldByConnection {
    _client: Box<deadpool_postgres::ClientWrapper>,
    _permit: OwnedSemaphorePermit,
}

impl std::fmt::Debug for HeldByConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HeldByConnection").finish_non_exhaustive()
    }
}

impl Held for HeldByConnection {}
