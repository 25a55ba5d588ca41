//! Attestations as they are sent, and the statements in them. Nothing is proven here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use wheelhouse_index::ports::AttestedFile;
use wheelhouse_standards::filename::DistributionFilename;

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
const BUNDLE_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const SLSA_TYPE: &str = "https://slsa.dev/provenance/v1";
/// How the address of the other type ends. It is on the documentation host of the public index.
const PUBLISH_PATH: &str = "/attestations/publish/v1";

/// One attestation of a form.
#[derive(Debug)]
pub(super) struct Attestation {
    /// The statement's bytes.
    pub(super) statement: Vec<u8>,
    sent: Sent,
}

#[derive(Debug, Deserialize)]
struct Sent {
    version: u64,
    verification_material: Material,
    envelope: Envelope,
}

#[derive(Debug, Deserialize)]
struct Material {
    certificate: String,
    transparency_entries: Vec<Value>,
}

#[derive(Debug, Deserialize)]
struct Envelope {
    statement: String,
    signature: String,
}

impl Attestation {
    pub(super) fn parse(value: &Value) -> Result<Self, String> {
        let sent = Sent::deserialize(value).map_err(|error| format!("it is malformed: {error}"))?;
        if sent.version != 1 {
            return Err(format!("version {} is not known", sent.version));
        }
        if sent.verification_material.transparency_entries.is_empty() {
            return Err("it is in no transparency log".to_owned());
        }
        let statement = STANDARD
            .decode(&sent.envelope.statement)
            .map_err(|error| format!("the statement is no base64: {error}"))?;
        Ok(Self { statement, sent })
    }

    /// Returns it in Sigstore's form.
    ///
    /// Source: the bundle format of Sigstore, version 0.3, in its JSON form.
    pub(super) fn bundle(&self) -> Value {
        let Material {
            certificate,
            transparency_entries,
        } = &self.sent.verification_material;
        let Envelope {
            statement,
            signature,
        } = &self.sent.envelope;
        json!({
            "mediaType": BUNDLE_TYPE,
            "verificationMaterial": {
                "certificate": { "rawBytes": certificate },
                "tlogEntries": transparency_entries,
            },
            "dsseEnvelope": {
                "payload": statement,
                "payloadType": PAYLOAD_TYPE,
                "signatures": [{ "sig": signature }],
            },
        })
    }
}

/// What an attestation says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// How it was built.
    Slsa,
    /// That it was published.
    Publish,
}

/// A statement about files.
///
/// Standard: in-toto attestation framework, "Statement layer", version 1.
#[derive(Debug, Deserialize)]
pub(super) struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    #[serde(default)]
    predicate: Value,
}

#[derive(Debug, Deserialize)]
struct Subject {
    name: Option<String>,
    digest: serde_json::Map<String, Value>,
}

impl Statement {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(bytes).map_err(|error| format!("it holds no statement: {error}"))
    }

    /// Returns what is said, if it is said of this file and of no other.
    pub(super) fn check(&self, file: &AttestedFile<'_>) -> Result<Kind, String> {
        if self.kind != STATEMENT_TYPE {
            return Err(format!("it holds no statement of type {STATEMENT_TYPE}"));
        }
        let [subject] = self.subject.as_slice() else {
            return Err("the statement is not about exactly one file".to_owned());
        };
        let name = subject.name.as_deref().unwrap_or_default();
        if !is_same_distribution(name, file.file_name) {
            let name: String = name.chars().take(200).collect();
            return Err(format!(
                "the statement is about `{}` and not about `{}`",
                name.escape_debug(),
                file.file_name
            ));
        }
        let digest = subject.digest.get("sha256").and_then(Value::as_str);
        if digest != Some(file.sha256.to_string().as_str()) {
            return Err(format!(
                "the statement is about other content of `{}`",
                file.file_name
            ));
        }
        if self.predicate_type == SLSA_TYPE {
            return Ok(Kind::Slsa);
        }
        if is_publish(&self.predicate_type) {
            let is_empty = match &self.predicate {
                Value::Null => true,
                Value::Object(map) => map.is_empty(),
                _ => false,
            };
            if !is_empty {
                return Err("a statement of publishing has no predicate".to_owned());
            }
            return Ok(Kind::Publish);
        }
        let shown: String = self.predicate_type.chars().take(200).collect();
        Err(format!(
            "statements of the type `{}` are not supported",
            shown.escape_debug()
        ))
    }
}

