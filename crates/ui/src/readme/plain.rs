//! Readmes that are plain text, or are shown as such.

use crate::Markup;
use crate::escape::push_escaped;
use crate::format;

/// Returns a text with its lines as they are. `left_out` is how many bytes of it are missing.
pub(super) fn markup(text: &str, left_out: Option<usize>) -> Markup {
    let mut html = String::with_capacity(text.len() + text.len() / 8 + 64);
    html.push_str("<pre class=\"plain\">");
    // An end of line at the very start would be taken for a part of the tag.
    if text.starts_with('\n') {
        html.push('\n');
    }
    // A `String` takes everything.
    let _ = push_escaped(&mut html, text);
    html.push_str("</pre>");
    if let Some(bytes) = left_out {
        html.push_str("\n<p class=\"cut\">");
        html.push_str(&format::size(bytes as u64));
        html.push_str(" more are left out here.</p>");
    }
    Markup::sound(html)
}
