//! What a catalog in a file promises beyond the port: what it does with files that are damaged,
//! newer or not its own, and where its serials go on.

use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;
use tempfile::TempDir;
use wheelhouse_index::ports::Committed;

use super::*;
use crate::conformance::access_store::access_store_promises;
use crate::conformance::catalog::{
    FixedClock, NOW_SECONDS, catalog_promises, change_in, contents, core, found, record,
};
use crate::conformance::catalog_copy::catalog_copy_promises;
use crate::conformance::download_counts::download_counts_promises;

catalog_promises!({
    let folder = Folder::new();
    (Arc::new(folder.open()), folder)
});

download_counts_promises!({
    let folder = Folder::new();
    (Arc::new(folder.open()), folder)
});

access_store_promises!({
    let folder = Folder::new();
    (folder.open(), folder)
});

catalog_copy_promises!({
    let (one, other) = (Folder::new(), Folder::new());
    (Arc::new(one.open()), Arc::new(other.open()), (one, other))
});

/// A state folder.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn database(&self) -> PathBuf {
        self.0.path().join("catalog.sqlite")
    }

    fn mark(&self) -> PathBuf {
        self.0.path().join("serial")
    }

    fn try_open(&self) -> Result<SqliteCatalog, StoreError> {
        self.try_open_or(WhenDamaged::BeginAnew)
    }

    fn try_open_or(&self, when_damaged: WhenDamaged) -> Result<SqliteCatalog, StoreError> {
        let options = SqliteOptions {
            clock: Arc::new(FixedClock),
            serial_mark: Some(self.mark()),
            when_damaged,
        };
        SqliteCatalog::open(&self.database(), &options)
    }

    fn open(&self) -> SqliteCatalog {
        self.try_open().unwrap()
    }

    /// Returns the names of files that were moved aside, without those of their logs.
    fn damaged(&self) -> Vec<String> {
        let names = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = names
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains(".damaged-") && !name.ends_with("-wal"))
            .filter(|name| !name.ends_with("-shm"))
            .collect();
        names.sort();
        names
    }
}

async fn add(catalog: &SqliteCatalog, name: &str) -> Serial {
    let change = change_in(IndexName::main(), vec![found(record(name, 1))]);
    match catalog.commit(change).await.unwrap() {
        Committed::Applied(applied) => applied.serial,
        other => panic!("not recorded: {other:?}"),
    }
}

async fn count(catalog: &SqliteCatalog) -> u64 {
    catalog.counts(&IndexName::main()).await.unwrap().files
}

#[tokio::test]
async fn everything_is_there_again_after_a_restart() {
    let folder = Folder::new();
    let mut demo = record("demo-1.zip", 1);
    let serial;
    {
        let catalog = folder.open();
        serial = add(&catalog, "demo-1.zip").await;
        let learned = Learned {
            path: demo.path.clone(),
            fingerprint: demo.fingerprint,
            contents: contents("A demo"),
            metadata: Some(core("A demo")),
        };
        catalog
            .learn(&IndexName::main(), vec![learned])
            .await
            .unwrap();
    }
    let catalog = folder.open();
    assert_eq!(catalog.head().await.unwrap(), serial);
    demo.contents = Some(contents("A demo"));
    let file = catalog.file(&IndexName::main(), &demo.path).await.unwrap();
    assert_eq!(file, Some(demo));
    assert_eq!(catalog.events_after(Serial(0), 9).await.unwrap().len(), 1);
    assert_eq!(add(&catalog, "demo-2.zip").await, Serial(serial.0 + 1));
}

#[tokio::test]
async fn a_commit_is_in_the_file_when_it_is_answered() {
    let (folder, copy) = (Folder::new(), Folder::new());
    let catalog = folder.open();
    add(&catalog, "demo-1.zip").await;
    // What a crash of the machine would leave now.
    for suffix in ["", "-wal"] {
        let name = format!("catalog.sqlite{suffix}");
        fs::copy(folder.0.path().join(&name), copy.0.path().join(&name)).unwrap();
    }
    assert_eq!(count(&copy.open()).await, 1);
}

