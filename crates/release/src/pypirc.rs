//! `.pypirc`: where to upload, and as whom, as `setup.py upload`, twine and flit read it.

use std::collections::BTreeMap;
use std::fmt;

use configparser::ini::Ini;
use zeroize::Zeroizing;

/// The repositories that a `.pypirc` names.
#[derive(Debug, Default)]
pub struct Pypirc {
    repositories: BTreeMap<String, Repository>,
}

/// One repository. What is not said is `None`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Repository {
    /// Where files are uploaded to.
    pub url: Option<String>,
    /// As whom.
    pub username: Option<String>,
    /// With which password or token.
    pub password: Option<Zeroizing<String>>,
    /// A file with the certificate of the authority that vouches for the server.
    pub ca_cert: Option<String>,
    /// A file with a certificate and a key to show to the server.
    pub client_cert: Option<String>,
}

/// A `.pypirc` cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PypircError {
    /// It is not written as such files are.
    #[error("it cannot be read: {0}")]
    Malformed(String),
    /// It names no such repository.
    #[error("it has no section `[{name}]`{}", known(names))]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        names: Vec<String>,
    },
}

impl Pypirc {
    /// Reads a file.
    ///
    /// # Errors
    /// [`PypircError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, PypircError> {
        let mut ini = Ini::new_cs();
        ini.set_comment_symbols(&['#', ';']);
        // A password may hold these marks.
        ini.set_inline_comment_symbols(Some(&[]));
        ini.set_multiline(true);
        let sections = ini.read(text.to_owned()).map_err(PypircError::Malformed)?;
        let repositories = sections
            .into_iter()
            .filter(|(name, _)| name != "distutils" && name != "default")
            .map(|(name, mut values)| {
                let mut take = |key: &str| {
                    let found = values.keys().find(|known| known.eq_ignore_ascii_case(key));
                    let value = found.cloned().and_then(|found| values.remove(&found))??;
                    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
                };
                let repository = Repository {
                    url: take("repository"),
                    username: take("username"),
                    password: take("password").map(Zeroizing::new),
                    ca_cert: take("ca_cert"),
                    client_cert: take("client_cert"),
                };
                (name, repository)
            });
        Ok(Self {
            repositories: repositories.collect(),
        })
    }

    /// Returns the repository of a name.
    ///
    /// # Errors
    /// [`PypircError::Unknown`], which lists the names that there are.
    pub fn named(&self, name: &str) -> Result<&Repository, PypircError> {
        let found = self.repositories.get(name);
        found.ok_or_else(|| PypircError::Unknown {
            name: name.to_owned(),
            names: self.repositories.keys().cloned().collect(),
        })
    }

    /// Returns the repository at an address, whatever it is called.
    pub fn at(&self, url: &str) -> Option<&Repository> {
        let plain = |url: &str| url.trim_end_matches('/').to_owned();
        let is_there = |repository: &&Repository| {
            repository
                .url
                .as_deref()
                .is_some_and(|own| plain(own) == plain(url))
        };
        self.repositories.values().find(is_there)
    }

    /// Returns the names of all repositories, ordered.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.repositories.keys().map(String::as_str)
    }
}

impl fmt::Debug for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repository")
            .field("url", &self.url)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

fn known(names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    format!("; it has {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
[distutils]
index-servers =
    particle
    public

[particle]
repository: http://127.0.0.1:8855
username: ada
password: a#b;c=d:e %(x)s

; a comment
[public]
Username = __token__
";

    #[test]
    fn repositories_are_read_as_twine_reads_them() {
        let read = Pypirc::parse(FILE).expect("a file");
        let particle = read.named("particle").expect("there");
        assert_eq!(particle.url.as_deref(), Some("http://127.0.0.1:8855"));
        assert_eq!(particle.username.as_deref(), Some("ada"));
        let password = particle.password.as_ref().map(|password| password.as_str());
        assert_eq!(password, Some("a#b;c=d:e %(x)s"));
        let public = read.named("public").expect("there");
        assert_eq!(
            (public.url.as_deref(), public.username.as_deref()),
            (None, Some("__token__"))
        );
        assert_eq!(read.names().collect::<Vec<_>>(), ["particle", "public"]);
        assert_eq!(read.at("http://127.0.0.1:8855/"), Some(particle));
        assert_eq!(read.at("http://127.0.0.1:8856/"), None);
    }

    #[test]
    fn unknown_names_are_told_with_the_known_ones() {
        let read = Pypirc::parse(FILE).expect("a file");
        let error = read.named("particles").expect_err("unknown").to_string();
        assert_eq!(
            error,
            "it has no section `[particles]`; it has particle, public"
        );
        let empty = Pypirc::parse("").expect("empty");
        assert_eq!(
            empty.named("x").expect_err("empty").to_string(),
            "it has no section `[x]`"
        );
    }

    #[test]
    fn what_is_no_such_file_is_told() {
        for text in ["[particle\nusername: x\n", "[a]\n= value\n"] {
            assert!(
                matches!(Pypirc::parse(text), Err(PypircError::Malformed(_))),
                "{text:?}"
            );
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        let read = Pypirc::parse(FILE).expect("a file");
        assert!(!format!("{read:?}").contains("a#b"));
    }
}
