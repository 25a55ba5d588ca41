//! The one place where errors become sentences on stderr and an exit code.

use std::fmt::Write;

use crate::command_line::{Refusal, UsageError};
use crate::config::ConfigError;
use crate::logging::LoggingError;
use crate::options::Profile;
use crate::settings::SettingsError;
use crate::sign_in::SignInError;
use crate::update::UpdateError;

/// Why a command ends without success.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command line is wrong.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// The file with settings or a variable is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The settings do not fit together or do not fit the machine.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The log cannot be written as the settings say.
    #[error(transparent)]
    Logging(#[from] LoggingError),
    /// `update` does not know which index to ask.
    #[error(transparent)]
    NoIndex(UpdateError),
    /// A file or a release did not get where it was to go.
    #[error(transparent)]
    Release(#[from] ReleaseFailure),
    /// Nobody can sign in with what was given.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// The answer is no, and was said.
    #[error("no")]
    No,
    /// What was to be looked at, or made, could not be to its end.
    #[error(transparent)]
    Unfinished(anyhow::Error),
    /// Something else went wrong, at the start or later.
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

/// Why nothing, or not everything, was published. The exit code tells the kind.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct ReleaseFailure {
    exit_code: u8,
    message: String,
    hint: &'static str,
}

impl ReleaseFailure {
    /// What was asked for cannot be done with what was given: 2.
    pub(crate) fn usage(message: String) -> Self {
        Self::new(2, message, "")
    }

    /// Something here is not good enough: 3.
    pub(crate) fn checks(message: String, hint: &'static str) -> Self {
        Self::new(3, message, hint)
    }

    /// An index cannot be reached: 4.
    pub(crate) fn network(message: String, hint: &'static str) -> Self {
        Self::new(4, message, hint)
    }

    /// An index says no: 5.
    pub(crate) fn refused(message: String, hint: &'static str) -> Self {
        Self::new(5, message, hint)
    }

    const fn new(exit_code: u8, message: String, hint: &'static str) -> Self {
        Self {
            exit_code,
            message,
            hint,
        }
    }
}

impl Failure {
    /// Returns the exit code: 2 for the usage and the configuration, 3 to 5 for what is published, 4 for
    /// a check or a recovery that could not be ended, 1 for everything else. As
    /// pypiserver, the drop-in counts as usage only what is wrong in the command line by itself.
    pub(crate) fn exit_code(&self, profile: Profile) -> u8 {
        match (self, profile) {
            (Self::Release(failure), _) => failure.exit_code,
            (Self::Unfinished(_), _) => 4,
            (Self::Usage(_) | Self::Config(_) | Self::SignIn(_), _)
            | (Self::Settings(_) | Self::Logging(_) | Self::NoIndex(_), Profile::Wheelhouse) => 2,
            (Self::Settings(error), Profile::PypiServer) if error.is_about_an_argument() => 2,
            (Self::Settings(_) | Self::Logging(_) | Self::NoIndex(_), Profile::PypiServer)
            | (Self::Other(_) | Self::No, _) => 1,
        }
    }

    /// Returns the sentences for stderr: what is wrong, what caused it, and what may help.
    pub(crate) fn message(&self) -> String {
        let error: &(dyn std::error::Error + 'static) = match self {
            Self::No => return String::new(),
            Self::Usage(error) => error,
            Self::Config(error) => error,
            Self::Settings(error) => error,
            Self::Logging(error) => error,
            Self::NoIndex(error) => error,
            Self::Release(error) => error,
            Self::SignIn(error) => error,
            Self::Unfinished(error) | Self::Other(error) => error.as_ref(),
        };
        let mut text = format!("error: {error}");
        let mut cause = error.source();
        while let Some(error) = cause {
            // Many errors repeat their cause in their own text.
            let shown = error.to_string();
            if !text.contains(&shown) {
                let _ = write!(text, ": {shown}");
            }
            cause = error.source();
        }
        text.push('\n');
        if let Some(hint) = self.hint() {
            let _ = writeln!(text, "hint: {hint}");
        }
        text
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Usage(error) => error.hint(),
            Self::Config(error) => error.hint(),
            Self::Settings(error) => error.hint(),
            Self::Release(failure) => (!failure.hint.is_empty()).then(|| failure.hint.to_owned()),
            Self::Logging(_)
            | Self::NoIndex(_)
            | Self::SignIn(_)
            | Self::Unfinished(_)
            | Self::Other(_)
            | Self::No => None,
        }
    }
}

/// Returns the sentences for stderr about a command line that cannot be read.
pub(crate) fn refusal_message(refusal: Refusal) -> String {
    let program = match refusal.profile {
        Profile::Wheelhouse => "wheelhouse",
        Profile::PypiServer => "pypi-server",
    };
    let command = refusal
        .command
        .map(|command| format!(" {}", command.as_str()));
    let command = command.unwrap_or_default();
    let message = Failure::Usage(refusal.error).message();
    format!("{message}Try `{program}{command} --help`.\n")
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn absent() -> io::Error {
        io::ErrorKind::NotFound.into()
    }

    #[test]
    fn kept_exit_codes_of_pypiserver() {
        let path = || "x".into();
        for (error, code) in [
            (
                SettingsError::FolderMissing {
                    path: path(),
                    is_default: false,
                },
                2,
            ),
            (
                SettingsError::FolderUnreadable {
                    path: path(),
                    source: absent(),
                },
                2,
            ),
            (
                SettingsError::IgnoreList {
                    path: path(),
                    source: absent(),
                },
                2,
            ),
            (SettingsError::PasswordsWithoutLocks, 1),
            (SettingsError::LocksWithoutPasswords, 1),
            (
                SettingsError::PasswordFile {
                    path: path(),
                    source: absent(),
                },
                1,
            ),
            (
                SettingsError::WelcomeFile {
                    path: path(),
                    source: absent(),
                },
                1,
            ),
            (
                SettingsError::HealthPathTaken {
                    path: "/simple".into(),
                },
                1,
            ),
        ] {
            let failure = Failure::Settings(error);
            assert_eq!(failure.exit_code(Profile::PypiServer), code, "{failure}");
            assert_eq!(failure.exit_code(Profile::Wheelhouse), 2, "{failure}");
        }
        let failure = Failure::Other(anyhow::anyhow!("port in use"));
        assert_eq!(failure.exit_code(Profile::PypiServer), 1);
        assert_eq!(failure.exit_code(Profile::Wheelhouse), 1);
    }

    #[test]
    fn message_names_the_causes_once_and_the_way_out() {
        let source = io::Error::other("permission denied");
        let failure = Failure::Settings(SettingsError::WelcomeFile {
            path: "w".into(),
            source,
        });
        assert_eq!(
            failure.message(),
            "error: cannot read the welcome page w: permission denied\n"
        );
        let failure = Failure::Settings(SettingsError::LocksWithoutPasswords);
        assert!(
            failure.message().contains("\nhint: "),
            "{}",
            failure.message()
        );
        let other = anyhow::anyhow!("inner").context("cannot listen on 127.0.0.1:80");
        let message = Failure::Other(other).message();
        assert_eq!(message, "error: cannot listen on 127.0.0.1:80: inner\n");
    }
}
