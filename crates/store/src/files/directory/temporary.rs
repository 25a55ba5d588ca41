//! Temporary files of our own: where they are, what they are called, and how those that a crash
//! left are told from those in use.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::OFlags;
use uuid::Uuid;

/// What a file in `.wheelhouse/incoming/` is called, before its number.
const INCOMING_PREFIX: &str = "upload-";
/// What a temporary file beside package files is called, before its number.
const BESIDE_PREFIX: &str = ".wheelhouse-upload-";
/// What an empty file is called that is made to find out whether one can be made.
pub(super) const PROBE_PREFIX: &str = ".wheelhouse-probe-";
/// How long a file must have been left alone to count as left over where locks do not work.
const LEFT_OVER_AFTER: Duration = Duration::from_hours(24);

/// A file with a name of ours. Dropping it removes it.
#[derive(Debug)]
pub(super) struct Temporary {
    path: PathBuf,
    is_armed: bool,
}

impl Temporary {
    /// Makes a file on the file system of the folder `root`: in its `.wheelhouse/incoming/` if
    /// that can be had, else as a hidden file in `root` itself.
    pub(super) fn make(root: &Path) -> io::Result<(Self, File)> {
        if let Ok(incoming) = make_incoming(root)
            && let Ok(made) = Self::make_in(&incoming, INCOMING_PREFIX)
        {
            return Ok(made);
        }
        Self::make_beside(root)
    }

    /// Makes a hidden file in a folder.
    pub(super) fn make_beside(folder: &Path) -> io::Result<(Self, File)> {
        Self::make_in(folder, BESIDE_PREFIX)
    }

    fn make_in(folder: &Path, prefix: &str) -> io::Result<(Self, File)> {
        let path = folder.join(format!("{prefix}{}", Uuid::new_v4()));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o644)
            .open(&path)?;
        hold(&file);
        Ok((Self::at(path), file))
    }

    /// Takes over a name that something was moved to.
    pub(super) fn at(path: PathBuf) -> Self {
        Self {
            path,
            is_armed: true,
        }
    }

    /// Returns a free name beside this one.
    pub(super) fn other_name(&self) -> PathBuf {
        let name = self.path.file_name().unwrap_or_default();
        let prefix = if name.as_encoded_bytes().starts_with(b".") {
            BESIDE_PREFIX
        } else {
            INCOMING_PREFIX
        };
        self.path
            .with_file_name(format!("{prefix}{}", Uuid::new_v4()))
    }

    /// Returns the file's path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes note that the name is gone, because what had it was moved away.
    pub(super) fn moved_away(mut self) {
        self.is_armed = false;
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.is_armed {
            return;
        }
        let doomed = Doomed(std::mem::take(&mut self.path));
        // To remove a large file takes a while. A job that never runs is dropped, and that
        // removes the file as well.
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(move || drop(doomed))),
            Err(_) => drop(doomed),
        }
    }
}

struct Doomed(PathBuf);

impl Drop for Doomed {
    fn drop(&mut self) {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                let file = self.0.display();
                tracing::warn!("cannot remove the temporary file `{file}`: {error}");
            }
            _ => {}
        }
    }
}

/// Marks a file as in use until it is closed, so that another process does not sweep it away.
pub(super) fn hold(file: &File) {
    // Where locks do not work, the sweeper goes by age.
    let _ = file.try_lock();
}

fn make_incoming(root: &Path) -> io::Result<PathBuf> {
    let state = root.join(".wheelhouse");
    let incoming = state.join("incoming");
    for folder in [&state, &incoming] {
        match DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    // Files must be renamed from here into the root.
    if fs::metadata(&incoming)?.dev() != fs::metadata(root)?.dev() {
        return Err(io::ErrorKind::CrossesDevices.into());
    }
    Ok(incoming)
}

/// Removes what a crash left of our temporary files in `root`, and nothing else.
pub(super) fn sweep(root: &Path) {
    sweep_folder(&root.join(".wheelhouse/incoming"), &[INCOMING_PREFIX]);
    sweep_folder(root, &[BESIDE_PREFIX, PROBE_PREFIX]);
}

fn sweep_folder(folder: &Path, prefixes: &[&str]) {
    // A folder that is not there or cannot be read has nothing for us.
    for entry in folder.read_dir().into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_ours = name
            .to_str()
            .is_some_and(|name| prefixes.iter().any(|prefix| is_name(name, prefix)));
        if is_ours && is_left_over(&entry.path()) {
            tracing::info!(
                "removing `{}`, left over by a crash",
                entry.path().display()
            );
            drop(Doomed(entry.path()));
        }
    }
}

fn is_name(name: &str, prefix: &str) -> bool {
    let Some(number) = name.strip_prefix(prefix) else {
        return false;
    };
    match prefix {
        // Made by a library, with a few random letters.
        PROBE_PREFIX => number.len() == 6 && number.bytes().all(|b| b.is_ascii_alphanumeric()),
        _ => number.len() == 36 && Uuid::try_parse(number).is_ok(),
    }
}

fn is_left_over(path: &Path) -> bool {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let Ok(file) = OpenOptions::new().read(true).custom_flags(flags).open(path) else {
        return is_older(path);
    };
    match file.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(_)) => is_older(path),
    }
}

fn is_older(path: &Path) -> bool {
    let changed = path.symlink_metadata().ok().and_then(|metadata| {
        let seconds = u64::try_from(metadata.ctime()).ok()?;
        UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
    });
    changed.is_some_and(|changed| {
        SystemTime::now()
            .duration_since(changed)
            .is_ok_and(|age| age > LEFT_OVER_AFTER)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_our_own_that_nobody_uses_are_swept() {
        let root = tempfile::tempdir().unwrap();
        let (in_use, _file) = Temporary::make(root.path()).unwrap();
        let (left, file) = Temporary::make(root.path()).unwrap();
        drop(file);
        let (beside, file) = Temporary::make_beside(root.path()).unwrap();
        drop(file);
        let incoming = root.path().join(".wheelhouse/incoming");
        let foreign = [
            incoming.join("upload-demo-1.0.zip"),
            incoming.join("notes"),
            root.path().join(".wheelhouse-upload-1.0.tar.gz"),
            root.path()
                .join("upload-00000000-0000-4000-8000-000000000000"),
        ];
        for file in &foreign {
            fs::write(file, "kept").unwrap();
        }
        sweep(root.path());
        assert!(in_use.path().exists());
        assert!(!left.path().exists());
        assert!(!beside.path().exists());
        for file in &foreign {
            assert!(file.exists(), "{}", file.display());
        }
    }

    #[test]
    fn the_folder_for_uploads_is_private_and_a_file_in_its_place_is_no_hindrance() {
        let root = tempfile::tempdir().unwrap();
        let (temporary, _file) = Temporary::make(root.path()).unwrap();
        let folder = temporary.path().parent().unwrap();
        assert_eq!(folder.metadata().unwrap().mode() & 0o777, 0o700);

        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join(".wheelhouse"), "a file").unwrap();
        let (temporary, _file) = Temporary::make(root.path()).unwrap();
        assert_eq!(temporary.path().parent(), Some(root.path()));
    }
}
