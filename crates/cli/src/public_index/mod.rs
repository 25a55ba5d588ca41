//! The address of the public index. It stands nowhere in the program: it is found among what the
//! operator, the installers on this machine and the packager have set.

mod installers;
mod own_address;

use std::fmt;
use std::path::{Path, PathBuf};

use url::{Host, Url};

pub use own_address::OwnAddress;

/// The variable that names the public index.
pub const VARIABLE: &str = "WHEELHOUSE_PUBLIC_INDEX";

/// The address that a packager put into this program, if one did.
pub const BAKED_IN: Option<&str> = option_env!("WHEELHOUSE_PUBLIC_INDEX");

/// What the address is looked up in. Nothing else is read, so that tests need no real machine.
pub struct Surroundings<'a> {
    /// Returns an environment variable, or `None` if it is not set, empty or not Unicode.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// Returns the text of a file, or `None` if it cannot be read.
    pub file: &'a dyn Fn(&Path) -> Option<String>,
    /// The user's home folder, if there is one.
    pub home: Option<&'a Path>,
    /// What the packager put in: [`BAKED_IN`].
    pub baked_in: Option<&'a str>,
}

impl fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").finish_non_exhaustive()
    }
}

/// How to look.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// What a flag, or our own configuration file or variable for it, says. It is taken as it
    /// is, http and user information included, because somebody meant it.
    pub given: Option<&'a str>,
    /// Whether the settings of pip and uv count.
    pub read_installer_settings: bool,
    /// Where this program itself answers, if it does.
    pub own_address: Option<&'a OwnAddress>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicIndex {
    /// An address that can be used.
    Found {
        /// The simple URL, without a final slash.
        url: String,
        /// Where it came from.
        source: AddressSource,
    },
    /// None.
    NotFound {
        /// What was seen and is not used, in the order in which it was seen.
        rejected: Vec<(AddressSource, Rejection)>,
    },
}

/// Where an address came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressSource {
    /// A flag, or our own configuration for it.
    Given,
    /// An environment variable.
    Variable(&'static str),
    /// A file of pip's or uv's settings.
    File(PathBuf),
    /// The packager.
    BakedIn,
}

impl fmt::Display for AddressSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given => f.write_str("the settings"),
            Self::Variable(name) => f.write_str(name),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::BakedIn => f.write_str("the packager"),
        }
    }
}

/// Why an address is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// It cannot be read as an http or https URL with a host.
    #[error("it is not an http or https URL")]
    NotAUrl,
    /// It holds a user name or a password, which every client would get to see.
    #[error("it holds a user name or password")]
    UserInformation,
    /// It is plain http, and not on this machine.
    #[error("it is not https")]
    NotHttps,
    /// It leads back here.
    #[error("it is this server itself")]
    ThisServer,
}

/// Looks the address of the public index up: in what was given, the variable
/// `WHEELHOUSE_PUBLIC_INDEX`, the settings of pip and uv, and what the packager put in.
///
/// Of the settings of pip and uv only scheme, host and path are taken.
pub fn look_up(search: &Search<'_>, surroundings: &Surroundings<'_>) -> PublicIndex {
    let mut rejected = Vec::new();
    let mut candidates = vec![];
    candidates.extend(
        search
            .given
            .map(|text| (AddressSource::Given, text.to_owned())),
    );
    candidates.extend(
        (surroundings.variable)(VARIABLE).map(|text| (AddressSource::Variable(VARIABLE), text)),
    );
    if search.read_installer_settings {
        candidates.extend(installers::addresses(surroundings));
    }
    candidates.extend(
        surroundings
            .baked_in
            .map(|text| (AddressSource::BakedIn, text.to_owned())),
    );
    for (source, text) in candidates {
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        let is_given = source == AddressSource::Given;
        match usable(text, is_given, search.own_address) {
            Ok(url) => return PublicIndex::Found { url, source },
            Err(rejection) => rejected.push((source, rejection)),
        }
        if is_given {
            // Somebody meant this address: another one must not take its place unseen.
            break;
        }
    }
    PublicIndex::NotFound { rejected }
}

