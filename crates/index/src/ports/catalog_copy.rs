//! The ports through which a whole catalog is read and written, row by row, whatever its database.

use std::fmt;

use async_trait::async_trait;
use tokio::sync::mpsc;
use wheelhouse_standards::metadata::CoreMetadata;
use wheelhouse_standards::name::ProjectKey;

use super::{AccessRecord, StoreError};
use crate::audit::AuditEvent;
use crate::change::Event;
use crate::downloads::Day;
use crate::identity::{IndexName, Serial, Timestamp};
use crate::mark::ProjectMark;
use crate::path::FilePath;
use crate::record::FileRecord;

/// One row of a catalog, as every database understands it.
///
/// Rows name what they are about, so that loading one again changes nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum CatalogRow {
    /// A project, also one without files: its serial must never go down.
    Project(ProjectRow),
    /// A file.
    File(Box<FileRow>),
    /// Something that was said about a project, a release or a file.
    Mark(IndexName, ProjectMark),
    /// An event of the journal, with who did it. Those of a serial follow each other, in their order.
    Event(Box<Event>),
    /// A record of who may do what.
    Access(AccessRecord),
    /// Something that may be used once only, and was.
    Claim(ClaimRow),
    /// An event of the trail. They come in their order.
    Audit(Box<AuditEvent>),
    /// How often something was downloaded.
    Downloads(DownloadsRow),
    /// A key that all servers over the catalog share, where the database keeps such keys: SQLite does
    /// not, and leaves it out when it is put.
    Key(KeyRow),
}

/// A project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectRow {
    /// The index.
    pub index: IndexName,
    /// The project.
    pub key: ProjectKey,
    /// How its name is spelled.
    pub display_name: String,
    /// The serial of the last change that touched it.
    pub last_serial: Serial,
}

/// A file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileRow {
    /// The index.
    pub index: IndexName,
    /// Its record.
    pub record: FileRecord,
    /// Its whole core metadata, if it was read and has some.
    pub metadata: Option<CoreMetadata>,
}

/// Something that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimRow {
    /// The SHA-256 of its key.
    pub key_sha256: [u8; 32],
    /// When it may be used again.
    pub until: Timestamp,
}

/// How often something was downloaded. Names are those that the tables have, since a newer program
/// may count more kinds than this one knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadsRow {
    /// The index.
    pub index: IndexName,
    /// The project, or nothing for all of the index.
    pub project: String,
    /// The file's name, or nothing for all of the project.
    pub file: String,
    /// When.
    pub when: CountedWhen,
    /// How often.
    pub count: u64,
}

/// When something was downloaded that was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CountedWhen {
    /// On a day, and by what: names, or nothing for what is not known.
    Day {
        /// The day.
        day: Day,
        /// For which Python.
        python: String,
        /// On which platform.
        platform: String,
        /// By which program.
        client: String,
    },
    /// In the month of this first day.
    Month(Day),
}

/// A key. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// What it is for.
    pub name: String,
    /// The key.
    pub value: Vec<u8>,
}

impl fmt::Debug for KeyRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("KeyRow");
        shown.field("name", &self.name).finish_non_exhaustive()
    }
}

/// Which rows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyScope {
    /// All: projects, files by path as bytes, marks, the journal by serial, and then what
    /// [`Self::Beside`] has, in this order.
    Everything,
    /// What is in no journal: records of access, claims, the trail, downloads, keys.
    Beside {
        /// How many events of the trail, the oldest, are left out.
        audit_skipped: u64,
        /// Counts of days before this one, and of months, are left out if it is given.
        downloads_from: Option<Day>,
    },
}

/// Rows that are being read.
#[derive(Debug)]
pub struct CatalogCopy {
    /// The serial of the last commit that the rows hold.
    pub head: Serial,
    /// The rows, some at a time; none at all are the end. The reading waits until they are taken; it
    /// ends when this is dropped. After an error nothing more comes. Read with [`Self::next`].
    pub rows: mpsc::Receiver<Result<Vec<CatalogRow>, StoreError>>,
}

