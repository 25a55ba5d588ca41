//! What is read from the tables. Each function runs within one transaction: one consistent look.

use rusqlite::{Connection, OptionalExtension, Params, params};
use wheelhouse_index::identity::{IndexName, Serial};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{Counts, SearchHit, SearchTerms};
use wheelhouse_index::record::{FileRecord, ProjectEntry, ProjectListing, ProjectSnapshot};
use wheelhouse_standards::metadata::CoreMetadata;
use wheelhouse_standards::name::ProjectKey;

use super::failure::Outcome;
use super::marks;
use super::row::{optional_text, record_columns, record_from_row, text};
use crate::catalog::columns::whole;
use crate::catalog::matching::Matcher;
use crate::catalog::stored::{key_from_text, metadata_from_text, status_from_text};

/// Selects records by the conditions that follow.
macro_rules! select_records {
    ($conditions:literal) => {
        concat!(
            "SELECT ",
            record_columns!(),
            " FROM files f
             JOIN projects p ON p.id = f.project_id
             JOIN indexes i ON i.id = f.index_id
             WHERE ",
            $conditions
        )
    };
}

const FILE: &str = select_records!("i.name = ?1 AND f.path = ?2");
const FILES_OF_PROJECT: &str = select_records!("f.project_id = ?1");
const FILES_NAMED: &str = select_records!("i.name = ?1 AND f.file_name = ?2 ORDER BY f.path");
const FILES_AFTER: &str = select_records!("i.name = ?1 AND f.path > ?2 ORDER BY f.path LIMIT ?3");
const UNREAD_AFTER: &str =
    select_records!("i.name = ?1 AND f.path > ?2 AND f.sha256 IS NULL ORDER BY f.path LIMIT ?3");

/// What must not get slower with the size of the index.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[
    FILE,
    FILES_OF_PROJECT,
    FILES_NAMED,
    FILES_AFTER,
    UNREAD_AFTER,
    marks::OF_PROJECT,
];

pub(super) fn head(connection: &Connection) -> Outcome<Serial> {
    let serial = connection
        .prepare_cached("SELECT serial FROM journal_head WHERE id = 1")?
        .query_row([], |row| row.get(0))?;
    Ok(Serial(serial))
}

pub(super) fn projects(connection: &Connection, index: &IndexName) -> Outcome<ProjectListing> {
    let mut statement = connection.prepare_cached(
        "SELECT p.key, p.display_name, p.last_serial, p.status
         FROM indexes i JOIN projects p ON p.index_id = i.id
         WHERE i.name = ?1 AND p.file_count > 0 ORDER BY p.key",
    )?;
    let mut rows = statement.query([index.as_str()])?;
    let mut projects = Vec::new();
    while let Some(row) = rows.next()? {
        projects.push(ProjectEntry {
            key: key_from_text(text(row, 0)?)?,
            display_name: text(row, 1)?.to_owned(),
            last_serial: Serial(row.get(2)?),
            status: status_from_text(text(row, 3)?)?,
        });
    }
    Ok(ProjectListing {
        serial: head(connection)?,
        projects,
    })
}