/// The indexes that pip and uv are set to on this machine, as their settings write them, passwords
/// included.
#[derive(Debug, Default)]
pub(crate) struct InstallerIndexes {
    /// The default ones, the one that counts first.
    pub(crate) default: Vec<String>,
    /// Those that are asked besides it.
    pub(crate) extra: Vec<String>,
}

impl InstallerIndexes {
    /// Reads the settings of pip and uv.
    pub(crate) fn find(surroundings: &Surroundings<'_>) -> Self {
        let default = installers::addresses(surroundings);
        Self {
            default: default.into_iter().map(|(_, address)| address).collect(),
            extra: installers::extra_addresses(surroundings),
        }
    }
}

impl PublicIndex {
    /// Returns the simple URL, without a final slash.
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Found { url, .. } => Some(url),
            Self::NotFound { .. } => None,
        }
    }

    /// Says in one line what was found or, failing that, how to set it. `flag` is the flag that
    /// does so, such as `--fallback-url`.
    pub fn line(&self, flag: &str) -> String {
        match self {
            Self::Found { url, source } => format!("{} (from {source})", without_secrets(url)),
            Self::NotFound { rejected } => {
                let mut line = format!(
                    "no address of the public index is known; give `{flag} URL` or set `{VARIABLE}`"
                );
                if !rejected.is_empty() {
                    let reasons: Vec<String> = rejected
                        .iter()
                        .map(|(source, rejection)| format!("{source}: {rejection}"))
                        .collect();
                    line.push_str(" (not used: ");
                    line.push_str(&reasons.join("; "));
                    line.push(')');
                }
                line
            }
        }
    }
}

