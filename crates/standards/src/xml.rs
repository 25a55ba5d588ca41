//! Text within XML documents.

/// Appends text so that it means itself, both between tags and in a quoted attribute. Characters
/// that XML cannot hold in any spelling are left out.
///
/// Standard: Extensible Markup Language (XML) 1.0, "Characters".
///
/// ```
/// let mut xml = String::new();
/// wheelhouse_standards::xml::push_text(&mut xml, "a < b\u{1}");
/// assert_eq!(xml, "a &lt; b");
/// ```
pub fn push_text(xml: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '&' => xml.push_str("&amp;"),
            '"' => xml.push_str("&quot;"),
            '\'' => xml.push_str("&apos;"),
            // A bare one would be read as the end of a line.
            '\r' => xml.push_str("&#13;"),
            '\t' | '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => {
                xml.push(character);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_means_itself_and_what_no_document_can_hold_is_left_out() {
        for (text, written) in [
            ("", ""),
            ("plain é 名 \u{1f600}", "plain é 名 \u{1f600}"),
            (
                "<a href=\"x\">&'",
                "&lt;a href=&quot;x&quot;&gt;&amp;&apos;",
            ),
            ("a\0\u{1}\u{8}\u{b}\u{c}\u{1f}b", "ab"),
            ("a\u{fffe}\u{ffff}b", "ab"),
            ("a\tb\nc\rd", "a\tb\nc&#13;d"),
        ] {
            let mut xml = String::new();
            push_text(&mut xml, text);
            assert_eq!(xml, written, "{text:?}");
        }
    }
}
