//! Keeping tokens, and what is known of their use.

use serde_json::json;

use super::super::state::{StoredUse, TOKEN, TOKEN_USE};
use super::super::token::StoredToken;
use super::super::{Access, NewToken, TokenRecord};
use super::{AccessError, event, record};
use crate::actor::{TokenId, UserName};
use crate::audit::AuditKind;
use crate::change::Attribution;
use crate::identity::Timestamp;
use crate::ports::{AccessChange, StoreError};

/// Most tokens of one account.
const MAX_TOKENS: usize = 1_000;
/// How often the use of a token is written down, in microseconds: not for every request.
const USE_NOTED_EVERY: i64 = 60 * 1_000_000;

impl Access {
    /// Returns the tokens of an account, or of all, ordered by when they were made.
    pub fn tokens(&self, owner: Option<&UserName>) -> Vec<TokenRecord> {
        let state = self.state();
        let mut tokens: Vec<TokenRecord> = state
            .tokens
            .values()
            .filter(|token| owner.is_none_or(|owner| token.owner == *owner))
            .cloned()
            .collect();
        tokens.sort_by(|a, b| (a.made_at, &a.id).cmp(&(b.made_at, &b.id)));
        tokens
    }

    /// Returns the token of an id, whether it is still worth anything or not.
    pub fn token(&self, id: &TokenId) -> Option<TokenRecord> {
        self.state().tokens.get(id).cloned()
    }

    /// Keeps a token that was made.
    ///
    /// # Errors
    /// [`AccessError::Conflict`] if the account has too many or is disabled,
    /// [`AccessError::Store`].
    pub async fn keep_token(&self, token: &NewToken, by: Attribution) -> Result<(), AccessError> {
        let _held = self.changing.lock().await;
        if self.state().is_disabled(&token.owner) {
            return Err(AccessError::Conflict(format!(
                "the account `{}` is disabled",
                token.owner
            )));
        }
        let of_owner = self.tokens(Some(&token.owner)).into_iter();
        // What has expired is of use to nobody, and minted ones are many.
        let (expired, others): (Vec<_>, Vec<_>) = of_owner.partition(|kept| kept.is_expired(by.at));
        if others.len() >= MAX_TOKENS {
            return Err(AccessError::Conflict(format!(
                "the account `{}` has {MAX_TOKENS} tokens; revoke some",
                token.owner
            )));
        }
        let stored = StoredToken::new(token, by.at);
        let detail = json!({
            "token": token.id.as_str(),
            "owner": token.owner.as_str(),
            "name": token.name,
        });
        let event = event(AuditKind::TokenMade, by, None, detail);
        let kept = record(TOKEN, token.id.as_str(), &stored);
        let kinds_of = |kept: TokenRecord| {
            let id = kept.id.to_string();
            [TOKEN, TOKEN_USE].map(|kind| (kind.to_owned(), id.clone()))
        };
        let remove = expired.into_iter().flat_map(kinds_of).collect();
        self.write(vec![kept], remove, event).await
    }

    /// Makes a token worth nothing.
    ///
    /// # Errors
    /// [`AccessError::NotFound`], [`AccessError::Store`].
    pub async fn revoke_token(&self, id: &TokenId, by: Attribution) -> Result<(), AccessError> {
        let _held = self.changing.lock().await;
        let token = self.token(id);
        let token = token.ok_or_else(|| AccessError::NotFound(format!("token `{id}`")))?;
        let detail = json!({ "token": id.as_str(), "owner": token.owner.as_str() });
        let event = event(AuditKind::TokenRevoked, by, None, detail);
        let remove = [TOKEN, TOKEN_USE].map(|kind| (kind.to_owned(), id.to_string()));
        self.write(Vec::new(), remove.to_vec(), event).await
    }

    /// Writes down that a token was used, if that was not done within the last minute.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written.
    pub async fn note_use(&self, token: &TokenRecord) -> Result<(), StoreError> {
        let now: Timestamp = self.clock.now();
        let is_recent = |last: Timestamp| now.0 - last.0 < USE_NOTED_EVERY;
        if token.last_used.is_some_and(is_recent) {
            return Ok(());
        }
        let _held = self.changing.lock().await;
        // Somebody else may have done it, or revoked the token, meanwhile.
        let kept = self.token(&token.id);
        if kept.is_none_or(|kept| kept.last_used.is_some_and(is_recent)) {
            return Ok(());
        }
        let change = AccessChange {
            put: vec![record(
                TOKEN_USE,
                token.id.as_str(),
                &StoredUse { at: now.0 },
            )],
            ..AccessChange::default()
        };
        self.make(change).await
    }
}
