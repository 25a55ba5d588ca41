//! The page of one member of a file.

use std::fmt::Write as _;

use serde::Serialize;

use crate::code::{self, Language};
use crate::inside::Mark;
use crate::lines::cut;
use crate::{Markup, Page};

/// Bytes in a row of what is no text.
const ROW_BYTES: usize = 16;
/// Most rows of a table.
const MAX_ROWS: usize = 5_000;

/// The page of one member of a file.
#[derive(Debug, Clone, Serialize)]
pub struct MemberPage {
    /// The project, in normal form.
    pub project: String,
    /// The version.
    pub version: String,
    /// The file's name.
    pub file: String,
    /// The page of all that is in the file.
    pub inside_url: String,
    /// The member's path.
    pub path: String,
    /// Its size, in bytes.
    pub size: u64,
    /// Where it leads, if it is a link.
    pub target: Option<String>,
    /// Why it deserves a look.
    pub marks: Vec<Mark>,
    /// What a reader should know first.
    pub notes: Vec<String>,
    /// What it says, in tables.
    pub tables: Vec<Table>,
    /// Its text.
    pub text: Option<Markup>,
    /// Its first bytes, if it is no text.
    pub hex: Option<String>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Table {
    /// What it is about.
    pub caption: String,
    /// The names of its columns.
    pub columns: Vec<&'static str>,
    /// Its rows.
    pub rows: Vec<Row>,
    /// How many rows were left out.
    pub missing: usize,
}

/// One row of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// What is in each column.
    pub cells: Vec<String>,
    /// Whether something is wrong with it.
    pub is_wrong: bool,
}

impl Table {
    /// Makes a table. Very many rows are left out, and very long texts are cut.
    pub fn new(caption: &str, columns: &[&'static str], rows: Vec<Row>) -> Self {
        const MAX_CELL_CHARS: usize = 2_000;
        let missing = rows.len().saturating_sub(MAX_ROWS);
        let mut rows = rows;
        rows.truncate(MAX_ROWS);
        for cell in rows.iter_mut().flat_map(|row| &mut row.cells) {
            if let Some((place, _)) = cell.char_indices().nth(MAX_CELL_CHARS) {
                cell.truncate(place);
                cell.push('…');
            }
        }
        Self {
            caption: caption.to_owned(),
            columns: columns.to_vec(),
            rows,
            missing,
        }
    }
}

impl MemberPage {
    /// Shows the member's text, and says what was left out of it.
    pub fn set_text(&mut self, text: &str) {
        let shown = cut(text);
        if shown.cut_lines > 0 {
            self.notes.push(format!(
                "{} lines are very long: their ends are not shown.",
                shown.cut_lines
            ));
        }
        if shown.missing_lines > 0 {
            self.notes.push(format!(
                "The last {} lines are not shown.",
                shown.missing_lines
            ));
        }
        self.text = Some(code::numbered(
            &shown.text,
            Language::of_file_name(&self.path),
        ));
    }

    /// Shows the first bytes of what is no text.
    pub fn set_bytes(&mut self, bytes: &[u8]) {
        let mut rows = String::new();
        for (place, row) in bytes.chunks(ROW_BYTES).enumerate() {
            // A `String` takes everything.
            let _ = write!(rows, "{:08x} ", place * ROW_BYTES);
            for byte in row {
                let _ = write!(rows, " {byte:02x}");
            }
            rows.push_str(&"   ".repeat(ROW_BYTES - row.len()));
            rows.push_str("  ");
            rows.extend(row.iter().map(|&byte| match byte {
                b' '..=b'~' => char::from(byte),
                _ => '.',
            }));
            rows.push('\n');
        }
        self.hex = Some(rows);
    }
}

impl Page for MemberPage {
    const TEMPLATE: &'static str = "member.html";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> MemberPage {
        MemberPage {
            project: "demo".to_owned(),
            version: "1.0".to_owned(),
            file: "demo-1.0.tar.gz".to_owned(),
            inside_url: "/project/demo/1.0/file/demo-1.0.tar.gz/".to_owned(),
            path: "demo/a.py".to_owned(),
            size: 3,
            target: None,
            marks: Vec::new(),
            notes: Vec::new(),
            tables: Vec::new(),
            text: None,
            hex: None,
        }
    }

    #[test]
    fn bytes_stand_in_rows() {
        let mut page = page();
        page.set_bytes(b"\x7fELF<b>0123456789");
        assert_eq!(
            page.hex.expect("rows"),
            "00000000  7f 45 4c 46 3c 62 3e 30 31 32 33 34 35 36 37 38  .ELF<b>012345678\n\
             00000010  39                                               9\n"
        );
    }

    #[test]
    fn a_megabyte_in_one_line_is_cut_with_a_note() {
        let mut page = page();
        page.set_text(&"x".repeat(1 << 20));
        assert!(page.text.expect("text").as_str().len() < 10_000);
        assert_eq!(page.notes.len(), 1);
    }

    #[test]
    fn large_tables_are_cut() {
        let row = Row {
            cells: vec!["é".repeat(5_000)],
            is_wrong: false,
        };
        let table = Table::new("t", &["c"], vec![row; MAX_ROWS + 3]);
        assert_eq!((table.rows.len(), table.missing), (MAX_ROWS, 3));
        assert!(table.rows[0].cells[0].len() < 5_000);
    }
}
