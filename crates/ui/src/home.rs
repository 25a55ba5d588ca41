//! The home page: search, what is new, and how to install from here.

use serde::Serialize;

use crate::Page;

/// The home page.
#[derive(Debug, Clone, Serialize)]
pub struct HomePage {
    /// Whether the visitor may see anything of what is here.
    pub is_seen: bool,
    /// Projects that there are, for those who may see all of them.
    pub projects: Option<u64>,
    /// Files that there are, for those who may see all of them.
    pub files: Option<u64>,
    /// The releases that were uploaded last.
    pub newest: Vec<NewestRelease>,
    /// How to install from here, for each installer.
    pub lines: Vec<InstallLine>,
    /// Whether anybody who is not signed in may look around.
    pub is_open: bool,
}

/// A release that was uploaded lately.
#[derive(Debug, Clone, Serialize)]
pub struct NewestRelease {
    /// The project, in normal form.
    pub project: String,
    /// How its publisher spells it.
    pub name: String,
    /// The version.
    pub version: String,
    /// The summary.
    pub summary: Option<String>,
    /// When, in seconds since 1970.
    pub at: i64,
}

/// How to use this index with one program.
#[derive(Debug, Clone, Serialize)]
pub struct InstallLine {
    /// The program.
    pub program: String,
    /// What to type, or to write into a file.
    pub text: String,
    /// What the text is for, if that is not clear.
    pub note: Option<String>,
}

impl InstallLine {
    /// Returns the lines for an index whose simple page is at `url`, which ends in a slash.
    /// `project` is what to install.
    pub fn all(url: &str, project: &str) -> Vec<Self> {
        let line = |program: &str, text: String, note: Option<&str>| Self {
            program: program.to_owned(),
            text,
            note: note.map(str::to_owned),
        };
        vec![
            line(
                "pip",
                format!("pip install --index-url {url} {project}"),
                None,
            ),
            line(
                "uv",
                format!("uv pip install --default-index {url} {project}"),
                None,
            ),
            line(
                "poetry",
                format!("poetry source add --priority=primary wheelhouse {url}"),
                Some("once for each of your projects"),
            ),
        ]
    }
}

impl Page for HomePage {
    const TEMPLATE: &'static str = "home.html";
}
