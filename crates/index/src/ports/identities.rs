//! The port for who somebody is.

use std::fmt;

use async_trait::async_trait;

use crate::access::{NewToken, TokenRecord};
use crate::actor::{Credentials, Secret, UserName};
use crate::identity::Timestamp;
use crate::permission::{GroupName, Limit, Principal};

/// Tells who sent credentials. It never decides what an actor may do.
#[async_trait]
pub trait Identities: fmt::Debug + Send + Sync + 'static {
    /// Returns whether there is anybody whom credentials could prove.
    fn knows_anybody(&self) -> bool {
        true
    }

    /// Returns whether credentials are a token: a text that nobody can guess, in contrast to a
    /// password.
    fn is_token(&self, _credentials: &Credentials) -> bool {
        false
    }

    /// Returns whom the credentials prove, or `None` if they prove nobody.
    ///
    /// Takes about the same time for an unknown user as for a wrong password.
    ///
    /// # Errors
    /// [`IdentifyError`] if it cannot be told: the caller must then be refused.
    async fn identify(&self, credentials: &Credentials)
    -> Result<Option<Principal>, IdentifyError>;

    /// Returns the groups of a user that are known without a sign-in. Where they cannot be asked
    /// for, there are none: groups only allow.
    async fn groups_of(&self, _user: &UserName) -> Vec<GroupName> {
        Vec::new()
    }

    /// Returns a mark of what would prove a user now, or `None` if nothing would. Another mark, or
    /// none, means that what proved the user before counts no more: the password was changed, the
    /// user was removed. The mark shows nothing of either.
    ///
    /// # Errors
    /// [`IdentifyError`] if it cannot be told: the caller must then be refused.
    async fn standing(&self, _user: &UserName) -> Result<Option<[u8; 32]>, IdentifyError> {
        Ok(None)
    }

    /// Returns whether there is anybody who has a password.
    fn has_passwords(&self) -> bool {
        true
    }

    /// Returns whether a token is the one that a record was kept of.
    fn holds(&self, _token: &Secret, _kept: &TokenRecord) -> bool {
        false
    }

    /// Makes a token of an account. Nobody but its holder will know it: what is to be kept of it
    /// does not show it. It proves nobody until that is kept.
    ///
    /// # Errors
    /// [`IdentifyError::Unavailable`] if no tokens can be made.
    fn make_token(
        &self,
        _owner: UserName,
        _name: String,
        _limit: Limit,
        _expires_at: Option<Timestamp>,
    ) -> Result<(Secret, NewToken), IdentifyError> {
        Err(IdentifyError::Unavailable("it makes no tokens".into()))
    }
}

/// Credentials could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum IdentifyError {
    /// Too many checks are under way. The client may try again.
    #[error("too many sign-ins are being checked; try again in a moment")]
    Busy,
    /// The source of identities cannot be asked.
    #[error("the source of passwords cannot be read")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}
