//! Renaming without a moment in which a reader sees less than a whole file, on file systems that
//! help with it and on those that do not.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, CWD, RenameFlags, linkat, renameat, renameat_with};
use rustix::io::{Errno, Result};
use wheelhouse_index::path::FilePath;

use super::root::{Root, file_type, statx_file};
use super::temporary::{Temporary, hold};

/// A file whose place another one has taken.
pub(super) struct Replaced {
    /// The name that the old file has now.
    pub(super) name: PathBuf,
    /// The old file, held open so that nobody sweeps it away.
    pub(super) held: Option<File>,
}

/// Gives a file a name that is free.
///
/// # Errors
/// `EEXIST` if the name is taken, `EXDEV` if the folder is on another file system.
pub(super) fn move_new(from: &Path, folder: &OwnedFd, name: &str) -> Result<()> {
    match renameat_with(CWD, from, folder, name, RenameFlags::NOREPLACE) {
        Err(error) if is_unknown(error) => link_new(from, folder, name),
        result => result,
    }
}

/// As `move_new`, where the file system cannot rename so. A link is never made over a file.
fn link_new(from: &Path, folder: &OwnedFd, name: &str) -> Result<()> {
    match linkat(CWD, from, folder, name, AtFlags::empty()) {
        Ok(()) => {
            // The name in the folder for uploads is removed by the sweeper at the latest.
            let _ = fs::remove_file(from);
            Ok(())
        }
        Err(error) if is_unknown(error) || error == Errno::PERM => {
            // No links either. Nobody else of this program takes the name in between.
            match statx_file(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(_) => Err(Errno::EXIST),
                Err(Errno::NOENT) => renameat(CWD, from, folder, name),
                Err(error) => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}

/// Gives a file a name, whether it is taken or not.
///
/// # Errors
/// `EEXIST` or `ENOENT` if others change the name at this moment; `EISDIR` if a folder has it;
/// `EXDEV` if the folder is on another file system.
pub(super) fn move_over(
    root: &Root,
    temporary: &Temporary,
    folder: &OwnedFd,
    path: &FilePath,
) -> Result<Option<Replaced>> {
    let name = path.file_name();
    match statx_file(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(status) if file_type(&status).is_dir() => return Err(Errno::ISDIR),
        Ok(_) => {}
        Err(Errno::NOENT) => return move_new(temporary.path(), folder, name).map(|()| None),
        Err(error) => return Err(error),
    }
    let held = root.open_file(path).ok().flatten().map(|(file, _)| file);
    if let Some(file) = &held {
        hold(file);
    }
    let from = temporary.path();
    let name = match renameat_with(CWD, from, folder, name, RenameFlags::EXCHANGE) {
        Ok(()) => from.to_owned(),
        Err(error) if is_unknown(error) => rename_over(temporary, folder, name)?,
        Err(error) => return Err(error),
    };
    Ok(Some(Replaced { name, held }))
}

/// As an exchange, where the file system cannot do that: the old file gets a second name first.
fn rename_over(temporary: &Temporary, folder: &OwnedFd, name: &str) -> Result<PathBuf> {
    let backup = temporary.other_name();
    match linkat(folder, name, CWD, &backup, AtFlags::empty()) {
        Err(error) if is_unknown(error) || matches!(error, Errno::PERM | Errno::MLINK) => {
            renameat(folder, name, CWD, &backup)?;
        }
        result => result?,
    }
    if let Err(error) = renameat(CWD, temporary.path(), folder, name) {
        // Where it was a link, this does nothing but leave the second name to the guard.
        let _ = renameat(CWD, &backup, folder, name);
        drop(Temporary::at(backup));
        return Err(error);
    }
    Ok(backup)
}

/// Returns whether an error means that a file system does not know what it was asked for.
fn is_unknown(error: Errno) -> bool {
    matches!(error, Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use rustix::fs::{Mode, open};
    use tempfile::TempDir;

    use super::super::beneath::FOLDER;
    use super::*;

    fn folder() -> (TempDir, OwnedFd) {
        let folder = tempfile::tempdir().unwrap();
        let opened = open(folder.path(), FOLDER, Mode::empty()).unwrap();
        (folder, opened)
    }

    fn new_file(folder: &TempDir) -> Temporary {
        let (temporary, _) = Temporary::make(folder.path()).unwrap();
        fs::write(temporary.path(), "new").unwrap();
        temporary
    }

    #[test]
    fn a_new_name_is_never_taken_from_a_file_however_the_file_system_renames() {
        for move_file in [move_new, link_new] {
            let (folder, opened) = folder();
            fs::write(folder.path().join("taken"), "old").unwrap();
            let temporary = new_file(&folder);
            assert_eq!(
                move_file(temporary.path(), &opened, "taken"),
                Err(Errno::EXIST)
            );
            assert_eq!(fs::read(folder.path().join("taken")).unwrap(), b"old");
            assert_eq!(move_file(temporary.path(), &opened, "free"), Ok(()));
            assert_eq!(fs::read(folder.path().join("free")).unwrap(), b"new");
            assert!(!temporary.path().exists());
        }
    }

    #[test]
    fn a_replaced_file_keeps_a_name_however_the_file_system_renames() {
        let (folder, opened) = folder();
        let root = Root::new(folder.path()).unwrap();
        let path: FilePath = "a-1.zip".parse().unwrap();
        let place = folder.path().join("a-1.zip");
        fs::write(&place, "old").unwrap();
        let temporary = new_file(&folder);
        let replaced = move_over(&root, &temporary, &opened, &path)
            .unwrap()
            .unwrap();
        assert_eq!(fs::read(&place).unwrap(), b"new");
        assert_eq!(fs::read(&replaced.name).unwrap(), b"old");

        fs::write(&place, "old").unwrap();
        let temporary = new_file(&folder);
        let name = rename_over(&temporary, &opened, "a-1.zip").unwrap();
        assert_eq!(fs::read(&place).unwrap(), b"new");
        assert_eq!(fs::read(&name).unwrap(), b"old");
        assert!(!temporary.path().exists());
    }

    #[test]
    fn a_replaced_link_is_kept_as_a_link_and_a_folder_is_not_replaced() {
        let (folder, opened) = folder();
        let root = Root::new(folder.path()).unwrap();
        let target = folder.path().join("target");
        fs::write(&target, "old").unwrap();
        symlink(&target, folder.path().join("a-1.zip")).unwrap();
        let temporary = new_file(&folder);
        let path = "a-1.zip".parse().unwrap();
        let replaced = move_over(&root, &temporary, &opened, &path)
            .unwrap()
            .unwrap();
        assert!(replaced.name.is_symlink());
        assert_eq!(fs::read(&target).unwrap(), b"old");

        fs::create_dir(folder.path().join("b-1.zip")).unwrap();
        let temporary = new_file(&folder);
        let path = "b-1.zip".parse().unwrap();
        let error = move_over(&root, &temporary, &opened, &path).err();
        assert_eq!(error, Some(Errno::ISDIR));
        assert!(folder.path().join("b-1.zip").is_dir());
    }
}
