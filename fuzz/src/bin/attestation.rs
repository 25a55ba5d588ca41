//! Attestations that come with uploads.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use wheelhouse_auth::attestation::Attestations;
use wheelhouse_fuzz::publisher;
use wheelhouse_index::ports::{AttestationVerifier as _, AttestedFile};
use wheelhouse_standards::digest::Sha256Digest;

static VERIFIER: LazyLock<Attestations> =
    LazyLock::new(|| Attestations::of_sigstore().expect("a trust root"));

fuzz_target!(|data: &[u8]| {
    let file = AttestedFile {
        file_name: "demo-1.0-py3-none-any.whl",
        sha256: Sha256Digest::new([0; 32]),
    };
    let sent = String::from_utf8_lossy(data);
    assert!(
        VERIFIER.verify(&sent, &file, &publisher()).is_err(),
        "nobody guesses a signature"
    );
});
