//! The port for who somebody is.

use std::fmt;

use async_trait::async_trait;

use crate::actor::{Actor, Credentials};

/// Tells who sent credentials. It never decides what an actor may do.
#[async_trait]
pub trait Identities: fmt::Debug + Send + Sync + 'static {
    /// Returns the actor that the credentials prove, or `None` if they prove nobody.
    ///
    /// Takes about the same time for an unknown user as for a wrong password.
    ///
    /// # Errors
    /// [`IdentifyError`] if it cannot be told: the caller must then be refused.
    async fn identify(&self, credentials: &Credentials) -> Result<Option<Actor>, IdentifyError>;
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
