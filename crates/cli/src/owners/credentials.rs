//! Whom an owner signs in as at a server.

use anyhow::Context;
use url::Url;
use zeroize::Zeroizing;

use super::Options;
use crate::environment::Environment;
use crate::sign_in;

/// Returns the value of the header `Authorization`, if there is anybody to sign in as: `--user`
/// with a password that is asked for, the variables, or netrc.
pub(super) fn authorization(
    url: &Url,
    options: &Options,
    environment: &Environment,
) -> anyhow::Result<Option<Zeroizing<String>>> {
    let found = if let Some(user) = &options.user {
        let password = match environment.text("WHEELHOUSE_PASSWORD") {
            Some(password) => Zeroizing::new(password),
            None => sign_in::ask(user, url, "WHEELHOUSE_PASSWORD")?,
        };
        Some((user.clone(), password))
    } else if let Some(user) = environment.text("WHEELHOUSE_USER") {
        let password = environment.text("WHEELHOUSE_PASSWORD");
        let password =
            password.context("WHEELHOUSE_USER is set and WHEELHOUSE_PASSWORD is not; set both")?;
        Some((user, Zeroizing::new(password)))
    } else {
        sign_in::of_netrc(url, environment)
    };
    let header = found.map(|pair| sign_in::header(&pair, url, options.insecure_http));
    Ok(header.transpose()?)
}
