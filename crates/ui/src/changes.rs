//! The page of what changed between two releases.

use std::fmt::Write as _;

use serde::Serialize;

use crate::escape::push_escaped;
use crate::inside::Mark;
use crate::{Markup, Page};

/// The page of what changed between two releases.
#[derive(Debug, Clone, Serialize)]
pub struct ChangesPage {
    /// The project, in normal form.
    pub project: String,
    /// The older version.
    pub from: String,
    /// The newer version.
    pub to: String,
    /// The file of the older release that was compared.
    pub old_file: String,
    /// The file of the newer release.
    pub new_file: String,
    /// What must be known about the comparison.
    pub notes: Vec<String>,
    /// Other files that can be compared: their names, and where.
    pub others: Vec<(String, String)>,
    /// What runs, or can be run, without anybody importing it.
    pub hooks: Vec<HookRow>,
    /// What is needed.
    pub dependencies: Vec<DifferenceRow>,
    /// What the metadata says.
    pub metadata: Vec<DifferenceRow>,
    /// The files that are new, gone or different.
    pub files: Vec<FileRow>,
    /// The command that asks for the same.
    pub command: String,
    /// How many are the same.
    pub unchanged: usize,
}

/// A hook that is new, gone or different.
#[derive(Debug, Clone, Serialize)]
pub struct HookRow {
    /// `new`, `gone` or `changed`.
    pub what: &'static str,
    /// What it is.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What it was before.
    pub old: Option<String>,
    /// What it is now.
    pub new: Option<String>,
}

/// Something that is said in another way.
#[derive(Debug, Clone, Serialize)]
pub struct DifferenceRow {
    /// What it is about.
    pub what: String,
    /// What was said before.
    pub old: Option<String>,
    /// What is said now.
    pub new: Option<String>,
}

/// A file that is new, gone or different.
#[derive(Debug, Clone, Serialize)]
pub struct FileRow {
    /// Its path.
    pub path: String,
    /// `added`, `changed`, `removed` or `unknown`.
    pub what: &'static str,
    /// Its size before, in bytes.
    pub old: Option<u64>,
    /// Its size now.
    pub new: Option<u64>,
    /// Why it deserves a look.
    pub marks: Vec<Mark>,
    /// The lines that changed.
    pub diff: Option<Markup>,
    /// Whether there are more of them.
    pub is_cut: bool,
    /// Why they are not shown.
    pub reason: Option<&'static str>,
}

/// Lines that belong together, for [`diff`].
#[derive(Debug, Clone)]
pub struct HunkLines<'h> {
    /// Which lines they are, such as `@@ -1,2 +1,3 @@`.
    pub title: String,
    /// The lines.
    pub lines: Vec<HunkLine<'h>>,
}

/// One line.
#[derive(Debug, Clone, Copy)]
pub struct HunkLine<'h> {
    /// Its number before.
    pub old: Option<usize>,
    /// Its number now. A line with both is the same in both.
    pub new: Option<usize>,
    /// The line.
    pub text: &'h str,
}

/// Returns lines as a table. What is new and what is gone are told by a sign, by an element and by
/// a colour.
pub fn diff(hunks: &[HunkLines<'_>]) -> Markup {
    let lines: usize = hunks.iter().map(|hunk| hunk.lines.len()).sum();
    let mut html = String::with_capacity(lines * 160);
    html.push_str(
        "<div class=\"scroll\" tabindex=\"0\"><table class=\"diff\"><thead class=\"unseen\"><tr><th scope=\"col\">Before</th>\
         <th scope=\"col\">Now</th><th scope=\"col\">Line</th></tr></thead>",
    );
    for hunk in hunks {
        html.push_str("<tbody><tr class=\"hunk\"><th colspan=\"3\" scope=\"rowgroup\">");
        let _ = push_escaped(&mut html, &hunk.title);
        html.push_str("</th></tr>");
        for line in &hunk.lines {
            let (class, sign, element) = match (line.old, line.new) {
                (None, _) => (" class=\"plus\"", '+', "ins"),
                (_, None) => (" class=\"minus\"", '-', "del"),
                _ => ("", ' ', "span"),
            };
            // A `String` takes everything.
            let _ = write!(html, "<tr{class}>");
            for number in [line.old, line.new] {
                let _ = match number {
                    Some(number) => write!(html, "<td class=\"n\">{number}</td>"),
                    None => write!(html, "<td class=\"n\"></td>"),
                };
            }
            let _ = write!(html, "<td><code>{sign} <{element}>");
            let _ = push_escaped(&mut html, line.text);
            let _ = write!(html, "</{element}></code></td></tr>");
        }
        html.push_str("</tbody>");
    }
    html.push_str("</table></div>");
    Markup::sound(html)
}

impl Page for ChangesPage {
    const TEMPLATE: &'static str = "changes.html";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_a_sign_an_element_and_no_markup_of_their_own() {
        let line = |old, new, text| HunkLine { old, new, text };
        let html = diff(&[HunkLines {
            title: "@@ -1,2 +1,2 @@".to_owned(),
            lines: vec![
                line(Some(1), Some(1), "same"),
                line(Some(2), None, "<script>"),
                line(None, Some(2), "\u{202e}x"),
            ],
        }]);
        let html = html.as_str();
        assert!(html.contains("<code>  <span>same</span>"), "{html}");
        assert!(html.contains("<code>- <del>&lt;script&gt;</del>"), "{html}");
        assert!(html.contains("<code>+ <ins>⟨U+202E⟩x</ins>"), "{html}");
    }
}
