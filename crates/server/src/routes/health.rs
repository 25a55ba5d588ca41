//! Whether the program runs, whether it can serve, and how much it did.

use std::net::SocketAddr;

use axum::Extension;
use axum::extract::State as Shares;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::error::ApiError;
use crate::external::is_forwarded;
use crate::request::RequestInfo;
use crate::state::State;

/// `GET` of the operator's health path: as pypiserver answers.
pub(super) async fn ok() -> Response {
    said("text/html; charset=utf-8", "Ok".to_owned())
}

/// `GET /healthz`: the program runs.
pub(super) async fn alive() -> Response {
    said("text/plain; charset=utf-8", "ok\n".to_owned())
}

/// `GET /readyz`: the catalog and the files can be read.
pub(super) async fn ready(Shares(state): Shares<State>) -> Response {
    match state.index.ready().await {
        Ok(()) => said("text/plain; charset=utf-8", "ready\n".to_owned()),
        Err(error) => {
            tracing::warn!("not ready: {error}");
            let mut response = said(
                "text/plain; charset=utf-8",
                "not ready: the log says why\n".to_owned(),
            );
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            response
        }
    }
}

/// `GET /metrics`: counters in Prometheus's text form, for this machine alone.
pub(super) async fn metrics(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if !is_local(info.peer) || is_forwarded(&headers) {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "the counters are shown on this machine only, and not through a proxy",
        ));
    }
    let counts = state.index.counts().await?;
    let scrub = state.index.scrubbed().counts();
    state.metrics.note_scrub(state.index.damaged().len(), scrub);
    let downloads = state.index.noted_downloads();
    let text = state.metrics.render(counts, downloads, &state.room().await);
    Ok(said("text/plain; version=0.0.4; charset=utf-8", text))
}

fn is_local(peer: SocketAddr) -> bool {
    peer.ip().to_canonical().is_loopback()
}

fn said(media_type: &'static str, text: String) -> Response {
    (
        [
            (CONTENT_TYPE, HeaderValue::from_static(media_type)),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ],
        text,
    )
        .into_response()
}
