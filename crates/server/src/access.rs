//! Who asks, and whether they may.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use serde_json::json;
use wheelhouse_index::actor::{Actor, Credentials};
use wheelhouse_index::audit::{AuditEvent, AuditKind};
use wheelhouse_index::permission::{Decision, Principal, Refusal, Right, Sight};
use wheelhouse_standards::name::ProjectKey;

use crate::abuse::Attempt;
use crate::basic;
use crate::error::ApiError;
use crate::request::RequestInfo;
use crate::settings::NeedlessCredentials;
use crate::state::Shared;

/// Most users whose needless credentials are told of.
const MAX_IGNORED_USERS: usize = 1_000;

impl Shared {
    /// Returns whether a request may be answered without asking who sent it.
    pub(crate) fn needs_no_sign_in(&self, right: Right, headers: &HeaderMap) -> bool {
        self.access.is_open(right) && self.are_credentials_needless(headers)
    }

    fn are_credentials_needless(&self, headers: &HeaderMap) -> bool {
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
        info: &RequestInfo,
        right: Right,
        project: Option<&ProjectKey>,
    ) -> Result<Principal, ApiError> {
        let who = self.who(headers, info, right).await?;
        self.check(&who, right, project)?;
        Ok(who)
    }

    /// Returns who asks, if there can be any project with which they may use one of these rights.
    pub(crate) async fn authorise_somewhere(
        &self,
        headers: &HeaderMap,
        info: &RequestInfo,
        rights: [Right; 3],
    ) -> Result<Principal, ApiError> {
        let who = self.who(headers, info, rights[0]).await?;
        self.check_somewhere(&who, rights)?;
        Ok(who)
    }

    /// Succeeds if there can be any project with which somebody may use one of these rights.
    pub(crate) fn check_somewhere<const N: usize>(
        &self,
        who: &Principal,
        rights: [Right; N],
    ) -> Result<(), ApiError> {
        let decided = rights.map(|right| self.access.may_somewhere(who, right, self.index.name()));
        if decided.iter().any(Decision::is_allowed) {
            return Ok(());
        }
        let first = decided.into_iter().next().unwrap_or(Decision::SignInNeeded);
        let right = rights.first().copied().unwrap_or(Right::Admin);
        Err(refused(first, who, right, None))
    }

    /// Returns which projects whoever asks may see.
    pub(crate) async fn sight(
        &self,
        headers: &HeaderMap,
        info: &RequestInfo,
    ) -> Result<Sight, ApiError> {
        let who = self.who(headers, info, Right::List).await?;
        self.sight_of(&who)
    }

    /// Returns which projects somebody may see. Whoever did not sign in and may see nothing is
    /// asked to.
    pub(crate) fn sight_of(&self, who: &Principal) -> Result<Sight, ApiError> {
        let somewhere = self
            .access
            .may_somewhere(who, Right::List, self.index.name());
        if somewhere == Decision::SignInNeeded {
            return Err(ApiError::sign_in());
        }
        Ok(self.access.sight(who, self.index.name()))
    }

    /// Succeeds if somebody may use `right` on a project, or on the index.
    pub(crate) fn check(
        &self,
        who: &Principal,
        right: Right,
        project: Option<&ProjectKey>,
    ) -> Result<(), ApiError> {
        let decided = self.access.decide(who, right, self.index.name(), project);
        if decided.is_allowed() {
            return Ok(());
        }
        // What somebody may not see is for them as if it did not exist. A name to upload to is
        // theirs to choose: that says nothing of what is there.
        let is_hidden = matches!(right, Right::Yank | Right::Delete)
            && decided != Decision::SignInNeeded
            && !self
                .access
                .decide(who, Right::List, self.index.name(), project)
                .is_allowed();
        if is_hidden {
            return Err(ApiError::not_found());
        }
        Err(refused(decided, who, right, project))
    }

