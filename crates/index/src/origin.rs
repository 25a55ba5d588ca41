//! Where a file was built from, as its provenance tells.
//!
//! Standard: PEP 740, "Index support for digital attestations".

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use x509_parser::prelude::{FromDer, X509Certificate};

/// Longest text that is taken from a provenance, in bytes.
const MAX_TEXT_BYTES: usize = 300;
/// The extension of a certificate that names the commit of the source.
///
/// Standard: Sigstore, "Fulcio OIDs", 1.3.6.1.4.1.57264.1.13, a DER-encoded `UTF8String`.
const COMMIT_EXTENSION: &str = "1.3.6.1.4.1.57264.1.13";

/// Where a file was built from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The kind of system that built it, such as `GitHub`.
    pub system: String,
    /// The repository, or whatever stands for it there.
    pub repository: Option<String>,
    /// The workflow, or whatever stands for it there.
    pub workflow: Option<String>,
    /// The commit, in hexadecimal digits.
    pub commit: Option<String>,
}

impl Origin {
    /// Reads what the first attestation of a provenance says, or `None` if it says nothing. That the
    /// attestation is sound was seen when it was uploaded.
    pub fn of(provenance: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(provenance).ok()?;
        let bundle = value["attestation_bundles"].as_array()?.first()?;
        let publisher = &bundle["publisher"];
        let text = |names: &[&str]| {
            let mut values = names.iter().filter_map(|name| publisher[*name].as_str());
            values.next().and_then(short)
        };
        let certificate = bundle["attestations"]
            .as_array()
            .and_then(|all| all.first()?["verification_material"]["certificate"].as_str());
        Some(Self {
            system: text(&["kind"])?,
            repository: text(&["repository", "project", "email"]),
            workflow: text(&["workflow", "workflow_filepath"]),
            commit: certificate.and_then(commit_of),
        })
    }
}

fn short(text: &str) -> Option<String> {
    let is_fit = !text.is_empty() && text.len() <= MAX_TEXT_BYTES;
    is_fit.then(|| text.to_owned())
}

/// Returns the commit that a certificate names.
fn commit_of(certificate: &str) -> Option<String> {
    let der = STANDARD.decode(certificate).ok()?;
    let (_, certificate) = X509Certificate::from_der(&der).ok()?;
    let mut extensions = certificate.extensions().iter();
    let extension =
        extensions.find(|extension| extension.oid.to_id_string() == COMMIT_EXTENSION)?;
    // A tag, a length of one byte, and the text.
    let (&length, text) = extension.value.strip_prefix(&[0x0c])?.split_first()?;
    let text = std::str::from_utf8(text.get(..usize::from(length))?).ok()?;
    let is_commit = (7..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
    is_commit.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_the_publisher_says() {
        let provenance = br#"{"version":1,"attestation_bundles":[{"publisher":{"kind":"GitHub",
            "repository":"team/demo","workflow":"release.yml"},"attestations":[]}]}"#;
        let origin = Origin::of(provenance).expect("an origin");
        assert_eq!(origin.system, "GitHub");
        assert_eq!(origin.repository.as_deref(), Some("team/demo"));
        assert_eq!(origin.workflow.as_deref(), Some("release.yml"));
        assert_eq!(origin.commit, None);
    }

    #[test]
    fn what_says_nothing_has_no_origin() {
        for text in [
            "",
            "[]",
            r#"{"attestation_bundles":[]}"#,
            r#"{"attestation_bundles":[{"publisher":{"kind":7}}]}"#,
        ] {
            assert_eq!(Origin::of(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_certificate_that_is_none_names_no_commit() {
        for text in ["", "!", "AAAA", "MAA="] {
            assert_eq!(commit_of(text), None, "{text}");
        }
    }
}
