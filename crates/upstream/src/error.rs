//! Why another index could not be read, and what to do about it.

use url::Url;

/// Why the page of a project could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// The index has no such project.
    #[error("`{url}` has no project `{project}`")]
    NotFound {
        /// The project, normalized.
        project: String,
        /// The page that was asked for.
        url: ShownUrl,
    },
    /// The index answered with a status that is neither success nor "not found".
    #[error("`{url}` answered with status {status}; {}", what_to_do(*.status))]
    Status {
        /// The HTTP status code.
        status: u16,
        /// The page that was asked for, after redirects.
        url: ShownUrl,
    },
    /// No whole answer came.
    #[error("cannot read `{url}`: {cause}; {advice}")]
    Network {
        /// The page that was asked for.
        url: ShownUrl,
        /// What went wrong, with all its causes.
        cause: String,
        /// What to look at.
        advice: &'static str,
    },
    /// A redirect led where it must not: too far, or from https to http.
    #[error("`{url}` redirects badly: {reason}; give the address that it ends at")]
    Redirect {
        /// The page that was asked for.
        url: ShownUrl,
        /// What is wrong with the redirect.
        reason: String,
    },
    /// The answer is larger than the reader's limit.
    #[error(
        "`{url}` is larger than the limit of {limit_bytes} bytes; is it the address of an index?"
    )]
    TooLarge {
        /// The page that was asked for.
        url: ShownUrl,
        /// The limit, in bytes after decompression.
        limit_bytes: usize,
    },
    /// The answer is not a page of the simple repository API.
    #[error(
        "`{url}` is not a page of a package index: {reason}; \
         give the address of a simple index, which mostly ends in `/simple/`"
    )]
    Malformed {
        /// The page that was asked for.
        url: ShownUrl,
        /// What is wrong with the answer.
        reason: String,
    },
}

impl LookupError {
    /// Returns whether asking again soon may help.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Status { status, .. } => matches!(status, 429 | 500 | 502..=504),
            Self::Network { .. } => true,
            Self::NotFound { .. }
            | Self::Redirect { .. }
            | Self::TooLarge { .. }
            | Self::Malformed { .. } => false,
        }
    }
}

fn what_to_do(status: u16) -> &'static str {
    match status {
        401 | 403 => "the index asks for credentials or does not let this machine in",
        407 => "the proxy asks for credentials: put them into the proxy's address",
        429 => "too many requests: try again later",
        500.. => "the fault is on the index's side: try again later",
        _ => "check the index's address",
    }
}

/// Why a reader could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A proxy's address cannot be used.
    #[error("the proxy address in `{variable}` cannot be used; write it as `http://host:port`")]
    Proxy {
        /// The variable that gave it. The address is not shown: it may hold a password.
        variable: String,
    },
    /// The TLS library or the system's certificates cannot be used.
    #[error("cannot set up the HTTP client: {cause}")]
    Client {
        /// What went wrong, with all its causes.
        cause: String,
    },
}

/// A URL as messages show it: without user, password, query and fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownUrl(String);

impl ShownUrl {
    pub(crate) fn of(url: &Url) -> Self {
        let mut shown = url.clone();
        // Refused only by URLs without a host, which have no user information either.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        shown.set_query(None);
        shown.set_fragment(None);
        Self(shown.into())
    }
}

impl std::fmt::Display for ShownUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns an error with all its causes as one line, each part once.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let part = cause.to_string();
        if !text.contains(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_url_hides_secrets() {
        let url: Url = "https://user:pa55@index.example/simple/x/?token=t#f"
            .parse()
            .unwrap();
        assert_eq!(
            ShownUrl::of(&url).to_string(),
            "https://index.example/simple/x/"
        );
    }

    #[test]
    fn only_passing_faults_are_worth_another_try() {
        let url = ShownUrl("https://index.example/".to_owned());
        for (status, passing) in [(503, true), (429, true), (403, false), (501, false)] {
            let error = LookupError::Status {
                status,
                url: url.clone(),
            };
            assert_eq!(error.is_passing(), passing, "status {status}");
        }
        let error = LookupError::Malformed {
            url,
            reason: String::new(),
        };
        assert!(!error.is_passing());
    }
}
