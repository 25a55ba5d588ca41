//! Names of projects: what an upload may be called, and what any found file belongs to.

use std::fmt;
use std::str::FromStr;

/// The normalized name of a project that may be uploaded under.
///
/// Lower-case ASCII letters and digits, in groups joined by single hyphens. The publisher's own
/// spelling is kept for display only, on the file.
///
/// Standard: PyPA specifications, "Names and normalization".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectName(Box<str>);

impl ProjectName {
    /// Longest accepted spelling, in bytes: a name must fit one path segment.
    pub const MAX_BYTES: usize = 255;

    /// Returns the normalized name, such as `friendly-bard`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ProjectName {
    type Err = ProjectNameError;

    fn from_str(spelling: &str) -> Result<Self, Self::Err> {
        if spelling.len() > Self::MAX_BYTES {
            return Err(ProjectNameError::TooLong);
        }
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || is_separator(c);
        if let Some(found) = spelling.chars().find(|&c| !is_allowed(c)) {
            return Err(ProjectNameError::Character(found));
        }
        let is_edge = |c: char| c.is_ascii_alphanumeric();
        if !spelling.starts_with(is_edge) || !spelling.ends_with(is_edge) {
            return Err(ProjectNameError::Edge);
        }
        Ok(Self(joined(spelling).into()))
    }
}

/// Why a spelling is not a project name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProjectNameError {
    /// Longer than [`ProjectName::MAX_BYTES`].
    #[error("project name is longer than {} bytes", ProjectName::MAX_BYTES)]
    TooLong,
    /// Holds a character outside the standard's set: this is the first one.
    #[error("project name contains {0:?}; use ASCII letters, digits, `.`, `_`, `-`")]
    Character(char),
    /// Empty, or has a separator at either end.
    #[error("project name must start and end with an ASCII letter or digit")]
    Edge,
}

/// The identity of a project in the catalog and in URLs, whatever its files are called.
///
/// Reading is laxer than accepting: a file that was found in a directory always belongs to a
/// project, so any non-empty text has a key: lower-cased, with each run of `-`, `_` and `.`
/// joined to one `-`. The key of a valid [`ProjectName`] is that name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectKey(Box<str>);

impl ProjectKey {
    /// Returns the key of a spelling, or `None` if the spelling is empty.
    pub fn of(spelling: &str) -> Option<Self> {
        let key = joined(spelling);
        (!key.is_empty()).then(|| Self(key.into()))
    }

    /// Returns the key as text, not percent-encoded.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<ProjectName> for ProjectKey {
    fn from(name: ProjectName) -> Self {
        Self(name.0)
    }
}

impl fmt::Display for ProjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_separator(c: char) -> bool {
    matches!(c, '-' | '_' | '.')
}

fn joined(spelling: &str) -> String {
    let mut key = String::with_capacity(spelling.len());
    let mut in_separators = false;
    for c in spelling.chars() {
        if is_separator(c) {
            if !in_separators {
                key.push('-');
            }
            in_separators = true;
        } else {
            in_separators = false;
            key.extend(c.to_lowercase());
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_project_are_equal() {
        for spelling in [
            "friendly-bard",
            "Friendly.Bard",
            "friendly._.bard",
            "FrIeNdLy-._.-bArD",
        ] {
            let name: ProjectName = spelling.parse().expect("a valid spelling");
            assert_eq!(name.as_str(), "friendly-bard", "from {spelling:?}");
            assert_eq!(
                ProjectKey::of(spelling),
                Some(name.into()),
                "from {spelling:?}"
            );
        }
    }

    #[test]
    fn names_outside_the_standard_are_refused() {
        for (spelling, error) in [
            ("", ProjectNameError::Edge),
            ("-a", ProjectNameError::Edge),
            ("a.", ProjectNameError::Edge),
            ("a\n", ProjectNameError::Character('\n')),
            ("a b", ProjectNameError::Character(' ')),
            ("é", ProjectNameError::Character('é')),
        ] {
            assert_eq!(
                spelling.parse::<ProjectName>(),
                Err(error),
                "from {spelling:?}"
            );
        }
    }

    #[test]
    fn any_text_but_the_empty_one_has_a_key() {
        assert_eq!(ProjectKey::of(""), None);
        for (spelling, key) in [
            ("sp ace", "sp ace"),
            ("ÄB_c", "äb-c"),
            ("_x", "-x"),
            ("..", "-"),
        ] {
            assert_eq!(ProjectKey::of(spelling).expect("not empty").as_str(), key);
        }
    }
}
