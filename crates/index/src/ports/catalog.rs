//! The port for the record of what the index holds.

use async_trait::async_trait;
use wheelhouse_standards::metadata::CoreMetadata;
use wheelhouse_standards::name::ProjectKey;

use super::{DownloadCounts, StoreError};
use crate::change::{Applied, Change, Event, Learned};
use crate::identity::{IndexName, Serial, Timestamp};
use crate::mark::ProjectMark;
use crate::path::FilePath;
use crate::record::{FileRecord, ProjectListing, ProjectSnapshot};

/// The record of projects, files and events.
///
/// Every implementation passes `wheelhouse_store::conformance::catalog`, which holds the promises
/// below. The index depends on those promises, not on a database. A read sees all of a commit or
/// nothing of it, and everything that was committed before it began.
#[async_trait]
pub trait Catalog: DownloadCounts {
    /// Returns the serial of the last commit.
    async fn head(&self) -> Result<Serial, StoreError>;

    /// Returns all projects that have files, ordered by key.
    async fn projects(&self, index: &IndexName) -> Result<ProjectListing, StoreError>;

    /// Returns the files, marks and last serial of `project` from one consistent read, or `None`
    /// if no file belongs to it.
    async fn project(
        &self,
        index: &IndexName,
        project: &ProjectKey,
    ) -> Result<Option<ProjectSnapshot>, StoreError>;

    /// Returns the record of the file at `path`.
    async fn file(
        &self,
        index: &IndexName,
        path: &FilePath,
    ) -> Result<Option<FileRecord>, StoreError>;

    /// Returns the records of all files with this name, whatever their folder, ordered by path.
    async fn files_named(
        &self,
        index: &IndexName,
        file_name: &str,
    ) -> Result<Vec<FileRecord>, StoreError>;

    /// Returns up to `limit` files with paths after `after`, ordered by path as bytes.
    async fn files_after(
        &self,
        index: &IndexName,
        after: Option<&FilePath>,
        limit: usize,
    ) -> Result<Vec<FileRecord>, StoreError>;

    /// Returns up to `limit` files that nobody has read yet, with paths after `after`, ordered by
    /// path as bytes.
    async fn unread_after(
        &self,
        index: &IndexName,
        after: Option<&FilePath>,
        limit: usize,
    ) -> Result<Vec<FileRecord>, StoreError>;

    /// Returns the whole core metadata of the file at `path`, if it was read.
    async fn core_metadata(
        &self,
        index: &IndexName,
        path: &FilePath,
    ) -> Result<Option<CoreMetadata>, StoreError>;

    /// Returns up to `limit` hits, one for each file that matches, signatures and quarantined
    /// projects left out, ordered by project and path.
    async fn search(
        &self,
        index: &IndexName,
        terms: &SearchTerms,
        limit: usize,
    ) -> Result<Vec<SearchHit>, StoreError>;

    /// Returns up to `limit` files, the last uploaded first and, of one moment, the last path
    /// first; signatures and quarantined projects left out.
    async fn newest_files(
        &self,
        index: &IndexName,
        limit: usize,
    ) -> Result<Vec<FileRecord>, StoreError>;

    /// Returns up to `limit` projects, the one whose oldest file is the youngest first;
    /// signatures and quarantined projects left out.
    async fn newest_projects(
        &self,
        index: &IndexName,
        limit: usize,
    ) -> Result<Vec<NewProject>, StoreError>;

    /// Returns the classifiers of all files that were read, each once, ordered.
    async fn classifiers(&self, index: &IndexName) -> Result<Vec<String>, StoreError>;

    /// Returns up to `limit` hits, one for each file that has all of these classifiers,
    /// quarantined projects left out, ordered by project and path.
    async fn classified(
        &self,
        index: &IndexName,
        classifiers: &[String],
        limit: usize,
    ) -> Result<Vec<SearchHit>, StoreError>;

    /// Returns the marks of `project`, or of all projects, ordered by project and by when they
    /// were first set. They outlive the files that they are about.
    async fn marks(
        &self,
        index: &IndexName,
        project: Option<&ProjectKey>,
    ) -> Result<Vec<ProjectMark>, StoreError>;

    /// Returns how much the index holds.
    async fn counts(&self, index: &IndexName) -> Result<Counts, StoreError>;

    /// Returns how many bytes all files have together, signatures included. Every record is looked
    /// at: not for requests that come often.
    async fn file_bytes(&self, index: &IndexName) -> Result<u64, StoreError>;

    /// Returns up to `limit` events with serials after `serial`, in their order. The events of
    /// one serial are never split: there may be more than `limit` of them.
    async fn events_after(&self, serial: Serial, limit: usize) -> Result<Vec<Event>, StoreError>;

    /// Returns the last `limit` events of a project, the last first. A serial may be split.
    async fn last_events_of(
        &self,
        index: &IndexName,
        project: &ProjectKey,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError>;

    /// Returns the serial of the last commit that was made before `moment`, or zero if there is
    /// none in the journal.
    async fn serial_before(&self, moment: Timestamp) -> Result<Serial, StoreError>;

    /// Records a change and its events in one transaction, all or nothing, durably.
    ///
    /// What the change expects is looked at in the same transaction: of changes that expect the
    /// same and would make it untrue, made at one time by any number of processes, one is
    /// recorded.
    ///
    /// The content that a change names must already be in the file store, so that a listed file
    /// can always be downloaded. An `Add` of a path that has a record acts as `Replace`, and the
    /// reverse; changes that would change nothing are left out: the same record again, a file
    /// that was found with the fingerprint that its record has already (whatever else the record
    /// holds: what was read or uploaded is never forgotten because the file was seen again), the
    /// removal of a path without a record, a mark that says what was said before, the clearing of
    /// a mark that is not there.
    async fn commit(&self, change: Change) -> Result<Committed, StoreError>;

    /// Adds what was read to records that are still about the content that was read, and returns
    /// how many those were. Not a change: takes no serial, makes no event.
    async fn learn(&self, index: &IndexName, learned: Vec<Learned>) -> Result<usize, StoreError>;

    /// Succeeds if the catalog can be read.
    async fn ready(&self) -> Result<(), StoreError>;
}

/// Outcome of [`Catalog::commit`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    /// Recorded. Says what it touched.
    Applied(Applied),
    /// The index already was as the change wants it. Nothing was written.
    Unchanged,
    /// This path does not hold what the change expects. Nothing was written.
    Unexpected(FilePath),
}

/// What a search looks for. Letters of either case are the same.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchTerms {
    /// Texts that the project's name may hold, in any spelling of the name.
    pub name: Vec<String>,
    /// Texts that the summary may hold.
    pub summary: Vec<String>,
    /// Whether one text that is held is enough, or all must be.
    pub any: bool,
}

/// One file that a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchHit {
    /// The project.
    pub project: ProjectKey,
    /// How the file spells the project's name.
    pub spelled_name: String,
    /// The version, as the file name spells it.
    pub version: String,
    /// The summary, if the file was read and has one.
    pub summary: Option<String>,
}

/// A project, and since when it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProject {
    /// The project.
    pub key: ProjectKey,
    /// How the newest file spells the project's name.
    pub display_name: String,
    /// When its oldest file was uploaded.
    pub since: Timestamp,
}

/// How much an index holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Projects that have files.
    pub projects: u64,
    /// Files, signatures included.
    pub files: u64,
    /// Files that nobody has read yet.
    pub unread: u64,
}
