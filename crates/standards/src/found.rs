//! Package files as they are found in a directory: which names count, and which project and
//! version each belongs to. Laxer than [`filename`](crate::filename), because what is there is
//! there; what a file may be called when it is uploaded by the old way is here too.
//!
//! The rules are those that users of `pypiserver` know, mended where its guess is provably wrong.

use std::fmt;
use std::str::FromStr;

use crate::name::ProjectKey;
use crate::version::VersionText;

mod archive_name;
mod wheel_name;

/// What the name of a found file says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FoundFile {
    /// What the file is.
    pub kind: FileKind,
    /// How the file spells its project's name.
    pub spelled_name: String,
    /// The project that the file belongs to.
    pub key: ProjectKey,
    /// The version, which may be no version by the standard and may be missing (empty).
    pub version: VersionText,
}

impl FoundFile {
    /// Reads a file's base name. Returns `None` for a file that is not a package file: a hidden
    /// one, a path, or one of no known pattern.
    ///
    /// A signature belongs to the project and version of the file that it signs.
    ///
    /// # Examples
    /// ```
    /// use wheelhouse_standards::found::{FileKind, FoundFile};
    ///
    /// let found = FoundFile::of("Friendly_Bard-1.0.tar.gz").expect("an sdist");
    /// assert_eq!(found.kind, FileKind::Sdist);
    /// assert_eq!(found.spelled_name, "Friendly_Bard");
    /// assert_eq!(found.key.as_str(), "friendly-bard");
    /// assert_eq!(found.version.as_str(), "1.0");
    /// assert_eq!(FoundFile::of("notes.txt"), None);
    /// ```
    pub fn of(base_name: &str) -> Option<Self> {
        let is_path = |c| c == '/' || c == '\0';
        if base_name.starts_with('.') || base_name.contains(is_path) {
            return None;
        }
        // What stands beside a package file is none, even where its name has a known pattern.
        if [".metadata", ".provenance"]
            .iter()
            .any(|end| base_name.ends_with(end))
        {
            return None;
        }
        let signed = base_name.strip_suffix(".asc");
        let (guess, kind) = guess(signed.unwrap_or(base_name))?;
        Some(Self {
            kind: if signed.is_some() {
                FileKind::Signature
            } else {
                kind
            },
            key: ProjectKey::of(guess.name)?,
            spelled_name: guess.name.to_owned(),
            version: VersionText::from(guess.version),
        })
    }
}

/// What a found file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// A wheel: `.whl`.
    Wheel,
    /// An sdist: `.tar.gz`, `.tgz`, `.tar.bz2`, `.tar.xz` or `.zip`.
    Sdist,
    /// An egg: `.egg`.
    Egg,
    /// What old tools built for one platform, such as `demo-1.0.win32-py2.7.exe`.
    WindowsInstaller,
    /// A signature of one of the others: `.asc`.
    Signature,
}

/// A name and a version as parts of one file name. The name is not empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Guess<'a> {
    name: &'a str,
    version: &'a str,
}

fn guess(base_name: &str) -> Option<(Guess<'_>, FileKind)> {
    if let Some(stem) = base_name.strip_suffix(".whl") {
        return Some((wheel_name::guess(base_name, stem)?, FileKind::Wheel));
    }
    let (stem, kind) = archive_name::stem_and_kind(base_name)?;
    Some((archive_name::guess(stem)?, kind))
}

/// The name of a file that is uploaded without a look at what is inside: one path segment of plain
/// characters, and recognised as a package file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UploadFilename {
    name: Box<str>,
    found: FoundFile,
}

impl UploadFilename {
    /// Longest accepted file name, in bytes: file systems hold no longer ones.
    pub const MAX_BYTES: usize = 255;

    /// Returns the file name.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// Returns what the name says.
    pub fn found(&self) -> &FoundFile {
        &self.found
    }

    /// Returns what the name says.
    pub fn into_found(self) -> FoundFile {
        self.found
    }
}

impl FromStr for UploadFilename {
    type Err = UploadFilenameError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_.!+-".contains(c);
        let refused = |reason| UploadFilenameError {
            shown: shown(name),
            reason,
        };
        if name.is_empty() {
            Err(refused(UploadFilenameReason::Empty))
        } else if name.len() > Self::MAX_BYTES {
            Err(refused(UploadFilenameReason::TooLong))
        } else if let Some(c) = name.chars().find(|&c| !is_allowed(c)) {
            Err(refused(UploadFilenameReason::Character(c)))
        } else if name.starts_with('.') {
            Err(refused(UploadFilenameReason::Hidden))
        } else if let Some(found) = FoundFile::of(name) {
            Ok(Self {
                name: name.into(),
                found,
            })
        } else {
            Err(refused(UploadFilenameReason::Unrecognised))
        }
    }
}

impl fmt::Display for UploadFilename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// A file may not be uploaded under its name. The text begins with the name, so that it can follow
/// `Bad filename: `.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{shown} ({reason})")]
pub struct UploadFilenameError {
    shown: String,
    /// What is wrong with the name.
    pub reason: UploadFilenameReason,
}

/// Why a file may not be uploaded under its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UploadFilenameReason {
    /// There is no name.
    #[error("the file has no name")]
    Empty,
    /// Longer than [`UploadFilename::MAX_BYTES`].
    #[error("longer than {} bytes", UploadFilename::MAX_BYTES)]
    TooLong,
    /// Holds a character outside the allowed set: this is the first one.
    #[error("contains {0:?}; use ASCII letters, digits, `_`, `.`, `!`, `+`, `-`")]
    Character(char),
    /// Starts with a dot, so that nobody would find it again.
    #[error("starts with a dot")]
    Hidden,
    /// Not a package file.
    #[error(
        "not a package file; expected `NAME-VERSION.tar.gz`, `.zip` or another archive, `NAME-VERSION-PYTHON-ABI-PLATFORM.whl`, or the `.asc` of one"
    )]
    Unrecognised,
}

/// The beginning of a name with nothing in it that could disturb a line of text.
fn shown(name: &str) -> String {
    const MAX_CHARS: usize = 100;
    let mut shown: String = name
        .chars()
        .take(MAX_CHARS)
        .flat_map(char::escape_debug)
        .collect();
    if name.chars().nth(MAX_CHARS).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests;
