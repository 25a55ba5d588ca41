//! Receiving a file into a temporary place.

use std::fs::File;
use std::io::Write;
use std::mem;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::task::{JoinHandle, spawn_blocking};
use wheelhouse_index::identity::Timestamp;
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{
    Content, PlaceError, PlaceMode, PlacedFile, StagedFile, Staging, StoreError,
};
use wheelhouse_standards::digest::{Digester, Digests};

use super::Shared;
use super::content::FileContent;
use super::failure::{BACKEND, place_error};
use super::placing::Placing;
use super::run;
use super::temporary::Temporary;

/// How many bytes are gathered before they are written and hashed in one go.
const GATHERED_BYTES: usize = 1 << 20;

/// From how many bytes on hashing them is shared by two threads.
const SHARED_BYTES: usize = 512 << 10;

/// A file that is being received.
///
/// No thread waits for a slow sender: bytes are gathered, and a thread is asked for only to write
/// and hash many at once. While it does, as many more are gathered, and no more than that.
pub(super) struct DirectoryStaging {
    shared: Arc<Shared>,
    temporary: Temporary,
    gathered: Vec<Bytes>,
    gathered_bytes: usize,
    writer: Writer,
}

enum Writer {
    Idle(Box<Written>),
    Busy(JoinHandle<Result<Box<Written>, PlaceError>>),
    Failed,
}

/// What was written so far.
struct Written {
    file: Arc<File>,
    digester: Digester,
    size_bytes: u64,
}

impl DirectoryStaging {
    /// Makes the temporary file. Blocks.
    pub(super) fn begin(shared: Arc<Shared>) -> Result<Self, PlaceError> {
        let root = shared.first();
        if let Some(reason) = root.away() {
            return Err(PlaceError::ReadOnly(reason));
        }
        let (temporary, file) = Temporary::make(root.path())
            .map_err(|error| place_error("make a temporary file", root.path(), error))?;
        let written = Written {
            file: Arc::new(file),
            digester: Digester::new(shared.options.listed_hash),
            size_bytes: 0,
        };
        Ok(Self {
            shared,
            temporary,
            gathered: Vec::new(),
            gathered_bytes: 0,
            writer: Writer::Idle(Box::new(written)),
        })
    }

    /// Waits until the writer is idle, and takes what it has written.
    async fn written(&mut self) -> Result<Box<Written>, PlaceError> {
        if let Writer::Busy(job) = &mut self.writer {
            let done = job.await;
            self.writer = Writer::Failed;
            return done.map_err(|failure| StoreError::new(BACKEND, "write a file", failure))?;
        }
        match mem::replace(&mut self.writer, Writer::Failed) {
            Writer::Idle(written) => Ok(written),
            Writer::Busy(_) | Writer::Failed => {
                Err(StoreError::new(BACKEND, "write a file", "writing failed before").into())
            }
        }
    }

    fn take_gathered(&mut self) -> Vec<Bytes> {
        self.gathered_bytes = 0;
        mem::take(&mut self.gathered)
    }
}

#[async_trait]
impl Staging for DirectoryStaging {
    async fn write(&mut self, bytes: Bytes) -> Result<(), PlaceError> {
        self.gathered_bytes += bytes.len();
        self.gathered.push(bytes);
        if self.gathered_bytes < GATHERED_BYTES {
            return Ok(());
        }
        let mut written = self.written().await?;
        let (shared, gathered) = (Arc::clone(&self.shared), self.take_gathered());
        self.writer = Writer::Busy(spawn_blocking(move || {
            written.write(&shared, &gathered)?;
            Ok(written)
        }));
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<Box<dyn StagedFile>, PlaceError> {
        let mut written = self.written().await?;
        let gathered = self.take_gathered();
        let Self {
            shared, temporary, ..
        } = *self;
        let staged = run(move || {
            written.write(&shared, &gathered)?;
            let Written {
                file,
                digester,
                size_bytes,
            } = *written;
            file.sync_data()
                .map_err(|error| place_error("sync a file", shared.first().path(), error))?;
            Ok::<_, PlaceError>(DirectoryStaged {
                shared,
                temporary,
                file,
                digests: digester.finish(),
                size_bytes,
            })
        })
        .await??;
        Ok(Box::new(staged))
    }
}

impl Written {
    fn write(&mut self, shared: &Shared, gathered: &[Bytes]) -> Result<(), PlaceError> {
        let size_bytes: usize = gathered.iter().map(Bytes::len).sum();
        let (mut first, mut second) = self.digester.halves();
        let written = if size_bytes < SHARED_BYTES {
            for bytes in gathered {
                first.update(bytes);
                second.update(bytes);
            }
            write_all(&self.file, gathered)
        } else {
            std::thread::scope(|scope| {
                scope.spawn(move || {
                    for bytes in gathered {
                        second.update(bytes);
                    }
                });
                for bytes in gathered {
                    first.update(bytes);
                }
                write_all(&self.file, gathered)
            })
        };
        written.map_err(|error| place_error("write a file", shared.first().path(), error))?;
        self.size_bytes += size_bytes as u64;
        Ok(())
    }
}

fn write_all(mut file: &File, gathered: &[Bytes]) -> std::io::Result<()> {
    gathered.iter().try_for_each(|bytes| file.write_all(bytes))
}

/// A whole file in a temporary place.
struct DirectoryStaged {
    shared: Arc<Shared>,
    temporary: Temporary,
    file: Arc<File>,
    digests: Digests,
    size_bytes: u64,
}

#[async_trait]
impl StagedFile for DirectoryStaged {
    fn digests(&self) -> &Digests {
        &self.digests
    }

    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    fn content(&self) -> Arc<dyn Content> {
        Arc::new(FileContent::new(Arc::clone(&self.file), self.size_bytes))
    }

    async fn place(
        self: Box<Self>,
        path: &FilePath,
        mode: PlaceMode,
        uploaded_at: Timestamp,
    ) -> Result<Box<dyn PlacedFile>, PlaceError> {
        let Self {
            shared,
            temporary,
            file,
            ..
        } = *self;
        let placing = Placing {
            shared,
            temporary,
            file,
            path: path.clone(),
        };
        let placed = run(move || placing.place(mode, uploaded_at)).await??;
        Ok(Box::new(placed))
    }
}
