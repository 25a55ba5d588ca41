//! Publishing an upload: what is checked, and the order in which a file becomes visible.

use std::sync::Arc;

use wheelhouse_standards::check::Finding;
use wheelhouse_standards::digest::{Blake2b256Digest, Digests, Md5Digest, Sha256Digest};
use wheelhouse_standards::found::FoundFile;
use wheelhouse_standards::simple::ProjectStatus;

use crate::change::{Arrival, Attribution, Change, Expectation, FileChange, MarkChange};
use crate::identity::{Fingerprint, Timestamp};
use crate::index::{DeletedNames, Index};
use crate::mark::{Mark, deleted_under, status_of};
use crate::path::FilePath;
use crate::ports::{Committed, PlaceMode, PlacedFile, StagedFile, Staging, StoreError, Truth};
use crate::reading::ReadError;
use crate::record::{Contents, FileRecord};
use crate::vetting::Vetted;

mod refusal;

pub use refusal::PublishError;
use refusal::refused;

/// A file that was received whole and is to be published.
#[derive(Debug)]
pub struct Upload {
    /// The file's name, which was checked for what may be uploaded.
    pub file_name: String,
    /// What the name says.
    pub named: FoundFile,
    /// The received bytes.
    pub staged: Box<dyn StagedFile>,
    /// The digests that the client says the file has.
    pub claimed: ClaimedDigests,
    /// What is to be kept beside the file: a provenance that was verified.
    pub provenance: Option<Vec<u8>>,
}

impl std::fmt::Debug for dyn StagedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StagedFile")
            .field("size_bytes", &self.size_bytes())
            .finish()
    }
}

/// The digests that a client says a file has. Each one that is given must be right.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClaimedDigests {
    /// The form's `sha256_digest`.
    pub sha256: Option<Sha256Digest>,
    /// The form's `blake2_256_digest`.
    pub blake2b_256: Option<Blake2b256Digest>,
    /// The form's `md5_digest`.
    pub md5: Option<Md5Digest>,
}

impl ClaimedDigests {
    /// Returns the first claim that is wrong, as algorithm, claimed digest and true digest.
    fn first_lie(&self, truth: &Digests) -> Option<(&'static str, String, String)> {
        fn lie<D: PartialEq + ToString>(
            name: &'static str,
            claimed: Option<&D>,
            truth: &D,
        ) -> Option<(&'static str, String, String)> {
            let claimed = claimed.filter(|&claimed| claimed != truth)?;
            Some((name, claimed.to_string(), truth.to_string()))
        }
        lie("sha256", self.sha256.as_ref(), &truth.sha256)
            .or_else(|| lie("blake2b-256", self.blake2b_256.as_ref(), &truth.blake2b_256))
            .or_else(|| lie("md5", self.md5.as_ref(), &truth.md5))
    }
}

/// Whether an upload may take the place of a file with other bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Overwrite {
    /// No: the upload is refused.
    Refuse,
    /// Yes.
    Allow,
}

/// What became of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// It is listed now, though this was found wrong or odd with it.
    Recorded(Vec<Finding>),
    /// The index has had exactly this file before. Nothing was changed.
    Identical,
}

impl Index {
    /// Begins to receive a file.
    ///
    /// # Errors
    /// [`PublishError::ReadOnly`], [`PublishError::Full`] or [`PublishError::Store`].
    pub async fn stage(&self) -> Result<Box<dyn Staging>, PublishError> {
        Ok(self.files.stage().await?)
    }

    /// Publishes the files of one upload: a distribution, its signature, or both. All are
    /// checked before the first is put in its place, and all are recorded in one commit.
    ///
    /// Goes on to its end when the caller stops waiting.
    ///
    /// # Errors
    /// [`PublishError`]; nothing is left behind then.
    pub async fn publish(
        self: &Arc<Self>,
        uploads: Vec<Upload>,
        overwrite: Overwrite,
        by: Attribution,
    ) -> Result<Published, PublishError> {
        let index = Arc::clone(self);
        tokio::spawn(async move { index.publish_now(uploads, overwrite, by).await })
            .await
            .map_err(|failure| StoreError::new("index", "finish an upload", failure))?
    }

