//! The stored form of one password: which scheme it is, told by its look alone.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// A stored password of a form that can be checked. Prints its scheme, never its text.
#[derive(Clone)]
pub struct PasswordHash {
    scheme: Scheme,
    text: Zeroizing<String>,
}

impl PasswordHash {
    /// Highest bcrypt cost that is used; also the highest that the `htpasswd` tool makes. Each
    /// step doubles the time: 17 takes about ten seconds.
    pub const MAX_BCRYPT_COST: u32 = 17;
    /// Highest number of rounds that is used for SHA-256 and SHA-512 crypt: some seconds. The
    /// standard allows 999,999,999, with which one sign-in would hold a processor for minutes.
    pub const MAX_ROUNDS: u32 = 10_000_000;

    /// Tells the form of a stored value, the part of a line after the colon.
    ///
    /// A value that begins with `$` or `{` is a hash or a problem, never a plain text.
    ///
    /// # Errors
    /// [`HashProblem`] if nothing can be checked against the value.
    pub fn classify(value: &str) -> Result<Self, HashProblem> {
        let scheme = scheme_of(value)?;
        Ok(Self {
            scheme,
            text: Zeroizing::new(value.to_owned()),
        })
    }

    /// Returns the scheme.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Hands out the stored text, for checking a password only. Never log it.
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasswordHash({:?}, [redacted])", self.scheme)
    }
}

/// How a password is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// bcrypt: `$2a$`, `$2b$` or `$2y$`.
    Bcrypt {
        /// The binary logarithm of the number of rounds.
        cost: u32,
    },
    /// The MD5 of the `htpasswd` tool: `$apr1$salt$digest`.
    Apr1,
    /// An unsalted SHA-1: `{SHA}` and base64.
    Sha1,
    /// SHA-256 crypt: `$5$`.
    Sha256Crypt {
        /// The number of rounds.
        rounds: u32,
    },
    /// SHA-512 crypt: `$6$`.
    Sha512Crypt {
        /// The number of rounds.
        rounds: u32,
    },
    /// Traditional crypt on DES: 13 characters, of which two are salt.
    DesCrypt,
    /// The password itself.
    PlainText,
}

/// Why a stored value cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashProblem {
    /// No value.
    #[error("the stored password is empty")]
    Empty,
    /// Begins like this scheme, but the rest does not fit.
    #[error("the {0} value is damaged")]
    Damaged(&'static str),
    /// A known or unknown scheme that is not checked here.
    #[error("{0} is not supported")]
    Unsupported(&'static str),
    /// Checking would take too long.
    #[error(
        "the cost is too high (at most {} for bcrypt, {} rounds for SHA crypt)",
        PasswordHash::MAX_BCRYPT_COST,
        PasswordHash::MAX_ROUNDS
    )]
    TooCostly,
    /// Marked as locked, as in a system's password file.
    #[error("the user is locked")]
    Locked,
}

fn scheme_of(value: &str) -> Result<Scheme, HashProblem> {
    if value.trim().is_empty() {
        return Err(HashProblem::Empty);
    }
    if let Some(rest) = value.strip_prefix('$') {
        return modular(rest);
    }
    if value.starts_with('{') {
        return braced(value);
    }
    if value.trim_start().starts_with(['$', '{']) {
        return Err(HashProblem::Damaged("stored"));
    }
    let unlocked = value.trim_start_matches(['!', '*']);
    if unlocked.len() < value.len() && (unlocked.is_empty() || unlocked.starts_with(['$', '{'])) {
        return Err(HashProblem::Locked);
    }
    match value.strip_prefix('_') {
        Some(rest) if rest.len() == 19 && is_crypt_text(rest) => {
            Err(HashProblem::Unsupported("BSDi crypt"))
        }
        _ if value.len() == 13 && is_crypt_text(value) => Ok(Scheme::DesCrypt),
        _ => Ok(Scheme::PlainText),
    }
}

