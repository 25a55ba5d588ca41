//! Records as rows of the table of files.

use rusqlite::Row;
use rusqlite::types::{ToSqlOutput, ValueRef};
use wheelhouse_index::identity::{Fingerprint, Timestamp};
use wheelhouse_index::record::{Contents, FileRecord, MetadataSummary};
use wheelhouse_standards::digest::{
    Blake2b256Digest, Digests, ListedDigest, Md5Digest, Sha256Digest,
};
use wheelhouse_standards::found::FoundFile;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::version::VersionText;

use super::failure::{Failure, Outcome};
use super::stored::{kind_from_name, kind_name, parsed};

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
    let key = text(row, 0)?;
    Ok(FileRecord {
        path: parsed("path", text(row, 1)?)?,
        named: FoundFile {
            key: ProjectKey::of(key).ok_or_else(|| Failure::row("project", "empty"))?,
            kind: kind_from_name(text(row, 2)?)?,
            spelled_name: text(row, 3)?.to_owned(),
            version: VersionText::new(text(row, 4)?),
        },
        fingerprint: fingerprint_from_row(row)?,
        uploaded_at: Timestamp(row.get(9)?),
        contents: contents_from_row(row)?,
    })
}

fn fingerprint_from_row(row: &Row<'_>) -> Outcome<Fingerprint> {
    let size_bytes = row.get::<_, i64>(5)?.cast_unsigned();
    if let Some(bytes) = digest(row, 8)? {
        return Ok(Fingerprint::Object {
            size_bytes,
            sha256: Sha256Digest::new(bytes),
        });
    }
    Ok(Fingerprint::File {
        size_bytes,
        modified_ns: row.get(6)?,
        inode: row.get::<_, i64>(7)?.cast_unsigned(),
    })
}

fn contents_from_row(row: &Row<'_>) -> Outcome<Option<Contents>> {
    let Some(sha256) = digest(row, 10)? else {
        return Ok(None);
    };
    let listed = match (optional_text(row, 13)?, optional_text(row, 14)?) {
        (Some(algorithm), Some(hex)) => Some(ListedDigest {
            algorithm: parsed("listed_algorithm", algorithm)?,
            hex: hex.into(),
        }),
        _ => None,
    };
    let owned = |column| Ok::<_, Failure>(optional_text(row, column)?.map(str::to_owned));
    let metadata = match text(row, 15)? {
        NONE => MetadataSummary::None,
        UNREADABLE => MetadataSummary::Unreadable(text(row, 16)?.to_owned()),
        READ => MetadataSummary::Read {
            offered: digest(row, 17)?.map(Sha256Digest::new),
            requires_python: owned(18)?,
            summary: owned(19)?,
        },
        other => return Err(Failure::row("metadata_state", format!("{other:?}"))),
    };
    let missing = |field| move || Failure::row(field, "missing");
    Ok(Some(Contents {
        digests: Digests {
            sha256: Sha256Digest::new(sha256),
            blake2b_256: Blake2b256Digest::new(
                digest(row, 11)?.ok_or_else(missing("blake2b_256"))?,
            ),
            md5: Md5Digest::new(digest(row, 12)?.ok_or_else(missing("md5"))?),
            listed,
        },
        metadata,
        has_provenance: row.get::<_, Option<bool>>(20)?.unwrap_or(false),
    }))
}

const NONE: &str = "none";
const UNREADABLE: &str = "unreadable";
const READ: &str = "read";

/// The values of a record's own columns, in the order of `INSERT` and `UPDATE`; followed there by
/// those of [`contents_values`].
pub(super) fn record_values(record: &FileRecord) -> [ToSqlOutput<'_>; 10] {
    let (modified_ns, inode, object_sha256) = match &record.fingerprint {
        Fingerprint::File {
            modified_ns, inode, ..
        } => (
            Some((*modified_ns).into()),
            Some(inode.cast_signed().into()),
            None,
        ),
        Fingerprint::Object { sha256, .. } => (None, None, Some(blob(sha256.as_bytes()))),
    };
    [
        record.path.as_str().into(),
        record.file_name().into(),
        kind_name(record.named.kind).into(),
        record.named.spelled_name.as_str().into(),
        record.named.version.as_str().into(),
        record.fingerprint.size_bytes().cast_signed().into(),
        modified_ns.unwrap_or(NULL),
        inode.unwrap_or(NULL),
        object_sha256.unwrap_or(NULL),
        record.uploaded_at.0.into(),
    ]
}

/// The values of the columns of what reading a file showed, in the order of [`record_columns!`].
pub(super) fn contents_values(contents: Option<&Contents>) -> [ToSqlOutput<'_>; 11] {
    let Some(Contents {
        digests,
        metadata,
        has_provenance,
    }) = contents
    else {
        return [NULL; 11];
    };
    let listed = digests.listed.as_ref();
    let (state, reason, offered, requires_python, summary) = match metadata {
        MetadataSummary::None => (NONE, None, None, None, None),
        MetadataSummary::Unreadable(reason) => (UNREADABLE, Some(reason), None, None, None),
        MetadataSummary::Read {
            offered,
            requires_python,
            summary,
        } => (
            READ,
            None,
            offered.as_ref(),
            requires_python.as_ref(),
            summary.as_ref(),
        ),
    };
    [
        blob(digests.sha256.as_bytes()),
        blob(digests.blake2b_256.as_bytes()),
        blob(digests.md5.as_bytes()),
        listed.map_or(NULL, |listed| listed.algorithm.name().into()),
        listed.map_or(NULL, |listed| (&*listed.hex).into()),
        state.into(),
        optional(reason),
        offered.map_or(NULL, |sha256| blob(sha256.as_bytes())),
        optional(requires_python),
        optional(summary),
        (*has_provenance).into(),
    ]
}

fn optional(text: Option<&String>) -> ToSqlOutput<'_> {
    text.map_or(NULL, |text| text.as_str().into())
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

fn digest<const N: usize>(row: &Row<'_>, column: usize) -> Outcome<Option<[u8; N]>> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        ValueRef::Blob(bytes) => bytes
            .try_into()
            .map(Some)
            .map_err(|error| Failure::row(&format!("column {column}"), error)),
        _ => Err(Failure::row(&format!("column {column}"), "not a digest")),
    }
}
