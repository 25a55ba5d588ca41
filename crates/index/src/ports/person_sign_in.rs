//! The port for people who sign in elsewhere, in a browser, and come back with a proof of it.

use std::fmt;

use async_trait::async_trait;

use crate::actor::{Secret, UserName};
use crate::change::Attribution;
use crate::identity::Timestamp;

/// Signs people in by somebody else whom the operator trusts.
#[async_trait]
pub trait PersonSignIn: fmt::Debug + Send + Sync + 'static {
    /// Begins: says where the browser is to go. It comes back to `return_to`.
    ///
    /// # Errors
    /// [`SignInError`] if nobody can sign in now.
    async fn begin(&self, return_to: &str, now: Timestamp) -> Result<Begun, SignInError>;

    /// Ends what [`begin`](Self::begin) began, and says who signed in.
    ///
    /// # Errors
    /// [`SignInError`] if what the browser brought back proves nobody.
    async fn finish(
        &self,
        returned: Returned<'_>,
        by: Attribution,
    ) -> Result<UserName, SignInError>;

    /// Makes a token for somebody who signed in just now.
    ///
    /// # Errors
    /// [`SignInError`] if it cannot be kept.
    async fn token(&self, user: UserName, by: Attribution) -> Result<SignedIn, SignInError>;
}

/// A sign-in that has begun.
#[derive(Debug)]
pub struct Begun {
    /// Where the browser is to go.
    pub address: String,
    /// What it must bring back: for a cookie. It is good for ten minutes.
    pub cookie: Secret,
}

/// What a browser brought back.
#[derive(Debug, Clone, Copy)]
pub struct Returned<'a> {
    /// The parameter `state` of the address.
    pub state: &'a str,
    /// The parameter `code` of the address.
    pub code: &'a str,
    /// What was in the cookie.
    pub cookie: &'a str,
    /// Where it was to come back to.
    pub return_to: &'a str,
}

/// Somebody who signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// Who.
    pub user: UserName,
    /// What they use from now on as a password.
    pub token: Secret,
    /// From when on it is worth nothing.
    pub expires_at: Timestamp,
}

/// Why nobody signed in: a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SignInError(pub String);
