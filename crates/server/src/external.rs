//! How the outside names this server: scheme, host and path prefix, behind any proxy.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use http::header::{HOST, HeaderName};
use http::request::Parts;
use http::uri::Authority;
use ipnet::IpNet;

static FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
static FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");
static FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// How the client named this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct External {
    /// `http` or `https`.
    pub(crate) scheme: &'static str,
    /// Host and port, or empty if the client named none.
    pub(crate) host: String,
    /// The path in front of our own routes: empty, or with a slash at its start and none at its
    /// end. Percent-encoded.
    pub(crate) prefix: String,
}

impl External {
    /// Reads the head of a request that came with `scheme`. Forwarded headers count only if the
    /// peer is trusted.
    pub(crate) fn of(
        head: &Parts,
        peer: SocketAddr,
        trusted: &[IpNet],
        base_path: &str,
        scheme: &'static str,
    ) -> Self {
        let headers = &head.headers;
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        // HTTP/2 has the host in the target.
        let authority = head.uri.authority().map(Authority::as_str);
        let mut external = Self {
            scheme,
            host: text(&HOST)
                .or(authority)
                .filter(|host| is_host(host))
                .unwrap_or_default()
                .to_owned(),
            prefix: base_path.to_owned(),
        };
        if !is_in(peer.ip(), trusted) {
            return external;
        }
        if let Some(scheme) = text(&FORWARDED_PROTO) {
            external.scheme = if first(scheme).eq_ignore_ascii_case("https") {
                "https"
            } else {
                "http"
            };
        }
        let mut path = String::new();
        if let Some(forwarded) = text(&FORWARDED_HOST) {
            let (host, folder) = match first(forwarded).split_once('/') {
                Some((host, folder)) => (host, folder),
                None => (first(forwarded), ""),
            };
            if is_host(host) {
                host.clone_into(&mut external.host);
                path.push_str(&clean_path(folder));
            }
        }
        if let Some(prefix) = text(&FORWARDED_PREFIX) {
            path.push_str(&clean_path(first(prefix)));
        }
        external.prefix.insert_str(0, &path);
        external
    }

    /// Returns an absolute path on this server as the client must ask for it.
    pub(crate) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// Returns what tells the pages apart that are asked under several names: the URL of the server
    /// where links may need it, which is under https, else the prefix. Without a slash at its end.
    pub(crate) fn base(&self) -> Cow<'_, str> {
        match self.secure_base() {
            Some(base) => Cow::Owned(base),
            None => Cow::Borrowed(&self.prefix),
        }
    }

    /// Returns the URL of the server without a slash at its end, if it was asked under https.
    pub(crate) fn secure_base(&self) -> Option<String> {
        (self.scheme == "https" && !self.host.is_empty()).then(|| self.url(""))
    }

    /// Returns an absolute URL, or an absolute path if the client named no host.
    pub(crate) fn url(&self, path: &str) -> String {
        if self.host.is_empty() {
            return self.path(path);
        }
        format!("{}://{}{}{path}", self.scheme, self.host, self.prefix)
    }
}

/// Returns whether a request came through a proxy that says so.
pub(crate) fn is_forwarded(headers: &HeaderMap) -> bool {
    [
        &FORWARDED_FOR,
        &FORWARDED_HOST,
        &FORWARDED_PREFIX,
        &FORWARDED_PROTO,
    ]
    .into_iter()
    .any(|name| headers.contains_key(name))
        || headers.contains_key(http::header::FORWARDED)
}

/// Returns the address of the client: the last one in `X-Forwarded-For` that no trusted proxy
/// has, if a trusted proxy sent the request; else the peer's.
pub(crate) fn client_address(headers: &HeaderMap, peer: SocketAddr, trusted: &[IpNet]) -> IpAddr {
    let mut client = peer.ip();
    if trusted.is_empty() {
        return client;
    }
    let hops = headers
        .get_all(&FORWARDED_FOR)
        .iter()
        .rev()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.rsplit(','));
    for hop in hops {
        if !is_in(client, trusted) {
            break;
        }
        let Ok(address) = hop.trim().parse() else {
            break;
        };
        client = address;
    }
    client
}

pub(crate) fn is_in(address: IpAddr, networks: &[IpNet]) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|network| network.contains(&address))
}

fn first(list: &str) -> &str {
    list.split(',').next().unwrap_or_default().trim()
}

fn is_host(host: &str) -> bool {
    !host.is_empty()
        && host.len() <= 255
        && host.bytes().all(|b| {
            b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':' | b'[' | b']')
        })
}

/// Returns a path with a slash at its start and none at its end, or nothing if there is none or
/// if it holds what does not belong into a path.
fn clean_path(path: &str) -> String {
    let path = path.trim_matches('/');
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/%".contains(&b);
    let has_dots = path.split('/').any(|part| matches!(part, "" | "." | ".."));
    if path.is_empty() || has_dots || path.len() > 1_024 || !path.bytes().all(is_plain) {
        return String::new();
    }
    format!("/{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|&(name, value)| {
                (
                    HeaderName::from_static(name),
                    value.parse().expect("a value"),
                )
            })
            .collect()
    }

    fn seen(pairs: &[(&'static str, &str)], peer: &str) -> External {
        let trusted = ["127.0.0.0/8".parse().expect("a network")];
        let peer = format!("{peer}:1").parse().expect("an address");
        let (mut head, ()) = http::Request::new(()).into_parts();
        head.headers = headers(pairs);
        External::of(&head, peer, &trusted, "", "http")
    }

    #[test]
    fn forwarded_headers_count_only_from_trusted_proxies() {
        let pairs = [
            ("host", "inside:8080"),
            ("x-forwarded-host", "front.example/team"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-prefix", "/python/"),
        ];
        assert_eq!(
            seen(&pairs, "127.0.0.1").url("/simple/"),
            "https://front.example/team/python/simple/"
        );
        assert_eq!(
            seen(&pairs, "192.0.2.1").url("/simple/"),
            "http://inside:8080/simple/"
        );
    }

    #[test]
    fn lists_and_nonsense_in_forwarded_headers_do_no_harm() {
        for (host, url) in [
            ("front.example, second.example", "http://front.example/"),
            ("bad host", "http://inside/"),
            ("front.example/../..", "http://front.example/"),
            ("front.example/a\"b", "http://front.example/"),
            ("", "http://inside/"),
        ] {
            let pairs = [("host", "inside"), ("x-forwarded-host", host)];
            assert_eq!(seen(&pairs, "127.0.0.1").url("/"), url, "{host:?}");
        }
    }

    #[test]
    fn the_client_is_the_last_address_that_no_trusted_proxy_has() {
        let trusted = ["127.0.0.0/8".parse().expect("a network")];
        let peer: SocketAddr = "127.0.0.1:9".parse().expect("an address");
        for (list, client) in [
            ("198.51.100.7", "198.51.100.7"),
            ("203.0.113.1, 198.51.100.7", "198.51.100.7"),
            ("198.51.100.7, 127.0.0.2", "198.51.100.7"),
            ("nonsense", "127.0.0.1"),
        ] {
            let headers = headers(&[("x-forwarded-for", list)]);
            assert_eq!(
                client_address(&headers, peer, &trusted).to_string(),
                client,
                "{list}"
            );
            assert_eq!(client_address(&headers, peer, &[]).to_string(), "127.0.0.1");
        }
    }
}
