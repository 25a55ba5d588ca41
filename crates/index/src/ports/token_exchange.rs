//! The port for trusted publishing: identity tokens of CI jobs in, tokens of ours out.

use std::fmt;

use async_trait::async_trait;

use super::StoreError;
use crate::actor::Secret;
use crate::change::Attribution;
use crate::identity::Timestamp;

/// Exchanges identity tokens for tokens that are good for a short time.
#[async_trait]
pub trait TokenExchange: fmt::Debug + Send + Sync + 'static {
    /// Returns the audience that identity tokens must be made for.
    fn audience(&self) -> &str;

    /// Returns whether the operator trusts an issuer.
    fn trusts(&self, issuer: &str) -> bool;

    /// Returns the issuers that the operator trusts, ordered.
    fn issuers(&self) -> Vec<String>;

    /// Exchanges an identity token. Each is taken once, however many ask at the same time.
    ///
    /// # Errors
    /// [`MintError`] with why not.
    async fn mint(&self, identity_token: &str, by: Attribution) -> Result<Minted, MintError>;

    /// Ends a token that was minted, whoever holds it. Says nothing about any other.
    async fn burn(&self, token: &Secret, by: Attribution);
}

/// A token that was minted.
#[derive(Debug)]
pub struct Minted {
    /// The token.
    pub token: Secret,
    /// From when on it is worth nothing.
    pub expires_at: Timestamp,
}

/// Why no token was minted. The codes are those of the public index.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {description}")]
pub struct MintError {
    /// A word for programs.
    pub code: &'static str,
    /// A sentence for people.
    pub description: String,
}

impl MintError {
    /// Makes an error.
    pub fn new(code: &'static str, description: impl Into<String>) -> Self {
        Self {
            code,
            description: description.into(),
        }
    }
}

impl From<StoreError> for MintError {
    fn from(error: StoreError) -> Self {
        tracing::error!("cannot mint a token: {error}");
        Self::new(
            "not-enabled",
            "the server could not do this; try again later",
        )
    }
}
