//! Identity tokens of CI jobs, and the documents of their issuers.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wheelhouse_auth::identity_token::{Audience, IdentityToken, KeySet};
use wheelhouse_fuzz::base64url;

/// The public key of RFC 7515, appendix A.2.
const KEYS: &[u8] = include_bytes!("../../keys.json");

fuzz_target!(|data: &[u8]| {
    let _ = KeySet::parse(data);
    let keys = KeySet::parse(KEYS).expect("keys");
    let as_it_is = String::from_utf8_lossy(data).into_owned();
    // With its parts encoded, most of what is tried is looked into.
    let parts: Vec<String> = data.split(|&b| b == b'.').map(base64url).collect();
    for text in [as_it_is, parts.join(".")] {
        let Ok(token) = IdentityToken::parse(&text) else {
            continue;
        };
        let _ = token.unproven_issuer();
        assert!(
            token
                .verify(&keys, Audience::Text("wheelhouse"), 1_700_000_000)
                .is_err(),
            "nobody guesses a signature"
        );
    }
});
