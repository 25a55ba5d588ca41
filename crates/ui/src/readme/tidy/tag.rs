//! Pieces of HTML: text and tags, as browsers tell them apart, in time that grows with the text alone.
//!
//! Standard: WHATWG HTML, "Tokenization".

use std::borrow::Cow;

use super::MAX_VALUE;

/// Most attributes of a tag that are looked at.
const MAX_ATTRIBUTES: usize = 30;

/// Longest start of a heading that its name is made of, in bytes.
const MAX_START: usize = 300;

/// A piece of HTML.
pub(super) enum Token<'a> {
    /// Text, with references in it, and perhaps with signs that begin no tag.
    Text(&'a str),
    Start(Tag<'a>),
    End(String),
}

/// A start tag.
#[derive(Default)]
pub(super) struct Tag<'a> {
    /// The name, in lower case.
    pub(super) name: String,
    attributes: Vec<(&'a str, &'a str)>,
}

impl<'a> Tag<'a> {
    /// Returns the value of an attribute, with references in it.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let found = self
            .attributes
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

/// Reads HTML from its start to its end.
pub(super) struct Tokens<'a> {
    html: &'a str,
    at: usize,
    /// How many more tags may turn out to have no end.
    broken_left: u32,
    /// What was looked for in vain: it is not in the rest either.
    missing: Vec<String>,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(html: &'a str, max_broken: u32) -> Self {
        Self {
            html,
            at: 0,
            broken_left: max_broken,
            missing: Vec::new(),
        }
    }

    /// Returns what was not read yet.
    pub(super) fn rest(&self) -> &'a str {
        &self.html[self.at..]
    }

    pub(super) fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Passes over everything up to the end tag of a name, if there is one.
    pub(super) fn skip_content(&mut self, name: &str) {
        if self.missing.iter().any(|missing| missing == name) {
            return;
        }
        let rest = self.rest();
        let found = rest.match_indices("</").find(|(place, _)| {
            let after = &rest.as_bytes()[place + 2..];
            let is_name = after
                .get(..name.len())
                .is_some_and(|after| after.eq_ignore_ascii_case(name.as_bytes()));
            is_name && !after.get(name.len()).is_some_and(u8::is_ascii_alphanumeric)
        });
        match found {
            Some((place, _)) => {
                let after = &rest[place..];
                self.at += place + after.find('>').map_or(after.len(), |end| end + 1);
            }
            None => self.missing.push(name.to_owned()),
        }
    }

    /// Returns the text that follows, if the end tag of a name comes after it.
    pub(super) fn text_before_end_of(&self, name: &str) -> Option<&'a str> {
        let rest = self.rest();
        let (text, tag) = rest.split_at(rest.find('<')?);
        tag[1..].strip_prefix('/')?.strip_prefix(name)?;
        Some(text)
    }

    pub(super) fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = self.rest();
            if rest.is_empty() {
                return None;
            }
            let Some(place) = rest.find('<').filter(|_| self.broken_left > 0) else {
                self.at = self.html.len();
                return Some(Token::Text(rest));
            };
            if place > 0 {
                self.at += place;
                return Some(Token::Text(&rest[..place]));
            }
            match self.tag(rest) {
                Read::Token(token) => return Some(token),
                Read::Nothing => {}
                Read::NoTag => {
                    self.at += 1;
                    return Some(Token::Text("<"));
                }
            }
        }
    }

    /// Reads what begins with `<`.
    fn tag(&mut self, rest: &'a str) -> Read<'a> {
        let bytes = rest.as_bytes();
        match bytes.get(1) {
            Some(b'!') if rest.starts_with("<!--") => self.skip_to(rest, "-->"),
            Some(b'!' | b'?') => self.skip_to(rest, ">"),
            Some(b'/') if bytes.get(2).is_some_and(u8::is_ascii_alphabetic) => {
                let Some((tag, end)) = read(rest, 2) else {
                    return self.broken();
                };
                self.at += end;
                Read::Token(Token::End(tag.name))
            }
            Some(letter) if letter.is_ascii_alphabetic() => {
                let Some((tag, end)) = read(rest, 1) else {
                    return self.broken();
                };
                self.at += end;
                Read::Token(Token::Start(tag))
            }
            _ => Read::NoTag,
        }
    }

    fn skip_to(&mut self, rest: &str, end: &str) -> Read<'a> {
        if self.missing.iter().any(|missing| missing == end) {
            return Read::NoTag;
        }
        if let Some(place) = rest.find(end) {
            self.at += place + end.len();
            Read::Nothing
        } else {
            self.missing.push(end.to_owned());
            Read::NoTag
        }
    }

    fn broken(&mut self) -> Read<'a> {
        self.broken_left -= 1;
        Read::NoTag
    }
}

