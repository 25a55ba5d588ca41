//! What is kept in memory about hot files: how they are answered, and the bytes of small ones.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use wheelhouse_index::change::Applied;
use wheelhouse_index::journal::JournalReader;

use crate::chunks::{ChunkCache, FileId};
use crate::generations::{Generation, Generations};
use crate::kept::Kept;

/// Files up to this size, in bytes, are kept whole.
pub(crate) const SMALL_FILE_BYTES: u64 = 256 * 1024;

/// How one file is answered.
#[derive(Debug)]
pub(crate) struct FileAnswer {
    pub(crate) generation: Generation,
    pub(crate) id: FileId,
    pub(crate) size_bytes: u64,
    /// All headers of a whole answer that do not depend on the request.
    pub(crate) headers: HeaderMap,
    /// The strong entity tag, which is in `headers` too.
    pub(crate) etag: HeaderValue,
    /// When the file was last modified, in whole seconds since 1970.
    pub(crate) modified_seconds: i64,
    /// Whether this is not the file itself, but its metadata.
    pub(crate) is_beside: bool,
    /// The bytes of a small file.
    pub(crate) bytes: Option<Bytes>,
}

/// Returns how many bytes small files have of a cache of so many.
pub(crate) const fn small_files_of(max_bytes: u64) -> u64 {
    max_bytes / 4
}

impl FileAnswer {
    fn weight(&self, path: &str) -> u32 {
        let bytes = self.bytes.as_ref().map_or(0, Bytes::len);
        u32::try_from(bytes + 2 * path.len() + 1_024).unwrap_or(u32::MAX)
    }
}

/// Answers by path, kept within a bound, and dropped when a change touches the path.
#[derive(Debug)]
pub struct FileCache {
    answers: moka::sync::Cache<Arc<str>, Arc<FileAnswer>>,
    pub(crate) chunks: Arc<ChunkCache>,
    generations: Generations,
}

impl FileCache {
    /// Makes a cache of so many bytes, of which small files have a quarter and pieces of large
    /// ones the rest.
    pub fn new(max_bytes: u64) -> Arc<Self> {
        let small_bytes = small_files_of(max_bytes);
        Arc::new(Self {
            answers: moka::sync::Cache::builder()
                .max_capacity(small_bytes)
                .weigher(|path: &Arc<str>, answer: &Arc<FileAnswer>| answer.weight(path))
                .build(),
            chunks: Arc::new(ChunkCache::new(max_bytes - small_bytes)),
            generations: Generations::new(),
        })
    }

    /// Returns the generation of a path, to be asked for before the catalog is read.
    pub(crate) fn generation(&self, path: &str) -> Generation {
        self.generations.of(path)
    }

    /// Returns an answer if it is here and still true.
    pub(crate) fn get(&self, path: &str) -> Option<Arc<FileAnswer>> {
        self.answers
            .get(path)
            .filter(|answer| self.generations.is_current(answer.generation))
    }

    /// Returns how much is kept.
    pub(crate) fn kept(&self) -> Kept {
        Kept::of(&self.answers)
    }

    pub(crate) fn keep(&self, path: &str, answer: &Arc<FileAnswer>) {
        if self.generations.is_current(answer.generation) {
            self.answers.insert(path.into(), Arc::clone(answer));
        }
    }
}

impl JournalReader for FileCache {
    fn applied(&self, applied: &Applied) {
        for path in &applied.paths {
            self.generations.touch(path.as_str());
        }
    }
}
