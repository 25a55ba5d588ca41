//! What a failing catalog leaves behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use wheelhouse_index::IndexOptions;
use wheelhouse_index::change::{Change, Event, Learned};
use wheelhouse_index::downloads::{Day, Days};
use wheelhouse_index::identity::{IndexName, Serial, Timestamp};
use wheelhouse_index::mark::ProjectMark;
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{
    Catalog, Clock, Committed, Counts, DownloadCount, DownloadCounts, DownloadSums, NewProject,
    ProjectDownloads, SearchHit, SearchTerms, StoreError,
};
use wheelhouse_index::publish::{ClaimedDigests, Overwrite, PublishError};
use wheelhouse_index::record::{FileRecord, ProjectListing, ProjectSnapshot};
use wheelhouse_standards::metadata::CoreMetadata;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_store::catalog::MemoryCatalog;

use crate::house::House;

/// A catalog that can be told to fail its commits.
#[derive(Debug)]
pub(crate) struct Moody {
    catalog: MemoryCatalog,
    pub(crate) fails: AtomicBool,
    /// It records, and then cannot say so.
    pub(crate) is_struck_dumb: AtomicBool,
}

impl Moody {
    pub(crate) fn new(clock: &dyn Clock) -> Self {
        Self {
            catalog: MemoryCatalog::new(clock),
            fails: AtomicBool::new(false),
            is_struck_dumb: AtomicBool::new(false),
        }
    }
}

#[async_trait]
impl DownloadCounts for Moody {
    async fn add_downloads(
        &self,
        index: &IndexName,
        counts: Vec<DownloadCount>,
    ) -> Result<(), StoreError> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(StoreError::new("moody", "count", "it does not want to").while_away(true));
        }
        self.catalog.add_downloads(index, counts).await?;
        if self.is_struck_dumb.load(Ordering::Relaxed) {
            return Err(StoreError::new("moody", "count", "it cannot say").while_undecided(true));
        }
        Ok(())
    }

    async fn project_downloads(
        &self,
        index: &IndexName,
        project: &ProjectKey,
        days: Days,
    ) -> Result<DownloadSums, StoreError> {
        self.catalog.project_downloads(index, project, days).await
    }

    async fn all_downloads(
        &self,
        index: &IndexName,
        days: Days,
    ) -> Result<DownloadSums, StoreError> {
        self.catalog.all_downloads(index, days).await
    }

    async fn most_downloaded(
        &self,
        index: &IndexName,
        days: Days,
        limit: usize,
    ) -> Result<Vec<ProjectDownloads>, StoreError> {
        self.catalog.most_downloaded(index, days, limit).await
    }

    async fn fold_downloads(&self, before: Day) -> Result<bool, StoreError> {
        self.catalog.fold_downloads(before).await
    }
}

#[async_trait]
impl Catalog for Moody {
    async fn head(&self) -> Result<Serial, StoreError> {
        self.catalog.head().await
    }

    async fn projects(&self, index: &IndexName) -> Result<ProjectListing, StoreError> {
        self.catalog.projects(index).await
    }

    async fn project(
        &self,
        index: &IndexName,
        project: &ProjectKey,
    ) -> Result<Option<ProjectSnapshot>, StoreError> {
        self.catalog.project(index, project).await
    }

    async fn file(
        &self,
        index: &IndexName,
        path: &FilePath,
    ) -> Result<Option<FileRecord>, StoreError> {
        self.catalog.file(index, path).await
    }

    async fn files_named(
        &self,
        index: &IndexName,
        file_name: &str,
    ) -> Result<Vec<FileRecord>, StoreError> {
        self.catalog.files_named(index, file_name).await
    }

    async fn files_after(
        &self,
        index: &IndexName,
        after: Option<&FilePath>,
        limit: usize,
    ) -> Result<Vec<FileRecord>, StoreError> {
        self.catalog.files_after(index, after, limit).await
    }

    async fn unread_after(
        &self,
        index: &IndexName,
        after: Option<&FilePath>,
        limit: usize,
    ) -> Result<Vec<FileRecord>, StoreError> {
        self.catalog.unread_after(index, after, limit).await
    }

