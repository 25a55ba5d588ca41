//! Opening the database file: what is not there is begun, what is damaged is moved aside, what
//! belongs to somebody else is refused.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::failure::{Failure, Outcome};
use super::mark::SerialMark;
use super::schema::{self, Found, SchemaError};
use super::{WhenDamaged, checked};
use crate::catalog::schema_state::SchemaState;

/// How long an operation waits for another program that holds the database, such as a backup.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Statements that each connection keeps ready.
const CACHED_STATEMENTS: usize = 64;

/// A file beside the database that asks for it to be moved aside at the next start.
const SUSPECT_SUFFIX: &str = ".suspect";

/// Opens the database for writing, up to date and with its head serial set.
pub(super) fn open_writer(
    path: &Path,
    mark: &mut SerialMark,
    now_seconds: u64,
    when_damaged: WhenDamaged,
) -> Result<Connection, SchemaError> {
    let suspect = with_suffix(path, SUSPECT_SUFFIX);
    if suspect.exists() {
        if when_damaged == WhenDamaged::Refuse {
            return Err(SchemaError::Damaged(format!(
                "damage was found while it was in use, as `{}` tells",
                suspect.display()
            )));
        }
        move_aside(path, now_seconds, "damage was found while it was in use")?;
        fs::remove_file(&suspect).map_err(Failure::from)?;
    }
    let opened = try_open(path, mark, now_seconds);
    let why = match opened {
        Err(SchemaError::Failure(failure)) if failure.is_damage() => failure.to_string(),
        Err(SchemaError::Damaged(why)) => why,
        opened => return opened,
    };
    if when_damaged == WhenDamaged::Refuse {
        return Err(SchemaError::Damaged(why));
    }
    move_aside(path, now_seconds, &why)?;
    try_open(path, mark, now_seconds)
}

/// Tells what the tables in a file are, without changing anything.
pub(super) fn schema_of(path: &Path) -> Result<SchemaState, SchemaError> {
    if !path.exists() {
        return Ok(schema::state(0));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    match damaged(schema::look(&connection))? {
        Found::Empty => Ok(schema::state(0)),
        Found::Catalog { version } => Ok(schema::state(i64::try_from(version).unwrap_or(i64::MAX))),
    }
}

/// Makes sure that a file is there and has the tables of this program, without changing anything.
pub(super) fn expect_present(path: &Path) -> Result<(), SchemaError> {
    let state = schema_of(path)?;
    if state.found == state.known {
        return Ok(());
    }
    Err(SchemaError::NotPresent(if path.exists() {
        format!(
            "its tables have version {} and this program's have {}; `wheelhouse migrate` changes them",
            state.found, state.known
        )
    } else {
        format!("there is no catalog at `{}`", path.display())
    }))
}

/// Brings the tables in a file up to date.
pub(super) fn migrate(path: &Path) -> Result<(), SchemaError> {
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_CREATE)?;
    let version = match damaged(schema::look(&connection))? {
        Found::Empty => 0,
        Found::Catalog { version } => version,
    };
    set_up_writer(&connection, path)?;
    Ok(schema::migrate(&mut connection, version)?)
}

/// Says of a damaged file what can be done.
fn damaged<T>(outcome: Result<T, SchemaError>) -> Result<T, SchemaError> {
    outcome.map_err(|error| match error {
        SchemaError::Failure(failure) if failure.is_damage() => {
            SchemaError::Damaged(failure.to_string())
        }
        error => error,
    })
}

/// Opens one more connection to an open database, for reading only.
pub(super) fn open_reader(path: &Path) -> Outcome<Connection> {
    let connection = connect(path, OpenFlags::empty())?;
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "cache_size", -4_000)?;
    Ok(connection)
}

/// Takes note that the database was found damaged while it was in use: it is moved aside at the
/// next start. What is here goes on, because most of it may still be good.
pub(super) fn mark_suspect(path: &Path, failure: &Failure) {
    let suspect = with_suffix(path, SUSPECT_SUFFIX);
    if suspect.exists() {
        return;
    }
    tracing::error!(
        file.path = %path.display(),
        "the catalog is damaged ({failure}); start the server again: it then puts the damaged \
         file aside and reads the packages anew"
    );
    if let Err(error) = fs::write(&suspect, b"") {
        tracing::error!(file.path = %suspect.display(), "cannot take note of the damage: {error}");
    }
}

fn try_open(
    path: &Path,
    mark: &mut SerialMark,
    now_seconds: u64,
) -> Result<Connection, SchemaError> {
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_CREATE)?;
    // Looks before the first write: what is not ours is left exactly as it is.
    let found = schema::look(&connection)?;
    set_up_writer(&connection, path)?;
    let version = match found {
        Found::Empty => 0,
        Found::Catalog { version } => version,
    };
    schema::migrate(&mut connection, version)?;
    schema::probe(&connection)?;
    if let Some(damage) = checked::damage(&connection)? {
        return Err(SchemaError::Damaged(damage));
    }
    set_head(&connection, mark, now_seconds)?;
    // The names of the database and its log must last as long as what is in them.
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(Failure::from)?;
    Ok(connection)
}

fn connect(path: &Path, more: OpenFlags) -> Outcome<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // Otherwise SQLite plans a kept statement anew for each value that is bound to it, which takes
    // longer than all the rest.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

fn set_up_writer(connection: &Connection, path: &Path) -> Outcome<()> {
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if !mode.eq_ignore_ascii_case("wal") {
        tracing::warn!(
            file.path = %path.display(),
            "the catalog cannot keep a write-ahead log here (it uses `{mode}`): reading waits for writing"
        );
    }
    // A commit is on the disk before it is answered.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -16_000)?;
    connection.pragma_update(None, "journal_size_limit", 16 << 20)?;
    Ok(())
}

fn set_head(connection: &Connection, mark: &mut SerialMark, now_seconds: u64) -> Outcome<()> {
    let mut statement = connection.prepare("SELECT serial FROM journal_head")?;
    let proven = statement.query_map([], |row| row.get::<_, u64>(0))?.next();
    let proven = proven.transpose()?;
    let head = mark.resume(proven, now_seconds);
    mark.keep_ahead_of(head)?;
    if proven != Some(head) {
        connection.execute(
            "INSERT INTO journal_head (id, serial) VALUES (1, ?1)
             ON CONFLICT (id) DO UPDATE SET serial = excluded.serial",
            [head],
        )?;
    }
    Ok(())
}

/// Moves the database and its log out of the way, for whoever wants to look into them.
fn move_aside(path: &Path, now_seconds: u64, why: &str) -> Outcome<()> {
    let aside = free_name(path, now_seconds);
    tracing::error!(
        file.path = %path.display(),
        "the catalog is damaged ({why}); it is kept as `{}` and a new one is begun: no package is \
         lost, the journal of earlier changes is",
        aside.display()
    );
    for suffix in ["-wal", "-shm", ""] {
        match fs::rename(with_suffix(path, suffix), with_suffix(&aside, suffix)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            outcome => outcome?,
        }
    }
    Ok(())
}

fn free_name(path: &Path, now_seconds: u64) -> PathBuf {
    let first = with_suffix(path, &format!(".damaged-{now_seconds}"));
    let others = (2..).map(|n| with_suffix(path, &format!(".damaged-{now_seconds}-{n}")));
    std::iter::once(first)
        .chain(others)
        .find(|name| !name.exists())
        .expect("there are more numbers than files")
}

pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
