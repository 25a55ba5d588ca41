//! `/account/sign-in` and `/account/sign-out`.

use axum::extract::{Request, State as Shares};
use axum::response::Response;
use form_urlencoded::Serializer;
use http::StatusCode;
use http::header::{RETRY_AFTER, SET_COOKIE};
use http::request::Parts;
use wheelhouse_index::actor::{Actor, Credentials, Secret};
use wheelhouse_index::permission::Principal;
use wheelhouse_ui::account::sign_in::SignInPage;

use super::super::own::{Done, Fields, Sender, check_site, info_of, shown};
use super::super::{frame, see_other};
use crate::drained::DrainedBody;
use crate::error::ApiError;
use crate::request::RequestInfo;
use crate::session::{CookieSecret, old_form, own_path};
use crate::state::State;

/// Longest name and password that are looked at, in bytes.
const MAX_NAME_BYTES: usize = 255;
const MAX_PASSWORD_BYTES: usize = 1_000;
/// Where somebody goes who asked for nothing else.
const HOME: &str = "/account";

/// `GET /account/sign-in`.
pub(in crate::routes::pages) async fn page(
    Shares(state): Shares<State>,
    request: Request,
) -> Result<Response, ApiError> {
    let (head, _) = request.into_parts();
    let info = info_of(&head);
    let query = Fields::of(head.uri.query().unwrap_or_default().as_bytes());
    let to = own_path(query.get("to")).unwrap_or(HOME);
    if state.visit(&info).await?.is_some() {
        return Ok(see_other(&info.external.path(to)));
    }
    show(&state, &info, &head, to, "", None)
}

/// Shows the form, and gives the browser the cookie that its token belongs to, if it has none.
fn show(
    state: &State,
    info: &RequestInfo,
    head: &Parts,
    to: &str,
    user: &str,
    refused: Option<ApiError>,
) -> Result<Response, ApiError> {
    let kind = state.visit_cookie(info);
    let random = |error: getrandom::Error| ApiError::later(error.to_string());
    let known = CookieSecret::of(&head.headers, kind);
    let (secret, cookie) = if let Some(secret) = known {
        (secret, None)
    } else {
        let secret = CookieSecret::new().map_err(random)?;
        let cookie = secret.header(kind);
        (secret, cookie)
    };
    let elsewhere = state.sign_in.is_some().then(|| {
        let query = Serializer::new(String::new())
            .append_pair("to", to)
            .finish();
        info.external.path(&format!("/_/openid/sign-in?{query}"))
    });
    let page = SignInPage {
        form_token: secret.form_token().map_err(random)?,
        to: to.to_owned(),
        user: user.to_owned(),
        error: refused.as_ref().map(|error| sentence(&error.detail)),
        has_passwords: state.identities.has_passwords(),
        elsewhere,
    };
    let mut frame = frame(state, info, &Principal::new(Actor::Anonymous));
    // A link to this page, on this page.
    frame.can_sign_in = false;
    let status = refused
        .as_ref()
        .map_or(StatusCode::OK, |error| error.status);
    let mut response = shown(state, &frame, status, &page);
    let headers = response.headers_mut();
    if let Some(cookie) = cookie {
        headers.append(SET_COOKIE, cookie);
    }
    if let Some(seconds) = refused.and_then(|error| error.retry_after_seconds) {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    Ok(response)
}

/// Returns a refusal as a sentence.
fn sentence(detail: &str) -> String {
    let mut letters = detail.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

/// `POST /account/sign-in`: a name and a password.
pub(in crate::routes::pages) async fn sign_in(
    Shares(state): Shares<State>,
    request: Request,
) -> Result<Response, ApiError> {
    let (head, body) = request.into_parts();
    let info = info_of(&head);
    let body = DrainedBody::new(body, &head.headers);
    check_site(&head, &info)?;
    let fields = Fields::read(&state, &head, body).await?;
    // Nobody is to be signed in, without noticing it, as whoever made a form elsewhere.
    let secret = CookieSecret::of(&head.headers, state.visit_cookie(&info));
    let is_ours = secret.is_some_and(|secret| secret.is_form_token(fields.get("form_token")));
    if !is_ours {
        return Err(old_form());
    }
    let to = own_path(fields.get("to")).unwrap_or(HOME);
    let user = fields.get("user");
    match signed_in(&state, &info, &head, user, fields.exact("password")).await {
        Ok(secret) => {
            let mut response = see_other(&info.external.path(to));
            let headers = response.headers_mut();
            let session = secret.header(state.session_cookie(&info));
            for cookie in [session, state.visit_cookie(&info).forgotten()] {
                headers.extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
            }
            Ok(response)
        }
        // A challenge would make the browser ask for a password by itself.
        Err(mut error) if error.status == StatusCode::UNAUTHORIZED => {
            error.status = StatusCode::FORBIDDEN;
            show(&state, &info, &head, to, user, Some(error))
        }
        Err(error) => show(&state, &info, &head, to, user, Some(error)),
    }
}

async fn signed_in(
    state: &State,
    info: &RequestInfo,
    head: &Parts,
    user: &str,
    password: &str,
) -> Result<CookieSecret, ApiError> {
    if user.is_empty() || password.is_empty() {
        return Err(ApiError::bad_request(
            "a user name and a password are needed",
        ));
    }
    let is_odd =
        |text: &str, most| text.len() > most || text.contains(|c: char| c.is_ascii_control());
    if is_odd(user, MAX_NAME_BYTES) || is_odd(password, MAX_PASSWORD_BYTES) {
        return Err(ApiError::wrong_credentials());
    }
    let credentials = Credentials {
        user: user.to_owned(),
        password: Secret::new(password.to_owned()),
    };
    if state.identities.is_token(&credentials) {
        return Err(ApiError::bad_request(
            "a token is for programs; sign in with your password",
        ));
    }
    state
        .sign_in_with_password(&head.headers, info, &credentials)
        .await
}

/// `POST /account/sign-out`: of this browser, or of all others.
pub(in crate::routes::pages) async fn sign_out(
    Shares(state): Shares<State>,
    sender: Sender,
) -> Result<Response, ApiError> {
    let by = sender.by(&state);
    if sender.field("which") == "others" {
        let (user, this) = (&sender.visit.user, sender.visit.session);
        state.access.end_sessions(user, Some(&this), by).await?;
        return Ok(sender.done("/account", Done::OthersSignedOut));
    }
    state.access.end_session(&sender.visit.session, by).await?;
    let mut response = see_other(&sender.info.external.path("/"));
    let forgotten = state.session_cookie(&sender.info).forgotten();
    let headers = response.headers_mut();
    headers.extend(forgotten.map(|cookie| (SET_COOKIE, cookie)));
    Ok(response)
}
