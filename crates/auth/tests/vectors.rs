//! Checks passwords against stored forms that other programs made.

use wheelhouse_auth::verify::{MAX_PASSWORD_BYTES, verify};
use wheelhouse_index::actor::Secret;
use wheelhouse_standards::htpasswd::{PasswordHash, Scheme};

/// Each file holds the stored form, a tab and the password, one pair a line.
fn vectors(table: &'static str) -> Vec<(PasswordHash, &'static str)> {
    let pairs = table.lines().filter(|line| !line.starts_with('#'));
    let read = pairs.map(|line| {
        let (stored, password) = line.split_once('\t').expect("a tab");
        let hash = PasswordHash::classify(stored).unwrap_or_else(|e| panic!("{stored}: {e}"));
        (hash, password)
    });
    read.collect()
}

/// Checks that every password is right, and that one changed in a letter that counts is wrong.
fn check(table: &'static str, is_scheme: impl Fn(Scheme) -> bool) {
    let vectors = vectors(table);
    assert!(vectors.len() > 10);
    for (stored, password) in vectors {
        let text = stored.reveal();
        assert!(is_scheme(stored.scheme()), "{text}");
        assert!(verify(&stored, &secret(password)), "{text} {password:?}");
        assert!(
            !verify(&stored, &secret(&format!("!{password}"))),
            "{text} {password:?}"
        );
    }
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

#[test]
fn apr1_made_by_other_programs_is_checked() {
    check(include_str!("vectors/apr1.tsv"), |s| s == Scheme::Apr1);
}

#[test]
fn sha1_made_by_other_programs_is_checked() {
    check(include_str!("vectors/sha1.tsv"), |s| s == Scheme::Sha1);
}

#[test]
fn bcrypt_made_by_other_programs_is_checked() {
    let is_bcrypt = |s| matches!(s, Scheme::Bcrypt { .. });
    check(include_str!("vectors/bcrypt.tsv"), is_bcrypt);
}

#[test]
fn sha256_crypt_made_by_other_programs_is_checked() {
    let is_sha256 = |s| matches!(s, Scheme::Sha256Crypt { .. });
    check(include_str!("vectors/sha256_crypt.tsv"), is_sha256);
}

#[test]
fn sha512_crypt_made_by_other_programs_is_checked() {
    let is_sha512 = |s| matches!(s, Scheme::Sha512Crypt { .. });
    check(include_str!("vectors/sha512_crypt.tsv"), is_sha512);
}

#[test]
fn des_crypt_made_by_other_programs_is_checked() {
    check(include_str!("vectors/des_crypt.tsv"), |s| {
        s == Scheme::DesCrypt
    });
}

#[test]
fn plain_text_is_compared_whole() {
    let stored = PasswordHash::classify("open sesame").unwrap();
    assert!(verify(&stored, &secret("open sesame")));
    for wrong in ["", "open", "open sesame ", "Open sesame"] {
        assert!(!verify(&stored, &secret(wrong)), "{wrong:?}");
    }
}

#[test]
fn passwords_are_cut_where_the_tools_cut_them() {
    let tables = [
        (include_str!("vectors/bcrypt.tsv"), 72),
        (include_str!("vectors/des_crypt.tsv"), 8),
    ];
    for (table, length) in tables {
        let (stored, password) = vectors(table)
            .into_iter()
            .find(|(_, password)| password.len() == length)
            .expect("a password of just that length");
        assert!(
            verify(&stored, &secret(&format!("{password}more"))),
            "{length}"
        );
        assert!(
            !verify(&stored, &secret(&password[..length - 1])),
            "{length}"
        );
    }
}

#[test]
fn a_password_with_a_nul_is_wrong() {
    let (stored, password) = vectors(include_str!("vectors/bcrypt.tsv")).remove(2);
    assert!(verify(&stored, &secret(password)));
    for wrong in [
        format!("{password}\0"),
        format!("{password}\0x"),
        "\0".into(),
    ] {
        assert!(!verify(&stored, &secret(&wrong)), "{wrong:?}");
    }
    // Its DES key would be the same as that of the empty password.
    let (stored, password) = vectors(include_str!("vectors/des_crypt.tsv")).remove(0);
    assert_eq!(password, "");
    assert!(!verify(&stored, &secret("\0")));
}

#[test]
fn a_password_beyond_the_limit_is_wrong() {
    let longest = "p".repeat(MAX_PASSWORD_BYTES);
    let stored = PasswordHash::classify(&longest).unwrap();
    assert!(verify(&stored, &secret(&longest)));
    let longer = format!("{longest}p");
    let stored = PasswordHash::classify(&longer).unwrap();
    assert!(!verify(&stored, &secret(&longer)));
}
