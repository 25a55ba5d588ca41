//! How far a round is.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use wheelhouse_index::identity::Timestamp;
use wheelhouse_index::path::FilePath;

/// The version of the form that is written.
const FORMAT: u32 = 1;
/// Largest file that is read, in bytes: a path is the longest thing in it.
const MAX_BYTES: u64 = 64 * 1024;

/// How far a round is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    format: u32,
    /// When the round began.
    pub(super) began: Timestamp,
    /// The last path that was done.
    after: Option<String>,
    /// How many files of the round are done.
    pub(super) files: u64,
}

impl Position {
    /// The beginning of a round.
    pub(super) fn begin(began: Timestamp) -> Self {
        Self {
            format: FORMAT,
            began,
            after: None,
            files: 0,
        }
    }

    /// Returns the last path that was done.
    pub(super) fn after(&self) -> Option<FilePath> {
        self.after.as_ref()?.parse().ok()
    }

    /// Takes note that a file is done.
    pub(super) fn pass(&mut self, path: &FilePath) {
        self.after = Some(path.to_string());
        self.files += 1;
    }

    /// Reads what was noted last. What cannot be read is nothing: a round begins anew.
    pub(super) fn recall(place: &Path) -> Option<Self> {
        let size = fs::metadata(place).ok()?.len();
        if size > MAX_BYTES {
            return None;
        }
        let noted: Self = serde_json::from_slice(&fs::read(place).ok()?).ok()?;
        (noted.format == FORMAT).then_some(noted)
    }

    /// Writes it down. A crash may lose the last of it, which costs some files a second reading.
    pub(super) fn note(&self, place: &Path) -> io::Result<()> {
        let text = serde_json::to_vec(self).map_err(io::Error::other)?;
        let mut beside = place.as_os_str().to_owned();
        beside.push(".new");
        fs::write(&beside, text)?;
        fs::rename(&beside, place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_recalled_as_it_was_noted_and_anything_else_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("scrub.json");
        assert_eq!(Position::recall(&place), None);
        let mut position = Position::begin(Timestamp(7));
        position.pass(&"team/démo-1.0.zip".parse().expect("a path"));
        position.note(&place).expect("noted");
        assert_eq!(Position::recall(&place), Some(position));
        for text in [
            "",
            "{",
            "[]",
            r#"{"format":2,"began":1,"after":null,"files":0}"#,
        ] {
            fs::write(&place, text).expect("written");
            assert_eq!(Position::recall(&place), None, "{text}");
        }
    }
}
