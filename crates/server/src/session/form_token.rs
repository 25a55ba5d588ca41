//! The token in every form: proves that a page of ours made it for the browser that sends it.
//!
//! It is HMAC-SHA256 under what is in the browser's cookie, which no other site can read or guess;
//! written as random bytes and the token with those bytes laid over it, so that no two are alike.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Returns a token for the forms of a browser.
pub(super) fn made(secret: &[u8; 32]) -> Result<String, getrandom::Error> {
    let mut written = [0; 64];
    let (over, token) = written.split_at_mut(32);
    getrandom::fill(over)?;
    let proof = mac(secret).finalize().into_bytes();
    for ((byte, over), proof) in token.iter_mut().zip(over).zip(proof) {
        *byte = *over ^ proof;
    }
    Ok(URL_SAFE_NO_PAD.encode(written))
}

/// Returns whether a token was made for the forms of a browser. Takes the same time for any token.
pub(super) fn is_right(secret: &[u8; 32], sent: &str) -> bool {
    let mut written = [0; 64];
    if sent.len() != 86 || URL_SAFE_NO_PAD.decode_slice(sent, &mut written) != Ok(64) {
        return false;
    }
    let (over, token) = written.split_at_mut(32);
    for (byte, over) in token.iter_mut().zip(over) {
        *byte ^= *over;
    }
    mac(secret).verify_slice(token).is_ok()
}

fn mac(secret: &[u8; 32]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length will do");
    mac.update(b"wheelhouse form");
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_with_its_cookie_alone_and_never_the_same_twice() {
        let (ours, other) = ([7; 32], [8; 32]);
        let (first, second) = (made(&ours).expect("random"), made(&ours).expect("random"));
        assert_ne!(first, second);
        assert!(is_right(&ours, &first) && is_right(&ours, &second));
        assert!(!is_right(&other, &first));
        let changed = if first.starts_with('A') { "B" } else { "A" };
        for bad in [
            "",
            "A",
            &first[1..],
            &format!("{first}A"),
            &format!("{changed}{}", &first[1..]),
        ] {
            assert!(!is_right(&ours, bad), "{bad}");
        }
    }
}
