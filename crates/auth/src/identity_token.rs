//! Identity tokens: what a CI job shows to prove who it is. Read here, and checked against keys that
//! somebody else has fetched.
//!
//! Standards: RFC 7515 (JSON Web Signature), RFC 7517 (keys), RFC 7519 (claims), RS256 alone.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// Longest token that is read, in bytes.
const MAX_BYTES: usize = 16 << 10;
/// By how much clocks may differ, in seconds.
const LEEWAY: i64 = 30;
/// Most keys of an issuer.
const MAX_KEYS: usize = 100;

/// Why a token proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityTokenError {
    /// It is no signed token.
    #[error("malformed JWT: {0}")]
    Malformed(&'static str),
    /// Its signature is not its issuer's.
    #[error("the token was not signed by the issuer that it names")]
    Signature,
    /// A claim is not what it has to be.
    #[error("{0}")]
    Claim(String),
}

/// A token that was read. Its claims are worth nothing before [`verify`](Self::verify).
#[derive(Debug)]
pub struct IdentityToken<'t> {
    key_id: String,
    claims: Map<String, Value>,
    signed: &'t str,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    #[serde(default)]
    crit: Option<Value>,
}

/// Whom a token must be for, and nobody else: another reader of it could use it here.
#[derive(Debug, Clone, Copy)]
pub enum Audience<'a> {
    /// The claim must be this text, as trusted publishing has it.
    Text(&'a str),
    /// The claim may also be a list of it alone: providers of OpenID Connect send both forms
    /// (OpenID Connect Core 1.0, section 2).
    TextOrList(&'a str),
}

impl Audience<'_> {
    fn name(&self) -> &str {
        match self {
            Audience::Text(name) | Audience::TextOrList(name) => name,
        }
    }

    fn is_meant_by(&self, claim: Option<&Value>) -> bool {
        let claim = match (self, claim) {
            (Audience::TextOrList(_), Some(Value::Array(listed))) if listed.len() == 1 => {
                listed.first()
            }
            (_, claim) => claim,
        };
        claim.and_then(Value::as_str) == Some(self.name())
    }
}

impl<'t> IdentityToken<'t> {
    /// Reads a token.
    ///
    /// # Errors
    /// [`IdentityTokenError::Malformed`].
    pub fn parse(text: &'t str) -> Result<Self, IdentityTokenError> {
        let malformed = IdentityTokenError::Malformed;
        if text.len() > MAX_BYTES {
            return Err(malformed("it is too long"));
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(malformed("it has no dots"))?;
        let (header, claims) = signed.split_once('.').ok_or(malformed("it has one dot"))?;
        let decode = |part: &str| {
            URL_SAFE_NO_PAD
                .decode(part)
                .map_err(|_| malformed("a part is not base64"))
        };
        let header: Header = serde_json::from_slice(&decode(header)?)
            .map_err(|_| malformed("its header is not JSON"))?;
        // The algorithm is ours to choose, never the token's.
        if header.alg != "RS256" {
            return Err(malformed("it is not signed with RS256"));
        }
        if header.crit.is_some() {
            return Err(malformed("it has an extension that must be understood"));
        }
        let key_id = header.kid.ok_or(malformed("it names no key"))?;
        let claims: Map<String, Value> = serde_json::from_slice(&decode(claims)?)
            .map_err(|_| malformed("its claims are no JSON object"))?;
        Ok(Self {
            key_id,
            claims,
            signed,
            signature: decode(signature)?,
        })
    }

    /// Returns the issuer that it names, to find that one's keys. Nothing is proven yet.
    pub fn unproven_issuer(&self) -> Option<&str> {
        self.claims.get("iss").and_then(Value::as_str)
    }

    /// Returns the id of the key that it says it was signed with.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Checks the signature, the audience and the times, and returns what is proven then.
    ///
    /// # Errors
    /// [`IdentityTokenError`].
    pub fn verify(
        self,
        keys: &KeySet,
        audience: Audience<'_>,
        now_seconds: i64,
    ) -> Result<Proven, IdentityTokenError> {
        let key = keys
            .0
            .get(&self.key_id)
            .ok_or(IdentityTokenError::Signature)?;
        let components = RsaPublicKeyComponents {
            n: key.n.as_slice(),
            e: key.e.as_slice(),
        };
        components
            .verify(
                &RSA_PKCS1_2048_8192_SHA256,
                self.signed.as_bytes(),
                &self.signature,
            )
            .map_err(|_| IdentityTokenError::Signature)?;
        let time = |name: &str| self.claims.get(name).and_then(Value::as_i64);
        let wrong = |text: &str| Err(IdentityTokenError::Claim(text.to_owned()));
        let (Some(expires_at), Some(issued_at)) = (time("exp"), time("iat")) else {
            return wrong("`exp` and `iat` must be given");
        };
        if expires_at.saturating_add(LEEWAY) <= now_seconds {
            return wrong("the token has expired");
        }
        if issued_at > now_seconds.saturating_add(LEEWAY) {
            return wrong("the token is from the future");
        }
        if self.claims.contains_key("nbf")
            && time("nbf").is_none_or(|from| from > now_seconds.saturating_add(LEEWAY))
        {
            return wrong("the token does not count yet");
        }
        if !audience.is_meant_by(self.claims.get("aud")) {
            return Err(IdentityTokenError::Claim(format!(
                "the token must be for the audience `{}` alone",
                audience.name()
            )));
        }
        let issuer = self.unproven_issuer().unwrap_or_default().to_owned();
        let jti = self.claims.get("jti").and_then(Value::as_str);
        let own = jti.map_or_else(
            || hex::encode(Sha256::digest(&self.signature)),
            str::to_owned,
        );
        Ok(Proven {
            single_use: format!("{issuer} {}", hex::encode(Sha256::digest(own.as_bytes()))),
            issuer,
            expires_at,
            claims: self.claims,
        })
    }
}

/// What a token has proven.
#[derive(Debug, Clone)]
pub struct Proven {
    /// Who says so.
    pub issuer: String,
    /// What it says.
    pub claims: Map<String, Value>,
    /// What makes the token one of a kind, so that it is used once.
    pub single_use: String,
    /// Until when it counts, in seconds since 1970.
    pub expires_at: i64,
}

impl Proven {
    /// Returns a claim that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }
}

/// The keys of an issuer, by their ids.
#[derive(Debug, Clone, Default)]
pub struct KeySet(HashMap<String, Key>);

#[derive(Debug, Clone)]
struct Key {
    n: Vec<u8>,
    e: Vec<u8>,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Written {
    kty: String,
    kid: String,
    n: String,
    e: String,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default, rename = "use")]
    usage: Option<String>,
}