#[tokio::test]
async fn a_change_that_was_not_finished_leaves_nothing() {
    let folder = Folder::new();
    drop(folder.open());
    let mut connection = Connection::open(folder.database()).unwrap();
    {
        let transaction = connection.transaction().unwrap();
        let change = change_in(IndexName::main(), vec![found(record("demo-1.zip", 1))]);
        let mut mark = SerialMark::read(None).unwrap();
        let committed = commit::commit(&transaction, &mut mark, change).unwrap();
        assert_ne!(committed, Committed::Unchanged);
    }
    drop(connection);
    let catalog = folder.open();
    assert_eq!(count(&catalog).await, 0);
    assert_eq!(catalog.head().await.unwrap(), Serial(NOW_SECONDS));
    assert_eq!(catalog.events_after(Serial(0), 9).await.unwrap(), []);
}

#[tokio::test]
async fn a_change_that_fails_half_way_leaves_nothing_and_harms_no_other() {
    let folder = Folder::new();
    drop(folder.open());
    let refusal = "CREATE TRIGGER refusal BEFORE INSERT ON events WHEN new.path GLOB 'bad-*'
                   BEGIN SELECT raise(ABORT, 'no'); END";
    Connection::open(folder.database())
        .unwrap()
        .execute_batch(refusal)
        .unwrap();
    let catalog = Arc::new(folder.open());
    for count in [2, 200] {
        let names = (0..count).map(|n| format!("good{count}-{n}.zip"));
        let names = names.chain([format!("bad-{count}.zip")]);
        let changes = names.map(|name| found(record(&name, 1))).collect();
        let bad = catalog.commit(change_in(IndexName::main(), changes));
        let good = format!("fine-{count}.zip");
        let (bad, _) = tokio::join!(bad, add(&catalog, &good));
        let error = bad.expect_err("the trigger refuses it").to_string();
        assert!(
            error.starts_with("sqlite: cannot record a change: no"),
            "{error}"
        );
    }
    assert_eq!(count(&catalog).await, 2);
    assert_eq!(catalog.head().await.unwrap(), Serial(NOW_SECONDS + 2));
    assert_eq!(catalog.events_after(Serial(0), 9).await.unwrap().len(), 2);
    let listing = catalog.projects(&IndexName::main()).await.unwrap();
    assert_eq!(listing.projects.len(), 1);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_moved_aside() {
    let folder = Folder::new();
    fs::write(folder.database(), "not a database\n".repeat(1_000)).unwrap();
    let catalog = folder.open();
    add(&catalog, "demo-1.zip").await;
    assert_eq!(count(&catalog).await, 1);
    let name = format!("catalog.sqlite.damaged-{NOW_SECONDS}");
    assert_eq!(folder.damaged(), std::slice::from_ref(&name));
    let kept = fs::read(folder.0.path().join(name)).unwrap();
    assert!(kept.starts_with(b"not a database\n"));
}

#[tokio::test]
async fn a_malformed_database_is_moved_aside_and_serials_go_on() {
    let folder = Folder::new();
    let mut last = Serial(0);
    for (round, table) in ["files", "events", "projects", "sqlite_schema"]
        .iter()
        .enumerate()
    {
        let serial;
        {
            let catalog = folder.open();
            assert_eq!(count(&catalog).await, 0, "a new one");
            serial = add(&catalog, "demo-1.zip").await;
            assert!(serial > last);
        }
        last = serial;
        let page = {
            let connection = Connection::open(folder.database()).unwrap();
            let sql = "SELECT coalesce((SELECT rootpage FROM sqlite_schema WHERE name = ?1), 1)";
            connection
                .query_row(sql, [table], |row| row.get::<_, usize>(0))
                .unwrap()
        };
        let mut bytes = fs::read(folder.database()).unwrap();
        let start = (page - 1) * 4096 + if page == 1 { 100 } else { 0 };
        bytes[start..page * 4096].fill(0xee);
        fs::write(folder.database(), bytes).unwrap();
        drop(folder.open());
        assert_eq!(folder.damaged().len(), round + 1, "{table}");
    }
}

/// Fills the file of a catalog, then overwrites a page in its middle, which neither the first nor the
/// last row of a table is on.
async fn damage_in_the_middle(folder: &Folder) {
    {
        let catalog = folder.open();
        let changes = (0..2_000).map(|n| found(record(&format!("demo-{n}.zip"), 1)));
        let change = change_in(IndexName::main(), changes.collect());
        catalog.commit(change).await.unwrap();
    }
    let page: usize = {
        let connection = Connection::open(folder.database()).unwrap();
        let pages: i64 = connection
            .pragma_query_value(None, "page_count", |row| row.get(0))
            .unwrap();
        usize::try_from(pages / 2).unwrap()
    };
    let mut bytes = fs::read(folder.database()).unwrap();
    bytes[(page - 1) * 4096..page * 4096].fill(0xee);
    fs::write(folder.database(), bytes).unwrap();
}

#[tokio::test]
async fn damage_between_the_first_and_the_last_row_is_found_at_the_start() {
    let folder = Folder::new();
    damage_in_the_middle(&folder).await;
    drop(folder.open());
    assert_eq!(folder.damaged().len(), 1);
}

#[tokio::test]
async fn a_damaged_catalog_that_is_not_to_be_begun_anew_is_refused_and_left_as_it_is() {
    let folder = Folder::new();
    damage_in_the_middle(&folder).await;
    let before = fs::read(folder.database()).unwrap();
    for _ in 0..2 {
        let error = folder.try_open_or(WhenDamaged::Refuse);
        let error = error.expect_err("refused").to_string();
        assert!(error.contains("the catalog is damaged ("), "{error}");
        assert!(
            error.contains("put a copy that is whole in its place"),
            "{error}"
        );
    }
    assert_eq!(fs::read(folder.database()).unwrap(), before);
    assert!(folder.damaged().is_empty());

    fs::write(folder.database(), "not a database\n".repeat(1_000)).unwrap();
    let error = folder.try_open_or(WhenDamaged::Refuse);
    assert!(error.is_err());
    assert!(SqliteCatalog::schema(&folder.database()).is_err());
    assert!(SqliteCatalog::migrate(&folder.database()).is_err());
    let kept = fs::read(folder.database()).unwrap();
    assert!(kept.starts_with(b"not a database\n"));
}

#[test]
fn a_second_program_is_kept_off_the_file() {
    let folder = Folder::new();
    let first = folder.open();
    let error = folder.try_open().expect_err("in use").to_string();
    let expected = format!("(process {})", std::process::id());
    assert!(error.contains(&expected), "{error}");
    assert!(
        error.contains("stop that one, or name another file"),
        "{error}"
    );
    assert!(SqliteCatalog::migrate(&folder.database()).is_err());
    drop(first);
    drop(folder.open());
}

#[test]
fn what_would_be_done_to_the_tables_is_told_and_then_done() {
    let folder = Folder::new();
    let path = folder.database();
    let state = SqliteCatalog::schema(&path).unwrap();
    assert_eq!(
        (state.found, state.pending.len()),
        (0, state.known as usize)
    );
    assert!(!path.exists(), "looking makes no file");
    let state = SqliteCatalog::migrate(&path).unwrap();
    assert!(state.fits() && state.pending.is_empty(), "{state:?}");
    assert_eq!(SqliteCatalog::schema(&path).unwrap(), state);
    drop(folder.open());
}

#[tokio::test]
async fn damage_that_is_found_late_is_dealt_with_at_the_next_start() {
    let folder = Folder::new();
    let serial = {
        let catalog = folder.open();
        let serial = add(&catalog, "demo-1.zip").await;
        let error = rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT),
            None,
        );
        let outcome: Outcome<()> = Err(Failure::Group(Arc::new(error.into())));
        catalog.told("test", outcome).expect_err("a failure");
        assert_eq!(count(&catalog).await, 1, "what can still be read is read");
        serial
    };
    let catalog = folder.open();
    assert_eq!(count(&catalog).await, 0);
    assert!(catalog.head().await.unwrap() > serial);
    drop(catalog);
    drop(folder.open());
    assert_eq!(folder.damaged().len(), 1, "once");
}

