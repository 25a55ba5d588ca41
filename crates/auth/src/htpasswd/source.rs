//! The password file on the disk: its bytes, and whether they may have changed.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};
use wheelhouse_standards::htpasswd::{Htpasswd, HtpasswdError};
use zeroize::Zeroizing;

/// How long a file must have rested before its times are believed. Two changes within one tick of
/// a file system's clock leave the same times; the coarsest clock in use ticks every two seconds.
const REST: Duration = Duration::from_secs(2);

/// Where a password file is.
#[derive(Debug)]
pub(super) struct Source {
    path: PathBuf,
}

impl Source {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file, unless it is surely as it was `last` seen: then returns `None`.
    pub(super) fn read_if_changed(&self, last: &Seen) -> Result<Option<Seen>, ReadError> {
        let metadata = std::fs::metadata(&self.path).map_err(|error| self.error(error))?;
        if last.is_settled && last.stamp == Stamp::of(&metadata) {
            return Ok(None);
        }
        self.read().map(Some)
    }

    /// Reads the file.
    pub(super) fn read(&self) -> Result<Seen, ReadError> {
        self.read_bytes().map_err(|cause| ReadError {
            path: self.path.clone(),
            cause,
        })
    }

    fn read_bytes(&self) -> Result<Seen, ReadCause> {
        // Looked at before it is opened: opening a pipe would wait for a writer.
        if !std::fs::metadata(&self.path)?.is_file() {
            return Err(ReadCause::NotAFile);
        }
        let file = File::open(&self.path)?;
        // Taken before the bytes: a change during the reading shows as a change afterwards.
        let metadata = file.metadata()?;
        let now = SystemTime::now();
        let limit = Htpasswd::MAX_FILE_BYTES as u64 + 1;
        let mut bytes = Zeroizing::new(Vec::with_capacity(
            usize::try_from(metadata.len().min(limit)).unwrap_or(0),
        ));
        file.take(limit).read_to_end(&mut bytes)?;
        Ok(Seen {
            stamp: Stamp::of(&metadata),
            is_settled: is_settled(&metadata, now),
            digest: Sha256::digest(&*bytes).into(),
            bytes,
        })
    }

    /// Says that the file cannot be used.
    pub(super) fn error(&self, cause: impl Into<ReadCause>) -> ReadError {
        ReadError {
            path: self.path.clone(),
            cause: cause.into(),
        }
    }
}

/// What was seen of a file at one time.
pub(super) struct Seen {
    stamp: Stamp,
    is_settled: bool,
    digest: [u8; 32],
    bytes: Zeroizing<Vec<u8>>,
}

impl Seen {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Forgets the bytes, which nobody needs once they are parsed.
    pub(super) fn without_bytes(mut self) -> Self {
        self.bytes = Zeroizing::default();
        self
    }

    /// Tells whether both times the file had the same bytes.
    pub(super) fn has_bytes_of(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seen")
            .field("stamp", &self.stamp)
            .field("is_settled", &self.is_settled)
            .finish_non_exhaustive()
    }
}

/// What changes when a file is written, replaced, or brought back with its old times.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    size_bytes: u64,
    modified: Option<SystemTime>,
    /// Device, file number and the time of the last change of either, in seconds and nanoseconds.
    place: (u64, u64, i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            size_bytes: metadata.len(),
            modified: metadata.modified().ok(),
            place: place_of(metadata),
        }
    }
}

#[cfg(unix)]
fn place_of(metadata: &Metadata) -> (u64, u64, i64, i64) {
    use std::os::unix::fs::MetadataExt as _;
    let (seconds, nanoseconds) = (metadata.ctime(), metadata.ctime_nsec());
    (metadata.dev(), metadata.ino(), seconds, nanoseconds)
}

#[cfg(not(unix))]
fn place_of(_: &Metadata) -> (u64, u64, i64, i64) {
    (0, 0, 0, 0)
}

/// Tells whether the last change is old enough that a later one must show in the times.
fn is_settled(metadata: &Metadata, now: SystemTime) -> bool {
    let (_, _, changed, _) = place_of(metadata);
    let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(changed.try_into().unwrap_or(0));
    let has_rested = |time| now.duration_since(time).is_ok_and(|rest| rest > REST);
    has_rested(changed) && metadata.modified().is_ok_and(has_rested)
}

/// A password file cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the password file `{}` cannot be used: {cause}", path.display())]
pub struct ReadError {
    path: PathBuf,
    cause: ReadCause,
}

impl ReadError {
    /// Returns why.
    pub fn cause(&self) -> &ReadCause {
        &self.cause
    }
}

/// Why a password file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadCause {
    /// The system refuses it.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A directory, a pipe or a device.
    #[error("it is not a regular file")]
    NotAFile,
    /// The bytes are not a password file.
    #[error("{0}")]
    Content(#[from] HtpasswdError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_believed_only_after_a_rest() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let metadata = file.as_file().metadata().unwrap();
        let written = metadata.modified().unwrap();
        assert!(!is_settled(&metadata, written));
        assert!(!is_settled(&metadata, written + REST));
        assert!(
            !is_settled(&metadata, written - REST * 5),
            "a time in the future"
        );
        assert!(is_settled(&metadata, written + REST * 2));
    }

    #[test]
    fn a_file_that_has_not_rested_is_read_again() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let source = Source::new(file.path().to_owned());
        let mut seen = source.read().unwrap();
        seen.is_settled = false;
        assert!(source.read_if_changed(&seen).unwrap().is_some());
        seen.is_settled = true;
        assert!(source.read_if_changed(&seen).unwrap().is_none());
    }
}
