//! Backups: snapshots of a whole index in a folder, and its restoring.
//!
//! A snapshot is the rows of the catalog of one moment, and the contents that they name. Contents are
//! kept by their digests, once for all snapshots. It is made beside a running server, and restored
//! into an empty index of any backends.

mod contents;
mod error;
mod lines;
mod making;
mod manifest;
mod place;
mod pruning;
mod restoring;
mod rows_file;
mod sealing;
#[cfg(test)]
mod tests;
mod verifying;

pub use contents::Progress;
pub use error::BackupError;
pub use making::{BackupSource, Made, back_up};
pub use manifest::{Listed, Manifest, Written};
pub use place::{BackupPlace, FORMAT};
pub use pruning::{Pruned, prune};
pub use restoring::{RestoreTarget, Restored, restore};
pub use sealing::{Identities, Recipients};
pub use verifying::Snapshot;
