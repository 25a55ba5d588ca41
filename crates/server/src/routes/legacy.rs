//! `GET` of the upload address.

use axum::Extension;
use axum::response::{IntoResponse, Response};
use http::header::ALLOW;
use http::{HeaderValue, StatusCode};

use crate::error::ApiError;
use crate::request::RequestInfo;

/// `GET /legacy/`: says what the address is for.
pub(super) async fn explain(Extension(info): Extension<RequestInfo>) -> Response {
    let detail = format!(
        "this is the address for uploads; install from {}",
        info.external.url("/simple/")
    );
    let mut response = ApiError::new(StatusCode::METHOD_NOT_ALLOWED, detail).into_response();
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static("POST"));
    response
}
