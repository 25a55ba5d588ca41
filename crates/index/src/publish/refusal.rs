//! Why an upload is refused, in words that say what to do.

use wheelhouse_standards::check::Finding;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::ProjectStatus;

use crate::ports::{PlaceError, StoreError};

/// Why an upload was refused. Nothing of it is left behind.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// A digest in the form is not the file's.
    #[error(
        "the {algorithm} digest of `{file_name}` is {actual}, not {claimed} as the form says: the file was damaged on its way or changed after it was hashed; upload it again"
    )]
    DigestMismatch {
        /// The file.
        file_name: String,
        /// Which digest.
        algorithm: &'static str,
        /// What the form says.
        claimed: String,
        /// What the file has.
        actual: String,
    },
    /// The index has a file of this name with other bytes.
    #[error(
        "File already exists (\"{file_name}\", with other content); raise the version, or let the server run with --overwrite"
    )]
    NameTaken {
        /// The file.
        file_name: String,
    },
    /// A file of this name was deleted, and names are not used again here.
    #[error(
        "the name `{file_name}` was previously used by a file that was deleted, and names are not used again here; raise the version"
    )]
    NameUsed {
        /// The file.
        file_name: String,
    },
    /// The file is not what this index takes.
    #[error("{}", told(reasons))]
    Unfit {
        /// The file.
        file_name: String,
        /// Why, the first reason first; not empty.
        reasons: Vec<Finding>,
    },
    /// The project would be larger than projects may be.
    #[error(
        "Project size too large: with `{file_name}` the project would have {size_bytes} bytes, and at most {limit_bytes} are allowed; --max-project-mib raises this limit"
    )]
    ProjectTooLarge {
        /// The file.
        file_name: String,
        /// How large the project would be, in bytes.
        size_bytes: u64,
        /// How large it may be, in bytes.
        limit_bytes: u64,
    },
    /// The project takes no uploads.
    #[error("the project `{project}` is {}{}: it takes no uploads", status.marker(), because(reason.as_deref()))]
    Closed {
        /// The project.
        project: ProjectKey,
        /// Its status.
        status: ProjectStatus,
        /// Why it has that status.
        reason: Option<String>,
    },
    /// The file is being changed in its directory at this moment.
    #[error("`{file_name}` is being changed in its directory; try again in a moment")]
    Changing {
        /// The file.
        file_name: String,
    },
    /// The index cannot be written.
    #[error("uploads are not possible: {0}")]
    ReadOnly(String),
    /// There is no space left.
    #[error("there is no space left for the file")]
    Full,
    /// The place of the files cannot be reached for now.
    #[error("the place of the files cannot be reached now; try again later")]
    Away(String),
    /// The file store or the catalog failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn told(reasons: &[Finding]) -> String {
    let messages: Vec<&str> = reasons
        .iter()
        .map(|finding| finding.message.as_str())
        .collect();
    messages.join("; ")
}

fn because(reason: Option<&str>) -> String {
    reason.map_or_else(String::new, |reason| format!(" ({reason})"))
}

impl From<PlaceError> for PublishError {
    /// For errors before a place is asked for: there is no path that could be taken.
    fn from(error: PlaceError) -> Self {
        refused("the file", error)
    }
}

pub(super) fn refused(file_name: &str, error: PlaceError) -> PublishError {
    match error {
        PlaceError::Exists => PublishError::NameTaken {
            file_name: file_name.to_owned(),
        },
        PlaceError::ReadOnly(reason) => PublishError::ReadOnly(reason),
        PlaceError::Full => PublishError::Full,
        PlaceError::Away(reason) => PublishError::Away(reason),
        PlaceError::Store(error) => error.into(),
    }
}
