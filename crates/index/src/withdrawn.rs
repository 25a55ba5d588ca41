//! What was withdrawn stays withdrawn: marks are written beside the files before the catalog
//! records them, are read again at the start, and keep the bytes of deleted files away when
//! somebody copies them in again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Mutex as AsyncMutex;
use wheelhouse_standards::digest::{Digester, Digests, Sha256Digest};
use wheelhouse_standards::name::ProjectKey;

use crate::change::{Attribution, Change, MarkChange};
use crate::identity::Fingerprint;
use crate::index::Index;
use crate::mark::{ProjectMark, deleted_under};
use crate::marks_file::{self, MarksFileError};
use crate::path::FilePath;
use crate::ports::{
    Committed, Content, MarksPlace, OpenError, OpenFile, PlaceError, StoreError, Truth,
};

/// The state that withdrawing needs.
#[derive(Debug, Default)]
pub(crate) struct Withdrawn {
    /// Held while marks are changed: what is written beside the files is all of them.
    writing: AsyncMutex<()>,
    /// Files that are there with the bytes of one that was deleted, and are kept away.
    came_back: Mutex<BTreeMap<FilePath, Hidden>>,
}

/// A file that is kept away.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hidden {
    fingerprint: Fingerprint,
    sha256: Sha256Digest,
}

impl Withdrawn {
    pub(crate) fn came_back(&self) -> MutexGuard<'_, BTreeMap<FilePath, Hidden>> {
        self.came_back
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The marks of an index could not be made sure of at the start.
#[derive(Debug, thiserror::Error)]
pub enum MarksError {
    /// What is written beside the files cannot be read.
    #[error(
        "`{place}` says what was yanked and deleted here, and {source}; mend it or put an older copy in its place (without it, what was withdrawn would be offered again)"
    )]
    Unreadable {
        /// Where it is.
        place: String,
        /// Why it cannot be read.
        source: MarksFileError,
    },
    /// The file store or the catalog failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Index {
    /// Makes the catalog's marks those that are written beside the files. To be called before the
    /// first scan is followed.
    ///
    /// # Errors
    /// [`MarksError`]; then nothing may be served.
    pub async fn load_marks(&self) -> Result<(), MarksError> {
        let recorded = self.catalog.marks(&self.name, None).await?;
        let Some(file) = self.files.read_marks().await? else {
            if !recorded.is_empty() {
                // A failure has been logged; the catalog has the marks.
                let _ = self.write_marks(&recorded).await;
            }
            return Ok(());
        };
        let is_empty = recorded.is_empty() && self.catalog.counts(&self.name).await?.files == 0;
        if self.files.truth() == Truth::Catalog && !is_empty {
            // Another server may be about to record what is written: what is recorded counts.
            return Ok(());
        }
        let written = marks_file::decode(&self.name, &file.bytes).map_err(|source| {
            MarksError::Unreadable {
                place: file.place,
                source,
            }
        })?;
        let mut marks: Vec<MarkChange> = Vec::new();
        for mark in &recorded {
            if !written.iter().any(|other| is_same_subject(mark, other)) {
                marks.push(MarkChange::Clear {
                    project: mark.project.clone(),
                    mark: mark.mark.clone(),
                });
            }
        }
        marks.extend(written.into_iter().map(MarkChange::Set));
        let change = Change {
            index: self.name.clone(),
            by: Attribution::system(self.clock.now()),
            expects: Vec::new(),
            files: Vec::new(),
            marks,
        };
        self.commit_recorded(change).await?;
        Ok(())
    }

    /// Commits a change with marks in it: they are written beside the files first, and put back
    /// if the commit fails.
    ///
    /// Returns where they were written, or `None` if they could not be written anywhere.
    pub(crate) async fn commit_marks(
        &self,
        change: Change,
    ) -> Result<(Committed, Option<MarksPlace>), StoreError> {
        let _writing = self.withdrawn.writing.lock().await;
        let before = self.catalog.marks(&self.name, None).await?;
        let after = after(&before, &change.marks);
        let place = self.write_marks(&after).await;
        match self.commit_recorded(change).await {
            Ok(committed) => {
                if matches!(committed, Committed::Unexpected(_)) {
                    self.write_marks(&before).await;
                }
                Ok((committed, place))
            }
            Err(error) => {
                self.write_marks(&before).await;
                Err(error)
            }
        }
    }

    pub(crate) async fn write_marks(&self, marks: &[ProjectMark]) -> Option<MarksPlace> {
        let bytes = marks_file::encode(&self.name, marks);
        match self.files.write_marks(bytes.into()).await {
            Ok(place) => Some(place),
            Err(error) => {
                tracing::error!(
                    "what is yanked and deleted cannot be written beside the files, only in the catalog: {error}"
                );
                None
            }
        }
    }

    /// Returns whether a file has the bytes of one that was deleted under its name. Takes note of
    /// it, and tells the log once.
    pub(crate) async fn is_withdrawn(
        &self,
        path: &FilePath,
        project: &ProjectKey,
        file: &OpenFile,
    ) -> Result<bool, StoreError> {
        let marks = self.catalog.marks(&self.name, Some(project)).await?;
        if deleted_under(&marks, path.file_name()).next().is_none() {
            self.withdrawn.came_back().remove(path);
            return Ok(false);
        }
        let known = self.withdrawn.came_back().get(path).copied();
        let known = known.filter(|known| known.fingerprint == file.fingerprint);
        let sha256 = if let Some(known) = known {
            known.sha256
        } else {
            let content = Arc::clone(&file.content);
            tokio::task::spawn_blocking(move || digests_of(&*content).map(|digests| digests.sha256))
                .await
                .map_err(|failure| StoreError::new("index", "read a file that came back", failure))?
                .map_err(|failure| {
                    StoreError::new("index", "read a file that came back", failure)
                })?
        };
        // What is said now counts, whatever was found here before.
        let is_withdrawn = deleted_under(&marks, path.file_name()).any(|gone| *gone == sha256);
        let mut came_back = self.withdrawn.came_back();
        if !is_withdrawn {
            came_back.remove(path);
        } else if known.is_none() {
            tracing::warn!(
                file.path = %path,
                "a file that was deleted here was copied in again; it stays hidden until it is undeleted"
            );
            let hidden = Hidden {
                fingerprint: file.fingerprint,
                sha256,
            };
            came_back.insert(path.clone(), hidden);
        }
        Ok(is_withdrawn)
    }

    /// Returns the paths of the files that are there with the bytes of one that was deleted, and
    /// are kept away.
    pub async fn came_back(&self) -> Vec<FilePath> {
        let known = self.withdrawn.came_back().clone();
        let mut there = Vec::new();
        for (path, hidden) in known {
            // Nobody tells of a file that went before it was ever listed.
            match self.files.open(&path, None).await {
                Ok(file) if file.fingerprint == hidden.fingerprint => there.push(path),
                Err(OpenError::NotFound) => {
                    self.withdrawn.came_back().remove(&path);
                }
                Ok(_) | Err(_) => {}
            }
        }
        there
    }

    /// Returns all marks, ordered by project.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn marks(
        &self,
        project: Option<&ProjectKey>,
    ) -> Result<Vec<ProjectMark>, StoreError> {
        self.catalog.marks(&self.name, project).await
    }
}

