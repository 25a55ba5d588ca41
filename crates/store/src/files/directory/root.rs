//! One of the folders that a store is made of, and whether it is there.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, Statx, StatxFlags, mkdirat, open, openat, statx,
};
use rustix::io::Errno;
use wheelhouse_index::identity::Fingerprint;
use wheelhouse_index::path::FilePath;

use super::beneath::{FOLDER, open_beneath};
use super::file_system::is_local_file_system;

/// What a scan wants to know of a file.
const WANTED: StatxFlags = StatxFlags::TYPE
    .union(StatxFlags::SIZE)
    .union(StatxFlags::MTIME)
    .union(StatxFlags::INO);

/// A folder that a store is made of.
#[derive(Debug)]
pub(super) struct Root {
    path: PathBuf,
    is_local: bool,
    /// The file system that the folder was on when something was last in it.
    device: AtomicU64,
}

/// Which folder a path names just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FolderId {
    device: u64,
    inode: u64,
}

impl Root {
    /// Takes a folder, which must be readable.
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        // The folder that a relative path means does not change with the working folder.
        let path = std::path::absolute(path)?;
        let folder = open(&path, FOLDER, Mode::empty())?;
        let id = folder_id(&folder)?;
        Ok(Self {
            is_local: is_local_file_system(&path),
            path,
            device: AtomicU64::new(id.device),
        })
    }

    /// Returns where the folder is, as an absolute path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns whether all changes are made by this machine.
    pub(super) fn is_local(&self) -> bool {
        self.is_local
    }

    /// Opens the folder itself.
    ///
    /// # Errors
    /// Why it is away, as a part of a sentence.
    pub(super) fn open_present(&self) -> Result<(OwnedFd, FolderId), String> {
        let cannot = |error: Errno| {
            let path = self.path.display();
            match error {
                Errno::NOENT => format!("folder `{path}` is not there"),
                _ => format!("folder `{path}` cannot be read: {error}"),
            }
        };
        let folder = open(&self.path, FOLDER, Mode::empty()).map_err(cannot)?;
        let id = folder_id(&folder).map_err(cannot)?;
        if id.device != self.device.load(Ordering::Relaxed) {
            if is_empty(&folder).map_err(cannot)? {
                return Err(format!(
                    "folder `{}` is empty and on another file system than before; is its volume not mounted?",
                    self.path.display()
                ));
            }
            self.device.store(id.device, Ordering::Relaxed);
        }
        Ok((folder, id))
    }

    /// Returns why the folder is away, if it is.
    pub(super) fn away(&self) -> Option<String> {
        self.open_present().err()
    }

    /// Opens the file at a path for reading. `None` if there is no plain file that may be read,
    /// or none that the store would list.
    ///
    /// # Errors
    /// What the system says when it could not look.
    pub(super) fn open_file(&self, path: &FilePath) -> io::Result<Option<(File, Fingerprint)>> {
        // Without the flag, the opening of a named pipe would wait for somebody to write into it.
        const READING: OFlags = OFlags::RDONLY
            .union(OFlags::NONBLOCK)
            .union(OFlags::NOCTTY)
            .union(OFlags::CLOEXEC);
        let opened = self.open_folder_path().and_then(|root| {
            match open_beneath(&root, path.as_str(), READING) {
                // Files may be links to anywhere, folders may not.
                Err(Errno::LOOP) => {
                    let folder = open_parent(&root, path)?;
                    openat(&folder, path.file_name(), READING, Mode::empty())
                }
                result => result,
            }
        });
        let file = match opened {
            Ok(file) => File::from(file),
            Err(error) if is_absence(error) => return Ok(None),
            Err(Errno::ACCESS) => {
                tracing::debug!(file.path = %path, "a file may not be read");
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let metadata = file.metadata()?;
        Ok(metadata
            .is_file()
            .then(|| (file, fingerprint_of(&metadata))))
    }

    /// Returns the fingerprint of the file at a path, if there is one.
    ///
    /// # Errors
    /// What the system says when it could not look.
    pub(super) fn fingerprint(&self, path: &FilePath) -> io::Result<Option<Fingerprint>> {
        let found = self
            .open_folder_path()
            .and_then(|root| open_parent(&root, path))
            .and_then(|folder| statx_file(&folder, path.file_name(), AtFlags::empty()));
        match found {
            Ok(status) => Ok(fingerprint_of_statx(&status)),
            Err(error) if is_absence(error) || error == Errno::ACCESS => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens the folder that a path is in.
    pub(super) fn open_folder(&self, path: &FilePath) -> rustix::io::Result<OwnedFd> {
        let root = open(&self.path, FOLDER, Mode::empty())?;
        match path.as_str().rsplit_once('/') {
            None => Ok(root),
            Some((folders, _)) => open_beneath(&root, folders, FOLDER),
        }
    }

    /// Opens the folder that a path is in, and makes it and those above it if they are missing.
    /// What was made is added to `made`, from the outside in.
    pub(super) fn make_folder(
        &self,
        path: &FilePath,
        made: &mut Vec<String>,
    ) -> rustix::io::Result<OwnedFd> {
        let mut folder = open(&self.path, FOLDER, Mode::empty())?;
        let Some((folders, _)) = path.as_str().rsplit_once('/') else {
            return Ok(folder);
        };
        let mut so_far = String::new();
        for part in folders.split('/') {
            if !so_far.is_empty() {
                so_far.push('/');
            }
            so_far.push_str(part);
            match mkdirat(&folder, part, Mode::from_raw_mode(0o755)) {
                Ok(()) => {
                    made.push(so_far.clone());
                    rustix::fs::fsync(&folder)?;
                }
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error),
            }
            folder = openat(&folder, part, FOLDER | OFlags::NOFOLLOW, Mode::empty())?;
        }
        Ok(folder)
    }

    fn open_folder_path(&self) -> rustix::io::Result<OwnedFd> {
        open(&self.path, FOLDER | OFlags::PATH, Mode::empty())
    }
}

/// Returns the fingerprint of an open file.
pub(super) fn fingerprint_of(metadata: &std::fs::Metadata) -> Fingerprint {
    Fingerprint::File {
        size_bytes: metadata.size(),
        modified_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
        inode: metadata.ino(),
    }
}

/// Asks for what a fingerprint needs.
pub(super) fn statx_file(
    folder: impl AsFd,
    name: impl rustix::path::Arg,
    flags: AtFlags,
) -> rustix::io::Result<Statx> {
    statx(folder, name, flags, WANTED)
}

/// Returns the fingerprint of a plain file, or `None` for anything else.
pub(super) fn fingerprint_of_statx(status: &Statx) -> Option<Fingerprint> {
    file_type(status).is_file().then(|| Fingerprint::File {
        size_bytes: status.stx_size,
        modified_ns: nanoseconds(status.stx_mtime.tv_sec, status.stx_mtime.tv_nsec.into()),
        inode: status.stx_ino,
    })
}

/// Returns what kind of thing was asked about.
pub(super) fn file_type(status: &Statx) -> FileType {
    FileType::from_raw_mode(status.stx_mode.into())
}

/// Returns whether an error means that there is no file of the wanted name.
pub(super) fn is_absence(error: Errno) -> bool {
    matches!(
        error,
        Errno::NOENT
            | Errno::NOTDIR
            | Errno::LOOP
            | Errno::NXIO
            | Errno::NODEV
            | Errno::NAMETOOLONG
            | Errno::XDEV
    )
}

fn nanoseconds(seconds: i64, rest: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(rest)
}

fn folder_id(folder: &OwnedFd) -> rustix::io::Result<FolderId> {
    let status = statx(folder, "", AtFlags::EMPTY_PATH, StatxFlags::INO)?;
    Ok(FolderId {
        device: u64::from(status.stx_dev_major) << 32 | u64::from(status.stx_dev_minor),
        inode: status.stx_ino,
    })
}

fn is_empty(folder: &OwnedFd) -> rustix::io::Result<bool> {
    for entry in Dir::read_from(folder)? {
        if !matches!(entry?.file_name().to_bytes(), b"." | b"..") {
            return Ok(false);
        }
    }
    Ok(true)
}

fn open_parent(root: &OwnedFd, path: &FilePath) -> rustix::io::Result<OwnedFd> {
    match path.as_str().rsplit_once('/') {
        None => rustix::io::fcntl_dupfd_cloexec(root, 0),
        Some((folders, _)) => open_beneath(root, folders, FOLDER | OFlags::PATH),
    }
}
