//! Filling a catalog with the rows of another one.

use async_trait::async_trait;
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, OptionalExtension as _, params, params_from_iter};
use wheelhouse_index::change::{Event, EventSubject};
use wheelhouse_index::downloads::Day;
use wheelhouse_index::identity::{IndexName, Serial};
use wheelhouse_index::mark::{Mark, ProjectMark};
use wheelhouse_index::ports::{
    AccessChange, CatalogRow, CatalogTarget, ClaimRow, CountedWhen, DownloadsRow, FileRow,
    FillError, Filled, Filling, PathOrMarks, ProjectRow, StoreError,
};

use crate::catalog::copying::{FILLING, not_empty, other_filling};
use crate::catalog::sqlite::access::{self, claim_key};
use crate::catalog::sqlite::commit::{PUT_FILE, index_id, put_metadata};
use crate::catalog::sqlite::failure::{Failure, Outcome};
use crate::catalog::sqlite::mark::SerialMark;
use crate::catalog::sqlite::marks;
use crate::catalog::sqlite::row::{contents_values, record_values};
use crate::catalog::sqlite::{SqliteCatalog, read};
use crate::catalog::stored::{FORMAT, mark_to_text, parsed, record_to_text, status_of_mark};

#[async_trait]
impl CatalogTarget for SqliteCatalog {
    async fn begin_filling(&self, name: &str) -> Result<Filling, FillError> {
        let name = name.to_owned();
        let outcome = self
            .writer
            .write_held(move |connection, _| begin(connection, &name))
            .await;
        self.told("begin to fill the catalog", outcome)?
            .map_err(FillError::NotEmpty)
    }

    async fn put_rows(&self, rows: Vec<CatalogRow>, filled: &Filled) -> Result<(), StoreError> {
        let filled = *filled;
        let outcome = self
            .writer
            .write_held(move |connection, _| put_rows(connection, rows, filled))
            .await;
        self.told("fill the catalog", outcome)
    }

    async fn put_state(&self, states: Vec<PathOrMarks>) -> Result<(), StoreError> {
        let outcome = self
            .writer
            .write_held(move |connection, _| {
                states
                    .iter()
                    .try_for_each(|state| put_state(connection, state))
            })
            .await;
        self.told("fill the catalog", outcome)
    }

    async fn clear_beside(&self, downloads_from: Option<Day>) -> Result<(), StoreError> {
        let outcome = self
            .writer
            .write_held(move |connection, _| {
                connection.execute("DELETE FROM access", [])?;
                if let Some(day) = downloads_from {
                    connection.execute("DELETE FROM downloads WHERE day >= ?1", [day.0])?;
                }
                Ok(())
            })
            .await;
        self.told("fill the catalog", outcome)
    }

    async fn end_filling(&self, head: Serial) -> Result<(), StoreError> {
        let outcome = self
            .writer
            .write_held(move |connection, mark| end(connection, mark, head))
            .await;
        self.told("end the filling of the catalog", outcome)
    }
}

fn begin(connection: &Connection, name: &str) -> Outcome<Result<Filling, String>> {
    let found = connection
        .query_row(
            "SELECT state, name, serial, audit_events FROM copying",
            [],
            |row| {
                let filled = Filled {
                    since: Serial(row.get(2)?),
                    audit_events: row.get(3)?,
                };
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, filled))
            },
        )
        .optional()?;
    match found {
        Some((state, theirs, filled)) if state == FILLING && theirs == name => {
            Ok(Ok(go_on(connection, filled)?))
        }
        Some((_, theirs, _)) => Ok(Err(other_filling(&theirs))),
        None => {
            for table in ["files", "commits", "marks", "projects", "access", "audit"] {
                let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT 1)");
                let count: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
                if count > 0 {
                    return Ok(Err(not_empty(table)));
                }
            }
            connection.execute(
                "INSERT INTO copying (id, state, name, place, since, serial, audit_events)
                 VALUES (1, ?1, ?2, '', 0, 0, 0)",
                params![FILLING, name],
            )?;
            Ok(Ok(Filling::default()))
        }
    }
}

/// Looks how far a filling got. The last serial may be there in part: its events come again.
fn go_on(connection: &Connection, filled: Filled) -> Outcome<Filling> {
    const LAST: &str = "SELECT max(serial) FROM commits";
    let last: Option<u64> = connection.query_row(LAST, [], |row| row.get(0))?;
    if let Some(last) = last {
        connection.execute("DELETE FROM events WHERE serial = ?1", [last])?;
        connection.execute("DELETE FROM commits WHERE serial = ?1", [last])?;
    }
    let journal: Option<u64> = connection.query_row(LAST, [], |row| row.get(0))?;
    let path: Option<String> =
        connection.query_row("SELECT max(path) FROM files", [], |row| row.get(0))?;
    Ok(Filling {
        filled: Some(filled),
        last_path: path.map(|path| parsed("path", &path)).transpose()?,
        journal: Serial(journal.unwrap_or(0)),
    })
}

