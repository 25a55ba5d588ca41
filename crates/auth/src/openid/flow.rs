//! What must be remembered of a sign-in until the browser comes back.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use wheelhouse_index::identity::Timestamp;

/// How long a sign-in may take, in seconds.
const LIFETIME_SECONDS: i64 = 600;

/// One sign-in.
#[derive(Serialize, Deserialize)]
pub(super) struct Flow {
    /// Binds the answer to the browser that asked.
    pub(super) state: String,
    /// Binds the identity token to this sign-in.
    pub(super) nonce: String,
    /// Proves to the issuer that whoever has the code is whoever asked.
    pub(super) verifier: String,
    until: i64,
}

impl Flow {
    pub(super) fn new(now: Timestamp) -> Result<Self, getrandom::Error> {
        Ok(Self {
            state: random()?,
            nonce: random()?,
            verifier: random()?,
            until: now.seconds().saturating_add(LIFETIME_SECONDS),
        })
    }

    /// Returns what the issuer is told of the verifier.
    ///
    /// Standard: RFC 7636, section 4.2.
    pub(super) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()))
    }

    /// Returns it in a form that nobody can change without the key.
    pub(super) fn sealed(&self, key: &[u8; 32]) -> String {
        let text = serde_json::to_vec(self).expect("texts and a number are JSON");
        let seal = mac(key, &text).finalize().into_bytes();
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        format!("{}.{}", part(&text), part(&seal))
    }

    /// Reads what [`sealed`](Self::sealed) wrote, unless it was changed or its time is up.
    pub(super) fn open(sealed: &str, key: &[u8; 32], now: Timestamp) -> Option<Self> {
        let (text, seal) = sealed.split_once('.')?;
        let text = URL_SAFE_NO_PAD.decode(text).ok()?;
        let seal = URL_SAFE_NO_PAD.decode(seal).ok()?;
        mac(key, &text).verify_slice(&seal).ok()?;
        let flow: Self = serde_json::from_slice(&text).ok()?;
        (flow.until > now.seconds()).then_some(flow)
    }

    /// Returns whether an answer is for this sign-in.
    pub(super) fn is_of(&self, state: &str) -> bool {
        bool::from(self.state.as_bytes().ct_eq(state.as_bytes()))
    }
}

fn mac(key: &[u8; 32], text: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    mac.update(text);
    mac
}

fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_flow_is_opened_with_its_key_unchanged_and_in_time() {
        let now = Timestamp(1_700_000_000_000_000);
        let flow = Flow::new(now).expect("random bytes");
        let key = [7; 32];
        let sealed = flow.sealed(&key);
        let opened = Flow::open(&sealed, &key, now).expect("it is right");
        assert!(opened.is_of(&flow.state) && !opened.is_of("another") && !opened.is_of(""));
        assert_eq!((opened.nonce, opened.verifier), (flow.nonce, flow.verifier));
        assert!(Flow::open(&sealed, &[8; 32], now).is_none());
        let late = Timestamp(now.0 + 600_000_000);
        assert!(Flow::open(&sealed, &key, late).is_none());
        let (text, seal) = sealed.split_once('.').expect("two parts");
        for changed in [
            String::new(),
            text.to_owned(),
            format!("{text}."),
            format!("{text}A.{seal}"),
            format!("{text}.{}", &seal[1..]),
        ] {
            assert!(Flow::open(&changed, &key, now).is_none(), "{changed}");
        }
    }

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        let flow = Flow {
            state: String::new(),
            nonce: String::new(),
            verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned(),
            until: 0,
        };
        assert_eq!(
            flow.challenge(),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