    /// Returns who asks. Credentials are looked at unless `right` needs none and they are ignored
    /// there.
    pub(crate) async fn who(
        &self,
        headers: &HeaderMap,
        info: &RequestInfo,
        right: Right,
    ) -> Result<Principal, ApiError> {
        let nobody = || Principal::new(Actor::Anonymous);
        let is_open = self.needs_no_sign_in(right, headers);
        let Some(header) = headers.get(AUTHORIZATION) else {
            return match self.visit(info).await {
                Ok(visit) => Ok(visit.map_or_else(nobody, |visit| visit.who)),
                // What everybody may read needs no directory that answers.
                Err(_) if is_open => Ok(nobody()),
                Err(error) => Err(error),
            };
        };
        if is_open {
            return Ok(nobody());
        }
        let parsed = basic::parse(header.as_bytes());
        self.proven(headers, info, parsed.as_ref().ok()).await
    }

    /// Returns whom credentials prove. Those that are wrong count against whoever sent them.
    pub(crate) async fn prove(
        &self,
        headers: &HeaderMap,
        info: &RequestInfo,
        credentials: &Credentials,
    ) -> Result<Principal, ApiError> {
        self.proven(headers, info, Some(credentials)).await
    }

    /// The same of what may be no credentials at all.
    async fn proven(
        &self,
        headers: &HeaderMap,
        info: &RequestInfo,
        sent: Option<&Credentials>,
    ) -> Result<Principal, ApiError> {
        // What is no credentials guesses nothing.
        let attempt = sent.map(|sent| self.attempt(sent));
        let wait = attempt.and_then(|attempt| self.tried.sign_in_wait(info.client, attempt));
        if let Some(wait) = wait {
            self.metrics.limited_sign_ins.increment(1);
            return Err(ApiError::too_often(
                "too many sign-ins failed from this address; wait before the next one",
                wait,
            ));
        }
        let found = match sent {
            Some(credentials) if self.identities.knows_anybody() => {
                self.identities.identify(credentials).await?
            }
            _ => None,
        };
        found.ok_or_else(|| {
            self.metrics.failed_sign_ins.increment(1);
            if let Some(attempt) = attempt {
                self.tried.sign_in_failed(info.client, attempt);
            }
            let mut user = None;
            if let Some(credentials) = sent {
                // With an empty password the name may be a token.
                if !credentials.password.reveal().is_empty() {
                    tracing::info!(user.name = credentials.user, "a sign-in failed");
                    user = Some(credentials.user.chars().take(100).collect::<String>());
                }
            }
            self.audit.note(AuditEvent {
                kind: AuditKind::SignInFailed,
                by: info.attribution(Actor::Anonymous, headers, self.index.now()),
                project: None,
                detail: json!({ "user": user }),
            });
            ApiError::wrong_credentials()
        })
    }

    fn attempt<'a>(&self, sent: &'a Credentials) -> Attempt<'a> {
        if !self.identities.is_token(sent) {
            return Attempt::Password(&sent.user);
        }
        // A token may be sent as the name with an empty password.
        let password = sent.password.reveal();
        let is_name = password.trim().is_empty();
        Attempt::Token(if is_name { &sent.user } else { password })
    }

    fn ignores_needless_credentials(&self) -> bool {
        !self.identities.knows_anybody()
            || self.settings.needless_credentials == NeedlessCredentials::Ignore
    }
}

/// Says why somebody may not do something.
fn refused(
    decided: Decision,
    who: &Principal,
    right: Right,
    project: Option<&ProjectKey>,
) -> ApiError {
    let refusal = match decided {
        Decision::SignInNeeded => return ApiError::sign_in(),
        Decision::Refused(refusal) => refusal,
        Decision::Allowed(_) => Refusal::NoRule,
    };
    // A file of no project is one that nobody has.
    if right == Right::Download || (right == Right::List && project.is_some()) {
        return ApiError::not_found();
    }
    let name = who
        .actor()
        .account()
        .map_or_else(|| who.actor().to_string(), |name| format!("`{name}`"));
    let what = match (right, project) {
        (Right::Upload | Right::Create, Some(project)) => format!("upload to `{project}`"),
        (Right::Upload | Right::Create, None) => "upload anything".to_owned(),
        (right, Some(project)) => format!("{right} `{project}`"),
        (Right::Admin, None) => "say who may do what".to_owned(),
        (right, None) => format!("{right} everything here"),
    };
    ApiError::new(
        StatusCode::FORBIDDEN,
        format!("{name} may not {what}: {refusal}"),
    )
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
