//! One program for each catalog file: SQLite would let two write in turn, but neither would hear of
//! what the other changes, and their serials and pages would part.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

use super::open::with_suffix;

/// The right to use a file as a catalog. Others are kept out until it is dropped or the process
/// ends, however that happens.
#[derive(Debug)]
pub(super) struct CatalogLock {
    // Closing the file gives the lock back.
    _file: File,
}

/// A file cannot be used as a catalog now.
#[derive(Debug, thiserror::Error)]
pub(super) enum LockError {
    /// Another program uses it.
    #[error(
        "another program{process} uses the catalog in `{path}`: stop that one, or name another file"
    )]
    InUse {
        /// The catalog.
        path: String,
        /// Which program, as words that follow, if that is known.
        process: String,
    },
    /// The file that shows it cannot be written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl CatalogLock {
    /// Takes the catalog in the file at `path` for this process.
    pub(super) fn take(path: &Path) -> Result<Self, LockError> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(with_suffix(path, ".lock"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(error.into()),
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let read = file.take(20).read_to_string(&mut text);
                let number = read.ok().and_then(|_| text.trim().parse::<u32>().ok());
                return Err(LockError::InUse {
                    path: path.display().to_string(),
                    process: number.map_or_else(String::new, |id| format!(" (process {id})")),
                });
            }
        }
        // Only for people: the lock is what counts.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { _file: file })
    }
}
