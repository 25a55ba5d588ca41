//! A place of backups: a folder, what is in it, and who may write there.
//!
//! ```text
//! backup.json                            the format, the index, the keys that open it
//! lock                                   held by whoever writes, shared by those who read
//! files/sha256/ab/cdef…                  contents by their digests, each once, for all snapshots
//! snapshots/SERIAL-MOMENT.json           a snapshot: written last, so without it there is none
//! snapshots/SERIAL-MOMENT.rows.zst       its rows (`.age` behind it where it is encrypted)
//! snapshots/SERIAL-MOMENT.contents.zst   the digests and sizes of its contents, never encrypted
//! tmp/                                   what is being written
//! ```

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use uuid::Uuid;
use wheelhouse_standards::digest::Sha256Digest;

use super::error::BackupError;
use super::sealing::Recipients;

/// The format that is written. Readers know all formats up to it.
pub const FORMAT: u64 = 1;

/// Largest small file that is read, in bytes.
const MAX_SMALL_BYTES: u64 = 4 * 1024 * 1024;

/// A folder with the backups of one index.
#[derive(Debug)]
pub struct BackupPlace {
    folder: PathBuf,
    about: About,
    recipients: Recipients,
    // Closing the file gives the lock back.
    _lock: Option<File>,
}

/// What `backup.json` says.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct About {
    format: u64,
    index: Uuid,
    #[serde(default)]
    encrypted_for: Vec<String>,
}

/// The format alone, of whatever a newer program has written.
#[derive(Deserialize)]
struct FormatAlone {
    format: u64,
}

impl BackupPlace {
    /// Opens a folder for the backups of an index, or begins it, and keeps others out of it.
    /// What an earlier backup that was cut short had not finished is removed.
    ///
    /// # Errors
    /// [`BackupError`] if it is not a place for backups of this index with these keys.
    pub fn begin(folder: &Path, index: Uuid, recipients: &Recipients) -> Result<Self, BackupError> {
        let mut make = DirBuilder::new();
        make.recursive(true).mode(0o700);
        let failed = |error| BackupError::io("make the folder", folder, error);
        make.create(folder).map_err(failed)?;
        if read_about(folder)?.is_none() && !is_empty(folder)? {
            return Err(BackupError::OtherFolder(folder.to_owned()));
        }
        let lock = lock(folder)?;
        let about = match read_about(folder)? {
            Some(about) => about,
            None => About {
                format: FORMAT,
                index,
                encrypted_for: recipients.names(),
            },
        };
        if about.index != index {
            return Err(BackupError::AnotherIndex {
                place: folder.to_owned(),
                theirs: about.index,
                ours: index,
            });
        }
        if !recipients.is_empty() && recipients.names() != about.encrypted_for {
            let theirs = match &*about.encrypted_for {
                [] => "nobody (they can be read by all who see them)".to_owned(),
                keys => keys.join(", "),
            };
            let place = folder.to_owned();
            return Err(BackupError::OtherKeys { place, theirs });
        }
        let recipients = Recipients::parse(about.encrypted_for.iter().map(String::as_str))?;
        let place = Self {
            folder: folder.to_owned(),
            about,
            recipients,
            _lock: Some(lock),
        };
        if !folder.join("backup.json").exists() {
            write_about(folder, &place.about)?;
        }
        for part in ["tmp", "snapshots", "files", "files/sha256"] {
            let path = folder.join(part);
            make.create(&path)
                .map_err(|error| BackupError::io("make the folder", &path, error))?;
        }
        place.sweep()?;
        Ok(place)
    }

