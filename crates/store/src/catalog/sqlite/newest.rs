//! What came last.

use rusqlite::{Connection, params};
use wheelhouse_index::identity::{IndexName, Timestamp};
use wheelhouse_index::ports::NewProject;
use wheelhouse_index::record::FileRecord;

use super::failure::Outcome;
use super::read::records;
use super::row::{record_columns, text};
use crate::catalog::stored::key_from_text;

const FILES: &str = concat!(
    "SELECT ",
    record_columns!(),
    " FROM indexes i
     JOIN files f ON f.index_id = i.id
     JOIN projects p ON p.id = f.project_id
     WHERE i.name = ?1 AND f.kind <> 'signature' AND p.status <> 'quarantined'
     ORDER BY f.uploaded_at DESC, f.path DESC LIMIT ?2"
);

pub(super) fn files(
    connection: &Connection,
    index: &IndexName,
    limit: usize,
) -> Outcome<Vec<FileRecord>> {
    records(connection, FILES, params![index.as_str(), bound(limit)])
}

pub(super) fn projects(
    connection: &Connection,
    index: &IndexName,
    limit: usize,
) -> Outcome<Vec<NewProject>> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM (
             SELECT p.key, p.display_name, (
                 SELECT MIN(f.uploaded_at) FROM files f
                 WHERE f.project_id = p.id AND (f.kind <> 'signature') = 1
             ) AS since
             FROM indexes i JOIN projects p ON p.index_id = i.id
             WHERE i.name = ?1 AND p.file_count > 0 AND p.status <> 'quarantined'
         )
         WHERE since IS NOT NULL ORDER BY since DESC, key LIMIT ?2",
    )?;
    let mut rows = statement.query(params![index.as_str(), bound(limit)])?;
    let mut projects = Vec::new();
    while let Some(row) = rows.next()? {
        projects.push(NewProject {
            key: key_from_text(text(row, 0)?)?,
            display_name: text(row, 1)?.to_owned(),
            since: Timestamp(row.get(2)?),
        });
    }
    Ok(projects)
}

fn bound(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
