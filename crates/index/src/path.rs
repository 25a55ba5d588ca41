//! The path of a file within its index: unique there, and the same in every store.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// What the name of a provenance has after that of its file.
const PROVENANCE: &str = ".provenance";

/// The path of a file within its index, such as `team/demo-1.0.tar.gz`.
///
/// What the file is under its root, for a file found in a directory; the bare file name, for an
/// upload. URLs are made from it. Parts are joined by `/`; none is empty or begins with a dot,
/// so that a path can name no hidden file and cannot leave its root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilePath(Arc<str>);

impl FilePath {
    /// Longest path, in bytes, as Linux has it.
    pub const MAX_BYTES: usize = 4095;

    /// Returns the path as text, not percent-encoded.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the last part: the file's name.
    pub fn file_name(&self) -> &str {
        self.0
            .rsplit('/')
            .next()
            .expect("splitting gives at least one part")
    }

    /// Returns whether this is the path of what stands beside a file and has no record of its own:
    /// a provenance.
    pub fn is_beside(&self) -> bool {
        self.0.ends_with(PROVENANCE)
    }

    /// Returns the path of the provenance that stands beside this file.
    ///
    /// # Errors
    /// [`FilePathError::TooLong`] if it would be.
    pub fn provenance(&self) -> Result<Self, FilePathError> {
        format!("{self}{PROVENANCE}").parse()
    }

    /// Returns the path of another file name in the same folder.
    ///
    /// # Errors
    /// As for parsing.
    pub fn with_file_name(&self, file_name: &str) -> Result<Self, FilePathError> {
        match self.0.rsplit_once('/') {
            Some((folder, _)) => format!("{folder}/{file_name}").parse(),
            None => file_name.parse(),
        }
    }
}

impl FromStr for FilePath {
    type Err = FilePathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > Self::MAX_BYTES {
            return Err(FilePathError::TooLong);
        }
        if text.contains('\0') {
            return Err(FilePathError::Nul);
        }
        if text
            .split('/')
            .any(|part| part.is_empty() || part.starts_with('.'))
        {
            return Err(FilePathError::Part);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is not the path of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FilePathError {
    /// Longer than [`FilePath::MAX_BYTES`].
    #[error("path is longer than {} bytes", FilePath::MAX_BYTES)]
    TooLong,
    /// Holds a NUL character.
    #[error("path holds a NUL character")]
    Nul,
    /// A part between slashes is empty or begins with a dot.
    #[error("a part of the path is empty or begins with a dot")]
    Part,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_in_its_root_and_names_nothing_hidden() {
        for text in [
            "", "/a", "a/", "a//b", "..", "a/../b", ".", ".hidden", "a/.b", "a\0b",
        ] {
            assert!(text.parse::<FilePath>().is_err(), "{text:?}");
        }
        let path: FilePath = "team/sp ace-1.0.zip".parse().expect("a path");
        assert_eq!(path.file_name(), "sp ace-1.0.zip");
        assert_eq!(
            path.with_file_name("b-1.zip").map(|p| p.to_string()),
            Ok("team/b-1.zip".to_owned())
        );
    }
}
