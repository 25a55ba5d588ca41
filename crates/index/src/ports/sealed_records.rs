//! The port for what stands beside contents where the catalog is the truth: sealed records, from
//! which a catalog can be made again.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use wheelhouse_standards::digest::{Digester, Digests, Sha256Digest};

use super::{PlaceError, StoreError};
use crate::identity::{IndexName, Timestamp};
use crate::path::FilePath;

/// The sealed records of a store of contents, and what else is kept there by digest.
///
/// Everything is told in 256 parts, by the first byte of the content's digest: a store may hold more
/// names than fit into memory.
#[async_trait]
pub trait SealedRecords: fmt::Debug + Send + Sync + 'static {
    /// Returns what is kept of contents whose digest begins with this byte. What is put there
    /// meanwhile may be missing.
    async fn shard(&self, first: u8) -> Result<Shard, StoreError>;

    /// Returns the records that name a content.
    async fn records_of(&self, sha256: &Sha256Digest) -> Result<Vec<RecordName>, StoreError>;

    /// Returns the tombstones that name a content.
    async fn tombstones_of(&self, sha256: &Sha256Digest) -> Result<Vec<RecordName>, StoreError>;

    /// Reads a record or a tombstone, and sees to it that it is what was written and stands where it
    /// belongs.
    ///
    /// # Errors
    /// [`UnsealError`].
    async fn unseal(&self, record: &RecordName) -> Result<SealedFile, UnsealError>;

    /// Writes a sealed record beside a content, one more if there is one already.
    ///
    /// # Errors
    /// As for placing a file.
    async fn seal(&self, file: &SealedFile) -> Result<(), PlaceError>;

    /// Removes a record or a tombstone. One that is gone is not an error.
    ///
    /// # Errors
    /// As for removing a file.
    async fn remove_record(&self, record: &RecordName) -> Result<(), PlaceError>;
}

/// What is kept of some contents.
#[derive(Debug, Default)]
pub struct Shard {
    /// The contents.
    pub contents: Vec<StoredContent>,
    /// Contents that were taken aside because nothing needed them.
    pub retired: Vec<StoredContent>,
    /// The records of files.
    pub records: Vec<RecordName>,
    /// The records of deleted and replaced files, which may come back.
    pub tombstones: Vec<RecordName>,
}

/// A content that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredContent {
    /// Which one, as it is named. Nobody has read it.
    pub sha256: Sha256Digest,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Since when it is there.
    pub since: Timestamp,
}

/// The name of a record or a tombstone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordName {
    /// Its whole name in the store.
    pub name: String,
    /// The content that it is about.
    pub sha256: Sha256Digest,
    /// The path that it is about, or `None` if the name does not tell.
    pub path: Option<PathDigest>,
    /// Since when it is there.
    pub since: Timestamp,
}

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedFile {
    /// The index whose file it is.
    pub index: IndexName,
    /// Where the file is.
    pub path: FilePath,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Its digests; none for pages alone.
    pub digests: Digests,
    /// When it was uploaded.
    pub uploaded_at: Timestamp,
}

/// A record cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum UnsealError {
    /// It is gone.
    #[error("it is gone")]
    Gone,
    /// It is not what this program wrote there, for this reason.
    #[error("{0}")]
    Unreadable(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The beginning of the digest of a path, by which records are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathDigest(u128);

impl PathDigest {
    /// Returns that of a path.
    pub fn of(path: &FilePath) -> Self {
        let mut digester = Digester::new(None);
        digester.update(path.as_str().as_bytes());
        let digest = digester.finish().sha256;
        let mut first = [0; 16];
        first.copy_from_slice(&digest.as_bytes()[..16]);
        Self(u128::from_be_bytes(first))
    }

    /// Returns the first half of it, for whoever has to remember many of them.
    pub fn first_half(self) -> u64 {
        u64::try_from(self.0 >> 64).unwrap_or(u64::MAX)
    }
}

impl fmt::Display for PathDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for PathDigest {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(text, 16).map(Self)
    }
}

/// Knows which contents files have that are listed.
#[async_trait]
pub trait ListedContents: fmt::Debug + Send + Sync {
    /// Returns those of some contents that a listed file has.
    async fn listed_among(
        &self,
        contents: &HashSet<Sha256Digest>,
    ) -> Result<HashSet<Sha256Digest>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_a_path_is_read_back_from_its_digits() {
        let path: FilePath = "team/démo-1.0.zip".parse().expect("a path");
        let digest = PathDigest::of(&path);
        let digits = digest.to_string();
        assert_eq!(digits.len(), 32);
        assert_eq!(digits.parse(), Ok(digest));
        assert_ne!(
            PathDigest::of(&"demo-1.0.zip".parse().expect("a path")),
            digest
        );
    }
}
