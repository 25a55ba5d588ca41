//! The tables, and how older ones become the present ones while older programs go on.
//!
//! Each step says which version of the tables a program must know at least to go on with what the
//! step leaves behind. A step that only adds (*expands*) leaves that as it was: older replicas
//! serve on. A step that takes away (*contracts*) raises it, and comes in a later release than the
//! program that no longer needs what goes.

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::failure::{Failure, Outcome, Trouble};
use crate::catalog::schema_state::{SchemaState, Step};

/// What each version of the tables adds to the one before it. Never changed once released.
const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "begin",
        compatible: 1,
        sql: include_str!("migrations/0001_begin.sql"),
    },
    Migration {
        name: "replicas",
        compatible: 1,
        sql: include_str!("migrations/0002_replicas.sql"),
    },
    Migration {
        name: "leases are kept",
        compatible: 1,
        sql: include_str!("migrations/0003_leases_are_kept.sql"),
    },
    Migration {
        name: "downloads",
        compatible: 1,
        sql: include_str!("migrations/0004_downloads.sql"),
    },
    Migration {
        name: "events by project",
        compatible: 1,
        sql: include_str!("migrations/0005_events_by_project.sql"),
    },
    Migration {
        name: "copying",
        compatible: 1,
        sql: include_str!("migrations/0006_copying.sql"),
    },
];

/// One of these at a time may change the tables, whoever asks: `WHSL` and a number.
const MIGRATION_LOCK: i64 = 0x5748_534C_0001;

struct Migration {
    name: &'static str,
    /// The least version that a program must know to work with the tables after this step.
    compatible: i32,
    sql: &'static str,
}

/// Tells what the database holds, without changing it.
pub(super) async fn look(client: &Client) -> Outcome<SchemaState> {
    look_among(client, MIGRATIONS).await
}

async fn look_among(client: &Client, migrations: &[Migration]) -> Outcome<SchemaState> {
    let sql = "SELECT version, compatible FROM schema_versions ORDER BY version DESC LIMIT 1";
    let (found, compatible) = match client.query_opt(sql, &[]).await {
        Ok(Some(row)) => (number(row.try_get(0)?), number(row.try_get(1)?)),
        Ok(None) => (0, 0),
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => (0, 0),
        Err(error) => return Err(error.into()),
    };
    let pending = migrations.iter().zip(1_u32..).skip(found as usize);
    Ok(SchemaState {
        found,
        known: u32::try_from(migrations.len()).expect("there are few migrations"),
        compatible,
        pending: pending
            .map(|(migration, version)| Step {
                version,
                name: migration.name,
            })
            .collect(),
    })
}

fn number(stored: i32) -> u32 {
    u32::try_from(stored).unwrap_or(0)
}

/// Brings the tables up to date, all or nothing, and tells what they are then. Of many that ask at
/// the same time one does it, and the others wait for it.
pub(super) async fn migrate(client: &mut Client) -> Outcome<SchemaState> {
    migrate_among(client, MIGRATIONS).await
}

async fn migrate_among(client: &mut Client, migrations: &[Migration]) -> Outcome<SchemaState> {
    let state = look_among(client, migrations).await?;
    if state.pending.is_empty() {
        return Ok(state);
    }
    let transaction = client.transaction().await?;
    // Making an index takes as long as it takes; waiting for the one who makes it does too.
    transaction
        .batch_execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
        .await?;
    transaction
        .execute("SELECT pg_advisory_xact_lock($1)", &[&MIGRATION_LOCK])
        .await?;
    // A replica that reads a table holds this up, and what is held up would hold up all others.
    transaction
        .batch_execute(
            "SET LOCAL lock_timeout = '10s';
             CREATE TABLE IF NOT EXISTS schema_versions (
                 version integer PRIMARY KEY,
                 compatible integer NOT NULL,
                 name text NOT NULL,
                 applied_at timestamptz NOT NULL DEFAULT now()
             )",
        )
        .await?;
    let found = transaction
        .query_one("SELECT coalesce(max(version), 0) FROM schema_versions", &[])
        .await?;
    let found = number(found.try_get(0)?);
    for (migration, version) in migrations.iter().zip(1_i32..).skip(found as usize) {
        transaction.batch_execute(migration.sql).await?;
        transaction
            .execute(
                "INSERT INTO schema_versions (version, compatible, name) VALUES ($1, $2, $3)",
                &[&version, &migration.compatible, &migration.name],
            )
            .await?;
        tracing::info!(
            "the catalog's schema has version {version} now ({})",
            migration.name
        );
    }
    transaction.commit().await?;
    look_among(client, migrations).await
}

