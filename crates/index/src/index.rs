//! An index: the ports put together, and the state that its rules share.

use std::sync::Arc;

use tokio::sync::mpsc;
use wheelhouse_standards::check::CheckPolicy;
use wheelhouse_standards::digest::HashAlgorithm;
use wheelhouse_standards::name::ProjectKey;

use crate::change::{Change, Event};
use crate::damage::Damage;
use crate::downloads::{Counting, CountingOptions};
use crate::identity::{IndexName, Serial, Timestamp};
use crate::inspect::Inspector;
use crate::journal::JournalReader;
use crate::knowledge::Knowledge;
use crate::locks::NameLocks;
use crate::path::FilePath;
use crate::permission::{Pattern, Sight};
use crate::ports::{Catalog, Clock, Committed, Counts, FileStore, StoreError};
use crate::reading::{Learner, Reader};
use crate::replica::Replica;
use crate::scrubbed::Scrubbed;
use crate::sizes::Sizes;
use crate::view::{Hosted, Seen, View};
use crate::withdrawn::Withdrawn;

/// One hosted index, as somebody sees it. The modules beside this one each add one operation to it.
#[derive(Debug)]
pub struct Index {
    core: Arc<Core>,
    pub(crate) view: Arc<dyn View>,
}

impl std::ops::Deref for Index {
    type Target = Core;

    fn deref(&self) -> &Core {
        &self.core
    }
}

/// What all who see an index share of it.
#[derive(Debug)]
pub struct Core {
    pub(crate) name: IndexName,
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) files: Arc<dyn FileStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) locks: NameLocks,
    pub(crate) reader: Reader,
    pub(crate) options: IndexOptions,
    journal_readers: Arc<[Arc<dyn JournalReader>]>,
    pub(crate) replica: Arc<Replica>,
    pub(crate) knowledge: Knowledge,
    pub(crate) withdrawn: Withdrawn,
    pub(crate) damage: Damage,
    pub(crate) scrubbed: Scrubbed,
    pub(crate) counting: Counting,
    pub(crate) inspector: Inspector,
    pub(crate) sizes: Sizes,
    /// Held while an owner changes something: what is planned is what is done.
    pub(crate) managing: tokio::sync::Mutex<()>,
}

/// What an operator may choose about an index.
#[derive(Debug, Clone)]
pub struct IndexOptions {
    /// The digest that HTML pages show, or `None` for no digest in HTML.
    pub listed_hash: Option<HashAlgorithm>,
    /// How signatures (`.asc`) are shown on project pages.
    pub signatures: SignatureListing,
    /// How many files are read at a time to learn their digests and metadata.
    pub reading_threads: usize,
    /// Whether the name of a deleted file may be used again.
    pub deleted_names: DeletedNames,
    /// How many days the bytes of a deleted file are kept.
    pub bin_days: u32,
    /// What is refused of an upload.
    pub checks: CheckPolicy,
    /// How large all files of a project may be together, in bytes, or `None` for no limit.
    pub max_project_bytes: Option<u64>,
    /// Names that no new project may have.
    pub denied_names: Vec<Pattern>,
    /// How downloads are counted.
    pub counting: CountingOptions,
}

impl Default for IndexOptions {
    fn default() -> Self {
        Self {
            listed_hash: Some(HashAlgorithm::Sha256),
            signatures: SignatureListing::Flag,
            reading_threads: std::thread::available_parallelism().map_or(2, usize::from),
            deleted_names: DeletedNames::Free,
            bin_days: 30,
            checks: CheckPolicy::LENIENT,
            max_project_bytes: None,
            denied_names: Vec::new(),
            counting: CountingOptions::default(),
        }
    }
}

/// Whether the name of a deleted file may be used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeletedNames {
    /// By any upload: in a directory, where anybody may put a file of that name anyway.
    Free,
    /// Never: nothing that a lock file names has other bytes later.
    UsedUp,
}

/// How signatures are shown on project pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureListing {
    /// Each file says whether it has one; signatures have no link of their own.
    Flag,
    /// Each signature is a link of its own, as pypiserver has it.
    Link,
}

