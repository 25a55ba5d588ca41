//! Reading a whole catalog, row by row, beside whoever writes to it.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use rusqlite::{Connection, Row, params};
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_blocking;
use wheelhouse_index::downloads::Day;
use wheelhouse_index::identity::{IndexName, Serial, Timestamp};
use wheelhouse_index::ports::{
    AccessRecord, CatalogCopy, CatalogRow, CatalogSource, ClaimRow, CopyScope, CountedWhen,
    DownloadsRow, FileRow, ProjectRow, StoreError,
};

use crate::catalog::copying::ROWS_TOGETHER;
use crate::catalog::sqlite::access::{claim_digest, event as audit_event};
use crate::catalog::sqlite::failure::{Failure, Outcome};
use crate::catalog::sqlite::journal::event_from_row;
use crate::catalog::sqlite::marks::mark_from_row;
use crate::catalog::sqlite::row::{
    RECORD_COLUMNS, optional_text, record_columns, record_from_row, text,
};
use crate::catalog::sqlite::{SqliteCatalog, open, read};
use crate::catalog::stored::{json_from_text, key_from_text, metadata_from_text, parsed};

const READ: &str = "read the catalog for a copy";
/// How many batches of rows wait to be taken.
const BATCHES_WAITING: usize = 2;

#[async_trait]
impl CatalogSource for SqliteCatalog {
    async fn copy_rows(&self, scope: CopyScope) -> Result<CatalogCopy, StoreError> {
        copy_rows(self.path.clone(), scope).await
    }
}

async fn copy_rows(path: PathBuf, scope: CopyScope) -> Result<CatalogCopy, StoreError> {
    let (begun, head) = oneshot::channel();
    let (sender, rows) = mpsc::channel(BATCHES_WAITING);
    spawn_blocking(move || {
        let mut begun = Some(begun);
        let failure = match read_all(&path, scope, &mut begun, &sender) {
            // Nobody wants more.
            Ok(()) | Err(Failure::Closed) => return,
            Err(failure) => failure.into_store_error(READ),
        };
        // Whoever asked may have gone.
        if let Some(begun) = begun {
            let _ = begun.send(Err(failure));
        } else {
            let _ = sender.blocking_send(Err(failure));
        }
    });
    let head = head.await.unwrap_or_else(|_| Err(closed()))?;
    Ok(CatalogCopy { head, rows })
}

fn closed() -> StoreError {
    Failure::Closed.into_store_error(READ)
}

type Begun = Option<oneshot::Sender<Result<Serial, StoreError>>>;
type Sender = mpsc::Sender<Result<Vec<CatalogRow>, StoreError>>;

fn read_all(path: &Path, scope: CopyScope, begun: &mut Begun, sender: &Sender) -> Outcome<()> {
    let mut connection = open::open_reader(path)?;
    let look = connection.transaction()?;
    let head = read::head(&look)?;
    if let Some(begun) = begun.take() {
        begun.send(Ok(head)).map_err(|_| Failure::Closed)?;
    }
    let mut batch = Batch {
        rows: Vec::new(),
        sender,
    };
    let (audit_skipped, downloads_from) = match scope {
        CopyScope::Everything => {
            batch.take(&look, PROJECTS, [], project)?;
            batch.take(&look, FILES, [], file)?;
            batch.take(&look, MARKS, [], |row| {
                Ok(CatalogRow::Mark(index(row, 4)?, mark_from_row(row)?))
            })?;
            batch.take(&look, EVENTS, [], |row| {
                Ok(CatalogRow::Event(Box::new(event_from_row(row)?)))
            })?;
            (0, None)
        }
        CopyScope::Beside {
            audit_skipped,
            downloads_from,
        } => (audit_skipped, downloads_from),
    };
    let sql = "SELECT kind, key, body FROM access ORDER BY kind, key";
    batch.take(&look, sql, [], access)?;
    batch.take(&look, "SELECT key, until FROM claims", [], claim)?;
    let skipped = i64::try_from(audit_skipped).unwrap_or(i64::MAX);
    batch.take(&look, AUDIT, params![skipped], |row| {
        Ok(CatalogRow::Audit(Box::new(audit_event(row)?)))
    })?;
    let first = downloads_from.map_or(i32::MIN, |day| day.0);
    batch.take(&look, DOWNLOADS, params![first], downloads)?;
    if downloads_from.is_none() {
        batch.take(&look, MONTHS, [], month)?;
    }
    batch.send()?;
    batch.end()
}

const PROJECTS: &str = "
    SELECT i.name, p.key, p.display_name, p.last_serial
    FROM projects p JOIN indexes i ON i.id = p.index_id ORDER BY p.id";
