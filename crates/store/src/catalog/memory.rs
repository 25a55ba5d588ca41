//! A catalog that lasts as long as the program: for a server that can write no state folder, and
//! for tests of rules.

mod access;
mod downloads;
mod shelf;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use wheelhouse_index::change::{Change, Event, EventSubject, Learned};
use wheelhouse_index::identity::{IndexName, Serial, Timestamp};
use wheelhouse_index::mark::ProjectMark;
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{
    Catalog, Clock, Committed, Counts, NewProject, SearchHit, SearchTerms, StoreError,
};
use wheelhouse_index::record::{FileRecord, ProjectListing, ProjectSnapshot};
use wheelhouse_standards::metadata::CoreMetadata;
use wheelhouse_standards::name::ProjectKey;

use super::effect::{changes_what_is_offered, effect_of, mark_effect_of};
use super::matching::Matcher;
use super::touched::Touched;
use access::AccessShelf;
use downloads::DownloadShelf;
use shelf::Shelf;

/// A catalog in memory. Everything, its journal too, is gone when it is dropped.
#[derive(Debug)]
pub struct MemoryCatalog {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    head: Serial,
    shelves: HashMap<IndexName, Shelf>,
    journal: Vec<Event>,
    access: AccessShelf,
    downloads: HashMap<IndexName, DownloadShelf>,
}

