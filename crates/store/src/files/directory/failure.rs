//! What the system's errors mean for somebody who stores a file.

use std::io;
use std::path::Path;

use wheelhouse_index::ports::{PlaceError, StoreError};

use super::file_system::unwritable;

/// How this backend calls itself in errors.
pub(super) const BACKEND: &str = "directory";

/// Says what a failure to write in `folder` means.
pub(super) fn place_error(
    operation: &'static str,
    folder: &Path,
    error: impl Into<io::Error>,
) -> PlaceError {
    let error = error.into();
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            PlaceError::Full
        }
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            PlaceError::ReadOnly(unwritable(folder, &error))
        }
        _ => store_error(operation, folder, &error).into(),
    }
}

/// Makes the error of an operation on `place`.
pub(super) fn store_error(operation: &'static str, place: &Path, error: &io::Error) -> StoreError {
    StoreError::new(BACKEND, operation, format!("{}: {error}", place.display()))
}

#[cfg(test)]
mod tests {
    use rustix::io::Errno;

    use super::*;

    #[test]
    fn each_error_of_the_system_becomes_what_a_caller_can_act_on() {
        let folder = Path::new("/srv/packages");
        let of = |errno: Errno| place_error("write a file", folder, errno);
        for errno in [Errno::NOSPC, Errno::DQUOT, Errno::FBIG] {
            assert!(matches!(of(errno), PlaceError::Full), "{errno}");
        }
        for errno in [Errno::ROFS, Errno::ACCESS, Errno::PERM] {
            let PlaceError::ReadOnly(reason) = of(errno) else {
                panic!("{errno} is a matter of rights");
            };
            assert!(reason.contains("`/srv/packages`"), "{reason}");
        }
        let PlaceError::Store(error) = of(Errno::IO) else {
            panic!("a failing disk is no matter of rights");
        };
        assert!(error.to_string().contains("/srv/packages"), "{error}");
    }
}
