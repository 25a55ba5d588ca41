//! What maintainers do from the command line, against any index.

mod ci;
mod doctor;
mod publish;
mod release;
mod session;
mod setup_client;

use url::Url;
use wheelhouse_upstream::Proxies;

use crate::command_line::Parsed;
use crate::environment::Environment;
use crate::exit::{Failure, ReleaseFailure};
use crate::options::CommandName;

/// Carries out a command for maintainers.
pub(crate) fn carry_out(
    command: CommandName,
    parsed: &Parsed,
    environment: &Environment,
) -> Result<(), Failure> {
    match command {
        CommandName::Ci => ci::ci(parsed, environment),
        CommandName::Doctor => doctor::doctor(parsed, environment),
        CommandName::Release => release::release(parsed, environment),
        CommandName::SetupClient => setup_client::setup_client(parsed, environment),
        _ => publish::publish(parsed, environment),
    }
}

/// What this program calls itself towards indexes.
fn user_agent() -> String {
    format!("wheelhouse/{}", env!("CARGO_PKG_VERSION"))
}

/// Returns the proxies that the variables name.
fn proxies(environment: &Environment) -> Proxies {
    Proxies::from_variables(&|name| environment.text(name))
}

/// Reads the address of an index. It may hold a password, and is not shown.
fn address(word: &str) -> Result<Url, Failure> {
    let url: Option<Url> = word.parse().ok();
    let is_web = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    url.filter(is_web).ok_or_else(|| {
        let message = "the address of the index is none such as https://packages.example/simple/";
        ReleaseFailure::usage(message.to_owned()).into()
    })
}

/// A bare host has its pages below `simple/`.
fn simple(mut url: Url) -> Url {
    if url.path() == "/" {
        url.set_path("/simple/");
    }
    url
}

/// Returns the address of uploads beside simple pages.
fn beside(index: &Url) -> Url {
    let mut upload = index.clone();
    if let Ok(mut parts) = upload.path_segments_mut() {
        parts.pop_if_empty();
    }
    let is_simple = index.path().trim_end_matches('/').ends_with("/simple");
    if let Ok(mut parts) = upload.path_segments_mut() {
        if is_simple {
            parts.pop();
        }
        parts.push("legacy").push("");
    }
    upload
}