impl KeySet {
    /// Reads a set of keys. Keys for other algorithms are passed over.
    ///
    /// # Errors
    /// A sentence, if it is no set of keys.
    pub fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        let document: Document =
            serde_json::from_slice(bytes).map_err(|_| "the issuer's keys are no set of keys")?;
        if document.keys.len() > MAX_KEYS {
            return Err("the issuer has too many keys");
        }
        let mut keys = HashMap::new();
        for key in document.keys {
            let Ok(key) = serde_json::from_value::<Written>(key) else {
                continue;
            };
            let is_ours = key.kty == "RSA"
                && key.alg.is_none_or(|alg| alg == "RS256")
                && key.usage.is_none_or(|usage| usage == "sig");
            let decoded = URL_SAFE_NO_PAD.decode(&key.n).ok();
            let decoded = decoded.zip(URL_SAFE_NO_PAD.decode(&key.e).ok());
            if let (true, Some((n, e))) = (is_ours, decoded) {
                keys.insert(key.kid, Key { n, e });
            }
        }
        Ok(Self(keys))
    }

    /// Returns whether there is a key with an id.
    pub fn has(&self, key_id: &str) -> bool {
        self.0.contains_key(key_id)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(header: &str, claims: &str) -> String {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.{}", part(header), part(claims), part("signature"))
    }

    #[test]
    fn what_is_no_token_signed_with_rs256_is_told() {
        let good = r#"{"alg":"RS256","kid":"k"}"#;
        assert!(IdentityToken::parse(&token(good, r#"{"iss":"i"}"#)).is_ok());
        for (header, claims, words) in [
            (r#"{"alg":"none","kid":"k"}"#, "{}", "RS256"),
            (r#"{"alg":"HS256","kid":"k"}"#, "{}", "RS256"),
            (r#"{"alg":"RS256"}"#, "{}", "no key"),
            (
                r#"{"alg":"RS256","kid":"k","crit":["x"]}"#,
                "{}",
                "extension",
            ),
            (good, "[]", "no JSON object"),
            ("no", "{}", "header"),
        ] {
            let error = IdentityToken::parse(&token(header, claims)).expect_err(words);
            assert!(error.to_string().contains(words), "{error}");
        }
        for text in ["", "a", "a.b", "a.b.c", "!.!.!", &"x".repeat(MAX_BYTES + 1)] {
            assert!(IdentityToken::parse(text).is_err(), "{text:.9}");
        }
    }

    #[test]
    fn keys_for_other_uses_are_passed_over() {
        let keys = br#"{"keys":[
            {"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"},
            {"kty":"RSA","kid":"b","n":"AQAB","e":"AQAB","use":"enc"},
            {"kty":"RSA","kid":"c","n":"AQAB","e":"AQAB","alg":"PS256"},
            {"kty":"EC","kid":"d","x":"AQAB"}, {"kty":"RSA","kid":"e","n":"!","e":"AQAB"}, 7
        ]}"#;
        let keys = KeySet::parse(keys).expect("keys");
        let known = ["a", "b", "c", "d", "e"].map(|id| keys.has(id));
        assert_eq!(known, [true, false, false, false, false]);
        for wrong in [&b"[]"[..], b"{}", b"", b"{\"keys\":{}}"] {
            assert!(KeySet::parse(wrong).is_err());
        }
    }

    #[test]
    fn a_token_without_its_issuers_signature_proves_nothing() {
        let text = token(
            r#"{"alg":"RS256","kid":"a"}"#,
            r#"{"iss":"i","exp":9,"iat":1,"aud":"w"}"#,
        );
        let read = || IdentityToken::parse(&text).expect("a token");
        let none = read().verify(&KeySet::default(), Audience::Text("w"), 5);
        assert_eq!(none.expect_err("no key"), IdentityTokenError::Signature);
        let keys = br#"{"keys":[{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}]}"#;
        let keys = KeySet::parse(keys).expect("keys");
        let other = read().verify(&keys, Audience::Text("w"), 5);
        assert_eq!(other.expect_err("another"), IdentityTokenError::Signature);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,300}", claims in "[{}\\[\\]\":,a-z0-9]{0,80}") {
            let _ = IdentityToken::parse(&text);
            let _ = IdentityToken::parse(&token(r#"{"alg":"RS256","kid":"k"}"#, &claims));
            let _ = KeySet::parse(text.as_bytes());
        }
    }
}
