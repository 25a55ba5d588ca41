//! Files of settings: read with a limit, written whole beside themselves and renamed.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The largest file that is taken for settings, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// A file as it is.
pub(super) struct Found {
    /// Where it is, behind all links.
    pub(super) path: PathBuf,
    /// Its text, if it is there.
    pub(super) text: Option<String>,
    /// Whether others may read it.
    pub(super) is_open: bool,
}

/// Reads a file.
///
/// # Errors
/// A sentence about why it cannot be used.
pub(super) fn read(path: &Path) -> Result<Found, String> {
    let target = behind_links(path)?;
    let info = match fs::metadata(&target) {
        Ok(info) => info,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Found {
                path: target,
                text: None,
                is_open: false,
            });
        }
        Err(error) => return Err(format!("it cannot be read: {error}")),
    };
    if !info.is_file() {
        return Err("it is no file".to_owned());
    }
    if info.len() > MAX_BYTES {
        return Err("it is too large to be a file of settings".to_owned());
    }
    let text = fs::read(&target).map_err(|error| format!("it cannot be read: {error}"))?;
    let text = String::from_utf8(text).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let lines = error.as_bytes()[..valid].iter().filter(|b| **b == b'\n');
        format!("line {}: it is not UTF-8", lines.count() + 1)
    })?;
    Ok(Found {
        path: target,
        text: Some(text),
        is_open: info.permissions().mode() & 0o077 != 0,
    })
}

/// Returns where a link leads, also if nothing is there yet.
fn behind_links(path: &Path) -> Result<PathBuf, String> {
    let mut path = path.to_owned();
    for _ in 0..20 {
        let Ok(target) = fs::read_link(&path) else {
            return Ok(path);
        };
        path = path.parent().unwrap_or(Path::new("/")).join(target);
    }
    Err("it is a link that leads to itself".to_owned())
}

/// Writes a file whole: all of it is there after a crash, or what was there before. A new one can be
/// read by its owner alone. Returns the folders that were made.
pub(super) fn write(path: &Path, text: &str) -> io::Result<Vec<PathBuf>> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let missing: Vec<PathBuf> = folder
        .ancestors()
        .take_while(|folder| !folder.exists())
        .map(Path::to_owned)
        .collect();
    fs::create_dir_all(folder)?;
    for folder in &missing {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    let mode = match fs::metadata(path) {
        Ok(info) => {
            // Another owner's file stays that owner's, where this user may say so.
            use std::os::unix::fs::MetadataExt;
            let (user, group) = (info.uid(), info.gid());
            let _ = std::os::unix::fs::fchown(file.as_file(), Some(user), Some(group));
            info.permissions().mode() & 0o7777
        }
        Err(_) => 0o600,
    };
    file.write_all(text.as_bytes())?;
    let permissions = fs::Permissions::from_mode(mode);
    file.as_file().set_permissions(permissions)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    fs::File::open(folder)?.sync_all()?;
    Ok(missing)
}

/// Takes a file away, and those folders that are empty without it, the innermost first.
pub(super) fn remove(path: &Path, folders: &[String]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    for folder in folders {
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("there").permissions().mode() & 0o777
    }

    #[test]
    fn new_files_are_their_owners_and_others_stay_as_they_are() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a/b/c.toml");
        let made = write(&path, "x").expect("written");
        assert_eq!(made, [folder.path().join("a/b"), folder.path().join("a")]);
        assert_eq!((mode(&path), mode(&made[0])), (0o600, 0o700));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("changed");
        assert!(write(&path, "y").expect("written").is_empty());
        assert_eq!(mode(&path), 0o644);
        let found = read(&path).expect("read");
        assert_eq!((found.text.as_deref(), found.is_open), (Some("y"), true));
        let folders: Vec<_> = made.iter().map(|made| made.display().to_string()).collect();
        remove(&path, &folders).expect("removed");
        assert!(!folder.path().join("a").exists());
    }

    #[test]
    fn links_are_followed_and_strange_files_are_not_touched() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::os::unix::fs::symlink("real", at("link")).expect("a link");
        let found = read(&at("link")).expect("read");
        assert_eq!((found.path.clone(), found.text), (at("real"), None));
        write(&found.path, "x").expect("written");
        assert_eq!(fs::read_to_string(at("link")).expect("read"), "x");
        std::os::unix::fs::symlink("round", at("round")).expect("a link");
        assert!(read(&at("round")).is_err_and(|why| why.contains("itself")));
        assert!(read(folder.path()).is_err_and(|why| why.contains("no file")));
        fs::write(at("latin"), b"a\nb\xe4\n").expect("written");
        assert!(read(&at("latin")).is_err_and(|why| why.contains("line 2")));
        fs::write(at("large"), vec![b'x'; 2 << 20]).expect("written");
        assert!(read(&at("large")).is_err_and(|why| why.contains("too large")));
    }
}