/// Reads what follows the first `$` of `$id$…`.
fn modular(rest: &str) -> Result<Scheme, HashProblem> {
    let (id, rest) = rest.split_once('$').unwrap_or((rest, ""));
    match id {
        "2a" | "2b" | "2y" => bcrypt(rest),
        "apr1" => apr1(rest).ok_or(HashProblem::Damaged("apr1")),
        "5" => {
            let rounds = sha_crypt(rest, 43, 0x0F, "SHA-256 crypt")?;
            Ok(Scheme::Sha256Crypt { rounds })
        }
        "6" => {
            let rounds = sha_crypt(rest, 86, 0x03, "SHA-512 crypt")?;
            Ok(Scheme::Sha512Crypt { rounds })
        }
        _ => Err(HashProblem::Unsupported(name_of(id))),
    }
}

fn name_of(id: &str) -> &'static str {
    match id {
        "1" => "MD5 crypt",
        "2" | "2x" => "this old bcrypt",
        "3" => "NT hash",
        "7" | "scrypt" => "scrypt",
        "y" | "gy" => "yescrypt",
        "P" | "H" => "phpass",
        "sha1" => "SHA-1 crypt",
        "argon2i" | "argon2d" | "argon2id" => "argon2",
        _ if id.starts_with("pbkdf2") => "pbkdf2",
        _ if id.starts_with("md5") => "Sun MD5 crypt",
        _ => "this kind of hash",
    }
}

/// Checks `cost$salt-and-digest`.
fn bcrypt(rest: &str) -> Result<Scheme, HashProblem> {
    const DAMAGED: HashProblem = HashProblem::Damaged("bcrypt");
    let (cost, body) = rest.split_once('$').ok_or(DAMAGED)?;
    if cost.len() != 2 || body.len() != 53 || !is_crypt_text(body) {
        return Err(DAMAGED);
    }
    let cost = decimal(cost).ok_or(DAMAGED)?;
    // 22 characters hold 16 bytes and 31 hold 23: the last of each has bits that mean nothing. A
    // value where they are set was never written by a hasher, so no password would match it.
    let is_padded = |at: usize, unused: u8| {
        let value = match body.as_bytes()[at] {
            b'.' => 0,
            b'/' => 1,
            c @ b'A'..=b'Z' => c - b'A' + 2,
            c @ b'a'..=b'z' => c - b'a' + 28,
            c => c - b'0' + 54,
        };
        value & unused == 0
    };
    if !is_padded(21, 0x0F) || !is_padded(52, 0x03) {
        return Err(DAMAGED);
    }
    match cost {
        4..=PasswordHash::MAX_BCRYPT_COST => Ok(Scheme::Bcrypt { cost }),
        0..4 | 32.. => Err(DAMAGED),
        _ => Err(HashProblem::TooCostly),
    }
}

/// Checks `salt$digest`.
fn apr1(rest: &str) -> Option<Scheme> {
    let (salt, digest) = rest.split_once('$')?;
    let is_sound = salt.len() <= 8
        && salt.bytes().all(|c| c.is_ascii_graphic())
        && digest.len() == 22
        && is_crypt_text(digest);
    is_sound.then_some(Scheme::Apr1)
}

/// Checks `rounds=N$salt$digest`, where the first part may be missing, and returns the rounds.
/// The last digit of a digest has no bits outside `last_digit`.
fn sha_crypt(
    rest: &str,
    digest_len: usize,
    last_digit: u8,
    name: &'static str,
) -> Result<u32, HashProblem> {
    let damaged = HashProblem::Damaged(name);
    let (rounds, rest) = match rest.strip_prefix("rounds=") {
        Some(rest) => {
            let (rounds, rest) = rest.split_once('$').ok_or(damaged)?;
            (decimal(rounds).ok_or(damaged)?, rest)
        }
        None => (5000, rest),
    };
    let (salt, digest) = rest.split_once('$').ok_or(damaged)?;
    let last = digest.bytes().last().and_then(crypt_digit).ok_or(damaged)?;
    let is_sound = (1..=16).contains(&salt.len())
        && is_crypt_text(salt)
        && digest.len() == digest_len
        && is_crypt_text(digest)
        && last <= last_digit;
    match rounds {
        _ if !is_sound => Err(damaged),
        1000..=PasswordHash::MAX_ROUNDS => Ok(rounds),
        0..1000 | 1_000_000_000.. => Err(damaged),
        _ => Err(HashProblem::TooCostly),
    }
}

