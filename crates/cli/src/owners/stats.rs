//! `stats`: how often files were downloaded.

use std::fmt::Write;

use wheelhouse_server::api::{
    DayCount, DownloadFigures, IndexDownloads, NamedCount, ProjectDownloads,
};

use super::Options;
use super::connection::Connection;
use crate::exit::Failure;
use crate::program::print;

/// How many days are shown without being asked for.
const DAYS: u64 = 30;
/// More days than this are shown by week.
const MOST_DAYS: usize = 31;
/// How many lines a table has at most.
const LINES: usize = 10;
/// How wide the longest bar is, in characters.
const BAR: u64 = 30;

/// Shows how often the files of the index were downloaded.
pub(super) async fn index(connection: &Connection, options: &Options) -> Result<(), Failure> {
    let path = format!("/api/v1/downloads?days={}", days(options));
    let answer = connection.get(&path).await?;
    if options.json {
        return print(&answer.text());
    }
    let report: IndexDownloads = answer.read()?;
    let mut text = String::new();
    if let Some(figures) = &report.downloads {
        summary(&mut text, "the index", figures);
        by_time(&mut text, &figures.by_day);
    }
    table(&mut text, "project", &report.projects);
    if let Some(figures) = &report.downloads {
        fetchers(&mut text, figures);
    }
    if text.is_empty() {
        text.push_str("nothing that you may see was downloaded\n");
    }
    print(&text)
}

/// Shows how often a project's files were downloaded.
pub(super) async fn project(
    connection: &Connection,
    options: &Options,
    project: String,
) -> Result<(), Failure> {
    let path = format!(
        "/api/v1/projects/{project}/downloads?days={}",
        days(options)
    );
    let answer = connection.get(&path).await?;
    if options.json {
        return print(&answer.text());
    }
    let report: ProjectDownloads = answer.read()?;
    let figures = &report.downloads;
    let mut text = String::new();
    summary(&mut text, &report.project, figures);
    by_time(&mut text, &figures.by_day);
    table(&mut text, "version", &figures.by_version);
    table(&mut text, "file", &figures.by_file);
    fetchers(&mut text, figures);
    print(&text)
}

fn days(options: &Options) -> u64 {
    options.stats_days.unwrap_or(DAYS)
}

fn summary(text: &mut String, what: &str, figures: &DownloadFigures) {
    let _ = writeln!(
        text,
        "{what}: {} from {} to {}, {} ever",
        super::show::count(figures.total, "download"),
        figures.from,
        figures.to,
        figures.ever
    );
}

fn fetchers(text: &mut String, figures: &DownloadFigures) {
    table(text, "python", &figures.by_python);
    table(text, "platform", &figures.by_platform);
    table(text, "client", &figures.by_client);
}

/// Shows days, or weeks where there are many, as bars.
fn by_time(text: &mut String, by_day: &[DayCount]) {
    if by_day.iter().all(|one| one.count == 0) {
        return;
    }
    let (what, length) = if by_day.len() > MOST_DAYS {
        ("week from", 7)
    } else {
        ("day", 1)
    };
    // The last week ends today.
    let bars: Vec<(&str, u64)> = by_day
        .rchunks(length)
        .rev()
        .map(|days| (days[0].day.as_str(), days.iter().map(|day| day.count).sum()))
        .collect();
    let greatest = bars.iter().map(|(_, count)| *count).max().unwrap_or(0);
    let digits = greatest.to_string().len();
    let _ = writeln!(text, "\nby {what}");
    for (day, count) in bars {
        // What was downloaded at all is seen.
        let length = (count * BAR).div_ceil(greatest.max(1));
        let bar = "#".repeat(usize::try_from(length).unwrap_or(0));
        let line = format!("  {day}  {count:>digits$}  {bar}");
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

fn table(text: &mut String, what: &str, counts: &[NamedCount]) {
    if counts.is_empty() {
        return;
    }
    let shown = &counts[..counts.len().min(LINES)];
    let rest = &counts[shown.len()..];
    let digits = shown.iter().map(|one| one.count.to_string().len()).max();
    let digits = digits.unwrap_or(1);
    let _ = writeln!(text, "\nby {what}");
    for one in shown {
        let name = if one.name.is_empty() {
            "(none)"
        } else {
            &one.name
        };
        let _ = writeln!(text, "  {:>digits$}  {name}", one.count);
    }
    if !rest.is_empty() {
        let sum: u64 = rest.iter().map(|one| one.count).sum();
        let _ = writeln!(text, "  {sum:>digits$}  ({} more)", rest.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(counts: &[(&str, u64)]) -> Vec<NamedCount> {
        let named = |(name, count): &(&str, u64)| NamedCount {
            name: (*name).to_owned(),
            count: *count,
        };
        counts.iter().map(named).collect()
    }

    fn by_day(counts: &[u64]) -> Vec<DayCount> {
        let days = counts.iter().zip(1..);
        days.map(|(count, day)| DayCount {
            day: format!("day-{day:02}"),
            count: *count,
        })
        .collect()
    }

    #[test]
    fn a_table_is_aligned_and_ends() {
        let mut text = String::new();
        table(&mut text, "version", &counts(&[("1.0", 120), ("", 3)]));
        assert_eq!(text, "\nby version\n  120  1.0\n    3  (none)\n");
        let many: Vec<_> = (0..13).map(|_| ("x", 2)).collect();
        text.clear();
        table(&mut text, "file", &counts(&many));
        assert_eq!(text.lines().count(), 13, "{text}");
        assert!(text.ends_with("\n  6  (3 more)\n"), "{text}");
        text.clear();
        table(&mut text, "file", &[]);
        assert_eq!(text, "");
    }

    #[test]
    fn days_are_bars_and_many_days_are_weeks() {
        let mut text = String::new();
        by_time(&mut text, &by_day(&[0, 1, 30, 60]));
        let bar = "#".repeat(15);
        let expected = format!(
            "\nby day\n  day-01   0\n  day-02   1  #\n  day-03  30  {bar}\n  day-04  60  {bar}{bar}\n"
        );
        assert_eq!(text, expected);
        text.clear();
        by_time(&mut text, &by_day(&[1; 36]));
        let bar = "#".repeat(30);
        assert!(
            text.starts_with("\nby week from\n  day-01  1  #####\n"),
            "{text}"
        );
        assert!(text.ends_with(&format!("  day-30  7  {bar}\n")), "{text}");
        text.clear();
        by_time(&mut text, &by_day(&[0, 0]));
        assert_eq!(text, "");
    }
}
