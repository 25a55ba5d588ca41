//! What the program says on stderr when it starts: where it is, and what a client needs.

use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};

use crate::public_index::PublicIndex;
use crate::settings::{FallbackMode, FileSettings, PasswordSource, RunSettings};

/// Says what an operator wants to know at the start.
pub(crate) fn text(
    settings: &RunSettings,
    address: SocketAddr,
    state: &str,
    fallback: &PublicIndex,
) -> String {
    let url = url(settings, address);
    let mut text = format!(
        "Wheelhouse {} serves {}\n",
        env!("CARGO_PKG_VERSION"),
        folders(settings)
    );
    let mut line = |name: &str, value: &str| {
        writeln!(text, "  {name:<10} {value}").expect("a string takes any text");
    };
    line("page", &url);
    line(
        "pip",
        &format!("pip install --index-url {url}simple/ PROJECT"),
    );
    line(
        "uv",
        &format!("uv pip install --default-index {url}simple/ PROJECT"),
    );
    line("upload", &upload(settings, &url));
    line("state", state);
    let fallback = match settings.fallback.mode {
        FallbackMode::Off => "off: a project that is not here is not found".to_owned(),
        FallbackMode::Given if settings.fallback.url.is_none() => {
            "off: a project that is not here is not found; --fallback-url turns it on".to_owned()
        }
        FallbackMode::Given | FallbackMode::Known => fallback.line("--fallback-url"),
    };
    line("fallback", &fallback);
    text
}

fn folders(settings: &RunSettings) -> String {
    if let FileSettings::Objects(objects) = &settings.files {
        return objects.place.to_string();
    }
    let shown = settings
        .folders
        .roots
        .iter()
        .map(|root| root.display().to_string());
    shown.collect::<Vec<_>>().join(", ")
}

fn upload(settings: &RunSettings, url: &str) -> String {
    match &settings.access.passwords {
        _ if !settings.access.locks.contains(&wheelhouse_index::permission::Lock::Update) => {
            format!("twine upload --repository-url {url} FILE …  (open to everybody)")
        }
        PasswordSource::File(path) => {
            format!("twine upload --repository-url {url} FILE …  (users of {})", path.display())
        }
        PasswordSource::Nobody | PasswordSource::NotNeeded => {
            "off: nobody can sign in; --passwords FILE names the users, `-a . -P .` opens it to everybody".to_owned()
        }
    }
}

fn url(settings: &RunSettings, address: SocketAddr) -> String {
    let scheme = if settings.bind.tls.is_some() || settings.bind.acme.is_some() {
        "https"
    } else {
        "http"
    };
    // An address that stands for all of them is none to connect to.
    let host = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => "localhost".to_owned(),
        IpAddr::V6(ip) if ip.is_unspecified() => "localhost".to_owned(),
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    format!(
        "{scheme}://{host}:{}{}/",
        address.port(),
        settings.bind.base_path
    )
}