pub(crate) fn is_same_subject(a: &ProjectMark, b: &ProjectMark) -> bool {
    a.project == b.project && a.mark.has_subject_of(&b.mark)
}

/// Returns what the marks are after some changes.
fn after(before: &[ProjectMark], changes: &[MarkChange]) -> Vec<ProjectMark> {
    let mut marks = before.to_vec();
    for change in changes {
        let is_subject = |marked: &ProjectMark| {
            marked.project == *change.project() && marked.mark.has_subject_of(change.mark())
        };
        match change {
            MarkChange::Set(new) => match marks.iter_mut().find(|marked| is_subject(marked)) {
                Some(old) if old.mark == new.mark => {}
                Some(old) => *old = new.clone(),
                None => marks.push(new.clone()),
            },
            MarkChange::Clear { .. } => marks.retain(|marked| !is_subject(marked)),
        }
    }
    marks
}

pub(crate) fn digests_of(content: &dyn Content) -> std::io::Result<Digests> {
    let mut digester = Digester::new(None);
    let mut buffer = vec![0; 256 * 1024];
    let mut offset = 0;
    loop {
        match content.read_at(offset, &mut buffer)? {
            0 => return Ok(digester.finish()),
            count => {
                digester.update(&buffer[..count]);
                offset += count as u64;
            }
        }
    }
}

/// Why a place could not be had, as the reason of a failed withdrawal.
pub(crate) fn reason_of(error: PlaceError) -> Result<String, StoreError> {
    match error {
        PlaceError::ReadOnly(reason) | PlaceError::Away(reason) => Ok(reason),
        PlaceError::Exists => Ok("its place is taken by another file".to_owned()),
        PlaceError::Full => Ok("there is no space left".to_owned()),
        PlaceError::Store(error) => Err(error),
    }
}
