//! Folders, archives and observers for tests.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tempfile::TempDir;
use tokio::sync::mpsc;
use wheelhouse_index::identity::Fingerprint;
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{FileStore, Observation, OpenError};
use wheelhouse_testkit::Wheel;

use super::super::{DirectoryOptions, DirectoryStore, WatchMode};
use crate::conformance::file_store::{Traces, path};

/// How long tests let a file rest.
pub(super) const REST: Duration = Duration::from_millis(300);
/// How long anything may take that must happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// Two folders that a store can be made of.
pub(super) struct Roots(pub(super) TempDir);

impl Roots {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("one")).expect("made");
        fs::create_dir(folder.path().join("two")).expect("made");
        Self(folder)
    }

    pub(super) fn one(&self) -> PathBuf {
        self.0.path().join("one")
    }

    pub(super) fn two(&self) -> PathBuf {
        self.0.path().join("two")
    }

    /// A place outside the roots, in the same file system.
    pub(super) fn outside(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A store of the first folder.
    pub(super) fn store(&self) -> DirectoryStore {
        DirectoryStore::new(vec![self.one()], options(WatchMode::Auto)).expect("a store")
    }

    /// A store of both folders.
    pub(super) fn store_of_both(&self, watch: WatchMode) -> DirectoryStore {
        DirectoryStore::new(vec![self.one(), self.two()], options(watch)).expect("a store")
    }
}

impl Traces for Roots {
    fn traces(&self) -> Vec<String> {
        fn collect(folder: &Path, root: &Path, found: &mut Vec<String>) {
            for entry in folder.read_dir().expect("readable") {
                let entry = entry.expect("readable").path();
                if entry.is_dir() {
                    collect(&entry, root, found);
                } else {
                    let path = entry.strip_prefix(root).expect("in the root");
                    found.push(path.to_str().expect("UTF-8").to_owned());
                }
            }
        }
        let mut found = Vec::new();
        collect(&self.one(), &self.one(), &mut found);
        found.sort();
        found
    }
}

/// Options with which nothing takes long.
pub(super) fn options(watch: WatchMode) -> DirectoryOptions {
    DirectoryOptions {
        watch,
        scan_interval: (watch == WatchMode::Poll).then_some(Duration::from_millis(50)),
        rest: REST,
        long_rest: Duration::from_millis(1_500),
        gone_after: Duration::from_millis(60),
        ..DirectoryOptions::default()
    }
}

/// An archive that ends as it should.
pub(super) fn whole_zip(content: &str) -> Vec<u8> {
    Wheel::named("demo").field("Summary", content).bytes()
}

/// Writes a file whose time of modification is long past.
pub(super) fn write_old(file: &Path, bytes: &[u8]) {
    let mut opened = fs::File::create(file).expect("created");
    opened.write_all(bytes).expect("written");
    let past = SystemTime::now() - Duration::from_hours(1);
    opened.set_modified(past).expect("dated");
}

/// Somebody who follows what a store tells, as an index does.
pub(super) struct Observer {
    pub(super) store: Arc<DirectoryStore>,
    observations: mpsc::Receiver<Observation>,
    /// What is listed.
    pub(super) listed: BTreeMap<FilePath, Fingerprint>,
    pub(super) scans: usize,
    /// What the last scan said.
    pub(super) is_complete: bool,
    pub(super) unsettled: Vec<FilePath>,
    /// The files that were told to be gone, one by one.
    pub(super) told_gone: Vec<FilePath>,
}

impl Observer {
    /// Follows a store from its first scan on.
    pub(super) async fn of(store: DirectoryStore) -> Self {
        let observations = store.observe();
        let mut observer = Self {
            store: Arc::new(store),
            observations,
            listed: BTreeMap::new(),
            scans: 0,
            is_complete: false,
            unsettled: Vec::new(),
            told_gone: Vec::new(),
        };
        observer
            .until("the first scan", |observer| observer.scans > 0)
            .await;
        observer
    }

    /// Follows until something is so.
    pub(super) async fn until(&mut self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(
                Instant::now() < deadline,
                "waited in vain for {what}; listed are {:?}",
                self.listed.keys()
            );
            self.follow_for(Duration::from_millis(20)).await;
        }
    }

    /// Follows until these paths are listed and no others.
    pub(super) async fn until_listed(&mut self, paths: &[&str]) {
        let what = format!("{paths:?}");
        self.until(&what, |observer| observer.names() == paths)
            .await;
    }

    /// Follows for a while.
    pub(super) async fn follow_for(&mut self, duration: Duration) {
        let deadline = tokio::time::Instant::now() + duration;
        while let Ok(told) = tokio::time::timeout_at(deadline, self.observations.recv()).await {
            self.take(told.expect("the watcher goes on")).await;
        }
    }

    pub(super) fn names(&self) -> Vec<&str> {
        self.listed.keys().map(FilePath::as_str).collect()
    }

    async fn take(&mut self, observation: Observation) {
        match observation {
            Observation::Files(seen) => {
                for file in seen {
                    if file.fingerprint.is_none() {
                        self.told_gone.push(file.path.clone());
                    }
                    self.look_at(file.path).await;
                }
            }
            Observation::Scan(scan) => {
                self.scans += 1;
                self.is_complete = scan.complete;
                self.unsettled = scan.unsettled;
                let paths: Vec<_> = scan.files.iter().map(|(path, _)| path).collect();
                assert!(paths.is_sorted() && self.unsettled.is_sorted());
                let found: BTreeMap<_, _> = scan.files.into_iter().collect();
                let kept = std::mem::take(&mut self.listed);
                self.listed = found;
                for (path, fingerprint) in kept {
                    let is_missing = !self.listed.contains_key(&path);
                    if is_missing && (!scan.complete || self.unsettled.contains(&path)) {
                        self.listed.insert(path, fingerprint);
                    }
                }
            }
        }
    }

    async fn look_at(&mut self, path: FilePath) {
        match self.store.open(&path, None).await {
            Ok(file) if file.settled => {
                self.listed.insert(path, file.fingerprint);
            }
            Ok(_) | Err(OpenError::Away(_)) => {}
            Err(OpenError::NotFound) => {
                self.listed.remove(&path);
            }
            Err(error @ (OpenError::Store(_) | OpenError::Damaged(_))) => panic!("{error}"),
        }
    }

    pub(super) async fn is_settled(&self, at: &str) -> bool {
        self.store
            .open(&path(at), None)
            .await
            .expect("open")
            .settled
    }
}
