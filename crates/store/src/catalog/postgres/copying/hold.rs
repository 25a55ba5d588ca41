//! Holding a catalog still, so that what was copied of it stays all there is.

use async_trait::async_trait;
use wheelhouse_index::identity::{Serial, Timestamp};
use wheelhouse_index::ports::{CatalogHold, Hold, StoreError};

use crate::catalog::copying::{FILLING, HELD, MOVED, held_words};
use crate::catalog::postgres::failure::{BACKEND, Failure, Outcome};
use crate::catalog::postgres::pool::connection;
use crate::catalog::postgres::read::serial_of;
use crate::catalog::postgres::row::text;
use crate::catalog::postgres::{PostgresCatalog, told};

const OPERATION: &str = "hold the catalog";
/// How often it is tried, if somebody who writes stands in the way.
const TRIES: usize = 5;

/// Waits for all who write, and keeps others from beginning. In the order in which they write, so that
/// nobody waits in a circle.
const LOCK: &str = "
    SET LOCAL lock_timeout = '10s';
    LOCK TABLE journal_head, access, claims, audit, counted_files, downloads, download_months
        IN SHARE ROW EXCLUSIVE MODE";

#[async_trait]
impl CatalogHold for PostgresCatalog {
    async fn hold(&self, hold: &Hold) -> Result<Serial, StoreError> {
        for _ in 1..TRIES {
            match hold_once(self, hold).await {
                Err(failure) if failure.is_conflict() => {}
                outcome => return in_words(outcome),
            }
        }
        in_words(hold_once(self, hold).await)
    }

    async fn release(&self, name: &str) -> Result<bool, StoreError> {
        let released = async {
            let client = connection(&self.writes).await?;
            let sql = "DELETE FROM copying WHERE name = $1 AND state <> $2";
            Ok(client.execute(sql, &[&name, &FILLING]).await? > 0)
        };
        told("release the catalog", released.await)
    }

    async fn held(&self) -> Result<Option<Hold>, StoreError> {
        let found = async {
            let sql = "SELECT name, place, state, since FROM copying WHERE state <> 'filling'";
            let Some(row) = self.reads.row(sql, &[]).await? else {
                return Ok(None);
            };
            Ok(Some(Hold {
                name: text(&row, 0)?.to_owned(),
                to: text(&row, 1)?.to_owned(),
                has_moved: text(&row, 2)? == MOVED,
                since: Timestamp(row.try_get(3)?),
            }))
        };
        told("see whether the catalog is held", found.await)
    }

    async fn being_filled(&self) -> Result<Option<String>, StoreError> {
        let found = async {
            let sql = "SELECT name FROM copying WHERE state = 'filling'";
            let row = self.reads.row(sql, &[]).await?;
            Ok(row.map(|row| row.try_get(0)).transpose()?)
        };
        told("see whether the catalog is being filled", found.await)
    }
}

fn in_words(outcome: Outcome<Result<Serial, String>>) -> Result<Serial, StoreError> {
    told(OPERATION, outcome)?.map_err(|words| StoreError::new(BACKEND, OPERATION, words))
}

/// Holds it, or says who does.
async fn hold_once(
    catalog: &PostgresCatalog,
    hold: &Hold,
) -> Result<Result<Serial, String>, Failure> {
    let mut client = connection(&catalog.writes).await?;
    let transaction = client.transaction().await?;
    transaction.batch_execute(LOCK).await?;
    let sql = "SELECT name, place, state FROM copying";
    if let Some(row) = transaction.query_opt(sql, &[]).await?
        && text(&row, 0)? != hold.name
    {
        return Ok(Err(held_words(text(&row, 1)?, text(&row, 2)? == MOVED)));
    }
    let state = if hold.has_moved { MOVED } else { HELD };
    transaction
        .execute(
            "INSERT INTO copying (id, state, name, place, since, serial, audit_events)
             VALUES (1, $1, $2, $3, $4, 0, 0)
             ON CONFLICT (id) DO UPDATE SET state = excluded.state, place = excluded.place",
            &[&state, &hold.name, &hold.to, &hold.since.0],
        )
        .await?;
    let sql = "SELECT serial FROM journal_head WHERE id = 1";
    let head = transaction.query_one(sql, &[]).await?.try_get(0)?;
    transaction.commit().await?;
    Ok(Ok(serial_of(head)))
}
