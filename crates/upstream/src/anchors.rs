//! A small HTML reader: the anchors, metas and the base of a page, and nothing else.

/// What [`Reader`] finds in a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Element {
    /// `<base …>`.
    Base(Attributes),
    /// `<meta …>`.
    Meta(Attributes),
    /// `<a …>text`, with the text up to the end of the anchor, without tags and outer blanks.
    Anchor(Attributes, String),
}

/// The attributes of a tag: names in lower case, values with their references resolved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Attributes(Vec<(String, String)>);

impl Attributes {
    /// Returns the value of the first attribute of that name; a bare attribute has an empty one.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(found, _)| found == name)?;
        Some(value)
    }
}

/// Reads the elements of a page in order. Broken HTML yields fewer elements, never an error.
pub(crate) struct Reader<'a> {
    rest: &'a str,
    /// The page from the start of the last tag on.
    last_tag: &'a str,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(html: &'a str) -> Self {
        Self {
            rest: html,
            last_tag: html,
        }
    }

    /// Moves to the next tag and returns its name in lower case, with a `/` before it if it is an
    /// end tag, and its attributes. `text` takes what stands before it, or up to the end.
    fn tag(&mut self, text: &mut String) -> Option<(String, Attributes)> {
        loop {
            let Some(start) = self.rest.find('<') else {
                text.push_str(self.rest);
                self.rest = "";
                return None;
            };
            text.push_str(&self.rest[..start]);
            self.rest = &self.rest[start..];
            if let Some(comment) = self.rest.strip_prefix("<!--") {
                self.rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            } else if self.rest.starts_with("<!") || self.rest.starts_with("<?") {
                self.rest = self.rest.find('>').map_or("", |end| &self.rest[end + 1..]);
            } else if let Some(name) = tag_name(&self.rest[1..]) {
                self.last_tag = self.rest;
                self.rest = &self.rest[1 + name.len()..];
                let attributes = self.attributes();
                let name = name.to_ascii_lowercase();
                if matches!(name.as_str(), "script" | "style" | "textarea" | "title") {
                    self.skip_raw_text(&name);
                }
                return Some((name, attributes));
            } else {
                text.push('<');
                self.rest = &self.rest[1..];
            }
        }
    }

    /// Reads up to the end of the tag that `rest` stands in.
    fn attributes(&mut self) -> Attributes {
        let mut attributes = Vec::new();
        loop {
            self.rest = self
                .rest
                .trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
            if let Some(after) = self.rest.strip_prefix('>') {
                self.rest = after;
                break;
            }
            if self.rest.is_empty() {
                break;
            }
            let end = self
                .rest
                .char_indices()
                // An `=` at the very start belongs to the name, as browsers read it.
                .find(|&(at, c)| {
                    c.is_ascii_whitespace() || c == '>' || c == '/' || (c == '=' && at > 0)
                })
                .map_or(self.rest.len(), |(at, _)| at);
            let name = self.rest[..end].to_ascii_lowercase();
            self.rest = self.rest[end..].trim_start_matches(|c: char| c.is_ascii_whitespace());
            let value = match self.rest.strip_prefix('=') {
                Some(after) => {
                    self.rest = after.trim_start_matches(|c: char| c.is_ascii_whitespace());
                    self.value()
                }
                None => String::new(),
            };
            attributes.push((name, value));
        }
        Attributes(attributes)
    }

    fn value(&mut self) -> String {
        let (raw, rest) = if self.rest.starts_with(['"', '\'']) {
            let (quote, inner) = self.rest.split_at(1);
            inner.split_once(quote).unwrap_or((inner, ""))
        } else {
            let end = self
                .rest
                .find(|c: char| c.is_ascii_whitespace() || c == '>')
                .unwrap_or(self.rest.len());
            self.rest.split_at(end)
        };
        self.rest = rest;
        unescape(raw)
    }

    /// Skips the content of an element in which `<` means nothing.
    fn skip_raw_text(&mut self, name: &str) {
        let mut from = 0;
        while let Some(at) = self.rest[from..].find("</") {
            let start = from + at;
            let after = &self.rest.as_bytes()[start + 2..];
            if after.len() >= name.len()
                && after[..name.len()].eq_ignore_ascii_case(name.as_bytes())
            {
                self.rest = &self.rest[start..];
                return;
            }
            from = start + 2;
        }
        self.rest = "";
    }
}