/// Checks an address and returns it without a final slash.
fn usable(text: &str, is_given: bool, own: Option<&OwnAddress>) -> Result<String, Rejection> {
    let mut url: Url = text.parse().map_err(|_| Rejection::NotAUrl)?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(Rejection::NotAUrl);
    }
    if own.is_some_and(|own| own.leads_here(&url)) {
        return Err(Rejection::ThisServer);
    }
    if is_given {
        return Ok(text.trim_end_matches('/').to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Rejection::UserInformation);
    }
    if url.scheme() != "https" && !is_loopback(&url) {
        return Err(Rejection::NotHttps);
    }
    url.set_query(None);
    url.set_fragment(None);
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// A given address may hold a password, which must not be shown.
fn without_secrets(text: &str) -> String {
    match text.parse::<Url>() {
        Ok(mut url) if !url.username().is_empty() || url.password().is_some() => {
            // Refused only by URLs without a host, which have no user information.
            let _ = url.set_username("");
            let _ = url.set_password(None);
            url.to_string()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEARCH: Search<'_> = Search {
        given: None,
        read_installer_settings: true,
        own_address: None,
    };

    fn look_up_with(search: &Search<'_>, variables: &[(&str, &str)]) -> PublicIndex {
        look_up_baked(search, variables, None)
    }

    fn look_up_baked(
        search: &Search<'_>,
        variables: &[(&str, &str)],
        baked_in: Option<&str>,
    ) -> PublicIndex {
        let variable = |name: &str| {
            let (_, value) = variables.iter().find(|(found, _)| *found == name)?;
            Some((*value).to_owned())
        };
        look_up(
            search,
            &Surroundings {
                variable: &variable,
                file: &|_| None,
                home: None,
                baked_in,
            },
        )
    }

    #[test]
    fn sources_are_asked_in_their_order() {
        let everything = Search {
            given: Some("http://given.example/simple//"),
            ..SEARCH
        };
        let ours = (VARIABLE, "https://ours.example/simple/");
        let pips = ("PIP_INDEX_URL", "https://pip.example/simple/");
        for (search, variables, url) in [
            (everything, vec![ours, pips], "http://given.example/simple"),
            (
                Search {
                    given: None,
                    ..everything
                },
                vec![ours, pips],
                "https://ours.example/simple",
            ),
            (
                Search {
                    given: None,
                    ..everything
                },
                vec![pips],
                "https://pip.example/simple",
            ),
            (
                Search {
                    given: None,
                    read_installer_settings: false,
                    ..everything
                },
                vec![pips],
                "https://baked.example/simple",
            ),
        ] {
            let found = look_up_baked(&search, &variables, Some("https://baked.example/simple"));
            assert_eq!(found.url(), Some(url));
        }
        let nothing = PublicIndex::NotFound { rejected: vec![] };
        assert_eq!(look_up_with(&SEARCH, &[]), nothing);
        assert_eq!(look_up_with(&SEARCH, &[(VARIABLE, " ")]), nothing);
    }

    #[test]
    fn unfit_addresses_are_passed_over_and_told() {
        let variables = [
            (VARIABLE, "index.example"),
            ("PIP_INDEX_URL", "https://me:secret@pip.example/simple"),
            ("UV_DEFAULT_INDEX", "http://uv.example/simple"),
        ];
        let found = look_up_with(&SEARCH, &variables);
        let line = found.line("--fallback-url");
        assert_eq!(
            line,
            "no address of the public index is known; give `--fallback-url URL` or set \
             `WHEELHOUSE_PUBLIC_INDEX` (not used: WHEELHOUSE_PUBLIC_INDEX: it is not an http or \
             https URL; PIP_INDEX_URL: it holds a user name or password; UV_DEFAULT_INDEX: it is \
             not https)"
        );
        let found = look_up_baked(&SEARCH, &variables, Some("https://baked.example/"));
        assert_eq!(
            found.line("--fallback-url"),
            "https://baked.example (from the packager)"
        );
    }

    #[test]
    fn loopback_may_be_plain_and_only_scheme_host_and_path_are_taken() {
        for (address, url) in [
            (
                "http://127.0.0.1:3141/root/?x=1#y",
                Some("http://127.0.0.1:3141/root"),
            ),
            ("http://[::1]:3141/", Some("http://[::1]:3141")),
            ("http://localhost/simple", Some("http://localhost/simple")),
            (
                "https://index.example:8443/s/?token=1",
                Some("https://index.example:8443/s"),
            ),
            ("http://localhost.example/simple", None),
            ("ftp://index.example/", None),
            ("file:///srv/simple", None),
        ] {
            let found = look_up_with(&SEARCH, &[("PIP_INDEX_URL", address)]);
            assert_eq!(found.url(), url, "from {address}");
        }
    }

    #[test]
    fn given_address_is_used_or_nothing() {
        let variables = [(VARIABLE, "https://ours.example/simple/")];
        let search = Search {
            given: Some("nonsense"),
            ..SEARCH
        };
        assert_eq!(look_up_with(&search, &variables).url(), None);

        let given = Some("https://me:secret@index.example/simple/");
        let found = look_up_with(&Search { given, ..SEARCH }, &variables);
        assert_eq!(found.url(), Some("https://me:secret@index.example/simple"));
        assert_eq!(
            found.line("--index-url"),
            "https://index.example/simple (from the settings)"
        );
    }

    #[test]
    fn address_that_leads_back_here_is_not_used() {
        let own = OwnAddress::new("0.0.0.0", 8080, &["box.corp.example".to_owned()]);
        let search = Search {
            own_address: Some(&own),
            ..SEARCH
        };
        let variables = [
            (VARIABLE, "http://localhost:8080/simple/"),
            ("PIP_INDEX_URL", "https://box.corp.example/simple/"),
            ("UV_DEFAULT_INDEX", "http://127.0.0.1:3141/simple/"),
        ];
        let found = look_up_with(&search, &variables);
        assert_eq!(found.url(), Some("http://127.0.0.1:3141/simple"));
        let PublicIndex::NotFound { rejected } = look_up_with(&search, &variables[..2]) else {
            panic!("found {found:?}")
        };
        assert!(
            rejected
                .iter()
                .all(|(_, why)| *why == Rejection::ThisServer),
            "{rejected:?}"
        );
    }
}
