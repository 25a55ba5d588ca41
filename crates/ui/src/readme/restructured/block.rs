//! Blocks: what begins with a line, and which lines belong to it.

use super::{MAX_DEPTH, Writer, dedented, end_of_indented};

impl Writer {
    /// Writes all blocks of some lines.
    pub(super) fn blocks(&mut self, lines: &[&str], depth: usize) {
        if depth > MAX_DEPTH {
            return self.literal(lines, None);
        }
        let mut at = 0;
        while at < lines.len() && !self.is_full() {
            at = if lines[at].is_empty() {
                at + 1
            } else {
                self.block(lines, at, depth)
            };
        }
    }

    /// Writes the block that begins with a line, and returns where the next begins.
    fn block(&mut self, lines: &[&str], at: usize, depth: usize) -> usize {
        let line = lines[at];
        if line.starts_with(' ') {
            let end = end_of_indented(lines, at);
            self.html.push_str("<blockquote>\n");
            self.blocks(&dedented(&lines[at..end]), depth + 1);
            self.html.push_str("</blockquote>\n");
            return end;
        }
        if line == ".." || line.starts_with(".. ") {
            return self.explicit(lines, at, depth);
        }
        if line == "__" || line.starts_with("__ ") {
            return at + 1;
        }
        if let Some(end) = self.title(lines, at) {
            return end;
        }
        if let Some(end) = self.grid_table(lines, at, depth) {
            return end;
        }
        if let Some(end) = self.simple_table(lines, at, depth) {
            return end;
        }
        if let Some(end) = self.list(lines, at, depth) {
            return end;
        }
        if line.starts_with("| ") || line == "|" {
            return self.line_block(lines, at);
        }
        if line.starts_with(">>> ") {
            let end = end_of_paragraph(lines, at);
            self.literal(&lines[at..end], Some("pycon"));
            return end;
        }
        self.paragraph(lines, at, depth)
    }

    /// Writes a title, or a line between two parts.
    fn title(&mut self, lines: &[&str], at: usize) -> Option<usize> {
        let line = lines[at];
        let next = lines.get(at + 1).copied().unwrap_or_default();
        if is_adornment(line) {
            let below = lines.get(at + 2).copied().unwrap_or_default();
            if !next.is_empty()
                && is_adornment(below)
                && below.starts_with(sign(line))
                && !is_adornment(next)
            {
                self.heading(next.trim(), (sign(line), true));
                return Some(at + 3);
            }
            if next.is_empty() && line.len() >= 4 {
                self.html.push_str("<hr>\n");
                return Some(at + 1);
            }
            return None;
        }
        let width = line.chars().count();
        if !is_adornment(next) || (next.len() < 4 && next.len() < width) {
            if is_adornment(next) || (next.len() == 2 && next == "==") {
                self.problems += 1;
            }
            return None;
        }
        if next.len() < width {
            self.problems += 1;
        }
        self.heading(line, (sign(next), false));
        Some(at + 2)
    }

    fn heading(&mut self, title: &str, style: (char, bool)) {
        let known = self.styles.iter().position(|known| *known == style);
        let level = known.unwrap_or_else(|| {
            self.styles.push(style);
            self.styles.len() - 1
        });
        let name = ["h1", "h2", "h3", "h4", "h5", "h6"][level.min(5)];
        self.start(name);
        self.inline(title);
        self.end(name);
        self.html.push('\n');
    }

    fn line_block(&mut self, lines: &[&str], at: usize) -> usize {
        let mut end = at;
        self.html.push_str("<p>");
        while let Some(line) = lines
            .get(end)
            .filter(|line| line.starts_with("| ") || **line == "|")
        {
            if end > at {
                self.html.push_str("<br>\n");
            }
            self.inline(line[1..].trim_start());
            end += 1;
            // A line may go on.
            while let Some(more) = lines.get(end).filter(|line| line.starts_with(' ')) {
                self.html.push(' ');
                self.inline(more.trim_start());
                end += 1;
            }
        }
        self.html.push_str("</p>\n");
        end
    }

    /// Writes a paragraph and, if two colons end it, the literal block after it.
    fn paragraph(&mut self, lines: &[&str], at: usize, depth: usize) -> usize {
        let mut end = end_of_paragraph(lines, at);
        // A line with an indented one below it is explained by it.
        if end == at + 1
            && lines.get(end).is_some_and(|next| next.starts_with(' '))
            && !lines[at].ends_with("::")
        {
            return self.definitions(lines, at, depth);
        }
        if lines.get(end).is_some_and(|next| next.starts_with(' '))
            && !lines[end - 1].ends_with("::")
        {
            self.problems += 1;
        }
        end = end.max(at + 1);
        let text = lines[at..end].join("\n");
        let Some(before) = text.strip_suffix("::") else {
            self.html.push_str("<p>");
            self.inline(&text);
            self.html.push_str("</p>\n");
            return end;
        };
        if !before.trim().is_empty() {
            self.html.push_str("<p>");
            if before.ends_with(char::is_whitespace) {
                self.inline(before.trim_end());
            } else {
                self.inline(&text[..text.len() - 1]);
            }
            self.html.push_str("</p>\n");
        }
        self.literal_block(lines, end)
    }

    fn literal_block(&mut self, lines: &[&str], at: usize) -> usize {
        let empty = lines[at..]
            .iter()
            .take_while(|line| line.is_empty())
            .count();
        let from = at + empty;
        let Some(first) = lines.get(from) else {
            return from;
        };
        if first.starts_with(' ') {
            let end = end_of_indented(lines, from);
            self.literal(&dedented(&lines[from..end]), None);
            return end;
        }
        // Each line of it may have the same sign instead.
        let quote = sign(first);
        if quote.is_ascii_punctuation() && empty > 0 {
            let count = lines[from..]
                .iter()
                .take_while(|line| line.starts_with(quote))
                .count();
            self.literal(&lines[from..from + count], None);
            return from + count;
        }
        self.problems += 1;
        from
    }
}

fn sign(line: &str) -> char {
    line.chars().next().unwrap_or(' ')
}

/// Returns where the lines end that are neither empty nor indented.
fn end_of_paragraph(lines: &[&str], at: usize) -> usize {
    let end = lines[at..]
        .iter()
        .position(|line| line.is_empty() || line.starts_with(' '));
    end.map_or(lines.len(), |end| at + end)
}

/// Returns whether a line is one sign over and over, as titles have it above or below.
pub(super) fn is_adornment(line: &str) -> bool {
    let Some(&first) = line.as_bytes().first() else {
        return false;
    };
    line.len() >= 2
        && first.is_ascii_punctuation()
        && line != "::"
        && line != ".."
        && line.bytes().all(|b| b == first)
}
