//! Adopting what people put into, change in and take out of a directory by hand.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use tokio::sync::mpsc;
use wheelhouse_standards::found::FoundFile;

use crate::change::{Arrival, Attribution, Change, Departure, FileChange};
use crate::identity::{Fingerprint, Timestamp};
use crate::index::Index;
use crate::mark::Mark;
use crate::path::FilePath;
use crate::ports::{Committed, Observation, OpenError, OpenFile, Scan, StoreError, Truth};
use crate::record::FileRecord;

/// How many files that were seen are adopted at the same time.
const ADOPTED_TOGETHER: usize = 64;
/// How many records are compared with a scan at a time.
const COMPARE_PAGE: usize = 5_000;

impl Index {
    /// Follows what the file store sees, until it ends. `first_scan` is told when everything that
    /// was there at the start is listed.
    ///
    /// A failure is logged and does not end it: the next scan finds what this one missed. Where
    /// the catalog is the truth there is nothing to find, and everything is listed already.
    pub async fn follow(
        self: Arc<Self>,
        mut observations: mpsc::Receiver<Observation>,
        first_scan: tokio::sync::oneshot::Sender<()>,
    ) {
        let mut first_scan = Some(first_scan);
        if self.files.truth() == Truth::Catalog {
            self.knowledge.scanned(true, &[]);
            // Nobody may be waiting for it.
            let _ = first_scan.take().map(|told| told.send(()));
        }
        while let Some(observation) = observations.recv().await {
            let is_scan = matches!(observation, Observation::Scan(_));
            let outcome = match observation {
                Observation::Files(seen) => {
                    self.adopt_all(seen.into_iter().map(|file| file.path).collect())
                        .await
                }
                Observation::Scan(scan) => self.adopt_scan(scan).await,
            };
            match outcome {
                Err(error) => {
                    self.knowledge.lost_track();
                    tracing::error!("cannot adopt what was found: {error}");
                }
                Ok(false) => {}
                Ok(true) => self.reader.wake(),
            }
            if is_scan && let Some(told) = first_scan.take() {
                // Nobody may be waiting for it.
                let _ = told.send(());
            }
        }
    }

    /// Takes note of what is at a path now. The caller holds the lock of the file's name.
    pub(crate) async fn adopt_locked(&self, path: &FilePath) -> Result<bool, StoreError> {
        match self.change_at(path).await? {
            None => Ok(false),
            Some(change) => self.commit_found(vec![change]).await,
        }
    }

    /// Returns whether something else is at a path than the catalog has, which [`Self::follow`] would
    /// take note of.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog or the files cannot be read.
    pub async fn differs_at(&self, path: &FilePath) -> Result<bool, StoreError> {
        Ok(self.change_at(path).await?.is_some())
    }

    /// Returns what is at a path now, as the change that the catalog would learn of it by.
    async fn change_at(&self, path: &FilePath) -> Result<Option<FileChange>, StoreError> {
        if self.files.truth() == Truth::Catalog {
            return Ok(None);
        }
        let record = self.catalog.file(&self.name, path).await?;
        Ok(match self.files.open(path, None).await {
            Ok(file) if !file.settled => None,
            Ok(file) => match &record {
                Some(record) if record.fingerprint == file.fingerprint => None,
                _ => self.arrival_of(path, &file, record.is_some()).await?,
            },
            Err(OpenError::NotFound) => {
                self.withdrawn.came_back().remove(path);
                record.map(|record| departure(record.path))
            }
            Err(OpenError::Away(_) | OpenError::Damaged(_)) => None,
            Err(OpenError::Store(error)) => return Err(error),
        })
    }

    /// Returns the change that a file's being there is, if it may be listed.
    async fn arrival_of(
        &self,
        path: &FilePath,
        file: &OpenFile,
        is_known: bool,
    ) -> Result<Option<FileChange>, StoreError> {
        let Some(named) = FoundFile::of(path.file_name()) else {
            return Ok(None);
        };
        if self.is_withdrawn(path, &named.key, file).await? {
            return Ok(is_known.then(|| departure(path.clone())));
        }
        Ok(arrival(path, file.fingerprint, is_known))
    }

    /// Takes note of what is at a path now, and returns whether that was anything new. Goes on to its
    /// end, with the lock of the file's name, when the caller stops waiting.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog or the files fail.
    pub async fn adopt(self: &Arc<Self>, path: &FilePath) -> Result<bool, StoreError> {
        let (index, path) = (Arc::clone(self), path.clone());
        let adopting = tokio::spawn(async move {
            let _lock = index.locks.lock(path.file_name()).await;
            index.adopt_locked(&path).await
        });
        adopting
            .await
            .map_err(|failure| StoreError::new("index", "adopt a file", failure))?
    }