    /// Opens a folder with backups for reading, and keeps others from removing any meanwhile.
    ///
    /// # Errors
    /// [`BackupError`] if there are none that this program can read.
    pub fn open(folder: &Path) -> Result<Self, BackupError> {
        let about = read_about(folder)?;
        let about = about.ok_or_else(|| BackupError::NoBackup(folder.to_owned()))?;
        let recipients = Recipients::parse(about.encrypted_for.iter().map(String::as_str))?;
        Ok(Self {
            folder: folder.to_owned(),
            about,
            recipients,
            _lock: lock_shared(folder)?,
        })
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the index whose backups these are.
    pub fn index(&self) -> Uuid {
        self.about.index
    }

    /// Returns whether what is written is encrypted.
    pub fn is_encrypted(&self) -> bool {
        !self.recipients.is_empty()
    }

    /// Returns for whom what is written is encrypted.
    pub(super) fn recipients(&self) -> &Recipients {
        &self.recipients
    }

    pub(super) fn snapshots(&self) -> PathBuf {
        self.folder.join("snapshots")
    }

    pub(super) fn contents(&self) -> PathBuf {
        self.folder.join("files/sha256")
    }

    /// Returns where the content with a digest is.
    pub(super) fn content(&self, sha256: &Sha256Digest) -> PathBuf {
        let digits = sha256.to_string();
        let (first, rest) = digits.split_at(2);
        self.contents().join(first).join(rest)
    }

    /// Returns whether a content is there, as far as its size tells: that of an encrypted one does
    /// not.
    pub(super) fn has(&self, sha256: &Sha256Digest, size_bytes: u64) -> bool {
        let found = fs::metadata(self.content(sha256));
        found.is_ok_and(|found| {
            found.is_file() && (self.is_encrypted() || found.len() == size_bytes)
        })
    }

    /// Begins a file that has no name yet that counts.
    pub(super) fn new_file(&self) -> Result<NamedTempFile, BackupError> {
        let tmp = self.folder.join("tmp");
        NamedTempFile::new_in(&tmp).map_err(|error| BackupError::io("write in", &tmp, error))
    }

    /// Begins a file that nobody else sees and that is gone when it is closed.
    pub(super) fn hidden_file(&self) -> Result<File, BackupError> {
        let tmp = self.folder.join("tmp");
        tempfile::tempfile_in(&tmp).map_err(|error| BackupError::io("write in", &tmp, error))
    }

    /// Gives a content its name, once its bytes are safe.
    pub(super) fn keep_content(
        &self,
        file: NamedTempFile,
        sha256: &Sha256Digest,
    ) -> Result<(), BackupError> {
        let path = self.content(sha256);
        let folder = path.parent().unwrap_or(&self.folder);
        match DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(BackupError::io("make the folder", folder, error));
            }
            _ => {}
        }
        keep(file, &path)
    }

    /// Makes the names of all contents safe, also of those that an earlier backup had copied that
    /// was cut short.
    pub(super) fn sync_contents(&self) -> Result<(), BackupError> {
        let all = self.contents();
        for entry in read_folder(&all)? {
            sync(&entry)?;
        }
        sync(&all)?;
        sync(&self.folder.join("files"))?;
        sync(&self.folder)
    }

    fn sweep(&self) -> Result<(), BackupError> {
        for path in read_folder(&self.folder.join("tmp"))? {
            fs::remove_file(&path).map_err(|error| BackupError::io("remove", &path, error))?;
        }
        Ok(())
    }
}

/// Gives a file its name, once its bytes are safe. The name is when its folder is synced.
pub(super) fn keep(file: NamedTempFile, path: &Path) -> Result<(), BackupError> {
    let failed = |error| BackupError::io("write", path, error);
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Makes the names in a folder safe.
pub(super) fn sync(folder: &Path) -> Result<(), BackupError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| BackupError::io("sync", folder, error))
}

/// Returns what is in a folder.
pub(super) fn read_folder(folder: &Path) -> Result<Vec<PathBuf>, BackupError> {
    let failed = |error| BackupError::io("read the folder", folder, error);
    let entries = fs::read_dir(folder).map_err(failed)?;
    entries
        .map(|entry| entry.map(|entry| entry.path()).map_err(failed))
        .collect()
}

/// Reads a small file, if it is there.
pub(super) fn read_small(path: &Path) -> Result<Option<Vec<u8>>, BackupError> {
    let failed = |error| BackupError::io("read", path, error);
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        found => {
            if found.map_err(failed)?.len() > MAX_SMALL_BYTES {
                return Err(BackupError::damaged(path, &"it is far too large"));
            }
        }
    }
    fs::read(path).map(Some).map_err(failed)
}

/// Refuses what only a newer program writes.
pub(super) fn check_format(path: &Path, json: &[u8]) -> Result<(), BackupError> {
    let found: FormatAlone =
        serde_json::from_slice(json).map_err(|error| BackupError::damaged(path, &error))?;
    if found.format == FORMAT {
        return Ok(());
    }
    Err(BackupError::Newer {
        path: path.to_owned(),
        format: found.format,
        known: FORMAT,
    })
}

fn read_about(folder: &Path) -> Result<Option<About>, BackupError> {
    let path = folder.join("backup.json");
    let Some(bytes) = read_small(&path)? else {
        return Ok(None);
    };
    check_format(&path, &bytes)?;
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| BackupError::damaged(&path, &error))
}

fn write_about(folder: &Path, about: &About) -> Result<(), BackupError> {
    let path = folder.join("backup.json");
    let failed = |error| BackupError::io("write", &path, error);
    let mut file = NamedTempFile::new_in(folder).map_err(failed)?;
    let text = serde_json::to_string_pretty(about).expect("texts and numbers are JSON");
    writeln!(file, "{text}").map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(&path).map_err(|error| failed(error.error))?;
    sync(folder)
}

/// Whether nothing is in a folder but what an earlier beginning may have left.
fn is_empty(folder: &Path) -> Result<bool, BackupError> {
    let names = read_folder(folder)?;
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name == "lock" || name == "lost+found" || name.starts_with(".tmp")
    };
    Ok(names.iter().all(is_ours))
}

fn lock(folder: &Path) -> Result<File, BackupError> {
    let path = folder.join("lock");
    let failed = |error| BackupError::io("lock", &path, error);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(BackupError::InUse(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// On a medium that cannot be written nobody removes anything.
fn lock_shared(folder: &Path) -> Result<Option<File>, BackupError> {
    let Ok(file) = File::open(folder.join("lock")) else {
        return Ok(None);
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(BackupError::InUse(folder.to_owned())),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}