enum Read<'a> {
    Token(Token<'a>),
    /// A comment or the like.
    Nothing,
    /// The sign is text.
    NoTag,
}

/// Reads a tag whose name begins at a place. Returns where it ends, or `None` if it does not.
fn read(rest: &str, name_at: usize) -> Option<(Tag<'_>, usize)> {
    let bytes = rest.as_bytes();
    let find = |from: usize, is_it: fn(u8) -> bool| {
        let found = bytes[from..].iter().position(|&b| is_it(b));
        found.map(|place| from + place)
    };
    let name_end = find(name_at, |b| {
        b.is_ascii_whitespace() || matches!(b, b'/' | b'>')
    })?;
    let mut tag = Tag {
        name: rest[name_at..name_end].to_ascii_lowercase(),
        attributes: Vec::new(),
    };
    let mut at = name_end;
    loop {
        at = find(at, |b| !b.is_ascii_whitespace() && b != b'/')?;
        if bytes[at] == b'>' {
            return Some((tag, at + 1));
        }
        // A name may begin with `=`.
        let name_end = find(at + 1, |b| {
            b.is_ascii_whitespace() || matches!(b, b'/' | b'>' | b'=')
        })?;
        let name = rest.get(at..name_end).unwrap_or_default();
        let after = find(name_end, |b| !b.is_ascii_whitespace())?;
        let mut value = "";
        at = name_end;
        if bytes[after] == b'=' {
            let from = find(after + 1, |b| !b.is_ascii_whitespace())?;
            let (start, end) = match bytes[from] {
                b'"' => (from + 1, find(from + 1, |b| b == b'"')?),
                b'\'' => (from + 1, find(from + 1, |b| b == b'\'')?),
                _ => (from, find(from, |b| b.is_ascii_whitespace() || b == b'>')?),
            };
            value = &rest[start..end];
            at = if start > from { end + 1 } else { end };
        }
        if tag.attributes.len() < MAX_ATTRIBUTES && value.len() <= MAX_VALUE {
            tag.attributes.push((name, value));
        }
    }
}

/// Returns the text of a heading that begins here, or its start, without tags and references.
pub(super) fn start_of_text(html: &str) -> String {
    let html = &html[..html.floor_char_boundary(MAX_START)];
    let html = html.find("</h").map_or(html, |end| &html[..end]);
    let mut text = String::with_capacity(html.len());
    let mut until = None;
    for c in html.chars() {
        match (until, c) {
            (None, '<') => until = Some('>'),
            (None, '&') => until = Some(';'),
            (None, c) => text.push(c),
            (Some(end), c) if c == end => until = None,
            (Some(_), _) => {}
        }
    }
    text
}

/// Returns text without the references that writers of HTML use.
pub(super) fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find('&') {
        plain.push_str(&rest[..place]);
        rest = &rest[place..];
        let known = [
            ("&lt;", '<'),
            ("&gt;", '>'),
            ("&quot;", '"'),
            ("&#39;", '\''),
            ("&amp;", '&'),
        ];
        let (bytes, c) = known
            .into_iter()
            .find(|(name, _)| rest.starts_with(name))
            .map_or((1, '&'), |(name, c)| (name.len(), c));
        plain.push(c);
        rest = &rest[bytes..];
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}
