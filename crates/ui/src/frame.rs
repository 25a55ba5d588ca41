//! What every page shows around itself.

use serde::Serialize;

/// What every page shows around itself.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Frame {
    /// The path in front of our own addresses: empty, or with a slash at its start and none at its
    /// end.
    pub base: String,
    /// The URL of the index without a slash at its end, for lines that people copy.
    pub url: String,
    /// The version of the program, for those who may know it.
    pub version: Option<String>,
    /// What stands in the search box.
    pub searched: String,
    /// Who is signed in.
    pub visitor: Option<Visitor>,
    /// Whether somebody who is not could sign in.
    pub can_sign_in: bool,
    /// What every form of this visitor must send back.
    pub form_token: Option<String>,
    /// What was done by the request before this one, for one page.
    pub notice: Option<String>,
}

/// Somebody who is signed in.
#[derive(Debug, Clone, Serialize)]
pub struct Visitor {
    /// How they are called.
    pub name: String,
    /// Whether there is anything for them on the administrators' pages.
    pub is_administrator: bool,
    /// Whether they may upload anything.
    pub may_upload: bool,
}
