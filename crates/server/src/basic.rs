//! Reading `Authorization: Basic`.

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use wheelhouse_index::actor::{Credentials, Secret};

/// Longest header that is looked at, in bytes.
const MAX_HEADER_BYTES: usize = 8 * 1024;

/// Returns the credentials in a header's value, or `None` if it is of another scheme or damaged.
///
/// The text is UTF-8, or Latin-1 where it is not; the password begins after the first colon.
///
/// Standard: RFC 7617.
pub(crate) fn parse(value: &[u8]) -> Option<Credentials> {
    if value.len() > MAX_HEADER_BYTES {
        return None;
    }
    let value = value.trim_ascii();
    let blank = value.iter().position(|&byte| byte == b' ')?;
    let (scheme, encoded) = value.split_at(blank);
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return None;
    }
    let engine = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let bytes = zeroize::Zeroizing::new(engine.decode(encoded.trim_ascii()).ok()?);
    let text = zeroize::Zeroizing::new(match std::str::from_utf8(&bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    });
    let (user, password) = text.split_once(':')?;
    Some(Credentials {
        user: user.to_owned(),
        password: Secret::new(password.to_owned()),
    })
}
