//! The simple repository API, and pypiserver's list of all files.

use axum::extract::{OriginalUri, Path, RawQuery, State as Shares};
use axum::response::{IntoResponse, Response};
use axum::{Extension, body};
use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW,
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION,
    VARY,
};
use http::{HeaderMap, HeaderValue, Request, StatusCode, Version};
use wheelhouse_index::permission::Right;
use wheelhouse_standards::accept::{Encoding, Representation, negotiate, negotiate_encoding};
use wheelhouse_standards::entity_tag::is_none_match_hit;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::link::encode_segment;
use wheelhouse_standards::simple::{html, json};

use crate::body::Body;
use crate::compress::compress;
use crate::error::ApiError;
use crate::page_cache::{PageKey, RenderedPage, Subject};
use crate::request::RequestInfo;
use crate::state::{Shared, State};

/// Encodings of pages, the favourite first.
const ENCODINGS: &[Encoding] = &[Encoding::Zstd, Encoding::Brotli, Encoding::Gzip];
/// Pages smaller than this, in bytes, are not worth compressing.
const MIN_COMPRESSED_BYTES: usize = 512;

/// `GET /simple/`: the projects.
pub(super) async fn project_list(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    state.authorise(&headers, Right::List, None).await?;
    page(&state, Subject::Projects, &info, &headers, query.as_deref()).await
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
        .authorise(&headers, Right::List, Some(&project))
        .await?;
    if project.as_str() != spelling {
        let target = format!("/simple/{}/", encode_segment(project.as_str()));
        return Ok(moved_permanently(&with_query(
            &info.external.path(&target),
            query.as_deref(),
        )));
    }
    let subject = Subject::Project(project.as_str());
    match page(&state, subject, &info, &headers, query.as_deref()).await {
        Err(error) if error.status == StatusCode::NOT_FOUND => {
            elsewhere(&state, &project, version).unwrap_or(Err(error))
        }
        answer => answer,
    }
}

/// `GET /packages/`: every file.
pub(super) async fn flat_list(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    state.authorise(&headers, Right::List, None).await?;
    page(
        &state,
        Subject::Files,
        &info,
        &headers,
        Some("format=text/html"),
    )
    .await
}

/// `GET` of a folder without its final slash.
pub(super) async fn add_slash(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    state.authorise(&headers, Right::List, None).await?;
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
        return super::xmlrpc::call(state, request).await.into_response();
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
    if state.settings.access.is_open(Right::List) {
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

/// What decides which bytes a page has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageRequest<'a> {
    pub(crate) subject: Subject<'a>,
    pub(crate) representation: Representation,
    pub(crate) encoding: Encoding,
    /// The path in front of our routes, as the client sees it.
    pub(crate) prefix: &'a str,
}

impl<'a> PageRequest<'a> {
    /// Reads what the client accepts.
    pub(crate) fn new(
        subject: Subject<'a>,
        prefix: &'a str,
        headers: &HeaderMap,
        query: Option<&str>,
    ) -> Result<Self, ApiError> {
        let format = query.and_then(|query| {
            form_urlencoded::parse(query.as_bytes())
                .find(|(name, _)| name == "format")
                .map(|(_, value)| value.into_owned())
        });
        let values = |name| headers.get_all(name).iter().map(HeaderValue::as_bytes);
        let representation = negotiate(values(ACCEPT), format.as_deref())
            .map_err(|error| ApiError::new(StatusCode::NOT_ACCEPTABLE, error.to_string()))?;
        let encoding = negotiate_encoding(values(ACCEPT_ENCODING), ENCODINGS);
        Ok(Self {
            subject,
            representation,
            encoding,
            prefix,
        })
    }

    /// Returns the page's key in the cache.
    pub(crate) fn key(&self) -> PageKey {
        PageKey::new(
            self.subject,
            self.representation,
            self.encoding,
            self.prefix,
        )
    }
}

/// Makes the answer of a rendered page.
pub(crate) fn answer(page: &RenderedPage, request: &HeaderMap) -> http::Response<Body> {
    let is_known = request.contains_key(IF_NONE_MATCH) && {
        let tag = page
            .headers
            .get(ETAG)
            .and_then(|tag| tag.to_str().ok())
            .unwrap_or_default();
        is_none_match_hit(
            request
                .get_all(IF_NONE_MATCH)
                .iter()
                .map(HeaderValue::as_bytes),
            tag,
        )
    };
    let mut response = http::Response::new(Body::empty());
    response.headers_mut().clone_from(&page.headers);
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        for name in [CONTENT_LENGTH, CONTENT_TYPE, CONTENT_ENCODING] {
            response.headers_mut().remove(name);
        }
    } else {
        *response.body_mut() = page.body.clone().into();
    }
    response
}

