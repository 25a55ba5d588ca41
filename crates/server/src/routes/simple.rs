//! The simple repository API, and pypiserver's list of all files.

use std::sync::Arc;

use axum::extract::{OriginalUri, Path, RawQuery, State as Shares};
use axum::response::{IntoResponse, Response};
use axum::{Extension, body};
use http::header::{
    ACCEPT, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_MAX_AGE,
    ALLOW, CACHE_CONTROL, LOCATION,
};
use http::{HeaderMap, HeaderValue, Request, StatusCode, Version};
use wheelhouse_index::Index;
use wheelhouse_index::page::Links;
use wheelhouse_index::permission::Right;
use wheelhouse_standards::accept::{Representation, negotiate};
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::link::encode_segment;
use wheelhouse_standards::simple::{ProjectStatus, html, json};

use crate::error::ApiError;
use crate::external::External;
use crate::page_cache::{Form, Subject};
use crate::render::{PageRequest, Rendering, add_cors, page};
use crate::request::RequestInfo;
use crate::state::{Shared, State};

/// `GET /simple/`: the projects.
pub(super) async fn project_list(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let sight = state.sight(&headers, &info).await?;
    let prefix = &info.external.prefix;
    let request = requested(Subject::Projects, prefix, &headers, query.as_deref())?
        .for_audience(sight.fingerprint());
    let listing = list_of_projects(state.index.seen_with(&sight), is_json(&request));
    page(&state, &request, &headers, listing).await
}

/// `GET /simple/{project}/`: the files of one project.
///
/// Another spelling of the name is redirected to the normal one, as the standard allows.
pub(super) async fn project_page(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    Path(spelling): Path<String>,
    RawQuery(query): RawQuery,
    version: Version,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let project = project_key(&spelling)?;
    state
        .authorise(&headers, &info, Right::List, Some(&project))
        .await?;
    if project.as_str() != spelling {
        let target = format!("/simple/{}/", encode_segment(project.as_str()));
        return Ok(moved_permanently(&with_query(
            &info.external.path(&target),
            query.as_deref(),
        )));
    }
    let base = info.external.base();
    let subject = Subject::Project(project.as_str());
    let request = requested(subject, &base, &headers, query.as_deref())?;
    let listing = files_of_project(
        Arc::clone(&state),
        project.clone(),
        info.external.clone(),
        is_json(&request),
    );
    match page(&state, &request, &headers, listing).await {
        Err(error) if error.status == StatusCode::NOT_FOUND => elsewhere(&state, &project, version)
            .await
            .unwrap_or(Err(error)),
        answer => answer,
    }
}

/// `GET /packages/`: every file.
pub(super) async fn flat_list(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let sight = state.sight(&headers, &info).await?;
    let prefix = &info.external.prefix;
    let form = Form::Simple(Representation::Html);
    let request =
        PageRequest::new(Subject::Files, form, prefix, &headers).for_audience(sight.fingerprint());
    let listing = list_of_files(state.index.seen_with(&sight), files_base(prefix));
    page(&state, &request, &headers, listing).await
}

fn files_base(prefix: &str) -> String {
    format!("{prefix}/packages/")
}

fn is_json(request: &PageRequest<'_>) -> bool {
    request.form == Form::Simple(Representation::Json)
}

/// `GET` of a folder without its final slash.
pub(super) async fn add_slash(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    state.sight(&headers, &info).await?;
    let mut target = format!("{}/", uri.path());
    if let Some(spelling) = uri.path().strip_prefix("/simple/") {
        // Straight to the normal name, so that an odd spelling costs one hop.
        let spelling = percent_encoding::percent_decode_str(spelling).decode_utf8_lossy();
        let project = project_key(&spelling)?;
        target = format!("/simple/{}/", encode_segment(project.as_str()));
    }
    Ok(moved_permanently(&with_query(
        &info.external.path(&target),
        uri.query(),
    )))
}

/// `POST /simple/`: XML-RPC for `pip search`; anything else was meant for the upload URL.
pub(super) async fn post(
    state: Shares<State>,
    info: Extension<RequestInfo>,
    request: Request<body::Body>,
) -> Response {
    if super::xmlrpc::is_xml(request.headers()) {
        return super::xmlrpc::call(state, info, request)
            .await
            .into_response();
    }
    let upload_url = info.external.url("/");
    let detail = format!("this is the address for reading; upload to {upload_url}");
    let mut response = ApiError::new(StatusCode::METHOD_NOT_ALLOWED, detail)
        .into_upload_response(request.headers().get(ACCEPT));
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    super::upload::drain(request);
    response
}

