//! Marks: what was said about a project, a release or a file, and what a folder cannot show by
//! itself.

use serde::{Deserialize, Serialize};
use wheelhouse_standards::digest::Sha256Digest;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::{ProjectStatus, Yanked};
use wheelhouse_standards::version::VersionText;

use crate::identity::Timestamp;
use crate::path::FilePath;
use crate::record::FileRecord;

/// Something that was said about a project, a release or a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Stored", try_from = "Stored")]
pub enum Mark {
    /// The project's status is not the usual one, or has a reason.
    ///
    /// Standard: PEP 792.
    Status {
        /// The status.
        status: ProjectStatus,
        /// Why, if somebody said.
        reason: Option<String>,
    },
    /// Installers should pass over all files of a release, those that are still to come included.
    ///
    /// Standard: PEP 592.
    YankedRelease {
        /// The version, in any spelling.
        version: VersionText,
        /// Why, if somebody said.
        reason: Option<String>,
    },
    /// Installers should pass over a file.
    ///
    /// Standard: PEP 592.
    YankedFile {
        /// The file's name.
        file_name: String,
        /// Why, if somebody said.
        reason: Option<String>,
    },
    /// A file was deleted here: the same bytes stay away if somebody copies them in again.
    Deleted {
        /// Where the file was.
        path: FilePath,
        /// Digest of its bytes.
        sha256: Sha256Digest,
    },
}

impl Mark {
    /// Returns whether the two are about the same thing, so that a project can have only one of
    /// them.
    pub fn has_subject_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Status { .. }, Self::Status { .. }) => true,
            (Self::YankedRelease { version: a, .. }, Self::YankedRelease { version: b, .. }) => {
                a.key() == b.key()
            }
            (Self::YankedFile { file_name: a, .. }, Self::YankedFile { file_name: b, .. }) => {
                a == b
            }
            (
                Self::Deleted {
                    path: a,
                    sha256: digest_a,
                },
                Self::Deleted {
                    path: b,
                    sha256: digest_b,
                },
            ) => a.file_name() == b.file_name() && digest_a == digest_b,
            _ => false,
        }
    }

    /// Returns whether it says that something is yanked.
    pub fn is_yank(&self) -> bool {
        matches!(self, Self::YankedRelease { .. } | Self::YankedFile { .. })
    }
}

/// A mark, the project that it belongs to, and since when it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectMark {
    /// The project.
    pub project: ProjectKey,
    /// What was said.
    pub mark: Mark,
    /// When it was said.
    pub since: Timestamp,
}

/// Returns the status that a project's marks give it, and the reason.
pub fn status_of(marks: &[ProjectMark]) -> (ProjectStatus, Option<&str>) {
    marks
        .iter()
        .find_map(|marked| match &marked.mark {
            Mark::Status { status, reason } => Some((*status, reason.as_deref())),
            _ => None,
        })
        .unwrap_or_default()
}

/// Returns whether a project's marks yank one of its files. What was said about the file itself
/// comes before what was said about its release.
pub fn yank_of(marks: &[ProjectMark], file: &FileRecord) -> Yanked {
    let mut yanked = Yanked::No;
    for marked in marks {
        match &marked.mark {
            Mark::YankedFile { file_name, reason } if file_name == file.file_name() => {
                return Yanked::Yes(reason.clone());
            }
            Mark::YankedRelease { version, reason }
                if version.key() == file.named.version.key() =>
            {
                yanked = Yanked::Yes(reason.clone());
            }
            _ => {}
        }
    }
    yanked
}

/// Returns the digests of the files that were deleted under a name.
pub(crate) fn deleted_under<'m>(
    marks: &'m [ProjectMark],
    file_name: &'m str,
) -> impl Iterator<Item = &'m Sha256Digest> {
    marks.iter().filter_map(move |marked| match &marked.mark {
        Mark::Deleted { path, sha256 } if path.file_name() == file_name => Some(sha256),
        _ => None,
    })
}

