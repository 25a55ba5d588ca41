//! Explicit marks: directives, targets, footnotes, comments.

use super::item::items;
use super::{Writer, dedented, end_of_indented};

/// Directives that change nothing that can be seen here.
const SILENT: &[&str] = &[
    "contents",
    "sectnum",
    "section-numbering",
    "meta",
    "default-role",
    "role",
    "highlight",
    "class",
    "toctree",
    "currentmodule",
    "module",
    "target-notes",
    "header",
    "footer",
    "index",
    "title",
    "local",
];

/// Directives that are boxes with a title.
const BOXES: &[(&str, &str)] = &[
    ("note", "Note"),
    ("tip", "Tip"),
    ("hint", "Hint"),
    ("important", "Important"),
    ("warning", "Warning"),
    ("attention", "Attention"),
    ("caution", "Caution"),
    ("danger", "Danger"),
    ("error", "Error"),
    ("seealso", "See also"),
    ("todo", "To do"),
];

impl Writer {
    /// Reads what begins with two dots.
    pub(super) fn explicit(&mut self, lines: &[&str], at: usize, depth: usize) -> usize {
        let end = end_of_indented(lines, at + 1).max(at + 1);
        let text = lines[at][2..].trim_start();
        if text.is_empty() {
            // With an empty line below, it only ends what is above.
            return if lines.get(at + 1).is_none_or(|line| line.is_empty()) {
                at + 1
            } else {
                end
            };
        }
        let body = &lines[at + 1..end];
        if let Some(target) = text.strip_prefix('_') {
            let is_place = text.ends_with(':')
                && !text.ends_with("\\:")
                && body.is_empty()
                && !target.starts_with("_:");
            if is_place {
                self.place(target.trim_end_matches(':').trim_matches('`'));
                self.html.push('\n');
            }
            return end;
        }
        if text.starts_with("__") || text.starts_with('|') {
            return end;
        }
        let is_label = |label: &str| !label.is_empty() && !label.contains(char::is_whitespace);
        let labelled = text.strip_prefix('[').and_then(|text| text.split_once(']'));
        if let Some((label, rest)) = labelled.filter(|(label, _)| is_label(label)) {
            self.footnote(label, rest.trim(), body, depth);
            return end;
        }
        let name = text.split("::").next().unwrap_or_default();
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.+:".contains(&b));
        if text.len() > name.len() && is_name {
            let argument = text[name.len() + 2..].trim();
            self.directive(name, argument, body, &lines[at..end], depth);
        }
        // Everything else is a comment.
        end
    }

    fn footnote(&mut self, label: &str, first: &str, body: &[&str], depth: usize) {
        let name = label.trim_start_matches('#');
        self.html
            .push_str("<div class=\"footnote-definition\" id=\"footnote-");
        self.escape(name);
        self.html.push_str("\">[");
        self.escape(label);
        self.html.push_str("] ");
        let mut lines = vec![first];
        lines.extend(dedented(body));
        self.blocks(&lines, depth + 1);
        self.html.push_str("</div>\n");
    }

    fn directive(
        &mut self,
        name: &str,
        argument: &str,
        body: &[&str],
        whole: &[&str],
        depth: usize,
    ) {
        let name = name.to_ascii_lowercase();
        let body = dedented(body);
        let (options, content) = options(&body);
        if SILENT.contains(&name.as_str()) {
            return;
        }
        if let Some((_, title)) = BOXES.iter().find(|(known, _)| *known == name) {
            return self.framed(title, argument, content, depth);
        }
        match name.as_str() {
            "code-block" | "code" | "sourcecode" | "highlight-block" | "parsed-literal"
            | "prompt" | "math" | "ipython" => {
                let language = Some(argument).filter(|argument| {
                    !argument.is_empty()
                        && name != "math"
                        && name != "parsed-literal"
                        && !argument.contains(' ')
                });
                let mut lines = Vec::new();
                if language.is_none() && !argument.is_empty() && name != "prompt" {
                    lines.push(argument);
                }
                lines.extend(content);
                self.literal(&lines, language);
            }
            "image" => {
                self.html.push_str("<p>");
                self.image(argument, &body, None);
                self.html.push_str("</p>\n");
            }
            "figure" => {
                self.html.push_str("<figure><p>");
                self.image(argument, &body, None);
                self.html.push_str("</p>\n");
                if !content.is_empty() {
                    self.html.push_str("<figcaption>");
                    self.blocks(content, depth + 1);
                    self.html.push_str("</figcaption>");
                }
                self.html.push_str("</figure>\n");
            }
            "admonition" | "topic" | "sidebar" => self.framed_with(argument, content, depth),
            "rubric" | "centered" => {
                self.html.push_str("<p><strong>");
                self.inline(argument);
                self.html.push_str("</strong></p>\n");
            }
            "versionadded" | "versionchanged" | "deprecated" => {
                let what = match name.as_str() {
                    "versionadded" => "New in version",
                    "versionchanged" => "Changed in version",
                    _ => "Deprecated since version",
                };
                self.html.push_str("<p><em>");
                self.escape(what);
                self.html.push_str("</em> ");
                self.inline(argument);
                self.html.push_str("</p>\n");
                self.blocks(content, depth + 1);
            }
            "container" | "compound" | "epigraph" | "highlights" | "pull-quote" | "only"
            | "centre" | "line-block" => {
                self.html.push_str("<blockquote>\n");
                // What is no option stands in the first line, too.
                if !matches!(name.as_str(), "container" | "only") && !argument.is_empty() {
                    self.blocks(&[argument], depth + 1);
                }
                self.blocks(content, depth + 1);
                self.html.push_str("</blockquote>\n");
            }
            "table" if !content.is_empty() => {
                self.html.push_str("<p><strong>");
                self.inline(argument);
                self.html.push_str("</strong></p>\n");
                self.blocks(content, depth + 1);
            }
            "list-table" if self.list_table(argument, &options, content, depth) => {}
            _ => {
                if !matches!(
                    name.as_str(),
                    "raw" | "include" | "list-table" | "csv-table"
                ) {
                    self.problems += 1;
                }
                self.literal(whole, None);
            }
        }
    }

