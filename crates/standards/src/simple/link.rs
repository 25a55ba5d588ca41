//! Text as part of a link: the percent-encoding that the pages' URLs have.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What a path part may not hold: all but the characters that no URL gives a meaning to.
///
/// `+` becomes `%2B`, since some clients and stores read a bare one as a blank; `!` of a version's
/// epoch and `:` are encoded as well, so that a path part is never taken for a scheme.
///
/// Standard: RFC 3986, "Unreserved Characters".
const NOT_IN_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

const NOT_IN_PATH: &AsciiSet = &NOT_IN_SEGMENT.remove(b'/');

/// Encodes a path whose parts are separated by `/`, which stays.
///
/// ```
/// use wheelhouse_standards::simple::link::encode_path;
///
/// assert_eq!(
///     encode_path("cu 126/torch-2.0+cu126.zip"),
///     "cu%20126/torch-2.0%2Bcu126.zip"
/// );
/// ```
pub fn encode_path(path: &str) -> String {
    utf8_percent_encode(path, NOT_IN_PATH).to_string()
}

/// Encodes one part of a path, in which `/` has no meaning.
pub fn encode_segment(segment: &str) -> String {
    utf8_percent_encode(segment, NOT_IN_SEGMENT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ver_4_plus_is_encoded_in_links() {
        assert_eq!(encode_path("a-1+b.whl"), "a-1%2Bb.whl");
    }

    #[test]
    fn every_path_becomes_plain_ascii_that_means_the_same() {
        for (path, encoded) in [
            ("a/b-1.0_x~y.whl", "a/b-1.0_x~y.whl"),
            ("sp ace-1.0.zip", "sp%20ace-1.0.zip"),
            ("é.zip", "%C3%A9.zip"),
            ("a\"b'c<d>&e", "a%22b%27c%3Cd%3E%26e"),
            ("1!2-50%#?", "1%212-50%25%23%3F"),
            ("a\nb\0", "a%0Ab%00"),
            ("a\\b:c", "a%5Cb%3Ac"),
        ] {
            assert_eq!(encode_path(path), encoded, "{path:?}");
        }
        assert_eq!(encode_segment("a/b"), "a%2Fb");
    }
}
