//! Files, and what stands beside them.

use std::sync::Arc;

use axum::Extension;
use axum::body;
use axum::extract::{OriginalUri, Path, State as Shares};
use axum::response::Response;
use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, LAST_MODIFIED, LOCATION, RANGE, USER_AGENT, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use wheelhouse_index::damage::ALTERED;
use wheelhouse_index::download::{Download, DownloadError};
use wheelhouse_index::identity::Fingerprint;
use wheelhouse_index::path::FilePath;
use wheelhouse_index::permission::Right;
use wheelhouse_index::ports::{AddressMethod, Content, StoreError};
use wheelhouse_standards::entity_tag::{is_if_range_held, is_none_match_hit};
use wheelhouse_standards::found::FoundFile;
use wheelhouse_standards::range::{self, ByteRange, RequestedRanges};

use crate::body::{Body, Chain, FileBody};
use crate::chunks::FileId;
use crate::edge::{SURROGATE_KEY, words_of_file};
use crate::error::ApiError;
use crate::file_cache::{FileAnswer, SMALL_FILE_BYTES};
use crate::request::RequestInfo;
use crate::settings::FileCaching;
use crate::state::{Shared, State};

/// For how long a file is kept that never changes, in seconds: a year.
const IMMUTABLE_SECONDS: u32 = 31_536_000;
/// The media type of a provenance.
const PROVENANCE_TYPE: &str = "application/vnd.pypi.integrity.v1+json";

/// `GET /packages/{path}`: a file, its core metadata at `….metadata`, or its
/// attestations at `….provenance`.
pub(super) async fn download(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    OriginalUri(uri): OriginalUri,
    Path(path): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let file_name = path.rsplit('/').next().unwrap_or_default();
    let beside = [".metadata", ".provenance"];
    let described = beside.iter().find_map(|end| file_name.strip_suffix(end));
    let project = FoundFile::of(described.unwrap_or(file_name));
    state
        .authorise(
            &headers,
            &info,
            Right::Download,
            project.as_ref().map(|found| &found.key),
        )
        .await?;
    // A `%2F` is no slash: two addresses must not name one file.
    let has_hidden_slash = uri.path().to_ascii_lowercase().contains("%2f");
    let path: FilePath = path.parse().map_err(|_| ApiError::not_found())?;
    if has_hidden_slash {
        return Err(ApiError::not_found());
    }
    if let Some(Ok(file)) = path.as_str().strip_suffix(".provenance").map(str::parse) {
        return provenance(&state, &file).await;
    }
    let known = match state.files.get(path.as_str()) {
        Some(known) => known,
        None => look_up(&state, &path).await?,
    };
    if let Some(elsewhere) = elsewhere(&state, &known, &headers, &method).await? {
        return Ok(elsewhere);
    }
    if let Some(answer) = answer(&state, &known, &headers, &method).await {
        return Ok(answer.map(body::Body::new));
    }
    // The file was changed a moment ago.
    let known = look_up(&state, &path).await?;
    let answer = answer(&state, &known, &headers, &method)
        .await
        .ok_or_else(ApiError::not_found)?;
    Ok(answer.map(body::Body::new))
}

/// Sends the client to where it gets the bytes, if downloads go elsewhere. What it has already it
/// need not get.
async fn elsewhere(
    state: &State,
    known: &FileAnswer,
    request: &HeaderMap,
    method: &Method,
) -> Result<Option<Response>, ApiError> {
    let tag = known.etag.to_str().unwrap_or_default();
    let Some(valid_for) = state.settings.file_redirects else {
        return Ok(None);
    };
    if known.is_beside || is_not_modified(known, request, tag) {
        return Ok(None);
    }
    // An address is signed for one method.
    let method = if method == Method::HEAD {
        AddressMethod::Head
    } else {
        AddressMethod::Get
    };
    let FileId { path, fingerprint } = &known.id;
    let address = state
        .index
        .signed_address(path, fingerprint, method, valid_for)
        .await?;
    let Some(address) = address.and_then(|address| HeaderValue::from_str(&address).ok()) else {
        return Ok(None);
    };
    let mut response = Response::new(body::Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    let headers = response.headers_mut();
    headers.insert(LOCATION, address);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_LENGTH, 0.into());
    if let AddressMethod::Get = method {
        note_download(state, known, request);
    }
    Ok(Some(response))
}

