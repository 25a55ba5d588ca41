//! What is said about each client and file: lines, or JSON.

use serde_json::json;

use crate::exit::Failure;
use crate::program::{print, to_stderr};

/// Says what was done.
pub(super) struct Report {
    is_json: bool,
}

/// What is said in one line.
#[derive(Default)]
pub(super) struct Said<'a> {
    /// The clients, or what else it is about.
    pub(super) clients: Vec<&'a str>,
    /// The file.
    pub(super) file: Option<&'a str>,
    /// What became of it.
    pub(super) outcome: &'a str,
    /// Why, in a word.
    pub(super) reason: Option<&'a str>,
    /// What there is to know.
    pub(super) notes: Vec<String>,
    /// A text that is shown whole.
    pub(super) text: Option<&'a str>,
}

impl Report {
    pub(super) const fn new(is_json: bool) -> Self {
        Self { is_json }
    }

    /// Says it.
    pub(super) fn say(&self, said: &Said<'_>) -> Result<(), Failure> {
        if self.is_json {
            let object = json!({
                "clients": said.clients,
                "file": said.file,
                "outcome": said.outcome,
                "reason": said.reason,
                "notes": said.notes,
                "text": said.text,
            });
            return print(&format!("{object}\n"));
        }
        let mut text = said.clients.join(", ");
        if let Some(file) = said.file {
            text = format!("{text}: {file}");
        }
        text = format!("{text}: {}\n", said.outcome);
        for note in &said.notes {
            text = format!("{text}  {note}\n");
        }
        if let Some(shown) = said.text {
            text.push_str(shown);
            text.push('\n');
        }
        print(&text)
    }

    /// Says on stderr what a program said.
    pub(super) fn quote(words: &str) {
        for line in words.lines() {
            to_stderr(&format!("  | {line}\n"));
        }
    }
}