/// Returns whether an address is the one of statements of publishing.
fn is_publish(predicate_type: &str) -> bool {
    predicate_type
        .strip_prefix("https://")
        .and_then(|rest| rest.split_once('/'))
        .is_some_and(|(host, path)| !host.is_empty() && path == &PUBLISH_PATH[1..])
}

/// Returns whether two names are of the same distribution, however they are spelled.
fn is_same_distribution(said: &str, name: &str) -> bool {
    match (said.parse(), name.parse()) {
        (Ok(said), Ok(name)) => DistributionFilename::is_same(&said, &name),
        // Old forms, such as eggs: by their text.
        (Err(_), Err(_)) => said == name,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn checked(statement: &Value) -> Result<Kind, String> {
        let file = AttestedFile {
            file_name: "demo_pkg-1.0-py2.py3-none-any.whl",
            sha256: SHA256.parse().expect("a digest"),
        };
        Statement::parse(statement.to_string().as_bytes())?.check(&file)
    }

    fn statement() -> Value {
        json!({
            "_type": STATEMENT_TYPE,
            "subject": [{ "name": "demo_pkg-1.0-py2.py3-none-any.whl", "digest": { "sha256": SHA256 } }],
            "predicateType": SLSA_TYPE,
            "predicate": { "buildDefinition": {} },
        })
    }

    #[test]
    fn att_03_a_statement_is_about_one_file_and_about_this_one() {
        assert_eq!(checked(&statement()), Ok(Kind::Slsa));
        let mut odd = statement();
        odd["subject"][0]["name"] = "Demo.Pkg-1.0.0-py3.py2-none-any.whl".into();
        assert_eq!(checked(&odd), Ok(Kind::Slsa), "another spelling of it");
        for name in [
            "demo_pkg-1.1-py2.py3-none-any.whl",
            "demo_pkg-1.0-py3-none-any.whl",
            "demo_pkg-1.0-1-py2.py3-none-any.whl",
            "demo_pkg-1.0.tar.gz",
            "",
        ] {
            odd["subject"][0]["name"] = name.into();
            assert!(checked(&odd).is_err(), "{name}");
        }
        let mut other = statement();
        other["subject"][0]["digest"]["sha256"] = SHA256.replace('e', "f").into();
        let reason = checked(&other).expect_err("other bytes");
        assert!(reason.contains("other content"), "{reason}");
        let mut two = statement();
        two["subject"] = json!([two["subject"][0], two["subject"][0]]);
        assert!(checked(&two).is_err());
    }

    #[test]
    fn att_04_two_types_of_statements_are_known() {
        let mut said = statement();
        said["predicateType"] = format!("https://docs.index.example{PUBLISH_PATH}").into();
        assert!(checked(&said).is_err(), "it must say nothing more");
        for empty in [Value::Null, json!({})] {
            said["predicate"] = empty;
            assert_eq!(checked(&said), Ok(Kind::Publish));
        }
        for other in [
            "https://slsa.dev/provenance/v0.2",
            "http://x/attestations/publish/v1",
            "",
        ] {
            said["predicateType"] = other.into();
            assert!(checked(&said).is_err(), "{other}");
        }
    }

    #[test]
    fn att_02_an_attestation_has_its_form() {
        let good = json!({
            "version": 1,
            "verification_material": { "certificate": "AA==", "transparency_entries": [{}] },
            "envelope": { "statement": "e30=", "signature": "AA==" },
            "extra": true,
        });
        assert_eq!(Attestation::parse(&good).expect("good").statement, b"{}");
        for (place, value) in [
            ("/version", json!(2)),
            ("/verification_material", json!(null)),
            ("/verification_material/transparency_entries", json!([])),
            ("/envelope/statement", json!("***")),
            ("/envelope/signature", json!(7)),
        ] {
            let mut bad = good.clone();
            *bad.pointer_mut(place).expect("a place") = value;
            assert!(Attestation::parse(&bad).is_err(), "{place}");
        }
    }
}
