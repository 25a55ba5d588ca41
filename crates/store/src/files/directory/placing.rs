//! Giving a staged file its place, and taking it back.

use std::fs::File;
use std::io::{self, Seek};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, CWD, fsync, renameat, unlinkat};
use rustix::io::Errno;
use wheelhouse_index::identity::{Fingerprint, Timestamp};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{PlaceError, PlaceMode, PlacedFile, StoreError};

use super::Shared;
use super::failure::{place_error, store_error};
use super::moving::{Replaced, move_new, move_over};
use super::root::{Root, fingerprint_of, fingerprint_of_statx, statx_file};
use super::run;
use super::temporary::Temporary;

/// How often to try again when others change the place at the same moment.
const ATTEMPTS: usize = 16;

/// A whole file that is about to get its place.
pub(super) struct Placing {
    pub(super) shared: Arc<Shared>,
    pub(super) temporary: Temporary,
    pub(super) file: Arc<File>,
    pub(super) path: FilePath,
}

/// A file in its place, which can still be taken back.
pub(super) struct DirectoryPlaced {
    shared: Arc<Shared>,
    path: FilePath,
    fingerprint: Fingerprint,
    /// What was at the path before. It stays open so that nobody sweeps it away.
    backup: Option<(Temporary, Option<File>)>,
    /// The folders that were made for the file, from the outside in.
    made: Vec<String>,
}

impl Placing {
    /// Puts the file in its place in the first root. Blocks.
    pub(super) fn place(
        self,
        mode: PlaceMode,
        uploaded_at: Timestamp,
    ) -> Result<DirectoryPlaced, PlaceError> {
        let shared = Arc::clone(&self.shared);
        let root = shared.first();
        if let Some(reason) = root.away() {
            return Err(PlaceError::ReadOnly(reason));
        }
        let is_taken = |root: &Root| matches!(root.fingerprint(&self.path), Ok(Some(_)));
        if mode == PlaceMode::New && shared.roots.iter().any(is_taken) {
            return Err(PlaceError::Exists);
        }
        let mut made = Vec::new();
        let place = root.path().join(self.path.as_str());
        let parent = place.parent().unwrap_or(root.path());
        match self.place_in(root, parent, mode, uploaded_at, &mut made) {
            Ok(placed) => Ok(DirectoryPlaced { made, ..placed }),
            Err(error) => {
                remove_folders(root, &made);
                Err(error)
            }
        }
    }

    fn place_in(
        self,
        root: &Root,
        parent: &Path,
        mode: PlaceMode,
        uploaded_at: Timestamp,
        made: &mut Vec<String>,
    ) -> Result<DirectoryPlaced, PlaceError> {
        let failed = |error: io::Error| place_error("put a file in its place", parent, error);
        let Self {
            shared,
            mut temporary,
            mut file,
            path,
        } = self;
        let folder = root
            .make_folder(&path, made)
            .map_err(|error| failed(error.into()))?;
        set_modified(&file, uploaded_at).map_err(failed)?;
        let mut attempts = 0;
        let replaced = loop {
            attempts += 1;
            let moved = match mode {
                PlaceMode::New => {
                    move_new(temporary.path(), &folder, path.file_name()).map(|()| None)
                }
                PlaceMode::Replace => move_over(root, &temporary, &folder, &path),
            };
            match moved {
                Ok(replaced) => break replaced,
                Err(Errno::EXIST) if mode == PlaceMode::New => return Err(PlaceError::Exists),
                // Somebody made or removed a file there between two looks.
                Err(Errno::EXIST | Errno::NOENT) if attempts < ATTEMPTS => {}
                // The folder is on another file system than the first root.
                Err(Errno::XDEV) if attempts < ATTEMPTS => {
                    (temporary, file) = copy_beside(parent, &file, uploaded_at).map_err(failed)?;
                }
                Err(error) => return Err(failed(error.into())),
            }
        };
        let backup = match replaced {
            // The two files have changed names.
            Some(Replaced { name, held }) if name == temporary.path() => Some((temporary, held)),
            Some(Replaced { name, held }) => {
                temporary.moved_away();
                Some((Temporary::at(name), held))
            }
            None => {
                temporary.moved_away();
                None
            }
        };
        let synced = fsync(&folder)
            .map_err(io::Error::from)
            .and_then(|()| file.metadata());
        let placed = |fingerprint| DirectoryPlaced {
            shared: Arc::clone(&shared),
            path: path.clone(),
            fingerprint,
            backup,
            made: Vec::new(),
        };
        match synced {
            Ok(metadata) => {
                let placed = placed(fingerprint_of(&metadata));
                placed.settle();
                Ok(placed)
            }
            Err(error) => {
                if let Ok(metadata) = file.metadata() {
                    // The first error is the one to tell.
                    let _ = placed(fingerprint_of(&metadata)).take_back();
                }
                Err(failed(error))
            }
        }
    }
}

#[async_trait]
impl PlacedFile for DirectoryPlaced {
    fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    async fn undo(self: Box<Self>) -> Result<(), StoreError> {
        run(move || {
            let place = self.shared.first().path().join(self.path.as_str());
            self.take_back()
                .map_err(|error| store_error("take a file back", &place, &error))
        })
        .await?
    }
}

impl DirectoryPlaced {
    /// Tells the watcher that nobody is writing this file.
    fn settle(&self) {
        self.shared.ledger().settle(0, &self.path, self.fingerprint);
    }

    fn take_back(self) -> io::Result<()> {
        let root = self.shared.first();
        let name = self.path.file_name();
        let folder: OwnedFd = root.open_folder(&self.path)?;
        let found = |folder: &OwnedFd| {
            statx_file(folder, name, AtFlags::SYMLINK_NOFOLLOW)
                .ok()
                .and_then(|status| fingerprint_of_statx(&status))
        };
        if found(&folder) != Some(self.fingerprint) {
            // Somebody has changed it by hand since: that is what counts now.
            return Ok(());
        }
        match self.backup {
            Some((backup, _held)) => {
                renameat(CWD, backup.path(), &folder, name)?;
                backup.moved_away();
                if let Ok(Some(before)) = root.fingerprint(&self.path) {
                    self.shared.ledger().settle(0, &self.path, before);
                }
            }
            None => unlinkat(&folder, name, AtFlags::empty())?,
        }
        fsync(&folder)?;
        remove_folders(root, &self.made);
        Ok(())
    }
}

/// Removes folders that were made for nothing, unless somebody put something in.
fn remove_folders(root: &Root, made: &[String]) {
    for folder in made.iter().rev() {
        if std::fs::remove_dir(root.path().join(folder)).is_err() {
            return;
        }
    }
}

/// Sets the time of modification, durably.
fn set_modified(file: &File, at: Timestamp) -> io::Result<()> {
    let distance = Duration::from_micros(at.0.unsigned_abs());
    let moment = if at.0 < 0 {
        UNIX_EPOCH.checked_sub(distance)
    } else {
        UNIX_EPOCH.checked_add(distance)
    };
    file.set_modified(moment.unwrap_or_else(SystemTime::now))?;
    file.sync_all()
}

/// Copies a file to the file system of `folder`.
fn copy_beside(
    folder: &Path,
    file: &File,
    modified: Timestamp,
) -> io::Result<(Temporary, Arc<File>)> {
    let (temporary, copy) = Temporary::make_beside(folder)?;
    let mut from = file;
    from.rewind()?;
    io::copy(&mut from, &mut &copy)?;
    set_modified(&copy, modified)?;
    Ok((temporary, Arc::new(copy)))
}
