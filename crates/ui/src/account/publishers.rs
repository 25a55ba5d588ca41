//! Trusted publishers of somebody's projects.

use serde::Serialize;

use crate::Page;

/// Trusted publishers, with a form for another.
#[derive(Debug, Clone, Serialize)]
pub struct PublishersPage {
    /// The publishers, ordered by id.
    pub publishers: Vec<PublisherLine>,
    /// Whether any issuer is trusted here.
    pub is_enabled: bool,
    /// Where jobs run, as choices: the name, and how people call it.
    pub providers: Vec<(&'static str, &'static str)>,
    /// The form for a publisher of the chosen kind.
    pub form: Option<PublisherForm>,
    /// The projects that could be chosen.
    pub own: Vec<String>,
    /// The URL of the index, as commands want it.
    pub server: String,
}

/// A publisher that is trusted.
#[derive(Debug, Clone, Serialize)]
pub struct PublisherLine {
    /// By which it is removed.
    pub id: String,
    /// How people call where its jobs run.
    pub provider: &'static str,
    /// Who signs for it.
    pub issuer: String,
    /// What its jobs must say of themselves.
    pub wanted: Vec<(String, String)>,
    /// What its jobs may do.
    pub rights: String,
    /// With which projects.
    pub projects: String,
    /// Since when, in seconds since 1970.
    pub since: i64,
}

/// The form for a publisher.
#[derive(Debug, Clone, Serialize)]
pub struct PublisherForm {
    /// Where its jobs run.
    pub provider: &'static str,
    /// How people call that.
    pub called: &'static str,
    /// Who signs for it.
    pub issuer: String,
    /// Issuers that could be chosen.
    pub issuers: Vec<String>,
    /// What jobs must say of themselves: the name, what is given, and whether it is needed.
    pub fields: Vec<(&'static str, String, bool)>,
    /// The projects, with commas between them.
    pub projects: String,
    /// What was wrong with what was given before.
    pub error: Option<String>,
}

impl Page for PublishersPage {
    const TEMPLATE: &'static str = "publishers.html";
}