    async fn core_metadata(
        &self,
        index: &IndexName,
        path: &FilePath,
    ) -> Result<Option<CoreMetadata>, StoreError> {
        self.catalog.core_metadata(index, path).await
    }

    async fn search(
        &self,
        index: &IndexName,
        terms: &SearchTerms,
        limit: usize,
    ) -> Result<Vec<SearchHit>, StoreError> {
        self.catalog.search(index, terms, limit).await
    }

    async fn newest_files(
        &self,
        index: &IndexName,
        limit: usize,
    ) -> Result<Vec<FileRecord>, StoreError> {
        self.catalog.newest_files(index, limit).await
    }

    async fn newest_projects(
        &self,
        index: &IndexName,
        limit: usize,
    ) -> Result<Vec<NewProject>, StoreError> {
        self.catalog.newest_projects(index, limit).await
    }

    async fn classifiers(&self, index: &IndexName) -> Result<Vec<String>, StoreError> {
        self.catalog.classifiers(index).await
    }

    async fn classified(
        &self,
        index: &IndexName,
        classifiers: &[String],
        limit: usize,
    ) -> Result<Vec<SearchHit>, StoreError> {
        self.catalog.classified(index, classifiers, limit).await
    }

    async fn serial_before(&self, moment: Timestamp) -> Result<Serial, StoreError> {
        self.catalog.serial_before(moment).await
    }

    async fn marks(
        &self,
        index: &IndexName,
        project: Option<&ProjectKey>,
    ) -> Result<Vec<ProjectMark>, StoreError> {
        self.catalog.marks(index, project).await
    }

    async fn counts(&self, index: &IndexName) -> Result<Counts, StoreError> {
        self.catalog.counts(index).await
    }

    async fn file_bytes(&self, index: &IndexName) -> Result<u64, StoreError> {
        self.catalog.file_bytes(index).await
    }

    async fn last_events_of(
        &self,
        index: &IndexName,
        project: &ProjectKey,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        self.catalog.last_events_of(index, project, limit).await
    }

    async fn events_after(&self, serial: Serial, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.catalog.events_after(serial, limit).await
    }

    async fn commit(&self, change: Change) -> Result<Committed, StoreError> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(StoreError::new("moody", "commit", "it is in a mood"));
        }
        let done = self.catalog.commit(change).await;
        if self.is_struck_dumb.load(Ordering::Relaxed) {
            return Err(StoreError::new("moody", "commit", "cut off").while_undecided(true));
        }
        done
    }

    async fn learn(&self, index: &IndexName, learned: Vec<Learned>) -> Result<usize, StoreError> {
        self.catalog.learn(index, learned).await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.catalog.ready().await
    }
}

#[tokio::test]
async fn a_commit_that_fails_takes_the_file_back() {
    let clock = House::clock();
    let moody = Arc::new(Moody::new(&*clock));
    moody.fails.store(true, Ordering::Relaxed);
    let house = House::with_catalog(IndexOptions::default(), Arc::clone(&moody) as _, clock);
    let upload = || {
        let files: &[(&str, &[u8])] = &[("demo-1.0.zip", b"a"), ("demo-1.0.zip.asc", b"b")];
        house.upload(files, ClaimedDigests::default(), Overwrite::Refuse)
    };
    assert!(matches!(upload().await, Err(PublishError::Store(_))));
    assert!(house.files.paths().is_empty());
    moody.fails.store(false, Ordering::Relaxed);
    upload().await.expect("the catalog is well again");
    assert_eq!(house.files.paths().len(), 2);
}

#[tokio::test]
async fn a_scan_that_cannot_be_recorded_sends_nobody_elsewhere() {
    let clock = House::clock();
    let moody = Arc::new(Moody::new(&*clock));
    moody.fails.store(true, Ordering::Relaxed);
    let house = House::with_catalog(IndexOptions::default(), Arc::clone(&moody) as _, clock);
    let unknown = ProjectKey::of("unknown").expect("a name");
    house.copy_in("secret-1.0.zip", b"a");
    house.scan().await;
    assert!(!house.index.surely_lacks(&unknown));
    assert!(house.index.ready().await.is_err());
    moody.fails.store(false, Ordering::Relaxed);
    house.scan().await;
    assert!(house.index.surely_lacks(&unknown));
    house.index.ready().await.expect("everything is listed");
}
