//! Where deleted files are kept for a while: `.wheelhouse/bin/` of the root that they were in.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, CWD, fsync, renameat, unlinkat};
use rustix::io::Errno;
use wheelhouse_index::identity::Timestamp;
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{OpenFile, PlaceError};
use wheelhouse_standards::digest::Sha256Digest;

use super::Shared;
use super::content::FileContent;
use super::failure::place_error;
use super::moving::move_new;
use super::root::{Root, file_type, fingerprint_of, is_absence, statx_file};

/// Longest name of a file, in bytes, as Linux has it.
const MAX_NAME_BYTES: usize = 255;
/// How many digits of a digest are in a name.
const DIGEST_DIGITS: usize = 16;

/// Moves the file at a path out of every root, so that none comes to light that another one hid.
/// Blocks.
pub(super) fn discard(
    shared: &Shared,
    path: &FilePath,
    sha256: &Sha256Digest,
    at: Timestamp,
) -> Result<(), PlaceError> {
    if let Some(reason) = shared.roots.iter().find_map(Root::away) {
        return Err(PlaceError::ReadOnly(reason));
    }
    let name = name_of(path, sha256, at);
    // The last first: if one of them cannot be moved, the path means what it meant before.
    for (number, root) in shared.roots.iter().enumerate().rev() {
        match discard_from(root, path, &name) {
            Ok(()) => shared.ledger().forget(&(number, path.clone())),
            Err(error) if error.raw_os_error().is_some_and(is_absence_code) => {}
            Err(error) => {
                let place = root.path().join(path.as_str());
                let folder = place.parent().unwrap_or(root.path());
                return Err(place_error("move a deleted file away", folder, error));
            }
        }
    }
    Ok(())
}

fn is_absence_code(code: i32) -> bool {
    let error = Errno::from_raw_os_error(code);
    error != Errno::XDEV && is_absence(error)
}

fn discard_from(root: &Root, path: &FilePath, name: &str) -> io::Result<()> {
    let folder = root.open_folder(path)?;
    let status = statx_file(&folder, path.file_name(), AtFlags::SYMLINK_NOFOLLOW)?;
    if file_type(&status).is_dir() {
        return Ok(());
    }
    let bin = make(root)?;
    let place = bin.join(name);
    match renameat(&folder, path.file_name(), CWD, &place) {
        Ok(()) => {}
        Err(Errno::XDEV) => {
            // A volume of its own is mounted between the two.
            fs::copy(root.path().join(path.as_str()), &place)?;
            File::open(&place)?.sync_all()?;
            File::open(&bin)?.sync_all()?;
            unlinkat(&folder, path.file_name(), AtFlags::empty())?;
        }
        Err(error) => return Err(error.into()),
    }
    File::open(&bin)?.sync_all()?;
    fsync(&folder)?;
    Ok(())
}

/// Puts a file back in the root that it was in. Blocks.
pub(super) fn bring_back(
    shared: &Shared,
    path: &FilePath,
    sha256: &Sha256Digest,
) -> Result<bool, PlaceError> {
    if let Some(reason) = shared.roots.iter().find_map(Root::away) {
        return Err(PlaceError::ReadOnly(reason));
    }
    let wanted = ending_of(path, sha256);
    let mut is_back = false;
    for (number, root) in shared.roots.iter().enumerate() {
        let newest = entries(root)
            .filter(|entry| entry.ending == wanted)
            .max_by_key(|entry| entry.at);
        let Some(newest) = newest else { continue };
        let place = root.path().join(path.as_str());
        let parent = place.parent().unwrap_or(root.path());
        let failed = |error: Errno| match error {
            Errno::EXIST => PlaceError::Exists,
            error => place_error("put a deleted file back", parent, error),
        };
        let folder = root.make_folder(path, &mut Vec::new()).map_err(failed)?;
        match move_new(&newest.path, &folder, path.file_name()) {
            Err(Errno::XDEV) => copy_back(&newest.path, &place)
                .map_err(|error| place_error("put a deleted file back", parent, error))?,
            result => result.map_err(failed)?,
        }
        fsync(&folder).map_err(failed)?;
        if let Ok(Some(found)) = root.fingerprint(path) {
            // Nobody is writing it: it need not rest before it is listed.
            shared.ledger().settle(number, path, found);
        }
        is_back = true;
    }
    Ok(is_back)
}

