//! Marks within a paragraph.

use super::super::markdown::next_address;
use super::Writer;
use super::names::Substitution;

/// Longest name of a role, in bytes.
const MAX_ROLE: usize = 40;

/// Longest name that is referred to without quotes, or stands between bars, in bytes.
const MAX_NAME: usize = 100;

/// Marks that were looked for in vain: they are not in the rest either.
#[derive(Default)]
struct Missing(Vec<&'static str>);

impl Writer {
    /// Writes the text of a paragraph, with what its marks mean.
    pub(super) fn inline(&mut self, text: &str) {
        self.marked(text, true);
    }

    fn marked(&mut self, text: &str, may_substitute: bool) {
        let mut missing = Missing::default();
        let (mut from, mut at) = (0, 0);
        let mut address = next_address(text, 0);
        while at < text.len() && !self.is_full() {
            let rest = &text[at..];
            let Some(place) = rest.find(['\\', '`', '*', '|', '[', '_', ':', 'h']) else {
                break;
            };
            at += place;
            if let Some((_, end)) = address.filter(|(start, _)| *start == at) {
                self.plain(&text[from..at]);
                self.link(&text[at..end], &text[at..end]);
                (from, at) = (end, end);
                address = next_address(text, end);
                continue;
            }
            let read = self.mark(text, from, at, may_substitute, &mut missing);
            if let Some(end) = read {
                (from, at) = (end, end);
            } else {
                // A backslash takes the sign after it with it.
                let taken = if text[at..].starts_with('\\') { 2 } else { 1 };
                let signs = text[at..].chars().take(taken);
                at += signs.map(char::len_utf8).sum::<usize>();
            }
            if address.is_some_and(|(start, _)| start < at) {
                address = next_address(text, at);
            }
        }
        self.plain(&text[from..]);
    }

    /// Reads the mark at a place, and writes the text since `from` and what the mark means. Returns
    /// where it ends, or `None` if it is none.
    fn mark(
        &mut self,
        text: &str,
        from: usize,
        at: usize,
        may_substitute: bool,
        missing: &mut Missing,
    ) -> Option<usize> {
        let rest = &text[at..];
        if rest.starts_with('_') {
            return self.name_before(text, from, at);
        }
        if !begins(text, at) {
            return None;
        }
        if rest.starts_with("``") {
            let end = self.end_of(text, at, "``", missing)?;
            self.plain(&text[from..at]);
            self.wrapped("code", &text[at + 2..end], false);
            return Some(end + 2);
        }
        if rest.starts_with("**") || rest.starts_with('*') {
            let (mark, element) = if rest.starts_with("**") {
                ("**", "strong")
            } else {
                ("*", "em")
            };
            let end = self.end_of(text, at, mark, missing)?;
            self.plain(&text[from..at]);
            self.wrapped(element, &text[at + mark.len()..end], true);
            return Some(end + mark.len());
        }
        if rest.starts_with('`') {
            return self.quoted(text, from, at, at, None, missing);
        }
        if rest.starts_with(':') {
            let name = &rest[1..rest.floor_char_boundary(MAX_ROLE)];
            let (role, after) = name.split_once(':')?;
            let is_role = role.starts_with(|c: char| c.is_ascii_alphabetic())
                && role
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_.+:".contains(&b));
            if !is_role || !after.starts_with('`') {
                return None;
            }
            return self.quoted(text, from, at, at + role.len() + 2, Some(role), missing);
        }
        if rest.starts_with('|') && may_substitute {
            let end = self.end_of(text, at, "|", missing)?;
            let found = self.names.substitution(&text[at + 1..end]).cloned()?;
            self.plain(&text[from..at]);
            let after = end + 1;
            let underscores = text[after..]
                .bytes()
                .take(2)
                .take_while(|b| *b == b'_')
                .count();
            let url = if underscores == 1 {
                self.names.url(&text[at + 1..end])
            } else {
                None
            };
            self.substituted(&found, url.as_deref());
            return Some(after + underscores);
        }
        if rest.starts_with('[') {
            let label = &rest[1..rest.floor_char_boundary(MAX_ROLE)];
            let (label, after) = label.split_once(']')?;
            if label.is_empty() || label.contains(char::is_whitespace) || !after.starts_with('_') {
                return None;
            }
            self.plain(&text[from..at]);
            self.link(
                &format!("#footnote-{}", label.trim_start_matches('#')),
                &format!("[{label}]"),
            );
            return Some(at + label.len() + 3);
        }
        None
    }

    /// Reads a reference whose name stands before an underscore, or a target between `` _` `` and `` ` ``.
    fn name_before(&mut self, text: &str, from: usize, at: usize) -> Option<usize> {
        let rest = &text[at..];
        if rest.starts_with("_`") && begins(text, at) {
            let end = at + 2 + rest[2..].find('`')?;
            self.plain(&text[from..at]);
            self.place(&text[at + 2..end]);
            self.plain(&text[at + 2..end]);
            return Some(end + 1);
        }
        let end = at + rest.bytes().take(2).take_while(|b| *b == b'_').count();
        if !ends(text, end) {
            return None;
        }
        let before = &text[from..at];
        let window = &before[before.ceil_char_boundary(before.len().saturating_sub(MAX_NAME))..];
        let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
        let name = &window[window.trim_end_matches(is_of_name).len()..];
        if !name.starts_with(char::is_alphanumeric) || !name.ends_with(char::is_alphanumeric) {
            return None;
        }
        let url = if end - at == 2 {
            self.names.next_nameless()
        } else {
            self.names.url(name)
        };
        let Some(url) = url else {
            self.problems += 1;
            return None;
        };
        self.plain(&before[..before.len() - name.len()]);
        self.link(&url, name);
        Some(end)
    }

    /// Reads what stands between backquotes: a reference, or text with a role.
    fn quoted(
        &mut self,
        text: &str,
        from: usize,
        mark_at: usize,
        at: usize,
        role: Option<&str>,
        missing: &mut Missing,
    ) -> Option<usize> {
        let end = self.end_of(text, at, "`", missing)?;
        let inner = &text[at + 1..end];
        let after = &text[end + 1..];
        let underscores = after.bytes().take(2).take_while(|b| *b == b'_').count();
        self.plain(&text[from..mark_at]);
        if role.is_none() && underscores > 0 {
            self.reference(inner, underscores == 2);
            return Some(end + 1 + underscores);
        }
        if role.is_none() && after.starts_with(':') {
            let name = &after[1..after.floor_char_boundary(MAX_ROLE)];
            let is_role = |role: &str| {
                !role.is_empty() && role.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            };
            if let Some((role, _)) = name.split_once(':').filter(|(role, _)| is_role(role)) {
                self.role(role, inner);
                return Some(end + 3 + role.len());
            }
        }
        self.role(role.unwrap_or("title-reference"), inner);
        Some(end + 1)
    }

    fn reference(&mut self, inner: &str, is_nameless: bool) {
        if let Some((words, url)) = embedded(inner) {
            let url = match url.strip_suffix('_') {
                Some(name) if !url.contains(':') => {
                    self.names.url(name.trim_matches('`')).unwrap_or_default()
                }
                _ => url.replace(char::is_whitespace, ""),
            };
            if !is_nameless && !words.is_empty() {
                self.names.learn(words, &url);
            }
            return self.link(&url, if words.is_empty() { &url } else { words });
        }
        let url = if is_nameless {
            self.names.next_nameless()
        } else {
            self.names.url(inner)
        };
        if let Some(url) = url {
            self.link(&url, inner);
        } else {
            self.problems += 1;
            self.plain(inner);
        }
    }

    fn role(&mut self, role: &str, inner: &str) {
        let element = match role {
            "emphasis" => "em",
            "strong" => "strong",
            "sub" | "subscript" => "sub",
            "sup" | "superscript" => "sup",
            "title-reference" | "title" | "t" => "cite",
            "kbd" => "kbd",
            "abbr" => "abbr",
            "ref" | "doc" | "numref" | "term" | "any" | "download" | "pep" | "rfc" => {
                let words = embedded(inner).map_or(inner, |(words, _)| words);
                match role {
                    "pep" => self.plain(&format!("PEP {words}")),
                    "rfc" => self.plain(&format!("RFC {words}")),
                    _ => self.plain(words),
                }
                return;
            }
            _ => {
                let words = embedded(inner).map_or(inner, |(words, _)| words);
                return self.wrapped("code", words.trim_start_matches(['~', '!']), false);
            }
        };
        self.wrapped(element, inner, true);
    }

    fn substituted(&mut self, found: &Substitution, url: Option<&str>) {
        let body: Vec<&str> = found.body.iter().map(String::as_str).collect();
        match found.directive.as_str() {
            "image" => {
                let target = url.map(str::to_owned);
                self.image(&found.argument, &body, target);
            }
            "replace" | "unicode" => {
                let mut text = found.argument.clone();
                for line in body {
                    text.push(' ');
                    text.push_str(line);
                }
                if found.directive == "unicode" {
                    text = characters(&text);
                }
                match url {
                    Some(url) => self.link(url, &text),
                    None => self.marked(&text, false),
                }
            }
            _ => {}
        }
    }

    /// Writes a link.
    pub(super) fn link(&mut self, url: &str, words: &str) {
        self.html.push_str("<a href=\"");
        self.escape(url);
        self.html.push_str("\">");
        self.plain(words);
        self.html.push_str("</a>");
    }

    /// Writes the place that a name leads to.
    pub(super) fn place(&mut self, name: &str) {
        self.html.push_str("<span id=\"");
        self.escape(&super::super::tidy::slug(name));
        self.html.push_str("\"></span>");
    }

    fn wrapped(&mut self, element: &str, text: &str, has_escapes: bool) {
        self.start(element);
        if has_escapes {
            self.plain(text);
        } else {
            self.escape(text);
        }
        self.end(element);
    }

    /// Writes text without marks: a backslash goes, and the space after it.
    fn plain(&mut self, text: &str) {
        let mut rest = text;
        while let Some(place) = rest.find('\\') {
            self.escape(&rest[..place]);
            let mut after = rest[place + 1..].chars();
            if let Some(c) = after.next().filter(|c| !c.is_whitespace()) {
                self.escape(c.encode_utf8(&mut [0; 4]));
            }
            rest = after.as_str();
        }
        self.escape(rest);
    }

    /// Returns where the mark is that ends what begins at a place with the same one.
    fn end_of(
        &mut self,
        text: &str,
        at: usize,
        mark: &'static str,
        missing: &mut Missing,
    ) -> Option<usize> {
        if missing.0.contains(&mark) {
            return None;
        }
        let first = at + mark.len();
        let is_start = text[first..].starts_with(|c: char| !c.is_whitespace());
        if !is_start {
            return None;
        }
        let from = first + text[first..].chars().next().map_or(0, char::len_utf8);
        let is_end = |place: usize| {
            let before = &text[..place];
            let is_escaped = mark != "``" && before.ends_with('\\');
            let after = place + mark.len();
            let is_followed = ends(text, after)
                || (matches!(mark, "`" | "|") && text[after..].starts_with(['_', ':']));
            !before.ends_with(char::is_whitespace) && !is_escaped && is_followed
        };
        // What is between bars may turn out to be no mark, and would be looked through again.
        let to = if mark == "|" {
            text.floor_char_boundary(from + MAX_NAME)
        } else {
            text.len()
        };
        let found = text[from..to]
            .match_indices(mark)
            .map(|(place, _)| from + place)
            .find(|place| is_end(*place));
        if found.is_none() && mark != "|" {
            missing.0.push(mark);
            self.problems += 1;
        }
        found
    }
}

/// Returns whether a mark may begin at a place.
fn begins(text: &str, at: usize) -> bool {
    let before = text[..at].chars().next_back();
    let after = text[at..].chars().take(3).find(|c| !"*`|_".contains(*c));
    match (before, after) {
        (None, _) => true,
        (Some('"'), Some('"'))
        | (Some('\''), Some('\''))
        | (Some('('), Some(')'))
        | (Some('['), Some(']')) => false,
        (Some(c), _) => {
            c.is_whitespace() || "'\"([{<-/:".contains(c) || (!c.is_ascii() && !c.is_alphanumeric())
        }
    }
}

/// Returns whether a mark may end at a place.
fn ends(text: &str, at: usize) -> bool {
    text[at..].chars().next().is_none_or(|c| {
        c.is_whitespace()
            || "'\")]}>-/\\:.,;!?".contains(c)
            || (!c.is_ascii() && !c.is_alphanumeric())
    })
}

/// Splits `words <address>`.
fn embedded(inner: &str) -> Option<(&str, &str)> {
    let (words, url) = inner.strip_suffix('>')?.rsplit_once('<')?;
    let is_apart = words.is_empty() || words.ends_with(char::is_whitespace);
    is_apart.then_some((words.trim(), url.trim()))
}

/// Returns the text that numbers of characters stand for: `0xA9`, `U+00A9`, or words as they are.
fn characters(text: &str) -> String {
    let words = text
        .split(" .. ")
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .map(|word| {
            let digits = ["0x", "U+", "\\u", "x"]
                .iter()
                .find_map(|start| word.strip_prefix(start));
            let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
            number
                .and_then(char::from_u32)
                .map_or_else(|| word.to_owned(), String::from)
        });
    words.collect::<Vec<_>>().join(" ")
}