/// Reads `{NAME}value`.
fn braced(value: &str) -> Result<Scheme, HashProblem> {
    let (name, rest) = value[1..]
        .split_once('}')
        .ok_or(HashProblem::Damaged("stored"))?;
    match name {
        "SHA" => match STANDARD.decode(rest) {
            Ok(digest) if digest.len() == 20 => Ok(Scheme::Sha1),
            _ => Err(HashProblem::Damaged("SHA-1")),
        },
        "SSHA" => Err(HashProblem::Unsupported("salted SHA-1 ({SSHA})")),
        "MD5" | "SMD5" => Err(HashProblem::Unsupported("unsalted or salted MD5")),
        _ => Err(HashProblem::Unsupported("this kind of hash")),
    }
}

/// Reads a decimal number without sign or leading zeros; a number of two digits may have one.
fn decimal(digits: &str) -> Option<u32> {
    let is_plain = digits.bytes().all(|c| c.is_ascii_digit())
        && (digits.len() <= 2 || !digits.starts_with('0'));
    if is_plain { digits.parse().ok() } else { None }
}

fn is_crypt_text(text: &str) -> bool {
    text.bytes().all(|c| crypt_digit(c).is_some())
}

/// Returns the value of a character of crypt's own base-64 alphabet.
fn crypt_digit(c: u8) -> Option<u8> {
    match c {
        b'.' | b'/' | b'0'..=b'9' => Some(c - b'.'),
        b'A'..=b'Z' => Some(c - b'A' + 12),
        b'a'..=b'z' => Some(c - b'a' + 38),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BCRYPT: &str = "$2y$05$rbQZ1NLOSoctkGvUQ4X29usIwBvdh7TPoH1OifDk11zobYuBDyzpK";
    const SHA_256: &str = "$5$aE963o2ChmYfX.jM$b6w.RVTXnjl6jPf8zMYLJlS/eRVLNmdaSgnUB.z8ZQ3";
    const APR1: &str = "$apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00";

    fn scheme(value: &str) -> Result<Scheme, HashProblem> {
        PasswordHash::classify(value).map(|hash| hash.scheme())
    }

    #[test]
    fn each_scheme_is_told_by_its_look() {
        let sha_512 = format!("$6$rounds=70000$abc${}/", "x".repeat(85));
        let cases = [
            (BCRYPT, Scheme::Bcrypt { cost: 5 }),
            (
                &BCRYPT.replace("2y$05", "2a$17"),
                Scheme::Bcrypt { cost: 17 },
            ),
            (&BCRYPT.replace("2y", "2b"), Scheme::Bcrypt { cost: 5 }),
            (APR1, Scheme::Apr1),
            ("$apr1$$eIMz/iKDkbtys/uU7LEK00", Scheme::Apr1),
            ("{SHA}6VIkdb6xOBzPuPyCgV1eFqxUAFw=", Scheme::Sha1),
            (SHA_256, Scheme::Sha256Crypt { rounds: 5000 }),
            (&sha_512, Scheme::Sha512Crypt { rounds: 70_000 }),
            ("C7Q4njj7t1gGs", Scheme::DesCrypt),
            ("C7Q4njj7t1gG", Scheme::PlainText),
            ("C7Q4njj7t1gGss", Scheme::PlainText),
            ("C7Q4njj7t1gG!", Scheme::PlainText),
            ("ab", Scheme::PlainText),
            (" secret", Scheme::PlainText),
            ("!secret", Scheme::PlainText),
            ("_secret", Scheme::PlainText),
        ];
        for (value, expected) in cases {
            assert_eq!(scheme(value), Ok(expected), "{value}");
        }
    }

    #[test]
    fn a_value_that_looks_like_a_hash_is_never_plain_text() {
        let unsupported = [
            "$1$abcdefgh$eIMz/iKDkbtys/uU7LEK00",
            "$2x$05$rbQZ1NLOSoctkGvUQ4X29usIwBvdh7TPoH1OifDk11zobYuBDyzpK",
            "$P$984478476IagS59wHZvyQMArzfx58u.",
            "$pbkdf2-sha256$29000$N2$1t8iyB",
            "$y$j9T$abc$def",
            "$",
            "$$",
            "$x",
            "${",
            "{SSHA}abc",
            "{MD5}abc",
            "{PLAIN}abc",
            "{CRYPT}abc",
            "{sha}6VIkdb6xOBzPuPyCgV1eFqxUAFw=",
            "_J9..rasmBYk8r9AiWNc",
        ];
        for value in unsupported {
            assert!(
                matches!(scheme(value), Err(HashProblem::Unsupported(_))),
                "{value}"
            );
        }
        for value in [" $apr1$", "\t{SHA}", "{SHA", "{"] {
            assert_eq!(
                scheme(value),
                Err(HashProblem::Damaged("stored")),
                "{value}"
            );
        }
        for value in ["!", "*", "!!", "!$6$abc$def", "*{SHA}"] {
            assert_eq!(scheme(value), Err(HashProblem::Locked), "{value}");
        }
    }

    #[test]
    fn a_damaged_hash_is_a_problem() {
        let damaged = [
            "$2y$",
            "$2y$05$",
            &BCRYPT[..59],
            &format!("{BCRYPT}x"),
            &BCRYPT.replace("05", "5"),
            &BCRYPT.replace("05", "03"),
            &BCRYPT.replace("05", "32"),
            &BCRYPT.replace("05", "+5"),
            &BCRYPT.replace("rb", "r="),
            &BCRYPT.replace("rbQ", "é1"),
            // Bits that mean nothing are set: in the salt, then in the digest.
            &BCRYPT.replace("29us", "29vs"),
            &BCRYPT.replace("zpK", "zpL"),
            "$apr1$",
            "$apr1$abc",
            &APR1[..36],
            &format!("{APR1}0"),
            &format!("{APR1}$"),
            "$apr1$lZL6V/cii$eIMz/iKDkbtys/uU7LEK00",
            "{SHA}",
            "{SHA}6VIkdb6xOBzPuPyCgV1eFqxUAF=",
            "{SHA}####",
            "$5$",
            "$5$abc",
            "$5$abc$def",
            &SHA_256[..62],
            &SHA_256.replace("aE963", "aE9633"),
            &SHA_256.replace("aE963o2ChmYfX.jM", ""),
            &SHA_256.replace("ZQ3", "ZQz"),
            &SHA_256.replace("$5$", "$5$rounds=999$"),
            &SHA_256.replace("$5$", "$5$rounds=$"),
            &SHA_256.replace("$5$", "$5$rounds=05000$"),
            &SHA_256.replace("$5$", "$5$rounds=+5000$"),
            &SHA_256.replace("$5$", "$5$rounds=99999999999$"),
            &SHA_256.replace("$5$", "$6$"),
        ];
        for value in damaged {
            assert!(
                matches!(scheme(value), Err(HashProblem::Damaged(_))),
                "{value}"
            );
        }
    }

    #[test]
    fn a_cost_that_would_hold_a_processor_for_minutes_is_a_problem() {
        for value in [
            BCRYPT.replace("05", "18"),
            BCRYPT.replace("05", "31"),
            SHA_256.replace("$5$", "$5$rounds=10000001$"),
            SHA_256.replace("$5$", "$5$rounds=999999999$"),
        ] {
            assert_eq!(scheme(&value), Err(HashProblem::TooCostly), "{value}");
        }
    }
}
