//! Opening what is beneath a folder without ever leaving it: no folder on the way is a symbolic
//! link.

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::{Errno, Result};

/// How an open folder is asked for.
pub(super) const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);

/// Opens `path`, which is relative and has no part `..`, beneath `folder`.
///
/// # Errors
/// `ELOOP` or `ENOTDIR` if a part of the path is a symbolic link, the last one included; and
/// what the system says.
pub(super) fn open_beneath(folder: impl AsFd, path: &str, flags: OFlags) -> Result<OwnedFd> {
    const STAY: ResolveFlags = ResolveFlags::BENEATH
        .union(ResolveFlags::NO_SYMLINKS)
        .union(ResolveFlags::NO_MAGICLINKS);
    // The kernel gives up with `EAGAIN` when something on the way is renamed meanwhile.
    for _ in 0..8 {
        match openat2(&folder, path, flags, Mode::empty(), STAY) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            // Old kernels do not have the call, and some sandboxes forbid what they do not know.
            Err(Errno::NOSYS | Errno::PERM) => break,
            result => return result,
        }
    }
    open_by_parts(folder, path, flags)
}

fn open_by_parts(folder: impl AsFd, path: &str, flags: OFlags) -> Result<OwnedFd> {
    let Some((folders, name)) = path.rsplit_once('/') else {
        return openat(folder, path, flags | OFlags::NOFOLLOW, Mode::empty());
    };
    let mut inner: Option<OwnedFd> = None;
    for part in folders.split('/') {
        let outer = inner.as_ref().map_or(folder.as_fd(), AsFd::as_fd);
        inner = Some(openat(
            outer,
            part,
            FOLDER | OFlags::NOFOLLOW,
            Mode::empty(),
        )?);
    }
    let outer = inner.as_ref().map_or(folder.as_fd(), AsFd::as_fd);
    openat(outer, name, flags | OFlags::NOFOLLOW, Mode::empty())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::os::unix::fs::symlink;

    use super::*;

    type Open = fn(&File, &str) -> Result<OwnedFd>;

    #[test]
    fn a_path_through_a_link_is_refused_with_and_without_help_of_the_kernel() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "s").unwrap();
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("a/b")).unwrap();
        fs::write(root.path().join("a/b/file"), "f").unwrap();
        symlink(outside.path(), root.path().join("link")).unwrap();
        symlink("a/b/file", root.path().join("file_link")).unwrap();
        symlink("a", root.path().join("inner_link")).unwrap();
        let folder = File::open(root.path()).unwrap();
        let with_help: Open = |folder, path| open_beneath(folder, path, OFlags::RDONLY);
        let without: Open = |folder, path| open_by_parts(folder, path, OFlags::RDONLY);
        for open in [with_help, without] {
            assert!(open(&folder, "a/b/file").is_ok());
            for path in ["link/secret", "file_link", "inner_link/b/file"] {
                let error = open(&folder, path).unwrap_err();
                assert!(
                    matches!(error, Errno::LOOP | Errno::NOTDIR),
                    "{path}: {error}"
                );
            }
            assert_eq!(open(&folder, "a/none").unwrap_err(), Errno::NOENT);
        }
    }
}
