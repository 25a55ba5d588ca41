//! The port for how often files were downloaded.

use std::fmt;

use async_trait::async_trait;
use wheelhouse_standards::name::ProjectKey;

use super::StoreError;
use crate::downloads::{Day, Days, Fetcher};
use crate::identity::IndexName;

/// How often files were downloaded, by day, file and what fetched them; of days long ago by month
/// and file alone. Not part of the journal: takes no serials, makes no events, and outlives the
/// files that it is about.
///
/// Every implementation passes `wheelhouse_store::conformance::download_counts`. Every catalog is
/// one.
#[async_trait]
pub trait DownloadCounts: fmt::Debug + Send + Sync + 'static {
    /// Adds to the counts, all or nothing, durably. Any number of servers may add at one time; each
    /// count is added once.
    ///
    /// # Errors
    /// [`StoreError`]; where it is undecided, the counts may have been added all the same.
    async fn add_downloads(
        &self,
        index: &IndexName,
        counts: Vec<DownloadCount>,
    ) -> Result<(), StoreError>;

    /// Returns the counts of a project. What happened by file and by what fetched it is within
    /// `days`.
    async fn project_downloads(
        &self,
        index: &IndexName,
        project: &ProjectKey,
        days: Days,
    ) -> Result<DownloadSums, StoreError>;

    /// Returns the counts of all projects together, without files.
    async fn all_downloads(
        &self,
        index: &IndexName,
        days: Days,
    ) -> Result<DownloadSums, StoreError>;

    /// Returns up to `limit` projects that were downloaded within `days`, the most downloaded
    /// first and, of one count, in the order of keys; those without files and those in quarantine
    /// left out.
    async fn most_downloaded(
        &self,
        index: &IndexName,
        days: Days,
        limit: usize,
    ) -> Result<Vec<ProjectDownloads>, StoreError>;

    /// Folds the counts of the oldest day before `before` into those of its month, of all indexes,
    /// and returns whether there was one.
    async fn fold_downloads(&self, before: Day) -> Result<bool, StoreError>;
}

/// How often a file was downloaded on a day by one kind of fetcher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadCount {
    /// The file's project.
    pub project: ProjectKey,
    /// The file's name.
    pub file_name: String,
    /// When.
    pub day: Day,
    /// What fetched it.
    pub fetcher: Fetcher,
    /// How often.
    pub count: u64,
}

/// Counts, each with what it is about. Those that are nought are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DownloadSums {
    /// Of all days that are not folded, in their order.
    pub by_day: Vec<(Day, u64)>,
    /// Of the days that are folded, by the first day of their month, in their order.
    pub by_month: Vec<(Day, u64)>,
    /// By file name, the greatest first, then by name.
    pub by_file: Vec<(String, u64)>,
    /// By what fetched, in its order.
    pub by_fetcher: Vec<(Fetcher, u64)>,
}

/// How often a project was downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectDownloads {
    /// The project.
    pub project: ProjectKey,
    /// How often.
    pub count: u64,
}
