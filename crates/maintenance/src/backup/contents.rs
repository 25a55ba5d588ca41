//! Single contents: from the index into a place of backups, and out of it again.

use std::io::{self, BufReader, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest as _, Sha256};
use wheelhouse_index::ports::Content;
use wheelhouse_standards::digest::Sha256Digest;

use super::error::BackupError;
use super::place::BackupPlace;
use super::rows_file::open;
use super::sealing::Identities;

/// How many bytes are read at a time.
const PIECE: usize = 256 * 1024;

/// How far a backup or a restore got, for whoever watches it.
#[derive(Debug, Default)]
pub struct Progress {
    /// Files that were looked at.
    pub files: AtomicU64,
    /// Contents that were copied.
    pub copied: AtomicU64,
    /// Bytes of those.
    pub bytes: AtomicU64,
}

impl Progress {
    pub(super) fn looked(&self) {
        self.files.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn copied(&self, size_bytes: u64) {
        self.copied.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(size_bytes, Ordering::Relaxed);
    }
}

/// What a copied content is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Copied {
    pub(super) sha256: Sha256Digest,
    pub(super) size_bytes: u64,
}

/// Why a content was not copied.
pub(super) enum NotCopied {
    /// It is not what it should be, or changed while it was read.
    Other(String),
    /// Anything else.
    Failed(BackupError),
}

impl From<BackupError> for NotCopied {
    fn from(error: BackupError) -> Self {
        Self::Failed(error)
    }
}

/// Copies a content into a place, unless it turns out not to be the expected one. Blocks.
pub(super) fn copy_in(
    place: &BackupPlace,
    content: &Arc<dyn Content>,
    expected: Option<Sha256Digest>,
) -> Result<Copied, NotCopied> {
    let before = content.fingerprint().map_err(|error| unreadable(&error))?;
    let file = place.new_file()?;
    let path = file.path().to_owned();
    let failed = |error| NotCopied::Failed(BackupError::io("write", &path, error));
    let mut output = place.recipients().sealing(file).map_err(failed)?;
    let mut digest = Sha256::new();
    let mut size_bytes = 0;
    let mut piece = vec![0; PIECE];
    loop {
        let count = match content.read_at(size_bytes, &mut piece) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(&error)),
        };
        digest.update(&piece[..count]);
        output.write_all(&piece[..count]).map_err(failed)?;
        size_bytes += count as u64;
    }
    let file = output.finish().map_err(failed)?;
    let sha256 = Sha256Digest::new(digest.finalize().into());
    match expected {
        Some(expected) if expected != sha256 => {
            return Err(NotCopied::Other(format!(
                "its SHA-256 is {sha256}, and not {expected}"
            )));
        }
        // Nothing but the fingerprint tells whether this was one content.
        None if content.fingerprint().map_err(|error| unreadable(&error))? != before => {
            return Err(NotCopied::Other("it changed while it was read".to_owned()));
        }
        _ => {}
    }
    place.keep_content(file, &sha256)?;
    Ok(Copied { sha256, size_bytes })
}

fn unreadable(error: &io::Error) -> NotCopied {
    NotCopied::Other(format!("it cannot be read: {error}"))
}

/// A content of a place that is being read, and digested meanwhile.
pub(super) struct ContentReader {
    input: Box<dyn Read + Send>,
    digest: Sha256,
    size_bytes: u64,
    expected: Copied,
    path: std::path::PathBuf,
}

impl ContentReader {
    pub(super) fn open(
        place: &BackupPlace,
        identities: &Identities,
        expected: Copied,
    ) -> Result<Self, BackupError> {
        let path = place.content(&expected.sha256);
        let file = BufReader::new(open(&path)?);
        let input = identities.opening(place.is_encrypted(), file, &path)?;
        Ok(Self {
            input: Box::new(input),
            digest: Sha256::new(),
            size_bytes: 0,
            expected,
            path,
        })
    }

    /// Returns the next piece, or nothing at the end, when all of it was what it should be. Blocks.
    pub(super) fn next_piece(&mut self) -> Result<Option<Vec<u8>>, BackupError> {
        let mut piece = Vec::with_capacity(PIECE);
        let read = (&mut self.input).take(PIECE as u64).read_to_end(&mut piece);
        read.map_err(|error| reading(&self.path, error))?;
        if !piece.is_empty() {
            self.digest.update(&piece);
            self.size_bytes += piece.len() as u64;
            return Ok(Some(piece));
        }
        let digest = std::mem::take(&mut self.digest);
        let sha256 = Sha256Digest::new(digest.finalize().into());
        let Copied {
            sha256: expected,
            size_bytes,
        } = self.expected;
        if sha256 == expected && self.size_bytes == size_bytes {
            return Ok(None);
        }
        let why = format!(
            "it has {} bytes with the SHA-256 {sha256}, and was written with {size_bytes}",
            self.size_bytes
        );
        Err(BackupError::damaged(&self.path, &why))
    }
}

/// What is sealed and altered shows while it is read.
fn reading(path: &Path, error: io::Error) -> BackupError {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            BackupError::damaged(path, &error)
        }
        _ => BackupError::io("read", path, error),
    }
}

/// Reads a content to its end, and makes sure that it is what it should be. Blocks.
pub(super) fn check_content(
    place: &BackupPlace,
    identities: &Identities,
    expected: Copied,
) -> Result<(), BackupError> {
    let mut reader = ContentReader::open(place, identities, expected)?;
    while reader.next_piece()?.is_some() {}
    Ok(())
}
