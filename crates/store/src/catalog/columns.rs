//! Records as the columns of a table of files, the same in every database.

use wheelhouse_index::identity::{Fingerprint, Timestamp};
use wheelhouse_index::record::{Contents, FileRecord, MetadataSummary};
use wheelhouse_standards::digest::{
    Blake2b256Digest, Digests, ListedDigest, Md5Digest, Sha256Digest,
};
use wheelhouse_standards::found::FoundFile;
use wheelhouse_standards::version::VersionText;

use super::stored::{BadRow, key_from_text, kind_from_name, kind_name, parsed};

/// A record's own columns. Numbers of 64 bits without a sign are kept with their bits as they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecordColumns<'a> {
    /// The project's key, which is in another table.
    pub(super) key: &'a str,
    pub(super) path: &'a str,
    pub(super) file_name: &'a str,
    pub(super) kind: &'a str,
    pub(super) spelled_name: &'a str,
    pub(super) version: &'a str,
    pub(super) fingerprint: PrintColumns<'a>,
    pub(super) uploaded_at: i64,
    /// What reading the file showed, if anybody has read it.
    pub(super) contents: Option<ContentsColumns<'a>>,
}

/// The columns of a fingerprint: of a file in a directory (time and inode) or of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct PrintColumns<'a> {
    pub(super) size_bytes: i64,
    pub(super) modified_ns: Option<i64>,
    pub(super) inode: Option<i64>,
    pub(super) object_sha256: Option<&'a [u8]>,
}

/// The columns of what reading a file showed.
#[derive(Debug, Clone, Copy)]
pub(super) struct ContentsColumns<'a> {
    pub(super) sha256: &'a [u8],
    pub(super) blake2b_256: &'a [u8],
    pub(super) md5: &'a [u8],
    pub(super) listed_algorithm: Option<&'a str>,
    pub(super) listed_hex: Option<&'a str>,
    pub(super) metadata_state: &'a str,
    pub(super) unreadable_reason: Option<&'a str>,
    pub(super) offered_sha256: Option<&'a [u8]>,
    pub(super) requires_python: Option<&'a str>,
    pub(super) summary: Option<&'a str>,
    pub(super) has_provenance: bool,
}

/// Returns a sum that a database made of numbers that could be more than it holds as a whole one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sums of sizes are neither negative nor fractions, and the cast keeps within bounds"
)]
pub(super) fn whole(sum: f64) -> u64 {
    sum as u64
}

const NONE: &str = "none";
const UNREADABLE: &str = "unreadable";
const READ: &str = "read";

impl<'a> RecordColumns<'a> {
    /// Returns the columns of a record.
    pub(super) fn of(record: &'a FileRecord) -> Self {
        Self {
            key: record.project().as_str(),
            path: record.path.as_str(),
            file_name: record.file_name(),
            kind: kind_name(record.named.kind),
            spelled_name: &record.named.spelled_name,
            version: record.named.version.as_str(),
            fingerprint: PrintColumns::of(&record.fingerprint),
            uploaded_at: record.uploaded_at.0,
            contents: record.contents.as_ref().map(ContentsColumns::of),
        }
    }

    /// Returns the record that the columns hold.
    pub(super) fn to_record(self) -> Result<FileRecord, BadRow> {
        Ok(FileRecord {
            path: parsed("path", self.path)?,
            named: FoundFile {
                key: key_from_text(self.key)?,
                kind: kind_from_name(self.kind)?,
                spelled_name: self.spelled_name.to_owned(),
                version: VersionText::new(self.version),
            },
            fingerprint: self.fingerprint.to_fingerprint()?,
            uploaded_at: Timestamp(self.uploaded_at),
            contents: self
                .contents
                .map(ContentsColumns::to_contents)
                .transpose()?,
        })
    }
}

impl<'a> PrintColumns<'a> {
    /// Returns the columns of a fingerprint.
    pub(super) fn of(fingerprint: &'a Fingerprint) -> Self {
        let size_bytes = fingerprint.size_bytes().cast_signed();
        match fingerprint {
            Fingerprint::File {
                modified_ns, inode, ..
            } => Self {
                size_bytes,
                modified_ns: Some(*modified_ns),
                inode: Some(inode.cast_signed()),
                object_sha256: None,
            },
            Fingerprint::Object { sha256, .. } => Self {
                size_bytes,
                modified_ns: None,
                inode: None,
                object_sha256: Some(sha256.as_bytes()),
            },
        }
    }

    fn to_fingerprint(self) -> Result<Fingerprint, BadRow> {
        let size_bytes = self.size_bytes.cast_unsigned();
        if let Some(bytes) = self.object_sha256 {
            let sha256 = Sha256Digest::new(digest("object_sha256", bytes)?);
            return Ok(Fingerprint::Object { size_bytes, sha256 });
        }
        let missing = |field| move || BadRow::new(field, "missing");
        Ok(Fingerprint::File {
            size_bytes,
            modified_ns: self.modified_ns.ok_or_else(missing("modified_ns"))?,
            inode: self.inode.ok_or_else(missing("inode"))?.cast_unsigned(),
        })
    }
}

impl<'a> ContentsColumns<'a> {
    /// Returns the columns of what reading a file showed.
    pub(super) fn of(contents: &'a Contents) -> Self {
        let digests = &contents.digests;
        let listed = digests.listed.as_ref();
        let (state, reason, offered, requires_python, summary) = match &contents.metadata {
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
                requires_python.as_deref(),
                summary.as_deref(),
            ),
        };
        Self {
            sha256: digests.sha256.as_bytes(),
            blake2b_256: digests.blake2b_256.as_bytes(),
            md5: digests.md5.as_bytes(),
            listed_algorithm: listed.map(|listed| listed.algorithm.name()),
            listed_hex: listed.map(|listed| &*listed.hex),
            metadata_state: state,
            unreadable_reason: reason.map(String::as_str),
            offered_sha256: offered.map(|sha256| sha256.as_bytes().as_slice()),
            requires_python,
            summary,
            has_provenance: contents.has_provenance,
        }
    }

    fn to_contents(self) -> Result<Contents, BadRow> {
        let listed = match (self.listed_algorithm, self.listed_hex) {
            (Some(algorithm), Some(hex)) => Some(ListedDigest {
                algorithm: parsed("listed_algorithm", algorithm)?,
                hex: hex.into(),
            }),
            _ => None,
        };
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let metadata = match self.metadata_state {
            NONE => MetadataSummary::None,
            UNREADABLE => MetadataSummary::Unreadable(
                owned(self.unreadable_reason)
                    .ok_or_else(|| BadRow::new("unreadable_reason", "missing"))?,
            ),
            READ => MetadataSummary::Read {
                offered: self
                    .offered_sha256
                    .map(|bytes| digest("offered_sha256", bytes).map(Sha256Digest::new))
                    .transpose()?,
                requires_python: owned(self.requires_python),
                summary: owned(self.summary),
            },
            other => return Err(BadRow::new("metadata_state", format!("{other:?}"))),
        };
        Ok(Contents {
            digests: Digests {
                sha256: Sha256Digest::new(digest("sha256", self.sha256)?),
                blake2b_256: Blake2b256Digest::new(digest("blake2b_256", self.blake2b_256)?),
                md5: Md5Digest::new(digest("md5", self.md5)?),
                listed,
            },
            metadata,
            has_provenance: self.has_provenance,
        })
    }
}

fn digest<const N: usize>(field: &str, bytes: &[u8]) -> Result<[u8; N], BadRow> {
    bytes.try_into().map_err(|error| BadRow::new(field, error))
}
