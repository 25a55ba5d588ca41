//! `/{project}`.

use axum::Extension;
use axum::response::Response;
use http::Version;
use wheelhouse_standards::simple::link::encode_segment;

use super::simple::{project_key, see_other};
use crate::error::ApiError;
use crate::request::RequestInfo;

/// `GET /{project}` and `/{project}/`: for clients that were given the bare host as index URL.
pub(super) async fn redirect(
    Extension(info): Extension<RequestInfo>,
    uri: axum::extract::OriginalUri,
    version: Version,
) -> Result<Response, ApiError> {
    let spelling = percent_encoding::percent_decode_str(uri.path().trim_matches('/'));
    let spelling = spelling.decode_utf8().map_err(|_| ApiError::not_found())?;
    let project = project_key(&spelling)?;
    let target = info
        .external
        .path(&format!("/simple/{}/", encode_segment(project.as_str())));
    let target = match uri.query() {
        Some(query) => format!("{target}?{query}"),
        None => target,
    };
    Ok(see_other(&target, version))
}