async fn page(
    state: &State,
    subject: Subject<'_>,
    info: &RequestInfo,
    headers: &HeaderMap,
    query: Option<&str>,
) -> Result<Response, ApiError> {
    let request = PageRequest::new(subject, &info.external.prefix, headers, query)?;
    let key = request.key();
    if let Some(kept) = state.pages.get(&key) {
        return Ok(answer(&kept.1, headers).map(body::Body::new));
    }
    // A few at a time; who waited may find that somebody else made the page meanwhile.
    let _permit = state.renders.acquire().await;
    if let Some(kept) = state.pages.get(&key) {
        return Ok(answer(&kept.1, headers).map(body::Body::new));
    }
    let generation = state.pages.generation(subject);
    let (page, is_complete) = render(state, request).await?;
    if is_complete {
        let kept = state.pages.keep(&key, generation, page);
        return Ok(answer(&kept.1, headers).map(body::Body::new));
    }
    Ok(answer(&page, headers).map(body::Body::new))
}

/// Renders a page, and tells whether it may be kept.
async fn render(state: &State, request: PageRequest<'_>) -> Result<(RenderedPage, bool), ApiError> {
    let files_base = format!("{}/packages/", request.prefix);
    let is_json = request.representation == Representation::Json;
    let (serial, is_complete, render): (_, _, Box<dyn FnOnce() -> Vec<u8> + Send>) =
        match request.subject {
            Subject::Projects => {
                let list = state.index.project_list().await?;
                let serial = list.serial;
                let render = move || {
                    if is_json {
                        json::project_list(&list)
                    } else {
                        html::project_list(&list).into_bytes()
                    }
                };
                (serial, true, Box::new(render))
            }
            Subject::Project(key) => {
                let project = project_key(key)?;
                let shown = state.index.project_page(&project, &files_base).await?;
                let shown = shown.ok_or_else(|| no_such_project(&project))?;
                let (serial, page) = (shown.page.serial, shown.page);
                let render = move || {
                    if is_json {
                        json::project_page(&page)
                    } else {
                        html::project_page(&page).into_bytes()
                    }
                };
                (serial, shown.is_complete, Box::new(render))
            }
            Subject::Files => {
                let shown = state.index.flat_list(&files_base).await?;
                let render = move || html::flat_list(&shown.page).into_bytes();
                (None, shown.is_complete, Box::new(render))
            }
        };
    let encoding = request.encoding;
    let (body, encoding, tag) = tokio::task::spawn_blocking(move || {
        let plain = render();
        let tag = tag_of(&plain);
        if encoding == Encoding::Identity || plain.len() < MIN_COMPRESSED_BYTES {
            return (plain, Encoding::Identity, tag);
        }
        (compress(&plain, encoding), encoding, tag)
    })
    .await
    .map_err(|failure| {
        wheelhouse_index::ports::StoreError::new("server", "render a page", failure)
    })?;
    let headers = page_headers(
        state,
        request.representation,
        encoding,
        &tag,
        &body,
        serial,
        is_complete,
    );
    Ok((
        RenderedPage {
            body: Bytes::from(body),
            headers,
        },
        is_complete,
    ))
}

fn page_headers(
    state: &Shared,
    representation: Representation,
    encoding: Encoding,
    tag: &str,
    body: &[u8],
    serial: Option<u64>,
    is_complete: bool,
) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(16);
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static(representation.content_type()),
    );
    headers.insert(CONTENT_LENGTH, body.len().into());
    let kind = match representation {
        Representation::Json => "j",
        Representation::HtmlV1 => "v",
        Representation::Html => "h",
    };
    let coded = encoding.token().unwrap_or("i");
    let tag = format!("\"{tag}-{kind}-{coded}\"");
    headers.insert(
        ETAG,
        tag.parse()
            .expect("hexadecimal digits and letters in quotes"),
    );
    if let Some(token) = encoding.token() {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(token));
    }
    let is_open = state.settings.access.is_open(Right::List);
    headers.insert(
        VARY,
        HeaderValue::from_static(if is_open {
            "Accept, Accept-Encoding"
        } else {
            "Accept, Accept-Encoding, Authorization"
        }),
    );
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static(if is_complete {
            "private, no-cache"
        } else {
            "no-store"
        }),
    );
    if let Some(serial) = serial {
        headers.insert("x-pypi-last-serial", serial.into());
    }
    if is_open {
        add_cors(&mut headers);
    }
    headers
}

fn add_cors(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("X-PyPI-Last-Serial"),
    );
}

fn tag_of(bytes: &[u8]) -> String {
    use sha2::Digest;
    hex::encode(&sha2::Sha256::digest(bytes)[..16])
}

/// Sends the client to the index behind this one, if there is one and it is certain that the
/// project is not here.
fn elsewhere(
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

fn no_such_project(project: &ProjectKey) -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        format!("there is no project `{project}` here"),
    )
}

fn with_query(target: &str, query: Option<&str>) -> String {
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
