//! Attestations: signed statements of CI jobs about the files that they made, verified with the
//! certificates and logs of Sigstore or of a private installation of it.
//!
//! Standard: PEP 740, "Index support for digital attestations".

mod provider;
mod publisher;
mod statement;

use serde_json::{Value, json};
use sigstore_verify::crypto::KeyAlgorithm;
use sigstore_verify::trust_root::{SIGSTORE_PRODUCTION_TRUSTED_ROOT, TrustedRoot};
use sigstore_verify::types::{Bundle, Sha256Hash};
use sigstore_verify::{VerificationPolicy, Verifier};
use wheelhouse_index::access::Publisher;
use wheelhouse_index::ports::{AttestationError, AttestationVerifier, AttestedFile};

use self::statement::{Attestation, Statement};

/// Most attestations of one file: one of each kind.
const MAX_ATTESTATIONS: usize = 2;

/// Verifies attestations with a trust root.
pub struct Attestations {
    verifier: Verifier,
    policy: VerificationPolicy,
}

impl std::fmt::Debug for Attestations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attestations").finish_non_exhaustive()
    }
}

/// A trust root cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("this is no trust root that attestations can be verified with: {0}")]
pub struct TrustRootError(String);

impl Attestations {
    /// Trusts what Sigstore's public installation had when this program was built.
    ///
    /// # Errors
    /// [`TrustRootError`]; never with a program that passed its tests.
    pub fn of_sigstore() -> Result<Self, TrustRootError> {
        Self::new(SIGSTORE_PRODUCTION_TRUSTED_ROOT)
    }

    /// Trusts the authorities and logs of a trust root: the JSON form of Sigstore's `TrustedRoot`.
    ///
    /// A certificate must be in a certificate transparency log if the root names one; every
    /// statement must be in a transparency log.
    ///
    /// # Errors
    /// [`TrustRootError`] if it is none.
    pub fn new(trusted_root: &str) -> Result<Self, TrustRootError> {
        provider::install();
        let error = |error: &dyn std::fmt::Display| TrustRootError(error.to_string());
        let root = TrustedRoot::from_json(trusted_root).map_err(|source| error(&source))?;
        if root.certificate_authorities.is_empty() || root.tlogs.is_empty() {
            return Err(TrustRootError(
                "it names no certificate authority or no transparency log".to_owned(),
            ));
        }
        let mut policy = VerificationPolicy::any_identity();
        if root.ctlogs.is_empty() {
            policy = policy.skip_sct();
        }
        Ok(Self {
            verifier: Verifier::new(&root).map_err(|source| error(&source))?,
            policy,
        })
    }

    fn verify_one(
        &self,
        attestation: &Attestation,
        file: &AttestedFile<'_>,
        publisher: &Publisher,
    ) -> Result<(), String> {
        let bundle: Bundle = serde_json::from_value(attestation.bundle())
            .map_err(|error| format!("it is malformed: {error}"))?;
        let sha256 = Sha256Hash::new(*file.sha256.as_bytes());
        let policy = self.policy.clone().require_issuer(&publisher.issuer);
        let verified = self
            .verifier
            .verify(sha256, &bundle, &policy)
            .map_err(|error| error.to_string())?;
        let certificate = verified.certificate().ok_or("it has no certificate")?;
        if certificate.key_algorithm != KeyAlgorithm::EcdsaP256 {
            return Err("it is not signed with ECDSA over P-256".to_owned());
        }
        publisher::check(publisher, certificate)
    }
}

impl AttestationVerifier for Attestations {
    fn verify(
        &self,
        sent: &str,
        file: &AttestedFile<'_>,
        publisher: &Publisher,
    ) -> Result<Vec<u8>, AttestationError> {
        let described = publisher::describe(publisher).map_err(AttestationError)?;
        let values: Vec<Value> = serde_json::from_str(sent)
            .map_err(|error| AttestationError(format!("they are no JSON array: {error}")))?;
        if values.is_empty() || values.len() > MAX_ATTESTATIONS {
            return Err(AttestationError(format!(
                "there are {}, and one to {MAX_ATTESTATIONS} are wanted",
                values.len()
            )));
        }
        let mut kinds = Vec::new();
        for (place, value) in values.iter().enumerate() {
            let number = place + 1;
            let failed = |reason| AttestationError(format!("attestation {number}: {reason}"));
            let attestation = Attestation::parse(value).map_err(failed)?;
            let statement = Statement::parse(&attestation.statement).map_err(failed)?;
            let kind = statement.check(file).map_err(failed)?;
            if kinds.contains(&kind) {
                return Err(failed("there is another one of this type".to_owned()));
            }
            kinds.push(kind);
            self.verify_one(&attestation, file, publisher)
                .map_err(failed)?;
        }
        let provenance = json!({
            "version": 1,
            "attestation_bundles": [{ "publisher": described, "attestations": values }],
        });
        Ok(provenance.to_string().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trust_root_of_sigstore_can_be_used() {
        Attestations::of_sigstore().expect("a trust root");
    }

    #[test]
    fn what_names_no_authority_is_no_trust_root() {
        for text in ["", "{}", "[]", r#"{"mediaType":"x"}"#] {
            assert!(Attestations::new(text).is_err(), "{text}");
        }
        let mut root: Value = serde_json::from_str(SIGSTORE_PRODUCTION_TRUSTED_ROOT).expect("JSON");
        root["tlogs"] = json!([]);
        let error = Attestations::new(&root.to_string()).expect_err("no log");
        assert!(error.to_string().contains("no transparency log"), "{error}");
    }
}
