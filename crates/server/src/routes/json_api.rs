//! `/pypi/{project}/json` and `/pypi/{project}/{version}/json`, and the address of old tools,
//! `/{project}/json`.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{OriginalUri, Path, State as Shares};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use wheelhouse_index::actor::{Actor, UserName};
use wheelhouse_index::permission::{Right, Role};
use wheelhouse_index::release::Wanted;
use wheelhouse_standards::json_api;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::link::encode_segment;

use super::simple::{moved_permanently, no_such_project, project_key, with_query};
use crate::error::ApiError;
use crate::page_cache::{Form, Subject};
use crate::render::{PageRequest, Rendering, page};
use crate::request::RequestInfo;
use crate::state::State;

/// Longest version that anybody may ask for, in bytes.
const MAX_VERSION_BYTES: usize = 200;

/// `GET` of a project's document.
pub(super) async fn project(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    Path(spelling): Path<String>,
    uri: OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let wanted = Wanted::Latest;
    document(&state, &info, &spelling, wanted, &uri, &headers).await
}

/// `GET` of a project's document at the address that pypiserver has.
pub(super) async fn old_project(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    Path(spelling): Path<String>,
    uri: OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let wanted = Wanted::Highest;
    document(&state, &info, &spelling, wanted, &uri, &headers).await
}

/// `GET` of a release's document.
pub(super) async fn release(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    Path((spelling, version)): Path<(String, String)>,
    uri: OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let wanted = Wanted::Release(version);
    document(&state, &info, &spelling, wanted, &uri, &headers).await
}

async fn document(
    state: &State,
    info: &RequestInfo,
    spelling: &str,
    wanted: Wanted,
    uri: &OriginalUri,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let project = project_key(spelling)?;
    let who = state
        .authorise(headers, info, Right::List, Some(&project))
        .await?;
    if project.as_str() != spelling {
        let name = encode_segment(project.as_str());
        let target = match &wanted {
            Wanted::Latest => format!("/pypi/{name}/json"),
            Wanted::Highest => format!("/{name}/json"),
            Wanted::Release(version) => format!("/pypi/{name}/{}/json", encode_segment(version)),
        };
        let target = with_query(&info.external.path(&target), uri.query());
        return Ok(moved_permanently(&target));
    }
    let base = info.external.url("");
    let key = project.as_str();
    let subject = match &wanted {
        Wanted::Latest => Subject::Document(key),
        Wanted::Highest => Subject::OldDocument(key),
        Wanted::Release(version) if version.len() > MAX_VERSION_BYTES => {
            return Err(no_such_release(&project, "of that name"));
        }
        Wanted::Release(version) => Subject::Release(key, version),
    };
    // Who owns a project is for those to know who are known themselves.
    let is_known = *who.actor() != Actor::Anonymous;
    let roles = if is_known {
        state.access.roles(&project)
    } else {
        Vec::new()
    };
    let request = PageRequest::new(subject, Form::Json, &base, headers)
        .for_audience(u64::from(!roles.is_empty()));
    let reading = read(
        Arc::clone(state),
        project.clone(),
        wanted.clone(),
        base.clone(),
        roles,
    );
    page(state, &request, headers, reading).await
}

async fn read(
    state: State,
    project: ProjectKey,
    wanted: Wanted,
    base: String,
    roles: Vec<(UserName, Role)>,
) -> Result<Rendering, ApiError> {
    let files_base = format!("{base}/packages/");
    let shown = state.index.document(&project, &wanted, &files_base).await?;
    let mut shown = shown.ok_or_else(|| match &wanted {
        Wanted::Latest | Wanted::Highest => no_such_project(&project),
        Wanted::Release(version) => no_such_release(&project, version),
    })?;
    let named = |(user, role): (UserName, Role)| (role.name().to_owned(), user.to_string());
    shown.page.roles = roles.into_iter().map(named).collect();
    Ok(Rendering {
        serial: Some(shown.page.last_serial),
        is_complete: shown.is_complete,
        write: Box::new(move || json_api::render(&shown.page, &base)),
    })
}

fn no_such_release(project: &ProjectKey, version: &str) -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        format!("there is no release {version} of the project `{project}` here"),
    )
}
