//! Whom to sign in as at a server. A password is never an argument: others could read it.

use std::io::IsTerminal;

use anyhow::{Context, anyhow, bail};
use url::Url;
use zeroize::Zeroizing;

use super::{Options, netrc};
use crate::environment::Environment;

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
            None => ask(user, url, "WHEELHOUSE_PASSWORD")?,
        };
        Some((user.clone(), password))
    } else if let Some(user) = environment.text("WHEELHOUSE_USER") {
        let password = environment.text("WHEELHOUSE_PASSWORD");
        let password =
            password.context("WHEELHOUSE_USER is set and WHEELHOUSE_PASSWORD is not; set both")?;
        Some((user, Zeroizing::new(password)))
    } else {
        of_netrc(url, environment)
    };
    let Some((user, password)) = found else {
        return Ok(None);
    };
    if user.contains(':') {
        bail!("a user's name holds no colon");
    }
    if url.scheme() == "http" && !is_this_machine(url) && !options.insecure_http {
        bail!(
            "a password would go to {} without encryption; use an https address, or say --insecure-http",
            url.host_str().unwrap_or_default()
        );
    }
    Ok(Some(basic(&user, &password)))
}

/// Returns the value of the header `Authorization` for a user with a password.
pub(crate) fn basic(user: &str, password: &str) -> Zeroizing<String> {
    let pair = Zeroizing::new(format!("{user}:{password}"));
    Zeroizing::new(format!("Basic {}", base64(pair.as_bytes())))
}

/// Asks for a password at the terminal. Without one, `variable` is named as the other way.
pub(crate) fn ask(user: &str, url: &Url, variable: &str) -> anyhow::Result<Zeroizing<String>> {
    if !std::io::stdin().is_terminal() {
        return Err(anyhow!(
            "nobody can be asked here for a password; set {variable}"
        ));
    }
    let question = format!(
        "password of {user} at {}: ",
        url.host_str().unwrap_or_default()
    );
    let password = rpassword::prompt_password(question).context("cannot ask for a password")?;
    Ok(Zeroizing::new(password))
}

/// Returns whom netrc names for the host of an address.
pub(crate) fn of_netrc(
    url: &Url,
    environment: &Environment,
) -> Option<(String, Zeroizing<String>)> {
    let file = match environment.variable("NETRC") {
        Some(file) => file.into(),
        None => environment.home.as_ref()?.join(".netrc"),
    };
    let text = Zeroizing::new(std::fs::read_to_string(file).ok()?);
    let entry = netrc::find(&text, url.host_str()?)?;
    Some((entry.user, Zeroizing::new(entry.password)))
}

/// Returns whether an address is of this machine.
pub(crate) fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
