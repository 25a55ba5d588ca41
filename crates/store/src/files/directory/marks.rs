//! What the files do not show by themselves, written down beside them.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use wheelhouse_index::ports::{MarksFile, MarksPlace, PlaceError, StoreError};

use super::Shared;
use super::failure::{place_error, store_error};
use super::root::Root;
use super::temporary::Temporary;

/// The file's name. pypiserver and our own scan pass over it, because it begins with a dot.
const NAME: &str = ".wheelhouse-marks.json";
/// Its name in the state folder.
const ASIDE_NAME: &str = "marks.json";
/// Largest file that is read, in bytes.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// Reads what was written last. Blocks.
pub(super) fn read(shared: &Shared) -> Result<Option<MarksFile>, StoreError> {
    if let Some(reason) = shared.roots.iter().find_map(Root::away) {
        return Err(StoreError::new(
            super::failure::BACKEND,
            "read what was yanked and deleted",
            reason,
        ));
    }
    // The one in the state folder is removed when the other is written: if it is there, it is
    // the newer one.
    for path in [aside(shared), Some(beside(shared))].into_iter().flatten() {
        let failed =
            |error: io::Error| store_error("read what was yanked and deleted", &path, &error);
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Ok(metadata) if metadata.len() > MAX_BYTES => {
                return Err(failed(io::ErrorKind::FileTooLarge.into()));
            }
            Err(error) => return Err(failed(error)),
            Ok(_) => {}
        }
        return Ok(Some(MarksFile {
            bytes: fs::read(&path).map_err(failed)?.into(),
            place: path.display().to_string(),
        }));
    }
    Ok(None)
}

/// Writes everything anew: whole or not at all, and durably. Blocks.
pub(super) fn write(shared: &Shared, bytes: &Bytes) -> Result<MarksPlace, PlaceError> {
    let root = shared.first();
    if let Some(reason) = root.away() {
        return Err(PlaceError::ReadOnly(reason));
    }
    let refused = match replace(&beside(shared), bytes) {
        Ok(()) => {
            if let Some(aside) = aside(shared) {
                // If it stayed, it would hide the newer one.
                match fs::remove_file(&aside) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(place_error("remove an old file", &aside, error));
                    }
                    _ => {}
                }
            }
            return Ok(MarksPlace::WithFiles);
        }
        Err(error) => place_error("write down what is yanked and deleted", root.path(), error),
    };
    match (refused, aside(shared)) {
        (PlaceError::ReadOnly(_), Some(aside)) => {
            let folder = aside.parent().unwrap_or(root.path()).to_owned();
            replace(&aside, bytes).map_err(|error| {
                place_error("write down what is yanked and deleted", &folder, error)
            })?;
            Ok(MarksPlace::Aside)
        }
        (refused, _) => Err(refused),
    }
}

fn beside(shared: &Shared) -> PathBuf {
    shared.first().path().join(NAME)
}

fn aside(shared: &Shared) -> Option<PathBuf> {
    let folder = shared.options.state_folder.as_ref()?;
    Some(folder.join(ASIDE_NAME))
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let (temporary, mut file) = Temporary::make_beside(folder)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(temporary.path(), path)?;
    temporary.moved_away();
    File::open(folder)?.sync_all()
}
