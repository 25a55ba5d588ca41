//! Writing a release into a changelog, in the form that the changelog has.

use std::ops::Range;

use jiff::civil::Date;
use wheelhouse_standards::version::Version;

use super::{Changelog, ChangelogFault, Dated, Entry};

/// A changelog that tells of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The whole text.
    pub text: String,
    /// The number of the heading's line, from 1.
    pub line: usize,
    /// The heading.
    pub heading: String,
}

impl Changelog {
    /// Returns the changelog with a dated entry of a version: the entry of that version gets its
    /// date, or what was not released becomes it.
    ///
    /// # Errors
    /// [`ChangelogFault`] if nothing is said about the version, or other changes wait.
    pub fn with_release(&self, version: &Version, today: Date) -> Result<Written, ChangelogFault> {
        if let Some(entry) = self.entry(version) {
            let heading = match entry.date {
                Dated::On(_) => self.text[entry.heading.line.clone()].trim_end().to_owned(),
                _ => self.heading_for(Some(entry), version, today),
            };
            return Ok(self.replaced(entry, heading));
        }
        let Some(first) = self
            .entries
            .first()
            .filter(|first| first.date == Dated::Pending)
        else {
            return Err(self.no_entry(version, today));
        };
        if !first.has_changes {
            return Err(ChangelogFault {
                line: first.line,
                what: "nothing is said about what has changed".to_owned(),
                fix: format!("write it below line {}", first.line),
            });
        }
        let heading = self.heading_for(None, version, today);
        if first.version.is_some() {
            return Ok(self.replaced(first, heading));
        }
        // `Unreleased` stays, for what comes next.
        let above = first.heading.underline.as_ref();
        let above = above.unwrap_or(&first.heading.line);
        let at = above.start + self.text[above.clone()].trim_end().len();
        let end = if self.text.contains("\r\n") {
            "\r\n"
        } else {
            "\n"
        };
        let mut text = format!("{}{end}{end}", &self.text[..at]);
        let line = text.matches('\n').count() + 1;
        text.push_str(&heading);
        if let Some(underline) = &first.heading.underline {
            text.push_str(end);
            text.push_str(&self.underline(underline, &heading));
        }
        text.push_str(&self.text[at..]);
        Ok(Written {
            text,
            line,
            heading,
        })
    }

    /// Returns the heading of a release in the form of an entry, or else of the newest that has a
    /// date.
    pub(super) fn heading_for(
        &self,
        entry: Option<&Entry>,
        version: &Version,
        date: Date,
    ) -> String {
        let dated = |entry: &&Entry| matches!(entry.date, Dated::On(_));
        let model = self.entries.iter().find(dated);
        if let Some(model) = model {
            return self.like(model, version, date);
        }
        let has_mark = |mark: &str| self.text.lines().any(|line| line.starts_with(mark));
        let is_markdown = entry.map_or_else(
            || has_mark("# ") || has_mark("## ") || self.entries.is_empty(),
            |entry| self.text[entry.heading.line.clone()].starts_with('#'),
        );
        match (is_markdown, entry.or(self.entries.first())) {
            (true, Some(entry)) if self.text[entry.heading.line.clone()].contains('[') => {
                format!("## [{version}] - {date}")
            }
            (true, _) => format!("## {version} - {date}"),
            (false, _) => format!("{version} ({date})"),
        }
    }

    fn like(&self, model: &Entry, version: &Version, date: Date) -> String {
        let line = &model.heading.line;
        let end = line.start + self.text[line.clone()].trim_end().len();
        let version_at = model.version_at();
        let mut heading = self.text[line.start..version_at.start].to_owned();
        heading.push_str(version.as_str());
        let Some(date_at) = &model.heading.date else {
            return heading;
        };
        // The link of the model is not that of this version.
        let between = without_link(&self.text[version_at.end..date_at.start]);
        heading.push_str(&between);
        let written = &self.text[date_at.clone()];
        let mut shown = date.to_string();
        for mark in ["/", "."] {
            if written.contains(mark) {
                shown = shown.replace('-', mark);
            }
        }
        heading.push_str(&shown);
        let behind = self.text[date_at.end..end].replace("[YANKED]", "");
        heading.push_str(behind.trim_end());
        heading
    }

    fn replaced(&self, entry: &Entry, heading: String) -> Written {
        let line = &entry.heading.line;
        let mut text = self.text[..line.start].to_owned();
        text.push_str(&heading);
        let end = line.start + self.text[line.clone()].trim_end().len();
        match &entry.heading.underline {
            Some(underline) => {
                text.push_str(&self.text[end..underline.start]);
                text.push_str(&self.underline(underline, &heading));
                let rest = underline.start + self.text[underline.clone()].trim_end().len();
                text.push_str(&self.text[rest..]);
            }
            None => text.push_str(&self.text[end..]),
        }
        Written {
            text,
            line: entry.line,
            heading,
        }
    }

    /// Returns a line as long as a heading, of the mark that another has.
    fn underline(&self, model: &Range<usize>, heading: &str) -> String {
        let mark = &self.text[model.start..=model.start];
        mark.repeat(heading.chars().count())
    }
}

fn without_link(between: &str) -> String {
    match (between.find("]("), between.find(')')) {
        (Some(open), Some(close)) if open < close && between[open..close].contains("://") => {
            format!("{}{}", &between[..=open], &between[close + 1..])
        }
        _ => between.to_owned(),
    }
}
