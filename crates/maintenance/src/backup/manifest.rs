//! What a snapshot is: a small sealed file that is written last.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;
use wheelhouse_index::identity::{Serial, Timestamp};
use wheelhouse_standards::digest::Sha256Digest;

use super::error::BackupError;
use super::place::{BackupPlace, FORMAT, check_format, read_folder, read_small};

/// What is written of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The format of it and of what belongs to it.
    pub format: u64,
    /// The version of the program that has made it.
    pub program: String,
    /// The index.
    pub index: Uuid,
    /// The serial of the last commit that it holds.
    pub head: Serial,
    /// When the catalog was read.
    pub at: Timestamp,
    /// Whether its rows and contents are encrypted.
    pub is_encrypted: bool,
    /// How many rows it has of each kind.
    pub rows: BTreeMap<String, u64>,
    /// How many files it has, deleted ones that may come back and what stands beside files among
    /// them.
    pub files: u64,
    /// How many bytes those have.
    pub bytes: u64,
    /// How many files it lacks, because their contents were gone or altered.
    pub missing: u64,
    /// The file with the rows.
    pub rows_file: Written,
    /// The file with the digests of the contents.
    pub contents_file: Written,
}

/// A file that belongs to a snapshot, as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The digest of those bytes.
    pub sha256: String,
}

/// What is in the file: the manifest as it was written, and the digest of just those bytes. It shows
/// damage; who may write there can make another one.
#[derive(Serialize, Deserialize)]
struct Sealed<'a> {
    #[serde(borrow)]
    manifest: &'a RawValue,
    seal: String,
}

impl Manifest {
    pub(super) fn seal(&self) -> Vec<u8> {
        let manifest = serde_json::value::to_raw_value(self).expect("texts and numbers are JSON");
        let sealed = Sealed {
            seal: digest_of(manifest.get().as_bytes()).to_string(),
            manifest: &manifest,
        };
        let mut bytes = serde_json::to_vec(&sealed).expect("texts are JSON");
        bytes.push(b'\n');
        bytes
    }

    pub(super) fn unseal(path: &Path, bytes: &[u8]) -> Result<Self, BackupError> {
        let damaged = |error: serde_json::Error| BackupError::damaged(path, &error);
        let sealed: Sealed<'_> = serde_json::from_slice(bytes).map_err(damaged)?;
        let json = sealed.manifest.get().as_bytes();
        if digest_of(json).to_string() != sealed.seal {
            let why = "its seal is broken: it was changed after it was written";
            return Err(BackupError::damaged(path, &why));
        }
        check_format(path, json)?;
        serde_json::from_slice(json).map_err(damaged)
    }

    /// Returns the name of the snapshot: its serial and its moment.
    pub fn name(&self) -> String {
        let at = self.at.to_date_time();
        let date = format!("{:04}{:02}{:02}", at.year(), u8::from(at.month()), at.day());
        let (hour, minute, second, millisecond) = at.to_hms_milli();
        format!(
            "{}-{date}T{hour:02}{minute:02}{second:02}.{millisecond:03}Z",
            self.head
        )
    }

    /// Returns when the catalog was read.
    pub fn moment(&self) -> OffsetDateTime {
        self.at.to_date_time()
    }
}

/// A snapshot that a place has, and its manifest, or why that cannot be read.
#[derive(Debug)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// What it is.
    pub manifest: Result<Manifest, BackupError>,
}

impl BackupPlace {
    /// Returns all snapshots, the oldest first; those that cannot be read come before all others.
    ///
    /// # Errors
    /// [`BackupError`] if the folder cannot be read.
    pub fn snapshots_there(&self) -> Result<Vec<Listed>, BackupError> {
        let mut all = Vec::new();
        let folder = self.snapshots();
        // A backup that was cut short very early has not made it.
        let paths = if folder.is_dir() {
            read_folder(&folder)?
        } else {
            Vec::new()
        };
        for path in paths {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if let Some(name) = name.strip_suffix(".json") {
                all.push(Listed {
                    name: name.to_owned(),
                    manifest: self.manifest(name),
                });
            }
        }
        all.sort_by_cached_key(|listed| {
            let at = listed.manifest.as_ref().ok().map(|manifest| manifest.at);
            (at, listed.name.clone())
        });
        Ok(all)
    }

