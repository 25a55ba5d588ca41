//! Copying what was deleted and may still come back.

use wheelhouse_index::identity::Timestamp;
use wheelhouse_index::mark::{Mark, ProjectMark};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::Truth;
use wheelhouse_standards::digest::Sha256Digest;
use wheelhouse_standards::name::ProjectKey;

use super::{Move, MoveError};
use crate::contents::{self, CopyError};

impl Move {
    /// Copies the deleted files that the source still keeps and the target does not.
    pub(super) async fn copy_discarded(&self) -> Result<(), MoveError> {
        for marked in self.source.catalog.marks(&self.index, None).await? {
            let Mark::Deleted { path, sha256 } = &marked.mark else {
                continue;
            };
            if self
                .target
                .files
                .open_discarded(path, sha256)
                .await?
                .is_some()
            {
                continue;
            }
            if !self.can_pass_through(path).await? {
                tracing::warn!(
                    "`{path}` was deleted and uploaded again, and what was deleted (sha256 {sha256}) is not copied: it cannot be brought back there"
                );
                continue;
            }
            let copied = self.copy_one_discarded(&marked, path, sha256).await;
            copied.map_err(|cause| MoveError::File {
                path: path.clone(),
                cause,
            })?;
        }
        Ok(())
    }

    /// Returns whether a file may stand at a path for a moment, on its way to the deleted ones.
    async fn can_pass_through(&self, path: &FilePath) -> Result<bool, MoveError> {
        if self.target.files.truth() == Truth::Catalog {
            return Ok(true);
        }
        let there = self.target.catalog.file(&self.index, path).await?;
        Ok(there.is_none())
    }

    async fn copy_one_discarded(
        &self,
        marked: &ProjectMark,
        path: &FilePath,
        sha256: &Sha256Digest,
    ) -> Result<(), CopyError> {
        let Some(kept) = self.source.files.open_discarded(path, sha256).await? else {
            return Ok(());
        };
        let to = &*self.target.files;
        contents::copy(&kept, Some(sha256), to, path, marked.since).await?;
        to.discard(path, sha256, marked.since).await?;
        Ok(())
    }

    /// Returns when the file at a path with this content was deleted, if it may come back.
    pub(super) async fn deleted_at(
        &self,
        project: &ProjectKey,
        path: &FilePath,
        sha256: &Sha256Digest,
    ) -> Result<Option<Timestamp>, MoveError> {
        if self
            .source
            .files
            .open_discarded(path, sha256)
            .await?
            .is_none()
        {
            return Ok(None);
        }
        let catalog = &self.source.catalog;
        let marks = catalog.marks(&self.index, Some(project)).await?;
        let of_file = marks.into_iter().find(|marked| {
            matches!(&marked.mark, Mark::Deleted { path: at, sha256: digest } if at == path && digest == sha256)
        });
        Ok(of_file.map(|marked| marked.since))
    }
}