fn copy_back(from: &Path, to: &Path) -> io::Result<()> {
    let modified = fs::metadata(from)?.modified()?;
    let mut copy = File::create_new(to)?;
    io::copy(&mut File::open(from)?, &mut copy)?;
    copy.set_modified(modified)?;
    copy.sync_all()?;
    fs::remove_file(from)
}

/// Opens what is kept of a path and a digest, in the first root that has it. Blocks.
pub(super) fn open(
    shared: &Shared,
    path: &FilePath,
    sha256: &Sha256Digest,
) -> io::Result<Option<OpenFile>> {
    let wanted = ending_of(path, sha256);
    for root in &shared.roots {
        let kept = entries(root).filter(|entry| entry.ending == wanted);
        let Some(newest) = kept.max_by_key(|entry| entry.at) else {
            continue;
        };
        let file = match File::open(&newest.path) {
            Ok(file) => file,
            // It was brought back, or forgotten, since.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let fingerprint = fingerprint_of(&file.metadata()?);
        return Ok(Some(OpenFile {
            fingerprint,
            settled: true,
            content: Arc::new(FileContent::new(file, fingerprint.size_bytes())),
        }));
    }
    Ok(None)
}

/// Removes what was discarded before a moment, and nothing else, and returns how many files that
/// were. Blocks.
pub(super) fn forget(shared: &Shared, before: Timestamp) -> io::Result<usize> {
    let mut count = 0;
    for root in &shared.roots {
        for entry in entries(root) {
            if entry.at < before.seconds() {
                fs::remove_file(&entry.path)?;
                count += 1;
            }
        }
    }
    Ok(count)
}

fn make(root: &Root) -> io::Result<PathBuf> {
    let state = root.path().join(".wheelhouse");
    let bin = state.join("bin");
    for folder in [&state, &bin] {
        match DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            Err(_) => {}
            Ok(()) => {
                if let Some(outer) = folder.parent() {
                    File::open(outer)?.sync_all()?;
                }
            }
        }
    }
    Ok(bin)
}

/// A file that is kept.
struct Entry {
    path: PathBuf,
    /// When it was discarded, in seconds since 1970.
    at: i64,
    ending: String,
}

/// Returns what is kept for a root; what has another name than ours is somebody else's.
fn entries(root: &Root) -> impl Iterator<Item = Entry> + use<> {
    let bin = root.path().join(".wheelhouse/bin");
    // A folder that is not there or cannot be read has nothing for us.
    let found = bin.read_dir().into_iter().flatten().flatten();
    found.filter_map(|entry| {
        let name = entry.file_name();
        let (at, ending) = name.to_str()?.split_once('-')?;
        let digest = ending.get(..DIGEST_DIGITS)?;
        let is_ours = digest.bytes().all(|b| b.is_ascii_hexdigit())
            && ending.as_bytes().get(DIGEST_DIGITS) == Some(&b'-');
        Some(Entry {
            path: entry.path(),
            at: at.parse().ok().filter(|_| is_ours)?,
            ending: ending.to_owned(),
        })
    })
}

fn name_of(path: &FilePath, sha256: &Sha256Digest, at: Timestamp) -> String {
    format!("{}-{}", at.seconds().max(0), ending_of(path, sha256))
}

/// The digest and the name; of a very long name only the end.
fn ending_of(path: &FilePath, sha256: &Sha256Digest) -> String {
    let digest = sha256.to_string();
    let name = path.file_name();
    // Room for the time, the digest and two hyphens.
    let room = MAX_NAME_BYTES - 20 - DIGEST_DIGITS - 2;
    let mut start = name.len().saturating_sub(room);
    while !name.is_char_boundary(start) {
        start += 1;
    }
    let name = OsStr::from_bytes(&name.as_bytes()[start..]).to_string_lossy();
    format!("{}-{name}", &digest[..DIGEST_DIGITS])
}
