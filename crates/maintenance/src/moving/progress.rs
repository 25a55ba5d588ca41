//! How far a move is, for people.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a move is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// It has not begun.
    #[default]
    Waiting,
    /// Files are copied.
    Files,
    /// The journal and its like are copied.
    Records,
    /// What changed meanwhile is copied.
    Changes,
    /// The source is held still, and the last is copied.
    Rest,
    /// It is done.
    Done,
}

/// How far a move is.
#[derive(Debug, Default)]
pub struct Progress {
    phase: Mutex<Phase>,
    total: AtomicU64,
    files: AtomicU64,
    bytes: AtomicU64,
    events: AtomicU64,
}

impl Progress {
    /// Returns what the move is at.
    pub fn phase(&self) -> Phase {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how many files there were when the copying began.
    pub fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// Returns how many files were copied.
    pub fn files(&self) -> u64 {
        self.files.load(Ordering::Relaxed)
    }

    /// Returns how many bytes of files were copied.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Returns how many changes were looked at that others made meanwhile.
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    pub(super) fn begin(&self, phase: Phase, total: u64) {
        if total > 0 {
            self.total.store(total, Ordering::Relaxed);
        }
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = phase;
    }

    pub(super) fn copied(&self, bytes: u64) {
        self.files.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn followed(&self, events: u64) {
        self.events.fetch_add(events, Ordering::Relaxed);
    }
}
