//! Two texts, line by line.

use std::time::Duration;

use similar::{ChangeTag, TextDiff};

/// Most lines of a text that is compared.
const MAX_LINES: usize = 20_000;
/// Longest part of a line that is shown, in characters.
const MAX_LINE_CHARS: usize = 1_000;
/// How many lines around a change are shown.
const CONTEXT: usize = 3;
/// How long two texts may take. After that what is found is right, but not the shortest.
const PATIENCE: Duration = Duration::from_millis(500);

/// Lines that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// The number of the first line before, from 1, and how many lines there are.
    pub old: (usize, usize),
    /// The number of the first line now, and how many there are.
    pub new: (usize, usize),
    /// The lines.
    pub lines: Vec<DiffLine>,
}

impl Hunk {
    /// Returns which lines it is about, as unified diffs have it.
    pub fn title(&self) -> String {
        let ((old, old_count), (new, new_count)) = (self.old, self.new);
        format!("@@ -{old},{old_count} +{new},{new_count} @@")
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffLine {
    /// Whether it is new, gone or neither.
    pub kind: LineKind,
    /// Its number before, from 1.
    pub old: Option<usize>,
    /// Its number now.
    pub new: Option<usize>,
    /// The line without its end; its start, if it is very long.
    pub text: String,
}

/// Whether a line is new, gone or neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineKind {
    /// It is in both.
    Same,
    /// It is gone.
    Removed,
    /// It is new.
    Added,
}

/// Compares two texts. Returns `None` if they have too many lines, and otherwise `max_lines` lines
/// at most, and whether there are more.
pub(super) fn compare(old: &str, new: &str, max_lines: usize) -> Option<(Vec<Hunk>, bool)> {
    let has_many = |text: &str| text.bytes().filter(|&byte| byte == b'\n').count() > MAX_LINES;
    if has_many(old) || has_many(new) {
        return None;
    }
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(old, new);
    let (mut hunks, mut left) = (Vec::new(), max_lines);
    for group in diff.grouped_ops(CONTEXT) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else {
            continue;
        };
        if left == 0 {
            return Some((hunks, true));
        }
        let range = |start: usize, end: usize| (start + usize::from(end > start), end - start);
        let mut lines = Vec::new();
        let changes = group.iter().flat_map(|op| diff.iter_changes(op));
        for change in changes.take(left + 1) {
            lines.push(DiffLine {
                kind: match change.tag() {
                    ChangeTag::Equal => LineKind::Same,
                    ChangeTag::Delete => LineKind::Removed,
                    ChangeTag::Insert => LineKind::Added,
                },
                old: change.old_index().map(|index| index + 1),
                new: change.new_index().map(|index| index + 1),
                text: shown(change.value()),
            });
        }
        let is_cut = lines.len() > left;
        lines.truncate(left);
        left -= lines.len();
        hunks.push(Hunk {
            old: range(first.old_range().start, last.old_range().end),
            new: range(first.new_range().start, last.new_range().end),
            lines,
        });
        if is_cut {
            return Some((hunks, true));
        }
    }
    Some((hunks, false))
}

/// Returns a line without its end. An end that is not the usual one is shown.
fn shown(line: &str) -> String {
    let (line, end) = match line.strip_suffix('\n') {
        Some(line) => match line.strip_suffix('\r') {
            Some(line) => (line, "␍"),
            None => (line, ""),
        },
        None => (line, ""),
    };
    let mut chars = line.char_indices();
    match chars.nth(MAX_LINE_CHARS) {
        Some((place, _)) => format!("{}…", &line[..place]),
        None => format!("{line}{end}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(hunks: &[Hunk]) -> String {
        let lines = hunks.iter().flat_map(|hunk| &hunk.lines);
        let lines = lines.map(|line| {
            let sign = match line.kind {
                LineKind::Same => ' ',
                LineKind::Removed => '-',
                LineKind::Added => '+',
            };
            format!("{sign}{}\n", line.text)
        });
        lines.collect()
    }

    #[test]
    fn lines_are_the_same_gone_or_new() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\n";
        let new = "a\nb\nc\nd\nE\nf\ng\nh\ni\r\n";
        let (hunks, is_cut) = compare(old, new, 100).expect("few lines");
        assert_eq!(text(&hunks), " b\n c\n d\n-e\n+E\n f\n g\n h\n+i␍\n");
        assert_eq!(
            (hunks[0].old, hunks[0].new, is_cut),
            ((2, 7), (2, 8), false)
        );
        assert_eq!(hunks[0].lines[3].old, Some(5));
        let (hunks, _) = compare("", "x\n", 100).expect("few lines");
        assert_eq!((hunks[0].old, hunks[0].new), ((0, 0), (1, 1)));
    }

    #[test]
    fn what_is_too_much_is_cut() {
        let new = "x\n".repeat(500);
        let (hunks, is_cut) = compare("", &new, 100).expect("few lines");
        assert_eq!((hunks[0].lines.len(), is_cut), (100, true));
        assert_eq!(compare("", &"x\n".repeat(MAX_LINES + 1), 100), None);
        let (hunks, _) = compare("", &"é".repeat(1 << 20), 100).expect("one line");
        assert_eq!(hunks[0].lines[0].text.chars().count(), MAX_LINE_CHARS + 1);
    }

    proptest! {
        #[test]
        fn the_new_text_is_what_is_the_same_and_what_is_new(
            old in prop::collection::vec("[ab]{0,2}\n", 0..30),
            new in prop::collection::vec("[ab]{0,2}\n", 0..30),
        ) {
            let join = |lines: &[String]| lines.concat();
            let (hunks, _) = compare(&join(&old), &join(&new), 1_000).expect("few lines");
            for hunk in hunks {
                for (lines, number) in [(&old, 0), (&new, 1)] {
                    let gone = if number == 0 { LineKind::Added } else { LineKind::Removed };
                    let (start, count) = if number == 0 { hunk.old } else { hunk.new };
                    let shown: Vec<_> = hunk.lines.iter().filter(|line| line.kind != gone).map(|line| format!("{}\n", line.text)).collect();
                    let start = start.saturating_sub(usize::from(count > 0));
                    prop_assert_eq!(&shown[..], &lines[start..start + count]);
                }
            }
        }
    }
}
