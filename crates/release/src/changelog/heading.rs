//! Which lines are headings of versions, and where in them the version and the date stand.

use std::ops::Range;

use jiff::civil::Date;
use wheelhouse_standards::version::Version;

use super::Dated;

/// Words for what has no date yet.
const PENDING: &[&str] = &[
    "unreleased",
    "not released",
    "not yet released",
    "in development",
    "tbd",
    "tba",
    "xxxx-xx-xx",
    "yyyy-mm-dd",
];
/// Words that may stand before a version.
const BEFORE: &[&str] = &["version", "release", "v"];
/// Most words before a version in a heading that is marked as one: the project's name.
const MAX_WORDS_BEFORE: usize = 3;

/// A heading of a version, by places in the text in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Heading {
    /// The whole line, without its end.
    pub(super) line: Range<usize>,
    /// The version as it is written, or the word for what is not released.
    pub(super) version: Range<usize>,
    /// The date as it is written, or the word in its place.
    pub(super) date: Option<Range<usize>>,
    /// The line below, if it underlines this one.
    pub(super) underline: Option<Range<usize>>,
}

/// What a line is.
#[derive(Debug)]
pub(super) enum Line {
    Version(Option<Version>, Dated, Heading),
    /// Something is said.
    Text,
    /// It is empty, or another heading, or says nothing to readers.
    Nothing,
}

/// The lines of a changelog with their numbers, from 1.
pub(super) struct Lines<'t> {
    text: &'t str,
    /// Where the lines that are left begin.
    at: usize,
    number: usize,
    /// The end of what is not read: a block of code, a comment.
    until: Option<&'static str>,
    is_after_blank: bool,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self {
            text,
            at: text.len() - text.trim_start_matches('\u{feff}').len(),
            number: 0,
            until: None,
            is_after_blank: true,
        }
    }

    fn line_at(&self, start: usize) -> Option<Range<usize>> {
        let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
        let end = start + rest.find('\n').unwrap_or(rest.len());
        Some(start..end)
    }

    fn read(&mut self, line: Range<usize>) -> Line {
        let text = self.text[line.clone()].trim_end();
        if let Some(end) = self.until {
            let ends = match end {
                "-->" => text.contains(end),
                fence => text.trim_start().starts_with(fence),
            };
            if ends {
                self.until = None;
            }
            return if end == "-->" {
                Line::Nothing
            } else {
                Line::Text
            };
        }
        if text.trim_start().starts_with("```") {
            self.until = Some("```");
            return Line::Text;
        }
        if text.starts_with("<!--") {
            self.until = Some("-->").filter(|end| !text.contains(end));
            return Line::Nothing;
        }
        let is_after_blank = std::mem::replace(&mut self.is_after_blank, text.is_empty());
        if text.is_empty() || is_rule(text) || is_reference(text) || text.starts_with(".. ") {
            return Line::Nothing;
        }
        let next = self.line_at(self.at);
        let underline = next.filter(|next| underlines(&self.text[next.clone()], text));
        let marks = text.bytes().take_while(|byte| *byte == b'#').count();
        let is_marked = (1..=6).contains(&marks) && text[marks..].starts_with(' ');
        let is_heading = is_marked || underline.is_some();
        let end = line.start + text.len();
        let found = version_in(
            self.text,
            line.start..end,
            marks,
            is_heading,
            is_after_blank,
        );
        if let Some(end) = underline.as_ref().map(|line| line.end) {
            self.at = end + 1;
            self.number += 1;
        }
        match found {
            Some((version, date, mut heading)) => {
                heading.underline = underline;
                Line::Version(version, date, heading)
            }
            None if is_heading => Line::Nothing,
            None => Line::Text,
        }
    }
}

impl Iterator for Lines<'_> {
    type Item = (usize, Line);

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.line_at(self.at)?;
        self.at = line.end + 1;
        self.number += 1;
        let number = self.number;
        Some((number, self.read(line)))
    }
}

/// A line of one mark alone.
fn is_rule(text: &str) -> bool {
    let mut bytes = text.bytes();
    let first = bytes.next().unwrap_or(b' ');
    text.len() >= 3 && b"=-~^*+\"'`_".contains(&first) && bytes.all(|byte| byte == first)
}