pub(super) fn project(
    connection: &Connection,
    index: &IndexName,
    key: &ProjectKey,
) -> Outcome<Option<ProjectSnapshot>> {
    let found = connection
        .prepare_cached(
            "SELECT p.id, p.display_name, p.last_serial
             FROM indexes i JOIN projects p ON p.index_id = i.id
             WHERE i.name = ?1 AND p.key = ?2 AND p.file_count > 0",
        )?
        .query_row(params![index.as_str(), key.as_str()], |row| {
            Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((project_id, display_name, last_serial)) = found else {
        return Ok(None);
    };
    let mut files = records(connection, FILES_OF_PROJECT, [project_id])?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Some(ProjectSnapshot {
        key: key.clone(),
        display_name,
        last_serial: Serial(last_serial),
        files,
        marks: marks::marks(connection, index, Some(key))?,
    }))
}

pub(super) fn file(
    connection: &Connection,
    index: &IndexName,
    path: &FilePath,
) -> Outcome<Option<FileRecord>> {
    let found = records(connection, FILE, params![index.as_str(), path.as_str()])?;
    Ok(found.into_iter().next())
}

pub(super) fn files_named(
    connection: &Connection,
    index: &IndexName,
    file_name: &str,
) -> Outcome<Vec<FileRecord>> {
    records(connection, FILES_NAMED, params![index.as_str(), file_name])
}

pub(super) fn files_after(
    connection: &Connection,
    index: &IndexName,
    after: Option<&FilePath>,
    limit: usize,
) -> Outcome<Vec<FileRecord>> {
    records(connection, FILES_AFTER, page(index, after, limit))
}

pub(super) fn unread_after(
    connection: &Connection,
    index: &IndexName,
    after: Option<&FilePath>,
    limit: usize,
) -> Outcome<Vec<FileRecord>> {
    records(connection, UNREAD_AFTER, page(index, after, limit))
}

pub(super) fn core_metadata(
    connection: &Connection,
    index: &IndexName,
    path: &FilePath,
) -> Outcome<Option<CoreMetadata>> {
    let mut statement = connection.prepare_cached(
        "SELECT m.format, m.body FROM indexes i
         JOIN files f ON f.index_id = i.id
         JOIN core_metadata m ON m.file_id = f.id
         WHERE i.name = ?1 AND f.path = ?2",
    )?;
    let mut rows = statement.query(params![index.as_str(), path.as_str()])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    Ok(Some(metadata_from_text(text(row, 1)?, row.get(0)?)?))
}

/// Looks at every file, as a search for parts of texts must; compared here and not in SQL, so
/// that letters of all scripts are the same in either case.
pub(super) fn search(
    connection: &Connection,
    index: &IndexName,
    terms: &SearchTerms,
    limit: usize,
) -> Outcome<Vec<SearchHit>> {
    let matcher = Matcher::new(terms);
    let mut statement = connection.prepare_cached(
        "SELECT p.key, f.spelled_name, f.version, f.summary
         FROM indexes i
         JOIN projects p ON p.index_id = i.id
         JOIN files f ON f.project_id = p.id
         WHERE i.name = ?1 AND p.file_count > 0 AND p.status <> 'quarantined'
             AND (f.kind <> 'signature') = 1
         ORDER BY p.key, f.path",
    )?;
    let mut rows = statement.query([index.as_str()])?;
    let mut hits = Vec::new();
    while hits.len() < limit
        && let Some(row) = rows.next()?
    {
        let (key, spelled_name, summary) = (text(row, 0)?, text(row, 1)?, optional_text(row, 3)?);
        if matcher.matches(key, spelled_name, summary) {
            hits.push(SearchHit {
                project: key_from_text(key)?,
                spelled_name: spelled_name.to_owned(),
                version: text(row, 2)?.to_owned(),
                summary: summary.map(str::to_owned),
            });
        }
    }
    Ok(hits)
}

pub(super) fn counts(connection: &Connection, index: &IndexName) -> Outcome<Counts> {
    let counts = connection
        .prepare_cached(
            "SELECT project_count, file_count, unread_count FROM indexes WHERE name = ?1",
        )?
        .query_row([index.as_str()], |row| {
            Ok(Counts {
                projects: row.get(0)?,
                files: row.get(1)?,
                unread: row.get(2)?,
            })
        })
        .optional()?;
    Ok(counts.unwrap_or_default())
}

pub(super) fn file_bytes(connection: &Connection, index: &IndexName) -> Outcome<u64> {
    // `sum` fails where the sizes of files with holes are more than fits.
    let bytes: f64 = connection
        .prepare_cached(
            "SELECT total(max(size_bytes, 0)) FROM files
             WHERE index_id = (SELECT id FROM indexes WHERE name = ?1)",
        )?
        .query_row([index.as_str()], |row| row.get(0))?;
    Ok(whole(bytes))
}

fn page<'a>(
    index: &'a IndexName,
    after: Option<&'a FilePath>,
    limit: usize,
) -> (&'a str, &'a str, i64) {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    // No path is empty.
    (index.as_str(), after.map_or("", FilePath::as_str), limit)
}

pub(super) fn records(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> Outcome<Vec<FileRecord>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(record_from_row(row)?);
    }
    Ok(records)
}
