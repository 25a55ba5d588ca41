//! What is read from the tables.

use tokio_postgres::Row;
use wheelhouse_index::identity::{IndexName, Serial, Timestamp};
use wheelhouse_index::mark::ProjectMark;
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{Counts, NewProject};
use wheelhouse_index::record::{FileRecord, ProjectEntry, ProjectListing, ProjectSnapshot};
use wheelhouse_standards::metadata::CoreMetadata;
use wheelhouse_standards::name::ProjectKey;

use super::failure::Outcome;
use super::marks::{mark_from_row, ordered};
use super::reads::{Reads, Values};
use super::row::{RECORD_COLUMNS, bound, record_columns, record_from_row, text};
use crate::catalog::columns::whole;
use crate::catalog::stored::{key_from_text, metadata_from_text, status_from_text};

/// Selects records by the conditions that follow.
macro_rules! select_records {
    ($conditions:literal) => {
        concat!(
            "SELECT ",
            record_columns!(),
            " FROM files f JOIN projects p ON p.id = f.project_id
             WHERE f.index_id = (SELECT id FROM indexes WHERE name = $1) AND ",
            $conditions
        )
    };
}

pub(super) const FILE: &str =
    select_records!("left(f.path, 500) = left($2::text, 500) AND f.path = $2::text");
pub(super) const FILES_NAMED: &str = select_records!(
    "left(f.file_name, 500) = left($2::text, 500) AND f.file_name = $2::text ORDER BY f.path"
);
pub(super) const FILES_AFTER: &str = select_records!(
    "left(f.path, 500) >= left($2::text, 500) AND f.path > $2::text
     ORDER BY left(f.path, 500), f.path LIMIT $3"
);
pub(super) const UNREAD_AFTER: &str = select_records!(
    "left(f.path, 500) >= left($2::text, 500) AND f.path > $2::text AND f.sha256 IS NULL
     ORDER BY left(f.path, 500), f.path LIMIT $3"
);
const NEWEST_FILES: &str = select_records!(
    "f.kind <> 'signature' AND p.status <> 'quarantined'
     ORDER BY f.uploaded_at DESC, f.path DESC LIMIT $2"
);

/// The files of a project and, in further rows, its marks: one statement, so that both are of one
/// moment.
pub(super) const PROJECT: &str = concat!(
    "WITH project AS (
         SELECT id, index_id, key, display_name, last_serial FROM projects
         WHERE index_id = (SELECT id FROM indexes WHERE name = $1)
             AND left(key, 500) = left($2::text, 500) AND key = $2::text AND file_count > 0
     )
     SELECT ",
    record_columns!(),
    ", p.display_name, p.last_serial,
         NULL::text, NULL::bigint, NULL::text, NULL::bigint, NULL::bigint
     FROM project p JOIN files f ON f.project_id = p.id
     UNION ALL
     SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
         NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
         m.project, m.format, m.body, m.since, m.id
     FROM project p JOIN marks m ON m.index_id = p.index_id
         AND left(m.project, 500) = left($2::text, 500) AND m.project = $2::text"
);
const DISPLAY_NAME: usize = RECORD_COLUMNS;
const LAST_SERIAL: usize = RECORD_COLUMNS + 1;
/// Where the columns of a mark begin.
const MARK: usize = RECORD_COLUMNS + 2;

/// Tells whether a text can be in no column of texts.
fn is_nowhere(text: &str) -> bool {
    text.contains('\0')
}

pub(super) async fn head(reads: &Reads) -> Outcome<Serial> {
    let row = reads
        .row("SELECT serial FROM journal_head WHERE id = 1", &[])
        .await?;
    let serial = row.map(|row| row.try_get(0)).transpose()?;
    Ok(serial_of(serial.unwrap_or(0)))
}

/// Serials are never negative.
pub(super) fn serial_of(number: i64) -> Serial {
    Serial(u64::try_from(number).unwrap_or(0))
}

pub(super) async fn projects(reads: &Reads, index: &IndexName) -> Outcome<ProjectListing> {
    let rows = reads
        .rows(
            "SELECT h.serial, p.key, p.display_name, p.last_serial, p.status
             FROM journal_head h LEFT JOIN projects p
                 ON p.index_id = (SELECT id FROM indexes WHERE name = $1) AND p.file_count > 0
             WHERE h.id = 1",
            &[&index.as_str()],
        )
        .await?;
    let mut listing = ProjectListing {
        serial: Serial(0),
        projects: Vec::with_capacity(rows.len()),
    };
    for row in &rows {
        listing.serial = serial_of(row.try_get(0)?);
        let Some(key) = row.try_get::<_, Option<&str>>(1)? else {
            continue;
        };
        listing.projects.push(ProjectEntry {
            key: key_from_text(key)?,
            display_name: text(row, 2)?.to_owned(),
            last_serial: serial_of(row.try_get(3)?),
            status: status_from_text(text(row, 4)?)?,
        });
    }
    listing.projects.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(listing)
}

