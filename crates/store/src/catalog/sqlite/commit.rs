//! Recording a change and its events.

use std::collections::HashMap;

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use wheelhouse_index::change::{Attribution, Change, EventKind};
use wheelhouse_index::identity::{IndexName, Serial};
use wheelhouse_index::mark::{Mark, ProjectMark};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::Committed;
use wheelhouse_index::record::FileRecord;
use wheelhouse_standards::metadata::CoreMetadata;
use wheelhouse_standards::name::ProjectKey;

use super::failure::{Failure, Outcome};
use super::mark::SerialMark;
use super::marks;
use super::row::{RECORD_COLUMNS, contents_values, record_columns, record_from_row, record_values};
use crate::catalog::effect::{
    Effect, MarkEffect, changes_what_is_offered, effect_of, mark_effect_of,
};
use crate::catalog::stored::{
    FORMAT, mark_to_text, metadata_to_text, record_to_text, status_of_mark,
};
use crate::catalog::touched::Touched;

/// Records a change within the transaction of `connection`. Writes nothing for a change that
/// changes nothing.
pub(super) fn commit(
    connection: &Connection,
    mark: &mut SerialMark,
    change: Change,
) -> Outcome<Committed> {
    let Change {
        index,
        by,
        expects,
        files,
        marks,
    } = change;
    let known_index = index_id(connection, &index)?;
    for expected in expects {
        let there = match known_index {
            None => None,
            Some(index_id) => find(connection, index_id, &expected.path)?,
        };
        let marks = match &expected.unused_in {
            None => Vec::new(),
            project => marks::marks(connection, &index, project.as_ref())?,
        };
        if !expected.is_met_by(there.as_ref().map(|(_, record)| record), &marks) {
            return Ok(Committed::Unexpected(expected.path));
        }
    }
    let mut entry: Option<Entry<'_>> = None;
    for change in files {
        let path = change.path().clone();
        let begun = entry.as_ref().map(|entry| entry.index_id);
        let before = match begun.or(known_index) {
            None => None,
            Some(index_id) => find(connection, index_id, &path)?,
        };
        let Some(effect) = effect_of(change, before.as_ref().map(|(_, record)| record)) else {
            continue;
        };
        let entry = match &mut entry {
            Some(entry) => entry,
            none => none.insert(Entry::begin(connection, mark, &index, &by)?),
        };
        entry.record(&path, before, &effect)?;
    }
    for change in marks {
        let begun = entry.as_ref().map(|entry| entry.index_id);
        let before = match begun.or(known_index) {
            None => None,
            Some(index_id) => marks::find(connection, index_id, change.project(), change.mark())?,
        };
        let Some(effect) = mark_effect_of(change, before.as_ref().map(|(_, mark)| mark)) else {
            continue;
        };
        let entry = match &mut entry {
            Some(entry) => entry,
            none => none.insert(Entry::begin(connection, mark, &index, &by)?),
        };
        entry.record_mark(before, effect)?;
    }
    match entry {
        None => Ok(Committed::Unchanged),
        Some(entry) => entry.finish(index),
    }
}

/// A change that is being recorded under its serial.
struct Entry<'c> {
    connection: &'c Connection,
    index_id: i64,
    serial: u64,
    projects: HashMap<ProjectKey, Project>,
    touched: Touched,
    files_more: i64,
    unread_more: i64,
}

struct Project {
    id: i64,
    files_before: i64,
    files_more: i64,
}

