//! Records as rows of the table of files.

use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use wheelhouse_index::change::Attribution;
use wheelhouse_index::identity::Timestamp;
use wheelhouse_index::record::{Contents, FileRecord};

use super::failure::{Failure, Outcome};
use crate::catalog::columns::{ContentsColumns, PrintColumns, RecordColumns};
use crate::catalog::stored::{BadRow, actor_from_text};

/// The columns of a record, in the order that [`record_from_row`] reads; the project's key, which
/// is in another table, comes first.
macro_rules! record_columns {
    () => {
        "p.key, f.path, f.kind, f.spelled_name, f.version, f.size_bytes, f.modified_ns, f.inode, \
         f.object_sha256, f.uploaded_at, f.sha256, f.blake2b_256, f.md5, f.listed_algorithm, \
         f.listed_hex, f.metadata_state, f.unreadable_reason, f.offered_sha256, \
         f.requires_python, f.summary, f.has_provenance"
    };
}
pub(super) use record_columns;

/// How many columns `record_columns!` names: the number of the first one after them.
pub(super) const RECORD_COLUMNS: usize = 21;

/// Reads a row of `record_columns!`.
pub(super) fn record_from_row(row: &Row) -> Outcome<FileRecord> {
    let columns = RecordColumns {
        key: text(row, 0)?,
        path: text(row, 1)?,
        // The end of the path.
        file_name: "",
        kind: text(row, 2)?,
        spelled_name: text(row, 3)?,
        version: text(row, 4)?,
        fingerprint: PrintColumns {
            size_bytes: row.try_get(5)?,
            modified_ns: row.try_get(6)?,
            inode: row.try_get(7)?,
            object_sha256: row.try_get(8)?,
        },
        uploaded_at: row.try_get(9)?,
        contents: contents_from_row(row)?,
    };
    Ok(columns.to_record()?)
}

fn contents_from_row(row: &Row) -> Outcome<Option<ContentsColumns<'_>>> {
    let Some(sha256) = row.try_get(10)? else {
        return Ok(None);
    };
    let bytes = |column| Ok::<_, Failure>(row.try_get::<_, Option<&[u8]>>(column)?.unwrap_or(&[]));
    Ok(Some(ContentsColumns {
        sha256,
        blake2b_256: bytes(11)?,
        md5: bytes(12)?,
        listed_algorithm: row.try_get(13)?,
        listed_hex: row.try_get(14)?,
        metadata_state: text(row, 15)?,
        unreadable_reason: odd_text(row, 16)?,
        offered_sha256: row.try_get(17)?,
        requires_python: odd_text(row, 18)?,
        summary: odd_text(row, 19)?,
        has_provenance: row.try_get::<_, Option<bool>>(20)?.unwrap_or(false),
    }))
}

/// Returns a column's text without copying it.
pub(super) fn text(row: &Row, column: usize) -> Outcome<&str> {
    Ok(row.try_get(column)?)
}

/// Returns a column's text that may hold any character, and is kept as bytes for that.
pub(super) fn odd_text(row: &Row, column: usize) -> Outcome<Option<&str>> {
    let bytes: Option<&[u8]> = row.try_get(column)?;
    let text = bytes.map(std::str::from_utf8).transpose();
    Ok(text.map_err(|error| BadRow::new(&format!("column {column}"), error))?)
}

/// Returns who did something and how the request came: actor, address, agent, request id and time,
/// from `column` on.
pub(super) fn attribution(row: &Row, column: usize) -> Outcome<Attribution> {
    let owned = |column| Ok::<_, Failure>(odd_text(row, column)?.map(str::to_owned));
    Ok(Attribution {
        actor: actor_from_text(odd_text(row, column)?.unwrap_or_default())?,
        address: owned(column + 1)?,
        agent: owned(column + 2)?,
        request_id: owned(column + 3)?,
        at: Timestamp(row.try_get(column + 4)?),
    })
}

/// Returns the number of a limit.
pub(super) fn bound(limit: usize) -> i64 {
    // One more must fit.
    i64::try_from(limit).map_or(i64::MAX / 2, |limit| limit.min(i64::MAX / 2))
}

/// What reading files showed, column by column, as the database takes many rows at once.
#[derive(Debug, Default)]
pub(super) struct ContentsArrays<'a> {
    pub(super) sha256: Vec<Option<&'a [u8]>>,
    pub(super) blake2b_256: Vec<Option<&'a [u8]>>,
    pub(super) md5: Vec<Option<&'a [u8]>>,
    pub(super) listed_algorithm: Vec<Option<&'a str>>,
    pub(super) listed_hex: Vec<Option<&'a str>>,
    pub(super) metadata_state: Vec<Option<&'a str>>,
    pub(super) unreadable_reason: Vec<Option<&'a [u8]>>,
    pub(super) offered_sha256: Vec<Option<&'a [u8]>>,
    pub(super) requires_python: Vec<Option<&'a [u8]>>,
    pub(super) summary: Vec<Option<&'a [u8]>>,
    pub(super) has_provenance: Vec<Option<bool>>,
}

impl<'a> ContentsArrays<'a> {
    /// Adds a row.
    pub(super) fn add(&mut self, contents: Option<&'a Contents>) {
        let columns = contents.map(ContentsColumns::of);
        let columns = columns.as_ref();
        self.sha256.push(columns.map(|c| c.sha256));
        self.blake2b_256.push(columns.map(|c| c.blake2b_256));
        self.md5.push(columns.map(|c| c.md5));
        self.listed_algorithm
            .push(columns.and_then(|c| c.listed_algorithm));
        self.listed_hex.push(columns.and_then(|c| c.listed_hex));
        self.metadata_state.push(columns.map(|c| c.metadata_state));
        self.unreadable_reason
            .push(columns.and_then(|c| c.unreadable_reason.map(str::as_bytes)));
        self.offered_sha256
            .push(columns.and_then(|c| c.offered_sha256));
        self.requires_python
            .push(columns.and_then(|c| c.requires_python.map(str::as_bytes)));
        self.summary
            .push(columns.and_then(|c| c.summary.map(str::as_bytes)));
        self.has_provenance.push(columns.map(|c| c.has_provenance));
    }

    /// Returns the columns, in the order of `record_columns!`.
    pub(super) fn values(&self) -> [&(dyn ToSql + Sync); 11] {
        [
            &self.sha256,
            &self.blake2b_256,
            &self.md5,
            &self.listed_algorithm,
            &self.listed_hex,
            &self.metadata_state,
            &self.unreadable_reason,
            &self.offered_sha256,
            &self.requires_python,
            &self.summary,
            &self.has_provenance,
        ]
    }
}
