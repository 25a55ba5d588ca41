//! One server for each state folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use super::StateError;

/// The right to use a state folder. Others are kept out until it is dropped or the process ends,
/// however that happens.
#[derive(Debug)]
pub struct StateLock {
    // Closing the file gives the lock back.
    _file: File,
}

impl StateLock {
    /// Takes the folder for this process.
    ///
    /// # Errors
    /// [`StateError::InUse`] if another server has it, and [`StateError::Unusable`] if the file
    /// system has no locks or the folder cannot be written.
    pub fn take(folder: &Path) -> Result<Self, StateError> {
        let unusable = |error: std::io::Error| StateError::Unusable {
            path: folder.to_owned(),
            reason: error.to_string(),
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(folder.join("lock"))
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
            Err(TryLockError::WouldBlock) => {
                return Err(StateError::InUse {
                    path: folder.to_owned(),
                    process: process_in(&mut file),
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

fn process_in(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(20).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
