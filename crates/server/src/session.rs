//! Browsers that are signed in. What a browser holds is a random cookie; what is kept of it, for all
//! replicas, is a digest, so that signing out and disabling an account count everywhere at once.
//!
//! A cookie is sent by the browser whether its user means to or not. So it counts for reading, and for
//! forms that carry a token which only pages of ours can know: never for the API, uploads by programs
//! and XML-RPC.

mod cookie;
mod form_token;
mod own_path;

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method};
use wheelhouse_index::access::{NewSession, SessionId, SessionRecord};
use wheelhouse_index::actor::{Actor, Credentials, UserName};
use wheelhouse_index::change::Attribution;
use wheelhouse_index::permission::Principal;

pub(crate) use cookie::{CookieSecret, Kind};
pub(crate) use own_path::own_path;

use crate::error::ApiError;
use crate::origin::is_of_another_site;
use crate::request::RequestInfo;
use crate::state::Shared;

/// How long somebody who gave a password stays signed in at most.
const WITH_PASSWORD: Duration = Duration::from_hours(7 * 24);
/// How long somebody who signed in elsewhere does: as long as the token that others get for it.
/// Whether they still could sign in there, nobody asks meanwhile.
const ELSEWHERE: Duration = Duration::from_hours(12);

/// Somebody whose browser is signed in.
#[derive(Debug)]
pub(crate) struct Visit {
    /// Who it is, with all groups.
    pub(crate) who: Principal,
    /// How the account is called.
    pub(crate) user: UserName,
    pub(crate) session: SessionId,
    secret: Arc<CookieSecret>,
}

impl Visit {
    /// Returns what every form must send back. Another text each time, so that a page that is
    /// compressed tells nothing of it by its length.
    pub(crate) fn form_token(&self) -> Result<String, ApiError> {
        self.secret.form_token().map_err(no_randomness)
    }
}

/// Returns the cookie of a request that only reads, where cookies count.
pub(crate) fn reading_cookie(
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    cookies: Kind<'_>,
) -> Option<Arc<CookieSecret>> {
    let is_reading = method == Method::GET || method == Method::HEAD;
    // The description of the API is something to read; the API is for programs.
    let is_for_programs = path.starts_with("/api/") && path != "/api/openapi.json"
        || path.starts_with("/_/o")
        // What is the same for everybody.
        || path.starts_with("/_/assets/")
        || matches!(path, "/metrics" | "/healthz" | "/readyz");
    if !is_reading || is_for_programs {
        return None;
    }
    CookieSecret::of(headers, cookies).map(Arc::new)
}

/// Says that the system gave no random bytes.
fn no_randomness(error: getrandom::Error) -> ApiError {
    ApiError::later(format!("there is no randomness: {error}"))
}

/// What is to be said about a form that does not carry the token of its session.
const OLD_FORM: &str = "this form was not sent from a page that you opened here, or you signed in or out since; go back, load the page again, and send it once more";

