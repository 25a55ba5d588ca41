//! The bytes of an object.

use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore};
use tokio::runtime::Handle;
use wheelhouse_index::identity::Fingerprint;
use wheelhouse_index::ports::Content;

use super::failure::read_error;

/// How many bytes are asked for at a time by whoever reads piece by piece.
const WINDOW_BYTES: u64 = 1024 * 1024;
/// How many such pieces are kept: whoever reads an archive goes to and fro between its end and
/// its entries.
const WINDOWS: usize = 4;

/// The bytes of an object, asked for as they are needed. All are of one state of the object.
#[derive(Debug)]
pub(super) struct ObjectContent {
    store: Arc<dyn ObjectStore>,
    key: Path,
    fingerprint: Fingerprint,
    /// The store's own mark of the object's state.
    e_tag: Option<String>,
    runtime: Handle,
    windows: Mutex<Vec<(u64, Bytes)>>,
}

impl ObjectContent {
    /// Makes the content. Must be called within a Tokio runtime.
    pub(super) fn new(
        store: Arc<dyn ObjectStore>,
        key: Path,
        fingerprint: Fingerprint,
        e_tag: Option<String>,
    ) -> Self {
        Self {
            store,
            key,
            fingerprint,
            e_tag,
            runtime: Handle::current(),
            windows: Mutex::default(),
        }
    }

    fn options(&self, range: Range<u64>) -> GetOptions {
        GetOptions {
            range: Some(GetRange::Bounded(range)),
            if_match: self.e_tag.clone(),
            ..GetOptions::default()
        }
    }

    fn at_hand(&self, offset: u64, buffer: &mut [u8]) -> Option<usize> {
        let windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        windows.iter().find_map(|(start, bytes)| {
            let skip = usize::try_from(offset.checked_sub(*start)?).ok()?;
            let rest = bytes.get(skip..).filter(|rest| !rest.is_empty())?;
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            Some(count)
        })
    }

    /// Asks for a piece and waits for it, on a thread that may block.
    fn fetch(&self, range: Range<u64>) -> io::Result<Bytes> {
        let (store, key) = (Arc::clone(&self.store), self.key.clone());
        let options = self.options(range);
        let (answer, answered) = std::sync::mpsc::sync_channel(1);
        self.runtime.spawn(async move {
            let read = async { store.get_opts(&key, options).await?.bytes().await };
            // Nobody may be waiting any more.
            let _ = answer.send(read.await.map_err(read_error));
        });
        let ended = |_| io::Error::other("the program is ending");
        answered.recv().map_err(ended)?
    }
}

impl Content for ObjectContent {
    fn size_bytes(&self) -> u64 {
        self.fingerprint.size_bytes()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if offset >= self.size_bytes() || buffer.is_empty() {
            return Ok(0);
        }
        if let Some(count) = self.at_hand(offset, buffer) {
            return Ok(count);
        }
        let start = offset - offset % WINDOW_BYTES;
        let end = (start + WINDOW_BYTES).min(self.size_bytes());
        let bytes = self.fetch(start..end)?;
        if bytes.len() as u64 != end - start {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() == WINDOWS {
            windows.remove(0);
        }
        windows.push((start, bytes));
        drop(windows);
        Ok(self.at_hand(offset, buffer).unwrap_or(0))
    }

    fn stream(&self, range: Range<u64>) -> Option<BoxStream<'static, io::Result<Bytes>>> {
        if range.is_empty() {
            return Some(stream::empty().boxed());
        }
        let (store, key) = (Arc::clone(&self.store), self.key.clone());
        let options = self.options(range);
        let opened = async move {
            let found = store.get_opts(&key, options).await?;
            Ok::<_, object_store::Error>(found.into_stream())
        };
        let pieces = stream::once(opened).try_flatten().map_err(read_error);
        Some(pieces.boxed())
    }

    fn fingerprint(&self) -> io::Result<Fingerprint> {
        Ok(self.fingerprint)
    }
}
