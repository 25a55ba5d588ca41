//! Lines of text from anywhere: numbered, or next to those that they took the place of.

use std::fmt::Write as _;

use crate::Markup;
use crate::escape::push_escaped;

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

/// Returns a text with a number before each line. A style sheet shows the numbers, so that they are
/// not copied with the text.
pub(crate) fn numbered(text: &str) -> Markup {
    let mut html = String::with_capacity(text.len() * 2);
    html.push_str("<pre class=\"lines-of-text\" tabindex=\"0\"><code>");
    for (place, line) in text.lines().enumerate() {
        // A `String` takes everything.
        let _ = write!(html, "<span id=\"L{0}\" data-line=\"{0}\">", place + 1);
        let _ = push_escaped(&mut html, line);
        html.push_str("</span>\n");
    }
    html.push_str("</code></pre>");
    Markup::sound(html)
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

    #[test]
    fn lines_have_numbers_and_no_markup() {
        assert_eq!(
            numbered("<b>\nx").as_str(),
            "<pre class=\"lines-of-text\" tabindex=\"0\"><code><span id=\"L1\" data-line=\"1\">&lt;b&gt;</span>\n\
             <span id=\"L2\" data-line=\"2\">x</span>\n</code></pre>"
        );
    }
}
