//! Telling what was seen, to somebody who may be slow to take it.

use std::collections::BTreeMap;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use wheelhouse_index::identity::Fingerprint;
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{Observation, Scan, Seen};

/// More files than this are told as a scan.
const SINGLE_FILES: usize = 512;

/// What is to be told of single files, and whom.
#[derive(Debug)]
pub(super) struct Report {
    observer: mpsc::Sender<Observation>,
    files: BTreeMap<FilePath, Option<Fingerprint>>,
}

/// What became of telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is told, or there was nothing to tell.
    Told,
    /// It is lost: the observer needs a scan.
    Lost,
}

impl Report {
    pub(super) fn new(observer: mpsc::Sender<Observation>) -> Self {
        Self {
            observer,
            files: BTreeMap::new(),
        }
    }

    /// Takes note of what became of a file.
    pub(super) fn add(&mut self, path: FilePath, fingerprint: Option<Fingerprint>) {
        self.files.insert(path, fingerprint);
    }

    /// Returns whether there is something to tell of single files.
    pub(super) fn has_files(&self) -> bool {
        !self.files.is_empty()
    }

    /// Tells of all single files noted, or of none if those are too many.
    pub(super) fn tell_files(&mut self) -> Outcome {
        let files = std::mem::take(&mut self.files);
        if files.is_empty() {
            return Outcome::Told;
        }
        if files.len() > SINGLE_FILES {
            return Outcome::Lost;
        }
        let seen = files
            .into_iter()
            .map(|(path, fingerprint)| Seen { path, fingerprint })
            .collect();
        self.send(Observation::Files(seen))
    }

    /// Tells everything that is there.
    pub(super) fn tell_scan(&self, scan: Scan) -> Outcome {
        self.send(Observation::Scan(scan))
    }

    /// Returns whether something could be told now.
    pub(super) fn is_free(&self) -> bool {
        self.observer.capacity() > 0
    }

    /// Returns whether nobody listens any more.
    pub(super) fn is_over(&self) -> bool {
        self.observer.is_closed()
    }

    fn send(&self, observation: Observation) -> Outcome {
        match self.observer.try_send(observation) {
            // Nobody listens any more: the thread ends with its next look.
            Ok(()) | Err(TrySendError::Closed(_)) => Outcome::Told,
            Err(TrySendError::Full(_)) => Outcome::Lost,
        }
    }
}