const FILES: &str = concat!(
    "SELECT ",
    record_columns!(),
    ", i.name, m.format, m.body FROM files f
     JOIN projects p ON p.id = f.project_id
     JOIN indexes i ON i.id = f.index_id
     LEFT JOIN core_metadata m ON m.file_id = f.id
     ORDER BY f.index_id, f.path"
);
const MARKS: &str = "
    SELECT m.project, m.format, m.body, m.since, i.name
    FROM marks m JOIN indexes i ON i.id = m.index_id ORDER BY m.id";
const EVENTS: &str = "
    SELECT e.serial, c.index_name, e.project, e.kind, e.path, e.before, e.after,
        c.actor, c.address, c.agent, c.request_id, c.at, e.format
    FROM events e JOIN commits c ON c.serial = e.serial ORDER BY e.serial, e.id";
const AUDIT: &str = "
    SELECT at, kind, actor, address, agent, request_id, project, detail FROM audit
    ORDER BY id LIMIT -1 OFFSET ?1";
const DOWNLOADS: &str = "
    SELECT c.index_name, c.project, c.file, d.day, d.python, d.platform, d.client, d.count
    FROM downloads d JOIN counted_files c ON c.id = d.file_id WHERE d.day >= ?1";
const MONTHS: &str = "
    SELECT c.index_name, c.project, c.file, d.month, d.count
    FROM download_months d JOIN counted_files c ON c.id = d.file_id";

/// Rows on their way out.
struct Batch<'a> {
    rows: Vec<CatalogRow>,
    sender: &'a Sender,
}

impl Batch<'_> {
    /// Sends what a query finds.
    fn take(
        &mut self,
        look: &Connection,
        sql: &str,
        values: impl rusqlite::Params,
        of: impl Fn(&Row<'_>) -> Outcome<CatalogRow>,
    ) -> Outcome<()> {
        let mut statement = look.prepare(sql)?;
        let mut rows = statement.query(values)?;
        while let Some(row) = rows.next()? {
            self.rows.push(of(row)?);
            if self.rows.len() >= ROWS_TOGETHER {
                self.send()?;
            }
        }
        Ok(())
    }

    /// Says that this was all.
    fn end(&self) -> Outcome<()> {
        let sent = self.sender.blocking_send(Ok(Vec::new()));
        sent.map_err(|_| Failure::Closed)
    }

    fn send(&mut self) -> Outcome<()> {
        let rows = std::mem::take(&mut self.rows);
        if rows.is_empty() {
            return Ok(());
        }
        let sent = self.sender.blocking_send(Ok(rows));
        sent.map_err(|_| Failure::Closed)
    }
}

fn index(row: &Row<'_>, column: usize) -> Outcome<IndexName> {
    Ok(parsed("index", text(row, column)?)?)
}

fn project(row: &Row<'_>) -> Outcome<CatalogRow> {
    Ok(CatalogRow::Project(ProjectRow {
        index: index(row, 0)?,
        key: key_from_text(text(row, 1)?)?,
        display_name: row.get(2)?,
        last_serial: Serial(row.get(3)?),
    }))
}

fn file(row: &Row<'_>) -> Outcome<CatalogRow> {
    let metadata = match optional_text(row, RECORD_COLUMNS + 2)? {
        None => None,
        Some(body) => Some(metadata_from_text(body, row.get(RECORD_COLUMNS + 1)?)?),
    };
    Ok(CatalogRow::File(Box::new(FileRow {
        index: index(row, RECORD_COLUMNS)?,
        record: record_from_row(row)?,
        metadata,
    })))
}

fn access(row: &Row<'_>) -> Outcome<CatalogRow> {
    Ok(CatalogRow::Access(AccessRecord {
        kind: row.get(0)?,
        key: row.get(1)?,
        body: json_from_text("access", text(row, 2)?)?,
    }))
}

fn claim(row: &Row<'_>) -> Outcome<CatalogRow> {
    Ok(CatalogRow::Claim(ClaimRow {
        key_sha256: claim_digest(text(row, 0)?),
        until: Timestamp(row.get(1)?),
    }))
}

fn downloads(row: &Row<'_>) -> Outcome<CatalogRow> {
    let count: i64 = row.get(7)?;
    Ok(CatalogRow::Downloads(DownloadsRow {
        index: index(row, 0)?,
        project: row.get(1)?,
        file: row.get(2)?,
        when: CountedWhen::Day {
            day: Day(row.get(3)?),
            python: row.get(4)?,
            platform: row.get(5)?,
            client: row.get(6)?,
        },
        count: u64::try_from(count).unwrap_or(0),
    }))
}

fn month(row: &Row<'_>) -> Outcome<CatalogRow> {
    let count: i64 = row.get(4)?;
    Ok(CatalogRow::Downloads(DownloadsRow {
        index: index(row, 0)?,
        project: row.get(1)?,
        file: row.get(2)?,
        when: CountedWhen::Month(Day(row.get(3)?)),
        count: u64::try_from(count).unwrap_or(0),
    }))
}
