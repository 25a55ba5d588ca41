//! Text from outside, written so that it cannot break or disguise a line of the log.

use std::fmt::Write;

/// Writes text as a literal of Python, which cannot break its line.
pub(super) fn python_text(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        if c == quote || c == '\\' {
            out.push('\\');
            out.push(c);
        } else {
            push_visible(&mut out, c);
        }
    }
    out.push(quote);
    out
}

/// Returns text with the characters that could break or disguise a line escaped.
pub(super) fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| push_visible(&mut out, c));
    out
}

/// Appends a character, or an escape if it could break or disguise a line of the log.
pub(super) fn push_visible(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if is_disturbing(c) => {
            // Writing into a `String` cannot fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
        c => out.push(c),
    }
}

/// Control characters, line and paragraph separators, and marks that turn the direction.
fn is_disturbing(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_as_a_literal_stays_on_its_line() {
        for (text, literal) in [
            ("a", "'a'"),
            ("a'b\"c", "'a\\'b\"c'"),
            ("a\n\u{1b}[31m\\", "'a\\n\\u{1b}[31m\\\\'"),
            ("\u{202e}", "'\\u{202e}'"),
        ] {
            assert_eq!(python_text(text), literal);
        }
    }
}
