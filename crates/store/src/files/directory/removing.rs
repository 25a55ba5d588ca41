//! Removing a file for good.

use rustix::fs::{AtFlags, fsync, unlinkat};
use rustix::io::Errno;
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::PlaceError;

use super::Shared;
use super::failure::place_error;
use super::root::{Root, file_type, is_absence, statx_file};

/// Removes the file at a path from every root, so that none comes to light that another one hid.
/// Blocks.
pub(super) fn remove(shared: &Shared, path: &FilePath) -> Result<(), PlaceError> {
    if let Some(reason) = shared.roots.iter().find_map(Root::away) {
        return Err(PlaceError::ReadOnly(reason));
    }
    // The last first: if one of them cannot be removed, the path means what it meant before.
    for (number, root) in shared.roots.iter().enumerate().rev() {
        match remove_from(root, path) {
            Ok(()) => shared.ledger().forget(&(number, path.clone())),
            Err(error) if is_absence(error) => {}
            Err(error) => {
                let place = root.path().join(path.as_str());
                let folder = place.parent().unwrap_or(root.path());
                return Err(place_error("remove a file", folder, error));
            }
        }
    }
    Ok(())
}

fn remove_from(root: &Root, path: &FilePath) -> Result<(), Errno> {
    let folder = root.open_folder(path)?;
    let status = statx_file(&folder, path.file_name(), AtFlags::SYMLINK_NOFOLLOW)?;
    if file_type(&status).is_dir() {
        return Ok(());
    }
    unlinkat(&folder, path.file_name(), AtFlags::empty())?;
    fsync(&folder)
}
