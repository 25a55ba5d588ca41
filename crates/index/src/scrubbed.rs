//! How far all files were read again, to find damage before somebody needs them.

use std::sync::atomic::{AtomicU64, Ordering};

/// What one server has read again since its start. Counts alone: whoever reads says what comes next.
#[derive(Debug, Default)]
pub struct Scrubbed {
    files: AtomicU64,
    bytes: AtomicU64,
    in_round: AtomicU64,
    rounds: AtomicU64,
}

/// What was read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScrubCounts {
    /// Files since the start.
    pub files: u64,
    /// Bytes since the start.
    pub bytes: u64,
    /// Files of the present round, those before the start included.
    pub in_round: u64,
    /// Rounds that came to their end since the start.
    pub rounds: u64,
}

impl Scrubbed {
    /// Counts a file that was read to its end.
    pub fn count(&self, bytes: u64) {
        self.files.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Says how many files of the present round are done.
    pub fn set_in_round(&self, files: u64) {
        self.in_round.store(files, Ordering::Relaxed);
    }

    /// Counts a round that is over.
    pub fn end_round(&self) {
        self.rounds.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the counts.
    pub fn counts(&self) -> ScrubCounts {
        ScrubCounts {
            files: self.files.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            in_round: self.in_round.load(Ordering::Relaxed),
            rounds: self.rounds.load(Ordering::Relaxed),
        }
    }
}
