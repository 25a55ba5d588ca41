//! What is wrong in a file with settings or in a variable.

use std::path::PathBuf;

use crate::options::value::shown;

/// What is wrong in a file with settings or in a variable.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the settings in {}", path.display())]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    /// The file is far too long for what it is.
    #[error("{} is too long for a file with settings", path.display())]
    TooLong { path: PathBuf },
    /// The file is not TOML.
    #[error("{}, line {line}: {reason}", path.display())]
    Syntax {
        path: PathBuf,
        line: usize,
        reason: String,
    },
    /// A key is not known.
    #[error("{}, line {line}: there is no setting `{key}`", path.display())]
    UnknownKey {
        path: PathBuf,
        line: usize,
        key: String,
        nearest: Option<&'static str>,
    },
    /// A section stands where all keys are at the top.
    #[error("{}, line {line}: `{key}` is a section, but settings have none", path.display())]
    Section {
        path: PathBuf,
        line: usize,
        key: String,
    },
    /// A value is not one.
    #[error("{}, line {line}: `{key}` {reason}", path.display())]
    BadValue {
        path: PathBuf,
        line: usize,
        key: String,
        reason: String,
    },
    /// A variable's value is not one.
    #[error("{variable} is {}: {reason}", shown(value))]
    BadVariable {
        variable: String,
        value: String,
        reason: String,
    },
}

impl ConfigError {
    /// Returns what may help, as a sentence without its full stop.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownKey {
                nearest: Some(nearest),
                ..
            } => Some(format!("did you mean `{nearest}`?")),
            Self::UnknownKey { nearest: None, .. } => {
                Some("`wheelhouse config reference` lists all settings".to_owned())
            }
            Self::Section { .. } => {
                Some("write all keys at the top of the file, such as `port = 8080`".to_owned())
            }
            Self::Unreadable { .. }
            | Self::TooLong { .. }
            | Self::Syntax { .. }
            | Self::BadValue { .. }
            | Self::BadVariable { .. } => None,
        }
    }
}