/// How a mark is written down, in the catalog and beside the files. Kept stable: what was written
/// once must be readable for ever.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "mark", rename_all = "kebab-case", deny_unknown_fields)]
enum Stored {
    Status {
        status: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    YankedRelease {
        version: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    YankedFile {
        file: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    Deleted {
        path: String,
        sha256: String,
    },
}

impl From<Mark> for Stored {
    fn from(mark: Mark) -> Self {
        match mark {
            Mark::Status { status, reason } => Self::Status {
                status: status.marker().to_owned(),
                reason,
            },
            Mark::YankedRelease { version, reason } => Self::YankedRelease {
                version: version.as_str().to_owned(),
                reason,
            },
            Mark::YankedFile { file_name, reason } => Self::YankedFile {
                file: file_name,
                reason,
            },
            Mark::Deleted { path, sha256 } => Self::Deleted {
                path: path.to_string(),
                sha256: sha256.to_string(),
            },
        }
    }
}

impl TryFrom<Stored> for Mark {
    type Error = String;

    fn try_from(stored: Stored) -> Result<Self, String> {
        Ok(match stored {
            Stored::Status { status, reason } => Self::Status {
                status: ProjectStatus::from_marker(&status)
                    .ok_or_else(|| format!("`{status}` is no status of a project"))?,
                reason,
            },
            Stored::YankedRelease { version, reason } => Self::YankedRelease {
                version: VersionText::from(version),
                reason,
            },
            Stored::YankedFile { file, reason } => Self::YankedFile {
                file_name: file,
                reason,
            },
            Stored::Deleted { path, sha256 } => Self::Deleted {
                path: path.parse().map_err(|error| format!("`{path}`: {error}"))?,
                sha256: sha256
                    .parse()
                    .map_err(|error| format!("`{sha256}`: {error}"))?,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks() -> Vec<(Mark, &'static str)> {
        vec![
            (
                Mark::Status {
                    status: ProjectStatus::Archived,
                    reason: Some("replaced by \"b\"".into()),
                },
                r#"{"mark":"status","status":"archived","reason":"replaced by \"b\""}"#,
            ),
            (
                Mark::YankedRelease {
                    version: "1.0".into(),
                    reason: None,
                },
                r#"{"mark":"yanked-release","version":"1.0"}"#,
            ),
            (
                Mark::YankedFile {
                    file_name: "a-1.0.zip".into(),
                    reason: None,
                },
                r#"{"mark":"yanked-file","file":"a-1.0.zip"}"#,
            ),
            (
                Mark::Deleted {
                    path: "sub/a-1.0.zip".parse().expect("a path"),
                    sha256: "11".repeat(32).parse().expect("a digest"),
                },
                r#"{"mark":"deleted","path":"sub/a-1.0.zip","sha256":"1111111111111111111111111111111111111111111111111111111111111111"}"#,
            ),
        ]
    }

    #[test]
    fn marks_are_written_down_as_they_always_were_and_read_back() {
        for (mark, written) in marks() {
            assert_eq!(serde_json::to_string(&mark).expect("text"), written);
            let read: Mark = serde_json::from_str(written).expect("a mark");
            assert_eq!(read, mark);
        }
        for damaged in [
            r#"{"mark":"status","status":"gone"}"#,
            r#"{"mark":"deleted","path":"../a","sha256":"11"}"#,
            r#"{"mark":"hidden"}"#,
            r#"{"mark":"yanked-file","file":"a","extra":1}"#,
        ] {
            assert!(serde_json::from_str::<Mark>(damaged).is_err(), "{damaged}");
        }
    }

    #[test]
    fn only_marks_about_the_same_thing_take_each_others_place() {
        let all = marks();
        for (number, (a, _)) in all.iter().enumerate() {
            for (other, (b, _)) in all.iter().enumerate() {
                assert_eq!(a.has_subject_of(b), number == other);
            }
        }
        let other_spelling = Mark::YankedRelease {
            version: "v1.0.0".into(),
            reason: Some("bad".into()),
        };
        assert!(other_spelling.has_subject_of(&all[1].0));
    }
}
