//! Marks as rows.

use rusqlite::{Connection, Row, params};
use wheelhouse_index::identity::{IndexName, Timestamp};
use wheelhouse_index::mark::{Mark, ProjectMark};
use wheelhouse_index::path::FilePath;
use wheelhouse_standards::name::ProjectKey;

use super::failure::Outcome;
use super::row::text;
use crate::catalog::stored::{
    FORMAT, check_format, key_from_text, mark_from_text, mark_to_text, parsed,
};

/// Returns the marks of a project, or of all projects, ordered by project and age.
pub(super) fn marks(
    connection: &Connection,
    index: &IndexName,
    project: Option<&ProjectKey>,
) -> Outcome<Vec<ProjectMark>> {
    let mut statement;
    let mut rows = if let Some(project) = project {
        statement = connection.prepare_cached(OF_PROJECT)?;
        statement.query(params![index.as_str(), project.as_str()])?
    } else {
        statement = connection.prepare_cached(OF_ALL)?;
        statement.query([index.as_str()])?
    };
    let mut marks = Vec::new();
    while let Some(row) = rows.next()? {
        marks.push(mark_from_row(row)?);
    }
    Ok(marks)
}

pub(super) const OF_PROJECT: &str = "
    SELECT m.project, m.format, m.body, m.since
    FROM indexes i JOIN marks m ON m.index_id = i.id
    WHERE i.name = ?1 AND m.project = ?2 ORDER BY m.id";
const OF_ALL: &str = "
    SELECT m.project, m.format, m.body, m.since
    FROM indexes i JOIN marks m ON m.index_id = i.id
    WHERE i.name = ?1 ORDER BY m.project, m.id";

/// Returns the number and the value of the mark of a project that is about the same as `mark`.
pub(super) fn find(
    connection: &Connection,
    index_id: i64,
    project: &ProjectKey,
    mark: &Mark,
) -> Outcome<Option<(i64, ProjectMark)>> {
    let mut statement = connection.prepare_cached(
        "SELECT project, format, body, since, id FROM marks
         WHERE index_id = ?1 AND project = ?2 ORDER BY id",
    )?;
    let mut rows = statement.query(params![index_id, project.as_str()])?;
    while let Some(row) = rows.next()? {
        let found = mark_from_row(row)?;
        if found.mark.has_subject_of(mark) {
            return Ok(Some((row.get(4)?, found)));
        }
    }
    Ok(None)
}

/// Puts a mark in the place of the one with number `mark_id`, if there is one.
pub(super) fn put(
    connection: &Connection,
    index_id: i64,
    mark_id: Option<i64>,
    after: Option<&ProjectMark>,
) -> Outcome<()> {
    match (mark_id, after) {
        (Some(id), None) => {
            connection
                .prepare_cached("DELETE FROM marks WHERE id = ?1")?
                .execute([id])?;
        }
        (Some(id), Some(marked)) => {
            connection
                .prepare_cached(
                    "UPDATE marks SET format = ?2, body = ?3, since = ?4 WHERE id = ?1",
                )?
                .execute(params![
                    id,
                    FORMAT,
                    mark_to_text(&marked.mark)?,
                    marked.since.0
                ])?;
        }
        (None, Some(marked)) => {
            connection
                .prepare_cached(
                    "INSERT INTO marks (index_id, project, format, body, since)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![
                    index_id,
                    marked.project.as_str(),
                    FORMAT,
                    mark_to_text(&marked.mark)?,
                    marked.since.0
                ])?;
        }
        (None, None) => {}
    }
    Ok(())
}

/// Returns the paths of a project's files.
pub(super) fn paths(connection: &Connection, project_id: i64) -> Outcome<Vec<FilePath>> {
    let mut statement =
        connection.prepare_cached("SELECT path FROM files WHERE project_id = ?1")?;
    let mut rows = statement.query([project_id])?;
    let mut paths = Vec::new();
    while let Some(row) = rows.next()? {
        paths.push(parsed("path", text(row, 0)?)?);
    }
    Ok(paths)
}

pub(super) fn mark_from_row(row: &Row<'_>) -> Outcome<ProjectMark> {
    check_format(row.get(1)?)?;
    Ok(ProjectMark {
        project: key_from_text(text(row, 0)?)?,
        mark: mark_from_text(text(row, 2)?)?,
        since: Timestamp(row.get(3)?),
    })
}
