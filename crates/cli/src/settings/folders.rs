//! The folders that are served, and the one that the program keeps for itself.

use std::path::PathBuf;
use std::time::Duration;

/// The folders that are served and how changes in them are noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderSettings {
    /// The roots in the order given, absolute, at least one. Uploads go to the first. Each one was
    /// there and could be read when the settings were resolved.
    pub roots: Vec<PathBuf>,
    /// How changes are noticed.
    pub watch: WatchMode,
    /// The time between two scans that look for what no event told.
    pub scan_interval: Duration,
}

/// How changes in the folders are noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchMode {
    /// By the system's events where they come, and by scans behind them.
    Auto,
    /// By scans alone.
    Poll,
}

/// Where the catalog is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateSettings {
    /// The state folder that was asked for, absolute. `None` means to choose: `.wheelhouse/` in the
    /// first root where that works, and the fallbacks after it.
    pub folder: Option<PathBuf>,
}
