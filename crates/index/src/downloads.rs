//! How often files were downloaded: counted beside the requests, and told by day, file and what
//! fetched them. Nothing about persons is kept: no names, no addresses.

mod agent;
mod counting;
mod day;
mod fetcher;

use std::collections::BTreeMap;

use wheelhouse_standards::found::FoundFile;
use wheelhouse_standards::name::ProjectKey;

pub(crate) use counting::Counting;
pub use counting::Noted;
pub use day::{Day, Days};
pub use fetcher::{Client, Fetcher, Platform, Python, PythonError};

use crate::index::Index;
use crate::ports::{DownloadSums, ProjectDownloads, StoreError};

/// What an operator may choose about counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountingOptions {
    /// Whether downloads are counted.
    pub is_on: bool,
    /// For how many days, the present one among them, counts are kept by day and by what fetched.
    pub detail_days: u32,
}

impl Default for CountingOptions {
    fn default() -> Self {
        Self {
            is_on: true,
            detail_days: 90,
        }
    }
}

/// How often files were downloaded within some days, and ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadReport {
    /// The days that it is about.
    pub days: Days,
    /// How often within them.
    pub total: u64,
    /// How often ever.
    pub ever: u64,
    /// How often on each of the days, in their order.
    pub by_day: Vec<(Day, u64)>,
    /// How often in each month since the first download, by its first day, in their order.
    pub by_month: Vec<(Day, u64)>,
    /// By version in its normal form (empty for files without one), the greatest count first.
    pub by_version: Vec<(String, u64)>,
    /// By file name, the greatest count first.
    pub by_file: Vec<(String, u64)>,
    /// By minor version of Python, or `None` where that was not told, the greatest count first.
    pub by_python: Vec<(Option<Python>, u64)>,
    /// By platform, or `None` where that was not told, the greatest count first.
    pub by_platform: Vec<(Option<Platform>, u64)>,
    /// By client, the greatest count first.
    pub by_client: Vec<(Client, u64)>,
}

impl Index {
    /// Returns how often a project's files were downloaded in the last `days` days, today among
    /// them, or `None` if the index has no such project. Of more days than are kept by day, those
    /// that are. What is in quarantine is told of too: its owner has to know how far it got.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn downloads(
        &self,
        project: &ProjectKey,
        days: u32,
    ) -> Result<Option<DownloadReport>, StoreError> {
        if self.view.project(project).await?.is_none() {
            return Ok(None);
        }
        self.downloads_of(project, days).await.map(Some)
    }

    /// Returns what [`downloads`](Self::downloads) does, for whoever knows that there is such a project
    /// and who may see it.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn downloads_of(
        &self,
        project: &ProjectKey,
        days: u32,
    ) -> Result<DownloadReport, StoreError> {
        let days = self.counted_days(days);
        let sums = self.catalog.project_downloads(&self.name, project, days);
        Ok(self.report(days, sums.await?))
    }

    /// Returns how often files of the whole index were downloaded, without versions and files: for
    /// whoever may see all of it.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn all_downloads(&self, days: u32) -> Result<DownloadReport, StoreError> {
        let days = self.counted_days(days);
        let sums = self.catalog.all_downloads(&self.name, days).await?;
        Ok(self.report(days, sums))
    }

    /// Returns up to `limit` projects that were downloaded in the last `days` days, the most
    /// downloaded first.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn most_downloaded(
        &self,
        days: u32,
        limit: usize,
    ) -> Result<Vec<ProjectDownloads>, StoreError> {
        let days = self.counted_days(days);
        self.view.most_downloaded(days, limit).await
    }

    /// Returns whether downloads are counted.
    pub fn counts_downloads(&self) -> bool {
        self.options.counting.is_on
    }

    /// Returns the last `days` days, as far as they are kept by day.
    pub fn counted_days(&self, days: u32) -> Days {
        let kept = self.options.counting.detail_days.max(1);
        Days::until(Day::of(self.now()), days.min(kept))
    }

    fn report(&self, days: Days, sums: DownloadSums) -> DownloadReport {
        let ever = sums.by_day.iter().chain(&sums.by_month);
        let ever = ever.map(|(_, count)| count).sum();
        let on_day: BTreeMap<Day, u64> = sums.by_day.iter().copied().collect();
        let count_on = |day| (day, on_day.get(&day).copied().unwrap_or(0));
        let by_day: Vec<_> = days.each().map(count_on).collect();
        let of_version = |file_name: &str| {
            FoundFile::of(file_name).map_or_else(String::new, |found| found.version.canonical())
        };
        let fetchers = || sums.by_fetcher.iter().copied();
        DownloadReport {
            days,
            total: by_day.iter().map(|(_, count)| count).sum(),
            ever,
            by_day,
            by_month: months(&sums, Day::of(self.now())),
            by_version: summed(
                sums.by_file
                    .iter()
                    .map(|(name, count)| (of_version(name), *count)),
            ),
            by_python: summed(fetchers().map(|(fetcher, count)| (fetcher.python, count))),
            by_platform: summed(fetchers().map(|(fetcher, count)| (fetcher.platform, count))),
            by_client: summed(fetchers().map(|(fetcher, count)| (fetcher.client, count))),
            by_file: sums.by_file,
        }
    }
}

/// Returns each month from that of the first download to the present one.
fn months(sums: &DownloadSums, today: Day) -> Vec<(Day, u64)> {
    let mut by_month: BTreeMap<Day, u64> = BTreeMap::new();
    for (day, count) in sums.by_month.iter().chain(&sums.by_day) {
        *by_month.entry(day.month()).or_default() += count;
    }
    let Some(first) = by_month.keys().next().copied() else {
        return Vec::new();
    };
    let next = |month: &Day| Some(month.next_month()).filter(|next| next > month && *next <= today);
    std::iter::successors(Some(first), next)
        .map(|month| (month, by_month.get(&month).copied().unwrap_or(0)))
        .collect()
}

/// Sums counts of the same thing, and puts the greatest first.
fn summed<T: Ord>(counts: impl Iterator<Item = (T, u64)>) -> Vec<(T, u64)> {
    let mut sums: BTreeMap<T, u64> = BTreeMap::new();
    for (what, count) in counts {
        *sums.entry(what).or_default() += count;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    // What is equally great stays in its order.
    sums.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_told_from_the_first_download_to_the_present() {
        let day = |text: &str| {
            let found = (0..30_000).map(Day).find(|it| it.to_string() == text);
            found.expect("a day of this century")
        };
        let sums = DownloadSums {
            by_month: vec![(day("2025-11-01"), 5), (day("2026-01-01"), 7)],
            by_day: vec![(day("2026-01-31"), 1), (day("2026-02-01"), 2)],
            ..DownloadSums::default()
        };
        let told: Vec<_> = months(&sums, day("2026-03-05"))
            .into_iter()
            .map(|(month, count)| format!("{month} {count}"))
            .collect();
        let expected = [
            "2025-11-01 5",
            "2025-12-01 0",
            "2026-01-01 8",
            "2026-02-01 2",
            "2026-03-01 0",
        ];
        assert_eq!(told, expected);
        assert_eq!(months(&DownloadSums::default(), Day(0)), []);
    }
}
