//! What is written, column by column: a statement takes the values of many rows as arrays.

use tokio_postgres::types::ToSql;
use wheelhouse_index::record::FileRecord;
use wheelhouse_standards::metadata::CoreMetadata;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::ProjectStatus;

use crate::catalog::columns::RecordColumns;
use crate::catalog::postgres::failure::Outcome;
use crate::catalog::postgres::plan::{MarkState, Plan, PlannedEvent, ProjectState};
use crate::catalog::postgres::row::ContentsArrays;
use crate::catalog::stored::{FORMAT, mark_to_text, metadata_to_text};

/// How many rows are sent with one statement.
const CHUNK: usize = 2_000;

/// Gathers items column by column, so many at once.
pub(super) fn chunks<I: Iterator, C>(
    items: I,
    of: impl Fn(&mut dyn Iterator<Item = I::Item>) -> C,
) -> Vec<C> {
    let mut items = items.peekable();
    let mut chunks = Vec::new();
    while items.peek().is_some() {
        chunks.push(of(&mut items.by_ref().take(CHUNK)));
    }
    chunks
}

pub(super) struct Commits<'a> {
    pub(super) serial: Vec<i64>,
    pub(super) actor: Vec<Vec<u8>>,
    pub(super) address: Vec<Option<&'a [u8]>>,
    pub(super) agent: Vec<Option<&'a [u8]>>,
    pub(super) request_id: Vec<Option<&'a [u8]>>,
    pub(super) at: Vec<i64>,
}

impl<'a> Commits<'a> {
    pub(super) fn of(plan: &'a Plan) -> Self {
        let bytes = |text: &'a Option<String>| text.as_ref().map(String::as_bytes);
        let by = || plan.commits.iter().map(|(_, by)| by);
        Self {
            serial: plan.commits.iter().map(|(serial, _)| *serial).collect(),
            actor: by().map(|by| by.actor.to_string().into_bytes()).collect(),
            address: by().map(|by| bytes(&by.address)).collect(),
            agent: by().map(|by| bytes(&by.agent)).collect(),
            request_id: by().map(|by| bytes(&by.request_id)).collect(),
            at: by().map(|by| by.at.0).collect(),
        }
    }

    pub(super) fn values<'v>(&'v self, name: &'v &str) -> Vec<&'v (dyn ToSql + Sync)> {
        vec![
            name,
            &self.serial,
            &self.actor,
            &self.address,
            &self.agent,
            &self.request_id,
            &self.at,
        ]
    }
}

#[derive(Default)]
pub(super) struct Projects<'a> {
    pub(super) key: Vec<&'a str>,
    pub(super) spelled_name: Vec<&'a str>,
    pub(super) serial: Vec<i64>,
    pub(super) files_more: Vec<i64>,
    pub(super) status: Vec<Option<&'static str>>,
}

impl<'a> Projects<'a> {
    pub(super) fn of(items: &mut dyn Iterator<Item = (&'a ProjectKey, &'a ProjectState)>) -> Self {
        let mut columns = Self::default();
        for (key, state) in items {
            columns.key.push(key.as_str());
            columns.spelled_name.push(&state.spelled_name);
            columns.serial.push(state.serial);
            columns.files_more.push(state.files_more);
            columns.status.push(state.status.map(ProjectStatus::marker));
        }
        columns
    }
}

/// Records of files, to be put.
#[derive(Default)]
pub(in crate::catalog::postgres) struct Files<'a> {
    pub(super) key: Vec<&'a str>,
    pub(super) path: Vec<&'a str>,
    pub(super) file_name: Vec<&'a str>,
    pub(super) kind: Vec<&'a str>,
    pub(super) spelled_name: Vec<&'a str>,
    pub(super) version: Vec<&'a str>,
    pub(super) size_bytes: Vec<i64>,
    pub(super) modified_ns: Vec<Option<i64>>,
    pub(super) inode: Vec<Option<i64>>,
    pub(super) object_sha256: Vec<Option<&'a [u8]>>,
    pub(super) uploaded_at: Vec<i64>,
    pub(super) contents: ContentsArrays<'a>,
}

impl<'a> Files<'a> {
    pub(in crate::catalog::postgres) fn of(
        items: &mut dyn Iterator<Item = &'a FileRecord>,
    ) -> Self {
        let mut arrays = Self::default();
        for record in items {
            let columns = RecordColumns::of(record);
            arrays.key.push(columns.key);
            arrays.path.push(columns.path);
            arrays.file_name.push(columns.file_name);
            arrays.kind.push(columns.kind);
            arrays.spelled_name.push(columns.spelled_name);
            arrays.version.push(columns.version);
            arrays.size_bytes.push(columns.fingerprint.size_bytes);
            arrays.modified_ns.push(columns.fingerprint.modified_ns);
            arrays.inode.push(columns.fingerprint.inode);
            arrays.object_sha256.push(columns.fingerprint.object_sha256);
            arrays.uploaded_at.push(columns.uploaded_at);
            arrays.contents.add(record.contents.as_ref());
        }
        arrays
    }

