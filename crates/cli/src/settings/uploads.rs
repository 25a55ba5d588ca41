//! What is taken in.

use super::logging::{Note, NoteLevel};
use super::source::Source;
use crate::options::defs;

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

impl UploadSettings {
    pub(super) fn of(source: Source<'_>, notes: &mut Vec<Note>) -> Self {
        let values = source.values;
        let strictness = match values.text(&defs::UPLOAD_STRICTNESS) {
            Some("standard") => UploadStrictness::Standard,
            _ => UploadStrictness::Lenient,
        };
        if strictness == UploadStrictness::Standard {
            notes.push(Note {
                level: NoteLevel::Warning,
                text: "`upload-strictness` is standard, which does not check more than lenient yet"
                    .to_owned(),
            });
        }
        Self {
            overwrite: values.truth(&defs::OVERWRITE),
            strictness,
            legacy_actions: match values.text(&defs::LEGACY_ACTIONS) {
                Some("gone") => LegacyActions::Gone,
                _ => LegacyActions::Accept,
            },
            max_upload_bytes: source.number::<u64>(&defs::MAX_UPLOAD_MIB).unwrap_or(4096) << 20,
        }
    }
}
