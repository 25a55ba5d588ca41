//! What the log never shows.

/// What stands in the log in place of a secret.
pub(super) const REDACTED: &str = "[redacted]";

/// Parts of names whose values are secrets.
const SECRET_WORDS: [&str; 12] = [
    "auth",
    "cookie",
    "password",
    "passwd",
    "pwd",
    "secret",
    "token",
    "credential",
    "apikey",
    "api-key",
    "api_key",
    "signature",
];

/// Returns whether the value of a header or parameter of this name must not be shown.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// Returns a query with the values of its secrets replaced.
pub(super) fn query(query: &str) -> String {
    query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            // A name may be spelled with percent signs so as to slip through: not worth showing.
            Some((name, _)) if is_secret(name) || name.contains('%') => {
                format!("{name}={REDACTED}")
            }
            _ => pair.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("&")
}

/// Returns a URL from a header without the user information and with a harmless query.
pub(super) fn url(text: &str) -> String {
    let (before, query_text) = match text.split_once('?') {
        Some((before, query)) => (before, Some(query)),
        None => (text, None),
    };
    let mut out = match before.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find('/').unwrap_or(rest.len());
            match rest[..end].rsplit_once('@') {
                Some((_, host)) => format!("{scheme}://{REDACTED}@{host}{}", &rest[end..]),
                None => before.to_owned(),
            }
        }
        None => before.to_owned(),
    };
    if let Some(query_text) = query_text {
        out.push('?');
        out.push_str(&query(query_text));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_in_any_spelling() {
        for name in [
            "Authorization",
            "PROXY_AUTHORIZATION",
            "Set-Cookie",
            "X-Api-Key",
            "X-Gitlab-Token",
            "X-Password",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["Accept", "User-Agent", "Host", "X-Request-Id"] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn secrets_in_queries_and_urls_are_replaced() {
        assert_eq!(
            query("a=1&token=x&b&pass%77ord=y"),
            "a=1&token=[redacted]&b&pass%77ord=[redacted]"
        );
        assert_eq!(
            url("https://u:p@h.example/x?token=t&a=b"),
            "https://[redacted]@h.example/x?token=[redacted]&a=b"
        );
        assert_eq!(url("/simple/"), "/simple/");
    }
}