impl CatalogCopy {
    /// Returns the next rows, or `None` behind the last ones.
    ///
    /// # Errors
    /// [`StoreError`] of the database, and if the rows stop before their end: a copy that is cut
    /// short is never taken for a whole one.
    pub async fn next(&mut self) -> Result<Option<Vec<CatalogRow>>, StoreError> {
        match self.rows.recv().await {
            Some(Ok(rows)) if rows.is_empty() => Ok(None),
            Some(rows) => rows.map(Some),
            None => {
                let reason = "the reading stopped before its end";
                Err(StoreError::new("catalog", "read all rows", reason))
            }
        }
    }
}

/// A catalog that can be read whole, while others write to it.
///
/// Every implementation passes `wheelhouse_store::conformance::catalog_copy`.
#[async_trait]
pub trait CatalogSource: fmt::Debug + Send + Sync + 'static {
    /// Begins to read the rows of one moment. As long as the reading lasts the database keeps what
    /// others take away: whoever is slow writes them somewhere first.
    async fn copy_rows(&self, scope: CopyScope) -> Result<CatalogCopy, StoreError>;
}

/// A catalog that is being filled with the rows of another one. It is nobody's meanwhile: no server
/// starts over it.
///
/// Every implementation passes `wheelhouse_store::conformance::catalog_copy`.
#[async_trait]
pub trait CatalogTarget: fmt::Debug + Send + Sync + 'static {
    /// Begins to fill an empty catalog, or goes on with the filling that has this name, and returns
    /// how far that got.
    ///
    /// # Errors
    /// [`FillError::NotEmpty`] if anything else is in it.
    async fn begin_filling(&self, name: &str) -> Result<Filling, FillError>;

    /// Puts rows, and notes how far the filling got, all or nothing, durably. A row takes the place
    /// of what was there about the same thing. Events come in the order of the journal: those of
    /// serials below the last one that is there are left out.
    async fn put_rows(&self, rows: Vec<CatalogRow>, filled: &Filled) -> Result<(), StoreError>;

    /// Takes away the file at a path, and puts other marks in place of all those of a project.
    async fn put_state(&self, states: Vec<PathOrMarks>) -> Result<(), StoreError>;

    /// Takes away all records of access and all keys, and the counts of days from this one on:
    /// whole lists of them follow.
    async fn clear_beside(&self, downloads_from: Option<Day>) -> Result<(), StoreError>;

    /// Ends the filling, durably: counts what there is, and goes on above `head`. A server may
    /// start over it now.
    async fn end_filling(&self, head: Serial) -> Result<(), StoreError>;
}

/// How something is now that has changed.
#[derive(Debug, Clone, PartialEq)]
pub enum PathOrMarks {
    /// There is no file at this path.
    NoFile(IndexName, FilePath),
    /// These are all the marks of a project, in their order.
    Marks(IndexName, ProjectKey, Vec<ProjectMark>),
}

/// How far a filling got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Filled {
    /// The head of the source when the filling began: what changed since must be looked at again.
    pub since: Serial,
    /// How many events of the trail are there.
    pub audit_events: u64,
}

/// A filling that has begun, or goes on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filling {
    /// How far it got, if it was begun before.
    pub filled: Option<Filled>,
    /// The last path that has a file in the order of paths as bytes, if any has.
    pub last_path: Option<FilePath>,
    /// The last serial whose events are all there.
    pub journal: Serial,
}

/// A catalog cannot be filled.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// It is not empty.
    #[error("the catalog is not empty: {0}")]
    NotEmpty(String),
    /// Anything else.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A catalog that can be held still, so that what was copied of it stays all there is.
#[async_trait]
pub trait CatalogHold: fmt::Debug + Send + Sync + 'static {
    /// Keeps everybody from changing anything from now on, durably, and returns the head. Whoever
    /// tries gets a [`StoreError`] that is away. Repeating it with the same name changes nothing.
    async fn hold(&self, hold: &Hold) -> Result<Serial, StoreError>;

    /// Lets everybody change things again, if it is held under this name, and returns whether it
    /// was.
    async fn release(&self, name: &str) -> Result<bool, StoreError>;

    /// Returns who holds it, if anybody does.
    async fn held(&self) -> Result<Option<Hold>, StoreError>;

    /// Returns the name of the filling that it is in the middle of, if there is one.
    async fn being_filled(&self) -> Result<Option<String>, StoreError>;
}

/// Why a catalog is held still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The name of the move.
    pub name: String,
    /// Where the index goes, for people.
    pub to: String,
    /// Whether it has gone there: nothing here counts any more.
    pub has_moved: bool,
    /// Since when.
    pub since: Timestamp,
}
