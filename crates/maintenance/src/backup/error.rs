//! What can go wrong with a backup or a restore, as sentences that say what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{FillError, PlaceError, StoreError};
use wheelhouse_store::catalog::rows::RowError;

/// A backup could not be made, read or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The folder is no place of backups.
    #[error(
        "`{}` is no place of backups, and it is not empty: name a folder that is empty or not there",
        .0.display()
    )]
    OtherFolder(PathBuf),
    /// There is nothing to read.
    #[error("`{}` holds no backup", .0.display())]
    NoBackup(PathBuf),
    /// There is no snapshot of this name.
    #[error(
        "there is no snapshot `{0}` here; a backup that was cut short is none: `wheelhouse backup --list` shows those that are"
    )]
    NoSnapshot(String),
    /// Somebody else writes there.
    #[error(
        "another program uses the backups in `{}`: wait until it has ended",
        .0.display()
    )]
    InUse(PathBuf),
    /// The backups are those of another index.
    #[error("the backups in `{}` are those of another index ({theirs}, and not {ours})", place.display())]
    AnotherIndex {
        /// The place.
        place: PathBuf,
        /// The index that they are of.
        theirs: Uuid,
        /// The index that was expected.
        ours: Uuid,
    },
    /// A newer program has made it.
    #[error(
        "`{}` is of format {format}, and this program knows {known}: use the newer program",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: u64,
        /// The newest one that is known.
        known: u64,
    },
    /// It is not as it was written.
    #[error("`{}` is damaged: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What shows it.
        why: String,
    },
    /// Contents that a snapshot names are not there.
    #[error(
        "{count} contents of this snapshot are not in the backup, the first of them `{first}`: \
         copy them back, or take another snapshot"
    )]
    Incomplete {
        /// How many.
        count: u64,
        /// Where the first of them should be.
        first: String,
    },
    /// The keys that were given are not those of the place.
    #[error(
        "the backups in `{}` are encrypted for {theirs}, and a place keeps to its keys, because what is there already is not encrypted again: leave `--encrypt-for` out, or name another place",
        place.display()
    )]
    OtherKeys {
        /// The place.
        place: PathBuf,
        /// For whom it is.
        theirs: String,
    },
    /// It is encrypted.
    #[error("the backups in `{}` are encrypted: name the file of a key that opens them with `--identity`", .0.display())]
    Locked(PathBuf),
    /// No key fits.
    #[error("`{}` was encrypted for others: none of the keys in the file opens it", .0.display())]
    WrongIdentity(PathBuf),
    /// A key cannot be read.
    #[error("{0}")]
    Key(String),
    /// No room where the backups are.
    #[error(
        "there is no space left in `{}`: make room and start again, what was copied is kept",
        .0.display()
    )]
    Full(PathBuf),
    /// A file of the backups cannot be read or written.
    #[error("cannot {operation} `{}`: {source}", path.display())]
    Io {
        /// What was to be done.
        operation: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The index's files are away.
    #[error("the place of the files is away: {0}")]
    Away(String),
    /// The catalog or the files fail.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row is none.
    #[error("a row of the catalog cannot be written down: {0}")]
    Row(#[from] RowError),
    /// Something is there already.
    #[error("a restore needs an empty index, and {0}; nothing was changed")]
    NotEmpty(String),
    /// A file cannot be put in its place.
    #[error("cannot put `{path}` in its place: {source}{}", hint(source))]
    Place {
        /// Which one.
        path: FilePath,
        /// Why.
        source: PlaceError,
    },
    /// A task ended early.
    #[error("a task has ended early")]
    Ended,
}

fn hint(error: &PlaceError) -> &'static str {
    match error {
        PlaceError::Full => "; make room and start the same command again: it goes on",
        PlaceError::Exists => "; somebody else writes into the index that is being restored",
        PlaceError::Away(_) => "; start the same command again later: it goes on",
        PlaceError::ReadOnly(_) | PlaceError::Store(_) => "",
    }
}

impl BackupError {
    /// Says what failed with a file of a place of backups.
    pub(super) fn io(operation: &'static str, path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                let folder = path.parent().unwrap_or(path);
                Self::Full(folder.to_owned())
            }
            _ => Self::Io {
                operation,
                path: path.to_owned(),
                source,
            },
        }
    }

    /// Says that a file is not as it was written.
    pub(super) fn damaged(path: &Path, why: &dyn fmt::Display) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            why: why.to_string(),
        }
    }
}

impl From<FillError> for BackupError {
    fn from(error: FillError) -> Self {
        match error {
            FillError::NotEmpty(what) => Self::NotEmpty(format!("its catalog is not: {what}")),
            FillError::Store(error) => Self::Store(error),
        }
    }
}