#[test]
fn an_empty_file_is_a_new_catalog() {
    let folder = Folder::new();
    fs::write(folder.database(), "").unwrap();
    drop(folder.open());
    assert!(folder.damaged().is_empty());
}

#[test]
fn the_database_of_a_newer_program_is_refused_and_left_as_it_is() {
    let folder = Folder::new();
    drop(folder.open());
    let connection = Connection::open(folder.database()).unwrap();
    connection.pragma_update(None, "user_version", 999).unwrap();
    drop(connection);
    let before = fs::read(folder.database()).unwrap();
    let error = folder.try_open().expect_err("refused").to_string();
    assert!(error.contains("version 999"), "{error}");
    assert!(error.contains("`--state-dir`"), "{error}");
    assert_eq!(fs::read(folder.database()).unwrap(), before);
    assert!(folder.damaged().is_empty());
}

#[test]
fn the_database_of_another_program_is_refused_and_left_as_it_is() {
    for setting in ["PRAGMA application_id = 7", "CREATE TABLE theirs (x)"] {
        let folder = Folder::new();
        let connection = Connection::open(folder.database()).unwrap();
        connection.execute_batch(setting).unwrap();
        drop(connection);
        let before = fs::read(folder.database()).unwrap();
        let error = folder.try_open().expect_err("refused").to_string();
        assert!(error.contains("another program"), "{error}");
        assert_eq!(fs::read(folder.database()).unwrap(), before);
    }
}

