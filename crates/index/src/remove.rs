//! Removing a release on request.

use std::sync::Arc;

use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::version::VersionText;

use crate::change::{Arrival, Attribution, Change, Departure, FileChange};
use crate::index::Index;
use crate::ports::{PlaceError, StoreError};
use crate::record::FileRecord;

/// Why a release was not removed.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// The index has no file of this project and version.
    #[error("there is no file of `{project}` with version `{version}`")]
    NotFound {
        /// The project.
        project: ProjectKey,
        /// The version that was asked for.
        version: String,
    },
    /// A file cannot be removed.
    #[error("a file cannot be removed: {0}")]
    ReadOnly(String),
    /// The file store or the catalog failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Index {
    /// Removes all files of one version of a project, signatures included, and returns how many
    /// those were. Versions are compared as versions: `1.0` also names files of `1.0.0`.
    ///
    /// Goes on to its end when the caller stops waiting.
    ///
    /// # Errors
    /// [`RemoveError`]. Files that could be removed before the error are gone.
    pub async fn remove_release(
        self: &Arc<Self>,
        project: ProjectKey,
        version: String,
        by: Attribution,
    ) -> Result<usize, RemoveError> {
        let index = Arc::clone(self);
        tokio::spawn(async move { index.remove_release_now(project, version, by).await })
            .await
            .map_err(|failure| StoreError::new("index", "finish a removal", failure))?
    }

    async fn remove_release_now(
        &self,
        project: ProjectKey,
        version: String,
        by: Attribution,
    ) -> Result<usize, RemoveError> {
        let snapshot = self.catalog.project(&self.name, &project).await?;
        let wanted = VersionText::from(version.as_str());
        let doomed: Vec<FileRecord> = snapshot
            .into_iter()
            .flat_map(|snapshot| snapshot.files)
            .filter(|record| record.named.version.key() == wanted.key())
            .collect();
        if doomed.is_empty() {
            return Err(RemoveError::NotFound { project, version });
        }
        for record in &doomed {
            self.remove_file(record, &by).await?;
        }
        Ok(doomed.len())
    }

    /// Takes a file off the list, then removes its bytes: a crash in between leaves a whole file
    /// that the next start lists again, never a listed file that cannot be served.
    async fn remove_file(&self, record: &FileRecord, by: &Attribution) -> Result<(), RemoveError> {
        let _lock = self.locks.lock(record.file_name()).await;
        let metadata = self.catalog.core_metadata(&self.name, &record.path).await?;
        let change = |files| Change {
            index: self.name.clone(),
            by: by.clone(),
            files,
        };
        let remove = FileChange::Remove {
            kind: Departure::Removal,
            path: record.path.clone(),
        };
        self.commit(change(vec![remove])).await?;
        let Err(error) = self.files.remove(&record.path).await else {
            return Ok(());
        };
        let restore = FileChange::Add {
            kind: Arrival::Found,
            record: record.clone(),
            metadata: metadata.map(Box::new),
        };
        self.commit(change(vec![restore])).await?;
        Err(match error {
            PlaceError::ReadOnly(reason) => RemoveError::ReadOnly(reason),
            PlaceError::Store(error) => error.into(),
            PlaceError::Exists | PlaceError::Full => {
                StoreError::new("file store", "remove a file", error).into()
            }
        })
    }
}