impl<'c> Entry<'c> {
    fn begin(
        connection: &'c Connection,
        mark: &mut SerialMark,
        index: &IndexName,
        by: &Attribution,
    ) -> Outcome<Self> {
        let serial: u64 = connection
            .prepare_cached(
                "UPDATE journal_head SET serial = serial + 1 WHERE id = 1 RETURNING serial",
            )?
            .query_row([], |row| row.get(0))?;
        mark.keep_ahead_of(serial)?;
        connection
            .prepare_cached("INSERT INTO indexes (name) VALUES (?1) ON CONFLICT DO NOTHING")?
            .execute([index.as_str()])?;
        let index_id = index_id(connection, index)?.ok_or(Failure::Closed)?;
        connection
            .prepare_cached(
                "INSERT INTO commits (serial, index_name, actor, address, agent, request_id, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                serial,
                index.as_str(),
                by.actor.to_string(),
                by.address,
                by.agent,
                by.request_id,
                by.at.0
            ])?;
        Ok(Self {
            connection,
            index_id,
            serial,
            projects: HashMap::new(),
            touched: Touched::default(),
            files_more: 0,
            unread_more: 0,
        })
    }

    /// Does what one file's change comes to, and writes its event.
    fn record(
        &mut self,
        path: &FilePath,
        before: Option<(i64, FileRecord)>,
        effect: &Effect,
    ) -> Outcome<()> {
        let (file_id, before) = before.unzip();
        if let Some(before) = &before {
            self.project_of(before)?.files_more -= 1;
            self.files_more -= 1;
            self.unread_more -= i64::from(before.contents.is_none());
            self.touched.note_project(before.project());
        }
        match &effect.after {
            Some((record, metadata)) => self.put(record, metadata.as_deref())?,
            None => {
                self.connection
                    .prepare_cached("DELETE FROM files WHERE id = ?1")?
                    .execute([file_id])?;
            }
        }
        let after = effect.after.as_ref().map(|(record, _)| record);
        self.write_event(path, effect.kind, before.as_ref(), after)
    }

    fn put(&mut self, record: &FileRecord, metadata: Option<&CoreMetadata>) -> Outcome<()> {
        let project = self.project_of(record)?;
        project.files_more += 1;
        let project_id = project.id;
        self.files_more += 1;
        self.unread_more += i64::from(record.contents.is_none());
        let ids = [
            ToSqlOutput::from(self.index_id),
            ToSqlOutput::from(project_id),
        ];
        let contents = contents_values(record.contents.as_ref());
        let values = ids.into_iter().chain(record_values(record)).chain(contents);
        let file_id = self
            .connection
            .prepare_cached(PUT_FILE)?
            .query_row(params_from_iter(values), |row| row.get(0))?;
        put_metadata(self.connection, file_id, metadata)
    }

    fn write_event(
        &mut self,
        path: &FilePath,
        kind: EventKind,
        before: Option<&FileRecord>,
        after: Option<&FileRecord>,
    ) -> Outcome<()> {
        let project = after
            .or(before)
            .expect("an effect has a record before or after it")
            .project();
        let text = |record: Option<&FileRecord>| record.map(record_to_text).transpose();
        let (before, after) = (text(before)?, text(after)?);
        self.insert_event(
            project,
            kind,
            path.as_str(),
            before.as_deref(),
            after.as_deref(),
        )?;
        self.touched.note(project, path);
        Ok(())
    }

    /// Writes an event. One that is about a mark has no path.
    fn insert_event(
        &self,
        project: &ProjectKey,
        kind: EventKind,
        path: &str,
        before: Option<&str>,
        after: Option<&str>,
    ) -> Outcome<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO events (serial, project, kind, path, format, before, after)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                self.serial,
                project.as_str(),
                kind.name(),
                path,
                FORMAT,
                before,
                after,
            ])?;
        Ok(())
    }

    /// Does what the change to one mark comes to, and writes its event.
    fn record_mark(
        &mut self,
        before: Option<(i64, ProjectMark)>,
        effect: MarkEffect,
    ) -> Outcome<()> {
        let (mark_id, before) = before.unzip();
        let before = before.map(|marked| marked.mark);
        let after = effect.after.as_ref().map(|marked| marked.mark.clone());
        let project = effect.project;
        let project_id = self.project(&project, project.as_str())?.id;
        marks::put(
            self.connection,
            self.index_id,
            mark_id,
            effect.after.as_ref(),
        )?;
        if effect.kind == EventKind::StatusSet {
            let status = status_of_mark(after.as_ref());
            self.connection
                .prepare_cached("UPDATE projects SET status = ?2 WHERE id = ?1")?
                .execute(params![project_id, status.marker()])?;
        }
        self.touched.note_project(&project);
        if changes_what_is_offered(before.as_ref(), after.as_ref()) {
            for path in marks::paths(self.connection, project_id)? {
                self.touched.note(&project, &path);
            }
        }
        let text = |mark: Option<&Mark>| mark.map(mark_to_text).transpose();
        let (before, after) = (text(before.as_ref())?, text(after.as_ref())?);
        self.insert_event(
            &project,
            effect.kind,
            "",
            before.as_deref(),
            after.as_deref(),
        )
    }

    fn project_of(&mut self, record: &FileRecord) -> Outcome<&mut Project> {
        self.project(record.project(), &record.named.spelled_name)
    }

    /// Returns the row of a project, which is made if there is none.
    fn project(&mut self, key: &ProjectKey, spelled_name: &str) -> Outcome<&mut Project> {
        if !self.projects.contains_key(key) {
            let project = self
                .connection
                .prepare_cached(
                    "INSERT INTO projects (index_id, key, display_name, last_serial, file_count)
                     VALUES (?1, ?2, ?3, ?4, 0)
                     ON CONFLICT (index_id, key) DO UPDATE SET last_serial = excluded.last_serial
                     RETURNING id, file_count",
                )?
                .query_row(
                    params![self.index_id, key.as_str(), spelled_name, self.serial],
                    |row| {
                        Ok(Project {
                            id: row.get(0)?,
                            files_before: row.get(1)?,
                            files_more: 0,
                        })
                    },
                )?;
            self.projects.insert(key.clone(), project);
        }
        Ok(self.projects.get_mut(key).expect("it was just put there"))
    }

    /// Brings projects and counts up to date.
    fn finish(self, index: IndexName) -> Outcome<Committed> {
        let mut update = self.connection.prepare_cached(UPDATE_PROJECT)?;
        let mut projects_more = 0;
        for project in self.projects.values() {
            let files = project.files_before + project.files_more;
            projects_more += i64::from(files > 0) - i64::from(project.files_before > 0);
            update.execute(params![project.id, files])?;
        }
        self.connection
            .prepare_cached(
                "UPDATE indexes SET project_count = project_count + ?2,
                     file_count = file_count + ?3, unread_count = unread_count + ?4
                 WHERE id = ?1",
            )?
            .execute(params![
                self.index_id,
                projects_more,
                self.files_more,
                self.unread_more
            ])?;
        let serial = Serial(self.serial);
        Ok(Committed::Applied(self.touched.into_applied(index, serial)))
    }
}

