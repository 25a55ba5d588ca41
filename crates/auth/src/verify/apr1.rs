//! The MD5 of the `htpasswd` tool: MD5 crypt with another name in it.

use md5::{Digest as _, Md5};
use subtle::ConstantTimeEq as _;

/// The alphabet of crypt's own base 64, in the order of the values.
pub(super) const ALPHABET: &[u8; 64] =
    b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const NAME: &str = "$apr1$";

/// Tells whether `password` gives the stored `$apr1$salt$digest`.
pub(super) fn matches(stored: &str, password: &[u8]) -> bool {
    let Some((salt, text)) = stored.strip_prefix(NAME).and_then(|r| r.split_once('$')) else {
        return false;
    };
    let digest = digest(password, salt.as_bytes());
    encoded(&digest)[..].ct_eq(text.as_bytes()).into()
}

fn digest(password: &[u8], salt: &[u8]) -> [u8; 16] {
    let inner = Md5::new()
        .chain_update(password)
        .chain_update(salt)
        .chain_update(password)
        .finalize();
    let mut hash = Md5::new()
        .chain_update(password)
        .chain_update(NAME)
        .chain_update(salt);
    for part in password.chunks(16) {
        hash.update(&inner[..part.len()]);
    }
    // One byte for each bit of the length, lowest first. That a set bit adds a zero and a clear
    // one the first letter is how the first program did it, and so it stayed.
    let mut bits = password.len();
    while bits != 0 {
        match bits & 1 {
            1 => hash.update([0]),
            _ => hash.update(&password[..1]),
        }
        bits >>= 1;
    }
    let mut digest: [u8; 16] = hash.finalize().into();
    for round in 0..1000 {
        let is_odd = round % 2 == 1;
        let mut hash = Md5::new();
        hash.update(if is_odd { password } else { &digest });
        if round % 3 != 0 {
            hash.update(salt);
        }
        if round % 7 != 0 {
            hash.update(password);
        }
        hash.update(if is_odd { &digest } else { password });
        digest = hash.finalize().into();
    }
    digest
}

/// Writes the digest in crypt's order of bytes: five groups of three bytes, and one byte left.
fn encoded(digest: &[u8; 16]) -> [u8; 22] {
    const ORDER: [[usize; 3]; 5] = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]];
    let mut text = [b'.'; 22];
    for (group, places) in text.chunks_mut(4).zip(ORDER) {
        let mut value = places
            .iter()
            .fold(0, |value, &place| value << 8 | usize::from(digest[place]));
        for letter in group {
            *letter = ALPHABET[value & 0x3F];
            value >>= 6;
        }
    }
    text[20] = ALPHABET[usize::from(digest[11] & 0x3F)];
    text[21] = ALPHABET[usize::from(digest[11] >> 6)];
    text
}
