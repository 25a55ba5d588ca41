//! Whom to sign in as at a server. A password is never an argument: others could read it.

mod known;
mod netrc;

use std::io::{self, IsTerminal};

use percent_encoding::percent_decode_str;
use url::Url;
use zeroize::Zeroizing;

use crate::environment::Environment;

pub(crate) use known::Asked;

/// A user and a password.
pub(crate) type Pair = (String, Zeroizing<String>);

/// Nobody can sign in like this.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignInError {
    /// Basic authentication parts the two at a colon.
    #[error("a user's name holds no colon")]
    Colon,
    /// Whoever is on the way could read the password.
    #[error(
        "a password would go to {host} without encryption; use an https address, or say --insecure-http"
    )]
    Open {
        /// Where it would go.
        host: String,
    },
    /// There is no terminal.
    #[error("nobody can be asked here for a password; set {variable}")]
    Nobody {
        /// The variable that says it otherwise.
        variable: &'static str,
    },
    /// The terminal does not work.
    #[error("cannot ask for a password: {0}")]
    Terminal(#[from] io::Error),
}

/// Returns the value of the header `Authorization` for a user with a password at an address.
///
/// # Errors
/// [`SignInError`] for a name that cannot be sent, and for a password that others could read on its
/// way, unless `insecure_http` allows it.
pub(crate) fn header(
    (user, password): &Pair,
    url: &Url,
    insecure_http: bool,
) -> Result<Zeroizing<String>, SignInError> {
    if user.contains(':') {
        return Err(SignInError::Colon);
    }
    if url.scheme() == "http" && !is_this_machine(url) && !insecure_http {
        return Err(SignInError::Open {
            host: url.host_str().unwrap_or_default().to_owned(),
        });
    }
    let pair = Zeroizing::new(format!("{user}:{}", password.as_str()));
    Ok(Zeroizing::new(format!("Basic {}", base64(pair.as_bytes()))))
}

/// Asks for a password at the terminal. Without one, `variable` is named as the other way.
pub(crate) fn ask(
    user: &str,
    url: &Url,
    variable: &'static str,
) -> Result<Zeroizing<String>, SignInError> {
    if !io::stdin().is_terminal() {
        return Err(SignInError::Nobody { variable });
    }
    let host = url.host_str().unwrap_or_default();
    let password = rpassword::prompt_password(format!("password of {user} at {host}: "))?;
    Ok(Zeroizing::new(password))
}

/// Returns whom netrc names for the host of an address.
pub(crate) fn of_netrc(url: &Url, environment: &Environment) -> Option<Pair> {
    let file = match environment.variable("NETRC") {
        Some(file) => file.into(),
        None => environment.home.as_ref()?.join(".netrc"),
    };
    let text = Zeroizing::new(std::fs::read_to_string(file).ok()?);
    let entry = netrc::find(&text, url.host_str()?)?;
    Some((entry.user, Zeroizing::new(entry.password)))
}

/// Takes user information out of an address.
pub(crate) fn take_user(url: &mut Url) -> Option<Pair> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let user = decode(url.username());
    let password = Zeroizing::new(url.password().map(decode).unwrap_or_default());
    let _ = url.set_username("");
    let _ = url.set_password(None);
    (!user.is_empty() || !password.is_empty()).then_some((user, password))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().expect(text)
    }

    #[test]
    fn user_information_is_taken_out_of_addresses() {
        let mut address = url("https://a%40b:p%2Fw@h/legacy/");
        let (user, password) = take_user(&mut address).expect("somebody");
        assert_eq!((user.as_str(), password.as_str()), ("a@b", "p/w"));
        assert_eq!(address.as_str(), "https://h/legacy/");
    }

    #[test]
    fn passwords_stay_on_this_machine_or_are_encrypted() {
        let pair = ("ada".to_owned(), Zeroizing::new("secret".to_owned()));
        for (address, insecure_http, is_sent) in [
            ("https://h/", false, true),
            ("http://h/", false, false),
            ("http://h/", true, true),
            ("http://127.0.0.9:1/", false, true),
            ("http://[::1]/", false, true),
            ("http://LOCALHOST/", false, true),
            ("http://localhost.h/", false, false),
        ] {
            let found = header(&pair, &url(address), insecure_http);
            assert_eq!(found.is_ok(), is_sent, "{address} {insecure_http}");
        }
        let two = ("a:b".to_owned(), Zeroizing::new(String::new()));
        assert!(matches!(
            header(&two, &url("https://h/"), false),
            Err(SignInError::Colon)
        ));
    }
}
