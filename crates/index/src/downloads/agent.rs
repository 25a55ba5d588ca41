//! What a `User-Agent` says about what fetched a file. It is whatever a client likes to send, so
//! nothing of it is kept but members of closed sets.

use serde::Deserialize;

use super::fetcher::{Client, Fetcher, Platform, Python};

/// How much of a `User-Agent` is looked at, in bytes. Those of pip and uv have half of it.
pub(super) const MAX_AGENT_BYTES: usize = 1_024;

/// Beginnings of products, in lower case, and what fetches with them.
const PRODUCTS: &[(&str, Client)] = &[
    ("pip", Client::Pip),
    ("uv", Client::Uv),
    ("poetry", Client::Poetry),
    ("pdm", Client::Pdm),
    ("unearth", Client::Pdm),
    ("setuptools", Client::Setuptools),
    ("distribute", Client::Setuptools),
    ("bandersnatch", Client::Mirror),
    ("devpi", Client::Mirror),
    ("artifactory", Client::Mirror),
    ("nexus", Client::Mirror),
    ("pulp", Client::Mirror),
    ("proxpi", Client::Mirror),
    ("simple-repository", Client::Mirror),
    ("wheelhouse", Client::Mirror),
    ("mozilla", Client::Browser),
    ("opera", Client::Browser),
    ("curl", Client::Script),
    ("wget", Client::Script),
    ("wget2", Client::Script),
    ("aria2", Client::Script),
    ("python-requests", Client::Script),
    ("python-urllib", Client::Script),
    ("python-urllib3", Client::Script),
    ("python-httpx", Client::Script),
    ("python", Client::Script),
    ("go-http-client", Client::Script),
    ("reqwest", Client::Script),
    ("powershell", Client::Script),
];

impl Fetcher {
    /// Reads a `User-Agent`; without one it is unknown what fetched the file.
    pub fn of_agent(agent: &[u8]) -> Self {
        let agent = &agent[..agent.len().min(MAX_AGENT_BYTES)];
        // What is cut off, or no text, may still begin with a name.
        let text = String::from_utf8_lossy(agent);
        let (first, rest) = text.split_once(' ').unwrap_or((&text, ""));
        let client = client_of(first, rest);
        match client {
            Client::Pip | Client::Uv | Client::Poetry | Client::Pdm => {}
            // Their versions of Python are not those that anything is installed for.
            Client::Browser => {
                return Self {
                    platform: platform_of_browser(rest),
                    ..Self::only(client)
                };
            }
            Client::Setuptools | Client::Mirror | Client::Script | Client::Other => {
                return Self::only(client);
            }
        }
        if rest.starts_with('{') {
            return match serde_json::from_str::<Told>(rest) {
                Ok(told) => told.fetcher(client),
                Err(_) => Self::only(client),
            };
        }
        of_words(client, rest)
    }
}

fn client_of(first: &str, rest: &str) -> Client {
    let product = first.split('/').next().unwrap_or_default();
    let product = product.to_ascii_lowercase();
    // setuptools says with what it fetches first.
    if product == "python-urllib" && rest.starts_with("setuptools/") {
        return Client::Setuptools;
    }
    let known = PRODUCTS.iter().find(|(name, _)| {
        let behind = product.strip_prefix(name);
        // `devpi-server` and `devpi-client` too.
        behind.is_some_and(|behind| {
            behind.is_empty() || (*name == "devpi" && behind.starts_with('-'))
        })
    });
    known.map_or(Client::Other, |(_, client)| *client)
}

/// Reads `CPython/3.11.7 Linux/6.1`, as poetry, PDM and an old pip write it.
fn of_words(client: Client, rest: &str) -> Fetcher {
    let mut words = rest.split(' ').map(|word| word.split_once('/'));
    let python = words.next().flatten();
    let system = words.next().flatten();
    Fetcher {
        client,
        python: python.and_then(|(_, version)| Python::of_version(version)),
        platform: system.map(|(system, _)| Platform::of_system(system)),
    }
}

fn platform_of_browser(rest: &str) -> Option<Platform> {
    let marks = [
        ("Windows", Platform::Windows),
        ("Macintosh", Platform::MacOs),
        ("Android", Platform::Other),
        ("iPhone", Platform::Other),
        ("Linux", Platform::Linux),
    ];
    let mut marks = marks.into_iter();
    marks
        .find(|(mark, _)| rest.contains(mark))
        .map(|(_, platform)| platform)
}

