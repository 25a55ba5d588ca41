//! What is taken in.

/// What is taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadSettings {
    /// Whether an upload may replace a file of the same name.
    pub overwrite: bool,
    /// How much of an upload is checked.
    pub strictness: UploadStrictness,
    /// What becomes of `submit`, `verify` and `doc_upload`.
    pub legacy_actions: LegacyActions,
    /// The longest upload that is taken, in bytes.
    pub max_upload_bytes: u64,
}

/// How much of an upload is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadStrictness {
    /// File names and the digests that were given.
    Lenient,
    /// All that the standards ask for.
    Standard,
}

/// What becomes of the form actions that have no meaning any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegacyActions {
    /// They are answered as pypiserver does, and do nothing.
    Accept,
    /// They are answered with 410.
    Gone,
}