pub(super) async fn project(
    reads: &Reads,
    index: &IndexName,
    key: &ProjectKey,
) -> Outcome<Option<ProjectSnapshot>> {
    if is_nowhere(key.as_str()) {
        return Ok(None);
    }
    let rows = reads
        .rows(PROJECT, &[&index.as_str(), &key.as_str()])
        .await?;
    let mut snapshot: Option<ProjectSnapshot> = None;
    let mut marks: Vec<(i64, ProjectMark)> = Vec::new();
    for row in &rows {
        if row.try_get::<_, Option<&str>>(MARK)?.is_some() {
            marks.push(mark_from_row(row, MARK)?);
            continue;
        }
        let snapshot = match &mut snapshot {
            Some(snapshot) => snapshot,
            none => none.insert(ProjectSnapshot {
                key: key.clone(),
                display_name: text(row, DISPLAY_NAME)?.to_owned(),
                last_serial: serial_of(row.try_get(LAST_SERIAL)?),
                files: Vec::with_capacity(rows.len()),
                marks: Vec::new(),
            }),
        };
        snapshot.files.push(record_from_row(row)?);
    }
    Ok(snapshot.map(|mut snapshot| {
        snapshot.files.sort_by(|a, b| a.path.cmp(&b.path));
        snapshot.marks = ordered(marks);
        snapshot
    }))
}

pub(super) async fn file(
    reads: &Reads,
    index: &IndexName,
    path: &FilePath,
) -> Outcome<Option<FileRecord>> {
    let found = records(reads, FILE, &[&index.as_str(), &path.as_str()]).await?;
    Ok(found.into_iter().next())
}

pub(super) async fn files_named(
    reads: &Reads,
    index: &IndexName,
    file_name: &str,
) -> Outcome<Vec<FileRecord>> {
    if is_nowhere(file_name) {
        return Ok(Vec::new());
    }
    records(reads, FILES_NAMED, &[&index.as_str(), &file_name]).await
}

/// Returns a page of [`FILES_AFTER`] or [`UNREAD_AFTER`].
pub(super) async fn page_after(
    reads: &Reads,
    sql: &'static str,
    index: &IndexName,
    after: Option<&FilePath>,
    limit: usize,
) -> Outcome<Vec<FileRecord>> {
    // No path is empty.
    let after = after.map_or("", FilePath::as_str);
    records(reads, sql, &[&index.as_str(), &after, &bound(limit)]).await
}

pub(super) async fn core_metadata(
    reads: &Reads,
    index: &IndexName,
    path: &FilePath,
) -> Outcome<Option<CoreMetadata>> {
    let row = reads
        .row(
            "SELECT m.format, m.body FROM files f JOIN core_metadata m ON m.file_id = f.id
             WHERE f.index_id = (SELECT id FROM indexes WHERE name = $1)
                 AND left(f.path, 500) = left($2::text, 500) AND f.path = $2::text",
            &[&index.as_str(), &path.as_str()],
        )
        .await?;
    row.map(|row| Ok(metadata_from_text(text(&row, 1)?, row.try_get(0)?)?))
        .transpose()
}

pub(super) async fn counts(reads: &Reads, index: &IndexName) -> Outcome<Counts> {
    let row = reads
        .row(
            "SELECT project_count, file_count, unread_count FROM indexes WHERE name = $1",
            &[&index.as_str()],
        )
        .await?;
    let Some(row) = row else {
        return Ok(Counts::default());
    };
    let count = |row: &Row, column| {
        Ok::<_, super::failure::Failure>(u64::try_from(row.try_get::<_, i64>(column)?).unwrap_or(0))
    };
    Ok(Counts {
        projects: count(&row, 0)?,
        files: count(&row, 1)?,
        unread: count(&row, 2)?,
    })
}

pub(super) async fn file_bytes(reads: &Reads, index: &IndexName) -> Outcome<u64> {
    let row = reads
        .row(
            "SELECT coalesce(sum(greatest(size_bytes, 0)), 0)::float8 FROM files
             WHERE index_id = (SELECT id FROM indexes WHERE name = $1)",
            &[&index.as_str()],
        )
        .await?;
    let bytes = row.map(|row| row.try_get::<_, f64>(0)).transpose()?;
    Ok(whole(bytes.unwrap_or_default()))
}

pub(super) async fn newest_files(
    reads: &Reads,
    index: &IndexName,
    limit: usize,
) -> Outcome<Vec<FileRecord>> {
    records(reads, NEWEST_FILES, &[&index.as_str(), &bound(limit)]).await
}

pub(super) async fn newest_projects(
    reads: &Reads,
    index: &IndexName,
    limit: usize,
) -> Outcome<Vec<NewProject>> {
    let rows = reads
        .rows(
            "SELECT key, display_name, since FROM (
                 SELECT p.key, p.display_name, (
                     SELECT min(f.uploaded_at) FROM files f
                     WHERE f.project_id = p.id AND (f.kind <> 'signature')
                 ) AS since
                 FROM projects p
                 WHERE p.index_id = (SELECT id FROM indexes WHERE name = $1)
                     AND p.file_count > 0 AND p.status <> 'quarantined'
             ) AS dated
             WHERE since IS NOT NULL ORDER BY since DESC, key LIMIT $2",
            &[&index.as_str(), &bound(limit)],
        )
        .await?;
    let project = |row: &Row| {
        Ok(NewProject {
            key: key_from_text(text(row, 0)?)?,
            display_name: text(row, 1)?.to_owned(),
            since: Timestamp(row.try_get(2)?),
        })
    };
    rows.iter().map(project).collect()
}

async fn records(reads: &Reads, sql: &'static str, values: Values<'_>) -> Outcome<Vec<FileRecord>> {
    let rows = reads.rows(sql, values).await?;
    rows.iter().map(record_from_row).collect()
}
