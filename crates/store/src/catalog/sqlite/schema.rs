//! The tables, and how older ones become the present ones.

use rusqlite::{Connection, TransactionBehavior};

use super::failure::{Failure, Outcome};
use crate::catalog::schema_state::{SchemaState, Step};

/// Tells other programs whose database this is: `WHSL` as a number.
const APPLICATION_ID: i64 = 0x5748_534C;

/// What each version of the tables adds to the one before it, with what it is about. Never changed
/// once released.
const MIGRATIONS: &[(&str, &str)] = &[
    ("begin", include_str!("migrations/0001_begin.sql")),
    ("marks", include_str!("migrations/0002_marks.sql")),
    ("newest", include_str!("migrations/0003_newest.sql")),
    ("access", include_str!("migrations/0004_access.sql")),
    ("provenance", include_str!("migrations/0005_provenance.sql")),
    ("downloads", include_str!("migrations/0006_downloads.sql")),
    (
        "events by project",
        include_str!("migrations/0007_events_by_project.sql"),
    ),
    ("copying", include_str!("migrations/0008_copying.sql")),
];

/// What a database file holds, as far as its header tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing.
    Empty,
    /// A catalog of this version.
    Catalog {
        /// How many migrations were run on it.
        version: usize,
    },
}

/// Why a database is not opened. It is left exactly as it is.
#[derive(Debug, thiserror::Error)]
pub(super) enum SchemaError {
    /// A newer program has changed the tables.
    #[error(
        "the catalog has version {found} and this program knows versions up to {known}: use the newer program, or another state folder with `--state-dir`"
    )]
    Newer {
        /// The file's version.
        found: i64,
        /// The greatest version that this program knows.
        known: usize,
    },
    /// It is damaged, and was not to be moved aside.
    #[error(
        "the catalog is damaged ({0}): put a copy that is whole in its place, or move it away to begin a new one, which keeps no yanks, rights, tokens and no journal"
    )]
    Damaged(String),
    /// There is none, or none of this version.
    #[error("{0}")]
    NotPresent(String),
    /// It belongs to something else.
    #[error("the file is the database of another program")]
    Foreign,
    /// It cannot be read.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl From<rusqlite::Error> for SchemaError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failure(error.into())
    }
}

/// Tells what the database holds, without changing it.
pub(super) fn look(connection: &Connection) -> Result<Found, SchemaError> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (id, version) = (pragma("application_id")?, pragma("user_version")?);
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (id, usize::try_from(version)) {
        (0, Ok(0)) if tables == 0 => Ok(Found::Empty),
        (APPLICATION_ID, Ok(version)) if version <= MIGRATIONS.len() => {
            Ok(Found::Catalog { version })
        }
        (APPLICATION_ID, Ok(_)) => Err(SchemaError::Newer {
            found: version,
            known: MIGRATIONS.len(),
        }),
        _ => Err(SchemaError::Foreign),
    }
}

/// Tells what the tables of a version are to this program.
pub(super) fn state(version: i64) -> SchemaState {
    let found = u32::try_from(version).unwrap_or(0);
    let pending = MIGRATIONS.iter().zip(1_u32..).skip(found as usize);
    SchemaState {
        found,
        known: u32::try_from(MIGRATIONS.len()).expect("there are few migrations"),
        // Nobody shares the file with a newer program.
        compatible: found,
        pending: pending
            .map(|((name, _), version)| Step { version, name })
            .collect(),
    }
}

/// Brings the tables up to date, all or nothing.
pub(super) fn migrate(connection: &mut Connection, version: usize) -> Outcome<()> {
    if version == MIGRATIONS.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (_, migration) in &MIGRATIONS[version..] {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    let version = i64::try_from(MIGRATIONS.len()).expect("there are few migrations");
    transaction.pragma_update(None, "user_version", version)?;
    transaction.commit()?;
    Ok(())
}

/// Reads the beginning and the end of every table, so that most damage is found before it can
/// fail a request. A whole check would take seconds on a large index.
pub(super) fn probe(connection: &Connection) -> Outcome<()> {
    let mut statement =
        connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    let tables: Vec<String> = statement
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for table in tables {
        for order in ["ASC", "DESC"] {
            let sql = format!("SELECT * FROM \"{table}\" ORDER BY rowid {order} LIMIT 1");
            let mut statement = connection.prepare(&sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                for column in 0..row.as_ref().column_count() {
                    row.get_ref(column)?;
                }
            }
        }
    }
    Ok(())
}
