//! Looking the database over: whether it is whole, and whether what is counted is what there is.

use async_trait::async_trait;
use rusqlite::{Connection, params};
use wheelhouse_index::identity::IndexName;
use wheelhouse_index::ports::{CatalogFlaw, CatalogUpkeep, FlawKind, Repair, StoreError};

use super::SqliteCatalog;
use super::commit::index_id;
use super::failure::Outcome;
use super::mark::SerialMark;
use super::read;

/// How many problems of the database are told.
const PROBLEMS: u32 = 20;
/// How many wrong counts of projects are told.
const PROJECTS: usize = 1_000;

#[async_trait]
impl CatalogUpkeep for SqliteCatalog {
    async fn look_over(
        &self,
        index: &IndexName,
        repair: Repair,
    ) -> Result<Vec<CatalogFlaw>, StoreError> {
        let operation = "look the catalog over";
        let mut flaws = self.read(operation, problems).await?;
        let index = index.clone();
        let counted = match repair {
            Repair::Nothing => {
                self.read(operation, move |connection| {
                    counts(connection, &index, repair)
                })
                .await?
            }
            Repair::Proven => {
                // As a large change: nothing else shares its transaction.
                let written = self.writer.write(usize::MAX, move |connection, mark| {
                    let mut flaws = counts(connection, &index, repair)?;
                    let head = read::head(connection)?.0;
                    if mark.is_behind(head) {
                        mark.keep_ahead_of(head)?;
                        flaws.push(behind(head, true));
                    }
                    Ok(flaws)
                });
                let written = written.await;
                self.told(operation, written)?
            }
        };
        flaws.extend(counted);
        if let Some(mark) = self.writer.read_mark() {
            let head = self.read(operation, read::head).await?.0;
            flaws.extend(self.behind_now(mark, head)?);
        }
        Ok(flaws)
    }
}

impl SqliteCatalog {
    /// Reads the mark again where the one that was read first is behind: a server writes meanwhile.
    fn behind_now(&self, mark: &SerialMark, head: u64) -> Result<Option<CatalogFlaw>, StoreError> {
        if !mark.is_behind(head) {
            return Ok(None);
        }
        let again = mark.read_again();
        let again = self.told("read the mark of serials", again.map_err(Into::into))?;
        Ok(again.is_behind(head).then(|| behind(head, false)))
    }
}

fn behind(head: u64, is_mended: bool) -> CatalogFlaw {
    CatalogFlaw {
        kind: FlawKind::SerialMark,
        about: None,
        sentence: format!(
            "the mark of serials is not above {head}, the last serial that was used: if the catalog were lost, serials could go down"
        ),
        is_mended,
    }
}

/// Returns what the database says of itself.
fn problems(connection: &Connection) -> Outcome<Vec<CatalogFlaw>> {
    let damage = |sentence| CatalogFlaw {
        kind: FlawKind::Damage,
        about: None,
        sentence,
        is_mended: false,
    };
    let mut flaws = Vec::new();
    let mut statement = connection.prepare(&format!("PRAGMA integrity_check({PROBLEMS})"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let found: String = row.get(0)?;
        if found != "ok" {
            flaws.push(damage(format!("SQLite says: {}", found.replace('\n', " "))));
        }
    }
    drop(rows);
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()?
        && flaws.len() < PROBLEMS as usize
    {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        flaws.push(damage(format!(
            "a row of `{table}` is about a row of `{parent}` that is not there"
        )));
    }
    Ok(flaws)
}

/// Returns what is counted wrong, and writes it anew if it may.
fn counts(connection: &Connection, index: &IndexName, repair: Repair) -> Outcome<Vec<CatalogFlaw>> {
    let Some(index_id) = index_id(connection, index)? else {
        return Ok(Vec::new());
    };
    let is_mended = repair == Repair::Proven;
    let flaw = |about, sentence| CatalogFlaw {
        kind: FlawKind::Count,
        about,
        sentence,
        is_mended,
    };
    let mut flaws = Vec::new();
    let mut statement = connection.prepare(
        "SELECT p.key, p.file_count, count(f.id) AS found FROM projects p
         LEFT JOIN files f ON f.project_id = p.id
         WHERE p.index_id = ?1 GROUP BY p.id HAVING p.file_count <> found",
    )?;
    let mut rows = statement.query([index_id])?;
    while let Some(row) = rows.next()? {
        let (key, counted, found): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if flaws.len() < PROJECTS {
            let sentence = format!("{counted} files are counted, and there are {found}");
            flaws.push(flaw(Some(key), sentence));
        }
    }
    drop(rows);
    if is_mended {
        connection.execute(
            "UPDATE projects SET file_count =
                 (SELECT count(*) FROM files f WHERE f.project_id = projects.id)
             WHERE index_id = ?1 AND file_count <>
                 (SELECT count(*) FROM files f WHERE f.project_id = projects.id)",
            [index_id],
        )?;
    }
    let triple = |sql: &str| {
        connection.query_row(sql, [index_id], |row| {
            Ok([row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?])
        })
    };
    let counted =
        triple("SELECT project_count, file_count, unread_count FROM indexes WHERE id = ?1")?;
    let found = triple(
        "SELECT count(DISTINCT project_id), count(*), count(*) FILTER (WHERE sha256 IS NULL)
         FROM files WHERE index_id = ?1",
    )?;
    for (what, (counted, found)) in ["projects", "files", "files that nobody has read"]
        .into_iter()
        .zip(counted.into_iter().zip(found))
    {
        if counted != found {
            flaws.push(flaw(
                None,
                format!("{counted} {what} are counted, and there are {found}"),
            ));
        }
    }
    if is_mended && counted != found {
        connection.execute(
            "UPDATE indexes SET project_count = ?2, file_count = ?3, unread_count = ?4 WHERE id = ?1",
            params![index_id, found[0], found[1], found[2]],
        )?;
    }
    Ok(flaws)
}
