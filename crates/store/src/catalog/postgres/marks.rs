//! Marks as rows.

use tokio_postgres::Row;
use wheelhouse_index::identity::{IndexName, Timestamp};
use wheelhouse_index::mark::ProjectMark;
use wheelhouse_standards::name::ProjectKey;

use super::failure::Outcome;
use super::reads::Reads;
use super::row::text;
use crate::catalog::stored::{check_format, key_from_text, mark_from_text};

/// Returns the marks of a project, or of all projects, ordered by project and age.
pub(super) async fn marks(
    reads: &Reads,
    index: &IndexName,
    project: Option<&ProjectKey>,
) -> Outcome<Vec<ProjectMark>> {
    let rows = match project {
        Some(project) if project.as_str().contains('\0') => Vec::new(),
        Some(project) => {
            let sql = "SELECT project, format, body, since, id FROM marks
                 WHERE index_id = (SELECT id FROM indexes WHERE name = $1)
                     AND left(project, 500) = left($2::text, 500) AND project = $2::text";
            reads
                .rows(sql, &[&index.as_str(), &project.as_str()])
                .await?
        }
        None => {
            let sql = "SELECT project, format, body, since, id FROM marks
                 WHERE index_id = (SELECT id FROM indexes WHERE name = $1)";
            reads.rows(sql, &[&index.as_str()]).await?
        }
    };
    let marks: Outcome<Vec<_>> = rows.iter().map(|row| mark_from_row(row, 0)).collect();
    Ok(ordered(marks?))
}

/// Reads a mark with its number: project, format, body, time and number, from `column` on.
pub(super) fn mark_from_row(row: &Row, column: usize) -> Outcome<(i64, ProjectMark)> {
    check_format(row.try_get(column + 1)?)?;
    let mark = ProjectMark {
        project: key_from_text(text(row, column)?)?,
        mark: mark_from_text(text(row, column + 2)?)?,
        since: Timestamp(row.try_get(column + 3)?),
    };
    Ok((row.try_get(column + 4)?, mark))
}

/// Orders marks by project and by when they were first set.
pub(super) fn ordered(mut marks: Vec<(i64, ProjectMark)>) -> Vec<ProjectMark> {
    marks.sort_by(|(a_id, a), (b_id, b)| (&a.project, a_id).cmp(&(&b.project, b_id)));
    marks.into_iter().map(|(_, mark)| mark).collect()
}
