//! Pages, whatever they are about: rendered once per change, kept, compressed, and answered with
//! the same headers.

use std::sync::Arc;

use axum::body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL,
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use wheelhouse_index::permission::Right;
use wheelhouse_index::ports::StoreError;
use wheelhouse_standards::accept::{Encoding, negotiate_encoding};
use wheelhouse_standards::entity_tag::is_none_match_hit;

use crate::body::Body;
use crate::compress::compress;
use crate::edge::{SURROGATE_KEY, words_of_page};
use crate::error::ApiError;
use crate::page_cache::{Form, PageKey, RenderedPage, Subject};
use crate::state::{Shared, State};

/// Encodings of pages, the favourite first.
const ENCODINGS: &[Encoding] = &[Encoding::Zstd, Encoding::Brotli, Encoding::Gzip];
/// Pages smaller than this, in bytes, are not worth compressing.
const MIN_COMPRESSED_BYTES: usize = 512;

/// What decides which bytes a page has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageRequest<'a> {
    pub(crate) subject: Subject<'a>,
    pub(crate) form: Form,
    pub(crate) encoding: Encoding,
    /// What links begin with.
    pub(crate) base: &'a str,
    /// Who sees the same: 0 for all who may see everything.
    pub(crate) audience: u64,
}

impl<'a> PageRequest<'a> {
    /// Reads which encoding the client accepts.
    pub(crate) fn new(
        subject: Subject<'a>,
        form: Form,
        base: &'a str,
        headers: &HeaderMap,
    ) -> Self {
        let accepted = headers.get_all(ACCEPT_ENCODING).iter();
        Self {
            subject,
            form,
            encoding: negotiate_encoding(accepted.map(HeaderValue::as_bytes), ENCODINGS),
            base,
            audience: 0,
        }
    }

    /// Keeps the page apart from those for others.
    pub(crate) fn for_audience(mut self, audience: u64) -> Self {
        self.audience = audience;
        self
    }

    /// Returns the page's key in the cache.
    pub(crate) fn key(&self) -> PageKey {
        PageKey::new(
            self.subject,
            self.form,
            self.encoding,
            self.base,
            self.audience,
        )
    }
}

/// What was read for a page, and how it becomes bytes.
pub(crate) struct Rendering {
    /// The serial of the last change that the page shows.
    pub(crate) serial: Option<u64>,
    /// Whether it shows everything that can be known, so that it may be kept.
    pub(crate) is_complete: bool,
    /// Writes it. Takes a while: not for request threads.
    pub(crate) write: Box<dyn FnOnce() -> Vec<u8> + Send>,
}

/// Answers a page: the kept one if it is still true, else one that `reading` is the beginning of.
pub(crate) async fn page(
    state: &State,
    request: &PageRequest<'_>,
    headers: &HeaderMap,
    reading: impl Future<Output = Result<Rendering, ApiError>> + Send + 'static,
) -> Result<Response, ApiError> {
    let key = request.key();
    if let Some(kept) = state.pages.get(&key) {
        return Ok(answer(&kept.1, headers).map(body::Body::new));
    }
    let generation = state.pages.generation(request.subject);
    let (form, encoding) = (request.form, request.encoding);
    let words = words(state, request);
    let render = {
        let (state, key) = (Arc::clone(state), key.clone());
        async move {
            // Somebody else may have made the page meanwhile.
            if let Some(kept) = state.pages.get(&key) {
                return Ok(kept);
            }
            let (mut page, is_complete) = render(&state, reading.await?, form, encoding).await?;
            if let Some(words) = words {
                page.headers.insert(SURROGATE_KEY.clone(), words);
            }
            if is_complete {
                return Ok(state.pages.keep(&key, generation, page));
            }
            Ok(Arc::new((generation, page)))
        }
    };
    let page = state.renders.render(key, generation, render).await?;
    Ok(answer(&page.1, headers).map(body::Body::new))
}

/// Returns the words under which a network forgets a page, if everybody may have it.
fn words(state: &Shared, request: &PageRequest<'_>) -> Option<HeaderValue> {
    let is_wanted =
        state.settings.surrogate_keys && request.audience == 0 && state.access.is_open(Right::List);
    is_wanted.then(|| words_of_page(state.index.name(), request.subject))?
}

/// Makes a page for one visitor, which nobody keeps.
pub(crate) async fn once(
    state: &State,
    request: &PageRequest<'_>,
    reading: impl Future<Output = Result<Rendering, ApiError>>,
) -> Result<RenderedPage, ApiError> {
    let rendering = reading.await?;
    let (mut page, _) = render(state, rendering, request.form, request.encoding).await?;
    page.headers
        .insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(page)
}

/// Says what a page for people may load and do in a browser: our own style, script and pictures, and
/// nothing else, so that nothing that was uploaded runs there.
pub(crate) fn add_page_policy(headers: &mut HeaderMap) {
    for (name, value) in [
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
             connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
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

/// Lets pages of other sites read an answer.
pub(crate) fn add_cors(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("X-PyPI-Last-Serial"),
    );
}

/// Writes a page, and tells whether it may be kept.
async fn render(
    state: &Shared,
    rendering: Rendering,
    form: Form,
    encoding: Encoding,
) -> Result<(RenderedPage, bool), ApiError> {
    let Rendering {
        serial,
        is_complete,
        write,
    } = rendering;
    let (body, encoding, tag) = tokio::task::spawn_blocking(move || {
        let plain = write();
        let tag = tag_of(&plain);
        if encoding == Encoding::Identity || plain.len() < MIN_COMPRESSED_BYTES {
            return (plain, Encoding::Identity, tag);
        }
        (compress(&plain, encoding), encoding, tag)
    })
    .await
    .map_err(|failure| StoreError::new("server", "render a page", failure))?;
    let mut headers = page_headers(state, form, encoding, &tag, is_complete);
    headers.insert(CONTENT_LENGTH, body.len().into());
    if let Some(serial) = serial {
        headers.insert("x-pypi-last-serial", serial.into());
    }
    let body = Bytes::from(body);
    Ok((RenderedPage { body, headers }, is_complete))
}

fn page_headers(
    state: &Shared,
    form: Form,
    encoding: Encoding,
    tag: &str,
    is_complete: bool,
) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(16);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(form.content_type()));
    let coded = encoding.token().unwrap_or("i");
    let tag = format!("\"{tag}-{}-{coded}\"", form.letter());
    headers.insert(
        ETAG,
        tag.parse()
            .expect("hexadecimal digits and letters in quotes"),
    );
    if let Some(token) = encoding.token() {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(token));
    }
    let is_open = state.access.is_open(Right::List);
    let vary = match (form, is_open) {
        (Form::Simple(_), true) => "Accept, Accept-Encoding",
        (Form::Simple(_), false) => "Accept, Accept-Encoding, Authorization",
        (Form::Page, _) => "Accept-Encoding, Authorization, Cookie",
        (_, true) => "Accept-Encoding",
        (_, false) => "Accept-Encoding, Authorization",
    };
    headers.insert(VARY, HeaderValue::from_static(vary));
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static(if is_complete {
            "private, no-cache"
        } else {
            "no-store"
        }),
    );
    if matches!(form, Form::Page | Form::Picture) {
        add_page_policy(&mut headers);
    } else if is_open {
        add_cors(&mut headers);
    }
    headers
}

fn tag_of(bytes: &[u8]) -> String {
    use sha2::Digest;
    hex::encode(&sha2::Sha256::digest(bytes)[..16])
}