/// A target of links: `[1.2]: https://…`.
fn is_reference(text: &str) -> bool {
    text.starts_with('[') && text.contains("]: ")
}

fn underlines(next: &str, text: &str) -> bool {
    let next = next.trim_end();
    is_rule(next) && 2 * next.len() >= text.chars().count() && !text.starts_with("- ")
}

/// Returns what a line says as the heading of a version, if it is one.
fn version_in(
    text: &str,
    line: Range<usize>,
    marks: usize,
    is_heading: bool,
    is_after_blank: bool,
) -> Option<(Option<Version>, Dated, Heading)> {
    let whole = &text[line.clone()];
    if !is_heading && whole.starts_with([' ', '\t', '-', '*', '+', '>']) {
        return None;
    }
    let mut at = line.start + if is_heading { marks } else { 0 };
    let mut words_before = 0;
    loop {
        at += text[at..line.end].len() - text[at..line.end].trim_start().len();
        let rest = &text[at..line.end];
        let length = rest
            .find(|c: char| c.is_whitespace() || c == '(')
            .unwrap_or(rest.len());
        let word = &rest[..length];
        if word.is_empty() {
            return None;
        }
        if let Some((place, end)) = bare(word) {
            let version = at + place.start..at + place.end;
            let written = &text[version.clone()];
            let is_unreleased = written.eq_ignore_ascii_case("unreleased");
            let number = written.strip_prefix(['v', 'V']).unwrap_or(written);
            let skipped = written.len() - number.len();
            let parsed = number.parse::<Version>().ok();
            let parsed = parsed.filter(|_| number.starts_with(|c: char| c.is_ascii_digit()));
            if parsed.is_some() || (is_unreleased && is_heading && words_before == 0) {
                let (date, date_at) = date_in(text, at + end..line.end);
                let is_bare = date == Dated::Missing && !(is_after_blank && number.contains('.'));
                let is_odd = matches!(date, Dated::Unreadable(_));
                if (!is_heading && (is_bare || is_odd)) || (is_odd && words_before > 1) {
                    return None;
                }
                let date = if is_unreleased { Dated::Pending } else { date };
                let heading = Heading {
                    line,
                    version: version.start + skipped..version.end,
                    date: date_at,
                    underline: None,
                };
                return Some((parsed, date, heading));
            }
        }
        let is_said_before = BEFORE.contains(&word.to_lowercase().as_str());
        if !is_said_before && (!is_heading || words_before == MAX_WORDS_BEFORE) {
            return None;
        }
        words_before += usize::from(!is_said_before);
        at += length;
    }
}

/// Returns where a word is without brackets and the link behind them, and where it ends with them.
fn bare(word: &str) -> Option<(Range<usize>, usize)> {
    let Some(inner) = word.strip_prefix('[') else {
        let end = word.trim_end_matches([':', ',']).len();
        return Some((0..end, word.len()));
    };
    let end = inner.find(']')?;
    Some((1..1 + end, end + 2))
}

/// Returns the date in what is left of a heading.
fn date_in(text: &str, rest: Range<usize>) -> (Dated, Option<Range<usize>>) {
    let whole = &text[rest.clone()];
    // The address of a link: `[1.2](https://…) - 2026-01-31`.
    let skipped = match whole.strip_prefix('(') {
        Some(inner) if inner.contains("://") => inner.find(')').map_or(0, |end| end + 2),
        _ => 0,
    };
    let cut = whole[skipped..].replace("[YANKED]", "        ");
    let is_around = |c: char| c.is_whitespace() || "-–—:,()[]_*/".contains(c);
    let inner = cut.trim_matches(is_around);
    if inner.is_empty() {
        return (Dated::Missing, None);
    }
    let start = rest.start + skipped + (cut.len() - cut.trim_start_matches(is_around).len());
    let place = start..start + inner.len();
    let lower = inner.to_lowercase();
    if PENDING.contains(&lower.as_str()) {
        return (Dated::Pending, Some(place));
    }
    let written = inner.replace(['/', '.'], "-");
    match written.parse::<Date>() {
        Ok(date) if written.len() == 10 => (Dated::On(date), Some(place)),
        _ => (Dated::Unreadable(inner.to_owned()), Some(place)),
    }
}