/// Takes note that a client gets a file. One that reads it in pieces is counted with the first.
fn note_download(state: &Shared, known: &FileAnswer, request: &HeaderMap) {
    if !known.is_beside {
        let agent = request.get(USER_AGENT).map(HeaderValue::as_bytes);
        state.index.note_download(&known.id.path, agent);
    }
}

/// Answers the attestations of a file, as they stand beside it.
async fn provenance(state: &State, file: &FilePath) -> Result<Response, ApiError> {
    let document = state.index.provenance_of(file).await?;
    let document = document.ok_or_else(ApiError::not_found)?;
    let mut response = Response::new(document.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROVENANCE_TYPE));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if !state.access.is_open(Right::Download) {
        headers.insert(VARY, HeaderValue::from_static("Authorization"));
    }
    Ok(response)
}

/// Makes the answer of a known file, or `None` if the file is not what is known about it.
pub(crate) async fn answer(
    state: &Shared,
    known: &FileAnswer,
    request: &HeaderMap,
    method: &Method,
) -> Option<http::Response<Body>> {
    let tag = known.etag.to_str().unwrap_or_default();
    if is_not_modified(known, request, tag) {
        let mut response = http::Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        let headers = response.headers_mut();
        headers.clone_from(&known.headers);
        for name in [CONTENT_LENGTH, CONTENT_TYPE] {
            headers.remove(name);
        }
        return Some(response);
    }
    let content = match &known.bytes {
        Some(_) => None,
        None if method == Method::HEAD => None,
        None => {
            let opened = state
                .index
                .open(&known.id.path, &known.id.fingerprint)
                .await;
            let file = opened.ok()?;
            if file.fingerprint != known.id.fingerprint {
                return None;
            }
            Some(file.content)
        }
    };
    // A range of a `HEAD` means nothing.
    let wanted = match *method {
        Method::GET => wanted_part(known, request, tag),
        _ => RequestedRanges::Whole,
    };
    Some(match wanted {
        RequestedRanges::Unsatisfiable => {
            let mut response = http::Response::new(Body::empty());
            *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            let range = range::unsatisfied_content_range(known.size_bytes);
            response.headers_mut().insert(CONTENT_RANGE, value(&range));
            response.headers_mut().insert(CONTENT_LENGTH, 0.into());
            response
        }
        RequestedRanges::Parts(parts) if parts.len() == 1 => {
            let part = parts[0];
            if is_first_piece(part) {
                note_download(state, known, request);
            }
            let mut response = http::Response::new(part_body(state, known, content, part));
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let headers = response.headers_mut();
            headers.clone_from(&known.headers);
            headers.insert(CONTENT_LENGTH, part.size_bytes().into());
            headers.insert(CONTENT_RANGE, value(&part.content_range(known.size_bytes)));
            response
        }
        RequestedRanges::Parts(parts) => several_parts(state, known, content.as_ref(), &parts),
        RequestedRanges::Whole => {
            if *method == Method::GET {
                note_download(state, known, request);
            }
            let mut response = http::Response::new(whole_body(state, known, content));
            response.headers_mut().clone_from(&known.headers);
            response
        }
    })
}

/// Returns whether a part is the beginning of a file, and more than a look whether parts are given.
fn is_first_piece(part: ByteRange) -> bool {
    part.first() == 0 && part.size_bytes() > 1
}

/// Answers several parts of a file in one body.
///
/// Standard: RFC 9110, "Media Type multipart/byteranges".
fn several_parts(
    state: &Shared,
    known: &FileAnswer,
    content: Option<&Arc<dyn Content>>,
    parts: &[ByteRange],
) -> http::Response<Body> {
    let boundary = boundary();
    let media_type = known.headers.get(CONTENT_TYPE);
    let media_type = media_type.and_then(|value| value.to_str().ok());
    let media_type = media_type.unwrap_or("application/octet-stream");
    let mut links = Vec::with_capacity(2 * parts.len() + 1);
    let mut line_end = "";
    for part in parts {
        let range = part.content_range(known.size_bytes);
        let head = format!(
            "{line_end}--{boundary}\r\nContent-Type: {media_type}\r\nContent-Range: {range}\r\n\r\n"
        );
        links.push(Bytes::from(head).into());
        links.push(part_body(state, known, content.cloned(), *part));
        line_end = "\r\n";
    }
    links.push(Bytes::from(format!("\r\n--{boundary}--\r\n")).into());
    let body = Chain::new(links);
    let size_bytes = body.left_bytes();
    let mut response = http::Response::new(Body::Chain(body));
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    let headers = response.headers_mut();
    headers.clone_from(&known.headers);
    headers.insert(CONTENT_LENGTH, size_bytes.into());
    let media_type = format!("multipart/byteranges; boundary={boundary}");
    headers.insert(CONTENT_TYPE, value(&media_type));
    response
}

