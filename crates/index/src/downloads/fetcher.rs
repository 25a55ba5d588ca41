//! What fetched a file, as far as it is counted: closed sets, so that whoever sends odd names fills
//! nothing.

use std::fmt;
use std::str::FromStr;

/// What fetched a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fetcher {
    /// Which program.
    pub client: Client,
    /// For which Python, if it told.
    pub python: Option<Python>,
    /// On which platform, if it told.
    pub platform: Option<Platform>,
}

impl Fetcher {
    /// A program that tells nothing else.
    pub(super) const fn only(client: Client) -> Self {
        Self {
            client,
            python: None,
            platform: None,
        }
    }
}

/// A program that fetches files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Client {
    /// pip.
    Pip,
    /// uv.
    Uv,
    /// poetry.
    Poetry,
    /// PDM.
    Pdm,
    /// What old setups fetch with: `easy_install`, `setup.py`.
    Setuptools,
    /// A person, with a browser.
    Browser,
    /// Another index that keeps copies: bandersnatch, devpi and their like.
    Mirror,
    /// A general program or library for HTTP: curl, wget, requests.
    Script,
    /// Any other, and one that does not say what it is.
    Other,
}

impl Client {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Pip,
        Self::Uv,
        Self::Poetry,
        Self::Pdm,
        Self::Setuptools,
        Self::Browser,
        Self::Mirror,
        Self::Script,
        Self::Other,
    ];

    /// Returns the word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pip => "pip",
            Self::Uv => "uv",
            Self::Poetry => "poetry",
            Self::Pdm => "pdm",
            Self::Setuptools => "setuptools",
            Self::Browser => "browser",
            Self::Mirror => "mirror",
            Self::Script => "script",
            Self::Other => "other",
        }
    }

    /// Returns the one with this name. A name that is not known, such as one that a newer program
    /// wrote, is another's.
    pub fn from_name(name: &str) -> Self {
        let mut all = Self::ALL.into_iter();
        all.find(|one| one.name() == name).unwrap_or(Self::Other)
    }
}

/// A platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Platform {
    /// Linux.
    Linux,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
    /// Any other.
    Other,
}

impl Platform {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Linux, Self::MacOs, Self::Windows, Self::Other];

    /// Returns the word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Linux => "linux",
            Self::MacOs => "macos",
            Self::Windows => "windows",
            Self::Other => "other",
        }
    }

    /// Returns the one with this name, or `None` for no name.
    pub fn from_name(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        let known = all.find(|one| one.name() == name);
        known.or((!name.is_empty()).then_some(Self::Other))
    }

    /// Returns the platform that a system calls itself, as Python tells it.
    pub(super) fn of_system(system: &str) -> Self {
        match system.to_ascii_lowercase().as_str() {
            "linux" => Self::Linux,
            "darwin" | "macos" => Self::MacOs,
            "windows" => Self::Windows,
            _ => Self::Other,
        }
    }
}

/// A minor version of Python, such as 3.11: 2.6, 2.7 or one from 3.0 to 3.30.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Python {
    major: u8,
    minor: u8,
}

impl Python {
    /// Returns the minor version that a version such as `3.11.2` belongs to.
    pub fn of_version(version: &str) -> Option<Self> {
        let mut parts = version.split('.');
        let number = |part: Option<&str>| {
            let digits = part?.bytes().take_while(u8::is_ascii_digit).count();
            part?.get(..digits)?.parse::<u8>().ok()
        };
        let (major, minor) = (number(parts.next())?, number(parts.next())?);
        matches!((major, minor), (2, 6..=7) | (3, 0..=30)).then_some(Self { major, minor })
    }
}

impl fmt::Display for Python {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// The text is no minor version of Python that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no minor version of Python that is counted: write it as `3.11`")]
pub struct PythonError;

impl FromStr for Python {
    type Err = PythonError;

    fn from_str(text: &str) -> Result<Self, PythonError> {
        Self::of_version(text)
            .filter(|python| python.to_string() == text)
            .ok_or(PythonError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_of_python_is_one_of_a_closed_set() {
        for (text, expected) in [
            ("3.11.7", Some("3.11")),
            ("3.13.0rc1", Some("3.13")),
            ("3.14t", Some("3.14")),
            ("2.7.18", Some("2.7")),
            ("3.31", None),
            ("4.0", None),
            ("3", None),
            ("3.", None),
            ("3.999999", None),
            ("-3.1", None),
            ("", None),
        ] {
            let found = Python::of_version(text).map(|python| python.to_string());
            assert_eq!(found.as_deref(), expected, "{text:?}");
        }
        assert_eq!(
            "3.11".parse(),
            Ok(Python {
                major: 3,
                minor: 11
            })
        );
        assert_eq!("3.11.1".parse::<Python>(), Err(PythonError));
    }

    #[test]
    fn names_lead_back_to_what_they_name() {
        for client in Client::ALL {
            assert_eq!(Client::from_name(client.name()), client);
        }
        for platform in Platform::ALL {
            assert_eq!(Platform::from_name(platform.name()), Some(platform));
        }
        assert_eq!(Platform::from_name(""), None);
        assert_eq!(Platform::from_name("plan9"), Some(Platform::Other));
        assert_eq!(Client::from_name("of tomorrow"), Client::Other);
    }
}
