//! Reading files to learn what pages show of them: digests and core metadata. Each content is
//! read once, whoever asks, off the request threads, a few files at a time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, join_all};
use futures_util::stream::{self, StreamExt};
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};
use tokio::time::{Instant, interval_at};
use wheelhouse_standards::digest::HashAlgorithm;

use crate::change::Learned;
use crate::contents::read_contents;
use crate::damage::ALTERED;
use crate::identity::{Fingerprint, IndexName};
use crate::index::Index;
use crate::path::FilePath;
use crate::ports::{Catalog, OpenError, StoreError};
use crate::record::{Contents, FileRecord};

/// How many results of background reading are recorded in one transaction at most.
const LEARNED_BATCH: usize = 512;
/// How many files the background reader takes from the catalog at a time.
const UNREAD_PAGE: usize = 1_000;

/// The turn of the server that reads in the background, and how soon another one goes on if it ends.
const TURN: Duration = Duration::from_mins(1);

/// The target of log lines that tell how far something long is. The program shows them even where
/// it shows no other news.
pub const PROGRESS: &str = "wheelhouse_progress";
/// How long something takes before anybody is told.
const FIRST_PROGRESS: Duration = Duration::from_secs(3);
/// How often they are told then.
const PROGRESS_PERIOD: Duration = Duration::from_secs(10);

/// Why a file could not be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// The file is not what its record is about, or it is still being written.
    #[error("the file has changed since it was listed")]
    Changed,
    /// The file is gone.
    #[error("the file is gone")]
    NotFound,
    /// The place of the file is away.
    #[error("{0}")]
    Away(String),
    /// The recorded content is gone or altered.
    #[error("{0}")]
    Damaged(String),
    /// The file store or the catalog failed.
    #[error("{0}")]
    Store(Arc<StoreError>),
}

impl From<StoreError> for ReadError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

impl From<OpenError> for ReadError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::NotFound => Self::NotFound,
            OpenError::Away(place) => Self::Away(place),
            OpenError::Damaged(reason) => Self::Damaged(reason),
            OpenError::Store(error) => error.into(),
        }
    }
}

type ReadResult = Result<Arc<Contents>, ReadError>;
/// What was read, and whom to tell when it is recorded.
pub(crate) type ToLearn = (Learned, oneshot::Sender<Result<(), Arc<StoreError>>>);
type ReadKey = (FilePath, Fingerprint);
type UnderWay = Shared<BoxFuture<'static, ReadResult>>;

/// The readings that are under way.
#[derive(Debug)]
pub(crate) struct Reader {
    permits: Arc<Semaphore>,
    under_way: Mutex<HashMap<ReadKey, UnderWay>>,
    wake: Notify,
    learner: mpsc::Sender<ToLearn>,
}

impl Reader {
    pub(crate) fn new(threads: usize, learner: mpsc::Sender<ToLearn>) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(threads.max(1))),
            under_way: Mutex::default(),
            wake: Notify::new(),
            learner,
        }
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<ReadKey, UnderWay>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the background reader that there is something to read.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }
}

impl Index {
    /// Returns whether a record says everything that pages show of its file.
    pub(crate) fn is_read(&self, record: &FileRecord) -> bool {
        record
            .contents
            .as_ref()
            .is_some_and(|contents| shows(contents, self.options.listed_hash))
    }

    /// Reads the file of a record, unless somebody does already, and records what it shows.
    pub(crate) async fn read(self: &Arc<Self>, record: &FileRecord) -> ReadResult {
        if let Some(contents) = record.contents.as_ref().filter(|_| self.is_read(record)) {
            return Ok(Arc::new(contents.clone()));
        }
        let key = (record.path.clone(), record.fingerprint);
        let reading = {
            let mut under_way = self.reader.under_way();
            under_way
                .entry(key)
                .or_insert_with_key(|key| self.begin_reading(record, key.clone()))
                .clone()
        };
        reading.await
    }