impl Iterator for Reader<'_> {
    type Item = Element;

    fn next(&mut self) -> Option<Element> {
        loop {
            let (name, attributes) = self.tag(&mut String::new())?;
            match name.as_str() {
                "base" => return Some(Element::Base(attributes)),
                "meta" => return Some(Element::Meta(attributes)),
                "a" => {
                    let mut text = String::new();
                    loop {
                        match self.tag(&mut text) {
                            // An anchor without an end ends where the next one begins, which
                            // is then read again.
                            Some((name, _)) if name == "a" => {
                                self.rest = self.last_tag;
                                break;
                            }
                            Some((name, _)) if name == "/a" => break,
                            Some(_) => {}
                            None => break,
                        }
                    }
                    return Some(Element::Anchor(
                        attributes,
                        unescape(&text).trim().to_owned(),
                    ));
                }
                _ => {}
            }
        }
    }
}

/// Returns the tag's name, with a `/` if it is an end tag, or `None` if no tag begins here.
fn tag_name(text: &str) -> Option<&str> {
    let name = text.strip_prefix('/').unwrap_or(text);
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let end = text
        .char_indices()
        .skip(1)
        .find(|&(_, c)| c.is_ascii_whitespace() || c == '>' || c == '/')
        .map_or(text.len(), |(at, _)| at);
    Some(&text[..end])
}

/// Resolves the character references that pages of links use; others stay as they are.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        // Only so far as the longest reference that is known here, `&#x10ffff;`, reaches: a page
        // of ampersands alone must not be searched to its end for each.
        let resolved = rest
            .bytes()
            .take(10)
            .position(|byte| byte == b';')
            .and_then(|end| Some((character(&rest[1..end])?, end + 1)));
        if let Some((found, length)) = resolved {
            out.push(found);
            rest = &rest[length..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

fn character(reference: &str) -> Option<char> {
    match reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => {
            let digits = reference.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchors(html: &str) -> Vec<(String, String)> {
        Reader::new(html)
            .filter_map(|element| match element {
                Element::Anchor(attributes, text) => {
                    Some((attributes.get("href").unwrap_or("-").to_owned(), text))
                }
                Element::Base(_) | Element::Meta(_) => None,
            })
            .collect()
    }

    fn pair(href: &str, text: &str) -> (String, String) {
        (href.to_owned(), text.to_owned())
    }

    #[test]
    fn anchors_are_found_however_they_are_written() {
        for (html, expected) in [
            (
                r#"<a href="x-1.zip">x-1.zip</a>"#,
                pair("x-1.zip", "x-1.zip"),
            ),
            ("<A\n HREF = 'a b' >\n t <b>u</b></A >", pair("a b", "t u")),
            ("<a href=plain>p</a>", pair("plain", "p")),
            ("<a href=x/y/>p</a>", pair("x/y/", "p")),
            ("<a b href=x c/>p</a>", pair("x", "p")),
            (
                "<a href=\"&lt;&#38;&#x41;&bogus;&\">&gt;</a>",
                pair("<&A&bogus;&", ">"),
            ),
            ("<a href=\"é\">é<", pair("é", "é<")),
            ("a < b <a href=x>1 < 2</a>", pair("x", "1 < 2")),
            ("<a data-x=\"a>b\" href=x>t</a>", pair("x", "t")),
        ] {
            assert_eq!(anchors(html), [expected], "from {html}");
        }
    }

    #[test]
    fn anchor_without_an_end_ends_at_the_next_one() {
        assert_eq!(
            anchors("<a href=x>one<br><a href=y>two"),
            [pair("x", "one"), pair("y", "two")]
        );
    }

    #[test]
    fn comments_scripts_and_titles_hold_no_anchors() {
        let html = "<!DOCTYPE html><title><a href=t></title><!-- <a href=no>no</a> -->\
                    <script>'<a href=no>'</scripty></script><style><a href=no></STYLE>\
                    <abbr>x</abbr><a href=yes>yes</a><!-- <a href=no>";
        assert_eq!(anchors(html), [pair("yes", "yes")]);
    }

    #[test]
    fn broken_pages_end_without_a_fault() {
        for html in [
            "<",
            "</",
            "<a",
            "<a href",
            "<a href=",
            "<a href='x",
            "<!--",
            "<!",
            "<script>",
            "&",
            "<a href=\"&#xffffffff;&#0",
            "<a =x>",
            "</a",
            "<a/",
            "<ä>",
            "<a ä=ö>ü</a",
        ] {
            assert!(Reader::new(html).count() <= 1, "from {html:?}");
        }
    }
}
