//! HTML of any kind becomes small, well-formed HTML: what a readme looks like is decided here.
//!
//! Text and tags are read in one go, and only tags of this file's own making are written: balanced,
//! so deep and no deeper, with few attributes. So the sanitiser that comes after, which builds a whole
//! tree, gets nothing that would cost it much. Whether what is written is safe is up to it.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use super::Limits;
use super::elements::{BLOCKS, LEFT_OUT, closing, kept};
use crate::code::{self, Language};

mod anchor;
mod tag;

use anchor::anchor;
pub(super) use anchor::{ANCHOR_PREFIX, slug};
use tag::{Tag, Token};

/// Tags that cannot be read, after which the rest is taken for text: each costs a look at all that
/// follows.
const MAX_BROKEN_TAGS: u32 = 20;

/// Most signs in one piece of text that are written as references. To write one, the sanitiser looks
/// at all that follows in the piece.
const MAX_REFERENCES: u32 = 1_000;

/// Longest value of an attribute, in bytes. A longer one is left out.
const MAX_VALUE: usize = 8_000;

/// Returns the HTML that stands for it. `None` if it would be too long.
pub(super) fn tidied(html: &str, limits: Limits) -> Option<String> {
    let mut tidy = Tidy {
        limits,
        out: String::with_capacity(html.len() + html.len() / 4),
        seen: 0,
        references: 0,
        open: Vec::new(),
        skipped: HashMap::new(),
        outline: Vec::new(),
        ids: HashSet::new(),
        taken: HashMap::new(),
        colours_left: limits.coloured_bytes,
    };
    let mut tokens = tag::Tokens::new(html, MAX_BROKEN_TAGS);
    while let Some(token) = tokens.next() {
        match token {
            Token::Text(text) => tidy.text(text),
            Token::Start(tag) => tidy.start(&tag, &mut tokens),
            Token::End(name) => tidy.end(&name),
        }
        if tidy.out.len() > limits.html_bytes {
            return None;
        }
    }
    tidy.close_to(0);
    (tidy.out.len() <= limits.html_bytes).then_some(tidy.out)
}

struct Tidy {
    limits: Limits,
    out: String,
    /// How many pieces of text that one can see were written.
    seen: u64,
    /// How many signs were written as references.
    references: u32,
    open: Vec<Open>,
    /// Start tags that were passed over, whose end tags are still to come.
    skipped: HashMap<&'static str, u32>,
    /// The levels of the headings that stand over this place.
    outline: Vec<u8>,
    ids: HashSet<String>,
    /// Names of anchors that more than one heading asks for, and how often each was given.
    taken: HashMap<String, u32>,
    colours_left: usize,
}

/// An element that is open.
struct Open {
    name: &'static str,
    /// What closes it.
    close: &'static str,
    /// Where it begins in what was written.
    from: usize,
    /// What was seen before it.
    seen: u64,
}

impl Tidy {
    fn text(&mut self, text: &str) {
        if !text.trim_ascii().is_empty() {
            self.seen += 1;
        }
        let mut from = 0;
        for (place, byte) in text.bytes().enumerate() {
            let name = match byte {
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'&' => "&",
                // HTML has no such character.
                0 => "\u{fffd}",
                _ => continue,
            };
            self.out.push_str(&text[from..place]);
            self.references += 1;
            if self.references.is_multiple_of(MAX_REFERENCES) {
                self.out.push_str("<wbr>");
            }
            self.out.push_str(name);
            from = place + 1;
        }
        self.out.push_str(&text[from..]);
    }

