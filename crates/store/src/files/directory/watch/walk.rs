//! Reading a folder with all that is in it.

use std::collections::HashSet;
use std::ffi::CStr;

use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Dir, FileType};
use rustix::io::Errno;
use wheelhouse_index::identity::Fingerprint;
use wheelhouse_index::path::FilePath;
use wheelhouse_standards::found::FoundFile;

use super::super::beneath::{FOLDER, open_beneath};
use super::super::root::{Root, file_type, fingerprint_of_statx, is_absence, statx_file};

/// Reads folders, and remembers what it has complained about.
#[derive(Debug, Default)]
pub(super) struct Walker {
    told: HashSet<String>,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// The package files, in no order.
    pub(super) files: Vec<(FilePath, Fingerprint)>,
    /// Whether something could not be read, so that files may be missing.
    pub(super) is_incomplete: bool,
}

impl Walker {
    /// Reads the folder `start` of a root, which is open as `opened`, and all folders in it. The
    /// empty text is the root itself. Each folder is told before it is read.
    pub(super) fn walk(
        &mut self,
        root: &Root,
        opened: &OwnedFd,
        start: &str,
        mut enter: impl FnMut(&str),
    ) -> Walked {
        let mut walked = Walked::default();
        let mut folders = vec![start.to_owned()];
        while let Some(folder) = folders.pop() {
            enter(&folder);
            match self.read_folder(root, opened, &folder, &mut folders, &mut walked) {
                Ok(()) => {}
                Err(error) if is_absence(error) => {}
                Err(Errno::ACCESS) => {
                    self.tell_once(root, &folder, "is left out: there is no right to read it");
                }
                Err(error) => {
                    let place = root.path().join(&folder);
                    tracing::warn!("folder `{}` cannot be read: {error}", place.display());
                    walked.is_incomplete = true;
                }
            }
        }
        walked
    }

    fn read_folder(
        &mut self,
        root: &Root,
        opened: &OwnedFd,
        folder: &str,
        folders: &mut Vec<String>,
        walked: &mut Walked,
    ) -> Result<(), Errno> {
        let inner;
        let handle = if folder.is_empty() {
            opened
        } else {
            inner = open_beneath(opened, folder, FOLDER)?;
            &inner
        };
        for entry in Dir::read_from(handle)? {
            let entry = entry?;
            let Some(name) = self.name_of(root, folder, entry.file_name()) else {
                continue;
            };
            let mut kind = entry.file_type();
            if kind == FileType::Unknown {
                match statx_file(handle, name, AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(status) => kind = file_type(&status),
                    Err(error) if is_absence(error) => continue,
                    Err(error) => return Err(error),
                }
            }
            let flags = match kind {
                FileType::Directory => {
                    folders.push(join(folder, name));
                    continue;
                }
                FileType::RegularFile => AtFlags::SYMLINK_NOFOLLOW,
                FileType::Symlink => AtFlags::empty(),
                _ => continue,
            };
            if FoundFile::of(name).is_none() {
                continue;
            }
            match statx_file(handle, name, flags) {
                Ok(status) => {
                    let Some(fingerprint) = fingerprint_of_statx(&status) else {
                        continue;
                    };
                    match join(folder, name).parse() {
                        Ok(path) => walked.files.push((path, fingerprint)),
                        Err(error) => {
                            self.tell_once(
                                root,
                                &join(folder, name),
                                &format!("is left out: {error}"),
                            );
                        }
                    }
                }
                // A link to nowhere, or a file that was removed just now.
                Err(error) if is_absence(error) || error == Errno::ACCESS => {}
                Err(_) => walked.is_incomplete = true,
            }
        }
        Ok(())
    }

    /// Returns the name of an entry that is to be looked at.
    fn name_of<'n>(&mut self, root: &Root, folder: &str, name: &'n CStr) -> Option<&'n str> {
        if name.to_bytes().starts_with(b".") {
            return None;
        }
        name.to_str()
            .inspect_err(|_| {
                let shown = format!("{:?}", name.to_string_lossy());
                if FoundFile::of(&name.to_string_lossy()).is_some() {
                    let escaped = name.to_bytes().escape_ascii().to_string();
                    self.tell_once(
                        root,
                        &join(folder, &escaped),
                        "is left out: its name is not UTF-8",
                    );
                } else {
                    tracing::debug!("{shown} is left out: its name is not UTF-8");
                }
            })
            .ok()
    }

    fn tell_once(&mut self, root: &Root, what: &str, problem: &str) {
        let place = root.path().join(what);
        let line = format!("{:?} {problem}", place.display().to_string());
        if !self.told.contains(&line) {
            tracing::warn!("{line}");
            self.told.insert(line);
        }
    }
}

/// Returns the path of an entry of a folder; the root is the empty text.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}
