//! Where somebody may be sent after signing in: to addresses of ours alone.

/// Longest path that is come back to, in bytes.
const MAX_BYTES: usize = 1_000;

/// Returns a path and query below the index's own address, if a text is one: what begins with a single
/// slash, and with which no browser leaves this server.
pub(crate) fn own_path(asked: &str) -> Option<&str> {
    let rest = asked.strip_prefix('/')?;
    // Browsers take a backslash for a slash, and leave tabs and line ends out.
    let is_plain = |b: u8| b.is_ascii_graphic() && b != b'\\' && b != b'#';
    let path = asked.split('?').next().unwrap_or_default();
    let climbs = |part: &str| {
        let part = part.to_ascii_lowercase().replace("%2e", ".");
        part == ".." || part == "."
    };
    let is_own = asked.len() <= MAX_BYTES
        && !rest.starts_with('/')
        && asked.bytes().all(is_plain)
        && !path.split('/').any(climbs)
        // Signing in again, or out, is not what anybody signs in for.
        && !path.starts_with("/account/sign-");
    is_own.then_some(asked)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nobody_is_sent_to_another_host() {
        for own in [
            "/",
            "/account",
            "/project/demo/?version=1.0&x=//y",
            "/search?q=%2F%2Fa",
        ] {
            assert_eq!(own_path(own), Some(own));
        }
        let long = format!("/{}", "a".repeat(1_000));
        for other in [
            "",
            "account",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "https://evil.example/",
            "javascript:alert(1)",
            "/a\r\nSet-Cookie: x=y",
            "/../../admin",
            "/a/%2e%2E/b",
            "/é",
            "/account/sign-out",
            "/account/sign-in?to=/",
            "/a#b",
            " /a",
            &long,
        ] {
            assert_eq!(own_path(other), None, "{other:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_taken_is_a_path_of_ours(text in "[/\\\\a.:@?# \t%2e]{0,12}") {
            if let Some(path) = own_path(&text) {
                prop_assert!(path.starts_with('/') && !path.starts_with("//") && !path.contains('\\'));
                let uri: http::Uri = path.parse().expect("an address");
                prop_assert!(uri.host().is_none() && uri.scheme().is_none());
            }
        }
    }
}