fn put_rows(connection: &Connection, rows: Vec<CatalogRow>, filled: Filled) -> Outcome<()> {
    let mut access = AccessChange::default();
    for row in rows {
        match row {
            CatalogRow::Project(row) => put_project(connection, &row)?,
            CatalogRow::File(row) => put_file(connection, &row)?,
            CatalogRow::Mark(index, marked) => put_mark(connection, &index, &marked)?,
            CatalogRow::Event(event) => put_event(connection, &event)?,
            CatalogRow::Access(record) => access.put.push(record),
            CatalogRow::Claim(row) => put_claim(connection, &row)?,
            CatalogRow::Audit(event) => access.events.push(*event),
            CatalogRow::Downloads(row) => put_downloads(connection, &row)?,
            // Keys are in the state folder.
            CatalogRow::Key(_) => {}
        }
    }
    access::put(connection, &access)?;
    let changed = connection.execute(
        "UPDATE copying SET serial = ?2, audit_events = ?3 WHERE state = ?1",
        params![FILLING, filled.since.0, filled.audit_events],
    )?;
    if changed == 0 {
        return Err(Failure::row("copying", "the catalog is not being filled"));
    }
    Ok(())
}

/// Returns the number of an index, which is made if there is none.
fn index_of(connection: &Connection, index: &IndexName) -> Outcome<i64> {
    connection
        .prepare_cached("INSERT INTO indexes (name) VALUES (?1) ON CONFLICT DO NOTHING")?
        .execute([index.as_str()])?;
    index_id(connection, index)?.ok_or(Failure::Closed)
}

fn put_project(connection: &Connection, row: &ProjectRow) -> Outcome<()> {
    let index_id = index_of(connection, &row.index)?;
    connection
        .prepare_cached(
            "INSERT INTO projects (index_id, key, display_name, last_serial, file_count)
             VALUES (?1, ?2, ?3, ?4, 0)
             ON CONFLICT (index_id, key) DO UPDATE SET
                 display_name = excluded.display_name, last_serial = excluded.last_serial",
        )?
        .execute(params![
            index_id,
            row.key.as_str(),
            row.display_name,
            row.last_serial.0
        ])?;
    Ok(())
}

fn put_file(connection: &Connection, row: &FileRow) -> Outcome<()> {
    let index_id = index_of(connection, &row.index)?;
    let record = &row.record;
    let project_id: i64 = connection
        .prepare_cached(
            "INSERT INTO projects (index_id, key, display_name, last_serial, file_count)
             VALUES (?1, ?2, ?3, 0, 0)
             ON CONFLICT (index_id, key) DO UPDATE SET last_serial = last_serial RETURNING id",
        )?
        .query_row(
            params![
                index_id,
                record.project().as_str(),
                record.named.spelled_name
            ],
            |row| row.get(0),
        )?;
    let ids = [ToSqlOutput::from(index_id), ToSqlOutput::from(project_id)];
    let contents = contents_values(record.contents.as_ref());
    let values = ids.into_iter().chain(record_values(record)).chain(contents);
    let file_id = connection
        .prepare_cached(PUT_FILE)?
        .query_row(params_from_iter(values), |row| row.get(0))?;
    put_metadata(connection, file_id, row.metadata.as_ref())
}

fn put_mark(connection: &Connection, index: &IndexName, marked: &ProjectMark) -> Outcome<()> {
    let index_id = index_of(connection, index)?;
    let before = marks::find(connection, index_id, &marked.project, &marked.mark)?;
    let number = before.map(|(number, _)| number);
    marks::put(connection, index_id, number, Some(marked))
}

fn put_event(connection: &Connection, event: &Event) -> Outcome<()> {
    let by = &event.by;
    let last: Option<u64> = connection
        .prepare_cached("SELECT max(serial) FROM commits")?
        .query_row([], |row| row.get(0))?;
    if last.is_some_and(|last| last > event.serial.0) {
        return Ok(());
    }
    connection
        .prepare_cached(
            "INSERT INTO commits (serial, index_name, actor, address, agent, request_id, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            event.serial.0,
            event.index.as_str(),
            by.actor.to_string(),
            by.address,
            by.agent,
            by.request_id,
            by.at.0
        ])?;
    let (path, before, after) = match &event.subject {
        EventSubject::File {
            path,
            before,
            after,
        } => {
            let text = |record: &Option<Box<_>>| record.as_deref().map(record_to_text).transpose();
            (path.as_str(), text(before)?, text(after)?)
        }
        EventSubject::Mark { before, after } => {
            let text = |mark: &Option<_>| mark.as_ref().map(mark_to_text).transpose();
            ("", text(before)?, text(after)?)
        }
    };
    connection
        .prepare_cached(
            "INSERT INTO events (serial, project, kind, path, format, before, after)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            event.serial.0,
            event.project.as_str(),
            event.kind.name(),
            path,
            FORMAT,
            before,
            after
        ])?;
    Ok(())
}

