//! As whom files are sent. A password is never an argument: others could read it.

use std::process::{Command, Stdio};

use zeroize::Zeroizing;

use wheelhouse_upstream::Proxies;

use super::place::Place;
use super::{Options, trusted};
use crate::environment::Environment;
use crate::exit::{Failure, ReleaseFailure};
use crate::owners::credentials::{ask, basic, is_this_machine, of_netrc};

type Pair = (String, Zeroizing<String>);

/// Returns the value of the header `Authorization`, if there is anybody to sign in as.
pub(super) async fn authorization(
    options: &Options,
    place: &Place,
    proxies: &Proxies,
    environment: &Environment,
) -> Result<Option<Zeroizing<String>>, Failure> {
    let found = match options.trusted {
        trusted::When::Always => Some(trusted::pair(place, proxies, environment).await?),
        when => match known(options, place, environment)? {
            Some(pair) => Some(pair),
            None if when == trusted::When::Auto && trusted::is_ci(environment) => {
                Some(trusted::pair(place, proxies, environment).await?)
            }
            None => None,
        },
    };
    let Some((user, password)) = found else {
        return Ok(None);
    };
    if user.contains(':') {
        return Err(ReleaseFailure::usage("a user's name holds no colon".to_owned()).into());
    }
    let is_open = place.upload.scheme() == "http" && !is_this_machine(&place.upload);
    if is_open && !options.insecure_http {
        return Err(ReleaseFailure::usage(format!(
            "a password would go to {} without encryption; use an https address, or say --insecure-http",
            place.upload.host_str().unwrap_or_default()
        ))
        .into());
    }
    Ok(Some(basic(&user, &password)))
}

/// Returns whom options, variables, the address, `.pypirc`, keyring or netrc tell, in this order.
fn known(
    options: &Options,
    place: &Place,
    environment: &Environment,
) -> Result<Option<Pair>, Failure> {
    let secret = |name: &str| environment.text(name).map(Zeroizing::new);
    if let Some(token) = secret("UV_PUBLISH_TOKEN").filter(|_| options.user.is_none()) {
        return Ok(Some(("__token__".to_owned(), token)));
    }
    let in_address = place.in_address.as_ref();
    let section = place.repository.as_ref();
    let passwords = [
        "WHEELHOUSE_PASSWORD",
        "TWINE_PASSWORD",
        "UV_PUBLISH_PASSWORD",
    ];
    let of_variable = passwords.iter().find_map(|name| secret(name));
    let users = ["WHEELHOUSE_USER", "TWINE_USERNAME", "UV_PUBLISH_USERNAME"];
    let user = options.user.clone();
    let user = user.or_else(|| users.iter().find_map(|name| environment.text(name)));
    let user = user.or_else(|| in_address.map(|(user, _)| user.clone()));
    let user = user.or_else(|| section.and_then(|section| section.username.clone()));
    let Some(user) = user else {
        if let Some(password) = of_variable {
            // A token needs no name.
            return Ok(Some(("__token__".to_owned(), password)));
        }
        return Ok(of_netrc(&place.upload, environment));
    };
    let is_of = |pair: &&Pair| pair.0 == user && !pair.1.is_empty();
    let password = of_variable
        .or_else(|| {
            in_address
                .filter(is_of)
                .map(|(_, password)| password.clone())
        })
        .or_else(|| {
            let own =
                section.filter(|section| section.username.as_ref().is_none_or(|own| *own == user));
            own.and_then(|section| section.password.clone())
        })
        .or_else(|| of_keyring(place.upload.as_str(), &user, environment))
        .or_else(|| {
            let found = of_netrc(&place.upload, environment);
            found
                .filter(|(own, _)| *own == user)
                .map(|(_, password)| password)
        });
    match password {
        Some(password) => Ok(Some((user, password))),
        None => Ok(Some((
            user.clone(),
            ask(&user, &place.upload, "TWINE_PASSWORD")?,
        ))),
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