impl MemoryCatalog {
    /// Makes an empty catalog. Its serials begin at the present second, so that they are greater
    /// than those of the program's last run.
    pub fn new(clock: &dyn Clock) -> Self {
        let seconds = u64::try_from(clock.now().seconds()).unwrap_or(0);
        Self {
            state: Mutex::new(State {
                head: Serial(seconds),
                shelves: HashMap::new(),
                journal: Vec::new(),
                access: AccessShelf::default(),
                downloads: HashMap::new(),
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock can panic half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T: Default>(&self, index: &IndexName, answer: impl FnOnce(&Shelf) -> T) -> T {
        self.state()
            .shelves
            .get(index)
            .map(answer)
            .unwrap_or_default()
    }
}

impl State {
    fn commit(&mut self, change: Change) -> Committed {
        let Change {
            index,
            by,
            expects,
            files,
            marks,
        } = change;
        let serial = Serial(self.head.0 + 1);
        let shelf = self.shelves.entry(index.clone()).or_default();
        for expected in expects {
            let marks = match &expected.unused_in {
                None => Vec::new(),
                project => shelf.marks(project.as_ref()),
            };
            if !expected.is_met_by(shelf.file(&expected.path), &marks) {
                return Committed::Unexpected(expected.path);
            }
        }
        let mut touched = Touched::default();
        let journal_start = self.journal.len();
        for change in files {
            let path = change.path().clone();
            let before = shelf.file(&path).cloned();
            let Some(effect) = effect_of(change, before.as_ref()) else {
                continue;
            };
            let (kind, after) = shelf.apply(&path, effect, serial);
            let project = [&after, &before]
                .into_iter()
                .flatten()
                .map(|record| record.project().clone())
                .next()
                .expect("an effect has a record before or after it");
            touched.note(&project, &path);
            if let Some(before) = &before {
                touched.note_project(before.project());
            }
            self.journal.push(Event {
                serial,
                index: index.clone(),
                project,
                kind,
                subject: EventSubject::File {
                    path,
                    before: before.map(Box::new),
                    after: after.map(Box::new),
                },
                by: by.clone(),
            });
        }
        for change in marks {
            let before = shelf.mark_like(change.project(), change.mark()).cloned();
            let Some(effect) = mark_effect_of(change, before.as_ref()) else {
                continue;
            };
            let before = before.map(|marked| marked.mark);
            let after = effect.after.as_ref().map(|marked| marked.mark.clone());
            touched.note_project(&effect.project);
            if changes_what_is_offered(before.as_ref(), after.as_ref()) {
                for path in shelf.paths(&effect.project) {
                    touched.note(&effect.project, path);
                }
            }
            shelf.apply_mark(&effect.project, before.as_ref(), effect.after, serial);
            self.journal.push(Event {
                serial,
                index: index.clone(),
                project: effect.project,
                kind: effect.kind,
                subject: EventSubject::Mark { before, after },
                by: by.clone(),
            });
        }
        if self.journal.len() == journal_start {
            return Committed::Unchanged;
        }
        self.head = serial;
        Committed::Applied(touched.into_applied(index, serial))
    }

    fn events_after(&self, serial: Serial, limit: usize) -> Vec<Event> {
        let start = self.journal.partition_point(|event| event.serial <= serial);
        let rest = &self.journal[start..];
        let end = match rest.get(limit) {
            None => rest.len(),
            // The serial that would be split is left out, unless it is the first one.
            Some(split) if split.serial != rest[0].serial => {
                rest.partition_point(|event| event.serial < split.serial)
            }
            Some(_) if limit == 0 => 0,
            Some(split) => rest.partition_point(|event| event.serial <= split.serial),
        };
        rest[..end].to_vec()
    }
}

#[async_trait]
impl Catalog for MemoryCatalog {
    async fn head(&self) -> Result<Serial, StoreError> {
        Ok(self.state().head)
    }

    async fn projects(&self, index: &IndexName) -> Result<ProjectListing, StoreError> {
        let state = self.state();
        let shelf = state.shelves.get(index);
        Ok(ProjectListing {
            serial: state.head,
            projects: shelf.map(Shelf::projects).unwrap_or_default(),
        })
    }

    async fn project(
        &self,
        index: &IndexName,
        project: &ProjectKey,
    ) -> Result<Option<ProjectSnapshot>, StoreError> {
        Ok(self.read(index, |shelf| shelf.project(project)))
    }

    async fn file(
        &self,
        index: &IndexName,
        path: &FilePath,
    ) -> Result<Option<FileRecord>, StoreError> {
        Ok(self.read(index, |shelf| shelf.file(path).cloned()))
    }

    async fn files_named(
        &self,
        index: &IndexName,
        file_name: &str,
    ) -> Result<Vec<FileRecord>, StoreError> {
        Ok(self.read(index, |shelf| shelf.files_named(file_name)))
    }

    async fn files_after(
        &self,
        index: &IndexName,
        after: Option<&FilePath>,
        limit: usize,
    ) -> Result<Vec<FileRecord>, StoreError> {
        Ok(self.read(index, |shelf| shelf.files_after(after, limit)))
    }

    async fn unread_after(
        &self,
        index: &IndexName,
        after: Option<&FilePath>,
        limit: usize,
    ) -> Result<Vec<FileRecord>, StoreError> {
        Ok(self.read(index, |shelf| shelf.unread_after(after, limit)))
    }

    async fn core_metadata(
        &self,
        index: &IndexName,
        path: &FilePath,
    ) -> Result<Option<CoreMetadata>, StoreError> {
        Ok(self.read(index, |shelf| shelf.core_metadata(path)))
    }

    async fn search(
        &self,
        index: &IndexName,
        terms: &SearchTerms,
        limit: usize,
    ) -> Result<Vec<SearchHit>, StoreError> {
        let matcher = Matcher::new(terms);
        Ok(self.read(index, |shelf| shelf.search(&matcher, limit)))
    }

    async fn newest_files(
        &self,
        index: &IndexName,
        limit: usize,
    ) -> Result<Vec<FileRecord>, StoreError> {
        Ok(self.read(index, |shelf| shelf.newest_files(limit)))
    }

    async fn newest_projects(
        &self,
        index: &IndexName,
        limit: usize,
    ) -> Result<Vec<NewProject>, StoreError> {
        Ok(self.read(index, |shelf| shelf.newest_projects(limit)))
    }

    async fn classifiers(&self, index: &IndexName) -> Result<Vec<String>, StoreError> {
        Ok(self.read(index, Shelf::classifiers))
    }

    async fn classified(
        &self,
        index: &IndexName,
        classifiers: &[String],
        limit: usize,
    ) -> Result<Vec<SearchHit>, StoreError> {
        Ok(self.read(index, |shelf| shelf.classified(classifiers, limit)))
    }

    async fn marks(
        &self,
        index: &IndexName,
        project: Option<&ProjectKey>,
    ) -> Result<Vec<ProjectMark>, StoreError> {
        Ok(self.read(index, |shelf| shelf.marks(project)))
    }

    async fn counts(&self, index: &IndexName) -> Result<Counts, StoreError> {
        Ok(self.read(index, Shelf::counts))
    }

    async fn file_bytes(&self, index: &IndexName) -> Result<u64, StoreError> {
        Ok(self.read(index, Shelf::file_bytes))
    }

    async fn last_events_of(
        &self,
        index: &IndexName,
        project: &ProjectKey,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let state = self.state();
        let events = state.journal.iter().rev();
        let its = events.filter(|event| event.index == *index && event.project == *project);
        Ok(its.take(limit).cloned().collect())
    }

    async fn events_after(&self, serial: Serial, limit: usize) -> Result<Vec<Event>, StoreError> {
        Ok(self.state().events_after(serial, limit))
    }

    async fn serial_before(&self, moment: Timestamp) -> Result<Serial, StoreError> {
        let state = self.state();
        let before = state.journal.iter().filter(|event| event.by.at < moment);
        Ok(before.map(|event| event.serial).max().unwrap_or_default())
    }

    async fn commit(&self, change: Change) -> Result<Committed, StoreError> {
        Ok(self.state().commit(change))
    }

    async fn learn(&self, index: &IndexName, learned: Vec<Learned>) -> Result<usize, StoreError> {
        let mut state = self.state();
        let Some(shelf) = state.shelves.get_mut(index) else {
            return Ok(0);
        };
        Ok(learned
            .into_iter()
            .map(|learned| usize::from(shelf.learn(learned)))
            .sum())
    }

    async fn ready(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::conformance::access_store::access_store_promises;
    use crate::conformance::catalog::{FixedClock, catalog_promises};
    use crate::conformance::download_counts::download_counts_promises;

    access_store_promises!((MemoryCatalog::new(&FixedClock), ()));

    catalog_promises!((Arc::new(MemoryCatalog::new(&FixedClock)), ()));

    download_counts_promises!((Arc::new(MemoryCatalog::new(&FixedClock)), ()));
}