fn put_claim(connection: &Connection, row: &ClaimRow) -> Outcome<()> {
    connection
        .prepare_cached(
            "INSERT INTO claims (key, until) VALUES (?1, ?2)
             ON CONFLICT (key) DO UPDATE SET until = excluded.until",
        )?
        .execute(params![claim_key(&row.key_sha256), row.until.0])?;
    Ok(())
}

fn put_downloads(connection: &Connection, row: &DownloadsRow) -> Outcome<()> {
    let file_id: i64 = connection
        .prepare_cached(
            "INSERT INTO counted_files (index_name, project, file) VALUES (?1, ?2, ?3)
             ON CONFLICT (index_name, project, file) DO UPDATE SET file = excluded.file RETURNING id",
        )?
        .query_row(params![row.index.as_str(), row.project, row.file], |row| {
            row.get(0)
        })?;
    let count = i64::try_from(row.count).unwrap_or(i64::MAX);
    match &row.when {
        CountedWhen::Day {
            day,
            python,
            platform,
            client,
        } => {
            connection
                .prepare_cached(
                    "INSERT INTO downloads (file_id, day, python, platform, client, count)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                     ON CONFLICT (file_id, day, python, platform, client)
                     DO UPDATE SET count = excluded.count",
                )?
                .execute(params![file_id, day.0, python, platform, client, count])?;
        }
        CountedWhen::Month(month) => {
            connection
                .prepare_cached(
                    "INSERT INTO download_months (file_id, month, count) VALUES (?1, ?2, ?3)
                     ON CONFLICT (file_id, month) DO UPDATE SET count = excluded.count",
                )?
                .execute(params![file_id, month.0, count])?;
        }
    }
    Ok(())
}

fn put_state(connection: &Connection, state: &PathOrMarks) -> Outcome<()> {
    match state {
        PathOrMarks::NoFile(index, path) => {
            let index_id = index_of(connection, index)?;
            connection
                .prepare_cached("DELETE FROM files WHERE index_id = ?1 AND path = ?2")?
                .execute(params![index_id, path.as_str()])?;
        }
        PathOrMarks::Marks(index, project, marks) => {
            let index_id = index_of(connection, index)?;
            connection
                .prepare_cached("DELETE FROM marks WHERE index_id = ?1 AND project = ?2")?
                .execute(params![index_id, project.as_str()])?;
            for marked in marks {
                marks::put(connection, index_id, None, Some(marked))?;
            }
        }
    }
    Ok(())
}

fn end(connection: &Connection, mark: &mut SerialMark, head: Serial) -> Outcome<()> {
    let head = Serial(head.0.max(read::head(connection)?.0));
    mark.keep_ahead_of(head.0)?;
    connection.execute("UPDATE journal_head SET serial = ?1", [head.0])?;
    connection.execute_batch(
        "UPDATE projects SET status = 'active', file_count =
             (SELECT count(*) FROM files WHERE project_id = projects.id);
         UPDATE indexes SET
             project_count = (SELECT count(*) FROM projects WHERE index_id = indexes.id AND file_count > 0),
             file_count = (SELECT count(*) FROM files WHERE index_id = indexes.id),
             unread_count = (SELECT count(*) FROM files WHERE index_id = indexes.id AND sha256 IS NULL);",
    )?;
    put_statuses(connection)?;
    connection.execute("DELETE FROM copying WHERE state = ?1", [FILLING])?;
    Ok(())
}

/// Writes the status that the marks give a project into its row, for lists.
fn put_statuses(connection: &Connection) -> Outcome<()> {
    let indexes: Vec<String> = connection
        .prepare("SELECT name FROM indexes")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for name in indexes {
        let index: IndexName = parsed("index", &name)?;
        for ProjectMark { project, mark, .. } in marks::marks(connection, &index, None)? {
            if !matches!(mark, Mark::Status { .. }) {
                continue;
            }
            let status = status_of_mark(Some(&mark));
            connection
                .prepare_cached(
                    "UPDATE projects SET status = ?3
                     WHERE index_id = (SELECT id FROM indexes WHERE name = ?1) AND key = ?2",
                )?
                .execute(params![name, project.as_str(), status.marker()])?;
        }
    }
    Ok(())
}
