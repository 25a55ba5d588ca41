//! Reading a whole catalog, row by row, beside whoever writes to it.

use std::pin::pin;

use async_trait::async_trait;
use deadpool_postgres::{Object, Transaction};
use futures_util::TryStreamExt as _;
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use wheelhouse_index::downloads::Day;
use wheelhouse_index::identity::{IndexName, Serial, Timestamp};
use wheelhouse_index::ports::{
    AccessRecord, CatalogCopy, CatalogRow, CatalogSource, ClaimRow, CopyScope, CountedWhen,
    DownloadsRow, FileRow, KeyRow, ProjectRow, StoreError,
};

use crate::catalog::copying::ROWS_TOGETHER;
use crate::catalog::postgres::PostgresCatalog;
use crate::catalog::postgres::access::audit_event;
use crate::catalog::postgres::failure::{Failure, Outcome};
use crate::catalog::postgres::journal::event_from_row;
use crate::catalog::postgres::marks::mark_from_row;
use crate::catalog::postgres::read::serial_of;
use crate::catalog::postgres::reads::one_look;
use crate::catalog::postgres::row::{
    RECORD_COLUMNS, odd_text, record_columns, record_from_row, text,
};
use crate::catalog::stored::{BadRow, json_from_text, key_from_text, metadata_from_text, parsed};

const READ: &str = "read the catalog for a copy";
/// How many batches of rows wait to be taken.
const BATCHES_WAITING: usize = 2;

#[async_trait]
impl CatalogSource for PostgresCatalog {
    async fn copy_rows(&self, scope: CopyScope) -> Result<CatalogCopy, StoreError> {
        let failed = |failure: Failure| failure.into_store_error(READ);
        let client = self.reads.connection().await.map_err(failed)?;
        let (begun, head) = oneshot::channel();
        let (sender, rows) = mpsc::channel(BATCHES_WAITING);
        tokio::spawn(async move {
            let mut begun = Some(begun);
            let failure = match read_all(client, scope, &mut begun, &sender).await {
                // Nobody wants more.
                Ok(()) | Err(Failure::Closed) => return,
                Err(failure) => failure.into_store_error(READ),
            };
            // Whoever asked may have gone.
            if let Some(begun) = begun {
                let _ = begun.send(Err(failure));
            } else {
                let _ = sender.send(Err(failure)).await;
            }
        });
        let head = head
            .await
            .unwrap_or_else(|_| Err(failed(Failure::Closed)))?;
        Ok(CatalogCopy { head, rows })
    }
}

type Begun = Option<oneshot::Sender<Result<Serial, StoreError>>>;
type Sender = mpsc::Sender<Result<Vec<CatalogRow>, StoreError>>;

async fn read_all(
    mut client: Object,
    scope: CopyScope,
    begun: &mut Begun,
    sender: &Sender,
) -> Outcome<()> {
    let look = one_look(&mut client).await?;
    look.batch_execute(
        "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0",
    )
    .await?;
    let sql = "SELECT serial FROM journal_head WHERE id = 1";
    let head = serial_of(look.query_one(sql, &[]).await?.try_get(0)?);
    if let Some(begun) = begun.take() {
        begun.send(Ok(head)).map_err(|_| Failure::Closed)?;
    }
    let batch = Batch {
        look: &look,
        sender,
    };
    let (audit_skipped, downloads_from) = match scope {
        CopyScope::Everything => {
            batch.take(PROJECTS, &[], project).await?;
            batch.take(FILES, &[], file).await?;
            let mark = |row: &Row| {
                let (_, marked) = mark_from_row(row, 0)?;
                Ok(CatalogRow::Mark(index(row, 5)?, marked))
            };
            batch.take(MARKS, &[], mark).await?;
            let event = |row: &Row| Ok(CatalogRow::Event(Box::new(event_from_row(row)?)));
            batch.take(EVENTS, &[], event).await?;
            (0, None)
        }
        CopyScope::Beside {
            audit_skipped,
            downloads_from,
        } => (audit_skipped, downloads_from),
    };
    let sql = "SELECT kind, key, body FROM access ORDER BY kind, key";
    batch.take(sql, &[], access).await?;
    let sql = "SELECT key_sha256, until FROM claims";
    batch.take(sql, &[], claim).await?;
    let skipped = i64::try_from(audit_skipped).unwrap_or(i64::MAX);
    let audit = |row: &Row| Ok(CatalogRow::Audit(Box::new(audit_event(row)?)));
    batch.take(AUDIT, &[&skipped], audit).await?;
    let first = downloads_from.map_or(i32::MIN, |day| day.0);
    batch.take(DOWNLOADS, &[&first], downloads).await?;
    if downloads_from.is_none() {
        batch.take(MONTHS, &[], month).await?;
    }
    let sql = "SELECT name, value FROM shared_keys ORDER BY name";
    batch.take(sql, &[], key).await?;
    // This was all.
    batch.send(Vec::new()).await
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
     ORDER BY f.index_id, left(f.path, 500), f.path"
);
const MARKS: &str = "
    SELECT m.project, m.format, m.body, m.since, m.id, i.name
    FROM marks m JOIN indexes i ON i.id = m.index_id ORDER BY m.id";
