//! The page that says why a request was refused or failed.

use serde::Serialize;

use crate::Page;

/// The page that says why a request was refused or failed.
#[derive(Debug, Clone, Serialize)]
pub struct FailurePage {
    /// The status of the answer.
    pub status: u16,
    /// What the status means, such as `Not Found`.
    pub title: String,
    /// What is wrong, and what to do about it, in a sentence without a full stop.
    pub detail: String,
    /// The id of the request, as in the log.
    pub request_id: String,
    /// Names of projects that are nearly what was asked for.
    pub near: Vec<String>,
    /// Where signing in may help: the address to come back to.
    pub sign_in_to: Option<String>,
}

impl Page for FailurePage {
    const TEMPLATE: &'static str = "failure.html";
}
