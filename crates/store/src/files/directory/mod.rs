//! A file store over folders that people may change by hand.
//!
//! The folders are the truth. Names and folders that begin with a dot are not looked at, folders
//! that are symbolic links are not entered, and a file that is a symbolic link is what it points
//! to. A path that two roots have belongs to the first of them.

mod beneath;
mod bin;
mod content;
mod failure;
mod file_system;
mod ledger;
mod marks;
mod moving;
mod placing;
mod removing;
mod root;
mod staging;
mod temporary;
#[cfg(test)]
mod tests;
mod watch;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use wheelhouse_index::identity::{Fingerprint, Timestamp};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{
    BroughtBack, FileStore, MarksFile, MarksPlace, Observation, OpenError, OpenFile, PlaceError,
    Staging, StoreError,
};
use wheelhouse_standards::digest::{HashAlgorithm, Sha256Digest};

pub use self::file_system::{is_local_file_system, writable};

use self::content::FileContent;
use self::failure::{BACKEND, store_error};
use self::ledger::{Ledger, is_young};
use self::root::Root;
use self::staging::DirectoryStaging;
use self::watch::Watch;

/// A file store over one or more folders. Uploads go to the first one.
#[derive(Debug)]
pub struct DirectoryStore {
    shared: Arc<Shared>,
    watch: Mutex<Option<Watch>>,
}

/// How a [`DirectoryStore`] learns of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum WatchMode {
    /// The kernel tells of changes. Folders on network file systems, of whose changes it does
    /// not know, are read again and again.
    #[default]
    Auto,
    /// All folders are read again and again.
    Poll,
}

/// The settings of a [`DirectoryStore`].
#[derive(Debug, Clone)]
pub struct DirectoryOptions {
    /// How the store learns of changes.
    pub watch: WatchMode,
    /// How long to wait between two readings of everything. `None`: 3 seconds where the kernel
    /// does not tell of changes, else 60. It becomes longer if reading takes more than a
    /// twentieth of it.
    pub scan_interval: Option<Duration>,
    /// A digest to compute of uploads besides the three that are always kept.
    pub listed_hash: Option<HashAlgorithm>,
    /// How long a file whose writer cannot be seen closing it must have been left alone to be
    /// complete. Default: 2 seconds.
    pub rest: Duration,
    /// The same for a file whose end says that something is missing. Default: 1 minute.
    pub long_rest: Duration,
    /// Where to write down what the files do not show by themselves, if that cannot be done
    /// beside them.
    pub state_folder: Option<PathBuf>,
    /// How long to wait before a file is told to be gone, to find out whether the whole folder
    /// went away. Default: half a second.
    pub gone_after: Duration,
}

impl Default for DirectoryOptions {
    fn default() -> Self {
        Self {
            watch: WatchMode::Auto,
            scan_interval: None,
            listed_hash: None,
            state_folder: None,
            rest: Duration::from_secs(2),
            long_rest: Duration::from_mins(1),
            gone_after: Duration::from_millis(500),
        }
    }
}

/// What the store, its stagings and its watcher share.
#[derive(Debug)]
struct Shared {
    roots: Vec<Root>,
    options: DirectoryOptions,
    ledger: Mutex<Ledger>,
}

impl DirectoryStore {
    /// Takes the folders that are served, of which uploads go to the first, and removes what a
    /// crash left there of our own temporary files.
    ///
    /// # Errors
    /// [`StoreError`] naming the folder that cannot be read, or if there is none.
    pub fn new(roots: Vec<PathBuf>, options: DirectoryOptions) -> Result<Self, StoreError> {
        let mut opened: Vec<Root> = Vec::with_capacity(roots.len());
        for path in roots {
            let root =
                Root::new(&path).map_err(|error| store_error("read a folder", &path, &error))?;
            if opened.iter().all(|other| other.path() != root.path()) {
                opened.push(root);
            }
        }
        let Some(first) = opened.first() else {
            return Err(StoreError::new(
                BACKEND,
                "open the store",
                "no folder is named",
            ));
        };
        temporary::sweep(first.path());
        let shared = Shared {
            roots: opened,
            options,
            ledger: Mutex::default(),
        };
        Ok(Self {
            shared: Arc::new(shared),
            watch: Mutex::default(),
        })
    }
}

#[async_trait]
impl FileStore for DirectoryStore {
    async fn stage(&self) -> Result<Box<dyn Staging>, PlaceError> {
        let shared = Arc::clone(&self.shared);
        let staging = run(move || DirectoryStaging::begin(shared)).await??;
        Ok(Box::new(staging))
    }

