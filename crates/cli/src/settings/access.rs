//! Who may do what.

use std::fs::File;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use wheelhouse_auth::ldap::LdapUrl;
use wheelhouse_index::permission::{Lock, Rule};

use super::error::SettingsError;
use super::source::Source;
use crate::options::defs;

/// Who may do what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessSettings {
    /// What needs a sign-in. Empty means that everybody may do everything.
    pub locks: Vec<Lock>,
    /// Where users and passwords come from.
    pub passwords: PasswordSource,
    /// The directory that users and groups come from too.
    pub directory: Option<DirectorySettings>,
    /// Whether people can sign in with a browser.
    pub web_sign_in: bool,
    /// The provider at which people sign in.
    pub openid: Option<OpenIdSettings>,
    /// The file that groups come from, absolute.
    pub group_file: Option<PathBuf>,
    /// Who may do what.
    pub rules: Vec<Rule>,
    /// The issuers whose identity tokens are believed.
    pub trusted_issuers: Vec<String>,
    /// The audience that identity tokens must be made for.
    pub trusted_audience: String,
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

impl AccessSettings {
    pub(super) fn of(source: Source<'_>) -> Result<Self, SettingsError> {
        let values = source.values;
        let mut locks = Vec::new();
        for word in values.list(&defs::AUTHENTICATE) {
            let lock = match word.to_lowercase().as_str() {
                "update" => Lock::Update,
                "download" => Lock::Download,
                "list" => Lock::List,
                _ => continue,
            };
            if !locks.contains(&lock) {
                locks.push(lock);
            }
        }
        let is_dot = values.path(&defs::PASSWORDS) == Some(Path::new("."));
        let passwords = match (locks.is_empty(), is_dot) {
            (true, true) => PasswordSource::NotNeeded,
            (true, false) => return Err(SettingsError::PasswordsWithoutLocks),
            (false, true) => return Err(SettingsError::LocksWithoutPasswords),
            (false, false) => match source.path(&defs::PASSWORDS) {
                Some(path) => password_file(path)?,
                None => PasswordSource::Nobody,
            },
        };
        Ok(Self {
            locks,
            passwords,
            directory: DirectorySettings::of(source)?,
            web_sign_in: values.text(&defs::WEB_SIGN_IN) == Some("on"),
            openid: OpenIdSettings::of(source)?,
            group_file: source.path(&defs::GROUP_FILE),
            rules: values
                .list(&defs::RULE)
                .iter()
                .filter_map(|rule| rule.parse::<Rule>().ok())
                .map(|rule| rule.from_origin("the setting `rule`"))
                .collect(),
            trusted_issuers: values
                .list(&defs::TRUSTED_ISSUER)
                .iter()
                .map(|issuer| issuer.trim().to_owned())
                .collect(),
            trusted_audience: source
                .text(&defs::TRUSTED_AUDIENCE)
                .unwrap_or_else(|| "wheelhouse".to_owned()),
            allow_plain_passwords: values.truth(&defs::ALLOW_PLAIN_PASSWORDS),
            invalid_credentials: match values.text(&defs::INVALID_CREDENTIALS) {
                Some("reject") => InvalidCredentials::Reject,
                _ => InvalidCredentials::Ignore,
            },
        })
    }
}

/// How an LDAP directory is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectorySettings {
    /// Where it is, and where users are in it.
    pub url: LdapUrl,
    /// Who searches: a distinguished name, and the file with its password.
    pub reader: Option<(String, PathBuf)>,
    /// Under which distinguished name groups are.
    pub groups: Option<String>,
    /// Whether the connection is secured with `StartTLS`.
    pub start_tls: bool,
}

impl DirectorySettings {
    fn of(source: Source<'_>) -> Result<Option<Self>, SettingsError> {
        let Some(url) = source.text(&defs::LDAP_URL) else {
            return Ok(None);
        };
        let password = source.path(&defs::LDAP_PASSWORD_FILE);
        let reader = match (source.text(&defs::LDAP_BIND), password) {
            (Some(dn), Some(file)) => Some((dn, file)),
            (None, None) => None,
            _ => return Err(SettingsError::HalfAReader),
        };
        Ok(url.parse().ok().map(|url| Self {
            url,
            reader,
            groups: source.text(&defs::LDAP_GROUPS),
            start_tls: source.values.truth(&defs::LDAP_START_TLS),
        }))
    }
}

/// How people sign in at an OpenID provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenIdSettings {
    /// Its address.
    pub issuer: String,
    /// What it knows this server as.
    pub client_id: String,
    /// The file with the secret that it gave this server.
    pub client_secret_file: Option<PathBuf>,
    /// The claim that is the user's name.
    pub user_claim: String,
    /// The claim that lists the user's groups.
    pub groups_claim: String,
}

impl OpenIdSettings {
    fn of(source: Source<'_>) -> Result<Option<Self>, SettingsError> {
        let issuer = source.text(&defs::OPENID_ISSUER);
        let client_id = source.text(&defs::OPENID_CLIENT_ID);
        let (issuer, client_id) = match (issuer, client_id) {
            (Some(issuer), Some(client_id)) => (issuer, client_id),
            (None, None) => return Ok(None),
            _ => return Err(SettingsError::HalfOfOpenId),
        };
        let claim = |option| source.text(option).unwrap_or_default();
        Ok(Some(Self {
            issuer,
            client_id,
            client_secret_file: source.path(&defs::OPENID_CLIENT_SECRET_FILE),
            user_claim: claim(&defs::OPENID_USER_CLAIM),
            groups_claim: claim(&defs::OPENID_GROUPS_CLAIM),
        }))
    }
}

fn password_file(path: PathBuf) -> Result<PasswordSource, SettingsError> {
    let is_folder = || io::Error::from(io::ErrorKind::IsADirectory);
    let opened = File::open(&path).and_then(|file| file.metadata());
    match opened.and_then(|found| {
        if found.is_dir() {
            Err(is_folder())
        } else {
            Ok(())
        }
    }) {
        Ok(()) => Ok(PasswordSource::File(path)),
        Err(source) => Err(SettingsError::PasswordFile { path, source }),
    }
}
