//! `/_/assets/…`: style sheet, script and pictures.

use axum::extract::{Path, State as Shares};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use wheelhouse_standards::entity_tag::is_none_match_hit;

use crate::error::ApiError;
use crate::state::State;

/// `GET /_/assets/{name}`. Addresses on pages name the content: what they lead to is kept for ever.
pub(super) async fn asset(
    Shares(state): Shares<State>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let found = state.settings.pages.assets().get(&name);
    let asset = found.ok_or_else(ApiError::not_found)?;
    let tag = format!("\"{}\"", asset.digest());
    let known = headers.get_all(IF_NONE_MATCH).iter();
    let mut response = if is_none_match_hit(known.map(HeaderValue::as_bytes), &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let media_type = [(CONTENT_TYPE, asset.media_type)];
        (media_type, asset.bytes.clone()).into_response()
    };
    let answered = response.headers_mut();
    answered.insert(ETAG, tag.parse().expect("hexadecimal digits in quotes"));
    answered.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    // A logo is a company's own; opened by itself it still runs nothing.
    crate::render::add_page_policy(answered);
    Ok(response)
}