    pub(in crate::catalog::postgres) fn values<'v>(
        &'v self,
        name: &'v &str,
    ) -> Vec<&'v (dyn ToSql + Sync)> {
        let own: [&(dyn ToSql + Sync); 12] = [
            name,
            &self.key,
            &self.path,
            &self.file_name,
            &self.kind,
            &self.spelled_name,
            &self.version,
            &self.size_bytes,
            &self.modified_ns,
            &self.inode,
            &self.object_sha256,
            &self.uploaded_at,
        ];
        own.into_iter().chain(self.contents.values()).collect()
    }
}

/// Whole core metadata, to be put.
#[derive(Default)]
pub(in crate::catalog::postgres) struct MetadataRows<'a> {
    pub(super) path: Vec<&'a str>,
    pub(super) body: Vec<String>,
    pub(super) classifiers: Vec<String>,
}

impl MetadataRows<'_> {
    pub(in crate::catalog::postgres) fn values<'v>(
        &'v self,
        name: &'v &str,
    ) -> Vec<&'v (dyn ToSql + Sync)> {
        vec![name, &FORMAT, &self.path, &self.body, &self.classifiers]
    }
}

/// Most bytes of metadata that are sent with one statement.
const METADATA_BYTES: usize = 8 << 20;

/// Gathers metadata in pieces that are not too large.
pub(in crate::catalog::postgres) fn metadata_chunks<'a>(
    items: impl Iterator<Item = (&'a str, &'a CoreMetadata)>,
) -> Outcome<Vec<MetadataRows<'a>>> {
    let mut chunks: Vec<MetadataRows<'a>> = Vec::new();
    let mut bytes = usize::MAX;
    for (path, metadata) in items {
        let body = metadata_to_text(metadata)?;
        if bytes >= METADATA_BYTES || chunks.last().is_none_or(|last| last.path.len() >= CHUNK) {
            chunks.push(MetadataRows::default());
            bytes = 0;
        }
        bytes += body.len();
        let last = chunks.last_mut().expect("one was just put there");
        last.path.push(path);
        last.body.push(body);
        let list = serde_json::Value::from(metadata.classifiers.clone());
        last.classifiers.push(list.to_string());
    }
    Ok(chunks)
}

#[derive(Default)]
pub(super) struct Events<'a> {
    pub(super) serial: Vec<i64>,
    pub(super) number: Vec<i64>,
    pub(super) project: Vec<&'a str>,
    pub(super) kind: Vec<&'static str>,
    pub(super) path: Vec<&'a str>,
    pub(super) before: Vec<Option<&'a str>>,
    pub(super) after: Vec<Option<&'a str>>,
}

impl<'a> Events<'a> {
    pub(super) fn of(items: &mut dyn Iterator<Item = (i64, &'a PlannedEvent)>) -> Self {
        let mut columns = Self::default();
        for (number, event) in items {
            columns.serial.push(event.serial);
            columns.number.push(number);
            columns.project.push(event.project.as_str());
            columns.kind.push(event.kind.name());
            columns.path.push(&event.path);
            columns.before.push(event.before.as_deref());
            columns.after.push(event.after.as_deref());
        }
        columns
    }

    pub(super) fn values(&self) -> Vec<&(dyn ToSql + Sync)> {
        vec![
            &FORMAT,
            &self.serial,
            &self.number,
            &self.project,
            &self.kind,
            &self.path,
            &self.before,
            &self.after,
        ]
    }
}

#[derive(Default)]
pub(super) struct Marks<'a> {
    pub(super) removed: Vec<i64>,
    pub(super) put_row: Vec<i64>,
    pub(super) put_body: Vec<String>,
    pub(super) put_since: Vec<i64>,
    pub(super) new_project: Vec<&'a str>,
    pub(super) new_body: Vec<String>,
    pub(super) new_since: Vec<i64>,
}

impl<'a> Marks<'a> {
    pub(super) fn of(states: &'a [MarkState]) -> Outcome<Self> {
        let mut marks = Self::default();
        for state in states.iter().filter(|state| state.is_changed) {
            match (state.row, &state.now) {
                (Some(row), None) => marks.removed.push(row),
                (Some(row), Some(marked)) => {
                    marks.put_row.push(row);
                    marks.put_body.push(mark_to_text(&marked.mark)?);
                    marks.put_since.push(marked.since.0);
                }
                (None, Some(marked)) => {
                    marks.new_project.push(marked.project.as_str());
                    marks.new_body.push(mark_to_text(&marked.mark)?);
                    marks.new_since.push(marked.since.0);
                }
                (None, None) => {}
            }
        }
        Ok(marks)
    }
}
