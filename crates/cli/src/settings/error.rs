//! Why the program cannot start with its settings.

use std::io;
use std::path::PathBuf;

use wheelhouse_store::catalog::AddressError;

/// Why the program cannot start with its settings.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    /// A folder is not there.
    #[error("there is no folder {}", path.display())]
    FolderMissing { path: PathBuf, is_default: bool },
    /// Folders and `--files`.
    #[error("folders and `--files` cannot be named together")]
    FilesTwice,
    /// The file of credentials cannot be read.
    #[error("cannot read the credentials in {}", path.display())]
    CredentialsFile { path: PathBuf, source: io::Error },
    /// A folder cannot be read.
    #[error("cannot read the folder {}", path.display())]
    FolderUnreadable { path: PathBuf, source: io::Error },
    /// A folder is not there and cannot be made.
    #[error("cannot make the folder {}", path.display())]
    FolderNotMade { path: PathBuf, source: io::Error },
    /// Nothing is locked, yet passwords are named.
    #[error("nothing is locked (`-a .`), but `-P .` does not say so too")]
    PasswordsWithoutLocks,
    /// Something is locked, yet no passwords shall be.
    #[error("`-P .` says that no passwords are needed, but `-a .` does not say so too")]
    LocksWithoutPasswords,
    /// A certificate without its key, or the other way round.
    #[error("`--tls-certificate` and `--tls-key` are only good together")]
    HalfOfTls,
    /// An OpenID provider without what it knows this server as, or the other way round.
    #[error("`--openid-issuer` and `--openid-client-id` are only good together")]
    HalfOfOpenId,
    /// A certificate from files and one from an ACME server.
    #[error("`--tls-certificate` and `--acme-domains` cannot be used together")]
    TwoCertificates,
    /// The terms of service of the ACME server were not accepted.
    #[error("`--acme-domains` needs `--acme-accept-terms true`: the ACME server asks for it")]
    TermsNotAccepted,
    /// A directory's reader without its password, or the other way round.
    #[error("`--ldap-bind` and `--ldap-password-file` are only good together")]
    HalfAReader,
    /// The password file cannot be read.
    #[error("cannot read the password file {}", path.display())]
    PasswordFile { path: PathBuf, source: io::Error },
    /// The file with the catalog's password cannot be used.
    #[error("cannot take the catalog's password from {}", path.display())]
    CatalogPasswordFile { path: PathBuf, source: io::Error },
    /// Two passwords for one catalog.
    #[error("`--catalog` holds a password, and `--catalog-password-file` names another one")]
    TwoCatalogPasswords,
    /// A file of the theme folder cannot be read.
    #[error("cannot read the theme's {}", path.display())]
    Theme {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The welcome page cannot be read.
    #[error("cannot read the welcome page {}", path.display())]
    WelcomeFile { path: PathBuf, source: io::Error },
    /// The list of projects to leave alone cannot be read.
    #[error("cannot read the list of projects {}", path.display())]
    IgnoreList { path: PathBuf, source: io::Error },
    /// The address of the catalog cannot be used.
    #[error("`--catalog`: {0}")]
    Catalog(#[from] AddressError),
    /// The health path is one that has an answer already.
    #[error("`--health-endpoint {path}`: this path has an answer already")]
    HealthPathTaken { path: String },
}

impl SettingsError {
    /// Returns what may help, as a sentence without its full stop.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::FolderMissing {
                path,
                is_default: true,
            } => Some(format!(
                "name the folder that holds your files, or make {}",
                path.display()
            )),
            Self::FolderMissing {
                is_default: false, ..
            } => Some("make it first, or let it be made: `--create-missing true`".to_owned()),
            Self::PasswordsWithoutLocks | Self::LocksWithoutPasswords => {
                Some("to let everybody do everything, write both: `-a . -P .`".to_owned())
            }
            Self::HealthPathTaken { .. } => {
                Some("`/health` and `/healthz` are free for it".to_owned())
            }
            Self::FolderUnreadable { .. }
            | Self::FolderNotMade { .. }
            | Self::PasswordFile { .. }
            | Self::CatalogPasswordFile { .. }
            | Self::TwoCatalogPasswords
            | Self::Theme { .. }
            | Self::WelcomeFile { .. }
            | Self::IgnoreList { .. }
            | Self::HalfOfTls
            | Self::HalfAReader
            | Self::TwoCertificates
            | Self::TermsNotAccepted
            | Self::Catalog(_)
            | Self::FilesTwice
            | Self::CredentialsFile { .. }
            | Self::HalfOfOpenId => None,
        }
    }

    /// Returns whether argparse would have found it while it read the command line.
    pub(crate) const fn is_about_an_argument(&self) -> bool {
        match self {
            Self::FolderMissing { .. }
            | Self::FolderUnreadable { .. }
            | Self::FolderNotMade { .. }
            | Self::IgnoreList { .. } => true,
            Self::PasswordsWithoutLocks
            | Self::LocksWithoutPasswords
            | Self::HalfOfTls
            | Self::HalfAReader
            | Self::TwoCertificates
            | Self::TermsNotAccepted
            | Self::HalfOfOpenId
            | Self::Catalog(_)
            | Self::PasswordFile { .. }
            | Self::CatalogPasswordFile { .. }
            | Self::TwoCatalogPasswords
            | Self::Theme { .. }
            | Self::WelcomeFile { .. }
            | Self::FilesTwice
            | Self::CredentialsFile { .. }
            | Self::HealthPathTaken { .. } => false,
        }
    }
}
