//! Whom the usual places name: options, variables, the address, `.pypirc`, keyring and netrc.

use std::process::{Command, Stdio};

use url::Url;
use wheelhouse_release::pypirc::Repository;
use zeroize::Zeroizing;

use super::{Pair, SignInError, ask, of_netrc};
use crate::environment::Environment;

/// For what credentials are looked for.
pub(crate) struct Asked<'a> {
    /// The address, without user information.
    pub(crate) url: &'a Url,
    /// The user that was asked for.
    pub(crate) user: Option<String>,
    /// The user information that was in the address.
    pub(crate) in_address: Option<Pair>,
    /// What `.pypirc` says of the address.
    pub(crate) section: Option<&'a Repository>,
}

impl Asked<'_> {
    /// Returns whom they name: each place asked in this order, and the terminal at last.
    ///
    /// # Errors
    /// [`SignInError`] if there is a user, no password, and no terminal to ask at.
    pub(crate) fn find(&self, environment: &Environment) -> Result<Option<Pair>, SignInError> {
        let secret = |name: &str| environment.text(name).map(Zeroizing::new);
        if let Some(token) = secret("UV_PUBLISH_TOKEN").filter(|_| self.user.is_none()) {
            return Ok(Some(("__token__".to_owned(), token)));
        }
        let in_address = self.in_address.as_ref();
        let passwords = [
            "WHEELHOUSE_PASSWORD",
            "TWINE_PASSWORD",
            "UV_PUBLISH_PASSWORD",
        ];
        let of_variable = passwords.iter().find_map(|name| secret(name));
        let users = ["WHEELHOUSE_USER", "TWINE_USERNAME", "UV_PUBLISH_USERNAME"];
        let user = self.user.clone();
        let user = user.or_else(|| users.iter().find_map(|name| environment.text(name)));
        let user = user.or_else(|| in_address.map(|(user, _)| user.clone()));
        let user = user.or_else(|| self.section.and_then(|section| section.username.clone()));
        let Some(user) = user else {
            if let Some(password) = of_variable {
                // A token needs no name.
                return Ok(Some(("__token__".to_owned(), password)));
            }
            return Ok(of_netrc(self.url, environment));
        };
        let is_of = |pair: &&Pair| pair.0 == user && !pair.1.is_empty();
        let password = of_variable
            .or_else(|| {
                in_address
                    .filter(is_of)
                    .map(|(_, password)| password.clone())
            })
            .or_else(|| {
                let is_own = |section: &&Repository| {
                    section.username.as_ref().is_none_or(|own| *own == user)
                };
                self.section
                    .filter(is_own)
                    .and_then(|section| section.password.clone())
            })
            .or_else(|| of_keyring(self.url.as_str(), &user, environment))
            .or_else(|| {
                let found = of_netrc(self.url, environment);
                found
                    .filter(|(own, _)| *own == user)
                    .map(|(_, password)| password)
            });
        match password {
            Some(password) => Ok(Some((user, password))),
            None => Ok(Some((
                user.clone(),
                ask(&user, self.url, "TWINE_PASSWORD")?,
            ))),
        }
    }
}

/// Asks the program `keyring`, where it is installed, as pip and uv do.
fn of_keyring(url: &str, user: &str, environment: &Environment) -> Option<Zeroizing<String>> {
    let path = environment.variable("PATH")?;
    let program = std::env::split_paths(path).map(|folder| folder.join("keyring"));
    let program = program.into_iter().find(|program| program.is_file())?;
    let done = Command::new(program)
        .args(["get", url, user])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let said = Zeroizing::new(String::from_utf8(done.stdout).ok()?);
    let password = said.trim_end_matches(['\r', '\n']);
    (done.status.success() && !password.is_empty()).then(|| Zeroizing::new(password.to_owned()))
}
