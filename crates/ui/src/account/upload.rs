//! Upload with a browser.

use serde::Serialize;

use crate::Page;

/// A form for files, and what became of those that were sent.
#[derive(Debug, Clone, Serialize)]
pub struct UploadPage {
    /// What became of the files that were sent, in their order.
    pub results: Vec<UploadResult>,
    /// Why the form as a whole could not be read to its end.
    pub error: Option<String>,
    /// How large a file may be, in bytes.
    pub max_bytes: u64,
    /// How many files one form may have.
    pub max_files: usize,
    /// The URL of the index, as commands want it.
    pub server: String,
}

/// What became of a file.
#[derive(Debug, Clone, Serialize)]
pub struct UploadResult {
    /// Its name, as the browser gave it.
    pub file: String,
    /// The project that has it now, in normal form; `None` if it was refused.
    pub project: Option<String>,
    /// Why it was refused, or what is to be said about it all the same.
    pub told: Vec<String>,
}

impl Page for UploadPage {
    const TEMPLATE: &'static str = "upload.html";
}
