//! Password files.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wheelhouse_auth::verify::verify;
use wheelhouse_index::actor::Secret;
use wheelhouse_standards::htpasswd::{Htpasswd, PasswordHash};

fuzz_target!(|data: &[u8]| {
    let _ = Htpasswd::parse(data);
    // One stored password: told apart, but not computed where that is meant to take long.
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(hash) = PasswordHash::classify(text)
        && text.starts_with("{SHA}")
    {
        assert!(!verify(
            &hash,
            &Secret::new("a password that is not it".to_owned())
        ));
    }
});
