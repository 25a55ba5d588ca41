//! `/_/openid/…`: people sign in at an OpenID provider and get a token for the day, or are signed in
//! with their browser if that is where they began.

use axum::Extension;
use axum::extract::{RawQuery, State as Shares};
use axum::response::{Html, IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, LOCATION, REFERRER_POLICY, SET_COOKIE,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode, Version};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use wheelhouse_index::actor::{Actor, UserName};
use wheelhouse_index::audit::{AuditEvent, AuditKind};
use wheelhouse_index::ports::{PersonSignIn, Returned, SignInError, SignedIn};

use crate::abuse::Attempt;
use crate::error::ApiError;
use crate::request::RequestInfo;
use crate::session::own_path;
use crate::state::{Shared, State};

/// The cookie that binds the two halves of a sign-in to one browser. No other route gets it.
const COOKIE_NAME: &str = "wheelhouse-openid";
const PATH: &str = "/_/openid";
/// The cookie that says where a browser is to go that is signed in then. It proves nothing.
const TO_COOKIE_NAME: &str = "wheelhouse-openid-to";

/// `GET /_/openid/sign-in`: to the provider.
pub(super) async fn begin(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let provider = provider(&state)?;
    let begun = provider
        .begin(&return_to(&info)?, state.index.now())
        .await
        .map_err(|error| ApiError::later(error.to_string()))?;
    let mut response = StatusCode::FOUND.into_response();
    let location = HeaderValue::from_str(&begun.address)
        .map_err(|_| ApiError::later("the issuer's address cannot be used"))?;
    response.headers_mut().insert(LOCATION, location);
    set_cookie(
        &mut response,
        &info,
        COOKIE_NAME,
        begun.cookie.reveal(),
        600,
    );
    // Without this parameter it is a token that is wanted.
    let to = parameter(query.as_deref().unwrap_or_default(), "to");
    match to.filter(|_| state.settings.web_sign_in) {
        Some(to) => {
            let to = own_path(&to).unwrap_or("/account");
            let to = utf8_percent_encode(to, NON_ALPHANUMERIC).to_string();
            set_cookie(&mut response, &info, TO_COOKIE_NAME, &to, 600);
        }
        None => set_cookie(&mut response, &info, TO_COOKIE_NAME, "", 0),
    }
    Ok(response)
}

/// `GET /_/openid/return`: back from the provider.
pub(super) async fn finish(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let provider = provider(&state)?;
    if let Some(wait) = state.tried.sign_in_wait(info.client, Attempt::Password("")) {
        state.metrics.limited_sign_ins.increment(1);
        let detail = "too many sign-ins failed from this address; wait before the next one";
        return Err(ApiError::too_often(detail, wait));
    }
    let query = query.unwrap_or_default();
    let parameter = |wanted: &str| parameter(&query, wanted);
    let by = info.attribution(Actor::Anonymous, &headers, state.index.now());
    let finished = match (
        parameter("state"),
        parameter("code"),
        cookie(&headers, COOKIE_NAME),
    ) {
        (Some(sent), Some(code), Some(cookie)) => {
            let returned = Returned {
                state: &sent,
                code: &code,
                cookie,
                return_to: &return_to(&info)?,
            };
            provider.finish(returned, by.clone()).await
        }
        _ => Err(SignInError(match parameter("error") {
            Some(error) => {
                let error: String = error.chars().take(100).collect();
                format!("the issuer refused the sign-in: {}", error.escape_debug())
            }
            None => "this address ends a sign-in that was begun in this browser".to_owned(),
        })),
    };
    let user = finished.map_err(|error| {
        state.metrics.failed_sign_ins.increment(1);
        state
            .tried
            .sign_in_failed(info.client, Attempt::Password(""));
        state.audit.note(AuditEvent {
            kind: AuditKind::SignInFailed,
            by: by.clone(),
            project: None,
            detail: json!({ "user": null, "reason": error.to_string() }),
        });
        let begin = info.external.url("/_/openid/sign-in");
        ApiError::new(
            StatusCode::FORBIDDEN,
            format!("{error}\nbegin again at {begin}"),
        )
    })?;
    let mut response = match cookie(&headers, TO_COOKIE_NAME) {
        Some(to) if state.settings.web_sign_in => {
            let to = percent_encoding::percent_decode_str(to).decode_utf8_lossy();
            signed_in(&state, &info, &headers, user, &to).await?
        }
        _ => {
            let signed_in = provider.token(user, by).await;
            let signed_in = signed_in.map_err(|error| ApiError::later(error.to_string()))?;
            Html(page(&signed_in, &info)).into_response()
        }
    };
    set_cookie(&mut response, &info, COOKIE_NAME, "", 0);
    set_cookie(&mut response, &info, TO_COOKIE_NAME, "", 0);
    let headers = response.headers_mut();
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
        (REFERRER_POLICY, "no-referrer"),
        (X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// Signs a browser in, and sends it to where it began.
async fn signed_in(
    state: &State,
    info: &RequestInfo,
    headers: &HeaderMap,
    user: UserName,
    to: &str,
) -> Result<Response, ApiError> {
    let secret = state.sign_in_from_elsewhere(headers, info, user).await?;
    let to = info.external.path(own_path(to).unwrap_or("/account"));
    let mut response = super::simple::see_other(&to, Version::HTTP_11);
    if let Some(cookie) = secret.header(state.session_cookie(info)) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Returns the first parameter of a name.
fn parameter(query: &str, wanted: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find_map(|(name, value)| (name == wanted).then(|| value.into_owned()))
}

fn provider(state: &Shared) -> Result<&dyn PersonSignIn, ApiError> {
    state.sign_in.as_deref().ok_or_else(ApiError::not_found)
}

/// Returns the address that the provider sends browsers back to.
fn return_to(info: &RequestInfo) -> Result<String, ApiError> {
    if info.external.host.is_empty() {
        return Err(ApiError::bad_request("the request names no host"));
    }
    Ok(info.external.url("/_/openid/return"))
}

fn set_cookie(response: &mut Response, info: &RequestInfo, name: &str, value: &str, seconds: u32) {
    let secure = if info.external.scheme == "https" {
        "; Secure"
    } else {
        ""
    };
    let path = info.external.path(PATH);
    // Lax: the browser comes back from another site.
    let cookie =
        format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}

fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
        .filter(|value| !value.is_empty())
}

/// Says who signed in, and what to do with it.
fn page(signed_in: &SignedIn, info: &RequestInfo) -> String {
    let user = escaped(signed_in.user.as_str());
    let token = escaped(signed_in.token.reveal());
    let url = escaped(&info.external.url("/"));
    let until = signed_in.expires_at.to_date_time();
    let until = format!(
        "{:04}-{:02}-{:02} {:02}:{:02} UTC",
        until.year(),
        u8::from(until.month()),
        until.day(),
        until.hour(),
        until.minute()
    );
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
         <title>Signed in</title></head>\n<body>\n<h1>Signed in as {user}</h1>\n\
         <p>This token is your password, for any user name, until {until}:</p>\n\
         <pre><code>{token}</code></pre>\n\
         <p>It is not shown again. Install, upload, or make a token that lasts longer:</p>\n\
         <pre><code>pip install --index-url {url}simple/ PROJECT\n\
         twine upload --repository-url {url} --username __token__ dist/*\n\
         wheelhouse token make NAME --days 90 --server {url} --user __token__</code></pre>\n\
         </body>\n</html>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
