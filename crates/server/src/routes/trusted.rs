//! `/_/oidc/…`: trusted publishing, as clients of the public index speak it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State as Shares};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use serde::Deserialize;
use serde_json::json;
use wheelhouse_index::actor::{Actor, Secret};
use wheelhouse_index::audit::{AuditEvent, AuditKind};
use wheelhouse_index::ports::{MintError, TokenExchange};

use crate::drained::DrainedBody;
use crate::error::ApiError;
use crate::request::RequestInfo;
use crate::state::State;
use crate::whole_body::read_whole;

/// Largest body of a request here, in bytes: an identity token and a little.
const MAX_BODY_BYTES: usize = 32 * 1024;
/// The type of the discovery document.
///
/// Standard: PEP 807 (draft).
const DISCOVERY_TYPE: &str = "application/vnd.pypi.pytp.v1+json";

#[derive(Deserialize)]
struct Sent {
    token: String,
}

/// `GET /_/oidc/audience`.
pub(super) async fn audience(Shares(state): Shares<State>) -> Response {
    if let Some(exchange) = &state.exchange {
        return Json(json!({ "audience": exchange.audience() })).into_response();
    }
    let message = json!({ "message": "trusted publishing is not enabled here" });
    (StatusCode::FORBIDDEN, Json(message)).into_response()
}

/// `POST /_/oidc/mint-token`.
pub(super) async fn mint(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    request: Request<Body>,
) -> Result<Response, ApiError> {
    let (head, body) = request.into_parts();
    let body = DrainedBody::new(body, &head.headers);
    let bytes = read_whole(&state, body, MAX_BODY_BYTES, "the request").await?;
    let by = info.attribution(Actor::Anonymous, &head.headers, state.index.now());
    let minted = match (&state.exchange, serde_json::from_slice::<Sent>(&bytes)) {
        (None, _) => Err(MintError::new(
            "not-enabled",
            "trusted publishing is not enabled here; the operator names issuers with --trusted-issuer",
        )),
        (Some(_), Err(_)) => Err(MintError::new(
            "invalid-payload",
            "the body must be JSON: an object with the identity token as `token`",
        )),
        (Some(exchange), Ok(sent)) => exchange.mint(&sent.token, by.clone()).await,
    };
    Ok(match minted {
        Ok(minted) => Json(json!({
            "success": true,
            "token": minted.token.reveal(),
            "expires": minted.expires_at.seconds(),
        }))
        .into_response(),
        Err(error) => {
            state.audit.note(AuditEvent {
                kind: AuditKind::MintRefused,
                by,
                project: None,
                detail: json!({ "code": error.code, "description": error.description }),
            });
            let errors = [json!({ "code": error.code, "description": error.description })];
            let body = json!({ "message": "Token request failed", "errors": errors });
            (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response()
        }
    })
}

/// `POST /_/oidc/burn-token`. The answer says nothing about the token.
pub(super) async fn burn(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    request: Request<Body>,
) -> Result<Response, ApiError> {
    let (head, body) = request.into_parts();
    let body = DrainedBody::new(body, &head.headers);
    let bytes = read_whole(&state, body, MAX_BODY_BYTES, "the request").await?;
    if let (Some(exchange), Ok(sent)) = (&state.exchange, serde_json::from_slice::<Sent>(&bytes)) {
        let by = info.attribution(Actor::Anonymous, &head.headers, state.index.now());
        exchange.burn(&Secret::new(sent.token), by).await;
    }
    Ok((StatusCode::ACCEPTED, Json(json!({}))).into_response())
}

/// `GET /.well-known/pytp?discover=…`: where to mint for an upload address.
pub(super) async fn discover(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let accept = headers
        .get(ACCEPT)
        .map(|value| value.to_str().unwrap_or_default());
    let is_wanted = accept.is_none_or(|accept| {
        accept.split(',').any(|range| {
            let name = range.split(';').next().unwrap_or_default().trim();
            [DISCOVERY_TYPE, "application/*", "*/*"]
                .iter()
                .any(|known| name.eq_ignore_ascii_case(known))
        })
    });
    let query = query.unwrap_or_default();
    let wanted = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "discover");
    let prefix = &info.external.prefix;
    let is_upload = |path: &str| {
        let path = path.strip_prefix(prefix.as_str()).unwrap_or(path);
        matches!(path, "" | "/" | "/legacy" | "/legacy/")
    };
    let problem = |status: StatusCode, detail: &str| {
        let body = json!({
            "title": status.canonical_reason(),
            "status": status.as_u16(),
            "detail": detail,
        });
        typed(status, &body, "application/problem+json")
    };
    if !is_wanted {
        let detail = format!("this is to be had as {DISCOVERY_TYPE}");
        return problem(StatusCode::NOT_ACCEPTABLE, &detail);
    }
    match (&state.exchange, wanted) {
        (Some(_), Some((_, path))) if is_upload(&path) => {
            let body = json!({
                "audience-endpoint": info.external.url("/_/oidc/audience"),
                "token-mint-endpoint": info.external.url("/_/oidc/mint-token"),
                "features": ["multi-use-token"],
                "default-features": ["multi-use-token"],
            });
            typed(StatusCode::OK, &body, DISCOVERY_TYPE)
        }
        _ => problem(
            StatusCode::NOT_FOUND,
            "there is no trusted publishing for this upload address",
        ),
    }
}

fn typed(status: StatusCode, body: &serde_json::Value, media_type: &'static str) -> Response {
    let mut response = (status, body.to_string()).into_response();
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// What all requests share of it, if it is enabled.
pub(crate) type Exchange = Option<Arc<dyn TokenExchange>>;
