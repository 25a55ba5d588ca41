//! Our own API: what owners change, what happened, how the index is.

pub(super) mod access;
mod caller;
pub(super) mod changes;
mod downloads;
pub(super) mod events;
mod inside;
mod moving;
mod problem;
mod project;
mod status;

use std::sync::Arc;

use axum::extract::State as Shares;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Extension, Router};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiError;
use crate::request::RequestInfo;
use crate::state::State;
use problem::Problem;

pub(crate) use caller::ViaSocket;
pub(crate) use moving::moving_router;

#[derive(OpenApi)]
#[openapi(info(
    title = "Wheelhouse",
    description = "What owners of projects change, what happened, and how the index is. Each address is there below `/index/{index}` too."
))]
struct Document;

/// Builds the routes of the API, and their description.
pub(crate) fn router() -> Router<State> {
    let (router, mut document) = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(changes::yank))
        .routes(routes!(changes::unyank))
        .routes(routes!(changes::delete))
        .routes(routes!(changes::undelete))
        .routes(routes!(changes::set_status))
        .routes(routes!(project::show))
        .routes(routes!(inside::members))
        .routes(routes!(inside::changes))
        .routes(routes!(downloads::of_project))
        .routes(routes!(downloads::of_index))
        .routes(routes!(events::list))
        .routes(routes!(status::show))
        .routes(routes!(access::can::can))
        .routes(routes!(
            access::rules::rules,
            access::rules::add_rule,
            access::rules::remove_rule
        ))
        .routes(routes!(
            access::members::members,
            access::members::add_member,
            access::members::remove_member
        ))
        .routes(routes!(
            access::roles::roles,
            access::roles::give_role,
            access::roles::take_role
        ))
        .routes(routes!(
            access::accounts::accounts,
            access::accounts::make_robot,
            access::accounts::set_disabled
        ))
        .routes(routes!(access::accounts::sign_out))
        .routes(routes!(
            access::tokens::tokens,
            access::tokens::make_token,
            access::tokens::revoke_token
        ))
        .routes(routes!(
            access::publishers::publishers,
            access::publishers::add_publisher,
            access::publishers::remove_publisher
        ))
        .routes(routes!(access::trail::trail))
        .split_for_parts();
    let basic = HttpBuilder::new().scheme(HttpAuthScheme::Basic).build();
    document
        .components
        .get_or_insert_default()
        .add_security_scheme("password", SecurityScheme::Http(basic));
    let document = document
        .to_json()
        .expect("the description is texts, numbers and lists");
    let document = Arc::new(Bytes::from(document));
    router
        .route(
            "/api/openapi.json",
            get(move |state, info, headers| describe(state, info, headers, Arc::clone(&document))),
        )
        .route("/api", any(nothing))
        .route("/api/", any(nothing))
        .route("/api/{*path}", any(nothing))
        .method_not_allowed_fallback(not_allowed)
}

async fn describe(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    document: Arc<Bytes>,
) -> Result<Response, Problem> {
    state.sight(&headers, &info).await?;
    let mut response = Bytes::clone(&document).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

async fn nothing() -> Problem {
    ApiError::new(
        StatusCode::NOT_FOUND,
        "there is nothing at this address; /api/openapi.json describes what there is",
    )
    .into()
}

async fn not_allowed() -> Problem {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "this address has no such method; /api/openapi.json describes those that there are",
    )
    .into()
}
