//! `GET` of the upload address, and what `/pypi` did long ago.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{OriginalUri, State as Shares};
use axum::response::{IntoResponse, Response};
use http::header::ALLOW;
use http::{HeaderMap, HeaderValue, StatusCode, Version};
use wheelhouse_index::Index;

use crate::error::ApiError;
use crate::page_cache::{Form, Subject};
use crate::render::{PageRequest, Rendering, page};
use crate::request::RequestInfo;
use crate::state::State;

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

/// `GET /pypi?:action=…`: the classifiers that are used here, one a line. All other actions have
/// gone; without one, the address is that of a project.
pub(super) async fn action(
    Shares(state): Shares<State>,
    info: Extension<RequestInfo>,
    uri: OriginalUri,
    version: Version,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let query = uri.query().unwrap_or_default();
    let action = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == ":action");
    match action.as_ref().map(|(_, action)| &**action) {
        None => super::project::redirect(info, uri, version).await,
        Some("list_classifiers") => {
            let sight = state.sight(&headers, &info).await?;
            let request = PageRequest::new(Subject::Classifiers, Form::Text, "", &headers)
                .for_audience(sight.fingerprint());
            let reading = classifiers(state.index.seen_with(&sight));
            page(&state, &request, &headers, reading).await
        }
        Some(_) => Err(ApiError::new(
            StatusCode::GONE,
            "of the old actions only list_classifiers is left; see /simple/ and /pypi/{project}/json",
        )),
    }
}

async fn classifiers(index: Arc<Index>) -> Result<Rendering, ApiError> {
    let classifiers = index.classifiers().await?;
    Ok(Rendering {
        serial: None,
        is_complete: classifiers.is_complete,
        write: Box::new(move || {
            let mut text = classifiers.page.join("\n");
            if !text.is_empty() {
                text.push('\n');
            }
            text.into_bytes()
        }),
    })
}
