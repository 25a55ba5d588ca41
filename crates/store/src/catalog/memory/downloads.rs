//! How often files were downloaded, for as long as the program runs.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use async_trait::async_trait;
use wheelhouse_index::downloads::{Day, Days, Fetcher};
use wheelhouse_index::identity::IndexName;
use wheelhouse_index::ports::{
    DownloadCount, DownloadCounts, DownloadSums, ProjectDownloads, StoreError,
};
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::ProjectStatus;

use super::MemoryCatalog;
use super::shelf::Shelf;

/// The counts of one index.
#[derive(Debug, Default)]
pub(super) struct DownloadShelf(BTreeMap<ProjectKey, BTreeMap<String, FileCounts>>);

#[derive(Debug, Default)]
struct FileCounts {
    by_day: BTreeMap<(Day, Fetcher), u64>,
    by_month: BTreeMap<Day, u64>,
}

#[async_trait]
impl DownloadCounts for MemoryCatalog {
    async fn add_downloads(
        &self,
        index: &IndexName,
        counts: Vec<DownloadCount>,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        let shelf = state.downloads.entry(index.clone()).or_default();
        for counted in counts {
            let files = shelf.0.entry(counted.project).or_default();
            let file = files.entry(counted.file_name).or_default();
            *file
                .by_day
                .entry((counted.day, counted.fetcher))
                .or_default() += counted.count;
        }
        Ok(())
    }

    async fn project_downloads(
        &self,
        index: &IndexName,
        project: &ProjectKey,
        days: Days,
    ) -> Result<DownloadSums, StoreError> {
        let state = self.state();
        let shelf = state.downloads.get(index);
        let files = shelf.and_then(|shelf| shelf.0.get(project));
        Ok(sums(files.into_iter().flatten(), days))
    }

    async fn all_downloads(
        &self,
        index: &IndexName,
        days: Days,
    ) -> Result<DownloadSums, StoreError> {
        let state = self.state();
        let projects = state.downloads.get(index).into_iter();
        let files = projects.flat_map(|shelf| shelf.0.values()).flatten();
        Ok(DownloadSums {
            by_file: Vec::new(),
            ..sums(files, days)
        })
    }

    async fn most_downloaded(
        &self,
        index: &IndexName,
        days: Days,
        limit: usize,
    ) -> Result<Vec<ProjectDownloads>, StoreError> {
        let state = self.state();
        let offered = state.shelves.get(index).map(Shelf::projects);
        let offered = offered.unwrap_or_default();
        let mut most = Vec::new();
        for (project, files) in state.downloads.get(index).into_iter().flat_map(|it| &it.0) {
            let is_offered = offered
                .iter()
                .any(|entry| entry.key == *project && entry.status != ProjectStatus::Quarantined);
            let counts = files.values().flat_map(|file| &file.by_day);
            let recent = counts.filter(|((day, _), _)| days.has(*day));
            let count = recent.map(|(_, count)| count).sum();
            if is_offered && count > 0 {
                most.push(ProjectDownloads {
                    project: project.clone(),
                    count,
                });
            }
        }
        most.sort_by_key(|one| Reverse(one.count));
        most.truncate(limit);
        Ok(most)
    }

    async fn fold_downloads(&self, before: Day) -> Result<bool, StoreError> {
        let mut state = self.state();
        let shelves = state.downloads.values_mut();
        let mut files: Vec<_> = shelves
            .flat_map(|shelf| shelf.0.values_mut())
            .flat_map(BTreeMap::values_mut)
            .collect();
        let days = files.iter().filter_map(|file| file.by_day.keys().next());
        let oldest = days.map(|(day, _)| *day).min();
        let Some(oldest) = oldest.filter(|day| *day < before) else {
            return Ok(false);
        };
        for file in &mut files {
            let mut sum = 0;
            file.by_day.retain(|(day, _), count| {
                let is_kept = *day != oldest;
                sum += if is_kept { 0 } else { *count };
                is_kept
            });
            if sum > 0 {
                *file.by_month.entry(oldest.month()).or_default() += sum;
            }
        }
        Ok(true)
    }
}

fn sums<'a>(files: impl Iterator<Item = (&'a String, &'a FileCounts)>, days: Days) -> DownloadSums {
    let (mut by_day, mut by_month) = (BTreeMap::new(), BTreeMap::new());
    let (mut by_file, mut by_fetcher) = (BTreeMap::new(), BTreeMap::new());
    for (name, file) in files {
        for ((day, fetcher), count) in &file.by_day {
            *by_day.entry(*day).or_insert(0) += count;
            if days.has(*day) {
                *by_file.entry(name).or_insert(0) += count;
                *by_fetcher.entry(*fetcher).or_insert(0) += count;
            }
        }
        for (month, count) in &file.by_month {
            *by_month.entry(*month).or_insert(0) += count;
        }
    }
    let mut by_file: Vec<(String, u64)> = by_file
        .into_iter()
        .map(|(name, count)| (name.clone(), count))
        .collect();
    by_file.sort_by_key(|(_, count)| Reverse(*count));
    DownloadSums {
        by_day: by_day.into_iter().collect(),
        by_month: by_month.into_iter().collect(),
        by_file,
        by_fetcher: by_fetcher.into_iter().collect(),
    }
}
