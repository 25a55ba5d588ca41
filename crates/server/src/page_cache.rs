//! Rendered pages, kept in memory within a bound, and dropped when a change touches them.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use wheelhouse_index::change::Applied;
use wheelhouse_index::journal::JournalReader;
use wheelhouse_standards::accept::{Encoding, Representation};

use crate::generations::{Generation, Generations};

/// The generation key of what changes with every change: the list of projects, of files, counts.
const EVERYTHING: &str = "/";

/// What a page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject<'a> {
    /// The list of projects.
    Projects,
    /// One project, by its key.
    Project(&'a str),
    /// The list of all files.
    Files,
}

impl Subject<'_> {
    fn generation_key(&self) -> &str {
        match self {
            Self::Project(key) => key,
            Self::Projects | Self::Files => EVERYTHING,
        }
    }
}

/// A page in one representation and one encoding, ready to be sent.
#[derive(Debug)]
pub(crate) struct RenderedPage {
    /// The body.
    pub(crate) body: Bytes,
    /// All headers that do not depend on the request, `Content-Length` and `ETag` included.
    pub(crate) headers: HeaderMap,
}

impl RenderedPage {
    fn weight(&self, key: &[u8]) -> u32 {
        u32::try_from(key.len() + self.body.len() + 1_024).unwrap_or(u32::MAX)
    }
}

/// Rendered pages by what they are about, representation, encoding, and the prefix that links
/// begin with. Everybody who may see a page sees the same one: rights are decided before.
#[derive(Debug)]
pub struct PageCache {
    pages: moka::sync::Cache<Arc<[u8]>, Arc<(Generation, RenderedPage)>>,
    generations: Generations,
}

impl PageCache {
    /// Makes a cache of so many bytes.
    pub fn new(max_bytes: u64) -> Arc<Self> {
        Arc::new(Self {
            pages: moka::sync::Cache::builder()
                .max_capacity(max_bytes)
                .weigher(|key: &Arc<[u8]>, page: &Arc<(Generation, RenderedPage)>| {
                    page.1.weight(key)
                })
                .build(),
            generations: Generations::new(),
        })
    }

    /// Returns the generation of a subject, to be asked for before the catalog is read.
    pub(crate) fn generation(&self, subject: Subject<'_>) -> Generation {
        self.generations.of(subject.generation_key())
    }

    /// Returns a page if it is here and still true.
    pub(crate) fn get(&self, key: &PageKey) -> Option<Arc<(Generation, RenderedPage)>> {
        let page = self.pages.get(key.0.as_slice())?;
        self.generations.is_current(page.0).then_some(page)
    }

    /// Keeps a page that was made at a generation.
    pub(crate) fn keep(
        &self,
        key: &PageKey,
        generation: Generation,
        page: RenderedPage,
    ) -> Arc<(Generation, RenderedPage)> {
        let page = Arc::new((generation, page));
        if self.generations.is_current(generation) {
            self.pages
                .insert(key.0.as_slice().into(), Arc::clone(&page));
        }
        page
    }
}

impl JournalReader for PageCache {
    fn applied(&self, applied: &Applied) {
        for project in &applied.projects {
            self.generations.touch(project.as_str());
        }
        self.generations.touch(EVERYTHING);
    }
}

/// The key of a page in the cache.
#[derive(Debug, Clone)]
pub(crate) struct PageKey(smallvec::SmallVec<[u8; 128]>);

impl PageKey {
    pub(crate) fn new(
        subject: Subject<'_>,
        representation: Representation,
        encoding: Encoding,
        prefix: &str,
    ) -> Self {
        let mut key = smallvec::SmallVec::new();
        let (kind, name) = match subject {
            Subject::Projects => (0, ""),
            Subject::Project(name) => (1, name),
            Subject::Files => (2, ""),
        };
        key.extend([kind, representation as u8, encoding as u8]);
        key.extend_from_slice(prefix.as_bytes());
        key.push(0);
        key.extend_from_slice(name.as_bytes());
        Self(key)
    }
}
