//! What is new, and what the journal says of moments.

use std::collections::HashSet;
use std::sync::Arc;

use wheelhouse_standards::found::FileKind;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::ProjectStatus;
use wheelhouse_standards::version::{VersionKey, VersionText};

use crate::identity::{Serial, Timestamp};
use crate::index::Index;
use crate::mark::status_of;
use crate::page::{READING_PATIENCE, Shown};
use crate::path::FilePath;
use crate::ports::{NewProject, StoreError};
use crate::record::{FileRecord, MetadataSummary};

/// How many files are looked at for each release that is wanted: a release may have many.
const FILES_PER_RELEASE: usize = 50;

/// A release that was uploaded lately.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRelease {
    /// The project.
    pub project: ProjectKey,
    /// How the release's newest file spells the project's name.
    pub name: String,
    /// The version.
    pub version: VersionText,
    /// When its newest file was uploaded.
    pub at: Timestamp,
    /// The summary, if that file was read and has one.
    pub summary: Option<String>,
    /// Where that file is.
    pub path: FilePath,
}

impl From<FileRecord> for NewRelease {
    fn from(record: FileRecord) -> Self {
        let summary = record
            .contents
            .and_then(|contents| match contents.metadata {
                MetadataSummary::Read { summary, .. } => summary,
                MetadataSummary::None | MetadataSummary::Unreadable(_) => None,
            });
        Self {
            project: record.named.key,
            name: record.named.spelled_name,
            version: record.named.version,
            at: record.uploaded_at,
            summary,
            path: record.path,
        }
    }
}

impl Index {
    /// Returns up to `limit` releases, the last uploaded first.
    ///
    /// Files that nobody has read are read first; that is waited for [`READING_PATIENCE`] at
    /// most.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn newest_releases(
        self: &Arc<Self>,
        limit: usize,
    ) -> Result<Shown<Vec<NewRelease>>, StoreError> {
        let bound = limit.saturating_mul(FILES_PER_RELEASE);
        let mut files = each_once(self.view.newest_files(bound).await?, limit);
        if !files.iter().all(|file| self.is_read(file)) {
            self.read_all(&files, READING_PATIENCE).await;
            files = each_once(self.view.newest_files(bound).await?, limit);
        }
        Ok(self.shown(files))
    }

    /// Returns up to `limit` releases of a project, the last uploaded first, or `None` if the
    /// index has no such project or keeps it in quarantine. Files are read first as those of
    /// [`newest_releases`](Self::newest_releases).
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn newest_releases_of(
        self: &Arc<Self>,
        project: &ProjectKey,
        limit: usize,
    ) -> Result<Option<Shown<Vec<NewRelease>>>, StoreError> {
        let Some(snapshot) = self.read_snapshot(project).await? else {
            return Ok(None);
        };
        if status_of(&snapshot.marks).0 == ProjectStatus::Quarantined {
            return Ok(None);
        }
        let mut files = snapshot.files;
        files.retain(|file| file.named.kind != FileKind::Signature);
        files.sort_by(|a, b| (b.uploaded_at, &b.path).cmp(&(a.uploaded_at, &a.path)));
        Ok(Some(self.shown(each_once(files, limit))))
    }

    fn shown(&self, files: Vec<FileRecord>) -> Shown<Vec<NewRelease>> {
        Shown {
            is_complete: files.iter().all(|file| self.is_read(file)),
            page: files.into_iter().map(NewRelease::from).collect(),
        }
    }

    /// Returns up to `limit` projects, the newest first.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn newest_projects(&self, limit: usize) -> Result<Vec<NewProject>, StoreError> {
        self.view.newest_projects(limit).await
    }

    /// Returns the classifiers of everything here that was read, each once, ordered.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn classifiers(&self) -> Result<Shown<Vec<String>>, StoreError> {
        let unread = self.counts().await?.unread;
        Ok(Shown {
            page: self.view.classifiers().await?,
            is_complete: unread == 0,
        })
    }

    /// Returns the serial of the last change that was made before a moment, or zero if the
    /// journal has none.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn serial_before(&self, moment: Timestamp) -> Result<Serial, StoreError> {
        self.catalog.serial_before(moment).await
    }
}

/// Returns the first file of each of the first `limit` releases of a list.
fn each_once(files: Vec<FileRecord>, limit: usize) -> Vec<FileRecord> {
    let mut seen: HashSet<(ProjectKey, VersionKey)> = HashSet::new();
    files
        .into_iter()
        .filter(|file| seen.insert((file.named.key.clone(), file.named.version.key().clone())))
        .take(limit)
        .collect()
}
