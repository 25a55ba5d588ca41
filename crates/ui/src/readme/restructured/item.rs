//! Lists: with bullets, numbers, fields, options, and terms that are explained.

use super::{Writer, dedented, end_of_indented};

/// What marks the items of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Bullet(char),
    /// With what is before and after the number.
    Number(bool, char),
    Field,
    Option,
}

/// The first line of an item.
struct Head<'a> {
    mark: Mark,
    /// The number, the field's name or the options.
    label: &'a str,
    /// How many bytes of the line are not the item's text.
    width: usize,
}

impl Writer {
    /// Writes a list, if one begins with a line.
    pub(super) fn list(&mut self, lines: &[&str], at: usize, depth: usize) -> Option<usize> {
        let first = head(lines[at])?;
        if matches!(first.mark, Mark::Number(..)) && !is_list(lines, at, first.mark) {
            return None;
        }
        let (open, close) = match first.mark {
            Mark::Bullet(_) => ("<ul>\n".to_owned(), "</ul>\n"),
            Mark::Number(..) => match first.label.parse::<u32>() {
                Ok(start) if start > 1 => (format!("<ol start=\"{start}\">\n"), "</ol>\n"),
                _ => ("<ol>\n".to_owned(), "</ol>\n"),
            },
            Mark::Field | Mark::Option => ("<dl>\n".to_owned(), "</dl>\n"),
        };
        self.html.push_str(&open);
        let mut at = at;
        while let Some(item) = lines
            .get(at)
            .and_then(|line| head(line))
            .filter(|item| item.mark == first.mark)
        {
            if self.is_full() {
                break;
            }
            let end = end_of_indented(lines, at + 1).max(at + 1);
            let body = body(&lines[at..end], item.width);
            match item.mark {
                Mark::Bullet(_) | Mark::Number(..) => self.item("li", &body, depth),
                Mark::Field => {
                    self.html.push_str("<dt>");
                    self.inline(item.label);
                    self.html.push_str("</dt>\n");
                    self.item("dd", &body, depth);
                }
                Mark::Option => {
                    self.html.push_str("<dt><code>");
                    self.escape(item.label);
                    self.html.push_str("</code></dt>\n");
                    self.item("dd", &body, depth);
                }
            }
            at = next_line(lines, end, first.mark);
        }
        self.html.push_str(close);
        Some(at)
    }

    /// Writes lines of which each is a term, with what explains it below.
    pub(super) fn definitions(&mut self, lines: &[&str], at: usize, depth: usize) -> usize {
        self.html.push_str("<dl>\n");
        let mut at = at;
        loop {
            let end = end_of_indented(lines, at + 1);
            self.html.push_str("<dt>");
            self.inline(lines[at]);
            self.html.push_str("</dt>\n");
            self.item("dd", &dedented(&lines[at + 1..end]), depth);
            let next = end
                + lines[end..]
                    .iter()
                    .take_while(|line| line.is_empty())
                    .count();
            let is_term = |line: &str| {
                !line.is_empty()
                    && !line.starts_with([' ', '.', '|', '+'])
                    && !line.ends_with("::")
                    && head(line).is_none()
            };
            let goes_on = lines.get(next).is_some_and(|line| is_term(line))
                && lines
                    .get(next + 1)
                    .is_some_and(|line| line.starts_with(' '));
            if !goes_on || self.is_full() {
                self.html.push_str("</dl>\n");
                return end;
            }
            at = next;
        }
    }

    /// Writes an item. One that is a paragraph alone has no tags of a paragraph.
    fn item(&mut self, element: &str, body: &[&str], depth: usize) {
        self.start(element);
        let from = self.html.len();
        self.blocks(body, depth + 1);
        self.compact(from);
        self.end(element);
        self.html.push('\n');
    }

    /// Takes the tags of a paragraph away, if it is all that was written since a place.
    pub(super) fn compact(&mut self, from: usize) {
        let inner = self.html[from..]
            .strip_prefix("<p>")
            .and_then(|html| html.strip_suffix("</p>\n"));
        if let Some(inner) = inner.filter(|inner| !inner.contains("</p>")) {
            let inner = inner.to_owned();
            self.html.truncate(from);
            self.html.push_str(&inner);
        }
    }
}

