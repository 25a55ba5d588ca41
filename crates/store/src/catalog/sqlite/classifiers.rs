//! Classifiers: in the core metadata of each file, and nowhere else. Looks at every file, as
//! nobody asks for them often.

use rusqlite::Connection;
use wheelhouse_index::identity::IndexName;
use wheelhouse_index::ports::SearchHit;

use super::failure::Outcome;
use super::row::{optional_text, text};
use crate::catalog::stored::{classifiers_from_text, key_from_text};

pub(super) fn all(connection: &Connection, index: &IndexName) -> Outcome<Vec<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT c.value
         FROM indexes i
         JOIN files f ON f.index_id = i.id
         JOIN core_metadata m ON m.file_id = f.id
         JOIN json_each(m.body, '$.classifiers') c
         WHERE i.name = ?1 ORDER BY 1",
    )?;
    let mut rows = statement.query([index.as_str()])?;
    let mut classifiers = Vec::new();
    while let Some(row) = rows.next()? {
        classifiers.push(text(row, 0)?.to_owned());
    }
    Ok(classifiers)
}

pub(super) fn having(
    connection: &Connection,
    index: &IndexName,
    wanted: &[String],
    limit: usize,
) -> Outcome<Vec<SearchHit>> {
    let mut statement = connection.prepare_cached(
        "SELECT p.key, f.spelled_name, f.version, f.summary,
             json_extract(m.body, '$.classifiers')
         FROM indexes i
         JOIN projects p ON p.index_id = i.id
         JOIN files f ON f.project_id = p.id
         JOIN core_metadata m ON m.file_id = f.id
         WHERE i.name = ?1 AND p.file_count > 0 AND p.status <> 'quarantined'
         ORDER BY p.key, f.path",
    )?;
    let mut rows = statement.query([index.as_str()])?;
    let mut hits = Vec::new();
    while hits.len() < limit
        && let Some(row) = rows.next()?
    {
        let classifiers: Vec<String> = match optional_text(row, 4)? {
            None => Vec::new(),
            Some(list) => classifiers_from_text(list)?,
        };
        if wanted.iter().all(|wanted| classifiers.contains(wanted)) {
            hits.push(SearchHit {
                project: key_from_text(text(row, 0)?)?,
                spelled_name: text(row, 1)?.to_owned(),
                version: text(row, 2)?.to_owned(),
                summary: optional_text(row, 3)?.map(str::to_owned),
            });
        }
    }
    Ok(hits)
}