/// Returns what kept the database from being opened, as a sentence with what to do.
pub(super) fn advice(failure: &Failure, address: &super::PostgresAddress) -> String {
    let user = address.user();
    match failure.trouble() {
        Trouble::Away => format!(
            "{address} cannot be reached ({failure}): is PostgreSQL running there, and is the address in --catalog right?"
        ),
        Trouble::Refused => format!(
            "{address} does not let the user `{user}` in ({failure}): check the user and the password in --catalog, or PGPASSWORD"
        ),
        Trouble::NoDatabase => format!(
            "there is no such database: {address} ({failure}); make it with `createdb --encoding=UTF8 --template=template0 --owner={user} {}`, or name another one in --catalog",
            address.database()
        ),
        Trouble::Standby => {
            format!("{address} only reads, because it is a standby: name the primary in --catalog")
        }
        Trouble::Forbidden => format!(
            "the user `{user}` may not make or use tables in {address} ({failure}): make it the owner of the database"
        ),
        Trouble::Full => format!("the disk of {address} is full ({failure}): make room there"),
        Trouble::Other if is_foreign(failure) => format!(
            "{address} holds tables of another program ({failure}): give the catalog a database of its own"
        ),
        Trouble::Other => failure.to_string(),
    }
}

fn is_foreign(failure: &Failure) -> bool {
    matches!(failure, Failure::Postgres(error)
        if error.code() == Some(&SqlState::DUPLICATE_TABLE))
}

#[cfg(test)]
mod tests {
    use super::super::tests::cluster::Database;
    use super::*;

    const EXPAND: Migration = Migration {
        name: "expand",
        compatible: 1,
        sql: "ALTER TABLE marks ADD COLUMN more text",
    };
    const CONTRACT: Migration = Migration {
        name: "contract",
        // More than any program knows.
        compatible: i32::MAX,
        sql: "ALTER TABLE marks DROP COLUMN more",
    };

    fn with(more: &[Migration]) -> Vec<Migration> {
        let all = MIGRATIONS.iter().chain(more);
        all.map(|migration| Migration { ..*migration }).collect()
    }

    #[tokio::test]
    async fn an_older_program_goes_on_after_an_expansion_and_not_after_a_contraction() {
        let database = Database::new().await;
        let mut client = database.client().await;
        assert_eq!(look(&client).await.unwrap().found, 0);
        assert!(migrate(&mut client).await.unwrap().pending.is_empty());

        let newer = with(&[EXPAND]);
        let state = look_among(&client, &newer).await.unwrap();
        assert_eq!(state.pending.len(), 1);
        migrate_among(&mut client, &newer).await.unwrap();
        let state = look(&client).await.unwrap();
        assert!(state.fits(), "{state:?}");
        assert_eq!(state.found, state.known + 1);

        let newest = with(&[EXPAND, CONTRACT]);
        migrate_among(&mut client, &newest).await.unwrap();
        let state = look(&client).await.unwrap();
        assert!(!state.fits(), "{state:?}");
    }

    #[tokio::test]
    async fn many_that_migrate_at_the_same_time_do_it_once() {
        let database = Database::new().await;
        let all = futures_util::future::join_all((0..6).map(|_| async {
            let mut client = database.client().await;
            migrate(&mut client).await.map(|state| state.found)
        }));
        for outcome in all.await {
            assert_eq!(outcome.unwrap() as usize, MIGRATIONS.len());
        }
    }

    #[tokio::test]
    async fn a_step_that_fails_leaves_the_tables_as_they_were() {
        let database = Database::new().await;
        let mut client = database.client().await;
        let bad = Migration {
            name: "bad",
            compatible: 1,
            sql: "CREATE TABLE half (x int); SELECT 1 / 0",
        };
        let failure = migrate_among(&mut client, &with(&[bad])).await;
        assert!(failure.is_err());
        assert_eq!(look(&client).await.unwrap().found, 0);
        migrate(&mut client).await.unwrap();
        assert!(client.query("SELECT * FROM half", &[]).await.is_err());
    }
}
