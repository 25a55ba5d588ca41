//! Why a client could not install, told from what it said.

/// A reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The host's name leads nowhere.
    NameNotResolved,
    /// Nobody answers there.
    NotReached,
    /// The client does not trust the certificate.
    TlsNotTrusted,
    /// The client wants TLS.
    HostNotTrusted,
    /// The user or password is missing or wrong.
    Unauthorized,
    /// The user may not.
    Forbidden,
    /// There is no index at the address.
    NotAnIndex,
    /// No file of the project fits the interpreter.
    NothingFits,
    /// The index has no such project.
    ProjectMissing,
    /// Something else.
    Other,
}

impl Reason {
    /// Returns the word for it in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NameNotResolved => "name-not-resolved",
            Self::NotReached => "not-reached",
            Self::TlsNotTrusted => "tls-not-trusted",
            Self::HostNotTrusted => "host-not-trusted",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotAnIndex => "not-an-index",
            Self::NothingFits => "nothing-fits",
            Self::ProjectMissing => "project-missing",
            Self::Other => "other",
        }
    }

    /// Returns what is wrong and what to do, in a sentence without its full stop.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::NameNotResolved => {
                "the host's name is not resolved: look at its spelling, and whether this machine is \
                 in the right network"
            }
            Self::NotReached => {
                "nobody answers at that address: is the server running, and is the port right?"
            }
            Self::TlsNotTrusted => {
                "the server's certificate is not trusted: add the authority that signed it to those \
                 of this machine; pip takes its file with `cert`, uv with SSL_CERT_FILE, others with \
                 REQUESTS_CA_BUNDLE"
            }
            Self::HostNotTrusted => {
                "the server has no TLS, and the client does not trust its host: set the client up \
                 again, or serve with TLS"
            }
            Self::Unauthorized => {
                "the index asks for a user and a password, and got none or wrong ones: set up again \
                 with --user"
            }
            Self::Forbidden => {
                "the index knows the user, who may not do this: ask its operator (`wheelhouse can`)"
            }
            Self::NotAnIndex => {
                "there is no index at that address: its simple pages mostly end in /simple/"
            }
            Self::NothingFits => {
                "the index has the project, but no file that fits this version of Python or this \
                 platform"
            }
            Self::ProjectMissing => {
                "the client finds no such project: look at its name, and at which indexes the client \
                 asks"
            }
            Self::Other => "the client fails for a reason of its own; what it said is above",
        }
    }

    /// Returns whether the network is to blame.
    pub const fn is_network(self) -> bool {
        matches!(
            self,
            Self::NameNotResolved | Self::NotReached | Self::TlsNotTrusted
        )
    }

    /// Returns whether the index says no.
    pub const fn is_refusal(self) -> bool {
        matches!(self, Self::Unauthorized | Self::Forbidden)
    }
}

/// What shows each reason, in lower case. What stands first counts more: clients end with `no such
/// project` whatever happened before.
const MARKS: &[(Reason, &[&str])] = &[
    (
        Reason::HostNotTrusted,
        &["not a trusted or secure host", "is not trusted"],
    ),
    (
        Reason::NameNotResolved,
        &[
            "name or service not known",
            "temporary failure in name resolution",
            "nodename nor servname",
            "no address associated",
            "getaddrinfo",
            "failed to resolve",
            "failed to lookup address",
            "dns error",
            "name resolution",
        ],
    ),
    (
        Reason::TlsNotTrusted,
        &[
            "certificate_verify_failed",
            "certificate verify failed",
            "unknownissuer",
            "invalid peer certificate",
            "invalid certificate",
            "self-signed",
            "self signed",
            "sslerror",
        ],
    ),
    (
        Reason::NotReached,
        &[
            "connection refused",
            "connection reset",
            "timed out",
            "timeout",
            "unreachable",
            "no route to host",
            "max retries exceeded",
            "all connection attempts failed",
            "error sending request",
            "tcp connect",
        ],
    ),
    (
        Reason::Unauthorized,
        &[
            "unauthorized",
            "credentials not correct",
            "missing credentials",
            "credentials for",
            "authorization error",
            "authentication",
        ],
    ),
    (Reason::Forbidden, &["forbidden"]),
    (
        Reason::NotAnIndex,
        &[
            "content-type: unknown",
            "got content-type",
            "unsupported content type",
            "unsupported content-type",
            "not a page of a package index",
        ],
    ),
    (
        Reason::NothingFits,
        &[
            "require a different python",
            "requires a different python",
            "no wheels with a matching",
            "no compatible",
        ],
    ),
    (
        Reason::ProjectMissing,
        &[
            "no matching distribution",
            "was not found in the",
            "could not find a version",
            "could not find a matching version",
            "unable to find candidates",
            "has no project",
            "not found",
            "no versions",
            "candidate",
        ],
    ),
];

/// Tells the reason from what a client or a library wrote.
pub fn explain(said: &str) -> Reason {
    let said = said.to_lowercase();
    for (reason, marks) in MARKS {
        let status = match reason {
            Reason::Unauthorized => Some("401"),
            Reason::Forbidden => Some("403"),
            _ => None,
        };
        let is_marked = marks.iter().any(|mark| said.contains(mark));
        if is_marked || status.is_some_and(|status| has_word(&said, status)) {
            return *reason;
        }
    }
    Reason::Other
}

/// Returns whether a number stands for itself, and not within a digest or a size.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let mut after = text[at + word.len()..].chars();
        let (next, second) = (after.next(), after.next());
        let is_fraction = next == Some('.') && second.is_some_and(|c| c.is_ascii_digit());
        before.is_none_or(|c| !c.is_alphanumeric() && c != '.')
            && next.is_none_or(|c| !c.is_alphanumeric())
            && !is_fraction
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_told_from_what_clients_say() {
        for (said, reason) in [
            (
                "WARNING: The repository located at h.example is not a trusted or secure host and is \
                 being ignored.\nERROR: No matching distribution found for demo",
                Reason::HostNotTrusted,
            ),
            (
                "NameResolutionError: Failed to resolve 'h.invalid' ([Errno -2] Name or service not known)",
                Reason::NameNotResolved,
            ),
            (
                "cause: client error (Connect)\n  cause: dns error\n  cause: failed to lookup address",
                Reason::NameNotResolved,
            ),
            (
                "cause: invalid peer certificate: UnknownIssuer",
                Reason::TlsNotTrusted,
            ),
            (
                "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate",
                Reason::TlsNotTrusted,
            ),
            (
                "tcp connect error: Connection refused (os error 111)",
                Reason::NotReached,
            ),
            (
                "WARNING: 401 Error, Credentials not correct for http://h/simple/demo/\nERROR: No \
                 matching distribution found for demo",
                Reason::Unauthorized,
            ),
            ("HTTP status client error (403)", Reason::Forbidden),
            (
                "Because demo was not found in the package registry",
                Reason::ProjectMissing,
            ),
            (
                "ERROR: Ignored the following versions that require a different python version: 1.0 \
                 Requires-Python >=99\nERROR: No matching distribution found for demo",
                Reason::NothingFits,
            ),
            ("sha256:a401b, 401.5 kB: it broke", Reason::Other),
            ("", Reason::Other),
        ] {
            assert_eq!(explain(said), reason, "{said}");
        }
    }

    #[test]
    fn each_reason_has_words() {
        for reason in [
            Reason::NameNotResolved,
            Reason::NothingFits,
            Reason::NotAnIndex,
            Reason::Other,
        ] {
            assert!(!reason.as_str().is_empty() && !reason.advice().ends_with('.'));
            assert!(!(reason.is_network() && reason.is_refusal()));
        }
    }
}