/// Returns a text that no file holds, except by a chance that nobody can bring about.
fn boundary() -> String {
    let mut random = [0; 16];
    // Without random bytes it is still no text that anybody writes.
    let _ = getrandom::fill(&mut random);
    format!("wheelhouse-{}", hex::encode(random))
}

/// Finds out how a file, or the metadata beside it, is answered.
async fn look_up(state: &State, path: &FilePath) -> Result<Arc<FileAnswer>, ApiError> {
    let beside = path
        .as_str()
        .strip_suffix(".metadata")
        .map(str::parse::<FilePath>);
    let project;
    let (mut answer, media_type) = if let Some(Ok(wheel)) = beside {
        // The metadata changes when its wheel does: it has the wheel's generation.
        let generation = state.files.generation(wheel.as_str());
        let (record, bytes) = state.index.metadata_file(&wheel).await?;
        project = record.project().clone();
        let answer = FileAnswer {
            generation,
            size_bytes: bytes.len() as u64,
            headers: HeaderMap::new(),
            etag: value(&format!("\"{}\"", hex_sha256(&bytes))),
            modified_seconds: record.uploaded_at.seconds(),
            id: FileId {
                path: record.path,
                fingerprint: record.fingerprint,
            },
            is_beside: true,
            bytes: Some(Bytes::from(bytes)),
        };
        (answer, "text/plain; charset=utf-8")
    } else {
        let generation = state.files.generation(path.as_str());
        let download = state.index.download(path).await?;
        let bytes = small_bytes(state, &download).await?;
        let Download {
            record, contents, ..
        } = download;
        project = record.project().clone();
        let answer = FileAnswer {
            generation,
            size_bytes: record.fingerprint.size_bytes(),
            headers: HeaderMap::new(),
            etag: value(&format!("\"{}\"", contents.digests.sha256)),
            modified_seconds: record.uploaded_at.seconds(),
            id: FileId {
                path: record.path,
                fingerprint: record.fingerprint,
            },
            is_beside: false,
            bytes,
        };
        (answer, media_type(state, path.file_name()))
    };
    answer.headers = file_headers(state, &answer, media_type);
    if state.settings.surrogate_keys
        && state.access.is_open(Right::Download)
        && let Some(words) = words_of_file(state.index.name(), &project, &answer.id.path)
    {
        answer.headers.insert(SURROGATE_KEY.clone(), words);
    }
    let answer = Arc::new(answer);
    state.files.keep(path.as_str(), &answer);
    Ok(answer)
}

/// Reads a small file whole.
async fn small_bytes(state: &State, download: &Download) -> Result<Option<Bytes>, ApiError> {
    let size_bytes = download.content.size_bytes();
    if size_bytes > SMALL_FILE_BYTES {
        return Ok(None);
    }
    let (content, fingerprint) = (Arc::clone(&download.content), download.record.fingerprint);
    let read = tokio::task::spawn_blocking(move || {
        let mut bytes = vec![0; usize::try_from(size_bytes).unwrap_or(0)];
        let mut filled = 0;
        while filled < bytes.len() {
            match content.read_at(filled as u64, &mut bytes[filled..])? {
                0 => break,
                count => filled += count,
            }
        }
        let is_whole = filled == bytes.len() && content.fingerprint()? == fingerprint;
        Ok::<_, std::io::Error>(is_whole.then(|| Bytes::from(bytes)))
    });
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
        StoreError::new("server", "read a small file", error)
    };
    let bytes = read
        .await
        .map_err(|error| failed(error.into()))?
        .map_err(|error| failed(error.into()))?;
    if let (Some(bytes), Fingerprint::Object { sha256, .. }) = (&bytes, fingerprint)
        && hex_sha256(bytes) != sha256.to_string()
    {
        state.index.report_damage(&download.record.path, ALTERED);
        return Err(DownloadError::Damaged(ALTERED.to_owned()).into());
    }
    Ok(bytes)
}