impl Index {
    /// Puts an index together. `journal_readers` are told of each change before whoever made it
    /// is answered, and so are the other replicas. Must be called within a Tokio runtime.
    pub fn new(
        name: IndexName,
        catalog: Arc<dyn Catalog>,
        files: Arc<dyn FileStore>,
        clock: Arc<dyn Clock>,
        options: IndexOptions,
        journal_readers: Vec<Arc<dyn JournalReader>>,
        replica: Arc<Replica>,
    ) -> Arc<Self> {
        let (learner, learned) = mpsc::channel(1_024);
        tokio::spawn(Learner::new(name.clone(), Arc::clone(&catalog)).run(learned));
        let view: Arc<dyn View> = Arc::new(Hosted::new(name.clone(), Arc::clone(&catalog)));
        let inspector = Inspector::new(options.reading_threads);
        let core = Core {
            name,
            catalog,
            files,
            clock,
            locks: NameLocks::default(),
            reader: Reader::new(options.reading_threads, learner),
            counting: Counting::new(options.counting),
            options,
            journal_readers: journal_readers.into(),
            replica,
            knowledge: Knowledge::default(),
            withdrawn: Withdrawn::default(),
            damage: Damage::default(),
            scrubbed: Scrubbed::default(),
            inspector,
            sizes: Sizes::default(),
            managing: tokio::sync::Mutex::default(),
        };
        Arc::new(Self {
            core: Arc::new(core),
            view,
        })
    }

    /// Returns the index as somebody sees it: what its view answers is without the projects that
    /// they may not see.
    pub fn seen_with(self: &Arc<Self>, sight: &Sight) -> Arc<Self> {
        if let Sight::Everything = sight {
            return Arc::clone(self);
        }
        Arc::new(Self {
            core: Arc::clone(&self.core),
            view: Arc::new(Seen::new(Arc::clone(&self.view), sight.clone())),
        })
    }

    /// Returns this server among its replicas.
    pub fn replica(&self) -> &Arc<Replica> {
        &self.replica
    }

    /// Returns how far this server has read all files again, to find damage.
    pub fn scrubbed(&self) -> &Scrubbed {
        &self.scrubbed
    }

    /// Returns the index's name.
    pub fn name(&self) -> &IndexName {
        &self.name
    }

    /// Returns what the operator chose.
    pub fn options(&self) -> &IndexOptions {
        &self.options
    }

    /// Returns the present moment, by the index's clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Returns whether any file belongs to a project.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn has_project(&self, project: &ProjectKey) -> Result<bool, StoreError> {
        Ok(self.catalog.project(&self.name, project).await?.is_some())
    }

    /// Returns how much the index holds.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn counts(&self) -> Result<Counts, StoreError> {
        self.catalog.counts(&self.name).await
    }

    /// Returns the serial of the last change.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn head(&self) -> Result<Serial, StoreError> {
        self.catalog.head().await
    }

    /// Returns whether it is certain that the index has no such project: everything in its
    /// folders is listed, and no file of the project is on its way. Only then may anybody be sent
    /// elsewhere for it.
    pub fn surely_lacks(&self, project: &ProjectKey) -> bool {
        self.knowledge.surely_lacks(project)
    }

    /// Returns a file that was being written when everything was looked at last, is there, and is not
    /// listed yet, if there is one.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn still_written(&self) -> Result<Option<FilePath>, StoreError> {
        for path in self.knowledge.unsettled() {
            let is_listed = self.catalog.file(&self.name, &path).await?.is_some();
            if !is_listed && self.files.open(&path, None).await.is_ok() {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    /// Returns whether everything that is in the folders is listed.
    pub fn is_listed(&self) -> bool {
        self.knowledge.is_whole()
    }

    /// Succeeds if the catalog and the files can be read, and all files are listed.
    ///
    /// # Errors
    /// [`StoreError`] of the first that cannot.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.catalog.ready().await?;
        self.files.ready().await?;
        if self.knowledge.is_whole() {
            return Ok(());
        }
        let reason = "not everything that is in the folders is listed yet";
        Err(StoreError::new("index", "answer for its folders", reason))
    }

    /// Commits a change, with what it says about marks, and tells the journal's readers.
    pub(crate) async fn commit(&self, change: Change) -> Result<Committed, StoreError> {
        if change.marks.is_empty() {
            return self.commit_recorded(change).await;
        }
        Ok(self.commit_marks(change).await?.0)
    }

    /// Commits a change to the catalog and tells the journal's readers. Goes on to its end when
    /// the caller stops waiting: a committed change that nobody was told of would leave stale
    /// pages for good.
    pub(crate) async fn commit_recorded(&self, change: Change) -> Result<Committed, StoreError> {
        let (catalog, readers) = (Arc::clone(&self.catalog), Arc::clone(&self.journal_readers));
        let replica = Arc::clone(&self.replica);
        let committing = tokio::spawn(async move {
            let committed = catalog.commit(change).await?;
            if let Committed::Applied(applied) = &committed {
                for reader in readers.iter() {
                    reader.applied(applied);
                }
                replica.settle(applied.serial).await;
            }
            Ok(committed)
        });
        committing
            .await
            .map_err(|failure| StoreError::new("index", "finish a commit", failure))?
    }

    /// Returns up to `limit` events with serials after `serial`, in their order. The events of
    /// one serial are never split: there may be more than `limit` of them.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn events(&self, after: Serial, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.catalog.events_after(after, limit).await
    }
}
