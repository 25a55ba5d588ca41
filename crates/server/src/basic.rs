//! The `Authorization` header: its bytes in, credentials out. Nothing is proven here.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use wheelhouse_index::actor::{Credentials, Secret};
use zeroize::Zeroizing;

/// Longest header value that is read, in bytes: room for a signed token as the password.
const MAX_HEADER_BYTES: usize = 16 << 10;

/// Clients differ in whether they pad, and a few leave bits set that mean nothing.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Reads the value of an `Authorization` header of the scheme Basic, or Bearer for a token.
///
/// The scheme may be in any case. What it carries is read as UTF-8, or else as Latin-1, and parted
/// at the first colon, so that a password may hold colons. Either part may be empty.
///
/// Standard: RFC 7617, "The 'Basic' HTTP Authentication Scheme".
///
/// # Errors
/// [`BasicError`] if the value holds no credentials; the client must then be challenged.
pub(crate) fn parse(value: &[u8]) -> Result<Credentials, BasicError> {
    if value.len() > MAX_HEADER_BYTES {
        return Err(BasicError::TooLong);
    }
    let value = value.trim_ascii();
    let scheme_len = value.iter().position(|&c| c == b' ').unwrap_or(value.len());
    let (scheme, encoded) = value.split_at(scheme_len);
    if [&b"bearer"[..], b"token"]
        .iter()
        .any(|token| scheme.eq_ignore_ascii_case(token))
    {
        return bearer(encoded.trim_ascii());
    }
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return Err(BasicError::OtherScheme);
    }
    let decoded = LENIENT
        .decode(encoded.trim_ascii_start())
        .map_err(|_| BasicError::Encoding)?;
    let text = text_of(&Zeroizing::new(decoded));
    let (user, password) = text.split_once(':').ok_or(BasicError::NoColon)?;
    if text.contains(|c: char| c.is_ascii_control()) {
        return Err(BasicError::ControlCharacter);
    }
    Ok(Credentials {
        user: user.to_owned(),
        password: Secret::new(password.to_owned()),
    })
}

/// Reads what follows the scheme Bearer, or `token` as the public index has it too.
///
/// Standard: RFC 6750, "Bearer Token Usage", section 2.1.
fn bearer(token: &[u8]) -> Result<Credentials, BasicError> {
    let is_token = |c: &u8| c.is_ascii_graphic();
    if token.is_empty() || !token.iter().all(is_token) {
        return Err(BasicError::Encoding);
    }
    let password = token.iter().copied().map(char::from).collect();
    Ok(Credentials {
        user: "__token__".to_owned(),
        password: Secret::new(password),
    })
}

/// Why an `Authorization` header holds no credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BasicError {
    /// Another scheme than Basic or Bearer, or none.
    #[error("the authorization scheme is neither `Basic` nor `Bearer`")]
    OtherScheme,
    /// Longer than [`MAX_HEADER_BYTES`].
    #[error("the authorization header is longer than {MAX_HEADER_BYTES} bytes")]
    TooLong,
    /// What follows the scheme is not base64.
    #[error("the credentials are not base64")]
    Encoding,
    /// No colon parts the user name from the password.
    #[error("the credentials have no colon between user name and password")]
    NoColon,
    /// The standard forbids control characters in both parts.
    #[error("the credentials hold a control character")]
    ControlCharacter,
}

/// Reads UTF-8, or else Latin-1, where each byte is the character of that number.
fn text_of(bytes: &[u8]) -> Zeroizing<String> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    };
    Zeroizing::new(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header(carried: impl AsRef<[u8]>) -> String {
        format!(
            "Basic {}",
            base64::engine::general_purpose::STANDARD.encode(carried)
        )
    }

    fn parts(value: impl AsRef<[u8]>) -> Result<(String, String), BasicError> {
        let credentials = parse(value.as_ref())?;
        Ok((credentials.user, credentials.password.reveal().to_owned()))
    }

    fn pair(user: &str, password: &str) -> (String, String) {
        (user.to_owned(), password.to_owned())
    }

    #[test]
    fn credentials_part_at_the_first_colon() {
        assert_eq!(parts(header("ada:a:b:c")), Ok(pair("ada", "a:b:c")));
        assert_eq!(parts(header("ada:")), Ok(pair("ada", "")));
        assert_eq!(parts(header(":token")), Ok(pair("", "token")));
        assert_eq!(parts(header(" ada : x ")), Ok(pair(" ada ", " x ")));
        assert_eq!(parts(header("ada")), Err(BasicError::NoColon));
        assert_eq!(parts(header("")), Err(BasicError::NoColon));
    }

    #[test]
    fn credentials_are_utf8_or_else_latin_1() {
        assert_eq!(parts(header("müller:密碼")), Ok(pair("müller", "密碼")));
        assert_eq!(
            parts(header(b"m\xFCller:caf\xE9")),
            Ok(pair("müller", "café"))
        );
    }

    #[test]
    fn the_scheme_is_read_in_any_case_and_other_schemes_are_told() {
        for value in ["basic YTpi", "BASIC YTpi", "Basic   YTpi", " Basic YTpi "] {
            assert_eq!(parts(value), Ok(pair("a", "b")), "{value:?}");
        }
        for value in [
            "",
            " ",
            "Digest YTpi",
            "BasicYTpi",
            "Basics YTpi",
            "YTpi",
            "Basic\tYTpi",
        ] {
            assert_eq!(parts(value), Err(BasicError::OtherScheme), "{value:?}");
        }
    }

    #[test]
    fn a_bearer_token_is_a_password() {
        for value in [
            "Bearer abc-_.~+/=",
            "bearer  abc-_.~+/=",
            "token abc-_.~+/=",
        ] {
            assert_eq!(parts(value), Ok(pair("__token__", "abc-_.~+/=")));
        }
        for value in ["Bearer", "Bearer ", "Bearer a b", "Bearer \u{e9}"] {
            assert_eq!(parts(value), Err(BasicError::Encoding), "{value:?}");
        }
    }

    #[test]
    fn padding_may_be_missing_but_rubbish_is_refused() {
        assert_eq!(parts("Basic YTpiYg=="), Ok(pair("a", "bb")));
        assert_eq!(parts("Basic YTpiYg"), Ok(pair("a", "bb")));
        for value in [
            "Basic YTpi!",
            "Basic Y",
            "Basic YT pi",
            "Basic \u{e9}\u{e9}",
            "Basic ====",
        ] {
            assert_eq!(parts(value), Err(BasicError::Encoding), "{value:?}");
        }
    }

    #[test]
    fn control_characters_are_refused() {
        for carried in ["a\0:b", "a:b\0", "a\n:b", "a:\x7F"] {
            assert_eq!(
                parts(header(carried)),
                Err(BasicError::ControlCharacter),
                "{carried:?}"
            );
        }
    }

    #[test]
    fn a_header_beyond_the_limit_is_refused() {
        let longest = header(format!("a:{}", "p".repeat(MAX_HEADER_BYTES / 4 * 3 - 32)));
        assert!(parts(&longest).is_ok());
        let longer = format!("{longest:MAX_HEADER_BYTES$} ");
        assert_eq!(parts(longer), Err(BasicError::TooLong));
    }
    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(value in proptest::collection::vec(any::<u8>(), 0..90)) {
            let _ = parse(&value);
            let _ = parse(header(value).as_bytes());
        }
    }
}
