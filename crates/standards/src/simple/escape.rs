//! Writing text and digests into HTML.

use std::fmt::Write;

use crate::digest::Sha256Digest;

/// Appends text so that it means itself, both between tags and in a quoted attribute.
///
/// Control characters become references as well: a line of the page then never ends inside a tag
/// or a link, whatever a file is called.
pub(super) fn push_text(html: &mut String, text: &str) {
    let mut clean_from = 0;
    for (position, byte) in text.bytes().enumerate() {
        let reference = match byte {
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'&' => "&amp;",
            b'"' => "&quot;",
            b'\'' => "&#39;",
            0..=0x1f | 0x7f => "",
            _ => continue,
        };
        // All escaped bytes are ASCII, so both ends are character boundaries.
        html.push_str(&text[clean_from..position]);
        clean_from = position + 1;
        if reference.is_empty() {
            // Writing into a `String` cannot fail.
            let _ = write!(html, "&#{byte};");
        } else {
            html.push_str(reference);
        }
    }
    html.push_str(&text[clean_from..]);
}

/// Appends a digest in lower-case hexadecimal digits.
pub(super) fn push_digest(html: &mut String, digest: &Sha256Digest) {
    let mut digits = [0; 64];
    html.push_str(hex_digits(digest, &mut digits));
}

/// Writes a digest in lower-case hexadecimal digits into `digits`, without an allocation.
pub(super) fn hex_digits<'a>(digest: &Sha256Digest, digits: &'a mut [u8; 64]) -> &'a str {
    hex::encode_to_slice(digest.as_bytes(), digits).expect("64 digits are two for each byte");
    std::str::from_utf8(digits).expect("hexadecimal digits are ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_means_itself_and_stays_on_its_line() {
        for (text, html) in [
            ("", ""),
            ("plain é", "plain é"),
            ("<a href=\"x\">&'", "&lt;a href=&quot;x&quot;&gt;&amp;&#39;"),
            ("a\r\nb\0\u{7f}é", "a&#13;&#10;b&#0;&#127;é"),
        ] {
            let mut out = String::new();
            push_text(&mut out, text);
            assert_eq!(out, html, "from {text:?}");
        }
    }
}
