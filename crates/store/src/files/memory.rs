//! A file store that keeps everything in memory, until the program ends.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;
use wheelhouse_index::identity::{Fingerprint, Timestamp};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{
    BroughtBack, Content, FileStore, MarksFile, MarksPlace, Observation, OpenError, OpenFile,
    PlaceError, PlaceMode, PlacedFile, StagedFile, Staging, StoreError,
};
use wheelhouse_standards::digest::{Digester, Digests, HashAlgorithm, Sha256Digest};

/// How many observations may wait to be taken.
const OBSERVATIONS: usize = 1_024;

/// A file store that keeps everything in memory. Clones are one store.
#[derive(Debug, Clone, Default)]
pub struct MemoryFileStore {
    files: Arc<Mutex<Files>>,
    observers: Arc<Mutex<Vec<mpsc::Sender<Observation>>>>,
    listed_hash: Option<HashAlgorithm>,
}

#[derive(Debug, Default)]
struct Files {
    by_path: BTreeMap<FilePath, Arc<MemoryContent>>,
    /// The number of the newest file. Each file has one of its own, as inodes have.
    last_number: u64,
    bin: Vec<Discarded>,
    marks: Option<Bytes>,
}

#[derive(Debug)]
struct Discarded {
    path: FilePath,
    sha256: Sha256Digest,
    at: Timestamp,
    content: Arc<MemoryContent>,
}

impl MemoryFileStore {
    /// Makes an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an empty store that computes another digest besides the three that are always kept.
    pub fn with_listed_hash(listed_hash: Option<HashAlgorithm>) -> Self {
        Self {
            listed_hash,
            ..Self::default()
        }
    }

    /// Puts a file in, as somebody would by hand: nothing is observed.
    pub fn put(
        &self,
        path: &FilePath,
        bytes: impl Into<Bytes>,
        modified: Timestamp,
    ) -> Fingerprint {
        let bytes = bytes.into();
        let mut files = self.files();
        let content = files.add(path, bytes, modified);
        content.fingerprint
    }

    /// Returns the paths of all files, in order.
    pub fn paths(&self) -> Vec<FilePath> {
        self.files().by_path.keys().cloned().collect()
    }

    /// Forgets the marks, as somebody would who removes a file by hand.
    pub fn forget_marks(&self) {
        self.files().marks = None;
    }

