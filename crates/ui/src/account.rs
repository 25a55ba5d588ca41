//! The pages of somebody who signed in.

pub mod publishers;
pub mod sign_in;
pub mod tokens;
pub mod upload;

use serde::Serialize;

use crate::Page;

/// What somebody has here: projects, browsers, groups.
#[derive(Debug, Clone, Serialize)]
pub struct AccountPage {
    /// Who it is.
    pub user: String,
    /// The groups that count.
    pub groups: Vec<String>,
    /// The projects in which they have a part, ordered.
    pub projects: Vec<OwnProject>,
    /// How many tokens they have that are not expired.
    pub tokens: usize,
    /// Whether there is trusted publishing here.
    pub has_publishers: bool,
    /// The browsers that are signed in, the last one first.
    pub browsers: Vec<Browser>,
    /// The command that signs all browsers out.
    pub sign_out: String,
    /// The URL of the index, as commands want it.
    pub server: String,
}

/// A project in which somebody has a part.
#[derive(Debug, Clone, Serialize)]
pub struct OwnProject {
    /// The project, in normal form.
    pub project: String,
    /// Which part.
    pub role: &'static str,
}

/// A browser that is signed in. Moments are in seconds since 1970.
#[derive(Debug, Clone, Serialize)]
pub struct Browser {
    /// Since when.
    pub since: i64,
    /// When it last asked for something.
    pub last_used: i64,
    /// Until when at most.
    pub until: i64,
    /// Whether it is the one that shows the page.
    pub is_this: bool,
}

impl Page for AccountPage {
    const TEMPLATE: &'static str = "account.html";
}
