//! Giving out a file: only bytes that its record is about.

use std::sync::Arc;
use std::time::Duration;

use wheelhouse_standards::found::FileKind;

use crate::contents::raw_metadata;
use crate::identity::Fingerprint;
use crate::index::Index;
use crate::path::FilePath;
use crate::ports::{AddressMethod, Content, OpenError, OpenFile, StoreError};
use crate::reading::ReadError;
use crate::record::{Contents, FileRecord, MetadataSummary};

/// A file that may be given out: a record, and bytes that it is about.
#[derive(Debug, Clone)]
pub struct Download {
    /// The file's record.
    pub record: FileRecord,
    /// What reading the file showed.
    pub contents: Arc<Contents>,
    /// The bytes.
    pub content: Arc<dyn Content>,
}

/// Why a file cannot be given out.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The index offers no file at this path.
    #[error("there is no such file")]
    NotFound,
    /// The file is being changed at this moment.
    #[error("the file is being changed; try again in a moment")]
    Changing,
    /// The place where the file is cannot be read for now.
    #[error("the place of this file cannot be read now; try again later")]
    Away(String),
    /// The recorded content is gone or altered.
    #[error(
        "the content of this file is damaged in the file store; upload the same file again to mend it"
    )]
    Damaged(String),
    /// The file store or the catalog failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ReadError> for DownloadError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Changed => Self::Changing,
            ReadError::NotFound => Self::NotFound,
            ReadError::Away(place) => Self::Away(place),
            ReadError::Damaged(reason) => Self::Damaged(reason),
            ReadError::Store(error) => StoreError::new("index", "read a listed file", error).into(),
        }
    }
}

impl Index {
    /// Opens the file at a path. A file that is not what its record is about is read anew first,
    /// so that old digests never go with new bytes.
    ///
    /// # Errors
    /// [`DownloadError`].
    pub async fn download(self: &Arc<Self>, path: &FilePath) -> Result<Download, DownloadError> {
        // Twice at most: the second look is at what the first one took note of.
        for _ in 0..2 {
            let Some(record) = self.view.file(path).await? else {
                return Err(DownloadError::NotFound);
            };
            let file = match self.files.open(path, Some(&record.fingerprint)).await {
                Ok(file) => file,
                Err(OpenError::NotFound) => {
                    self.adopt(path).await?;
                    return Err(DownloadError::NotFound);
                }
                Err(OpenError::Away(place)) => return Err(DownloadError::Away(place)),
                Err(OpenError::Damaged(reason)) => {
                    self.report_damage(path, &reason);
                    return Err(DownloadError::Damaged(reason));
                }
                Err(OpenError::Store(error)) => return Err(error.into()),
            };
            let is_recorded = file.fingerprint == record.fingerprint;
            // What was read under this fingerprint is what is there, however young it is.
            let is_known = is_recorded && self.is_read(&record);
            if !file.settled && !is_known {
                return Err(DownloadError::Changing);
            }
            if is_recorded {
                let contents = self.read(&record).await?;
                return Ok(Download {
                    record,
                    contents,
                    content: file.content,
                });
            }
            self.adopt(path).await?;
        }
        Err(DownloadError::Changing)
    }

    /// Opens the file at a path, for somebody who knows its record and compares the fingerprint.
    ///
    /// # Errors
    /// As the file store says.
    pub async fn open(
        &self,
        path: &FilePath,
        recorded: &Fingerprint,
    ) -> Result<OpenFile, OpenError> {
        let opened = self.files.open(path, Some(recorded)).await;
        if let Err(OpenError::Damaged(reason)) = &opened {
            self.report_damage(path, reason);
        }
        opened
    }

    /// Returns an address outside the server at which this content can be read for so long, if
    /// there is one. Whoever asks has decided that it may be read.
    ///
    /// # Errors
    /// [`StoreError`] if none can be made.
    pub async fn signed_address(
        &self,
        path: &FilePath,
        recorded: &Fingerprint,
        method: AddressMethod,
        valid_for: Duration,
    ) -> Result<Option<String>, StoreError> {
        self.files
            .signed_address(path, recorded, method, valid_for)
            .await
    }

    /// Returns the unmodified core metadata of the wheel at a path.
    ///
    /// # Errors
    /// [`DownloadError`]; `NotFound` also for a file whose metadata is not offered.
    pub async fn metadata_file(
        self: &Arc<Self>,
        path: &FilePath,
    ) -> Result<(FileRecord, Vec<u8>), DownloadError> {
        let download = self.download(path).await?;
        let is_offered = matches!(
            download.contents.metadata,
            MetadataSummary::Read {
                offered: Some(_),
                ..
            }
        );
        if !is_offered || download.record.named.kind != FileKind::Wheel {
            return Err(DownloadError::NotFound);
        }
        let Download {
            record, content, ..
        } = download;
        tokio::task::spawn_blocking(move || {
            let bytes = raw_metadata(&*content, &record.named, record.file_name());
            match bytes {
                Some(Ok(bytes)) => Ok((record, bytes)),
                Some(Err(error)) => {
                    Err(StoreError::new("index", "read a wheel's metadata", error).into())
                }
                None => Err(DownloadError::NotFound),
            }
        })
        .await
        .map_err(|failure| StoreError::new("index", "read a wheel's metadata", failure))?
    }
}
