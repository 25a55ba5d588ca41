//! The elements of HTML by what becomes of them in a readme. What may be there in the end is the first
//! list; all others follow it.

/// Elements that may be there.
pub(super) const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "b",
    "bdi",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
    "var",
    "wbr",
];

/// Elements of that list that have no end tag.
const VOID: &[&str] = &["br", "hr", "wbr"];

/// Headings that the page has itself: those of a readme become smaller.
const PAGES_OWN: &[&str] = &["h1", "h2"];

/// Elements that stay under another name.
const RENAMED: &[(&str, &str)] = &[("center", "div"), ("strike", "s"), ("tt", "code")];

/// Elements whose content is for programs, or cannot be shown here. What has a second word is
/// mentioned.
pub(super) const LEFT_OUT: &[(&str, &str)] = &[
    ("script", ""),
    ("style", ""),
    ("template", ""),
    ("title", ""),
    ("noembed", ""),
    ("noframes", ""),
    ("textarea", ""),
    ("select", ""),
    ("xmp", ""),
    ("iframe", "page"),
    ("object", "object"),
    ("svg", "picture"),
    ("math", "formula"),
    ("canvas", "picture"),
    ("video", "video"),
    ("audio", "sound"),
];

/// Elements that end a paragraph.
pub(super) const BLOCKS: &[&str] = &[
    "blockquote",
    "details",
    "div",
    "dl",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ol",
    "p",
    "pre",
    "table",
    "ul",
];

/// Returns the element that a name stands for, if it is one that stays and has an end. The headings
/// of a page become smaller ones later.
pub(super) fn kept(name: &str) -> Option<&'static str> {
    let renamed = RENAMED.iter().find(|(known, _)| *known == name);
    let name = renamed.map_or(name, |(_, shown)| shown);
    kept_names().find(|known| *known == name)
}

/// Returns the names of the elements that stay and have an end.
pub(super) fn kept_names() -> impl Iterator<Item = &'static str> {
    let ended = ELEMENTS.iter().filter(|name| !VOID.contains(name));
    PAGES_OWN.iter().chain(ended).copied()
}

/// Returns the end tag of an element.
pub(super) fn closing(name: &'static str) -> &'static str {
    CLOSING
        .iter()
        .find(|closing| closing[2..closing.len() - 1] == *name)
        .copied()
        .unwrap_or_default()
}

/// End tags, as they are written.
const CLOSING: &[&str] = &[
    "</abbr>",
    "</b>",
    "</bdi>",
    "</blockquote>",
    "</caption>",
    "</cite>",
    "</dd>",
    "</del>",
    "</details>",
    "</dfn>",
    "</div>",
    "</dl>",
    "</dt>",
    "</em>",
    "</figcaption>",
    "</figure>",
    "</i>",
    "</ins>",
    "</kbd>",
    "</li>",
    "</mark>",
    "</ol>",
    "</p>",
    "</q>",
    "</rp>",
    "</rt>",
    "</ruby>",
    "</s>",
    "</samp>",
    "</small>",
    "</span>",
    "</strong>",
    "</sub>",
    "</summary>",
    "</sup>",
    "</tbody>",
    "</td>",
    "</tfoot>",
    "</th>",
    "</thead>",
    "</tr>",
    "</u>",
    "</ul>",
    "</var>",
];
