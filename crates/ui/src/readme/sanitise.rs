//! What may be in a readme: the list, and the one who holds HTML against it.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

use super::elements::ELEMENTS;
use super::tidy::ANCHOR_PREFIX;
use crate::escape::shown;

/// Attributes that may be on some elements.
const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("a", &["class", "href", "title"]),
    ("abbr", &["title"]),
    ("details", &["open"]),
    ("div", &["align", "class", "tabindex"]),
    ("h3", &["align"]),
    ("h4", &["align"]),
    ("h5", &["align"]),
    ("h6", &["align"]),
    ("li", &["value"]),
    ("ol", &["reversed", "start"]),
    ("p", &["align"]),
    ("pre", &["tabindex"]),
    ("span", &["class"]),
    ("td", &["align", "colspan", "rowspan"]),
    ("th", &["align", "colspan", "rowspan", "scope"]),
];

/// Classes that may be there: our own style sheet knows them, and none of them makes anything look
/// as if the index said it.
const CLASSES: &[&str] = &[
    "admonition",
    "footnote",
    "image",
    "scroll",
    "hl-c",
    "hl-s",
    "hl-n",
    "hl-k",
    "hl-f",
    "hl-t",
    "hl-i",
    "hl-d",
];

static SANITISER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(ELEMENTS.iter().copied().collect())
        .clean_content_tags(HashSet::from(["script", "style"]))
        .tag_attributes(
            ATTRIBUTES
                .iter()
                .map(|(element, names)| (*element, names.iter().copied().collect()))
                .collect::<HashMap<_, HashSet<_>>>(),
        )
        .generic_attributes(HashSet::from(["dir", "id"]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Custom(Box::new(own_anchor)))
        .attribute_filter(sound_value)
        .link_rel(Some("nofollow noreferrer"))
        .strip_comments(true);
    builder
});

/// Returns HTML of which only what is on the lists is left, well-formed, with characters shown that
/// deceive.
pub(super) fn sanitised(html: &str) -> String {
    shown(SANITISER.clean(html).to_string())
}

/// Of addresses without a host, only those lead somewhere that stay on the page.
fn own_anchor(url: &str) -> Option<Cow<'_, str>> {
    let name = url.strip_prefix('#')?;
    name.starts_with(ANCHOR_PREFIX)
        .then_some(Cow::Borrowed(url))
}

fn sound_value<'u>(_element: &str, attribute: &str, value: &'u str) -> Option<Cow<'u, str>> {
    let is_number = || (1..=9).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit());
    let is_sound = match attribute {
        "align" => ["left", "center", "right"].contains(&value),
        "class" => CLASSES.contains(&value),
        "colspan" | "rowspan" => is_number() && value.len() <= 2,
        "dir" => ["ltr", "rtl", "auto"].contains(&value),
        "id" => value.starts_with(ANCHOR_PREFIX),
        "scope" => ["row", "col"].contains(&value),
        "start" | "value" => is_number(),
        "tabindex" => value == "0",
        "open" | "reversed" => value.is_empty(),
        // The sanitiser looks at addresses itself, and titles are text.
        _ => true,
    };
    is_sound.then_some(Cow::Borrowed(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// These never come this far, as what is before writes its own tags. The list must hold without.
    #[test]
    fn what_is_not_on_the_lists_is_left_out() {
        for (html, sound) in [
            ("<script>x</script>a<style>b</style>", "a"),
            ("<h1>a</h1><form><input>b</form>", "ab"),
            ("<p onclick=x style=y>a", "<p>a</p>"),
            ("<img src=https://a.example/b.png>", ""),
            ("a<svg><a href=x>b</a></svg>", "a"),
            (
                "<a href=javascript:x>a</a><a href=/b>c</a>",
                "<a rel=\"nofollow noreferrer\">a</a><a rel=\"nofollow noreferrer\">c</a>",
            ),
            (
                "<a href=#readme-a>a</a><a href=#main>b</a>",
                "<a href=\"#readme-a\" rel=\"nofollow noreferrer\">a</a><a rel=\"nofollow noreferrer\">b</a>",
            ),
            (
                "<p id=main>a</p><p id=readme-a>b</p>",
                "<p>a</p><p id=\"readme-a\">b</p>",
            ),
            (
                "<div class=notice>a</div><div class=scroll>b</div>",
                "<div>a</div><div class=\"scroll\">b</div>",
            ),
            (
                "<table><tr><td colspan=1000>a",
                "<table><tbody><tr><td>a</td></tr></tbody></table>",
            ),
            ("<!-- a --><b>b", "<b>b</b>"),
            ("a&#x202e;b", "a⟨U+202E⟩b"),
        ] {
            assert_eq!(sanitised(html), sound, "{html}");
        }
    }
}