    fn start<'a>(&mut self, tag: &Tag<'a>, tokens: &mut tag::Tokens<'a>) {
        match tag.name.as_str() {
            "br" => return self.out.push_str("<br>"),
            "wbr" => return self.out.push_str("<wbr>"),
            "hr" => {
                self.close_paragraph();
                return self.out.push_str("<hr>");
            }
            "img" => return self.picture(tag),
            "input" => return self.text(if tag.has("checked") { "☑" } else { "☐" }),
            name => {
                if let Some((_, what)) = LEFT_OUT.iter().find(|(known, _)| *known == name) {
                    tokens.skip_content(name);
                    if !what.is_empty() {
                        self.text(&format!("[{what} left out]"));
                    }
                    return;
                }
            }
        }
        let Some(name) = kept(&tag.name) else {
            return;
        };
        self.make_room(name);
        let is_skipped = self.open.len() >= self.limits.nesting
            || (name == "a" && self.is_within("a"))
            || (is_cell(name) && !self.is_within("table"));
        if is_skipped {
            *self.skipped.entry(name).or_default() += 1;
            return;
        }
        match name {
            "a" => self.link(tag),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.heading(name, tag, tokens.rest()),
            "table" if self.is_within("table") => self.element(name, "table", "</table>", tag, ""),
            "table" => {
                self.push(name, "</table></div>");
                self.out
                    .push_str("<div class=\"scroll\" tabindex=\"0\"><table");
                self.attributes("table", tag);
                self.out.push('>');
            }
            "pre" => self.element(name, "pre", "</pre>", tag, " tabindex=\"0\""),
            "code" => {
                let is_block = self.open.last().is_some_and(|open| open.name == "pre");
                self.element(name, "code", "</code>", tag, "");
                if is_block {
                    self.colour(tag, tokens);
                }
            }
            "li" if !self.is_within("ul") && !self.is_within("ol") => {
                self.element(name, "div", "</div>", tag, "");
            }
            "dt" | "dd" if !self.is_within("dl") => self.element(name, "div", "</div>", tag, ""),
            "div" if tag.name == "center" => {
                self.element(name, "div", "</div>", tag, " align=\"center\"");
            }
            name => self.element(name, name, closing(name), tag, ""),
        }
    }

    /// Closes what cannot hold the element that comes.
    fn make_room(&mut self, name: &str) {
        if BLOCKS.contains(&name) {
            self.close_paragraph();
        }
        match name {
            "li" => self.close_within(&["li"], &["ul", "ol", "table"]),
            "dt" | "dd" => self.close_within(&["dt", "dd"], &["dl", "table"]),
            "td" | "th" => self.close_within(&["td", "th"], &["table"]),
            "tr" => self.close_within(&["tr"], &["table"]),
            "caption" | "thead" | "tbody" | "tfoot" => {
                self.close_within(&["caption", "thead", "tbody", "tfoot"], &["table"]);
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.close_within(&["h1", "h2", "h3", "h4", "h5", "h6"], &["table"]);
            }
            _ => {}
        }
    }

    fn close_paragraph(&mut self) {
        self.close_within(&["p"], &["table", "td", "th", "caption"]);
    }

    /// Closes the outermost of some elements, with all in it, unless another one is around them.
    fn close_within(&mut self, names: &[&str], fences: &[&str]) {
        let fence = self
            .open
            .iter()
            .rposition(|open| fences.contains(&open.name));
        let from = fence.map_or(0, |fence| fence + 1);
        let found = self.open[from..]
            .iter()
            .position(|open| names.contains(&open.name));
        if let Some(found) = found {
            self.close_to(from + found);
        }
    }

    fn end(&mut self, name: &str) {
        let Some(name) = kept(name) else {
            return;
        };
        if let Some(count) = self.skipped.get_mut(name).filter(|count| **count > 0) {
            *count -= 1;
            return;
        }
        // What is in a table ends nothing that is around it.
        let is_fence = |open: &Open| match name {
            "table" => false,
            _ if is_cell(name) => open.name == "table",
            _ => open.name == "table" || is_cell(open.name),
        };
        let fence = self.open.iter().rposition(is_fence);
        let found = self.open.iter().rposition(|open| open.name == name);
        if let Some(found) = found.filter(|found| fence.is_none_or(|fence| *found > fence)) {
            self.close_to(found);
        }
    }

    fn close_to(&mut self, depth: usize) {
        while self.open.len() > depth {
            let Some(open) = self.open.pop() else {
                return;
            };
            let is_empty = open.seen == self.seen;
            match open.name {
                // Nobody could see it, and who cannot see would be told of nothing.
                "a" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6"
                    if is_empty && open.close != "</span>" =>
                {
                    self.out.truncate(open.from);
                }
                "th" if is_empty => {
                    self.out.replace_range(open.from..open.from + 3, "<td");
                    self.out.push_str("</td>");
                }
                _ => self.out.push_str(open.close),
            }
        }
    }

    fn is_within(&self, name: &str) -> bool {
        self.open.iter().any(|open| open.name == name)
    }

    fn push(&mut self, name: &'static str, close: &'static str) {
        self.open.push(Open {
            name,
            close,
            from: self.out.len(),
            seen: self.seen,
        });
    }

    fn element(
        &mut self,
        name: &'static str,
        shown: &str,
        close: &'static str,
        tag: &Tag<'_>,
        more: &str,
    ) {
        self.push(name, close);
        self.out.push('<');
        self.out.push_str(shown);
        self.out.push_str(more);
        self.attributes(shown, tag);
        self.out.push('>');
    }

    fn attributes(&mut self, shown: &str, tag: &Tag<'_>) {
        let id = tag
            .get("id")
            .or_else(|| tag.get("name").filter(|_| tag.name == "a"));
        if let Some(id) = id.filter(|id| !id.is_empty()) {
            self.id(id);
        }
        let names: &[&str] = match shown {
            "abbr" => &["title", "dir"],
            "details" => &["open", "dir"],
            "div" | "p" | "h3" | "h4" | "h5" | "h6" if tag.name != "center" => {
                &["align", "class", "dir"]
            }
            "li" => &["value", "dir"],
            "ol" => &["start", "reversed", "dir"],
            "td" => &["align", "colspan", "rowspan", "dir"],
            "th" => &["align", "colspan", "rowspan", "scope", "dir"],
            _ => &["dir"],
        };
        for name in names {
            let Some(value) = tag.get(name) else {
                continue;
            };
            match *name {
                "class" if value == "footnote-definition" => self.attribute("class", "footnote"),
                "class" if value != "admonition" => {}
                "open" | "reversed" => self.attribute(name, ""),
                _ => self.attribute(name, value),
            }
        }
    }

    fn id(&mut self, name: &str) {
        let anchor = anchor(name);
        if self.ids.insert(anchor.clone()) {
            self.attribute("id", &anchor);
        }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        // A `String` takes everything.
        let _ = write!(self.out, " {name}=\"");
        for c in value.chars() {
            match c {
                '"' => self.out.push_str("&quot;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }

    fn link(&mut self, tag: &Tag<'_>) {
        let url = tag.get("href").map(str::trim).unwrap_or_default();
        let place = url.strip_prefix('#').filter(|name| !name.is_empty());
        let target = match place {
            Some(name) => format!("#{}", anchor(name)),
            None if is_outside(url) => url.to_owned(),
            None => String::new(),
        };
        if target.is_empty() {
            self.push("a", "</span>");
            self.out.push_str("<span");
        } else {
            self.push("a", "</a>");
            self.out.push_str("<a");
            self.attribute("href", &target);
            if let Some(title) = tag.get("title") {
                self.attribute("title", title);
            }
        }
        self.attributes("a", tag);
        self.out.push('>');
    }

    /// A picture is a link to it, as whoever has it would learn who reads what.
    fn picture(&mut self, tag: &Tag<'_>) {
        let url = tag.get("src").map(str::trim).unwrap_or_default();
        let alt = tag.get("alt").map(str::trim).unwrap_or_default();
        if self.is_within("a") {
            return self.text(if alt.is_empty() { "picture" } else { alt });
        }
        if is_outside(url) && !url.to_ascii_lowercase().starts_with("mailto:") {
            self.out.push_str("<a class=\"image\"");
            self.attribute("href", url);
            self.out.push('>');
            self.text(if alt.is_empty() { "picture" } else { alt });
            self.out.push_str("</a>");
        } else if alt.is_empty() {
            self.text("[picture left out]");
        } else {
            self.text("[picture left out: ");
            self.text(alt);
            self.text("]");
        }
    }

    /// The page has headings of the first and the second level above the readme, and none is left out
    /// between one and the next.
    fn heading(&mut self, name: &'static str, tag: &Tag<'_>, rest: &str) {
        let level = name.as_bytes()[1] - b'0';
        while self.outline.last().is_some_and(|above| *above >= level) {
            self.outline.pop();
        }
        self.outline.push(level);
        let (shown, close) = match self.outline.len() {
            1 => ("h3", "</h3>"),
            2 => ("h4", "</h4>"),
            3 => ("h5", "</h5>"),
            _ => ("h6", "</h6>"),
        };
        self.push(name, close);
        self.out.push('<');
        self.out.push_str(shown);
        if tag.get("id").is_none() {
            let slug = slug(&tag::start_of_text(rest));
            if !slug.is_empty() {
                let count = self.taken.entry(slug.clone()).or_default();
                let name = if *count == 0 {
                    slug
                } else {
                    format!("{slug}-{count}")
                };
                *count += 1;
                self.id(&name);
            }
        }
        self.attributes(shown, tag);
        self.out.push('>');
    }

    /// Colours a block of code whose language is known and that holds no tags.
    fn colour<'a>(&mut self, tag: &Tag<'a>, tokens: &mut tag::Tokens<'a>) {
        let words = tag.get("class").unwrap_or_default();
        let Some(word) = words
            .split_ascii_whitespace()
            .find(|word| word.starts_with("language-"))
        else {
            return;
        };
        let language = Language::of_fence_word(word);
        let Some(text) = tokens.text_before_end_of("code") else {
            return;
        };
        if language == Language::PLAIN || text.len() > self.colours_left {
            return;
        }
        self.colours_left -= text.len();
        self.seen += 1;
        code::push_highlighted(&mut self.out, &tag::unescaped(text), language);
        tokens.skip(text.len());
    }
}

/// Returns whether an address leads to another host, in a way that a browser may be sent.
fn is_outside(url: &str) -> bool {
    ["http://", "https://", "mailto:"].iter().any(|scheme| {
        url.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

fn is_cell(name: &str) -> bool {
    matches!(
        name,
        "caption" | "tbody" | "td" | "tfoot" | "th" | "thead" | "tr"
    )
}

#[cfg(test)]
mod tests;
