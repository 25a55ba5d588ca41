#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod columns;
mod fields;
mod finding;

use std::collections::HashSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, TantivyError, Term};
use wheelhouse_index::permission::Sight;
use wheelhouse_index::ports::{FinderEntry, FinderQuery, FoundProjects, ProjectFinder, StoreError};
use wheelhouse_standards::name::ProjectKey;

use fields::{Fields, WORDS, analyzer};

/// Memory that an update may take before it is written down, in bytes: the least that the library
/// takes.
const WRITER_BYTES: usize = 15_000_000;

/// Finds projects with an index in memory.
pub struct MemoryFinder {
    fields: Fields,
    writer: Mutex<IndexWriter>,
    reader: IndexReader,
}

impl MemoryFinder {
    /// Makes an index of nothing.
    ///
    /// # Errors
    /// [`StoreError`] if its thread cannot be started.
    pub fn new() -> Result<Self, StoreError> {
        Self::empty().map_err(|error| failed("begin", error))
    }

    fn empty() -> Result<Self, TantivyError> {
        let (schema, fields) = Fields::new();
        let index = Index::create_in_ram(schema);
        index.tokenizers().register(WORDS, analyzer());
        index.fast_field_tokenizer().register(WORDS, analyzer());
        let writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()?;
        Ok(Self {
            fields,
            writer: Mutex::new(writer),
            reader,
        })
    }

    fn put(&self, said: &[FinderEntry], gone: &[ProjectKey]) -> Result<(), TantivyError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        for key in said.iter().map(|entry| &entry.key).chain(gone) {
            writer.delete_term(Term::from_field_text(self.fields.key, key.as_str()));
        }
        for entry in said {
            writer.add_document(self.fields.document(entry))?;
        }
        writer.commit()?;
        self.reader.reload()
    }
}

impl ProjectFinder for MemoryFinder {
    fn update(&self, said: Vec<FinderEntry>, gone: &[ProjectKey]) -> Result<(), StoreError> {
        self.put(&said, gone)
            .map_err(|error| failed("take what projects say", error))
    }

    fn find(&self, query: &FinderQuery, sight: &Sight) -> Result<FoundProjects, StoreError> {
        finding::find(&self.fields, &self.reader.searcher(), query, sight)
            .map_err(|error| failed("find projects", error))
    }

    fn names(&self, prefix: &str, limit: usize, sight: &Sight) -> Result<Vec<String>, StoreError> {
        finding::names(&self.fields, &self.reader.searcher(), prefix, limit, sight)
            .map_err(|error| failed("complete a name", error))
    }

    fn near(&self, name: &str, limit: usize, sight: &Sight) -> Result<Vec<String>, StoreError> {
        finding::near(&self.fields, &self.reader.searcher(), name, limit, sight)
            .map_err(|error| failed("find near names", error))
    }

    fn here(
        &self,
        projects: &[ProjectKey],
        sight: &Sight,
    ) -> Result<HashSet<ProjectKey>, StoreError> {
        finding::here(&self.fields, &self.reader.searcher(), projects, sight)
            .map_err(|error| failed("find out which projects there are", error))
    }

    fn dependents(
        &self,
        project: &ProjectKey,
        limit: usize,
        sight: &Sight,
    ) -> Result<Vec<ProjectKey>, StoreError> {
        finding::dependents(&self.fields, &self.reader.searcher(), project, limit, sight)
            .map_err(|error| failed("find what needs a project", error))
    }
}

impl fmt::Debug for MemoryFinder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryFinder").finish_non_exhaustive()
    }
}

fn failed(operation: &'static str, error: TantivyError) -> StoreError {
    StoreError::new("search", operation, error)
}

#[cfg(test)]
mod tests;