    async fn publish_now(
        self: &Arc<Self>,
        mut uploads: Vec<Upload>,
        overwrite: Overwrite,
        by: Attribution,
    ) -> Result<Published, PublishError> {
        // In one order for everybody, so that two uploads never wait for each other.
        uploads.sort_by(|a, b| a.file_name.cmp(&b.file_name));
        let mut locks = Vec::with_capacity(uploads.len());
        for upload in &uploads {
            locks.push(self.locks.lock(&upload.file_name).await);
        }
        let mut accepted = Vec::new();
        let mut marks = Vec::new();
        let mut placed = Vec::new();
        let mut changes = Vec::new();
        let mut expects = Vec::new();
        for upload in uploads {
            match self.accept(&upload, overwrite, &mut marks).await? {
                Accepted::At(path, mode, before) => {
                    // Where paths are not taken by placing, the catalog sees that one gets each.
                    if self.files.truth() == Truth::Catalog {
                        let is_used_up =
                            self.options.deleted_names == DeletedNames::UsedUp && before.is_none();
                        expects.push(Expectation {
                            path: path.clone(),
                            holds: before,
                            // It may be deleted, elsewhere, from now on.
                            unused_in: is_used_up.then(|| upload.named.key.clone()),
                        });
                    }
                    accepted.push((upload, (path, mode)));
                }
                Accepted::IsThere(record, contents) if upload.provenance.is_none() => {
                    drop(contents);
                    self.mend(&record, upload.staged).await?;
                }
                Accepted::IsThere(record, contents) => {
                    let proven = self.prove_later(upload, *record, &contents, &by).await?;
                    if let Some((file, change)) = proven {
                        placed.push(file);
                        changes.push(change);
                    }
                }
            }
        }
        if accepted.is_empty() && changes.is_empty() {
            return Ok(Published::Identical);
        }
        let mut vetted = Vec::new();
        let mut findings = Vec::new();
        for (upload, place) in accepted {
            let looked = self.vet(&upload, by.at).await?;
            findings.extend(looked.findings.iter().cloned());
            vetted.push((upload, place, looked));
        }
        for (upload, (path, mode), looked) in vetted {
            match self
                .place(upload, path, mode, looked, &by, &mut placed)
                .await
            {
                Ok(change) => changes.push(change),
                Err(error) => {
                    undo(placed).await;
                    return Err(error);
                }
            }
        }
        let at = by.at;
        let wanted: Vec<_> = changes.iter().filter_map(content_of).collect();
        let change = Change {
            index: self.name.clone(),
            by,
            expects: expects.clone(),
            files: changes,
            marks,
        };
        match self.commit(change).await {
            Ok(Committed::Applied(_) | Committed::Unchanged) => {}
            Ok(Committed::Unexpected(path)) => {
                undo(placed).await;
                let replaces = |expected: &Expectation| expected.holds.is_some();
                if expects.iter().any(replaces) {
                    let file_name = path.file_name().to_owned();
                    return Err(PublishError::Changing { file_name });
                }
                return self.lost_to(&path, &wanted).await;
            }
            Err(error) => {
                // It may be recorded after all. Then the catalog is the truth, and what it names
                // must stay; in folders the next scan sees what is there.
                if !error.is_undecided || self.files.truth() == Truth::Store {
                    undo(placed).await;
                }
                return Err(error.into());
            }
        }
        self.discard_replaced(expects, at).await;
        Ok(Published::Recorded(findings))
    }

    /// Says what became of an upload when another server has recorded something at one of its
    /// paths first: nothing is wrong if that was the same. It may have been deleted since.
    async fn lost_to(
        &self,
        path: &FilePath,
        wanted: &[(FilePath, Fingerprint)],
    ) -> Result<Published, PublishError> {
        for (path, fingerprint) in wanted {
            let file_name = path.file_name().to_owned();
            let Some(record) = self.catalog.file(&self.name, path).await? else {
                return Err(PublishError::NameUsed { file_name });
            };
            if record.fingerprint != *fingerprint {
                return Err(PublishError::NameTaken { file_name });
            }
        }
        tracing::debug!(file.path = %path, "another server has recorded the same file first");
        Ok(Published::Identical)
    }

    /// Puts away the contents that an upload has replaced, where that does not happen by placing.
    async fn discard_replaced(&self, replaced: Vec<Expectation>, at: Timestamp) {
        for Expectation { path, holds, .. } in replaced {
            let Some(Fingerprint::Object { sha256, .. }) = holds else {
                continue;
            };
            if let Err(error) = self.files.discard(&path, &sha256, at).await {
                tracing::warn!(file.path = %path, "what was replaced is still kept: {error}");
            }
        }
    }

    /// Keeps the provenance of a file that is there and had none.
    async fn prove_later(
        &self,
        upload: Upload,
        record: FileRecord,
        contents: &Contents,
        by: &Attribution,
    ) -> Result<Option<(Box<dyn PlacedFile>, FileChange)>, PublishError> {
        let Some(provenance) = upload.provenance.filter(|_| !contents.has_provenance) else {
            return Ok(None);
        };
        let metadata = self.catalog.core_metadata(&self.name, &record.path).await?;
        let file = self
            .place_provenance(&record.path, provenance, by.at)
            .await?;
        let contents = Contents {
            has_provenance: true,
            ..contents.clone()
        };
        let change = FileChange::Replace {
            kind: Arrival::Upload,
            record: FileRecord {
                contents: Some(contents),
                ..record
            },
            metadata: metadata.map(Box::new),
        };
        Ok(Some((file, change)))
    }

