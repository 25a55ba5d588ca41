//! The form of tokens: how one is made, written, narrowed by whoever holds it, and taken apart.
//! Nothing is looked up here.
//!
//! A token is `wheelhouse_` and base64url (RFC 4648, without padding) of these bytes: the version,
//! which is 1; an id of 16 bytes; a salt of 15; any number of caveats, each with its length before it
//! in two bytes, big end first; a proof of 32 bytes. The first proof is HMAC-SHA256 of id and salt
//! under a key that only the server has. Each caveat replaces the proof by HMAC-SHA256 of the caveat
//! under the proof before it, so that anybody can add one and nobody can take one off.
//!
//! Sources: RFC 2104 (HMAC); "Macaroons: Cookies with Contextual Caveats" (NDSS 2014).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use wheelhouse_index::actor::{Secret, TokenId};
use zeroize::Zeroizing;

/// What every token begins with, so that people and scanners know one.
pub const PREFIX: &str = "wheelhouse_";

const VERSION: u8 = 1;
const ID_BYTES: usize = 16;
const SALT_BYTES: usize = 15;
const PROOF_BYTES: usize = 32;
/// Most caveats of a token, and the longest one, in bytes.
const MAX_CAVEATS: usize = 16;
const MAX_CAVEAT_BYTES: usize = 1_024;
/// Longest token that is read, in bytes.
const MAX_BYTES: usize = 24 * 1_024;

/// The key that first proofs are made with. Whoever has it can make tokens for ids that are kept.
pub struct TokenKey(Zeroizing<[u8; 32]>);

impl TokenKey {
    /// Wraps a key.
    pub fn new(key: [u8; 32]) -> Self {
        Self(Zeroizing::new(key))
    }

    /// Returns another key, for this purpose alone.
    pub fn derived(&self, purpose: &str) -> [u8; 32] {
        let message = format!("wheelhouse key for {purpose}");
        *mac(self.0.as_slice(), message.as_bytes())
    }

    /// Returns a mark of something, which tells nothing of it to whoever does not have the key.
    pub(crate) fn mark(&self, of: &[u8; 32]) -> [u8; 32] {
        let key = self.derived("marks of what proves somebody");
        *mac(&key, of)
    }

    fn first_proof(&self, id: &[u8; ID_BYTES], salt: &[u8; SALT_BYTES]) -> Proof {
        let mut message = b"wheelhouse token 1".to_vec();
        message.extend_from_slice(id);
        message.extend_from_slice(salt);
        mac(self.0.as_slice(), &message)
    }
}

/// Fills bytes with what nobody can guess.
///
/// # Errors
/// If the system gives no random bytes.
pub fn fill_random(bytes: &mut [u8; 32]) -> std::io::Result<()> {
    getrandom::fill(bytes).map_err(|error| std::io::Error::other(error.to_string()))
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKey([redacted])")
    }
}

type Proof = Zeroizing<[u8; PROOF_BYTES]>;

fn mac(key: &[u8], message: &[u8]) -> Proof {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    mac.update(message);
    Zeroizing::new(mac.finalize().into_bytes().into())
}

/// What a holder lets a token be used for, at most. An absent field limits nothing. A field that
/// this program does not know makes the token worth nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caveat {
    /// Names of projects, in which `*` stands for any text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projects: Option<Vec<String>>,
    /// Rights, with `+` between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rights: Option<String>,
    /// The moment from which on it is worth nothing, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
}

/// A token, taken apart. It proves nothing yet.
pub struct Token {
    id: [u8; ID_BYTES],
    salt: [u8; SALT_BYTES],
    caveats: Vec<Vec<u8>>,
    proof: Proof,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token")
            .field("id", &self.id())
            .field("caveats", &self.caveats.len())
            .finish_non_exhaustive()
    }
}

/// A text is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no token of Wheelhouse: one begins with {PREFIX} and is copied whole")]
pub struct TokenError;

/// A token cannot be narrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NarrowError {
    /// It is no token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// It has enough caveats.
    #[error("a token can be narrowed {MAX_CAVEATS} times, with {MAX_CAVEAT_BYTES} bytes each")]
    TooMuch,
}

