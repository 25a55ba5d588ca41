//! Holding a catalog still, so that what was copied of it stays all there is.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, params};
use wheelhouse_index::identity::{Serial, Timestamp};
use wheelhouse_index::ports::{CatalogHold, Hold, StoreError};

use crate::catalog::copying::{FILLING, HELD, MOVED, held_words};
use crate::catalog::sqlite::SqliteCatalog;
use crate::catalog::sqlite::failure::{Failure, Outcome};
use crate::catalog::sqlite::read;

#[async_trait]
impl CatalogHold for SqliteCatalog {
    async fn hold(&self, hold: &Hold) -> Result<Serial, StoreError> {
        let hold = hold.clone();
        let outcome = self
            .writer
            .write_held(move |connection, _| {
                if let Some(other) = held(connection)?
                    && other.name != hold.name
                {
                    return Err(Failure::Held(held_words(&other.to, other.has_moved)));
                }
                put(connection, &hold)?;
                read::head(connection)
            })
            .await;
        self.told("hold the catalog", outcome)
    }

    async fn release(&self, name: &str) -> Result<bool, StoreError> {
        let name = name.to_owned();
        let outcome = self
            .writer
            .write_held(move |connection, _| {
                let sql = "DELETE FROM copying WHERE name = ?1 AND state <> ?2";
                Ok(connection.execute(sql, params![name, FILLING])? > 0)
            })
            .await;
        self.told("release the catalog", outcome)
    }

    async fn held(&self) -> Result<Option<Hold>, StoreError> {
        self.read("see whether the catalog is held", held).await
    }

    async fn being_filled(&self) -> Result<Option<String>, StoreError> {
        self.read("see whether the catalog is being filled", |connection| {
            let sql = "SELECT name FROM copying WHERE state = ?1";
            let found = connection.query_row(sql, [FILLING], |row| row.get(0));
            Ok(found.optional()?)
        })
        .await
    }
}

/// Fails if the catalog is held still.
pub(in crate::catalog::sqlite) fn expect_none(connection: &Connection) -> Outcome<()> {
    match held(connection)? {
        None => Ok(()),
        Some(hold) => Err(Failure::Held(held_words(&hold.to, hold.has_moved))),
    }
}

fn held(connection: &Connection) -> Outcome<Option<Hold>> {
    let sql = "SELECT name, place, state, since FROM copying WHERE state <> ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_row([FILLING], |row| {
        let state: String = row.get(2)?;
        Ok(Hold {
            name: row.get(0)?,
            to: row.get(1)?,
            has_moved: state == MOVED,
            since: Timestamp(row.get(3)?),
        })
    });
    Ok(found.optional()?)
}

fn put(connection: &Connection, hold: &Hold) -> Outcome<()> {
    let state = if hold.has_moved { MOVED } else { HELD };
    connection.execute(
        "INSERT INTO copying (id, state, name, place, since, serial, audit_events)
         VALUES (1, ?1, ?2, ?3, ?4, 0, 0)
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, place = excluded.place",
        params![state, hold.name, hold.to, hold.since.0],
    )?;
    Ok(())
}
