//! Changelogs: which versions they tell of, when those came out, and whether anything is said.
//!
//! Read are Keep a Changelog, headings in Markdown or with a line under them (as towncrier writes
//! them), and plain lines such as `1.2 (2016-05-01)`. What is no heading of a version is text.

mod heading;
mod writing;

use std::ops::Range;

use jiff::civil::Date;
use wheelhouse_standards::version::Version;

use self::heading::{Heading, Lines};

pub use writing::Written;

/// A changelog, taken apart by its headings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changelog {
    text: String,
    entries: Vec<Entry>,
}

/// What a changelog says of one version, or of what is not released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The number of the heading's line, from 1.
    pub line: usize,
    /// The version, or `None` for what is not released.
    pub version: Option<Version>,
    /// When it came out.
    pub date: Dated,
    /// Whether anything stands below the heading.
    pub has_changes: bool,
    heading: Heading,
}

/// When a version came out, as its heading says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dated {
    /// On this day.
    On(Date),
    /// Not yet: `unreleased`, `TBD`.
    Pending,
    /// The heading has no date.
    Missing,
    /// The heading has something else in its place.
    Unreadable(String),
}

/// What is wrong with a changelog for a release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct ChangelogFault {
    /// The line to look at, from 1.
    pub line: usize,
    /// What is wrong, in one sentence.
    pub what: String,
    /// What to do.
    pub fix: String,
}

impl Changelog {
    /// Reads a changelog.
    pub fn parse(text: impl Into<String>) -> Self {
        let text = text.into();
        let mut entries: Vec<Entry> = Vec::new();
        for (number, line) in Lines::of(&text) {
            match line {
                heading::Line::Version(version, date, heading) => entries.push(Entry {
                    line: number,
                    version,
                    date,
                    has_changes: false,
                    heading,
                }),
                heading::Line::Text => {
                    if let Some(entry) = entries.last_mut() {
                        entry.has_changes = true;
                    }
                }
                heading::Line::Nothing => {}
            }
        }
        Self { text, entries }
    }

    /// Returns the entries in their order in the text, which is the newest first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns the entry of exactly this version.
    pub fn entry(&self, version: &Version) -> Option<&Entry> {
        let is_it = |entry: &&Entry| entry.version.as_ref() == Some(version);
        self.entries.iter().find(is_it)
    }

    /// Returns when a version came out, if a release of it may be made: it has an entry, with a date
    /// and with changes.
    ///
    /// # Errors
    /// [`ChangelogFault`], which says what to write where.
    pub fn released(&self, version: &Version, today: Date) -> Result<Date, ChangelogFault> {
        let Some(entry) = self.entry(version) else {
            return Err(self.no_entry(version, today));
        };
        let wanted = || format!("write `{}`", self.heading_for(Some(entry), version, today));
        let fault = |what: String, fix: String| {
            Err(ChangelogFault {
                line: entry.line,
                what,
                fix,
            })
        };
        let date = match &entry.date {
            Dated::On(date) => *date,
            Dated::Pending => {
                return fault(
                    format!("the entry of {version} is not released yet"),
                    wanted(),
                );
            }
            Dated::Missing => {
                return fault(format!("the entry of {version} has no date"), wanted());
            }
            Dated::Unreadable(text) => {
                return fault(format!("`{text}` is no date such as {today}"), wanted());
            }
        };
        if !entry.has_changes {
            return fault(
                format!("the entry of {version} says nothing"),
                "write below it what has changed".to_owned(),
            );
        }
        Ok(date)
    }

    fn no_entry(&self, version: &Version, today: Date) -> ChangelogFault {
        let heading = self.heading_for(None, version, today);
        let waiting = self.entries.first().filter(|first| {
            first.has_changes
                && first.date == Dated::Pending
                && first.version != Some(version.clone())
        });
        if let Some(waiting) = waiting {
            return ChangelogFault {
                line: waiting.line,
                what: format!("there is no entry of {version}, and changes wait to be released"),
                fix: format!("write `{heading}` above them, or let --bump {version} do it"),
            };
        }
        let newest = self.entries.iter().find_map(|entry| entry.version.as_ref());
        let line = self.entries.first().map_or(1, |first| first.line);
        let what = newest.map_or_else(
            || format!("there is no entry of {version}, nor of any version"),
            |newest| format!("there is no entry of {version}; the first is that of {newest}"),
        );
        ChangelogFault {
            line,
            what,
            fix: format!("write `{heading}` in line {line} and what has changed below it"),
        }
    }
}

impl Entry {
    /// Returns where the version stands in its line.
    fn version_at(&self) -> Range<usize> {
        self.heading.version.clone()
    }
}

#[cfg(test)]
mod tests;
