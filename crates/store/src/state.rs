//! Where the server keeps its state: what it learned about the files, the journal, the mark of
//! serials. The choice is a pure decision over what a look at the folders shows.

mod key;
mod lock;
mod probe;
mod socket;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use wheelhouse_standards::digest::Digester;

pub use lock::StateLock;
pub use socket::{SocketPath, bind_socket, socket_path};

/// A disk with fewer free blocks counts as full: a catalog needs some to be opened.
const FULL_BLOCKS: u64 = 32;

/// What somebody has said about where state may be kept. The values of variables are handed in,
/// because only the program reads its surroundings.
#[derive(Debug, Clone, Default)]
pub struct StateWishes {
    /// The folder that was asked for: `--state-dir`.
    pub folder: Option<PathBuf>,
    /// The folders of packages, absolute, in their order.
    pub roots: Vec<PathBuf>,
    /// The place of the objects, where there are no folders.
    pub objects: Option<String>,
    /// `$STATE_DIRECTORY`: one folder or, as the service manager writes it, several with `:`
    /// between them. The first one counts.
    pub state_directory: Option<OsString>,
    /// `$XDG_STATE_HOME`. One that is not absolute does not count, as its standard says.
    pub state_home: Option<PathBuf>,
    /// The user's home folder.
    pub home: Option<PathBuf>,
}

/// Where state is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateFolder {
    /// In a folder, which is there and can be written.
    Folder {
        /// The folder.
        path: PathBuf,
        /// Where that is, and what it costs: one sentence for people.
        note: String,
    },
    /// In memory, until the program ends.
    Memory {
        /// Why, and what it costs: one sentence for people.
        note: String,
    },
}

impl StateFolder {
    /// Chooses the folder, and makes it with mode 0700 if it is not there: the one that was asked
    /// for; else `.wheelhouse/` in the first root, if that can be written and is on a local file
    /// system; else one named after the roots in `$STATE_DIRECTORY` or the user's state folder;
    /// else memory.
    ///
    /// # Errors
    /// [`StateError::Unusable`] if a folder was asked for and cannot be used.
    pub fn choose(wishes: &StateWishes) -> Result<Self, StateError> {
        choose(wishes, probe::probe)
    }

    /// Returns the folder, or `None` if state is kept in memory.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Folder { path, .. } => Some(path),
            Self::Memory { .. } => None,
        }
    }

    /// Returns a sentence for people that says where state is kept, and what that costs.
    pub fn note(&self) -> &str {
        match self {
            Self::Folder { note, .. } | Self::Memory { note } => note,
        }
    }

    /// Returns the file of the catalog.
    pub fn catalog_file(&self) -> Option<PathBuf> {
        Some(self.path()?.join("catalog.sqlite"))
    }

    /// Returns whether the folder is on a disk on which nothing more can be written.
    pub fn is_full(&self) -> bool {
        let found = self.path().and_then(|path| rustix::fs::statvfs(path).ok());
        found.is_some_and(|disk| disk.f_bavail < FULL_BLOCKS || disk.f_favail == 0)
    }

    /// Returns the key that tokens are made with: the one in the folder, which is made with `fill`
    /// if it is not there. In memory it is a new one each time.
    ///
    /// # Errors
    /// If it cannot be read or written.
    pub fn token_key(
        &self,
        fill: impl FnOnce(&mut [u8; 32]) -> std::io::Result<()>,
    ) -> std::io::Result<[u8; 32]> {
        if let Some(folder) = self.path() {
            return key::read_or_make(folder, fill);
        }
        let mut key = [0; 32];
        fill(&mut key)?;
        Ok(key)
    }

    /// Returns the file of the mark that serials never reach.
    pub fn serial_mark_file(&self) -> Option<PathBuf> {
        Some(self.path()?.join("serial"))
    }
}

/// State cannot be kept where it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The folder cannot be used.
    #[error("the state folder `{}` cannot be used: {reason}", path.display())]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Another server uses it.
    #[error(
        "the state folder `{}` is in use by another server{}; stop that one, or give this one a folder of its own with `--state-dir`",
        path.display(),
        process.map_or_else(String::new, |id| format!(" (process {id})"))
    )]
    InUse {
        /// The folder.
        path: PathBuf,
        /// The other server's process, if it said so.
        process: Option<u32>,
    },
}

/// What a look at a folder shows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fitness {
    /// It is there and can be written.
    Fit,
    /// It can be written, but is on a file system of this kind, over a network or a bridge.
    Remote(&'static str),
    /// It cannot be written, for this reason.
    Unfit(String),
}

