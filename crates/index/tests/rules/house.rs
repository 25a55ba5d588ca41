//! An index over memory, and the things that tests do to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use tokio::sync::oneshot;
use wheelhouse_index::actor::{Actor, UserName};
use wheelhouse_index::change::{Applied, Attribution, Event};
use wheelhouse_index::identity::{Fingerprint, IndexName, Serial, Timestamp};
use wheelhouse_index::journal::JournalReader;
use wheelhouse_index::page::Links;
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{Catalog, Clock, FileStore, Observation, Scan, Seen};
use wheelhouse_index::publish::{ClaimedDigests, Overwrite, PublishError, Published, Upload};
use wheelhouse_index::replica::Replica;
use wheelhouse_index::{Index, IndexOptions};
use wheelhouse_standards::found::FoundFile;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::ProjectPage;
use wheelhouse_store::catalog::MemoryCatalog;
use wheelhouse_store::files::memory::MemoryFileStore;

const LINKS: Links<'_> = Links {
    files_base: "/packages/",
    secure_base: None,
};

/// The moment at which all tests begin, in seconds since 1970.
pub(crate) const BEGIN: i64 = 1_700_000_000;

#[derive(Debug)]
pub(crate) struct FixedClock(AtomicI64);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        // A microsecond passes with each look.
        Timestamp(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// Remembers what it was told.
#[derive(Debug, Default)]
pub(crate) struct Told(std::sync::Mutex<Vec<Applied>>);

impl Told {
    /// Everything that was told.
    pub(crate) fn all(&self) -> Vec<Applied> {
        self.0.lock().expect("not poisoned").clone()
    }
}

impl JournalReader for Told {
    fn applied(&self, applied: &Applied) {
        self.0.lock().expect("not poisoned").push(applied.clone());
    }
}

/// An index over memory.
pub(crate) struct House {
    pub(crate) index: Arc<Index>,
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) files: MemoryFileStore,
    told: Arc<Told>,
}

impl House {
    pub(crate) fn new() -> Self {
        Self::with_options(IndexOptions::default())
    }

    pub(crate) fn with_options(options: IndexOptions) -> Self {
        let clock = Arc::new(FixedClock(AtomicI64::new(BEGIN * 1_000_000)));
        let catalog: Arc<dyn Catalog> = Arc::new(MemoryCatalog::new(&*clock));
        Self::with_catalog(options, catalog, clock)
    }

    pub(crate) fn with_catalog(
        options: IndexOptions,
        catalog: Arc<dyn Catalog>,
        clock: Arc<FixedClock>,
    ) -> Self {
        Self::put_together(options, catalog, clock, MemoryFileStore::new())
    }

    /// Makes an index with a new catalog over files that there are.
    pub(crate) fn over(files: MemoryFileStore) -> Self {
        let clock = Self::clock();
        let catalog: Arc<dyn Catalog> = Arc::new(MemoryCatalog::new(&*clock));
        Self::put_together(IndexOptions::default(), catalog, clock, files)
    }

    fn put_together(
        options: IndexOptions,
        catalog: Arc<dyn Catalog>,
        clock: Arc<FixedClock>,
        files: MemoryFileStore,
    ) -> Self {
        let told = Arc::new(Told::default());
        let index = Index::new(
            IndexName::main(),
            Arc::clone(&catalog),
            Arc::new(files.clone()),
            clock,
            options,
            vec![Arc::clone(&told) as _],
            Replica::alone(),
        );
        Self {
            index,
            catalog,
            files,
            told,
        }
    }

    pub(crate) fn clock() -> Arc<FixedClock> {
        Arc::new(FixedClock(AtomicI64::new(BEGIN * 1_000_000)))
    }

