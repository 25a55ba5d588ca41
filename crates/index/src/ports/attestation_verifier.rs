//! The port for attestations: what was sent with an upload in, a provenance out.

use std::fmt;

use wheelhouse_standards::digest::Sha256Digest;

use crate::access::Publisher;

/// Verifies attestations against the roots that an operator trusts.
pub trait AttestationVerifier: fmt::Debug + Send + Sync + 'static {
    /// Verifies all attestations that were sent with a file, and returns the provenance that is to
    /// be kept with it: a JSON document. Takes some milliseconds: not for request threads.
    ///
    /// Standard: PEP 740, "Index support for digital attestations".
    ///
    /// # Errors
    /// [`AttestationError`] if one of them does not prove that the publisher made this file.
    fn verify(
        &self,
        sent: &str,
        file: &AttestedFile<'_>,
        publisher: &Publisher,
    ) -> Result<Vec<u8>, AttestationError>;
}

/// The file that attestations must be about.
#[derive(Debug, Clone, Copy)]
pub struct AttestedFile<'a> {
    /// Its name.
    pub file_name: &'a str,
    /// The digest of its bytes.
    pub sha256: Sha256Digest,
}

/// Why attestations are not believed: a sentence for the uploader.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AttestationError(pub String);