/// Where a folder is looked for, which says how much of it may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parents {
    /// The folder that it is in must be there.
    MustExist,
    /// All folders above it may be made.
    MayBeMade,
}

fn choose(
    wishes: &StateWishes,
    mut probe: impl FnMut(&Path, Parents) -> Fitness,
) -> Result<StateFolder, StateError> {
    if let Some(path) = wishes.folder.clone() {
        let shown = path.display();
        let note = match probe(&path, Parents::MayBeMade) {
            Fitness::Unfit(reason) => return Err(StateError::Unusable { path, reason }),
            Fitness::Fit => format!("state is kept in `{shown}`"),
            Fitness::Remote(kind) => format!(
                "state is kept in `{shown}`, which is on a file system of type {kind}: no other \
                 machine may use this folder, and a database there is slow and less safe"
            ),
        };
        return Ok(StateFolder::Folder { path, note });
    }
    let mut reasons = String::new();
    for (place, path, parents) in candidates(wishes) {
        let reason = match probe(&path, parents) {
            Fitness::Fit => return Ok(found(place, path, &reasons)),
            Fitness::Remote(kind) => format!("is on a file system of type {kind}"),
            Fitness::Unfit(reason) => format!("cannot be used ({reason})"),
        };
        let and = if reasons.is_empty() { "" } else { ", and " };
        // Writing to a string does not fail.
        let _ = write!(reasons, "{and}`{}` {reason}", path.display());
    }
    if reasons.is_empty() {
        reasons.push_str("no folder is known for it");
    }
    Ok(StateFolder::Memory {
        note: format!(
            "state is kept in memory, because {reasons}: after each start every file is read \
             anew and the journal begins again; `--state-dir` names a folder for it"
        ),
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    InRoot,
    Elsewhere,
}

fn found(place: Place, path: PathBuf, reasons: &str) -> StateFolder {
    let shown = path.display();
    let note = match place {
        Place::InRoot => format!("state is kept in `{shown}`"),
        Place::Elsewhere if reasons.is_empty() => format!("state is kept in `{shown}`"),
        Place::Elsewhere => format!(
            "state is kept in `{shown}`, because {reasons}: it does not move with the packages, \
             and another machine or user that serves them begins with none"
        ),
    };
    StateFolder::Folder { path, note }
}

/// The places to look at, best first.
fn candidates(wishes: &StateWishes) -> Vec<(Place, PathBuf, Parents)> {
    let mut candidates = Vec::new();
    if let Some(root) = wishes.roots.first() {
        let folder = root.join(".wheelhouse");
        candidates.push((Place::InRoot, folder, Parents::MustExist));
    }
    let name = match &wishes.objects {
        Some(place) => name_after(&[PathBuf::from(place)]),
        None => name_after(&wishes.roots),
    };
    if let Some(folder) = wishes.state_directory.as_ref().and_then(first_of_list) {
        candidates.push((Place::Elsewhere, folder.join(&name), Parents::MayBeMade));
    }
    let home = wishes.home.as_ref().map(|home| home.join(".local/state"));
    let state_home = wishes.state_home.clone().filter(|path| path.is_absolute());
    if let Some(folder) = state_home.or(home.filter(|path| path.is_absolute())) {
        let folder = folder.join("wheelhouse").join(name);
        candidates.push((Place::Elsewhere, folder, Parents::MayBeMade));
    }
    candidates
}

fn first_of_list(list: &OsString) -> Option<PathBuf> {
    let first = list.as_encoded_bytes().split(|&byte| byte == b':').next()?;
    let first = PathBuf::from(std::str::from_utf8(first).ok()?);
    first.is_absolute().then_some(first)
}

/// A folder's name that tells people which packages it is about, and is another one for other
/// roots.
fn name_after(roots: &[PathBuf]) -> String {
    let mut digester = Digester::new(None);
    for root in roots {
        digester.update(root.as_os_str().as_encoded_bytes());
        digester.update(b"\0");
    }
    let digest = digester.finish().sha256.to_string();
    let last = roots.first().and_then(|root| root.file_name());
    let readable: String = last
        .map(|name| name.to_string_lossy())
        .unwrap_or_default()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .take(40)
        .collect();
    let readable = if readable.is_empty() {
        "packages"
    } else {
        &readable
    };
    format!("{readable}-{}", &digest[..12])
}

#[cfg(test)]
mod tests;
