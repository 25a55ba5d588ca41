//! Copying the content of a file from one store to another, and proving that it arrived.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::task::spawn_blocking;
use wheelhouse_index::identity::{Fingerprint, Timestamp};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{
    Content, FileStore, OpenError, OpenFile, PlaceError, PlaceMode, Staging, StoreError, Truth,
};
use wheelhouse_standards::digest::{Digester, Digests, Sha256Digest};

/// How many bytes are read at a time.
const PIECE_BYTES: usize = 256 * 1024;

/// A content cannot be copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// It cannot be opened where it is.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It cannot be read to its end.
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
    /// It was changed while it was read.
    #[error("it was changed while it was read")]
    Changed,
    /// It is not what its record says.
    #[error("its SHA-256 is {found} and not {recorded}, as its record says")]
    Altered {
        /// What was found.
        found: Sha256Digest,
        /// What was recorded.
        recorded: Sha256Digest,
    },
    /// It cannot be written to where it is to be.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// What was written is not what is read back.
    #[error(
        "what was just written reads back as {0}: the place that it is written to loses or changes bytes"
    )]
    ReadBack(Sha256Digest),
    /// A backend cannot do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A content that was copied.
#[derive(Debug, Clone)]
pub struct Copied {
    /// Its fingerprint where it is now.
    pub fingerprint: Fingerprint,
    /// Its digests.
    pub digests: Digests,
}

/// Copies an open file to a path of a store, durably, and reads it back.
///
/// # Errors
/// [`CopyError`]; nothing but a staged file may be left then.
pub async fn copy(
    file: &OpenFile,
    recorded: Option<&Sha256Digest>,
    to: &dyn FileStore,
    path: &FilePath,
    uploaded_at: Timestamp,
) -> Result<Copied, CopyError> {
    let mut staging = to.stage().await?;
    pour(&file.content, &mut *staging).await?;
    if file.content.fingerprint()? != file.fingerprint {
        return Err(CopyError::Changed);
    }
    let staged = staging.finish().await?;
    let digests = staged.digests().clone();
    if let Some(recorded) = recorded.filter(|recorded| **recorded != digests.sha256) {
        return Err(CopyError::Altered {
            found: digests.sha256,
            recorded: *recorded,
        });
    }
    // Nobody else writes there. Content that a store of contents has already is not sent again.
    let mode = match to.truth() {
        Truth::Store => PlaceMode::Replace,
        Truth::Catalog => PlaceMode::New,
    };
    let placed = staged.place(path, mode, uploaded_at).await?;
    let fingerprint = placed.fingerprint();
    let there = to.open(path, Some(&fingerprint)).await?;
    let found = sha256_of(&there.content).await?;
    if found != digests.sha256 {
        placed.undo().await?;
        return Err(CopyError::ReadBack(found));
    }
    Ok(Copied {
        fingerprint,
        digests,
    })
}

/// Copies what stands beside a file, which has no record and no fingerprint that could be compared.
///
/// # Errors
/// As for [`copy`].
pub async fn copy_beside(
    file: &OpenFile,
    to: &dyn FileStore,
    path: &FilePath,
    uploaded_at: Timestamp,
) -> Result<(), CopyError> {
    let mut staging = to.stage().await?;
    pour(&file.content, &mut *staging).await?;
    let staged = staging.finish().await?;
    let sha256 = staged.digests().sha256;
    let placed = staged.place(path, PlaceMode::Replace, uploaded_at).await?;
    let there = to.open(path, None).await?;
    let found = sha256_of(&there.content).await?;
    if found != sha256 {
        placed.undo().await?;
        return Err(CopyError::ReadBack(found));
    }
    Ok(())
}

/// Reads a content to its end, and returns its SHA-256.
///
/// # Errors
/// What the system says.
pub async fn sha256_of(content: &Arc<dyn Content>) -> io::Result<Sha256Digest> {
    let mut digester = Digester::new(None);
    let mut pieces = Pieces::of(content);
    while let Some(piece) = pieces.next().await? {
        digester.update(&piece);
    }
    Ok(digester.finish().sha256)
}

async fn pour(content: &Arc<dyn Content>, staging: &mut dyn Staging) -> Result<(), CopyError> {
    let mut pieces = Pieces::of(content);
    while let Some(piece) = pieces.next().await? {
        staging.write(piece).await?;
    }
    Ok(())
}

/// The bytes of a content, a piece at a time.
enum Pieces {
    Stream(futures_util::stream::BoxStream<'static, io::Result<Bytes>>),
    At(Arc<dyn Content>, u64),
}

impl Pieces {
    fn of(content: &Arc<dyn Content>) -> Self {
        match content.stream(0..content.size_bytes()) {
            Some(stream) => Self::Stream(stream),
            None => Self::At(Arc::clone(content), 0),
        }
    }

    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        let (content, offset) = match self {
            Self::Stream(stream) => return stream.next().await.transpose(),
            Self::At(content, offset) => (content, offset),
        };
        let (reading, at) = (Arc::clone(content), *offset);
        let read = spawn_blocking(move || {
            let mut piece = vec![0; PIECE_BYTES];
            let count = reading.read_at(at, &mut piece)?;
            piece.truncate(count);
            Ok::<_, io::Error>(piece)
        });
        let piece = read.await.map_err(io::Error::other)??;
        if piece.is_empty() {
            return Ok(None);
        }
        *offset += piece.len() as u64;
        Ok(Some(piece.into()))
    }
}