impl Token {
    /// Makes a token with a new id.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn new(key: &TokenKey) -> Result<Self, getrandom::Error> {
        let (mut id, mut salt) = ([0; ID_BYTES], [0; SALT_BYTES]);
        getrandom::fill(&mut id)?;
        getrandom::fill(&mut salt)?;
        Ok(Self {
            proof: key.first_proof(&id, &salt),
            id,
            salt,
            caveats: Vec::new(),
        })
    }

    /// Returns whether a text may be a token.
    pub fn is_like(text: &str) -> bool {
        text.trim().starts_with(PREFIX)
    }

    /// Takes a token apart. Blanks around it do not matter.
    ///
    /// # Errors
    /// [`TokenError`] if the text is none.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        if text.len() > MAX_BYTES {
            return Err(TokenError);
        }
        let encoded = text.strip_prefix(PREFIX).ok_or(TokenError)?;
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(encoded).map_err(|_| TokenError)?);
        let (&version, rest) = bytes.split_first().ok_or(TokenError)?;
        if version != VERSION {
            return Err(TokenError);
        }
        let (id, rest) = rest.split_first_chunk::<ID_BYTES>().ok_or(TokenError)?;
        let (salt, rest) = rest.split_first_chunk::<SALT_BYTES>().ok_or(TokenError)?;
        let (mut rest, proof) = rest.split_last_chunk::<PROOF_BYTES>().ok_or(TokenError)?;
        let mut caveats = Vec::new();
        while !rest.is_empty() {
            let (length, after) = rest.split_first_chunk::<2>().ok_or(TokenError)?;
            let length = usize::from(u16::from_be_bytes(*length));
            let caveat = after.get(..length).ok_or(TokenError)?;
            if caveats.len() == MAX_CAVEATS || length > MAX_CAVEAT_BYTES {
                return Err(TokenError);
            }
            caveats.push(caveat.to_vec());
            rest = &after[length..];
        }
        Ok(Self {
            id: *id,
            salt: *salt,
            caveats,
            proof: Zeroizing::new(*proof),
        })
    }

    /// Writes the token.
    pub fn text(&self) -> Secret {
        let mut bytes = Zeroizing::new(vec![VERSION]);
        bytes.extend_from_slice(&self.id);
        bytes.extend_from_slice(&self.salt);
        for caveat in &self.caveats {
            let length = u16::try_from(caveat.len()).expect("caveats are short");
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(caveat);
        }
        bytes.extend_from_slice(self.proof.as_slice());
        Secret::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(&*bytes)))
    }

    /// Returns the public part.
    pub fn id(&self) -> TokenId {
        TokenId::new(&hex::encode(self.id))
    }

    /// Returns the token with one more caveat. Needs no server.
    ///
    /// # Errors
    /// [`NarrowError::TooMuch`].
    pub fn narrowed(mut self, caveat: &Caveat) -> Result<Self, NarrowError> {
        let caveat = serde_json::to_vec(caveat).expect("texts and numbers are JSON");
        if self.caveats.len() == MAX_CAVEATS || caveat.len() > MAX_CAVEAT_BYTES {
            return Err(NarrowError::TooMuch);
        }
        self.proof = mac(self.proof.as_slice(), &caveat);
        self.caveats.push(caveat);
        Ok(self)
    }

    /// Returns SHA-256 of the first proof: what is kept of a token in its place.
    pub fn kept(&self, key: &TokenKey) -> [u8; 32] {
        Sha256::digest(key.first_proof(&self.id, &self.salt).as_slice()).into()
    }

    /// Returns the caveats, if the token is the one that was kept as `kept`, narrowed or not.
    /// Takes the same time for any proof.
    pub fn verified(&self, key: &TokenKey, kept: &[u8; 32]) -> Option<Vec<Caveat>> {
        use subtle::ConstantTimeEq as _;
        // The proof of a whole token is compared with what was kept of it, so that a lost key
        // costs only tokens that were narrowed.
        let whole = Sha256::digest(self.proof.as_slice());
        if self.caveats.is_empty() {
            return bool::from(whole.as_slice().ct_eq(kept)).then(Vec::new);
        }
        let first = key.first_proof(&self.id, &self.salt);
        let is_ours = Sha256::digest(first.as_slice()).as_slice().ct_eq(kept);
        let expected = self
            .caveats
            .iter()
            .fold(first, |proof, caveat| mac(proof.as_slice(), caveat));
        let is_right = expected.as_slice().ct_eq(self.proof.as_slice());
        if !bool::from(is_ours & is_right) {
            return None;
        }
        self.caveats
            .iter()
            .map(|caveat| {
                // A list of values would be read as the fields in their order.
                let is_object = caveat.first() == Some(&b'{');
                serde_json::from_slice(caveat).ok().filter(|_| is_object)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> TokenKey {
        TokenKey::new([7; 32])
    }

    fn token() -> Token {
        Token::new(&key()).expect("random bytes")
    }

    fn caveat(rights: &str) -> Caveat {
        Caveat {
            rights: Some(rights.into()),
            ..Caveat::default()
        }
    }

    fn again(token: &Token) -> Token {
        Token::parse(token.text().reveal()).expect("a token")
    }

    #[test]
    fn a_token_is_long_plain_and_read_back() {
        let token = token();
        let text = token.text();
        let plain = text.reveal().strip_prefix(PREFIX).expect("the prefix");
        assert!(plain.len() >= 85, "{}", plain.len());
        let is_safe = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        assert!(plain.chars().all(is_safe));
        let kept = token.kept(&key());
        assert_eq!(again(&token).id(), token.id());
        assert_eq!(again(&token).verified(&key(), &kept), Some(Vec::new()));
        let spaced = format!(" {}\n", text.reveal());
        assert!(Token::parse(&spaced).is_ok() && Token::is_like(&spaced));
        assert_ne!(token.id(), self::token().id());
    }

    #[test]
    fn a_narrowed_token_carries_its_caveats_and_cannot_lose_them() {
        let token = token();
        let kept = token.kept(&key());
        let narrow = again(&token).narrowed(&caveat("upload")).expect("room");
        let narrower = again(&narrow).narrowed(&caveat("list")).expect("room");
        let expected = [caveat("upload"), caveat("list")];
        assert_eq!(
            again(&narrower).verified(&key(), &kept).as_deref(),
            Some(&expected[..])
        );
        // Without its last caveat, or with another, it proves nothing.
        let mut cut = again(&narrower);
        cut.caveats.pop();
        assert_eq!(cut.verified(&key(), &kept), None);
        let mut bare = again(&narrower);
        bare.caveats.clear();
        assert_eq!(bare.verified(&key(), &kept), None);
        let mut other = again(&narrow);
        other.caveats[0] = br#"{"rights":"all"}"#.to_vec();
        assert_eq!(other.verified(&key(), &kept), None);
    }

    #[test]
    fn a_whole_token_outlives_the_key_and_a_narrowed_one_does_not() {
        let token = token();
        let kept = token.kept(&key());
        let other = TokenKey::new([8; 32]);
        assert!(again(&token).verified(&other, &kept).is_some());
        let narrow = token.narrowed(&caveat("list")).expect("room");
        assert!(narrow.verified(&other, &kept).is_none());
        assert!(narrow.verified(&key(), &[0; 32]).is_none());
    }

    #[test]
    fn unknown_caveats_make_a_token_worth_nothing() {
        let token = token();
        let kept = token.kept(&key());
        for unknown in [&br#"{"colour":"red"}"#[..], b"[]", b"", b"{"] {
            let mut odd = again(&token);
            odd.proof = mac(odd.proof.as_slice(), unknown);
            odd.caveats.push(unknown.to_vec());
            assert_eq!(again(&odd).verified(&key(), &kept), None);
        }
        let mut full = token;
        for _ in 0..MAX_CAVEATS {
            full = full.narrowed(&caveat("list")).expect("room");
        }
        assert!(again(&full).verified(&key(), &kept).is_some());
        assert!(matches!(
            full.narrowed(&caveat("list")),
            Err(NarrowError::TooMuch)
        ));
    }

    #[test]
    fn a_token_is_never_printed() {
        let token = token();
        let shown = format!("{token:?} {:?} {:?}", token.text(), key());
        let secret = token.text();
        assert!(!shown.contains(&secret.reveal()[PREFIX.len()..]), "{shown}");
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,200}", bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Token::parse(&text);
            let encoded = URL_SAFE_NO_PAD.encode(&bytes);
            if let Ok(token) = Token::parse(&format!("{PREFIX}{encoded}")) {
                prop_assert_eq!(token.verified(&key(), &[0; 32]), None);
            }
        }

        #[test]
        fn a_changed_bit_proves_nothing(place in 0_usize..64, bit in 0_u8..8) {
            let token = token();
            let kept = token.kept(&key());
            let text = token.text();
            let mut bytes = URL_SAFE_NO_PAD.decode(&text.reveal()[PREFIX.len()..]).expect("base64");
            bytes[place] ^= 1 << bit;
            let changed = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(&bytes));
            // The id and the salt are not part of a whole token's proof, but the id is looked up by.
            if let Ok(changed) = Token::parse(&changed)
                && changed.id() == token.id()
                && changed.salt == token.salt
            {
                prop_assert_eq!(changed.verified(&key(), &kept), None);
            }
        }
    }
}
