//! Counts of downloads as rows: what both databases share of it.
//!
//! Each count is added to three rows: that of its file by day and fetcher, that of its project by
//! day, that of the whole index by day and fetcher. Charts and totals then read few rows, however
//! many files there are.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use wheelhouse_index::downloads::{Client, Day, Fetcher, Platform};
use wheelhouse_index::ports::{DownloadCount, DownloadSums};

/// What a count is added to. Rows are written in this order everywhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DownloadRow {
    /// Empty for the whole index.
    pub(super) project: String,
    /// Empty for the whole project.
    pub(super) file: String,
    pub(super) day: i32,
    pub(super) python: String,
    pub(super) platform: &'static str,
    pub(super) client: &'static str,
}

/// Returns what is to be added to which rows.
pub(super) fn rows(counts: Vec<DownloadCount>) -> BTreeMap<DownloadRow, i64> {
    let mut rows = BTreeMap::new();
    for DownloadCount {
        project,
        file_name,
        day,
        fetcher,
        count,
    } in counts
    {
        let of_file = DownloadRow {
            project: project.as_str().to_owned(),
            file: file_name,
            day: day.0,
            python: fetcher
                .python
                .map_or_else(String::new, |python| python.to_string()),
            platform: fetcher.platform.map_or("", Platform::name),
            client: fetcher.client.name(),
        };
        let of_project = DownloadRow {
            file: String::new(),
            python: String::new(),
            platform: "",
            client: "",
            ..of_file.clone()
        };
        let of_index = DownloadRow {
            project: String::new(),
            file: String::new(),
            ..of_file.clone()
        };
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        for row in [of_file, of_project, of_index] {
            let sum: &mut i64 = rows.entry(row).or_default();
            *sum = sum.saturating_add(count);
        }
    }
    rows
}

/// The sums of a project (`$2`), or of the whole index where that is empty: five columns of what, as
/// [`Sums::add`] reads them, and the count.
pub(super) const SUMS: &str = "
    WITH found AS (
        SELECT id, project, file FROM counted_files WHERE index_name = $1 AND project = $2
    ), recent AS (
        SELECT f.project, f.file, d.python, d.platform, d.client, d.count
        FROM found f JOIN downloads d ON d.file_id = f.id
        WHERE d.day >= $3 AND d.day <= $4
    )
    SELECT 0, d.day, '', '', '', CAST(sum(d.count) AS bigint)
        FROM found f JOIN downloads d ON d.file_id = f.id WHERE f.file = '' GROUP BY d.day
    UNION ALL
    SELECT 1, m.month, '', '', '', CAST(sum(m.count) AS bigint)
        FROM found f JOIN download_months m ON m.file_id = f.id WHERE f.file = '' GROUP BY m.month
    UNION ALL
    SELECT 2, 0, file, '', '', CAST(sum(count) AS bigint)
        FROM recent WHERE file <> '' GROUP BY file
    UNION ALL
    SELECT 3, 0, python, platform, client, CAST(sum(count) AS bigint)
        FROM recent WHERE (file <> '') = (project <> '') GROUP BY python, platform, client";

/// The projects that were downloaded most. `CROSS JOIN` keeps SQLite from beginning with all projects
/// that there are.
pub(super) const MOST: &str = "
    SELECT p.key, CAST(sum(d.count) AS bigint) AS total
    FROM indexes i CROSS JOIN counted_files f CROSS JOIN downloads d CROSS JOIN projects p
    WHERE i.name = $1 AND f.index_name = $1 AND f.file = ''
        AND d.file_id = f.id AND d.day >= $2 AND d.day <= $3
        AND p.index_id = i.id AND p.key = f.project
        AND p.file_count > 0 AND p.status <> 'quarantined'
    GROUP BY p.key ORDER BY total DESC, p.key LIMIT $4";

/// The oldest day before one.
pub(super) const OLDEST: &str = "SELECT min(day) FROM downloads WHERE day < $1";

/// Adds a day (`$2`) to its month. Values stand in their order everywhere: SQLite counts them as they
/// come.
pub(super) const FOLD: &str = "
    INSERT INTO download_months (file_id, month, count)
    SELECT file_id, $1, sum(count) FROM downloads WHERE day = $2 GROUP BY file_id
    ON CONFLICT (file_id, month)
        DO UPDATE SET count = download_months.count + excluded.count";

/// Forgets a day that was added to its month.
pub(super) const FORGET: &str = "DELETE FROM downloads WHERE day = $1";

/// Sums, as rows of [`SUMS`] tell them.
#[derive(Debug, Default)]
pub(super) struct Sums(DownloadSums);

impl Sums {
    pub(super) fn add(&mut self, kind: i64, day: i64, texts: [&str; 3], count: i64) {
        let count = u64::try_from(count).unwrap_or(0);
        let day = Day(i32::try_from(day).unwrap_or(i32::MAX));
        match kind {
            0 => self.0.by_day.push((day, count)),
            1 => self.0.by_month.push((day, count)),
            2 => self.0.by_file.push((texts[0].to_owned(), count)),
            _ => {
                let [python, platform, client] = texts;
                let fetcher = Fetcher {
                    client: Client::from_name(client),
                    // A newer program may know more of them.
                    python: python.parse().ok(),
                    platform: Platform::from_name(platform),
                };
                self.0.by_fetcher.push((fetcher, count));
            }
        }
    }

    pub(super) fn ordered(self) -> DownloadSums {
        let Self(mut sums) = self;
        sums.by_day.sort_unstable();
        sums.by_month.sort_unstable();
        let greatest_first = |one: &(String, u64), other: &(String, u64)| {
            (Reverse(one.1), &one.0).cmp(&(Reverse(other.1), &other.0))
        };
        sums.by_file.sort_unstable_by(greatest_first);
        sums.by_fetcher.sort_unstable();
        // Names that this program does not know are one.
        sums.by_fetcher.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            if is_same {
                kept.1 += next.1;
            }
            is_same
        });
        sums
    }
}