/// Returns the lines of an item without its mark, and as far to the left as its first.
pub(super) fn body<'a>(lines: &[&'a str], width: usize) -> Vec<&'a str> {
    let first = lines[0].get(width..).unwrap_or_default().trim_start();
    let rest = dedented(&lines[1..]);
    // What an empty line divides from the first line stays divided.
    let is_apart = lines.get(1).is_some_and(|line| line.is_empty());
    let mut body = vec![first];
    if is_apart {
        body.push("");
    }
    body.extend(rest);
    body
}

/// Splits the lines of a list with bullets into items. `None` if there is anything else.
pub(super) fn items<'a>(lines: &[&'a str]) -> Option<Vec<Vec<&'a str>>> {
    let mut items = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let item = head(lines[at]).filter(|item| matches!(item.mark, Mark::Bullet(_)))?;
        let end = end_of_indented(lines, at + 1).max(at + 1);
        items.push(body(&lines[at..end], item.width));
        at = next_line(lines, end, item.mark);
        if lines.get(at).is_some_and(|line| line.is_empty()) {
            at += lines[at..]
                .iter()
                .take_while(|line| line.is_empty())
                .count();
        }
    }
    Some(items)
}

/// Returns where the list goes on, or else where its last item ended.
fn next_line(lines: &[&str], end: usize, mark: Mark) -> usize {
    let next = end
        + lines[end..]
            .iter()
            .take_while(|line| line.is_empty())
            .count();
    let is_item = lines
        .get(next)
        .and_then(|line| head(line))
        .is_some_and(|item| item.mark == mark);
    if is_item { next } else { end }
}

/// Returns whether a line that looks like a numbered item is one, and not the start of a sentence.
fn is_list(lines: &[&str], at: usize, mark: Mark) -> bool {
    let Some(next) = lines.get(at + 1).filter(|line| !line.is_empty()) else {
        return true;
    };
    next.starts_with(' ') || head(next).is_some_and(|item| item.mark == mark)
}

fn head(line: &str) -> Option<Head<'_>> {
    let first = line.chars().next()?;
    if "-*+•‣⁃".contains(first) {
        let after = &line[first.len_utf8()..];
        if after.is_empty() || after.starts_with(' ') {
            let spaces = after.len() - after.trim_start_matches(' ').len();
            let width = first.len_utf8() + spaces;
            return Some(Head {
                mark: Mark::Bullet(first),
                label: "",
                width,
            });
        }
        return if first == '-' { option(line) } else { None };
    }
    if first == ':' {
        return field(line);
    }
    number(line)
}

fn field(line: &str) -> Option<Head<'_>> {
    let end = line[1..]
        .match_indices(':')
        .map(|(place, _)| place + 1)
        .find(|&place| {
            let after = &line[place + 1..];
            after.is_empty() || after.starts_with(' ')
        })?;
    let label = &line[1..end];
    let is_name = !label.is_empty() && !label.contains('`') && !label.starts_with(' ');
    is_name.then_some(Head {
        mark: Mark::Field,
        label,
        width: end + 1,
    })
}

fn option(line: &str) -> Option<Head<'_>> {
    let is_name = |place: usize| {
        line.as_bytes()
            .get(place)
            .is_some_and(u8::is_ascii_alphanumeric)
    };
    let is_option = is_name(1) || (line.starts_with("--") && is_name(2));
    let end = line.find("  ").unwrap_or(line.len());
    let label = &line[..end];
    // Words that follow at once are a sentence.
    let is_label = label.split(' ').count() <= 4;
    (is_option && is_label).then_some(Head {
        mark: Mark::Option,
        label,
        width: end,
    })
}

fn number(line: &str) -> Option<Head<'_>> {
    let is_closed = line.starts_with('(');
    let text = line.strip_prefix('(').unwrap_or(line);
    let length = text
        .bytes()
        .take(6)
        .take_while(|b| b.is_ascii_alphanumeric() || *b == b'#')
        .count();
    let label = &text[..length];
    let is_number = !label.is_empty()
        && (label == "#"
            || label.bytes().all(|b| b.is_ascii_digit())
            || (label.len() == 1 && label.bytes().all(|b| b.is_ascii_alphabetic()))
            || label.bytes().all(|b| b"ivxIVX".contains(&b)));
    let after = &text[length..];
    let end = after.chars().next().filter(|c| {
        if is_closed {
            *c == ')'
        } else {
            ".)".contains(*c)
        }
    })?;
    let rest = &after[1..];
    if !is_number || !(rest.is_empty() || rest.starts_with(' ')) {
        return None;
    }
    let width = line.len() - rest.trim_start_matches(' ').len();
    Some(Head {
        mark: Mark::Number(is_closed, end),
        label,
        width,
    })
}