    async fn adopt_all(self: &Arc<Self>, paths: Vec<FilePath>) -> Result<bool, StoreError> {
        let mut changed = false;
        // Several at a time: a catalog records together what waits together.
        let mut adopted = stream::iter(paths)
            .map(|path| {
                let index = Arc::clone(self);
                async move { index.adopt(&path).await }
            })
            .buffer_unordered(ADOPTED_TOGETHER);
        let mut failure = None;
        while let Some(result) = adopted.next().await {
            match result {
                Ok(is_change) => changed |= is_change,
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(changed), Err)
    }

    /// Compares everything that is there with everything that is listed.
    async fn adopt_scan(self: &Arc<Self>, scan: Scan) -> Result<bool, StoreError> {
        let unsettled: BTreeSet<&FilePath> = scan.unsettled.iter().collect();
        let mut changes = Vec::new();
        let mut gone = Vec::new();
        let mut found = scan.files.iter().peekable();
        let mut after = None;
        loop {
            let page = self
                .catalog
                .files_after(&self.name, after.as_ref(), COMPARE_PAGE)
                .await?;
            for record in &page {
                while let Some((path, fingerprint)) = found.next_if(|(path, _)| path < &record.path)
                {
                    changes.extend(arrival(path, *fingerprint, false));
                }
                match found.next_if(|(path, _)| path == &record.path) {
                    Some((_, fingerprint)) if *fingerprint == record.fingerprint => {}
                    Some((path, fingerprint)) => changes.extend(arrival(path, *fingerprint, true)),
                    None if unsettled.contains(&record.path) => {}
                    None => gone.push(record.path.clone()),
                }
            }
            match page.last() {
                Some(last) => after = Some(last.path.clone()),
                None => break,
            }
        }
        changes.extend(found.filter_map(|(path, fingerprint)| arrival(path, *fingerprint, false)));
        let mut changed = self.commit_scanned(changes).await?;
        if scan.complete {
            // The scan may be older than an upload: each file is looked at again.
            changed |= self.adopt_all(gone).await?;
        }
        self.knowledge.scanned(scan.complete, &scan.unsettled);
        Ok(changed)
    }

    /// Commits what a scan found under one serial, less what has changed since the scan.
    async fn commit_scanned(&self, changes: Vec<FileChange>) -> Result<bool, StoreError> {
        // In one order, as everybody who locks more than one name.
        let names: BTreeSet<&str> = changes
            .iter()
            .map(|change| change.path().file_name())
            .collect();
        let mut locks = Vec::with_capacity(names.len());
        for name in names {
            locks.push(self.locks.lock(name).await);
        }
        let deleted_names = self.deleted_names().await?;
        let mut still_true = Vec::with_capacity(changes.len());
        for change in changes {
            let (FileChange::Add { record, .. } | FileChange::Replace { record, .. }) = &change
            else {
                continue;
            };
            let Ok(now) = self.files.open(&record.path, None).await else {
                continue;
            };
            if now.fingerprint != record.fingerprint {
                continue;
            }
            let is_known = matches!(change, FileChange::Replace { .. });
            if deleted_names.contains(record.path.file_name()) {
                still_true.extend(self.arrival_of(&record.path, &now, is_known).await?);
            } else {
                still_true.push(change);
            }
        }
        if still_true.is_empty() {
            return Ok(false);
        }
        self.commit_found(still_true).await
    }

    /// Returns the names under which files were deleted.
    async fn deleted_names(&self) -> Result<HashSet<String>, StoreError> {
        let marks = self.catalog.marks(&self.name, None).await?;
        Ok(marks
            .iter()
            .filter_map(|marked| match &marked.mark {
                Mark::Deleted { path, .. } => Some(path.file_name().to_owned()),
                _ => None,
            })
            .collect())
    }

    async fn commit_found(&self, files: Vec<FileChange>) -> Result<bool, StoreError> {
        for change in &files {
            self.forget_damage(change.path());
        }
        for change in files.iter().take(20) {
            tracing::info!(file.path = %change.path(), "{}", told(change));
        }
        if files.len() > 20 {
            tracing::info!(files.count = files.len() - 20, "and more files");
        }
        let change = Change {
            index: self.name.clone(),
            by: Attribution::system(self.clock.now()),
            expects: Vec::new(),
            files,
            marks: Vec::new(),
        };
        Ok(self.commit(change).await? != Committed::Unchanged)
    }
}

fn arrival(path: &FilePath, fingerprint: Fingerprint, is_known: bool) -> Option<FileChange> {
    let record = FileRecord {
        path: path.clone(),
        named: FoundFile::of(path.file_name())?,
        fingerprint,
        uploaded_at: match fingerprint {
            Fingerprint::File { modified_ns, .. } => Timestamp::from_nanoseconds(modified_ns),
            Fingerprint::Object { .. } => Timestamp(0),
        },
        contents: None,
    };
    let kind = Arrival::Found;
    Some(if is_known {
        FileChange::Replace {
            kind,
            record,
            metadata: None,
        }
    } else {
        FileChange::Add {
            kind,
            record,
            metadata: None,
        }
    })
}

fn departure(path: FilePath) -> FileChange {
    FileChange::Remove {
        kind: Departure::Lost,
        path,
    }
}

fn told(change: &FileChange) -> &'static str {
    match change {
        FileChange::Add { .. } => "found a file",
        FileChange::Replace { .. } => "found a changed file",
        FileChange::Remove { .. } => "a file is gone",
    }
}
