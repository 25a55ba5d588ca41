//! Records as rows of the table of files.

use rusqlite::Row;
use rusqlite::types::{ToSqlOutput, ValueRef};
use wheelhouse_index::record::{Contents, FileRecord};

use super::failure::{Failure, Outcome};
use crate::catalog::columns::{ContentsColumns, PrintColumns, RecordColumns};

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
pub(super) fn record_from_row(row: &Row<'_>) -> Outcome<FileRecord> {
    let columns = RecordColumns {
        key: text(row, 0)?,
        path: text(row, 1)?,
        // The end of the path.
        file_name: "",
        kind: text(row, 2)?,
        spelled_name: text(row, 3)?,
        version: text(row, 4)?,
        fingerprint: PrintColumns {
            size_bytes: row.get(5)?,
            modified_ns: row.get(6)?,
            inode: row.get(7)?,
            object_sha256: bytes(row, 8)?,
        },
        uploaded_at: row.get(9)?,
        contents: contents_from_row(row)?,
    };
    Ok(columns.to_record()?)
}

fn contents_from_row<'row>(row: &'row Row<'_>) -> Outcome<Option<ContentsColumns<'row>>> {
    let Some(sha256) = bytes(row, 10)? else {
        return Ok(None);
    };
    Ok(Some(ContentsColumns {
        sha256,
        blake2b_256: bytes(row, 11)?.unwrap_or_default(),
        md5: bytes(row, 12)?.unwrap_or_default(),
        listed_algorithm: optional_text(row, 13)?,
        listed_hex: optional_text(row, 14)?,
        metadata_state: text(row, 15)?,
        unreadable_reason: optional_text(row, 16)?,
        offered_sha256: bytes(row, 17)?,
        requires_python: optional_text(row, 18)?,
        summary: optional_text(row, 19)?,
        has_provenance: row.get::<_, Option<bool>>(20)?.unwrap_or(false),
    }))
}

/// The values of a record's own columns, in the order of `INSERT` and `UPDATE`; followed there by
/// those of [`contents_values`].
pub(super) fn record_values(record: &FileRecord) -> [ToSqlOutput<'_>; 10] {
    let columns = RecordColumns::of(record);
    let print = columns.fingerprint;
    [
        columns.path.into(),
        columns.file_name.into(),
        columns.kind.into(),
        columns.spelled_name.into(),
        columns.version.into(),
        print.size_bytes.into(),
        print.modified_ns.map_or(NULL, Into::into),
        print.inode.map_or(NULL, Into::into),
        print.object_sha256.map_or(NULL, blob),
        columns.uploaded_at.into(),
    ]
}

/// The values of the columns of what reading a file showed, in the order of [`record_columns!`].
pub(super) fn contents_values(contents: Option<&Contents>) -> [ToSqlOutput<'_>; 11] {
    let Some(columns) = contents.map(ContentsColumns::of) else {
        return [NULL; 11];
    };
    [
        blob(columns.sha256),
        blob(columns.blake2b_256),
        blob(columns.md5),
        columns.listed_algorithm.map_or(NULL, Into::into),
        columns.listed_hex.map_or(NULL, Into::into),
        columns.metadata_state.into(),
        columns.unreadable_reason.map_or(NULL, Into::into),
        columns.offered_sha256.map_or(NULL, blob),
        columns.requires_python.map_or(NULL, Into::into),
        columns.summary.map_or(NULL, Into::into),
        columns.has_provenance.into(),
    ]
}

const NULL: ToSqlOutput<'static> = ToSqlOutput::Borrowed(ValueRef::Null);

fn blob(bytes: &[u8]) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(ValueRef::Blob(bytes))
}

/// Returns a column's text without copying it.
pub(super) fn text<'row>(row: &'row Row<'_>, column: usize) -> Outcome<&'row str> {
    optional_text(row, column)?.ok_or_else(|| Failure::row(&format!("column {column}"), "missing"))
}

/// Returns a column's text without copying it, if there is one.
pub(super) fn optional_text<'row>(row: &'row Row<'_>, column: usize) -> Outcome<Option<&'row str>> {
    row.get_ref(column)?
        .as_str_or_null()
        .map_err(|error| Failure::row(&format!("column {column}"), error))
}

fn bytes<'row>(row: &'row Row<'_>, column: usize) -> Outcome<Option<&'row [u8]>> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        ValueRef::Blob(bytes) => Ok(Some(bytes)),
        _ => Err(Failure::row(&format!("column {column}"), "not a digest")),
    }
}
