//! Checks a password against its stored form. Slow by design: call it off the request threads.

mod apr1;
mod des_crypt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha_crypt::{PasswordVerifier as _, ShaCrypt};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use wheelhouse_index::actor::Secret;
use wheelhouse_standards::htpasswd::{PasswordHash, Scheme};

/// Longest password that is checked, in bytes. SHA crypt's time grows with the square of it, and
/// the tools that write password files stop at 512 or less.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// Tells whether a password is the one that was stored.
///
/// As in the tools that write the files, bcrypt reads the first 72 bytes of a password and DES
/// crypt the first 8. A password with a NUL is never right: those tools stop there, and would take
/// for equal what is not. What differs is compared in constant time.
///
/// # Examples
/// ```
/// use wheelhouse_auth::verify::verify;
/// use wheelhouse_index::actor::Secret;
/// use wheelhouse_standards::htpasswd::PasswordHash;
///
/// let stored = PasswordHash::classify("{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=")?;
/// assert!(verify(&stored, &Secret::new("secret".into())));
/// assert!(!verify(&stored, &Secret::new("Secret".into())));
/// # Ok::<(), wheelhouse_standards::htpasswd::HashProblem>(())
/// ```
pub fn verify(stored: &PasswordHash, password: &Secret) -> bool {
    let password = password.reveal();
    if password.len() > MAX_PASSWORD_BYTES || password.contains('\0') {
        return false;
    }
    let text = stored.reveal();
    match stored.scheme() {
        Scheme::Bcrypt { .. } => bcrypt::verify(password, text).unwrap_or(false),
        Scheme::Apr1 => apr1::matches(text, password.as_bytes()),
        Scheme::Sha1 => is_sha1(text, password),
        Scheme::Sha256Crypt { .. } | Scheme::Sha512Crypt { .. } => ShaCrypt::default()
            .verify_password(password.as_bytes(), text)
            .is_ok(),
        Scheme::DesCrypt => des_crypt::matches(text, password.as_bytes()),
        Scheme::PlainText => is_same_text(text, password),
    }
}

fn is_sha1(text: &str, password: &str) -> bool {
    let Some(Ok(stored)) = text.strip_prefix("{SHA}").map(|t| STANDARD.decode(t)) else {
        return false;
    };
    Sha1::digest(password).as_slice().ct_eq(&stored).into()
}

/// Compares digests of both, because comparing the texts would tell the length of the stored one.
fn is_same_text(text: &str, password: &str) -> bool {
    let stored = Sha256::digest(text);
    Sha256::digest(password)
        .as_slice()
        .ct_eq(stored.as_slice())
        .into()
}