    fn framed(&mut self, title: &str, argument: &str, content: &[&str], depth: usize) {
        self.html.push_str("<div class=\"admonition\"><p><strong>");
        self.escape(title);
        self.html.push_str("</strong></p>\n");
        if !argument.is_empty() {
            self.blocks(&[argument], depth + 1);
        }
        self.blocks(content, depth + 1);
        self.html.push_str("</div>\n");
    }

    fn framed_with(&mut self, title: &str, content: &[&str], depth: usize) {
        self.html.push_str("<div class=\"admonition\"><p><strong>");
        self.inline(title);
        self.html.push_str("</strong></p>\n");
        self.blocks(content, depth + 1);
        self.html.push_str("</div>\n");
    }

    /// Writes a picture, perhaps as a link. What becomes of it is decided elsewhere.
    pub(super) fn image(&mut self, argument: &str, body: &[&str], target: Option<String>) {
        let (options, _) = options(body);
        let option = |name: &str| {
            options
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| *value)
        };
        let target = target.or_else(|| {
            let target = option("target")?;
            match target.strip_suffix('_') {
                Some(name) if !target.contains(':') => self.names.url(name.trim_matches('`')),
                _ => Some(target.to_owned()),
            }
        });
        if let Some(target) = &target {
            self.html.push_str("<a href=\"");
            self.escape(target);
            self.html.push_str("\">");
        }
        self.html.push_str("<img src=\"");
        self.escape(argument);
        if let Some(alt) = option("alt") {
            self.html.push_str("\" alt=\"");
            self.escape(alt);
        }
        self.html.push_str("\">");
        if target.is_some() {
            self.html.push_str("</a>");
        }
    }

    /// Writes a table that is written as a list of lists. Returns whether it is one.
    fn list_table(
        &mut self,
        title: &str,
        options: &[(&str, &str)],
        content: &[&str],
        depth: usize,
    ) -> bool {
        let rows = items(content).and_then(|rows| {
            let rows = rows.iter().map(|row| items(row));
            rows.collect::<Option<Vec<_>>>()
        });
        let Some(rows) = rows else {
            return false;
        };
        let heads = options.iter().find(|(name, _)| *name == "header-rows");
        let heads = heads
            .and_then(|(_, count)| count.parse::<usize>().ok())
            .unwrap_or(0);
        self.html.push_str("<table>");
        if !title.is_empty() {
            self.html.push_str("<caption>");
            self.inline(title);
            self.html.push_str("</caption>");
        }
        for (number, row) in rows.iter().enumerate() {
            self.html.push_str("<tr>");
            for cell in row {
                self.cell(number < heads, 1, cell, depth);
            }
            self.html.push_str("</tr>\n");
        }
        self.html.push_str("</table>\n");
        true
    }
}

/// Splits the options of a directive from what follows them.
fn options<'a, 'l>(body: &'l [&'a str]) -> (Vec<(&'a str, &'a str)>, &'l [&'a str]) {
    let mut options = Vec::new();
    let mut at = 0;
    while let Some(line) = body.get(at).and_then(|line| line.strip_prefix(':')) {
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        options.push((name, value.trim()));
        at += 1;
    }
    at += body[at..].iter().take_while(|line| line.is_empty()).count();
    (options, &body[at..])
}
