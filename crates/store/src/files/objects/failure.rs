//! What the answers of an object store mean.

use std::error::Error as _;
use std::io;

use object_store::Error;
use wheelhouse_index::ports::{OpenError, PlaceError, StoreError};

/// How this backend calls itself in errors.
pub(super) const BACKEND: &str = "object store";

/// What kind of trouble an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The object is not there.
    Missing,
    /// The bucket is not there.
    NoBucket,
    /// The store does not know who we are.
    WrongCredentials,
    /// The clocks differ too much.
    Clock,
    /// We may not do this.
    Denied,
    /// The store does not answer, or not now.
    Away,
    /// Anything else.
    Other,
}

/// Words in answers, and what they mean. Stores say the same in different ways; these are the
/// codes of S3, Azure and Google.
const WORDS: &[(&str, Trouble)] = &[
    ("RequestTimeTooSkewed", Trouble::Clock),
    ("NoSuchBucket", Trouble::NoBucket),
    ("ContainerNotFound", Trouble::NoBucket),
    ("The specified bucket does not exist", Trouble::NoBucket),
    ("InvalidAccessKeyId", Trouble::WrongCredentials),
    ("SignatureDoesNotMatch", Trouble::WrongCredentials),
    ("AuthenticationFailed", Trouble::WrongCredentials),
    (
        "Server failed to authenticate the request",
        Trouble::WrongCredentials,
    ),
    ("ExpiredToken", Trouble::WrongCredentials),
    ("InvalidToken", Trouble::WrongCredentials),
    ("AccessDenied", Trouble::Denied),
];

pub(super) fn trouble(error: &Error) -> Trouble {
    let text = with_causes(error);
    if let Some((_, trouble)) = WORDS.iter().find(|(word, _)| text.contains(word)) {
        return *trouble;
    }
    match error {
        Error::NotFound { .. } => Trouble::Missing,
        Error::Unauthenticated { .. } => Trouble::WrongCredentials,
        Error::PermissionDenied { .. } => Trouble::Denied,
        Error::Generic { .. } => Trouble::Away,
        _ => Trouble::Other,
    }
}

/// Returns whether the object is not there. A `HEAD` has no body that tells of the bucket.
pub(super) fn is_missing(error: &Error) -> bool {
    matches!(error, Error::NotFound { .. }) && trouble(error) == Trouble::Missing
}

/// Returns whether a refusal does not say why, as that of a `HEAD`, which has no body.
pub(super) fn is_unexplained(error: &Error) -> bool {
    let is_refusal = matches!(
        error,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. }
    );
    let text = with_causes(error);
    is_refusal && !WORDS.iter().any(|(word, _)| text.contains(word))
}

/// Returns the error and all that it came from, as one line of bounded length.
pub(super) fn with_causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(1_000)
        .collect();
    line
}

/// Says what is wrong and what to do about it.
pub(super) fn sentence(place: &str, error: &Error) -> String {
    match trouble(error) {
        Trouble::NoBucket => format!("there is no bucket at `{place}`; make it first"),
        Trouble::WrongCredentials => format!(
            "`{place}` does not take the credentials; look at the variables or the role that they come from"
        ),
        Trouble::Clock => format!(
            "`{place}` refuses requests because the clock of this machine and that of the store differ too much; set the clock"
        ),
        Trouble::Denied => format!(
            "`{place}` does not allow this; the credentials need the rights to list, read, write and delete objects there"
        ),
        Trouble::Missing | Trouble::Away | Trouble::Other => {
            format!("`{place}` cannot be used: {}", with_causes(error))
        }
    }
}

pub(super) fn store_error(operation: &'static str, error: &Error) -> StoreError {
    StoreError::new(BACKEND, operation, with_causes(error))
        .while_away(trouble(error) == Trouble::Away)
}

pub(super) fn place_error(operation: &'static str, place: &str, error: &Error) -> PlaceError {
    match trouble(error) {
        Trouble::NoBucket | Trouble::WrongCredentials | Trouble::Clock | Trouble::Denied => {
            PlaceError::ReadOnly(sentence(place, error))
        }
        Trouble::Away => PlaceError::Away(sentence(place, error)),
        Trouble::Missing | Trouble::Other => store_error(operation, error).into(),
    }
}

pub(super) fn open_error(place: &str, error: &Error) -> OpenError {
    match trouble(error) {
        Trouble::Missing | Trouble::Other => store_error("open an object", error).into(),
        Trouble::NoBucket
        | Trouble::WrongCredentials
        | Trouble::Clock
        | Trouble::Denied
        | Trouble::Away => OpenError::Away(sentence(place, error)),
    }
}

/// For whoever reads bytes.
pub(super) fn read_error(error: Error) -> io::Error {
    match error {
        Error::Precondition { .. } => io::Error::other("the object was altered while it was read"),
        error => io::Error::other(store_error("read an object", &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generic(text: &str) -> Error {
        Error::Generic {
            store: "S3",
            source: text.to_owned().into(),
        }
    }

    #[test]
    fn each_answer_becomes_what_a_caller_can_act_on() {
        for (text, trouble_of_it) in [
            ("403: <Code>RequestTimeTooSkewed</Code>", Trouble::Clock),
            ("404: <Code>NoSuchBucket</Code>", Trouble::NoBucket),
            (
                "403: <Code>InvalidAccessKeyId</Code>",
                Trouble::WrongCredentials,
            ),
            ("403: <Code>AccessDenied</Code>", Trouble::Denied),
            ("connection refused", Trouble::Away),
        ] {
            assert_eq!(trouble(&generic(text)), trouble_of_it, "{text}");
            let sentence = sentence("s3://wheels", &generic(text));
            assert!(sentence.contains("`s3://wheels`"), "{sentence}");
        }
        for (text, unexplained) in [
            ("403 Forbidden", true),
            ("<Code>AccessDenied</Code>", false),
        ] {
            let error = Error::PermissionDenied {
                path: "sha256/ab".to_owned(),
                source: text.into(),
            };
            assert_eq!(is_unexplained(&error), unexplained, "{text}");
        }
        assert!(!is_unexplained(&generic("connection refused")));
        let refused = place_error("write", "s3://wheels", &generic("AccessDenied"));
        assert!(matches!(refused, PlaceError::ReadOnly(_)), "{refused}");
        let away = place_error("write", "s3://wheels", &generic("connection refused"));
        assert!(matches!(away, PlaceError::Away(_)), "{away}");
        let away = open_error("s3://wheels", &generic("connection refused"));
        assert!(matches!(away, OpenError::Away(_)), "{away}");
        let away = StoreError::new("reader", "read", read_error(generic("connection refused")));
        assert!(away.is_away, "{away}");
        let altered = read_error(Error::Precondition {
            path: "sha256/ab".to_owned(),
            source: "412".into(),
        });
        assert!(!StoreError::new("reader", "read", altered).is_away);
    }
}