const EVENTS: &str = "
    SELECT e.serial, c.index_name, e.project, e.kind, e.path, e.before, e.after, e.format,
        c.actor, c.address, c.agent, c.request_id, c.at
    FROM events e JOIN commits c ON c.serial = e.serial ORDER BY e.serial, e.number";
const AUDIT: &str = "
    SELECT kind, actor, address, agent, request_id, at, project, detail FROM audit
    ORDER BY id OFFSET $1";
const DOWNLOADS: &str = "
    SELECT c.index_name, c.project, c.file, d.day, d.python, d.platform, d.client, d.count
    FROM downloads d JOIN counted_files c ON c.id = d.file_id WHERE d.day >= $1";
const MONTHS: &str = "
    SELECT c.index_name, c.project, c.file, d.month, d.count
    FROM download_months d JOIN counted_files c ON c.id = d.file_id";

/// Rows on their way out.
struct Batch<'a> {
    look: &'a Transaction<'a>,
    sender: &'a Sender,
}

impl Batch<'_> {
    /// Sends what a query finds, as it comes.
    async fn take(
        &self,
        sql: &str,
        values: &[&(dyn ToSql + Sync)],
        of: impl Fn(&Row) -> Outcome<CatalogRow>,
    ) -> Outcome<()> {
        let values = values.iter().copied();
        let mut found = pin!(self.look.query_raw(sql, values).await?);
        let mut rows = Vec::new();
        while let Some(row) = found.try_next().await? {
            rows.push(of(&row)?);
            if rows.len() >= ROWS_TOGETHER {
                self.send(std::mem::take(&mut rows)).await?;
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        self.send(rows).await
    }

    async fn send(&self, rows: Vec<CatalogRow>) -> Outcome<()> {
        let sent = self.sender.send(Ok(rows)).await;
        sent.map_err(|_| Failure::Closed)
    }
}

fn index(row: &Row, column: usize) -> Outcome<IndexName> {
    Ok(parsed("index", text(row, column)?)?)
}

fn project(row: &Row) -> Outcome<CatalogRow> {
    Ok(CatalogRow::Project(ProjectRow {
        index: index(row, 0)?,
        key: key_from_text(text(row, 1)?)?,
        display_name: text(row, 2)?.to_owned(),
        last_serial: serial_of(row.try_get(3)?),
    }))
}

fn file(row: &Row) -> Outcome<CatalogRow> {
    let metadata = match row.try_get::<_, Option<&str>>(RECORD_COLUMNS + 2)? {
        None => None,
        Some(body) => Some(metadata_from_text(body, row.try_get(RECORD_COLUMNS + 1)?)?),
    };
    Ok(CatalogRow::File(Box::new(FileRow {
        index: index(row, RECORD_COLUMNS)?,
        record: record_from_row(row)?,
        metadata,
    })))
}

fn access(row: &Row) -> Outcome<CatalogRow> {
    Ok(CatalogRow::Access(AccessRecord {
        kind: odd_text(row, 0)?.unwrap_or_default().to_owned(),
        key: odd_text(row, 1)?.unwrap_or_default().to_owned(),
        body: json_from_text("access", text(row, 2)?)?,
    }))
}

fn claim(row: &Row) -> Outcome<CatalogRow> {
    let digest: &[u8] = row.try_get(0)?;
    let key_sha256 = digest.try_into();
    Ok(CatalogRow::Claim(ClaimRow {
        key_sha256: key_sha256.map_err(|error| BadRow::new("key_sha256", error))?,
        until: Timestamp(row.try_get(1)?),
    }))
}

fn downloads(row: &Row) -> Outcome<CatalogRow> {
    let owned = |column| Ok::<_, Failure>(text(row, column)?.to_owned());
    Ok(CatalogRow::Downloads(DownloadsRow {
        index: index(row, 0)?,
        project: owned(1)?,
        file: owned(2)?,
        when: CountedWhen::Day {
            day: Day(row.try_get(3)?),
            python: owned(4)?,
            platform: owned(5)?,
            client: owned(6)?,
        },
        count: u64::try_from(row.try_get::<_, i64>(7)?).unwrap_or(0),
    }))
}

fn month(row: &Row) -> Outcome<CatalogRow> {
    Ok(CatalogRow::Downloads(DownloadsRow {
        index: index(row, 0)?,
        project: text(row, 1)?.to_owned(),
        file: text(row, 2)?.to_owned(),
        when: CountedWhen::Month(Day(row.try_get(3)?)),
        count: u64::try_from(row.try_get::<_, i64>(4)?).unwrap_or(0),
    }))
}

fn key(row: &Row) -> Outcome<CatalogRow> {
    Ok(CatalogRow::Key(KeyRow {
        name: text(row, 0)?.to_owned(),
        value: row.try_get(1)?,
    }))
}