pub(super) const PUT_FILE: &str = "
    INSERT INTO files (
        index_id, project_id, path, file_name, kind, spelled_name, version, size_bytes,
        modified_ns, inode, object_sha256, uploaded_at, sha256, blake2b_256, md5,
        listed_algorithm, listed_hex, metadata_state, unreadable_reason, offered_sha256,
        requires_python, summary, has_provenance
    ) VALUES (
        ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
        ?20, ?21, ?22, ?23
    )
    ON CONFLICT (index_id, path) DO UPDATE SET
        project_id = excluded.project_id, kind = excluded.kind,
        spelled_name = excluded.spelled_name, version = excluded.version,
        size_bytes = excluded.size_bytes, modified_ns = excluded.modified_ns,
        inode = excluded.inode, object_sha256 = excluded.object_sha256,
        uploaded_at = excluded.uploaded_at, sha256 = excluded.sha256,
        blake2b_256 = excluded.blake2b_256, md5 = excluded.md5,
        listed_algorithm = excluded.listed_algorithm, listed_hex = excluded.listed_hex,
        metadata_state = excluded.metadata_state,
        unreadable_reason = excluded.unreadable_reason,
        offered_sha256 = excluded.offered_sha256,
        requires_python = excluded.requires_python, summary = excluded.summary,
        has_provenance = excluded.has_provenance
    RETURNING id";

/// The name is that of the newest file, signatures only if there is nothing else. A project
/// without files keeps the name that it had.
pub(super) const UPDATE_PROJECT: &str = "
    UPDATE projects SET file_count = ?2, display_name = coalesce(
        (SELECT spelled_name FROM files WHERE project_id = ?1
         ORDER BY (kind <> 'signature') DESC, uploaded_at DESC, path DESC LIMIT 1),
        display_name)
    WHERE id = ?1";

/// Returns the number of an index, if anything was ever recorded in it.
pub(super) fn index_id(connection: &Connection, index: &IndexName) -> Outcome<Option<i64>> {
    Ok(connection
        .prepare_cached("SELECT id FROM indexes WHERE name = ?1")?
        .query_row([index.as_str()], |row| row.get(0))
        .optional()?)
}

/// Returns the number and the record of the file at a path.
pub(super) fn find(
    connection: &Connection,
    index_id: i64,
    path: &FilePath,
) -> Outcome<Option<(i64, FileRecord)>> {
    let mut statement = connection.prepare_cached(concat!(
        "SELECT ",
        record_columns!(),
        ", f.id FROM files f JOIN projects p ON p.id = f.project_id
         WHERE f.index_id = ?1 AND f.path = ?2",
    ))?;
    let mut rows = statement.query(params![index_id, path.as_str()])?;
    match rows.next()? {
        None => Ok(None),
        Some(row) => Ok(Some((row.get(RECORD_COLUMNS)?, record_from_row(row)?))),
    }
}

/// Sets or removes the whole core metadata of a file.
pub(super) fn put_metadata(
    connection: &Connection,
    file_id: i64,
    metadata: Option<&CoreMetadata>,
) -> Outcome<()> {
    let Some(metadata) = metadata else {
        connection
            .prepare_cached("DELETE FROM core_metadata WHERE file_id = ?1")?
            .execute([file_id])?;
        return Ok(());
    };
    let body = metadata_to_text(metadata)?;
    connection
        .prepare_cached(
            "INSERT INTO core_metadata (file_id, format, body) VALUES (?1, ?2, ?3)
             ON CONFLICT (file_id) DO UPDATE SET format = excluded.format, body = excluded.body",
        )?
        .execute(params![file_id, FORMAT, body])?;
    Ok(())
}
