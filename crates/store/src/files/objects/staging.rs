//! Receiving a file: hashed as it comes, in memory while it is small and in a temporary file of no
//! name when it is not.

use std::fs::File;
use std::io::{self, Write};
use std::mem;
use std::os::unix::fs::FileExt;
use std::path::Path as FolderPath;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use tokio::task::{JoinHandle, spawn_blocking};
use wheelhouse_index::identity::{Fingerprint, Timestamp};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{
    Content, PlaceError, PlaceMode, PlacedFile, StagedFile, Staging, StoreError,
};
use wheelhouse_standards::digest::{Digester, Digests};

use super::failure::BACKEND;
use super::{Shared, placing};

/// How many bytes are gathered before they are hashed and written in one go. A file that is not
/// larger stays in memory.
const GATHERED_BYTES: usize = 1024 * 1024;

/// A file that is being received. While a thread hashes and writes what was gathered, as much
/// more is gathered, and no more than that.
pub(super) struct ObjectStaging {
    shared: Arc<Shared>,
    gathered: BytesMut,
    writer: Writer,
}

enum Writer {
    Idle(Box<Spool>),
    Busy(JoinHandle<Result<Box<Spool>, PlaceError>>),
    Failed,
}

/// What was received so far.
struct Spool {
    file: Option<File>,
    digester: Digester,
    size_bytes: u64,
}

impl ObjectStaging {
    pub(super) fn begin(shared: Arc<Shared>) -> Self {
        let spool = Spool {
            file: None,
            digester: Digester::new(shared.options.listed_hash),
            size_bytes: 0,
        };
        Self {
            shared,
            gathered: BytesMut::new(),
            writer: Writer::Idle(Box::new(spool)),
        }
    }

    async fn spool(&mut self) -> Result<Box<Spool>, PlaceError> {
        match mem::replace(&mut self.writer, Writer::Failed) {
            Writer::Idle(spool) => Ok(spool),
            Writer::Busy(job) => job
                .await
                .map_err(|failure| StoreError::new(BACKEND, "write a temporary file", failure))?,
            Writer::Failed => {
                Err(
                    StoreError::new(BACKEND, "write a temporary file", "writing failed before")
                        .into(),
                )
            }
        }
    }
}

#[async_trait]
impl Staging for ObjectStaging {
    async fn write(&mut self, bytes: Bytes) -> Result<(), PlaceError> {
        self.gathered.extend_from_slice(&bytes);
        if self.gathered.len() <= GATHERED_BYTES {
            return Ok(());
        }
        let mut spool = self.spool().await?;
        let gathered = mem::take(&mut self.gathered).freeze();
        let folder = self.shared.options.spool.clone();
        self.writer = Writer::Busy(spawn_blocking(move || {
            spool.write(&folder, &gathered)?;
            Ok(spool)
        }));
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<Box<dyn StagedFile>, PlaceError> {
        let mut spool = self.spool().await?;
        let Self {
            shared, gathered, ..
        } = *self;
        let gathered = gathered.freeze();
        let staged = spawn_blocking(move || {
            let spooled = if spool.file.is_none() {
                spool.hash(&gathered);
                Spooled::Memory(gathered)
            } else {
                spool.write(&shared.options.spool, &gathered)?;
                Spooled::File(Arc::new(spool.file.take().expect("it was just written")))
            };
            Ok::<_, PlaceError>(ObjectStaged {
                shared,
                spooled,
                digests: spool.digester.finish(),
                size_bytes: spool.size_bytes,
            })
        })
        .await
        .map_err(|failure| StoreError::new(BACKEND, "write a temporary file", failure))??;
        Ok(Box::new(staged))
    }
}

impl Spool {
    fn write(&mut self, folder: &FolderPath, bytes: &[u8]) -> Result<(), PlaceError> {
        self.hash(bytes);
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                none.insert(tempfile::tempfile_in(folder).map_err(|e| spool_error(folder, &e))?)
            }
        };
        file.write_all(bytes).map_err(|e| spool_error(folder, &e))
    }

    fn hash(&mut self, bytes: &[u8]) {
        self.digester.update(bytes);
        self.size_bytes += bytes.len() as u64;
    }
}

fn spool_error(folder: &FolderPath, error: &io::Error) -> PlaceError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            PlaceError::Full
        }
        _ => StoreError::new(
            BACKEND,
            "write a temporary file",
            format!("{}: {error}", folder.display()),
        )
        .into(),
    }
}

/// Received bytes.
#[derive(Debug, Clone)]
pub(super) enum Spooled {
    Memory(Bytes),
    File(Arc<File>),
}

impl Spooled {
    /// Reads so many bytes, which are there. Blocks.
    pub(super) fn read(&self, offset: u64, size_bytes: usize) -> io::Result<Bytes> {
        match self {
            Self::Memory(bytes) => {
                let start = usize::try_from(offset).map_err(io::Error::other)?;
                Ok(bytes.slice(start..start + size_bytes))
            }
            Self::File(file) => {
                let mut bytes = vec![0; size_bytes];
                file.read_exact_at(&mut bytes, offset)?;
                Ok(bytes.into())
            }
        }
    }
}

/// A whole file that is not in the store yet.
pub(super) struct ObjectStaged {
    pub(super) shared: Arc<Shared>,
    pub(super) spooled: Spooled,
    pub(super) digests: Digests,
    pub(super) size_bytes: u64,
}

impl ObjectStaged {
    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::Object {
            size_bytes: self.size_bytes,
            sha256: self.digests.sha256,
        }
    }
}

#[async_trait]
impl StagedFile for ObjectStaged {
    fn digests(&self) -> &Digests {
        &self.digests
    }

    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    fn content(&self) -> Arc<dyn Content> {
        Arc::new(SpooledContent {
            spooled: self.spooled.clone(),
            fingerprint: self.fingerprint(),
        })
    }

    async fn place(
        self: Box<Self>,
        path: &FilePath,
        mode: PlaceMode,
        uploaded_at: Timestamp,
    ) -> Result<Box<dyn PlacedFile>, PlaceError> {
        placing::place(*self, path, mode, uploaded_at).await
    }
}

/// The content of a staged file.
#[derive(Debug)]
struct SpooledContent {
    spooled: Spooled,
    fingerprint: Fingerprint,
}

impl Content for SpooledContent {
    fn size_bytes(&self) -> u64 {
        self.fingerprint.size_bytes()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.size_bytes().saturating_sub(offset);
        let count = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        if count > 0 {
            let bytes = self.spooled.read(offset, count)?;
            buffer[..count].copy_from_slice(&bytes);
        }
        Ok(count)
    }

    fn fingerprint(&self) -> io::Result<Fingerprint> {
        Ok(self.fingerprint)
    }
}
