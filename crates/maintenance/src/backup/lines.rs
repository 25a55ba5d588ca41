//! The lines of a snapshot's rows: those of the catalog, and between them what the files were.
//!
//! ```text
//! {"backup":{…}}      the first line: format, index, head
//! {"key":{…}}         the keys, which are needed before anything else
//! {"kept":{…}}        a deleted file that may come back, and what stands beside it still
//! {"content":{…}}     what the file of the next line had in it
//! {"missing":{…}}     in its place: why the next line's file has no content
//! {"file":{…}}        and all other rows, in the order of the catalog
//! {"beside":{…}}      what stood beside the file before it
//! ```

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use wheelhouse_index::identity::{Serial, Timestamp};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::CatalogRow;
use wheelhouse_standards::digest::Sha256Digest;
use wheelhouse_store::catalog::rows;

/// A line that is none of the catalog's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Note {
    /// What the file is.
    Backup {
        format: u64,
        index: Uuid,
        head: Serial,
    },
    /// What a file has in it.
    Content(Named),
    /// What stands beside a file.
    Beside(Named),
    /// A deleted file that may come back, and since when it is deleted.
    Kept(Named, Timestamp),
    /// A file whose content could not be had.
    Missing { path: FilePath, why: String },
}

/// The content of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) path: FilePath,
    pub(super) sha256: Sha256Digest,
    pub(super) size_bytes: u64,
}

/// Any line.
#[derive(Debug)]
pub(super) enum Line {
    Note(Note),
    Row(CatalogRow),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Stored {
    Backup {
        format: u64,
        index: Uuid,
        head: u64,
    },
    Content {
        path: String,
        sha256: String,
        size: u64,
    },
    Beside {
        path: String,
        sha256: String,
        size: u64,
    },
    Kept {
        path: String,
        sha256: String,
        size: u64,
        since: i64,
    },
    Missing {
        path: String,
        why: String,
    },
}

impl Note {
    pub(super) fn to_line(&self) -> String {
        let stored = match self.clone() {
            Self::Backup {
                format,
                index,
                head,
            } => Stored::Backup {
                format,
                index,
                head: head.0,
            },
            Self::Content(named) => {
                let (path, sha256, size) = named.into_parts();
                Stored::Content { path, sha256, size }
            }
            Self::Beside(named) => {
                let (path, sha256, size) = named.into_parts();
                Stored::Beside { path, sha256, size }
            }
            Self::Kept(named, since) => {
                let (path, sha256, size) = named.into_parts();
                Stored::Kept {
                    path,
                    sha256,
                    size,
                    since: since.0,
                }
            }
            Self::Missing { path, why } => Stored::Missing {
                path: path.to_string(),
                why,
            },
        };
        serde_json::to_string(&stored).expect("texts and numbers are JSON")
    }

    fn from_line(line: &str) -> Result<Self, String> {
        let stored: Stored = serde_json::from_str(line).map_err(|error| error.to_string())?;
        Ok(match stored {
            Stored::Backup {
                format,
                index,
                head,
            } => Self::Backup {
                format,
                index,
                head: Serial(head),
            },
            Stored::Content { path, sha256, size } => {
                Self::Content(Named::of(&path, &sha256, size)?)
            }
            Stored::Beside { path, sha256, size } => Self::Beside(Named::of(&path, &sha256, size)?),
            Stored::Kept {
                path,
                sha256,
                size,
                since,
            } => Self::Kept(Named::of(&path, &sha256, size)?, Timestamp(since)),
            Stored::Missing { path, why } => Self::Missing {
                path: path.parse().map_err(|error| format!("{path:?}: {error}"))?,
                why,
            },
        })
    }
}

impl Named {
    fn of(path: &str, sha256: &str, size_bytes: u64) -> Result<Self, String> {
        Ok(Self {
            path: path.parse().map_err(|error| format!("{path:?}: {error}"))?,
            sha256: sha256
                .parse()
                .map_err(|error| format!("{sha256:?}: {error}"))?,
            size_bytes,
        })
    }

    fn into_parts(self) -> (String, String, u64) {
        (
            self.path.to_string(),
            self.sha256.to_string(),
            self.size_bytes,
        )
    }
}

impl Line {
    /// Reads a line.
    pub(super) fn read(line: &str) -> Result<Self, String> {
        let is_note = ["backup", "content", "beside", "kept", "missing"]
            .iter()
            .any(|kind| is_of_kind(line, kind));
        if is_note {
            return Note::from_line(line).map(Self::Note);
        }
        rows::from_line(line)
            .map(Self::Row)
            .map_err(|error| error.to_string())
    }
}

/// Returns whether a line is of a kind, by its beginning: lines are written without spaces.
pub(super) fn is_of_kind(line: &str, kind: &str) -> bool {
    kind_of(line) == Some(kind)
}

/// Returns the kind of a line, by its beginning.
pub(super) fn kind_of(line: &str) -> Option<&str> {
    line.strip_prefix("{\"")?.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_of_format_1_are_written_and_read_as_they_always_were() {
        let digest = "11".repeat(32);
        for line in [
            r#"{"backup":{"format":1,"index":"00000000-0000-0000-0000-000000000000","head":7}}"#
                .to_owned(),
            format!(r#"{{"content":{{"path":"a-1.zip","sha256":"{digest}","size":3}}}}"#),
            format!(r#"{{"beside":{{"path":"a-1.zip.provenance","sha256":"{digest}","size":3}}}}"#),
            format!(r#"{{"kept":{{"path":"a-1.zip","sha256":"{digest}","size":3,"since":-5}}}}"#),
            r#"{"missing":{"path":"a-1.zip","why":"it is \"gone\""}}"#.to_owned(),
        ] {
            let Ok(Line::Note(note)) = Line::read(&line) else {
                panic!("{line}");
            };
            assert_eq!(note.to_line(), line);
        }
    }

    #[test]
    fn what_this_program_never_writes_is_refused() {
        for line in [
            "",
            "{}",
            r#"{"more":{}}"#,
            r#"{"content":{"path":"../a","sha256":"11","size":3}}"#,
            r#"{"missing":{"path":"a-1.zip","why":"x","more":1}}"#,
        ] {
            assert!(Line::read(line).is_err(), "{line}");
        }
    }
}
