//! The catalog in a SQLite file. One thread writes, a few read; what a commit has answered is on
//! the disk.

mod access;
mod checked;
mod classifiers;
mod commit;
mod copying;
mod downloads;
mod failure;
mod journal;
mod learn;
mod lock;
mod mark;
mod marks;
mod newest;
mod open;
mod read;
mod readers;
mod row;
mod schema;
mod upkeep;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::Connection;
use wheelhouse_index::change::{Change, Event, Learned};
use wheelhouse_index::identity::{IndexName, Serial, Timestamp};
use wheelhouse_index::mark::ProjectMark;
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{
    Catalog, Clock, Committed, Counts, NewProject, SearchHit, SearchTerms, StoreError,
};
use wheelhouse_index::record::{FileRecord, ProjectListing, ProjectSnapshot};
use wheelhouse_standards::metadata::CoreMetadata;
use wheelhouse_standards::name::ProjectKey;

use super::schema_state::SchemaState;
use failure::{BACKEND, Failure, Outcome};
use lock::CatalogLock;
use mark::SerialMark;
use readers::Readers;
use writer::Writer;

/// How many connections read at the same time.
const READERS: usize = 4;

/// A catalog in a SQLite file.
#[derive(Debug)]
pub struct SqliteCatalog {
    // The readers close before the writer: the last connection to close tidies up the log.
    readers: Readers,
    writer: Writer,
    path: PathBuf,
    // Given back when all connections are closed. Whoever reads alone has none.
    lock: Option<CatalogLock>,
}

/// What a [`SqliteCatalog`] needs besides its file.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// Tells where the serials of a new catalog begin.
    pub clock: Arc<dyn Clock>,
    /// The file with the mark that serials never reach, so that they do not go down when the
    /// database is lost. `None` to rely on the clock.
    pub serial_mark: Option<PathBuf>,
    /// What to do if the file is damaged.
    pub when_damaged: WhenDamaged,
}

/// What to do with a damaged catalog at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenDamaged {
    /// Move it aside and begin a new one: the packages tell by themselves what there is.
    BeginAnew,
    /// Leave it as it is and refuse to start: somebody has to decide.
    Refuse,
}

impl SqliteCatalog {
    /// Opens the catalog in the file at `path`, which is made if it is not there.
    ///
    /// A damaged file is moved aside, with a line in the log, and a new catalog begun, unless the
    /// options say that it is refused. Blocks until the file is open.
    ///
    /// # Errors
    /// [`StoreError`] if the folder cannot be used, if another program has the file open, or if it
    /// belongs to a newer program or to another one: such a file is left as it is.
    pub fn open(path: &Path, options: &SqliteOptions) -> Result<Self, StoreError> {
        let failed = |failure: Failure| failure.into_store_error("open the catalog");
        let mut mark = SerialMark::read(options.serial_mark.clone())
            .map_err(|error| StoreError::new(BACKEND, "read the mark of serials", error))?;
        let now_seconds = u64::try_from(options.clock.now().seconds()).unwrap_or(0);
        let lock = CatalogLock::take(path)
            .map_err(|error| StoreError::new(BACKEND, "open the catalog", error))?;
        let connection = open::open_writer(path, &mut mark, now_seconds, options.when_damaged)
            .map_err(|error| StoreError::new(BACKEND, "open the catalog", error))?;
        let readers = (0..READERS)
            .map(|_| open::open_reader(path))
            .collect::<Outcome<_>>()
            .and_then(Readers::start)
            .map_err(failed)?;
        Ok(Self {
            readers,
            writer: Writer::start(connection, mark).map_err(failed)?,
            path: path.to_owned(),
            lock: Some(lock),
        })
    }