    /// Uploads a file, and its signature if there is one, by user `ada`.
    pub(crate) async fn upload(
        &self,
        files: &[(&str, &[u8])],
        claimed: ClaimedDigests,
        overwrite: Overwrite,
    ) -> Result<Published, PublishError> {
        let mut uploads = Vec::new();
        for &(file_name, bytes) in files {
            let mut staging = self.index.stage().await?;
            staging.write(Bytes::copy_from_slice(bytes)).await?;
            uploads.push(Upload {
                file_name: file_name.to_owned(),
                named: FoundFile::of(file_name).expect("a package file"),
                staged: staging.finish().await?,
                claimed: claimed.clone(),
                provenance: None,
            });
        }
        let by = Attribution {
            actor: Actor::User(UserName::new("ada")),
            ..Attribution::system(self.index.now())
        };
        self.index.publish(uploads, overwrite, by).await
    }

    /// Uploads one file that nothing is known about.
    pub(crate) async fn publish(&self, file_name: &str, bytes: &[u8]) -> Published {
        self.upload(
            &[(file_name, bytes)],
            ClaimedDigests::default(),
            Overwrite::Refuse,
        )
        .await
        .expect("a fine upload")
    }

    /// Puts a file into the store behind the index's back.
    pub(crate) fn copy_in(&self, path: &str, bytes: &[u8]) -> (FilePath, Fingerprint) {
        let path: FilePath = path.parse().expect("a path");
        let modified = Timestamp((BEGIN - 60) * 1_000_000);
        let fingerprint = self.files.put(&path, bytes.to_vec(), modified);
        (path, fingerprint)
    }

    /// Takes a file out of the store behind the index's back.
    pub(crate) async fn take_out(&self, path: &FilePath) {
        self.files
            .remove(path, None)
            .await
            .expect("memory can be written");
    }

    /// Lets the index follow observations to their end.
    pub(crate) async fn observe(&self, observations: Vec<Observation>) {
        let (sender, receiver) = tokio::sync::mpsc::channel(observations.len().max(1));
        for observation in observations {
            sender.send(observation).await.expect("there is room");
        }
        drop(sender);
        let (told, _) = oneshot::channel();
        Arc::clone(&self.index).follow(receiver, told).await;
    }

    /// Lets the index see single files.
    pub(crate) async fn see(&self, seen: &[(&FilePath, Option<Fingerprint>)]) {
        let seen = seen
            .iter()
            .map(|&(path, fingerprint)| Seen {
                path: path.clone(),
                fingerprint,
            })
            .collect();
        self.observe(vec![Observation::Files(seen)]).await;
    }

    /// Lets the index see everything that is in the store.
    pub(crate) async fn scan(&self) {
        let mut scan = Scan {
            complete: true,
            ..Scan::default()
        };
        for path in self.files.paths() {
            let open = self.files.open(&path, None).await.expect("it was listed");
            scan.files.push((path, open.fingerprint));
        }
        self.observe(vec![Observation::Scan(scan)]).await;
    }

    /// Returns a project's page, complete or not.
    pub(crate) async fn page(&self, project: &str) -> Option<ProjectPage> {
        let project = ProjectKey::of(project).expect("a name");
        let shown = self.index.project_page(&project, LINKS).await;
        shown.expect("memory can be read").map(|shown| shown.page)
    }

    /// Returns the names of the files on a project's page.
    pub(crate) async fn listed(&self, project: &str) -> Vec<String> {
        let page = self.page(project).await;
        page.map_or_else(Vec::new, |page| {
            page.files.into_iter().map(|file| file.filename).collect()
        })
    }

    /// Returns all events.
    pub(crate) async fn events(&self) -> Vec<Event> {
        self.catalog
            .events_after(Serial(0), usize::MAX)
            .await
            .expect("memory can be read")
    }

    /// Returns the projects that the journal's readers were told of, in order.
    pub(crate) fn told_projects(&self) -> Vec<String> {
        let told = self.told.0.lock().expect("not poisoned");
        told.iter()
            .flat_map(|applied| &applied.projects)
            .map(ToString::to_string)
            .collect()
    }
}
