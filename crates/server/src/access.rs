//! Who asks, and whether they may.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use wheelhouse_index::actor::Actor;
use wheelhouse_index::permission::{Decision, Right, decide};
use wheelhouse_standards::name::ProjectKey;

use crate::basic;
use crate::error::ApiError;
use crate::settings::NeedlessCredentials;
use crate::state::Shared;

impl Shared {
    /// Returns whether a request may be answered without asking who sent it.
    pub(crate) fn needs_no_sign_in(&self, right: Right, headers: &HeaderMap) -> bool {
        self.settings.access.is_open(right)
            && (!headers.contains_key(AUTHORIZATION) || self.ignores_needless_credentials())
    }

    /// Returns who asks, if they may use `right` on a project, or on the index.
    pub(crate) async fn authorise(
        &self,
        headers: &HeaderMap,
        right: Right,
        project: Option<&ProjectKey>,
    ) -> Result<Actor, ApiError> {
        let actor = if self.needs_no_sign_in(right, headers) {
            Actor::Anonymous
        } else {
            self.actor(headers).await?
        };
        match decide(
            &self.settings.access,
            &actor,
            right,
            self.index.name(),
            project,
        ) {
            Decision::Allowed => Ok(actor),
            Decision::SignInNeeded => Err(ApiError::sign_in()),
        }
    }

    async fn actor(&self, headers: &HeaderMap) -> Result<Actor, ApiError> {
        let Some(header) = headers.get(AUTHORIZATION) else {
            return Ok(Actor::Anonymous);
        };
        let identified = match (basic::parse(header.as_bytes()), &self.identities) {
            (Ok(credentials), Some(identities)) => {
                let actor = identities.identify(&credentials).await?;
                if actor.is_none() && !credentials.password.reveal().is_empty() {
                    // With an empty password the name may be a token.
                    tracing::info!(user.name = credentials.user, "a sign-in failed");
                }
                actor
            }
            _ => None,
        };
        identified.ok_or_else(|| {
            self.metrics.failed_sign_ins.increment(1);
            ApiError::wrong_credentials()
        })
    }

    fn ignores_needless_credentials(&self) -> bool {
        self.identities.is_none()
            || self.settings.needless_credentials == NeedlessCredentials::Ignore
    }
}