#[tokio::test]
async fn serials_go_on_above_the_mark_when_the_database_is_lost() {
    let folder = Folder::new();
    fs::write(folder.mark(), format!("{}\n", NOW_SECONDS + 5_000)).unwrap();
    let first = add(&folder.open(), "demo-1.zip").await;
    assert_eq!(first, Serial(NOW_SECONDS + 5_001));
    fs::remove_file(folder.database()).unwrap();
    let again = add(&folder.open(), "demo-1.zip").await;
    assert!(again.0 > first.0 + 900, "{again} {first}");
}

#[tokio::test]
async fn serials_go_on_above_the_mark_when_an_old_copy_is_put_back() {
    let folder = Folder::new();
    let serial = add(&folder.open(), "demo-1.zip").await;
    let restarted = folder.open().head().await.unwrap();
    assert_eq!(restarted, serial, "a restart alone leaves no numbers out");
    fs::write(folder.mark(), format!("{}\n", serial.0 + 70_000)).unwrap();
    let next = add(&folder.open(), "demo-2.zip").await;
    assert_eq!(next, Serial(serial.0 + 70_001));
}

#[test]
fn a_folder_that_is_not_there_is_a_clear_error() {
    let folder = Folder::new();
    let path = folder.0.path().join("missing/catalog.sqlite");
    let options = SqliteOptions {
        clock: Arc::new(FixedClock),
        serial_mark: None,
        when_damaged: WhenDamaged::BeginAnew,
    };
    let error = SqliteCatalog::open(&path, &options).expect_err("no folder");
    let text = error.to_string();
    assert!(
        text.starts_with("sqlite: cannot open the catalog: "),
        "{text}"
    );
}

#[test]
fn the_questions_of_every_request_are_answered_from_indexes() {
    let folder = Folder::new();
    drop(folder.open());
    let connection = Connection::open(folder.database()).unwrap();
    for sql in [commit::UPDATE_PROJECT]
        .into_iter()
        .chain(read::HOT.iter().copied())
    {
        let mut statement = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap();
        let count = statement.parameter_count();
        let nulls = rusqlite::params_from_iter(vec![rusqlite::types::Null; count]);
        let steps = statement
            .query_map(nulls, |row| row.get::<_, String>(3))
            .unwrap();
        for step in steps {
            let step = step.unwrap();
            let is_bad = step.starts_with("SCAN")
                || step.contains("TEMP B-TREE")
                || step.ends_with("(index_id=?)");
            assert!(!is_bad, "{step} in {sql}");
        }
    }
}

#[test]
fn a_kept_statement_is_not_planned_anew_for_each_value() {
    let folder = Folder::new();
    drop(folder.open());
    let connection = open::open_reader(&folder.database()).unwrap();
    for sql in read::HOT {
        let mut statement = connection.prepare(sql).unwrap();
        let count = statement.parameter_count();
        for value in ["1", "2", "3"] {
            let values = rusqlite::params_from_iter(vec![value; count]);
            assert!(statement.query(values).unwrap().next().unwrap().is_none());
        }
        let planned = statement.get_status(rusqlite::StatementStatus::RePrepare);
        assert_eq!(planned, 0, "{sql}");
    }
}
