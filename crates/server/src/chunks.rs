//! Pieces of hot large files, kept in memory within a bound.

use std::sync::Arc;

use bytes::Bytes;
use wheelhouse_index::identity::Fingerprint;
use wheelhouse_index::path::FilePath;

use crate::kept::Kept;

/// The size of a piece, in bytes. Pieces begin at multiples of it.
pub(crate) const CHUNK_BYTES: usize = 256 * 1024;

/// One content of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct FileId {
    pub(crate) path: FilePath,
    pub(crate) fingerprint: Fingerprint,
}

/// Pieces of files by content and place. What is asked for most is kept.
#[derive(Debug)]
pub(crate) struct ChunkCache {
    chunks: moka::sync::Cache<Arc<(FileId, u64)>, Bytes>,
    max_file_bytes: u64,
}

impl ChunkCache {
    /// Makes a cache of so many bytes. A file larger than half of it is not kept.
    pub(crate) fn new(max_bytes: u64) -> Self {
        let weigh = |key: &Arc<(FileId, u64)>, chunk: &Bytes| {
            u32::try_from(chunk.len() + key.0.path.as_str().len() + 128).unwrap_or(u32::MAX)
        };
        Self {
            chunks: moka::sync::Cache::builder()
                .max_capacity(max_bytes)
                .weigher(weigh)
                .build(),
            max_file_bytes: max_bytes / 2,
        }
    }

    pub(crate) fn get(&self, id: &FileId, chunk_start: u64) -> Option<Bytes> {
        self.chunks.get(&(id.clone(), chunk_start))
    }

    /// Returns how much is kept.
    pub(crate) fn kept(&self) -> Kept {
        Kept::of(&self.chunks)
    }

    /// Forgets all pieces of a content.
    pub(crate) fn forget(&self, id: &FileId) {
        for chunk_start in (0..id.fingerprint.size_bytes()).step_by(CHUNK_BYTES) {
            self.chunks.invalidate(&(id.clone(), chunk_start));
        }
    }

    pub(crate) fn keep(&self, id: &FileId, chunk_start: u64, chunk: &Bytes) {
        if id.fingerprint.size_bytes() <= self.max_file_bytes && !chunk.is_empty() {
            self.chunks
                .insert(Arc::new((id.clone(), chunk_start)), chunk.clone());
        }
    }
}
