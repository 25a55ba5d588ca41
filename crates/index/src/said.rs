//! What was said about a project, with what is there of it.

use wheelhouse_standards::digest::Sha256Digest;
use wheelhouse_standards::found::FileKind;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::{ProjectStatus, Yanked};

use crate::identity::{Serial, Timestamp};
use crate::index::Index;
use crate::mark::{Mark, status_of, yank_of};
use crate::path::FilePath;
use crate::ports::StoreError;

/// What was said about a project, with what is there of it: for its owners, so also of what is in
/// quarantine.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectSaid {
    /// The status.
    pub status: ProjectStatus,
    /// Why, if somebody said.
    pub reason: Option<String>,
    /// The serial of the last change, if files are there.
    pub last_serial: Option<Serial>,
    /// The releases, the oldest version first.
    pub releases: Vec<ReleaseSaid>,
    /// Files that were deleted, ordered by path.
    pub withdrawn: Vec<Withdrawal>,
}

/// A release.
#[derive(Debug, Clone, PartialEq)]
pub struct ReleaseSaid {
    /// The version, in its normal form.
    pub version: String,
    /// The files, ordered by name.
    pub files: Vec<FileSaid>,
}

/// A file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileSaid {
    /// The file's name.
    pub file_name: String,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The digest of its bytes, if it was read.
    pub sha256: Option<Sha256Digest>,
    /// Whether it is yanked.
    pub yanked: Yanked,
}

/// A file that was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// Where it was.
    pub path: FilePath,
    /// The digest of its bytes.
    pub sha256: Sha256Digest,
    /// When it was deleted.
    pub since: Timestamp,
    /// Whether the same bytes are there again, and kept away.
    pub is_back: bool,
}

impl Index {
    /// Returns what was said about a project, or `None` if it has no files and nothing was said.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn said_of(&self, project: &ProjectKey) -> Result<Option<ProjectSaid>, StoreError> {
        let snapshot = self.catalog.project(&self.name, project).await?;
        let marks = match &snapshot {
            Some(snapshot) => snapshot.marks.clone(),
            None => self.catalog.marks(&self.name, Some(project)).await?,
        };
        if snapshot.is_none() && marks.is_empty() {
            return Ok(None);
        }
        let mut records = snapshot
            .as_ref()
            .map_or(&[][..], |found| &found.files)
            .to_vec();
        records.retain(|record| record.named.kind != FileKind::Signature);
        records.sort_by(|a, b| {
            (a.named.version.key(), a.file_name()).cmp(&(b.named.version.key(), b.file_name()))
        });
        let mut releases: Vec<ReleaseSaid> = Vec::new();
        for record in &records {
            let version = record.named.version.canonical();
            if releases.last().is_none_or(|last| last.version != version) {
                releases.push(ReleaseSaid {
                    version,
                    files: Vec::new(),
                });
            }
            let release = releases.last_mut().expect("one was pushed");
            release.files.push(FileSaid {
                file_name: record.file_name().to_owned(),
                size_bytes: record.fingerprint.size_bytes(),
                sha256: record.contents.as_ref().map(|c| c.digests.sha256),
                yanked: yank_of(&marks, record),
            });
        }
        let came_back = self.came_back().await;
        let mut withdrawn: Vec<Withdrawal> = marks
            .iter()
            .filter_map(|marked| match &marked.mark {
                Mark::Deleted { path, sha256 } => Some(Withdrawal {
                    path: path.clone(),
                    sha256: *sha256,
                    since: marked.since,
                    is_back: came_back
                        .iter()
                        .any(|back| back.file_name() == path.file_name()),
                }),
                _ => None,
            })
            .collect();
        withdrawn.sort_by(|a, b| a.path.cmp(&b.path));
        let (status, reason) = status_of(&marks);
        Ok(Some(ProjectSaid {
            status,
            reason: reason.map(str::to_owned),
            last_serial: snapshot.map(|snapshot| snapshot.last_serial),
            releases,
            withdrawn,
        }))
    }
}
