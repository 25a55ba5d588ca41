//! The sealed record beside an object: which file has its content, so that a catalog can be made
//! again from a bucket alone.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use wheelhouse_index::identity::{IndexName, Timestamp};
use wheelhouse_index::path::FilePath;
use wheelhouse_standards::digest::{Digester, Digests, Sha256Digest};

/// The version of the form that is written.
const FORMAT: u32 = 1;

/// Largest record, in bytes: a path is the longest thing in it.
pub(super) const MAX_BYTES: u64 = 64 * 1024;

/// What is written of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) index: IndexName,
    pub(super) path: FilePath,
    pub(super) size_bytes: u64,
    pub(super) digests: Digests,
    pub(super) uploaded_at: Timestamp,
}

/// What is in the object: the record as it was written, and the digest of just those bytes.
#[derive(Serialize, Deserialize)]
struct Sealed<'a> {
    #[serde(borrow)]
    record: &'a RawValue,
    seal: String,
}

#[derive(Serialize, Deserialize)]
struct Written {
    format: u32,
    index: String,
    path: String,
    size_bytes: u64,
    sha256: String,
    blake2b_256: String,
    md5: String,
    /// In microseconds since 1970.
    uploaded_at: i64,
}

/// An object is no record of ours.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecordError {
    #[error("it is not the JSON of a sealed record: {0}")]
    Form(#[from] serde_json::Error),
    #[error("its seal is broken: it was changed after it was written")]
    Seal,
    #[error("it is of format {0}, which this version does not know")]
    Format(u32),
    #[error("its {0} is none")]
    Field(&'static str),
}

impl Record {
    pub(super) fn seal(&self) -> Bytes {
        let written = Written {
            format: FORMAT,
            index: self.index.to_string(),
            path: self.path.to_string(),
            size_bytes: self.size_bytes,
            sha256: self.digests.sha256.to_string(),
            blake2b_256: self.digests.blake2b_256.to_string(),
            md5: self.digests.md5.to_string(),
            uploaded_at: self.uploaded_at.0,
        };
        let record = serde_json::value::to_raw_value(&written).expect("texts and numbers are JSON");
        let sealed = Sealed {
            seal: seal_of(&record),
            record: &record,
        };
        let bytes = serde_json::to_vec(&sealed).expect("texts are JSON");
        bytes.into()
    }

    pub(super) fn unseal(bytes: &[u8]) -> Result<Self, RecordError> {
        let sealed: Sealed<'_> = serde_json::from_slice(bytes)?;
        if seal_of(sealed.record) != sealed.seal {
            return Err(RecordError::Seal);
        }
        let written: Written = serde_json::from_str(sealed.record.get())?;
        if written.format != FORMAT {
            return Err(RecordError::Format(written.format));
        }
        Ok(Self {
            index: written
                .index
                .parse()
                .map_err(|_| RecordError::Field("index"))?,
            path: written
                .path
                .parse()
                .map_err(|_| RecordError::Field("path"))?,
            size_bytes: written.size_bytes,
            digests: Digests {
                sha256: written
                    .sha256
                    .parse()
                    .map_err(|_| RecordError::Field("sha256"))?,
                blake2b_256: written
                    .blake2b_256
                    .parse()
                    .map_err(|_| RecordError::Field("blake2b_256"))?,
                md5: written.md5.parse().map_err(|_| RecordError::Field("md5"))?,
                listed: None,
            },
            uploaded_at: Timestamp(written.uploaded_at),
        })
    }
}

fn seal_of(record: &RawValue) -> String {
    sha256_of(record.get().as_bytes()).to_string()
}

pub(super) fn sha256_of(bytes: &[u8]) -> Sha256Digest {
    let mut digester = Digester::new(None);
    digester.update(bytes);
    digester.finish().sha256
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let mut digester = Digester::new(None);
        digester.update(b"abc");
        Record {
            index: IndexName::main(),
            path: "team/dé\"mo-1.0.zip".parse().expect("a path"),
            size_bytes: 3,
            digests: digester.finish(),
            uploaded_at: Timestamp(1_700_000_000_123_456),
        }
    }

    #[test]
    fn a_record_is_read_back_as_it_was_sealed() {
        let sealed = record().seal();
        assert_eq!(Record::unseal(&sealed).expect("whole"), record());
    }

    #[test]
    fn no_byte_of_a_record_can_be_changed_unnoticed() {
        let sealed = record().seal();
        for place in 0..sealed.len() {
            let mut changed = sealed.to_vec();
            changed[place] ^= 1;
            assert!(Record::unseal(&changed).is_err(), "byte {place}");
        }
        for cut in 0..sealed.len() {
            assert!(Record::unseal(&sealed[..cut]).is_err(), "{cut} bytes");
        }
    }

    #[test]
    fn a_record_of_another_format_is_refused() {
        let record = r#"{"format":2,"index":"main","path":"a-1.zip","size_bytes":1,"sha256":"","blake2b_256":"","md5":"","uploaded_at":1}"#;
        let seal = sha256_of(record.as_bytes());
        let sealed = format!(r#"{{"record":{record},"seal":"{seal}"}}"#);
        let error = Record::unseal(sealed.as_bytes()).expect_err("another format");
        assert!(matches!(error, RecordError::Format(2)), "{error}");
    }
}