    /// Reads the file of a record, unless somebody does already, and records what it shows: for whoever
    /// reads all that there is.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn read_contents_of(
        self: &Arc<Self>,
        record: &FileRecord,
    ) -> Result<Arc<Contents>, ReadError> {
        self.read(record).await
    }

    /// Reads the files of all records that nobody has read, and waits for `patience` at most.
    /// Returns whether all were read; what is not goes on being read.
    pub(crate) async fn read_all<'r>(
        self: &Arc<Self>,
        records: impl IntoIterator<Item = &'r FileRecord>,
        patience: Duration,
    ) -> bool {
        let unread = records.into_iter().filter(|record| !self.is_read(record));
        let readings: Vec<_> = unread
            .map(|record| {
                let (index, record) = (Arc::clone(self), record.clone());
                tokio::spawn(async move { index.read(&record).await.is_ok() })
            })
            .collect();
        match tokio::time::timeout(patience, join_all(readings)).await {
            Ok(results) => results.into_iter().all(|result| matches!(result, Ok(true))),
            Err(_) => false,
        }
    }

    /// Reads what nobody has read yet, now and each time that something was found. Never ends. One
    /// of several servers does it at a time.
    pub async fn read_in_background(self: Arc<Self>) {
        loop {
            let is_read = self.read_rest().await.unwrap_or_else(|error| {
                tracing::error!("cannot read files in the background: {error}");
                true
            });
            let woken = self.reader.wake.notified();
            if is_read {
                woken.await;
            } else {
                // Woken or not: whoever reads may have ended.
                let _ = tokio::time::timeout(TURN, woken).await;
            }
        }
    }

    /// Reads everything that nobody has read yet, and tells how far it is if that takes a while.
    /// Returns whether all is read: it is not while it is another server's turn.
    async fn read_rest(self: &Arc<Self>) -> Result<bool, StoreError> {
        let total = self.catalog.counts(&self.name).await?.unread;
        if total == 0 {
            return Ok(true);
        }
        if !self.is_turn_to_read().await {
            return Ok(false);
        }
        let (done, told) = (AtomicU64::new(0), AtomicBool::new(false));
        let telling = async {
            let mut ticks = interval_at(Instant::now() + FIRST_PROGRESS, PROGRESS_PERIOD);
            loop {
                ticks.tick().await;
                told.store(true, Ordering::Relaxed);
                let done = done.load(Ordering::Relaxed);
                tracing::info!(target: PROGRESS, { files.done = done, files.total = total }, "reading files");
            }
        };
        let is_read = tokio::select! {
            result = self.read_pages(&done) => result?,
            () = telling => false,
        };
        if is_read && told.load(Ordering::Relaxed) {
            tracing::info!(target: PROGRESS, "all files are read");
        }
        Ok(is_read)
    }

    async fn is_turn_to_read(&self) -> bool {
        self.replica.is_turn("read files", TURN).await
    }

    /// Reads, one page of the catalog after another, everything that nobody has read yet, and
    /// counts it. Returns whether it came to the end within its turn.
    async fn read_pages(self: &Arc<Self>, done: &AtomicU64) -> Result<bool, StoreError> {
        let mut after = None;
        loop {
            let page = self
                .catalog
                .unread_after(&self.name, after.as_ref(), UNREAD_PAGE)
                .await?;
            let Some(last) = page.last() else {
                return Ok(true);
            };
            if !self.is_turn_to_read().await {
                return Ok(false);
            }
            after = Some(last.path.clone());
            // Only as many as are read at a time: whoever asks for a file must not stand behind all
            // others.
            stream::iter(page)
                .map(|record| {
                    let index = Arc::clone(self);
                    async move { index.read(&record).await }
                })
                .buffer_unordered(self.options.reading_threads.max(1))
                .for_each(|_| {
                    done.fetch_add(1, Ordering::Relaxed);
                    std::future::ready(())
                })
                .await;
        }
    }

    fn begin_reading(self: &Arc<Self>, record: &FileRecord, key: ReadKey) -> UnderWay {
        let (index, record) = (Arc::clone(self), record.clone());
        // A task of its own: whoever asked first may stop waiting.
        let task = tokio::spawn(async move {
            let path = record.path.clone();
            let result = Arc::clone(&index).read_now(record).await;
            index.reader.under_way().remove(&key);
            match &result {
                Err(ReadError::Store(error)) => {
                    tracing::warn!(file.path = %path, "cannot read a file: {error}");
                }
                Err(ReadError::Damaged(reason)) => index.report_damage(&path, reason),
                Ok(_) | Err(ReadError::Changed | ReadError::NotFound | ReadError::Away(_)) => {}
            }
            result
        });
        async move {
            task.await.unwrap_or_else(|failure| {
                Err(StoreError::new("reader", "finish reading a file", failure).into())
            })
        }
        .boxed()
        .shared()
    }

    async fn read_now(self: Arc<Self>, record: FileRecord) -> ReadResult {
        let permit = Arc::clone(&self.reader.permits)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let file = self
            .files
            .open(&record.path, Some(&record.fingerprint))
            .await?;
        if file.fingerprint != record.fingerprint || !file.settled {
            return Err(ReadError::Changed);
        }
        let listed = self.options.listed_hash;
        let (named, file_name) = (record.named.clone(), record.file_name().to_owned());
        let read = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let read = read_contents(&*file.content, &named, &file_name, listed)?;
            Ok::<_, std::io::Error>((read, file.content.fingerprint()?))
        });
        let ((mut contents, metadata), fingerprint) = read
            .await
            .map_err(|failure| StoreError::new("reader", "read a file", failure))?
            .map_err(|failure| StoreError::new("file store", "read a file", failure))?;
        if fingerprint != record.fingerprint {
            return Err(ReadError::Changed);
        }
        if let Fingerprint::Object { sha256, .. } = fingerprint
            && sha256 != contents.digests.sha256
        {
            return Err(ReadError::Damaged(ALTERED.to_owned()));
        }
        contents.has_provenance = self
            .provenance_beside(&record.path, contents.digests.sha256)
            .await?
            .is_some();
        let learned = Learned {
            path: record.path,
            fingerprint,
            contents: contents.clone(),
            metadata: metadata.map(Box::new),
        };
        let (answer, recorded) = oneshot::channel();
        // Where the learner is gone the program is ending: the reading is good all the same.
        if self.reader.learner.send((learned, answer)).await.is_ok()
            && let Ok(Err(error)) = recorded.await
        {
            return Err(ReadError::Store(error));
        }
        Ok(Arc::new(contents))
    }
}

/// Returns whether contents hold the digest that HTML pages are to show.
fn shows(contents: &Contents, listed: Option<HashAlgorithm>) -> bool {
    match listed {
        None | Some(HashAlgorithm::Sha256) => true,
        Some(algorithm) => contents
            .digests
            .listed
            .as_ref()
            .is_some_and(|digest| digest.algorithm == algorithm),
    }
}

/// Records what was read, many files in one transaction when many were.
#[derive(Debug)]
pub(crate) struct Learner {
    index: IndexName,
    catalog: Arc<dyn Catalog>,
}

impl Learner {
    pub(crate) fn new(index: IndexName, catalog: Arc<dyn Catalog>) -> Self {
        Self { index, catalog }
    }

    /// Runs until nobody can send any more.
    pub(crate) async fn run(self, mut learned: mpsc::Receiver<ToLearn>) {
        let mut batch = Vec::new();
        while learned.recv_many(&mut batch, LEARNED_BATCH).await > 0 {
            let (files, answers): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
            let result = self.catalog.learn(&self.index, files).await.map(|_| ());
            let result = result.map_err(Arc::new);
            for answer in answers {
                // Nobody waits any more: the result is in the catalog all the same.
                let _ = answer.send(result.clone());
            }
        }
    }
}
