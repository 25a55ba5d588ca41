//! Names of places in a readme. They never clash with those of the page around it.

use percent_encoding::percent_decode_str;

/// What every name of a place in a readme begins with.
pub(in crate::readme) const ANCHOR_PREFIX: &str = "readme-";

/// Longest name of a place, in characters.
const MAX_CHARACTERS: usize = 100;

/// Returns the id for a name that an uploader gave to a place, or that a link leads to.
pub(super) fn anchor(name: &str) -> String {
    let name = percent_decode_str(name).decode_utf8_lossy();
    let mut anchor = String::from(ANCHOR_PREFIX);
    for c in name
        .chars()
        .take(MAX_CHARACTERS)
        .flat_map(char::to_lowercase)
    {
        let is_plain = c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
        anchor.push(if is_plain { c } else { '-' });
    }
    anchor
}

/// Returns the name of a heading by its text: words in lower case with hyphens between them, as the
/// places where readmes are mostly read have it.
pub(in crate::readme) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text
        .trim()
        .chars()
        .take(MAX_CHARACTERS)
        .flat_map(char::to_lowercase)
    {
        if c.is_alphanumeric() || matches!(c, '-' | '_') {
            slug.push(c);
        } else if c.is_whitespace() {
            slug.push('-');
        }
    }
    slug
}
