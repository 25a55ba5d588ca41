//! The cookies: how they are called, where browsers send them, and what is in them.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use sha2::{Digest as _, Sha256};
use wheelhouse_index::access::SessionId;
use wheelhouse_index::identity::IndexName;
use zeroize::Zeroizing;

use super::form_token;
use crate::external::External;

/// How long browsers keep the cookie of the form of signing in, in seconds.
const VISIT_SECONDS: u32 = 3_600;
/// How long they keep that of a session: as long as the longest.
const SESSION_SECONDS: u32 = 7 * 24 * 3_600;

/// One of our cookies: what it is called, and where it is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind<'e> {
    name: &'static str,
    seconds: u32,
    is_secure: bool,
    /// The path below which everything of this installation is, or empty.
    path: &'e str,
}

impl<'e> Kind<'e> {
    pub(crate) fn session(external: &'e External, index: &IndexName) -> Self {
        Self::of("wheelhouse-session", SESSION_SECONDS, external, index)
    }

    pub(super) fn visit(external: &'e External, index: &IndexName) -> Self {
        Self::of("wheelhouse-visit", VISIT_SECONDS, external, index)
    }

    fn of(name: &'static str, seconds: u32, external: &'e External, index: &IndexName) -> Self {
        // Whoever is signed in is so in all indexes of an installation.
        let path = external.prefix.as_str();
        let path = path.strip_suffix(index.as_str());
        let path = path.and_then(|path| path.strip_suffix("/index/"));
        Self {
            name,
            seconds,
            is_secure: external.scheme == "https",
            path: path.unwrap_or(&external.prefix),
        }
    }

    /// Returns the name. With these prefixes browsers take no cookie of the name from a neighbouring
    /// host, nor over a connection that others can read.
    ///
    /// Standard: RFC 6265bis, "Cookie Name Prefixes".
    fn name(&self) -> Cow<'static, str> {
        match (self.is_secure, self.path.is_empty()) {
            (false, _) => self.name.into(),
            (true, true) => format!("__Host-{}", self.name).into(),
            (true, false) => format!("__Secure-{}", self.name).into(),
        }
    }

    fn header(&self, value: &str, seconds: u32) -> Option<HeaderValue> {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let path = if self.path.is_empty() { "/" } else { self.path };
        // Lax: whoever follows a link to a page of ours is signed in there.
        let cookie = format!(
            "{}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}",
            self.name()
        );
        HeaderValue::from_str(&cookie).ok()
    }

    /// Returns the header that lets a browser forget the cookie.
    pub(crate) fn forgotten(&self) -> Option<HeaderValue> {
        self.header("", 0)
    }
}

/// What a cookie of ours holds: 32 bytes that nobody can guess. Prints as `[redacted]`.
pub(crate) struct CookieSecret(Zeroizing<[u8; 32]>);

impl fmt::Debug for CookieSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl CookieSecret {
    /// Makes a new one.
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice())?;
        Ok(Self(bytes))
    }

    /// Returns what a browser sent in a cookie.
    pub(crate) fn of(headers: &HeaderMap, kind: Kind<'_>) -> Option<Self> {
        let name = kind.name();
        let sent = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .find_map(|pair| pair.trim().strip_prefix(&*name)?.strip_prefix('='))?;
        let mut bytes = Zeroizing::new([0; 32]);
        // Of exactly this length there are exactly so many bytes, or it is none of ours.
        if sent.len() != 43 {
            return None;
        }
        let read = URL_SAFE_NO_PAD.decode_slice(sent, bytes.as_mut_slice());
        (read == Ok(32)).then_some(Self(bytes))
    }

    /// Returns the header that gives a browser the cookie.
    pub(crate) fn header(&self, kind: Kind<'_>) -> Option<HeaderValue> {
        let value = Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0.as_slice()));
        let mut header = kind.header(&value, kind.seconds)?;
        header.set_sensitive(true);
        Some(header)
    }

    /// Returns what the session is known by whose cookie this is.
    pub(crate) fn session(&self) -> SessionId {
        SessionId::new(Sha256::digest(self.0.as_slice()).into())
    }

    /// Returns a token for forms.
    pub(crate) fn form_token(&self) -> Result<String, getrandom::Error> {
        form_token::made(&self.0)
    }

    /// Returns whether a form's token was made for this cookie.
    pub(crate) fn is_form_token(&self, sent: &str) -> bool {
        form_token::is_right(&self.0, sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn external(scheme: &'static str, prefix: &str) -> External {
        External {
            scheme,
            host: "packages.example".to_owned(),
            prefix: prefix.to_owned(),
        }
    }

    fn header(scheme: &'static str, prefix: &str) -> String {
        let external = external(scheme, prefix);
        let kind = Kind::session(&external, &IndexName::main());
        let secret = CookieSecret(Zeroizing::new([0; 32]));
        let header = secret.header(kind).expect("a header");
        assert!(header.is_sensitive());
        header.to_str().expect("text").to_owned()
    }

    #[test]
    fn a_cookie_is_bound_to_host_path_and_scheme() {
        let value = "A".repeat(43);
        for (scheme, prefix, expected) in [
            (
                "http",
                "",
                format!(
                    "wheelhouse-session={value}; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax"
                ),
            ),
            (
                "https",
                "",
                format!(
                    "__Host-wheelhouse-session={value}; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure"
                ),
            ),
            (
                "https",
                "/py",
                format!(
                    "__Secure-wheelhouse-session={value}; Path=/py; Max-Age=604800; HttpOnly; SameSite=Lax; Secure"
                ),
            ),
            (
                "http",
                "/py/index/main",
                format!(
                    "wheelhouse-session={value}; Path=/py; Max-Age=604800; HttpOnly; SameSite=Lax"
                ),
            ),
        ] {
            assert_eq!(header(scheme, prefix), expected);
        }
    }

    #[test]
    fn a_cookie_is_read_back_and_nothing_else_is() {
        let external = external("https", "");
        let kind = Kind::session(&external, &IndexName::main());
        let secret = CookieSecret::new().expect("random bytes");
        let header = secret.header(kind).expect("a header");
        let pair = header
            .to_str()
            .expect("text")
            .split(';')
            .next()
            .expect("one");
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_str(text).expect("a header"));
            CookieSecret::of(&headers, kind).map(|secret| secret.session())
        };
        assert_eq!(read(&format!("a=b; {pair}; c=d")), Some(secret.session()));
        let (name, value) = pair.split_once('=').expect("a pair");
        for text in [
            String::new(),
            format!("{name}="),
            format!("{name}={value}A"),
            format!("{name}={}", &value[1..]),
            format!("{name}=!{}", &value[1..]),
            format!("{}={value}", name.trim_start_matches("__Host-")),
            format!("{name}x={value}"),
        ] {
            assert_eq!(read(&text), None, "{text}");
        }
        assert_ne!(
            read(&format!("{name}={}", "A".repeat(43))),
            Some(secret.session())
        );
    }
}
