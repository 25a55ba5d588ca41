//! Tables that are drawn with signs.

use super::{Writer, dedented};

/// Most columns of a table. What has more is shown as it is.
const MAX_COLUMNS: usize = 100;

impl Writer {
    /// Writes a table with lines around its cells, if one begins with a line. Cells that go over
    /// several rows are beyond us: such a table is shown as it is.
    pub(super) fn grid_table(&mut self, lines: &[&str], at: usize, depth: usize) -> Option<usize> {
        if !is_grid_border(lines[at]) {
            return None;
        }
        let count = lines[at..]
            .iter()
            .take_while(|line| line.starts_with(['+', '|']))
            .count();
        let end = at + count;
        let drawn: Vec<Vec<char>> = lines[at..end]
            .iter()
            .map(|line| line.chars().collect())
            .collect();
        let edges: Vec<usize> = (0..drawn[0].len())
            .filter(|place| drawn[0][*place] == '+')
            .collect();
        let is_border = |line: &&str| is_grid_border(line);
        let is_plain = edges.len() <= MAX_COLUMNS + 1
            && lines[at..end]
                .iter()
                .all(|line| is_border(line) || line.starts_with('|') && !line.contains("+-"))
            && is_grid_border(lines[end - 1])
            && drawn.iter().all(|line| line.len() == drawn[0].len());
        if !is_plain {
            self.problems += usize::from(count < 3);
            self.literal(&lines[at..end], None);
            return Some(end);
        }
        let heads = lines[at..end]
            .iter()
            .position(|line| is_border(line) && line.contains('='));
        self.html.push_str("<table>");
        let mut from = 1;
        for border in (1..count).filter(|line| is_grid_border(lines[at + line])) {
            if self.is_full() {
                break;
            }
            let row = &drawn[from..border];
            if !row.is_empty() {
                self.grid_row(
                    row,
                    &edges,
                    heads.is_some_and(|heads| border <= heads),
                    depth,
                );
            }
            from = border + 1;
        }
        self.html.push_str("</table>\n");
        Some(end)
    }

    fn grid_row(&mut self, row: &[Vec<char>], edges: &[usize], is_head: bool, depth: usize) {
        self.html.push_str("<tr>");
        let mut first = 0;
        for last in 1..edges.len() {
            // Where no line is drawn, a cell goes on.
            let is_edge = row.iter().all(|line| line[edges[last]] == '|');
            if !is_edge && last + 1 < edges.len() {
                continue;
            }
            let cells = row.iter().map(|line| {
                line[edges[first] + 1..edges[last]]
                    .iter()
                    .collect::<String>()
            });
            let cells: Vec<String> = cells.map(|line| line.trim_end().to_owned()).collect();
            let lines: Vec<&str> = cells.iter().map(String::as_str).collect();
            self.cell(is_head, last - first, &dedented(&lines), depth);
            first = last;
        }
        self.html.push_str("</tr>\n");
    }

    /// Writes a table whose columns are drawn above and below, if one begins with a line.
    pub(super) fn simple_table(
        &mut self,
        lines: &[&str],
        at: usize,
        depth: usize,
    ) -> Option<usize> {
        if !is_simple_border(lines[at]) {
            return None;
        }
        let columns = columns(lines[at]);
        let mut borders = Vec::new();
        for (number, line) in lines.iter().enumerate().skip(at + 1) {
            if is_simple_border(line) {
                borders.push(number);
                let is_last = lines.get(number + 1).is_none_or(|next| next.is_empty());
                if is_last || borders.len() == 2 {
                    break;
                }
            }
        }
        let end = *borders.last()?;
        if columns.len() > MAX_COLUMNS {
            self.literal(&lines[at..=end], None);
            return Some(end + 1);
        }
        let heads_end = if borders.len() == 2 { borders[0] } else { at };
        self.html.push_str("<table>");
        self.simple_rows(&lines[at + 1..heads_end.max(at + 1)], &columns, true, depth);
        self.simple_rows(&lines[heads_end + 1..end], &columns, false, depth);
        self.html.push_str("</table>\n");
        Some(end + 1)
    }

    fn simple_rows(
        &mut self,
        lines: &[&str],
        columns: &[(usize, usize)],
        is_head: bool,
        depth: usize,
    ) {
        let mut row: Vec<Vec<String>> = Vec::new();
        for line in lines {
            let is_underline =
                line.starts_with('-') && line.bytes().all(|b| b == b'-' || b == b' ');
            if line.is_empty() || is_underline {
                continue;
            }
            let signs: Vec<char> = line.chars().collect();
            let cells = columns.iter().enumerate().map(|(number, (from, to))| {
                let to = if number + 1 == columns.len() {
                    signs.len()
                } else {
                    (*to).min(signs.len())
                };
                let cell = signs.get(*from..to.max(*from)).unwrap_or_default();
                cell.iter().collect::<String>().trim_end().to_owned()
            });
            let cells: Vec<String> = cells.collect();
            // An empty first cell goes on with the row above.
            if cells[0].is_empty() && !row.is_empty() {
                for (lines, cell) in row.iter_mut().zip(cells) {
                    lines.push(cell);
                }
            } else {
                self.simple_row(&row, is_head, depth);
                row = cells.into_iter().map(|cell| vec![cell]).collect();
            }
            if self.is_full() {
                return;
            }
        }
        self.simple_row(&row, is_head, depth);
    }

    fn simple_row(&mut self, row: &[Vec<String>], is_head: bool, depth: usize) {
        if row.is_empty() {
            return;
        }
        self.html.push_str("<tr>");
        for cell in row {
            let lines: Vec<&str> = cell.iter().map(String::as_str).collect();
            self.cell(is_head, 1, &dedented(&lines), depth);
        }
        self.html.push_str("</tr>\n");
    }

    /// Writes a cell.
    pub(super) fn cell(&mut self, is_head: bool, columns: usize, lines: &[&str], depth: usize) {
        let name = if is_head { "th" } else { "td" };
        if columns > 1 {
            self.start(&format!("{name} colspan=\"{columns}\""));
        } else {
            self.start(name);
        }
        let from = self.html.len();
        self.blocks(lines, depth + 1);
        self.compact(from);
        self.end(name);
    }
}

fn is_grid_border(line: &str) -> bool {
    line.len() >= 3
        && line.starts_with('+')
        && line.ends_with('+')
        && line.bytes().all(|b| matches!(b, b'+' | b'-' | b'='))
        && !line.contains("++")
}

fn is_simple_border(line: &str) -> bool {
    line.starts_with("==") && line.contains(" =") && line.bytes().all(|b| b == b'=' || b == b' ')
}

/// Returns where the columns begin and end.
fn columns(border: &str) -> Vec<(usize, usize)> {
    let mut columns = Vec::new();
    let mut at = 0;
    for part in border.split(' ') {
        if !part.is_empty() {
            columns.push((at, at + part.len()));
        }
        at += part.len() + 1;
    }
    columns
}
