//! The page of what a search found.

use serde::Serialize;

use crate::Page;

/// The page of what a search found.
#[derive(Debug, Clone, Serialize)]
pub struct SearchPage {
    /// What was searched for.
    pub query: String,
    /// The projects on this page, the best first.
    pub results: Vec<Found>,
    /// How many there are in all, or at least: see [`is_more`](Self::is_more).
    pub total: u64,
    /// Whether there are more than [`total`](Self::total) says.
    pub is_more: bool,
    /// The number of this page, from 1.
    pub number: u32,
    /// The addresses of the pages before and after this one.
    pub previous: Option<String>,
    /// See [`previous`](Self::previous).
    pub next: Option<String>,
    /// The Python version that releases must be for.
    pub python: String,
    /// What the licence must hold.
    pub license: String,
    /// The classifier that releases must have.
    pub classifier: String,
    /// Python versions to choose from.
    pub pythons: Vec<String>,
    /// Licences to choose from: those of what was found.
    pub licenses: Vec<String>,
    /// Whether everything that is here can be found already. After a start that takes a while.
    pub is_complete: bool,
    /// Names that are nearly what was searched for, where nothing was found.
    pub near: Vec<String>,
}

/// One project that was found.
#[derive(Debug, Clone, Serialize)]
pub struct Found {
    /// The project, in normal form.
    pub project: String,
    /// How its publisher spells it.
    pub name: String,
    /// The version of the release that stands for it.
    pub version: String,
    /// The summary.
    pub summary: Option<String>,
    /// When that release was uploaded, in seconds since 1970.
    pub at: i64,
}

impl Page for SearchPage {
    const TEMPLATE: &'static str = "search.html";
}
