//! Refusals as pages, for those who look at pages.

use std::sync::Arc;

use axum::extract::{OriginalUri, Request, State as Shares};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use http::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use wheelhouse_index::actor::Actor;
use wheelhouse_index::permission::Principal;
use wheelhouse_ui::failure::FailurePage;

use super::own::{own_frame, sign_in_address};
use super::{frame, see_other};
use crate::error::{ApiError, NearNames, Refusal};
use crate::render::add_page_policy;
use crate::request::RequestInfo;
use crate::session::{CookieSecret, Visit};
use crate::state::State;

/// Turns what a page's handler refused into a page that says so.
pub(super) async fn as_page(
    Shares(state): Shares<State>,
    request: Request,
    next: Next,
) -> Response {
    let info = request.extensions().get::<RequestInfo>().cloned();
    let is_reading = matches!(*request.method(), Method::GET | Method::HEAD);
    let headers = request.headers();
    let is_stranger = is_for_a_browser(headers) && !headers.contains_key(AUTHORIZATION);
    let cookie = info
        .as_ref()
        .and_then(|info| CookieSecret::of(headers, state.session_cookie(info)));
    let target = request.uri().path_and_query().map(ToString::to_string);
    let response = next.run(request).await;
    match info {
        Some(info) if response.extensions().get::<Refusal>().is_some() => {
            let target = target.filter(|_| is_reading);
            let visit = match cookie {
                Some(cookie) => state.visit_with(Arc::new(cookie)).await.ok().flatten(),
                None => None,
            };
            match target {
                // A challenge would make the browser ask for a password by itself.
                Some(target)
                    if response.status() == StatusCode::UNAUTHORIZED
                        && is_stranger
                        && visit.is_none()
                        && state.can_sign_in() =>
                {
                    see_other(&sign_in_address(&info, &target))
                }
                target => page(&state, &info, response, target, visit.as_ref()),
            }
        }
        _ => response,
    }
}

/// What an unknown address gets: a page, if a browser asks.
pub(in crate::routes) async fn unknown_address(
    Shares(state): Shares<State>,
    OriginalUri(uri): OriginalUri,
    request: Request,
) -> Response {
    let refused = ApiError::not_found().into_response();
    let is_browser = is_for_a_browser(request.headers());
    match request.extensions().get::<RequestInfo>() {
        Some(info) if is_browser => page(&state, info, refused, Some(uri.to_string()), None),
        _ => refused,
    }
}

fn page(
    state: &State,
    info: &RequestInfo,
    mut response: Response,
    target: Option<String>,
    visit: Option<&Visit>,
) -> Response {
    let status = response.status();
    let extensions = response.extensions();
    let detail = extensions.get::<Refusal>().map(|refusal| refusal.0.clone());
    let near = extensions.get::<NearNames>().map(|near| near.0.clone());
    // Who asked with a password is not known here: then the frame is that of a stranger.
    let own = visit.and_then(|visit| own_frame(state, info, visit).ok());
    let frame = own.unwrap_or_else(|| frame(state, info, &Principal::new(Actor::Anonymous)));
    let failure = FailurePage {
        status: status.as_u16(),
        title: status.canonical_reason().unwrap_or("Error").to_owned(),
        detail: detail.unwrap_or_default(),
        request_id: info.id.as_str().to_owned(),
        near: near.unwrap_or_default(),
        sign_in_to: target.filter(|_| {
            frame.can_sign_in
                && frame.visitor.is_none()
                && matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
        }),
    };
    let Ok(html) = state.settings.pages.render(&frame, &failure) else {
        return response;
    };
    let mut answer = Html(html).into_response();
    *answer.status_mut() = status;
    std::mem::swap(answer.extensions_mut(), response.extensions_mut());
    for (name, value) in response.headers() {
        if name != CONTENT_TYPE && name != CONTENT_LENGTH {
            answer.headers_mut().insert(name, value.clone());
        }
    }
    let headers = answer.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    add_page_policy(headers);
    answer
}

/// Returns whether somebody asks with a browser: programs that read HTML do not name XHTML.
fn is_for_a_browser(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| {
        accept.contains("text/html") && accept.contains("application/xhtml+xml")
    })
}