    /// Returns a snapshot's manifest; without a name that of the newest one.
    ///
    /// # Errors
    /// [`BackupError`] if there is none, or it is not as it was written.
    pub fn snapshot(&self, name: Option<&str>) -> Result<Manifest, BackupError> {
        if let Some(name) = name {
            return self.manifest(name);
        }
        let newest = self.snapshots_there()?.pop();
        newest.map_or_else(
            || Err(BackupError::NoBackup(self.folder().to_owned())),
            |newest| newest.manifest,
        )
    }

    fn manifest(&self, name: &str) -> Result<Manifest, BackupError> {
        // A name is a name, and no way to somewhere else.
        let is_name = |b: u8| b.is_ascii_alphanumeric() || b"-.".contains(&b);
        let unknown = || BackupError::NoSnapshot(name.to_owned());
        if name.is_empty() || !name.bytes().all(is_name) {
            return Err(unknown());
        }
        let path = self.snapshots().join(format!("{name}.json"));
        let bytes = read_small(&path)?.ok_or_else(unknown)?;
        let manifest = Manifest::unseal(&path, &bytes)?;
        if manifest.name() != name {
            return Err(BackupError::damaged(
                &path,
                &"it is that of another snapshot",
            ));
        }
        if manifest.index != self.index() {
            return Err(BackupError::AnotherIndex {
                place: self.folder().to_owned(),
                theirs: manifest.index,
                ours: self.index(),
            });
        }
        Ok(manifest)
    }

    pub(super) fn rows_path(&self, name: &str) -> std::path::PathBuf {
        let ending = if self.is_encrypted() { ".age" } else { "" };
        self.snapshots().join(format!("{name}.rows.zst{ending}"))
    }

    pub(super) fn contents_path(&self, name: &str) -> std::path::PathBuf {
        self.snapshots().join(format!("{name}.contents.zst"))
    }
}

fn digest_of(bytes: &[u8]) -> Sha256Digest {
    Sha256Digest::new(Sha256::digest(bytes).into())
}

/// Returns the manifest of a new snapshot, of which nothing is known yet.
pub(super) fn empty_manifest(place: &BackupPlace, head: Serial, at: Timestamp) -> Manifest {
    let nothing = || Written {
        size_bytes: 0,
        sha256: String::new(),
    };
    Manifest {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        index: place.index(),
        head,
        at,
        is_encrypted: place.is_encrypted(),
        rows: BTreeMap::new(),
        files: 0,
        bytes: 0,
        missing: 0,
        rows_file: nothing(),
        contents_file: nothing(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            format: FORMAT,
            program: "0.1.0".to_owned(),
            index: Uuid::nil(),
            head: Serial(7),
            at: Timestamp(1_700_000_000_123_456),
            is_encrypted: false,
            rows: BTreeMap::from([("file".to_owned(), 1)]),
            files: 1,
            bytes: 2,
            missing: 0,
            rows_file: Written {
                size_bytes: 3,
                sha256: "a".to_owned(),
            },
            contents_file: Written {
                size_bytes: 4,
                sha256: "b".to_owned(),
            },
        }
    }

    #[test]
    fn a_manifest_is_read_back_as_it_was_sealed() {
        let path = Path::new("x");
        let sealed = manifest().seal();
        assert_eq!(Manifest::unseal(path, &sealed).unwrap(), manifest());
        assert_eq!(manifest().name(), "7-20231114T221320.123Z");
    }

    #[test]
    fn no_byte_of_a_manifest_can_be_changed_unnoticed() {
        let sealed = manifest().seal();
        let path = Path::new("x");
        // The last byte is the end of the line.
        for place in 0..sealed.len() - 1 {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(Manifest::unseal(path, &changed).is_err(), "byte {place}");
            assert!(Manifest::unseal(path, &sealed[..place]).is_err());
        }
    }

    #[test]
    fn a_newer_format_is_told_as_such() {
        let mut newer = manifest();
        newer.format = FORMAT + 1;
        let error = Manifest::unseal(Path::new("x"), &newer.seal()).unwrap_err();
        assert!(matches!(error, BackupError::Newer { .. }), "{error}");
    }
}