/// `OPTIONS` of a page: what browsers ask before they let a page of another site read.
pub(super) async fn preflight(Shares(state): Shares<State>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    if state.access.is_open(Right::List) {
        add_cors(headers);
        for (name, value) in [
            (
                ACCESS_CONTROL_ALLOW_HEADERS,
                "Content-Type, If-Match, If-Modified-Since, If-None-Match, If-Unmodified-Since",
            ),
            (ACCESS_CONTROL_ALLOW_METHODS, "GET"),
            (ACCESS_CONTROL_MAX_AGE, "86400"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    response
}

/// Reads which simple page the client wants.
pub(crate) fn requested<'a>(
    subject: Subject<'a>,
    prefix: &'a str,
    headers: &HeaderMap,
    query: Option<&str>,
) -> Result<PageRequest<'a>, ApiError> {
    let format = query.and_then(|query| {
        form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "format")
            .map(|(_, value)| value.into_owned())
    });
    let values = headers.get_all(ACCEPT).iter().map(HeaderValue::as_bytes);
    let representation = negotiate(values, format.as_deref())
        .map_err(|error| ApiError::new(StatusCode::NOT_ACCEPTABLE, error.to_string()))?;
    let form = Form::Simple(representation);
    Ok(PageRequest::new(subject, form, prefix, headers))
}

async fn list_of_projects(index: Arc<Index>, is_json: bool) -> Result<Rendering, ApiError> {
    let list = index.project_list().await?;
    Ok(Rendering {
        serial: list.serial,
        is_complete: true,
        write: Box::new(move || {
            if is_json {
                json::project_list(&list)
            } else {
                html::project_list(&list).into_bytes()
            }
        }),
    })
}

async fn files_of_project(
    state: State,
    project: ProjectKey,
    external: Arc<External>,
    is_json: bool,
) -> Result<Rendering, ApiError> {
    let (files_base, secure_base) = (files_base(&external.prefix), external.secure_base());
    let links = Links {
        files_base: &files_base,
        secure_base: secure_base.as_deref(),
    };
    let shown = state.index.project_page(&project, links).await?;
    let shown = shown.ok_or_else(|| no_such_project(&project))?;
    let page = shown.page;
    Ok(Rendering {
        serial: page.serial,
        is_complete: shown.is_complete,
        write: Box::new(move || {
            if is_json {
                json::project_page(&page)
            } else {
                html::project_page(&page).into_bytes()
            }
        }),
    })
}

async fn list_of_files(index: Arc<Index>, files_base: String) -> Result<Rendering, ApiError> {
    let shown = index.flat_list(&files_base).await?;
    Ok(Rendering {
        serial: None,
        is_complete: shown.is_complete,
        write: Box::new(move || html::flat_list(&shown.page).into_bytes()),
    })
}

/// Sends the client to the index behind this one, if there is one and it is certain that the
/// project is not here.
async fn elsewhere(
    state: &Shared,
    project: &ProjectKey,
    version: Version,
) -> Option<Result<Response, ApiError>> {
    let fallback = state.settings.fallback_url.as_deref()?;
    if !state.index.surely_lacks(project) {
        return Some(Err(ApiError::later(
            "not everything that is here is known yet; try again in a moment",
        )));
    }
    match state.index.said_of(project).await {
        // Somebody has spoken for the name, and still does when all files of it are gone.
        Ok(Some(said)) if said.status != ProjectStatus::Active => return None,
        Ok(_) => {}
        Err(error) => return Some(Err(error.into())),
    }
    let target = format!("{fallback}/{}/", encode_segment(project.as_str()));
    Some(Ok(see_other(&target, version)))
}

pub(super) fn project_key(spelling: &str) -> Result<ProjectKey, ApiError> {
    let is_name = |c: char| c != '/' && c != '\0';
    ProjectKey::of(spelling)
        .filter(|_| spelling.chars().all(is_name) && !matches!(spelling, "." | ".."))
        .filter(|_| spelling.len() <= 1_024)
        .ok_or_else(ApiError::not_found)
}

pub(super) fn no_such_project(project: &ProjectKey) -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        format!("there is no project `{project}` here"),
    )
}

pub(super) fn with_query(target: &str, query: Option<&str>) -> String {
    match query {
        Some(query) if !query.is_empty() => format!("{target}?{query}"),
        _ => target.to_owned(),
    }
}

pub(crate) fn moved_permanently(target: &str) -> Response {
    redirect(StatusCode::MOVED_PERMANENTLY, target)
}

/// Redirects with the status that the client's version of HTTP knows.
pub(super) fn see_other(target: &str, version: Version) -> Response {
    let status = if version < Version::HTTP_11 {
        StatusCode::FOUND
    } else {
        StatusCode::SEE_OTHER
    };
    redirect(status, target)
}

fn redirect(status: StatusCode, target: &str) -> Response {
    match HeaderValue::from_str(target) {
        Ok(location) => {
            let asked_again = HeaderValue::from_static("private, no-cache");
            (status, [(LOCATION, location), (CACHE_CONTROL, asked_again)]).into_response()
        }
        Err(_) => ApiError::not_found().into_response(),
    }
}