    async fn open(
        &self,
        path: &FilePath,
        _recorded: Option<&Fingerprint>,
    ) -> Result<OpenFile, OpenError> {
        // On a local file system this takes microseconds, less than a change of threads.
        if self.shared.roots.iter().all(Root::is_local) {
            return self.shared.open(path);
        }
        let (shared, path) = (Arc::clone(&self.shared), path.clone());
        run(move || shared.open(&path)).await?
    }

    async fn remove(
        &self,
        path: &FilePath,
        _recorded: Option<&Fingerprint>,
    ) -> Result<(), PlaceError> {
        let (shared, path) = (Arc::clone(&self.shared), path.clone());
        run(move || removing::remove(&shared, &path)).await?
    }

    async fn discard(
        &self,
        path: &FilePath,
        sha256: &Sha256Digest,
        at: Timestamp,
    ) -> Result<(), PlaceError> {
        let (shared, path, sha256) = (Arc::clone(&self.shared), path.clone(), *sha256);
        run(move || bin::discard(&shared, &path, &sha256, at)).await?
    }

    async fn bring_back(
        &self,
        path: &FilePath,
        sha256: &Sha256Digest,
    ) -> Result<BroughtBack, PlaceError> {
        let (shared, path, sha256) = (Arc::clone(&self.shared), path.clone(), *sha256);
        let is_back = run(move || bin::bring_back(&shared, &path, &sha256)).await??;
        Ok(if is_back {
            BroughtBack::AtItsPath
        } else {
            BroughtBack::NotKept
        })
    }

    async fn open_discarded(
        &self,
        path: &FilePath,
        sha256: &Sha256Digest,
    ) -> Result<Option<OpenFile>, StoreError> {
        let (shared, path, sha256) = (Arc::clone(&self.shared), path.clone(), *sha256);
        run(move || bin::open(&shared, &path, &sha256))
            .await?
            .map_err(|error| StoreError::new(BACKEND, "open a deleted file", error))
    }

    async fn forget_discarded(&self, before: Timestamp) -> Result<usize, StoreError> {
        let shared = Arc::clone(&self.shared);
        run(move || bin::forget(&shared, before))
            .await?
            .map_err(|error| StoreError::new(BACKEND, "remove what was deleted long ago", error))
    }

    async fn read_marks(&self) -> Result<Option<MarksFile>, StoreError> {
        let shared = Arc::clone(&self.shared);
        run(move || marks::read(&shared)).await?
    }

    async fn write_marks(&self, bytes: Bytes) -> Result<MarksPlace, PlaceError> {
        let shared = Arc::clone(&self.shared);
        run(move || marks::write(&shared, &bytes)).await?
    }

    fn observe(&self) -> mpsc::Receiver<Observation> {
        let (watch, observations) = Watch::begin(Arc::clone(&self.shared));
        *self.watch.lock().unwrap_or_else(PoisonError::into_inner) = watch;
        observations
    }

    async fn ready(&self) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let away = run(move || shared.roots.iter().find_map(Root::away)).await?;
        away.map_or(Ok(()), |reason| {
            Err(StoreError::new(BACKEND, "read a folder", reason))
        })
    }
}

impl Shared {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The folder that uploads go to.
    fn first(&self) -> &Root {
        &self.roots[0]
    }

    fn open(&self, path: &FilePath) -> Result<OpenFile, OpenError> {
        let mut away = None;
        for (number, root) in self.roots.iter().enumerate() {
            let found = match root.open_file(path) {
                Ok(found) => found,
                Err(_) if let Some(reason) = root.away() => {
                    away.get_or_insert(reason);
                    continue;
                }
                Err(error) => return Err(failure_to_open(root, path, &error)),
            };
            let Some((file, fingerprint)) = found else {
                if let Some(reason) = root.away() {
                    away.get_or_insert(reason);
                }
                continue;
            };
            let ledger = self.ledger();
            if away.is_some() && ledger.shadowed.contains(path) {
                // The file that this path means is in the folder that is away.
                break;
            }
            let is_pending = ledger.pending.contains_key(&(number, path.clone()));
            let settled = !is_pending
                && (!is_young(fingerprint, self.options.rest)
                    || ledger.has_settled(number, path, fingerprint));
            drop(ledger);
            return Ok(OpenFile {
                fingerprint,
                settled,
                content: Arc::new(FileContent::new(file, fingerprint.size_bytes())),
            });
        }
        Err(away.map_or(OpenError::NotFound, OpenError::Away))
    }
}

fn failure_to_open(root: &Root, path: &FilePath, error: &io::Error) -> OpenError {
    store_error("open a file", &root.path().join(path.as_str()), error).into()
}

/// Runs what may block on a thread for that.
async fn run<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StoreError> {
    spawn_blocking(work)
        .await
        .map_err(|failure| StoreError::new(BACKEND, "finish a task", failure))
}