impl Shared {
    /// Returns how the cookie of sessions is called for a request, and where it is sent.
    pub(crate) fn session_cookie<'i>(&self, info: &'i RequestInfo) -> Kind<'i> {
        Kind::session(&info.external, self.index.name())
    }

    /// Returns the cookie that binds the form of signing in to one browser.
    pub(crate) fn visit_cookie<'i>(&self, info: &'i RequestInfo) -> Kind<'i> {
        Kind::visit(&info.external, self.index.name())
    }

    /// Returns whether people can sign in here in a browser.
    pub(crate) fn can_sign_in(&self) -> bool {
        self.settings.web_sign_in && (self.identities.has_passwords() || self.sign_in.is_some())
    }

    /// Returns whose browser sent a request that reads.
    pub(crate) async fn visit(&self, info: &RequestInfo) -> Result<Option<Visit>, ApiError> {
        match &info.cookie {
            Some(secret) => self.visit_with(Arc::clone(secret)).await,
            None => Ok(None),
        }
    }

    /// Returns whose browser sent a form, whatever is in it. What it asks for may be done only after
    /// [`check_form`](Self::check_form).
    pub(crate) async fn visit_of_form(
        &self,
        headers: &HeaderMap,
        info: &RequestInfo,
    ) -> Result<Option<Visit>, ApiError> {
        if is_of_another_site(headers, info) {
            return Err(other_site());
        }
        match CookieSecret::of(headers, self.session_cookie(info)) {
            Some(secret) => self.visit_with(Arc::new(secret)).await,
            None => Ok(None),
        }
    }

    /// Succeeds if a form was made by a page of this visit.
    #[expect(
        clippy::unused_self,
        reason = "it stands beside the functions that go before it"
    )]
    pub(crate) fn check_form(&self, visit: &Visit, sent: Option<&str>) -> Result<(), ApiError> {
        let is_right = sent.is_some_and(|sent| visit.secret.is_form_token(sent));
        is_right.then_some(()).ok_or_else(old_form)
    }

    /// Returns whose browser holds a cookie.
    pub(crate) async fn visit_with(
        &self,
        secret: Arc<CookieSecret>,
    ) -> Result<Option<Visit>, ApiError> {
        if !self.settings.web_sign_in {
            return Ok(None);
        }
        let session = secret.session();
        let Some(kept) = self.access.session(&session) else {
            return Ok(None);
        };
        // The password may have been changed since, or the user removed.
        if kept.standing.is_some() && self.identities.standing(&kept.user).await? != kept.standing {
            let by = Attribution::system(self.index.now());
            tracing::info!(user.name = %kept.user, "a browser was signed out: what proved its user counts no more");
            self.access.end_session(&session, by).await?;
            return Ok(None);
        }
        let groups = self.identities.groups_of(&kept.user).await;
        let who = Principal::new(Actor::User(kept.user.clone())).in_groups(groups);
        let Some(who) = self.access.admit(who) else {
            return Ok(None);
        };
        let user = kept.user.clone();
        self.note_session_use(kept);
        Ok(Some(Visit {
            who,
            user,
            session,
            secret,
        }))
    }

    fn note_session_use(&self, session: SessionRecord) {
        let access = Arc::clone(&self.access);
        tokio::spawn(async move {
            if let Err(error) = access.note_session_use(&session).await {
                tracing::warn!("cannot note that a session was used: {error}");
            }
        });
    }

    /// Signs somebody in who sent a name and a password, and returns what the cookie is to hold.
    pub(crate) async fn sign_in_with_password(
        &self,
        headers: &HeaderMap,
        info: &RequestInfo,
        credentials: &Credentials,
    ) -> Result<CookieSecret, ApiError> {
        let proven = self.prove(headers, info, credentials).await?;
        let Actor::User(user) = proven.actor() else {
            return Err(ApiError::wrong_credentials());
        };
        let standing = self.identities.standing(user).await?;
        // Where nothing is known that would change with the password, the session is a short one.
        let lifetime = if standing.is_some() {
            WITH_PASSWORD
        } else {
            ELSEWHERE
        };
        self.begin_session(headers, info, user.clone(), standing, lifetime)
            .await
    }

    /// Signs somebody in who was proven elsewhere, and returns what the cookie is to hold.
    pub(crate) async fn sign_in_from_elsewhere(
        &self,
        headers: &HeaderMap,
        info: &RequestInfo,
        user: UserName,
    ) -> Result<CookieSecret, ApiError> {
        self.begin_session(headers, info, user, None, ELSEWHERE)
            .await
    }

    async fn begin_session(
        &self,
        headers: &HeaderMap,
        info: &RequestInfo,
        user: UserName,
        standing: Option<[u8; 32]>,
        lifetime: Duration,
    ) -> Result<CookieSecret, ApiError> {
        let by = info.attribution(Actor::User(user.clone()), headers, self.index.now());
        // Whoever was signed in with this browser is so no more.
        if let Some(before) = CookieSecret::of(headers, self.session_cookie(info)) {
            self.access
                .end_session(&before.session(), by.clone())
                .await?;
        }
        let secret = CookieSecret::new().map_err(no_randomness)?;
        let session = NewSession {
            id: secret.session(),
            user,
            standing,
            expires_at: by.at.after(lifetime),
        };
        self.access.keep_session(&session, by).await?;
        Ok(secret)
    }
}

pub(crate) fn other_site() -> ApiError {
    ApiError::new(
        http::StatusCode::FORBIDDEN,
        "a page of another site may not change anything here; open the page here, and send the form from there",
    )
}

pub(crate) fn old_form() -> ApiError {
    ApiError::new(http::StatusCode::FORBIDDEN, OLD_FORM)
}
