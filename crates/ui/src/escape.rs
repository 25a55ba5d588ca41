//! Text becomes HTML: what could be taken for markup is escaped, and what would change how the rest
//! of a page reads is shown.

use std::fmt::{self, Write};

/// Returns a text as HTML, for a place between tags or in a quoted attribute.
pub(crate) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 16);
    // A `String` takes everything.
    let _ = push_escaped(&mut html, text);
    html
}

/// Writes a text as HTML.
pub(crate) fn push_escaped(out: &mut dyn Write, text: &str) -> fmt::Result {
    let mut plain = 0;
    for (place, c) in text.char_indices() {
        let name = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            '\'' => "&#39;",
            _ if is_deceptive(c) => "",
            _ => continue,
        };
        out.write_str(&text[plain..place])?;
        if name.is_empty() {
            // No markup here: attributes are escaped with the same function.
            write!(out, "\u{27e8}U+{:04X}\u{27e9}", u32::from(c))?;
        } else {
            out.write_str(name)?;
        }
        plain = place + c.len_utf8();
    }
    out.write_str(&text[plain..])
}

/// Returns HTML that is sound with the characters shown that deceive.
pub(crate) fn shown(html: String) -> String {
    if !html.contains(is_deceptive) {
        return html;
    }
    let mut changed = String::with_capacity(html.len() + 64);
    for c in html.chars() {
        if is_deceptive(c) {
            // A `String` takes everything.
            let _ = write!(changed, "\u{27e8}U+{:04X}\u{27e9}", u32::from(c));
        } else {
            changed.push(c);
        }
    }
    changed
}

/// Returns whether a character is not seen and changes what is: control characters, and marks that
/// turn the direction of everything after them.
///
/// Standard: Unicode Technical Report 36, "Bidirectional Text Spoofing".
fn is_deceptive(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_escaped_and_what_deceives_is_shown() {
        for (text, html) in [
            (
                "a < b & \"c\" 'd'>",
                "a &lt; b &amp; &quot;c&quot; &#39;d&#39;&gt;",
            ),
            ("safe\u{202e}gpj.exe", "safe⟨U+202E⟩gpj.exe"),
            ("a\0b\u{1b}[31m", "a⟨U+0000⟩b⟨U+001B⟩[31m"),
            ("tab\tline\nשלום é", "tab\tline\nשלום é"),
        ] {
            assert_eq!(escaped(text), html);
        }
    }
}