    /// Tells everybody who observes the store.
    ///
    /// # Errors
    /// The observation, if nobody observes or somebody has too many waiting.
    pub fn tell(&self, observation: Observation) -> Result<(), Observation> {
        let observers = self
            .observers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(observer) = observers.last() else {
            return Err(observation);
        };
        observer.try_send(observation).map_err(|error| match error {
            mpsc::error::TrySendError::Full(it) | mpsc::error::TrySendError::Closed(it) => it,
        })
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Files {
    fn add(&mut self, path: &FilePath, bytes: Bytes, modified: Timestamp) -> Arc<MemoryContent> {
        self.last_number += 1;
        let fingerprint = Fingerprint::File {
            size_bytes: bytes.len() as u64,
            modified_ns: modified.0.saturating_mul(1_000),
            inode: self.last_number,
        };
        let content = Arc::new(MemoryContent { bytes, fingerprint });
        self.by_path.insert(path.clone(), Arc::clone(&content));
        content
    }
}

#[async_trait]
impl FileStore for MemoryFileStore {
    async fn stage(&self) -> Result<Box<dyn Staging>, PlaceError> {
        Ok(Box::new(MemoryStaging {
            store: self.clone(),
            bytes: BytesMut::new(),
            digester: Digester::new(self.listed_hash),
        }))
    }

    async fn open(
        &self,
        path: &FilePath,
        _recorded: Option<&Fingerprint>,
    ) -> Result<OpenFile, OpenError> {
        let content = self.files().by_path.get(path).cloned();
        let content = content.ok_or(OpenError::NotFound)?;
        Ok(OpenFile {
            fingerprint: content.fingerprint,
            settled: true,
            content,
        })
    }

    async fn remove(
        &self,
        path: &FilePath,
        _recorded: Option<&Fingerprint>,
    ) -> Result<(), PlaceError> {
        self.files().by_path.remove(path);
        Ok(())
    }

    async fn discard(
        &self,
        path: &FilePath,
        sha256: &Sha256Digest,
        at: Timestamp,
    ) -> Result<(), PlaceError> {
        let mut files = self.files();
        if let Some(content) = files.by_path.remove(path) {
            files.bin.push(Discarded {
                path: path.clone(),
                sha256: *sha256,
                at,
                content,
            });
        }
        Ok(())
    }

    async fn bring_back(
        &self,
        path: &FilePath,
        sha256: &Sha256Digest,
    ) -> Result<BroughtBack, PlaceError> {
        let mut files = self.files();
        let is_wanted =
            |kept: &Discarded| kept.path.file_name() == path.file_name() && kept.sha256 == *sha256;
        let Some(place) = files.bin.iter().rposition(is_wanted) else {
            return Ok(BroughtBack::NotKept);
        };
        if files.by_path.contains_key(path) {
            return Err(PlaceError::Exists);
        }
        let content = files.bin.remove(place).content;
        files.by_path.insert(path.clone(), content);
        Ok(BroughtBack::AtItsPath)
    }

    async fn open_discarded(
        &self,
        path: &FilePath,
        sha256: &Sha256Digest,
    ) -> Result<Option<OpenFile>, StoreError> {
        let files = self.files();
        let is_wanted =
            |kept: &&Discarded| kept.path.file_name() == path.file_name() && kept.sha256 == *sha256;
        let newest = files.bin.iter().rfind(is_wanted);
        Ok(newest.map(|kept| OpenFile {
            fingerprint: kept.content.fingerprint,
            settled: true,
            content: Arc::clone(&kept.content) as _,
        }))
    }

    async fn forget_discarded(&self, before: Timestamp) -> Result<usize, StoreError> {
        let mut files = self.files();
        let count = files.bin.len();
        files
            .bin
            .retain(|kept| kept.at.seconds() >= before.seconds());
        Ok(count - files.bin.len())
    }

    async fn read_marks(&self) -> Result<Option<MarksFile>, StoreError> {
        Ok(self.files().marks.clone().map(|bytes| MarksFile {
            place: "memory".to_owned(),
            bytes,
        }))
    }

    async fn write_marks(&self, bytes: Bytes) -> Result<MarksPlace, PlaceError> {
        self.files().marks = Some(bytes);
        Ok(MarksPlace::WithFiles)
    }

    fn observe(&self) -> mpsc::Receiver<Observation> {
        let (observer, observations) = mpsc::channel(OBSERVATIONS);
        let mut observers = self
            .observers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        observers.push(observer);
        observations
    }

    async fn ready(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Bytes in memory.
#[derive(Debug)]
struct MemoryContent {
    bytes: Bytes,
    fingerprint: Fingerprint,
}

impl Content for MemoryContent {
    fn size_bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset)
            .ok()
            .and_then(|offset| self.bytes.get(offset..))
            .unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn try_read_at(&self, offset: u64, buffer: &mut [u8]) -> Option<io::Result<usize>> {
        Some(self.read_at(offset, buffer))
    }

    fn fingerprint(&self) -> io::Result<Fingerprint> {
        Ok(self.fingerprint)
    }
}

struct MemoryStaging {
    store: MemoryFileStore,
    bytes: BytesMut,
    digester: Digester,
}

#[async_trait]
impl Staging for MemoryStaging {
    async fn write(&mut self, bytes: Bytes) -> Result<(), PlaceError> {
        self.digester.update(&bytes);
        self.bytes.extend_from_slice(&bytes);
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<Box<dyn StagedFile>, PlaceError> {
        let Self {
            store,
            bytes,
            digester,
        } = *self;
        Ok(Box::new(MemoryStaged {
            store,
            bytes: bytes.freeze(),
            digests: digester.finish(),
        }))
    }
}

struct MemoryStaged {
    store: MemoryFileStore,
    bytes: Bytes,
    digests: Digests,
}

#[async_trait]
impl StagedFile for MemoryStaged {
    fn digests(&self) -> &Digests {
        &self.digests
    }

    fn size_bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn content(&self) -> Arc<dyn Content> {
        let size_bytes = self.bytes.len() as u64;
        Arc::new(MemoryContent {
            bytes: self.bytes.clone(),
            fingerprint: Fingerprint::File {
                size_bytes,
                modified_ns: 0,
                inode: 0,
            },
        })
    }

    async fn place(
        self: Box<Self>,
        path: &FilePath,
        mode: PlaceMode,
        uploaded_at: Timestamp,
    ) -> Result<Box<dyn PlacedFile>, PlaceError> {
        let mut files = self.store.files();
        let before = files.by_path.get(path).cloned();
        if before.is_some() && mode == PlaceMode::New {
            return Err(PlaceError::Exists);
        }
        let content = files.add(path, self.bytes.clone(), uploaded_at);
        drop(files);
        Ok(Box::new(MemoryPlaced {
            store: self.store.clone(),
            path: path.clone(),
            fingerprint: content.fingerprint,
            before,
        }))
    }
}

struct MemoryPlaced {
    store: MemoryFileStore,
    path: FilePath,
    fingerprint: Fingerprint,
    before: Option<Arc<MemoryContent>>,
}

#[async_trait]
impl PlacedFile for MemoryPlaced {
    fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    async fn undo(self: Box<Self>) -> Result<(), StoreError> {
        let mut files = self.store.files();
        let now = files
            .by_path
            .get(&self.path)
            .map(|content| content.fingerprint);
        if now != Some(self.fingerprint) {
            // Somebody else has changed it since.
            return Ok(());
        }
        match self.before {
            Some(before) => files.by_path.insert(self.path, before),
            None => files.by_path.remove(&self.path),
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::file_store::{Traces, file_store_promises, path_promises};

    impl Traces for MemoryFileStore {
        fn traces(&self) -> Vec<String> {
            self.paths().iter().map(ToString::to_string).collect()
        }
    }

    file_store_promises!({
        let store = MemoryFileStore::new();
        (Arc::new(store.clone()), store)
    });

    path_promises!({
        let store = MemoryFileStore::new();
        (Arc::new(store.clone()), store)
    });

    #[tokio::test]
    async fn a_test_can_tell_who_observes_the_store() {
        let store = MemoryFileStore::new();
        assert!(store.tell(Observation::Files(Vec::new())).is_err());
        let mut observations = store.observe();
        let path: FilePath = "a-1.zip".parse().unwrap();
        store.put(&path, "abc", Timestamp(7));
        store
            .tell(Observation::Files(Vec::new()))
            .expect("somebody observes");
        assert!(matches!(
            observations.recv().await,
            Some(Observation::Files(_))
        ));
        assert_eq!(store.paths(), [path]);
    }
}
