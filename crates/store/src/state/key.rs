//! The key that tokens are made with: a file of its own, so that who reads the catalog cannot make
//! tokens.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

const BYTES: usize = 32;

/// Reads the key in a state folder, or makes one with `fill` and writes it down durably.
///
/// # Errors
/// If it cannot be read or written, or is damaged: it is not replaced then, because tokens that
/// were narrowed would be worth nothing.
pub(super) fn read_or_make(
    folder: &Path,
    fill: impl FnOnce(&mut [u8; BYTES]) -> io::Result<()>,
) -> io::Result<[u8; BYTES]> {
    let path = folder.join("token-key");
    let mut key = [0; BYTES];
    match fs::read(&path) {
        Ok(bytes) if bytes.len() == BYTES => {
            key.copy_from_slice(&bytes);
            return Ok(key);
        }
        Ok(_) => {
            let reason = format!(
                "`{}` is damaged: it is not {BYTES} bytes long",
                path.display()
            );
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    fill(&mut key)?;
    let new = folder.join("token-key.new");
    // Whoever holds the folder's lock is the only one here.
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(&key)?;
    file.sync_all()?;
    fs::rename(&new, &path)?;
    fs::File::open(folder)?.sync_all()?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_readable_by_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let made = read_or_make(folder.path(), |key| {
            key.fill(7);
            Ok(())
        });
        assert_eq!(made.unwrap(), [7; BYTES]);
        let again = read_or_make(folder.path(), |_| panic!("there is one"));
        assert_eq!(again.unwrap(), [7; BYTES]);
        let path = folder.path().join("token-key");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(&path, b"short").unwrap();
        assert!(read_or_make(folder.path(), |_| panic!("it is not replaced")).is_err());
    }
}
