//! What owners of a project change.

use serde::Serialize;

use crate::Page;

/// A project as its owners see it.
#[derive(Debug, Clone, Serialize)]
pub struct ManagePage {
    /// The project, in normal form.
    pub project: String,
    /// The status.
    pub status: &'static str,
    /// Why, if somebody said.
    pub reason: Option<String>,
    /// The statuses that there are, with what each means.
    pub statuses: Vec<(&'static str, &'static str)>,
    /// The releases, the newest first.
    pub releases: Vec<ManagedRelease>,
    /// What was deleted.
    pub withdrawn: Vec<WithdrawnFile>,
    /// Who has which part, owners first: the name, the part.
    pub roles: Vec<(String, &'static str)>,
    /// Whether the visitor may yank, and set the status.
    pub may_yank: bool,
    /// Whether the visitor may delete and bring back.
    pub may_delete: bool,
    /// Whether the visitor may say who has which part.
    pub may_name: bool,
    /// What was wrong with what was given before.
    pub error: Option<String>,
    /// The URL of the index, as commands want it.
    pub server: String,
}

/// A release as its owners see it.
#[derive(Debug, Clone, Serialize)]
pub struct ManagedRelease {
    /// The version.
    pub version: String,
    /// Whether all its files are yanked.
    pub is_yanked: bool,
    /// The files.
    pub files: Vec<ManagedFile>,
}

/// A file as its owners see it.
#[derive(Debug, Clone, Serialize)]
pub struct ManagedFile {
    /// The name.
    pub name: String,
    /// The size in bytes.
    pub size: u64,
    /// Why it is yanked, empty if nobody said; `None` if it is not.
    pub yanked: Option<String>,
}

/// A file that was deleted.
#[derive(Debug, Clone, Serialize)]
pub struct WithdrawnFile {
    /// The name.
    pub name: String,
    /// When, in seconds since 1970.
    pub since: i64,
    /// Whether the same bytes are there again, and kept away.
    pub is_back: bool,
}

impl Page for ManagePage {
    const TEMPLATE: &'static str = "manage.html";
}

/// What can be done with a project, a release or a file.
#[derive(Debug, Clone, Serialize)]
pub struct ChangePage {
    /// The project, in normal form.
    pub project: String,
    /// The version, of a release.
    pub version: Option<String>,
    /// The name, of a file.
    pub file: Option<String>,
    /// How the part is called in a sentence.
    pub called: String,
    /// Whether the visitor may yank.
    pub may_yank: bool,
    /// Whether the visitor may delete and bring back.
    pub may_delete: bool,
}

impl Page for ChangePage {
    const TEMPLATE: &'static str = "change.html";
}

/// What a change would come to, before it is made.
#[derive(Debug, Clone, Serialize)]
pub struct ConfirmPage {
    /// The project, in normal form.
    pub project: String,
    /// What to do, such as `yank`: a part of the address.
    pub verb: &'static str,
    /// The question.
    pub question: String,
    /// What the form sends back as it is: names and values.
    pub kept: Vec<(&'static str, String)>,
    /// What would change.
    pub changes: Vec<String>,
    /// What the owner should know besides.
    pub warnings: Vec<String>,
    /// What must be typed before it is done.
    pub typed: Option<String>,
    /// What was wrong with what was given before.
    pub error: Option<String>,
    /// The command that does the same.
    pub command: String,
}

impl Page for ConfirmPage {
    const TEMPLATE: &'static str = "confirm.html";
}
