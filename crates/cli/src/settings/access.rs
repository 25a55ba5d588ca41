//! Who may do what.

use std::path::PathBuf;

use wheelhouse_index::permission::Lock;

/// Who may do what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessSettings {
    /// What needs a sign-in. Empty means that everybody may do everything.
    pub locks: Vec<Lock>,
    /// Where users and passwords come from.
    pub passwords: PasswordSource,
    /// Whether passwords that stand in the password file as plain text are taken.
    pub allow_plain_passwords: bool,
    /// What becomes of wrong credentials on a route that needs none.
    pub invalid_credentials: InvalidCredentials,
}

/// Where users and passwords come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordSource {
    /// None was named: nobody can sign in, so whatever is locked stays locked.
    Nobody,
    /// None is needed, because nothing is locked (`-a . -P .`).
    NotNeeded,
    /// An htpasswd file, absolute. It could be read when the settings were resolved.
    File(PathBuf),
}

/// What becomes of wrong credentials on a route that needs none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidCredentials {
    /// They are ignored, and logged once for each user.
    Ignore,
    /// They are answered with 401, where a source of users is configured.
    Reject,
}
