//! The pages for people. Each handler reads the request, asks the index, and puts the answer into
//! the values of a page; what all of them share is here.

mod account;
mod admin;
mod assets;
mod badge;
mod changes;
mod described;
mod facts;
mod failure;
mod home;
mod inside;
mod manage;
mod own;
mod project;
mod search;

use std::sync::Arc;

use axum::Router;
use axum::body;
use axum::middleware;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, Version};
use wheelhouse_index::actor::Actor;
use wheelhouse_index::permission::{Principal, Right};
use wheelhouse_ui::Page;
use wheelhouse_ui::frame::{Frame, Visitor};

use crate::error::ApiError;
use crate::page_cache::{Form, Subject};
use crate::render::{self, PageRequest, Rendering};
use crate::request::RequestInfo;
use crate::state::State;

pub(super) use failure::unknown_address;
pub(super) use home::home;

/// What was read for a page.
pub(super) struct Read<P> {
    /// The serial of the last change that the page shows.
    pub(super) serial: Option<u64>,
    /// Whether it shows everything that can be known.
    pub(super) is_complete: bool,
    /// The page.
    pub(super) page: P,
}

/// Builds the table of the pages' routes.
pub(super) fn router(state: &State) -> Router<State> {
    let own = if state.settings.web_sign_in {
        account::router()
            .merge(admin::router())
            .merge(manage::router())
    } else {
        Router::new()
    };
    own.route("/_/assets/{name}", get(assets::asset))
        .route("/_/search/names", get(search::names))
        .route("/search", get(search::search))
        .route("/project/{project}", get(project::add_slash))
        .route("/project/{project}/", get(project::project))
        .route("/project/{project}/badge.svg", get(badge::badge))
        .route("/project/{project}/{version}", get(project::add_slash))
        .route("/project/{project}/{version}/", get(project::release))
        .route(
            "/project/{project}/{version}/file/{file}",
            get(inside::file),
        )
        .route(
            "/project/{project}/{version}/file/{file}/",
            get(inside::without_slash),
        )
        .route(
            "/project/{project}/{version}/file/{file}/{*member}",
            get(inside::member),
        )
        .route(
            "/project/{project}/changes/{versions}",
            get(changes::changes),
        )
        .route(
            "/project/{project}/changes/{versions}/",
            get(inside::without_slash),
        )
        .layer(middleware::from_fn_with_state(
            Arc::clone(state),
            failure::as_page,
        ))
}

/// Sends a browser to another page, to be read.
fn see_other(target: &str) -> Response {
    super::simple::see_other(target, Version::HTTP_11)
}

/// Reads names with commas or blanks between them.
fn listed(text: &str) -> Vec<String> {
    let names = text.split([',', ' ']).filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

/// Answers a page: for somebody who did not sign in from memory, if it is there and still true;
/// else it is made.
///
/// `audience` is what tells those apart who see different things and did not sign in.
pub(super) async fn answer<P: Page + Send + 'static>(
    state: &State,
    info: &RequestInfo,
    headers: &HeaderMap,
    who: &Principal,
    subject: Subject<'_>,
    audience: u64,
    reading: impl Future<Output = Result<Read<P>, ApiError>> + Send + 'static,
) -> Result<Response, ApiError> {
    let frame = frame(state, info, who);
    let base = frame.url.clone();
    let request = PageRequest::new(subject, Form::Page, &base, headers).for_audience(audience);
    let reading = {
        let state = Arc::clone(state);
        // Boxed: what pages read is a long story.
        let reading = Box::pin(reading);
        async move {
            let read = reading.await?;
            Ok(Rendering {
                serial: read.serial,
                is_complete: read.is_complete,
                write: Box::new(move || written(&state, &frame, &read.page)),
            })
        }
    };
    if *who.actor() == Actor::Anonymous {
        return render::page(state, &request, headers, reading).await;
    }
    let page = render::once(state, &request, reading).await?;
    Ok(render::answer(&page, headers).map(body::Body::new))
}

/// Answers a page that is made for one visitor and kept by nobody.
pub(super) async fn uncached<P: Page + Send + 'static>(
    state: &State,
    headers: &HeaderMap,
    frame: Frame,
    read: Read<P>,
) -> Result<Response, ApiError> {
    let request = PageRequest::new(Subject::Home, Form::Page, "", headers);
    let reading = {
        let state = Arc::clone(state);
        async move {
            Ok(Rendering {
                serial: read.serial,
                is_complete: read.is_complete,
                write: Box::new(move || written(&state, &frame, &read.page)),
            })
        }
    };
    let page = render::once(state, &request, reading).await?;
    Ok(render::answer(&page, headers).map(body::Body::new))
}

/// Writes a page. What a theme's template asks for and the page has not is told in the log.
fn written<P: Page>(state: &State, frame: &Frame, page: &P) -> Vec<u8> {
    match state.settings.pages.render(frame, page) {
        Ok(html) => html.into_bytes(),
        Err(error) => {
            tracing::error!("{error}");
            "this page cannot be shown; the server's log says why\n".into()
        }
    }
}

/// Returns what all pages show around themselves to somebody.
pub(super) fn frame(state: &State, info: &RequestInfo, who: &Principal) -> Frame {
    let index = state.index.name();
    let may = |right| state.access.may_somewhere(who, right, index).is_allowed();
    let visitor = (*who.actor() != Actor::Anonymous).then(|| Visitor {
        name: who
            .actor()
            .account()
            .map_or_else(|| who.actor().to_string(), ToString::to_string),
        is_administrator: may(Right::Admin),
        may_upload: may(Right::Upload),
    });
    let cookie = info.cookie.as_ref().filter(|_| visitor.is_some());
    Frame {
        form_token: cookie.and_then(|cookie| cookie.form_token().ok()),
        can_sign_in: state.can_sign_in(),
        base: info.external.prefix.clone(),
        url: info.external.url(""),
        version: may(Right::List).then(|| env!("CARGO_PKG_VERSION").to_owned()),
        visitor,
        ..Frame::default()
    }
}
