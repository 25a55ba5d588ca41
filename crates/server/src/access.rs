//! Who asks, and whether they may.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use http::HeaderMap;
use http::header::AUTHORIZATION;
use wheelhouse_index::actor::Actor;
use wheelhouse_index::permission::{Decision, Right, decide};
use wheelhouse_standards::name::ProjectKey;

use crate::basic;
use crate::error::ApiError;
use crate::settings::NeedlessCredentials;
use crate::state::Shared;

/// Most users whose needless credentials are told of.
const MAX_IGNORED_USERS: usize = 1_000;

impl Shared {
    /// Returns whether a request may be answered without asking who sent it.
    pub(crate) fn needs_no_sign_in(&self, right: Right, headers: &HeaderMap) -> bool {
        if !self.settings.access.is_open(right) {
            return false;
        }
        let Some(header) = headers.get(AUTHORIZATION) else {
            return true;
        };
        if self.ignores_needless_credentials() {
            self.ignored_users.tell(header.as_bytes());
            return true;
        }
        false
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

/// The users whose credentials were not needed and not looked at: each is told once.
#[derive(Debug, Default)]
pub(crate) struct IgnoredUsers(Mutex<HashSet<Box<str>>>);

impl IgnoredUsers {
    fn tell(&self, header: &[u8]) {
        let Ok(credentials) = basic::parse(header) else {
            return;
        };
        // With an empty password the name may be a token.
        if credentials.password.reveal().is_empty() {
            return;
        }
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < MAX_IGNORED_USERS && told.insert(credentials.user.as_str().into()) {
            tracing::info!(
                user.name = credentials.user,
                "credentials were sent where none are needed; they are not checked"
            );
        }
    }
}
