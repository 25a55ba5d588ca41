//! What is kept about tokens: everything but the tokens.

use serde::{Deserialize, Serialize};

use super::publisher::ACCOUNT_PREFIX;
use crate::actor::{TokenId, UserName};
use crate::identity::{IndexName, Timestamp};
use crate::permission::{Limit, Pattern, Rights};

/// What is kept about a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRecord {
    /// The public part.
    pub id: TokenId,
    /// Whose rights it has at most.
    pub owner: UserName,
    /// What its owner calls it.
    pub name: String,
    /// What it may be used for, at most.
    pub limit: Limit,
    /// SHA-256 of the token's own proof.
    pub proof_sha256: [u8; 32],
    /// When it was made.
    pub made_at: Timestamp,
    /// From when on it is worth nothing.
    pub expires_at: Option<Timestamp>,
    /// Whether it is what a person got for signing in elsewhere, and stands for the password.
    pub is_sign_in: bool,
    /// When it was last used, within a minute.
    pub last_used: Option<Timestamp>,
}

impl TokenRecord {
    /// Returns whether it was minted for a trusted publisher.
    pub fn is_minted(&self) -> bool {
        self.owner.as_str().starts_with(ACCOUNT_PREFIX)
    }

    /// Returns whether its time is up.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

/// A token that is to be kept.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// The public part.
    pub id: TokenId,
    /// Whose rights it has at most.
    pub owner: UserName,
    /// What its owner calls it.
    pub name: String,
    /// What it may be used for, at most.
    pub limit: Limit,
    /// SHA-256 of the token's own proof.
    pub proof_sha256: [u8; 32],
    /// From when on it is worth nothing.
    pub expires_at: Option<Timestamp>,
    /// Whether it is what a person got for signing in elsewhere, and stands for the password.
    pub is_sign_in: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredToken {
    owner: String,
    name: String,
    proof_sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rights: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    projects: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    index: Option<String>,
    made_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    sign_in: bool,
}

impl StoredToken {
    pub(super) fn new(token: &NewToken, made_at: Timestamp) -> Self {
        let limit = &token.limit;
        Self {
            owner: token.owner.to_string(),
            name: token.name.clone(),
            proof_sha256: hex::encode(token.proof_sha256),
            rights: limit.rights.map(|rights| rights.to_string()),
            projects: limit
                .projects
                .as_ref()
                .map(|patterns| patterns.iter().map(ToString::to_string).collect()),
            index: limit.index.as_ref().map(ToString::to_string),
            made_at: made_at.0,
            expires_at: token.expires_at.map(|end| end.0),
            sign_in: token.is_sign_in,
        }
    }

    /// Fails for a limit that cannot be read: without it the token would be wider.
    pub(super) fn into_record(self, id: &str) -> Result<TokenRecord, String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let projects = self.projects.map(|patterns| {
            patterns
                .iter()
                .map(|pattern| pattern.parse::<Pattern>().map_err(|error| text(&error)))
                .collect::<Result<Vec<_>, _>>()
        });
        let rights = self.rights.map(|rights| rights.parse::<Rights>());
        let index = self.index.map(|index| index.parse::<IndexName>());
        Ok(TokenRecord {
            id: TokenId::new(id),
            owner: UserName::new(&self.owner),
            name: self.name,
            limit: Limit {
                rights: rights.transpose().map_err(|error| text(&error))?,
                projects: projects.transpose()?,
                index: index.transpose().map_err(|error| text(&error))?,
            },
            proof_sha256: digest(&self.proof_sha256)?,
            made_at: Timestamp(self.made_at),
            expires_at: self.expires_at.map(Timestamp),
            is_sign_in: self.sign_in,
            last_used: None,
        })
    }
}

fn digest(text: &str) -> Result<[u8; 32], String> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|error| format!("its digest: {error}"))?;
    Ok(bytes)
}
