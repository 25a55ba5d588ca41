//! The pages of administrators.

use serde::Serialize;

use crate::Page;

/// What there is, at a glance.
#[derive(Debug, Clone, Serialize)]
pub struct AdminPage {
    /// Numbers with what they count.
    pub figures: Vec<Figure>,
    /// Files that need somebody.
    pub damaged: usize,
    /// Deleted files that came back.
    pub came_back: usize,
    /// The URL of the index, as commands want it.
    pub server: String,
}

/// A number, or a text, with what it is.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    /// What it is.
    pub label: &'static str,
    /// The number, written.
    pub text: String,
}

impl Page for AdminPage {
    const TEMPLATE: &'static str = "admin.html";
}

/// Who is known here.
#[derive(Debug, Clone, Serialize)]
pub struct UsersPage {
    /// The accounts, ordered by name.
    pub users: Vec<UserLine>,
    /// Whether there are more than are shown.
    pub is_more: bool,
    /// The beginning of the name that was asked for.
    pub asked: String,
    /// What was wrong with what was given before.
    pub error: Option<String>,
    /// The URL of the index, as commands want it.
    pub server: String,
}

/// An account.
#[derive(Debug, Clone, Serialize)]
pub struct UserLine {
    /// The name.
    pub name: String,
    /// Whether it is a robot's.
    pub is_robot: bool,
    /// Whether it can do nothing.
    pub is_disabled: bool,
    /// The groups that are kept here.
    pub groups: Vec<String>,
    /// How many projects it has a part in.
    pub projects: usize,
    /// How many tokens it has.
    pub tokens: usize,
    /// How many browsers are signed in with it.
    pub browsers: usize,
}

impl Page for UsersPage {
    const TEMPLATE: &'static str = "users.html";
}

/// The rules that count, and what they come to for somebody.
#[derive(Debug, Clone, Serialize)]
pub struct RulesPage {
    /// The rules, in the order in which they are looked at, each with where it comes from.
    pub rules: Vec<(String, String)>,
    /// Who is asked about.
    pub actor: String,
    /// The right that is asked about.
    pub right: String,
    /// The project that is asked about.
    pub project: String,
    /// The rights that there are.
    pub rights: Vec<&'static str>,
    /// Whether they may, and why or why not.
    pub answer: Option<(bool, String)>,
    /// What was wrong with what was asked.
    pub error: Option<String>,
    /// The URL of the index, as commands want it.
    pub server: String,
}

impl Page for RulesPage {
    const TEMPLATE: &'static str = "rules.html";
}

/// What happened to packages.
#[derive(Debug, Clone, Serialize)]
pub struct JournalPage {
    /// The events, the last first.
    pub events: Vec<JournalLine>,
    /// The kinds that there are.
    pub kinds: Vec<&'static str>,
    /// What was asked for.
    pub asked: Asked,
    /// Where older events are.
    pub older: Option<String>,
    /// Where the newest events are, if this is not there.
    pub newest: Option<String>,
    /// Whether the search stopped before it was at the end.
    pub is_partial: bool,
    /// What was wrong with what was asked.
    pub error: Option<String>,
    /// The command that shows the same.
    pub command: String,
}

/// What was asked of the journal or the trail.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Asked {
    /// The project.
    pub project: String,
    /// The kind.
    pub kind: String,
    /// Who did it.
    pub actor: String,
    /// The first day.
    pub since: String,
    /// The last day.
    pub until: String,
}

/// One event.
#[derive(Debug, Clone, Serialize)]
pub struct JournalLine {
    /// The serial, for those of the journal.
    pub serial: Option<u64>,
    /// When, in seconds since 1970.
    pub at: i64,
    /// What happened.
    pub kind: String,
    /// The project.
    pub project: Option<String>,
    /// What exactly.
    pub detail: String,
    /// Who did it, for those who may know.
    pub by: Option<String>,
    /// From where, for those who may know.
    pub address: Option<String>,
    /// The program that asked.
    pub agent: Option<String>,
}

impl Page for JournalPage {
    const TEMPLATE: &'static str = "journal.html";
}

/// What happened besides: sign-ins, tokens, rights.
#[derive(Debug, Clone, Serialize)]
pub struct TrailPage {
    /// The events, the last first.
    pub events: Vec<JournalLine>,
    /// The kinds that there are.
    pub kinds: Vec<&'static str>,
    /// What was asked for.
    pub asked: Asked,
    /// Where older events are.
    pub older: Option<String>,
    /// Where the newest events are, if this is not there.
    pub newest: Option<String>,
    /// What was wrong with what was asked.
    pub error: Option<String>,
    /// The command that shows the same.
    pub command: String,
}

impl Page for TrailPage {
    const TEMPLATE: &'static str = "trail.html";
}

/// How the server is.
#[derive(Debug, Clone, Serialize)]
pub struct HealthPage {
    /// What the parts of the server say, by title.
    pub parts: Vec<HealthPart>,
    /// The servers that answer together, if there are several.
    pub replicas: Vec<ReplicaLine>,
    /// Files whose bytes are gone or altered.
    pub damaged: Vec<String>,
    /// Deleted files that came back.
    pub came_back: Vec<String>,
    /// The command that shows the same.
    pub command: String,
}

/// What a part of the server says.
#[derive(Debug, Clone, Serialize)]
pub struct HealthPart {
    /// What it is called.
    pub title: &'static str,
    /// How it is.
    pub state: PartState,
    /// What it says.
    pub figures: Vec<Figure>,
}

/// How a part of the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartState {
    /// It works.
    Well,
    /// It works, and has not ended what it does.
    Busy,
    /// Somebody has to do something.
    Ill,
}

/// A server among those that answer together.
#[derive(Debug, Clone, Serialize)]
pub struct ReplicaLine {
    /// Its name.
    pub name: String,
    /// Whether it is the one that answers.
    pub is_this: bool,
    /// The serial that it has followed up to.
    pub serial: u64,
    /// For how long its lease is good, in milliseconds; negative if it ran out.
    pub lease_ms: i64,
}

impl Page for HealthPage {
    const TEMPLATE: &'static str = "health.html";
}