    /// Decides where an upload goes, or whether the index has exactly this file. What an upload
    /// takes back of what was said before is added to `taken_back`.
    async fn accept(
        self: &Arc<Self>,
        upload: &Upload,
        overwrite: Overwrite,
        taken_back: &mut Vec<MarkChange>,
    ) -> Result<Accepted, PublishError> {
        let file_name = upload.file_name.clone();
        let project = &upload.named.key;
        let marks = self.catalog.marks(&self.name, Some(project)).await?;
        let (status, reason) = status_of(&marks);
        if matches!(status, ProjectStatus::Archived | ProjectStatus::Quarantined) {
            return Err(PublishError::Closed {
                project: project.clone(),
                status,
                reason: reason.map(str::to_owned),
            });
        }
        if let Some((algorithm, claimed, actual)) =
            upload.claimed.first_lie(upload.staged.digests())
        {
            return Err(PublishError::DigestMismatch {
                file_name,
                algorithm,
                claimed,
                actual,
            });
        }
        let path: FilePath = file_name
            .parse()
            .map_err(|error| StoreError::new("index", "name an uploaded file", error))?;
        // Somebody may have copied such a file in that nobody has taken note of yet.
        self.adopt_locked(&path).await?;
        let mut first = None;
        for record in self.catalog.files_named(&self.name, &file_name).await? {
            match self.read(&record).await {
                Ok(contents) if contents.digests.sha256 == upload.staged.digests().sha256 => {
                    return Ok(Accepted::IsThere(Box::new(record), contents));
                }
                Ok(_) if overwrite == Overwrite::Refuse => {
                    return Err(PublishError::NameTaken { file_name });
                }
                Ok(_) => first = first.or(Some((record.path, record.fingerprint))),
                // Gone by hand, and nobody has taken note of it yet.
                Err(ReadError::NotFound) => {}
                Err(ReadError::Changed) => return Err(PublishError::Changing { file_name }),
                Err(ReadError::Away(place)) => return Err(PublishError::Away(place)),
                Err(ReadError::Damaged(reason)) => {
                    return Err(StoreError::new("index", "read a listed file", reason).into());
                }
                Err(ReadError::Store(error)) => {
                    return Err(StoreError::new("index", "read a listed file", error).into());
                }
            }
        }
        let mut was_deleted = deleted_under(&marks, &upload.file_name).peekable();
        if was_deleted.peek().is_some() && self.options.deleted_names == DeletedNames::UsedUp {
            return Err(PublishError::NameUsed { file_name });
        }
        let sha256 = upload.staged.digests().sha256;
        if was_deleted.any(|deleted| *deleted == sha256) {
            taken_back.push(MarkChange::Clear {
                project: project.clone(),
                mark: Mark::Deleted {
                    path: path.clone(),
                    sha256,
                },
            });
        }
        let hides_one = self.withdrawn.came_back().remove(&path).is_some();
        Ok(match first {
            Some((existing, before)) => Accepted::At(existing, PlaceMode::Replace, Some(before)),
            None if hides_one => Accepted::At(path, PlaceMode::Replace, None),
            None => Accepted::At(path, PlaceMode::New, None),
        })
    }

    async fn place(
        &self,
        upload: Upload,
        path: FilePath,
        mode: PlaceMode,
        looked: Vetted,
        by: &Attribution,
        placed: &mut Vec<Box<dyn PlacedFile>>,
    ) -> Result<FileChange, PublishError> {
        let Upload {
            file_name,
            named,
            staged,
            provenance,
            ..
        } = upload;
        let digests = staged.digests().clone();
        let has_provenance = provenance.is_some();
        // Before the file: nobody must find it without.
        if let Some(provenance) = provenance {
            placed.push(self.place_provenance(&path, provenance, by.at).await?);
        }
        let file = staged
            .place(&path, mode, by.at)
            .await
            .map_err(|error| refused(&file_name, error))?;
        let record = FileRecord {
            path,
            named,
            fingerprint: file.fingerprint(),
            uploaded_at: by.at,
            contents: Some(Contents {
                digests,
                metadata: looked.summary,
                has_provenance,
            }),
        };
        let kind = Arrival::Upload;
        let metadata = looked.metadata.map(Box::new);
        let change = match mode {
            PlaceMode::New => FileChange::Add {
                kind,
                record,
                metadata,
            },
            PlaceMode::Replace => FileChange::Replace {
                kind,
                record,
                metadata,
            },
        };
        placed.push(file);
        Ok(change)
    }
}

/// What becomes of an upload.
enum Accepted {
    /// It goes there, in place of this content.
    At(FilePath, PlaceMode, Option<Fingerprint>),
    /// The index has exactly this file.
    IsThere(Box<FileRecord>, Arc<Contents>),
}

/// Returns where a change puts which content.
fn content_of(change: &FileChange) -> Option<(FilePath, Fingerprint)> {
    match change {
        FileChange::Add { record, .. } | FileChange::Replace { record, .. } => {
            Some((record.path.clone(), record.fingerprint))
        }
        FileChange::Remove { .. } => None,
    }
}

async fn undo(placed: Vec<Box<dyn PlacedFile>>) {
    for file in placed.into_iter().rev() {
        if let Err(error) = file.undo().await {
            tracing::error!("cannot take back a file whose upload failed: {error}");
        }
    }
}