    /// Opens the catalog in the file at `path` for reading alone, also while a server uses it:
    /// whoever wants to write hears that it cannot be done. Its tables must be those of this program.
    ///
    /// # Errors
    /// [`StoreError`] if there is no such file, or it cannot be read or is not a catalog of this
    /// version.
    pub fn open_to_read(path: &Path, serial_mark: Option<PathBuf>) -> Result<Self, StoreError> {
        let failed = |failure: Failure| failure.into_store_error("open the catalog");
        let mark = SerialMark::read(serial_mark)
            .map_err(|error| StoreError::new(BACKEND, "read the mark of serials", error))?;
        open::expect_present(path)
            .map_err(|error| StoreError::new(BACKEND, "open the catalog", error))?;
        let readers = (0..READERS)
            .map(|_| open::open_reader(path))
            .collect::<Outcome<_>>()
            .and_then(Readers::start)
            .map_err(failed)?;
        Ok(Self {
            readers,
            writer: Writer::none(mark),
            path: path.to_owned(),
            lock: None,
        })
    }

    /// Tells what the tables in a file are, and what opening it would do to them. Changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] if the file cannot be read, or belongs to another program.
    pub fn schema(path: &Path) -> Result<SchemaState, StoreError> {
        open::schema_of(path)
            .map_err(|error| StoreError::new(BACKEND, "look at the tables of the catalog", error))
    }

    /// Makes the tables in a file, or brings them up to date, and tells what they are then.
    ///
    /// # Errors
    /// As for [`Self::open`]; a damaged file is refused.
    pub fn migrate(path: &Path) -> Result<SchemaState, StoreError> {
        let failed = |error| StoreError::new(BACKEND, "change the tables of the catalog", error);
        let _lock = CatalogLock::take(path)
            .map_err(|error| StoreError::new(BACKEND, "change the tables of the catalog", error))?;
        open::migrate(path).map_err(failed)?;
        open::schema_of(path).map_err(failed)
    }

    async fn read<T: Send + 'static>(
        &self,
        operation: &'static str,
        reading: impl FnOnce(&Connection) -> Outcome<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let outcome = self.readers.read(reading).await;
        self.told(operation, outcome)
    }

    fn told<T>(&self, operation: &'static str, outcome: Outcome<T>) -> Result<T, StoreError> {
        outcome.map_err(|failure| {
            // Whoever reads alone changes nothing beside the file either.
            if failure.is_damage() && self.lock.is_some() {
                open::mark_suspect(&self.path, &failure);
            }
            failure.into_store_error(operation)
        })
    }
}

#[async_trait]
impl Catalog for SqliteCatalog {
    async fn head(&self) -> Result<Serial, StoreError> {
        self.read("read the head of the journal", read::head).await
    }

    async fn projects(&self, index: &IndexName) -> Result<ProjectListing, StoreError> {
        let index = index.clone();
        self.read("list the projects", move |connection| {
            read::projects(connection, &index)
        })
        .await
    }

    async fn project(
        &self,
        index: &IndexName,
        project: &ProjectKey,
    ) -> Result<Option<ProjectSnapshot>, StoreError> {
        let (index, project) = (index.clone(), project.clone());
        self.read("read a project", move |connection| {
            read::project(connection, &index, &project)
        })
        .await
    }

    async fn file(
        &self,
        index: &IndexName,
        path: &FilePath,
    ) -> Result<Option<FileRecord>, StoreError> {
        let (index, path) = (index.clone(), path.clone());
        self.read("read a file's record", move |connection| {
            read::file(connection, &index, &path)
        })
        .await
    }

    async fn files_named(
        &self,
        index: &IndexName,
        file_name: &str,
    ) -> Result<Vec<FileRecord>, StoreError> {
        let (index, file_name) = (index.clone(), file_name.to_owned());
        self.read("find files by name", move |connection| {
            read::files_named(connection, &index, &file_name)
        })
        .await
    }

    async fn files_after(
        &self,
        index: &IndexName,
        after: Option<&FilePath>,
        limit: usize,
    ) -> Result<Vec<FileRecord>, StoreError> {
        let (index, after) = (index.clone(), after.cloned());
        self.read("list the files", move |connection| {
            read::files_after(connection, &index, after.as_ref(), limit)
        })
        .await
    }

    async fn unread_after(
        &self,
        index: &IndexName,
        after: Option<&FilePath>,
        limit: usize,
    ) -> Result<Vec<FileRecord>, StoreError> {
        let (index, after) = (index.clone(), after.cloned());
        self.read("list the unread files", move |connection| {
            read::unread_after(connection, &index, after.as_ref(), limit)
        })
        .await
    }