fn file_headers(state: &Shared, answer: &FileAnswer, media_type: &'static str) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(16);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CONTENT_LENGTH, answer.size_bytes.into());
    headers.insert(ETAG, answer.etag.clone());
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(date) = http_date(answer.modified_seconds) {
        headers.insert(LAST_MODIFIED, date);
    }
    match (
        state.settings.file_max_age_seconds,
        state.settings.file_caching,
    ) {
        (Some(seconds), _) => {
            headers.insert(CACHE_CONTROL, value(&format!("public, max-age={seconds}")));
        }
        (None, FileCaching::Revalidate) => {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        }
        (None, FileCaching::Immutable) => {
            // What not everybody may read, no cache in between may keep.
            let whose = if state.access.is_open(Right::Download) {
                "public"
            } else {
                "private"
            };
            let rule = format!("{whose}, max-age={IMMUTABLE_SECONDS}, immutable");
            headers.insert(CACHE_CONTROL, value(&rule));
        }
        (None, FileCaching::Silent) => {}
    }
    if !state.access.is_open(Right::Download) {
        headers.insert(VARY, HeaderValue::from_static("Authorization"));
    }
    headers
}

fn is_not_modified(known: &FileAnswer, request: &HeaderMap, tag: &str) -> bool {
    if request.contains_key(IF_NONE_MATCH) {
        let values = request
            .get_all(IF_NONE_MATCH)
            .iter()
            .map(HeaderValue::as_bytes);
        return is_none_match_hit(values, tag);
    }
    request
        .get(IF_MODIFIED_SINCE)
        .and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok())
        .and_then(|date| date.duration_since(std::time::UNIX_EPOCH).ok())
        .is_some_and(|since| {
            i64::try_from(since.as_secs()).is_ok_and(|since| known.modified_seconds <= since)
        })
}

fn wanted_part(known: &FileAnswer, request: &HeaderMap, tag: &str) -> RequestedRanges {
    let Some(wanted) = request.get(RANGE) else {
        return RequestedRanges::Whole;
    };
    if let Some(condition) = request.get(IF_RANGE) {
        let date = known
            .headers
            .get(LAST_MODIFIED)
            .and_then(|date| date.to_str().ok());
        if !is_if_range_held(condition.as_bytes(), tag, date) {
            return RequestedRanges::Whole;
        }
    }
    range::parse(wanted.as_bytes(), known.size_bytes)
}

fn whole_body(state: &Shared, known: &FileAnswer, content: Option<Arc<dyn Content>>) -> Body {
    match (&known.bytes, content) {
        (Some(bytes), _) => bytes.clone().into(),
        (None, Some(content)) => file_body(state, known, content, 0, known.size_bytes),
        (None, None) => Body::empty(),
    }
}

fn part_body(
    state: &Shared,
    known: &FileAnswer,
    content: Option<Arc<dyn Content>>,
    part: ByteRange,
) -> Body {
    match (&known.bytes, content) {
        (Some(bytes), _) => {
            let place = |offset: u64| usize::try_from(offset).expect("a small file fits memory");
            bytes.slice(place(part.first())..=place(part.last())).into()
        }
        (None, Some(content)) => file_body(state, known, content, part.first(), part.size_bytes()),
        (None, None) => Body::empty(),
    }
}

fn file_body(
    state: &Shared,
    known: &FileAnswer,
    content: Arc<dyn Content>,
    offset: u64,
    length_bytes: u64,
) -> Body {
    let cache = Arc::clone(&state.files.chunks);
    let mut body = FileBody::new(content, cache, known.id.clone(), offset, length_bytes);
    if let Fingerprint::Object { sha256, .. } = known.id.fingerprint
        && length_bytes == known.size_bytes
    {
        let (index, path) = (Arc::clone(&state.index), known.id.path.clone());
        body = body.proven_by(
            *sha256.as_bytes(),
            Box::new(move || index.report_damage(&path, ALTERED)),
        );
    }
    Body::File(body)
}

fn media_type(state: &Shared, file_name: &str) -> &'static str {
    let name = file_name.to_ascii_lowercase();
    let is = |extension: &str| name.ends_with(extension);
    if is(".asc") {
        "text/plain; charset=utf-8"
    } else if is(".zip") {
        "application/zip"
    } else if is(".tar.gz") || is(".tgz") {
        state.settings.tar_gz_type
    } else {
        "application/octet-stream"
    }
}

fn http_date(seconds: i64) -> Option<HeaderValue> {
    let since = std::time::Duration::from_secs(u64::try_from(seconds).ok()?);
    let date = std::time::UNIX_EPOCH.checked_add(since)?;
    // The library has no dates after the year 9999.
    (since.as_secs() < 253_402_300_800).then(|| value(&httpdate::fmt_http_date(date)))
}

fn hex_sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    hex::encode(sha2::Sha256::digest(bytes))
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("digits, letters and plain punctuation")
}
