//! `/integrity/…`: the attestations of a file.
//!
//! Standard: PEP 740, "Index support for digital attestations".

use axum::Extension;
use axum::extract::{Path, State as Shares};
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};
use wheelhouse_index::permission::Right;
use wheelhouse_standards::accept::choose_media_type;

use super::simple::project_key;
use crate::error::{ApiError, Refusal};
use crate::request::RequestInfo;
use crate::state::State;

/// The types that are offered, the favourite first.
const TYPES: [&str; 2] = ["application/vnd.pypi.integrity.v1+json", "application/json"];

/// `GET /integrity/{project}/{version}/{file}/provenance`.
pub(super) async fn provenance(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    Path((spelling, version, file_name)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let project = project_key(&spelling)?;
    state
        .authorise(&headers, &info, Right::List, Some(&project))
        .await?;
    let accepted = headers.get_all(ACCEPT).iter().map(HeaderValue::as_bytes);
    let Some(chosen) = choose_media_type(accepted, &TYPES) else {
        let detail = format!("this is to be had as {}", TYPES.join(" or "));
        return Ok(refusal(StatusCode::NOT_ACCEPTABLE, media(0), &detail));
    };
    let media_type = media(chosen);
    let found = state
        .index
        .provenance(&project, &version, &file_name)
        .await?;
    let mut response = found.map_or_else(
        || {
            let detail = format!("there is no provenance of {file_name} here");
            refusal(StatusCode::NOT_FOUND, media_type.clone(), &detail)
        },
        IntoResponse::into_response,
    );
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, media_type);
    headers.insert(VARY, HeaderValue::from_static("Accept"));
    let is_open = state.access.is_open(Right::List);
    let caching = if is_open {
        "public, max-age=600"
    } else {
        "private, max-age=600"
    };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    Ok(response)
}

fn media(place: usize) -> HeaderValue {
    HeaderValue::from_static(TYPES[place])
}

fn refusal(status: StatusCode, media_type: HeaderValue, detail: &str) -> Response {
    let body = serde_json::json!({ "message": detail }).to_string();
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, media_type);
    headers.insert(VARY, HeaderValue::from_static("Accept"));
    response.extensions_mut().insert(Refusal(detail.to_owned()));
    response
}
