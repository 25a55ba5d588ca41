//! What the catalog holds about files and projects.

use wheelhouse_standards::digest::{Digests, Sha256Digest};
use wheelhouse_standards::found::FoundFile;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::ProjectStatus;

use crate::identity::{Fingerprint, Serial, Timestamp};
use crate::mark::ProjectMark;
use crate::path::FilePath;

/// What is recorded about one file of an index.
#[derive(Debug, Clone, PartialEq)]
pub struct FileRecord {
    /// Where the file is.
    pub path: FilePath,
    /// What its name says: kind, project, version.
    pub named: FoundFile,
    /// Which content of the path this record is about. A record counts only while this is the
    /// file's fingerprint.
    pub fingerprint: Fingerprint,
    /// When the file was uploaded; for a file found in a directory, when it was last modified.
    pub uploaded_at: Timestamp,
    /// What reading the file showed, or `None` while nobody has read it.
    pub contents: Option<Contents>,
}

impl FileRecord {
    /// Returns the key of the project that the file belongs to.
    pub fn project(&self) -> &ProjectKey {
        &self.named.key
    }

    /// Returns the file's name.
    pub fn file_name(&self) -> &str {
        self.path.file_name()
    }
}

/// What reading a file showed. Small: the whole core metadata is kept apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// Digests of the whole file.
    pub digests: Digests,
    /// What the file says about itself.
    pub metadata: MetadataSummary,
    /// Whether a provenance of just this content stands beside the file.
    pub has_provenance: bool,
}

/// What pages need of a file's core metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetadataSummary {
    /// The kind of file has none, or none that an installer may use.
    None,
    /// The file should have core metadata and none could be read, for this reason.
    Unreadable(String),
    /// The file's core metadata.
    Read {
        /// Digest of the metadata file's unmodified bytes, where the index offers it at
        /// `{file}.metadata`: for wheels.
        offered: Option<Sha256Digest>,
        /// The field `Requires-Python`, if it is there and a version specifier.
        requires_python: Option<String>,
        /// The field `Summary`.
        summary: Option<String>,
    },
}

/// One project and its files, from one consistent read.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectSnapshot {
    /// The project.
    pub key: ProjectKey,
    /// How the newest file spells the project's name.
    pub display_name: String,
    /// The serial of the last change that touched the project.
    pub last_serial: Serial,
    /// The files, ordered by path.
    pub files: Vec<FileRecord>,
    /// What was said about the project, its releases and files.
    pub marks: Vec<ProjectMark>,
}

/// The projects of an index, from one consistent read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectListing {
    /// The serial of the last change to anything.
    pub serial: Serial,
    /// The projects that have files, ordered by key.
    pub projects: Vec<ProjectEntry>,
}

/// One project in a [`ProjectListing`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectEntry {
    /// The project.
    pub key: ProjectKey,
    /// How the newest file spells the project's name.
    pub display_name: String,
    /// The serial of the last change that touched the project.
    pub last_serial: Serial,
    /// The project's status.
    pub status: ProjectStatus,
}