    async fn core_metadata(
        &self,
        index: &IndexName,
        path: &FilePath,
    ) -> Result<Option<CoreMetadata>, StoreError> {
        let (index, path) = (index.clone(), path.clone());
        self.read("read core metadata", move |connection| {
            read::core_metadata(connection, &index, &path)
        })
        .await
    }

    async fn search(
        &self,
        index: &IndexName,
        terms: &SearchTerms,
        limit: usize,
    ) -> Result<Vec<SearchHit>, StoreError> {
        let (index, terms) = (index.clone(), terms.clone());
        self.read("search", move |connection| {
            read::search(connection, &index, &terms, limit)
        })
        .await
    }

    async fn newest_files(
        &self,
        index: &IndexName,
        limit: usize,
    ) -> Result<Vec<FileRecord>, StoreError> {
        let index = index.clone();
        self.read("list the newest files", move |connection| {
            newest::files(connection, &index, limit)
        })
        .await
    }

    async fn newest_projects(
        &self,
        index: &IndexName,
        limit: usize,
    ) -> Result<Vec<NewProject>, StoreError> {
        let index = index.clone();
        self.read("list the newest projects", move |connection| {
            newest::projects(connection, &index, limit)
        })
        .await
    }

    async fn classifiers(&self, index: &IndexName) -> Result<Vec<String>, StoreError> {
        let index = index.clone();
        self.read("list the classifiers", move |connection| {
            classifiers::all(connection, &index)
        })
        .await
    }

    async fn classified(
        &self,
        index: &IndexName,
        classifiers: &[String],
        limit: usize,
    ) -> Result<Vec<SearchHit>, StoreError> {
        let (index, wanted) = (index.clone(), classifiers.to_vec());
        self.read("find files by classifiers", move |connection| {
            classifiers::having(connection, &index, &wanted, limit)
        })
        .await
    }

    async fn marks(
        &self,
        index: &IndexName,
        project: Option<&ProjectKey>,
    ) -> Result<Vec<ProjectMark>, StoreError> {
        let (index, project) = (index.clone(), project.cloned());
        self.read("read the marks", move |connection| {
            marks::marks(connection, &index, project.as_ref())
        })
        .await
    }

    async fn counts(&self, index: &IndexName) -> Result<Counts, StoreError> {
        let index = index.clone();
        self.read("count", move |connection| read::counts(connection, &index))
            .await
    }

    async fn file_bytes(&self, index: &IndexName) -> Result<u64, StoreError> {
        let index = index.clone();
        self.read("add up the sizes", move |connection| {
            read::file_bytes(connection, &index)
        })
        .await
    }

    async fn last_events_of(
        &self,
        index: &IndexName,
        project: &ProjectKey,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let (index, project) = (index.clone(), project.clone());
        self.read("read the journal of a project", move |connection| {
            journal::last_events_of(connection, &index, &project, limit)
        })
        .await
    }

    async fn events_after(&self, serial: Serial, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.read("read the journal", move |connection| {
            journal::events_after(connection, serial, limit)
        })
        .await
    }

    async fn serial_before(&self, moment: Timestamp) -> Result<Serial, StoreError> {
        self.read("find a moment in the journal", move |connection| {
            journal::serial_before(connection, moment)
        })
        .await
    }

    async fn commit(&self, change: Change) -> Result<Committed, StoreError> {
        let files = change.files.len() + change.marks.len();
        let outcome = self
            .writer
            .write(files, move |connection, mark| {
                commit::commit(connection, mark, change)
            })
            .await;
        self.told("record a change", outcome)
    }

    async fn learn(&self, index: &IndexName, learned: Vec<Learned>) -> Result<usize, StoreError> {
        let index = index.clone();
        let outcome = self
            .writer
            .write(learned.len(), move |connection, _| {
                learn::learn(connection, &index, &learned)
            })
            .await;
        self.told("record what was read", outcome)
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.head().await.map(|_| ())
    }
}

#[cfg(test)]
mod tests;