/// What pip and uv tell, as far as it is counted. What is of another form was not told.
#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    python: serde_json::Value,
    #[serde(default)]
    system: serde_json::Value,
}

impl Told {
    fn fetcher(&self, client: Client) -> Fetcher {
        let system = self.system.get("name").and_then(serde_json::Value::as_str);
        Fetcher {
            client,
            python: self.python.as_str().and_then(Python::of_version),
            platform: system.map(Platform::of_system),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(agent: &[u8]) -> String {
        let fetcher = Fetcher::of_agent(agent);
        let python = fetcher.python.map(|python| python.to_string());
        format!(
            "{} {} {}",
            fetcher.client.name(),
            python.as_deref().unwrap_or("-"),
            fetcher.platform.map_or("-", Platform::name)
        )
    }

    #[test]
    fn real_clients_are_known() {
        for (agent, expected) in [
            (
                r#"pip/26.3 {"ci":null,"cpu":"x86_64","distro":{"id":"bookworm","libc":{"lib":"glibc","version":"2.36"},"name":"Debian GNU/Linux","version":"12"},"implementation":{"name":"CPython","version":"3.11.7"},"installer":{"name":"pip","version":"26.3"},"openssl_version":"OpenSSL 3.0.19 27 Jan 2026","python":"3.11.7","rustc_version":"1.95.0","setuptools_version":"84.2.1","system":{"name":"Linux","release":"6.18.44"}}"#,
                "pip 3.11 linux",
            ),
            (
                r#"uv/0.13.9 {"installer":{"name":"uv","version":"0.13.9","subcommand":["pip","install"]},"python":"3.13.1","implementation":{"name":"CPython","version":"3.13.1"},"system":{"name":"Darwin","release":"25.1"},"cpu":"arm64","openssl_version":null,"ci":null}"#,
                "uv 3.13 macos",
            ),
            // Before uv knows for which Python.
            (
                r#"uv/0.5.1 {"python":null,"system":{"name":"Windows"}}"#,
                "uv - windows",
            ),
            (
                "poetry/2.5.1 CPython/3.11.7 Linux/6.18.44",
                "poetry 3.11 linux",
            ),
            ("pdm/2.29.3 CPython/3.12.1 Windows/11", "pdm 3.12 windows"),
            (
                "pip/1.4.1 CPython/2.7.8 Linux/3.13.0-24-generic",
                "pip 2.7 linux",
            ),
            ("Python-urllib/3.11 setuptools/65.0", "setuptools - -"),
            (
                "bandersnatch/6.6.0 (cpython 3.11.7-final0, Linux x86_64) (aiohttp 3.9.1)",
                "mirror - -",
            ),
            ("devpi-server/6.14.0 (py3.11.7; linux)", "mirror - -"),
            ("curl/7.88.1", "script - -"),
            ("Wget/1.21.3", "script - -"),
            ("python-requests/2.31.0", "script - -"),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "browser - linux",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15",
                "browser - macos",
            ),
        ] {
            assert_eq!(said(agent.as_bytes()), expected, "{agent}");
        }
    }

    #[test]
    fn whatever_else_is_sent_is_one_of_few() {
        let deep = format!("pip/1 {}", "{\"a\":".repeat(5_000));
        let long = format!(
            "pip/1 {{\"python\":\"3.11\",\"x\":\"{}\"}}",
            "x".repeat(5_000)
        );
        for (agent, expected) in [
            (&b""[..], "other - -"),
            (b" ", "other - -"),
            (b"\xff\xfe/1", "other - -"),
            (b"pipx/1.0", "other - -"),
            (b"pip", "pip - -"),
            (b"pip/\xff {}", "pip - -"),
            (b"PIP/1 {\"python\":3.11,\"system\":\"Linux\"}", "pip - -"),
            (
                b"pip/1 {\"python\":\"99.99\",\"system\":{\"name\":\"\\u0000\"}}",
                "pip - other",
            ),
            (b"poetry/1 / / /", "poetry - other"),
            (deep.as_bytes(), "pip - -"),
            (long.as_bytes(), "pip - -"),
        ] {
            assert_eq!(said(agent), expected, "{}", String::from_utf8_lossy(agent));
        }
    }
}
