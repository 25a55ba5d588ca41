//! The socket in the state folder, for this machine's administrator.

use std::fs::{File, Permissions, set_permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use super::StateLock;

/// The socket's name in the state folder.
const NAME: &str = "socket";
/// Longest path that a socket's address can hold, in bytes.
const MAX_ADDRESS_BYTES: usize = 100;

/// A path by which a folder's socket can be opened, and what keeps the path good.
#[derive(Debug)]
pub struct SocketPath {
    /// The path.
    pub path: PathBuf,
    _folder: Option<File>,
}

/// Returns a path by which the socket of a state folder can be opened, however long the folder's
/// own path is.
///
/// # Errors
/// What the system says if the folder cannot be opened.
pub fn socket_path(folder: &Path) -> io::Result<SocketPath> {
    short(folder, NAME)
}

/// Binds the socket of a state folder, in place of one that a server left behind. Nobody but the
/// folder's owner can connect at any moment.
///
/// # Errors
/// What the system says, such as that the file system has no sockets.
pub fn bind_socket(folder: &Path, _lock: &StateLock) -> io::Result<UnixListener> {
    // Made where nobody else can enter, so that it is shut before it can be seen.
    let private = tempfile::Builder::new()
        .prefix(".socket-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(folder)?;
    let listener = UnixListener::bind(short(private.path(), NAME)?.path)?;
    let made = private.path().join(NAME);
    set_permissions(&made, Permissions::from_mode(0o600))?;
    std::fs::rename(&made, folder.join(NAME))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Names a file in a folder by a path that fits into a socket's address.
fn short(folder: &Path, name: &str) -> io::Result<SocketPath> {
    let path = folder.join(name);
    if path.as_os_str().len() <= MAX_ADDRESS_BYTES {
        return Ok(SocketPath {
            path,
            _folder: None,
        });
    }
    let opened = File::open(folder)?;
    Ok(SocketPath {
        path: PathBuf::from(format!("/proc/self/fd/{}/{name}", opened.as_raw_fd())),
        _folder: Some(opened),
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_socket_is_for_its_owner_alone_and_takes_the_place_of_an_old_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let lock = StateLock::take(folder.path()).expect("a lock");
        for _ in 0..2 {
            let listener = bind_socket(folder.path(), &lock).expect("a socket");
            let found = std::fs::metadata(folder.path().join("socket")).expect("it is there");
            assert_eq!(found.mode() & 0o777, 0o600);
            let path = socket_path(folder.path()).expect("a path");
            let _stream = UnixStream::connect(path.path).expect("somebody listens");
            drop(listener);
        }
        let left = std::fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(left, 2, "the lock and the socket");
    }

    #[test]
    fn a_folder_with_a_long_path_has_a_socket_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let deep = folder.path().join("d".repeat(120)).join("e".repeat(120));
        std::fs::create_dir_all(&deep).expect("folders");
        let lock = StateLock::take(&deep).expect("a lock");
        let _listener = bind_socket(&deep, &lock).expect("a socket");
        let path = socket_path(&deep).expect("a path");
        UnixStream::connect(&path.path).expect("somebody listens");
    }
}
