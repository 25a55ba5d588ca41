//! Lines of text from anywhere, cut to what a page can show.

/// Longest part of a line that is shown, in characters.
const MAX_LINE_CHARS: usize = 2_000;
/// Most lines that are shown.
const MAX_LINES: usize = 20_000;

/// A text that can be shown, and what was left out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CutText {
    /// The text.
    pub(crate) text: String,
    /// How many lines were cut, because they are very long.
    pub(crate) cut_lines: usize,
    /// How many lines at the end were left out.
    pub(crate) missing_lines: usize,
}

/// Cuts very long lines, and all lines after very many.
pub(crate) fn cut(text: &str) -> CutText {
    let mut cut = CutText {
        text: String::with_capacity(text.len()),
        cut_lines: 0,
        missing_lines: 0,
    };
    for (number, line) in text.lines().enumerate() {
        if number >= MAX_LINES {
            cut.missing_lines += 1;
            continue;
        }
        match line.char_indices().nth(MAX_LINE_CHARS) {
            Some((place, _)) => {
                cut.cut_lines += 1;
                cut.text.push_str(&line[..place]);
                cut.text.push('…');
            }
            None => cut.text.push_str(line),
        }
        cut.text.push('\n');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_and_many_lines_are_cut_and_counted() {
        let text = format!("a\n{}\nb", "é".repeat(MAX_LINE_CHARS + 1));
        let found = cut(&text);
        assert_eq!((found.cut_lines, found.missing_lines), (1, 0));
        assert_eq!(found.text.chars().count(), MAX_LINE_CHARS + 6);
        let found = cut(&"x\n".repeat(MAX_LINES + 7));
        assert_eq!((found.cut_lines, found.missing_lines), (0, 7));
    }
}
