//! `/{project}` and `/{project}/json`.

use axum::Extension;
use axum::extract::{Path, State as Shares};
use axum::response::{IntoResponse, Response};
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode, Version};
use serde_json::{Map, Value, json};
use wheelhouse_index::permission::Right;
use wheelhouse_standards::simple::link::{encode_path, encode_segment};

use super::simple::{moved_permanently, project_key, see_other};
use crate::error::ApiError;
use crate::request::RequestInfo;
use crate::state::State;

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

/// `GET /{project}/json`: the newest version, and the files of each, as pypiserver has it.
pub(super) async fn json(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    Path(spelling): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let project = project_key(&spelling)?;
    state
        .authorise(&headers, Right::List, Some(&project))
        .await?;
    if project.as_str() != spelling {
        let target = format!("/{}/json", encode_segment(project.as_str()));
        return Ok(moved_permanently(&info.external.path(&target)));
    }
    let versions = state
        .index
        .versions(&project)
        .await?
        .filter(|versions| !versions.is_empty());
    let versions = versions.ok_or_else(|| {
        ApiError::new(
            StatusCode::NOT_FOUND,
            format!("there is no project `{project}` here"),
        )
    })?;
    let newest = versions[0].version.as_str().to_owned();
    let mut releases = Map::new();
    for release in versions {
        let files = release.files.iter().map(|path| {
            let path = format!("/packages/{}", encode_path(path.as_str()));
            json!({ "url": info.external.url(&path) })
        });
        releases.insert(
            release.version.as_str().to_owned(),
            Value::Array(files.collect()),
        );
    }
    let body = json!({ "info": { "version": newest }, "releases": releases });
    let mut response = body.to_string().into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if state.settings.access.is_open(Right::List) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    Ok(response)
}
