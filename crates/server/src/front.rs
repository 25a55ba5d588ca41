//! The first to see a request. It names it, counts it and logs it; answers hot pages and hot files
//! by itself; and hands everything else on to the routes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use axum::Router;
use http::header::{
    CACHE_CONTROL, CONNECTION, COOKIE, HeaderName, STRICT_TRANSPORT_SECURITY, VARY, WARNING,
    X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version};
use hyper::body::Incoming;
use tower::Service as _;
use tracing::Instrument as _;
use wheelhouse_index::permission::Right;
use wheelhouse_index::replica::Stale;

use crate::access_log::{RequestFacts, ResponseFacts};
use crate::body::Body;
use crate::error::{ApiError, Refusal};
use crate::external::{External, client_address};
use crate::metrics::RequestLimit;
use crate::page_cache::Subject;
use crate::render::answer as answer_page;
use crate::request::{RequestIds, RequestInfo};
use crate::route::Route;
use crate::routes::{answer_file, moved_permanently, requested_page};
use crate::session;
use crate::state::State;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// How long ago an answer was known to be true.
static STALE_SECONDS: HeaderName = HeaderName::from_static("x-wheelhouse-stale-seconds");

/// Answers requests.
#[derive(Debug, Clone)]
pub(crate) struct Front {
    state: State,
    router: Router,
    ids: Arc<RequestIds>,
}

impl Front {
    pub(crate) fn new(state: State, router: Router) -> Self {
        Self {
            state,
            router,
            ids: Arc::new(RequestIds::new()),
        }
    }

    /// Answers one request of a connection.
    pub(crate) async fn answer(
        self,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Result<Response<Body>, std::convert::Infallible> {
        let began = Instant::now();
        let (mut head, body) = request.into_parts();
        let settings = &self.state.settings;
        let (target, info) = self.known_of(&mut head, peer);
        let log = Arc::clone(&self.state.access_log);
        let logged = log.is_enabled().then(|| head.clone());
        if let Some(head) = &logged {
            log.request(&RequestFacts {
                id: info.id.as_str(),
                client: info.client,
                head,
            });
        }
        let (method, version) = (head.method.clone(), head.version);
        let (route, mut response) = match target {
            Target::Here(path) => {
                if let Some(answered) = self.hot(&head, &path, &info).await {
                    answered
                } else {
                    head.extensions.insert(info.clone());
                    let request = Request::from_parts(head, body);
                    // At the highest level, so that every line about the request has its id.
                    let span = tracing::error_span!("request", request.id = info.id.as_str());
                    (
                        route_of(&path),
                        self.refreshed(request).instrument(span).await,
                    )
                }
            }
            Target::AddSlash => {
                let target = info.external.path("/");
                (Route::Other, moved_permanently(&target).map(Body::Route))
            }
            Target::Nowhere => (Route::Other, refusal(ApiError::not_found())),
        };
        let headers = response.headers_mut();
        if info.cookie.is_some() {
            keep_private(headers);
        }
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Some(seconds) = settings.hsts_seconds
            && info.external.scheme == "https"
            && let Ok(value) = HeaderValue::from_str(&format!("max-age={seconds}"))
        {
            headers.insert(STRICT_TRANSPORT_SECURITY, value);
        }
        if self.state.is_replaced.load(Ordering::Acquire) && version < Version::HTTP_2 {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Ok(id) = HeaderValue::from_str(info.id.as_str()) {
            headers.insert(REQUEST_ID.clone(), id);
        }
        if let Some(limit) = response.extensions().get::<RequestLimit>() {
            self.state.metrics.limited(*limit);
        }
        let duration = began.elapsed();
        self.state
            .metrics
            .answered(route, &method, response.status(), duration);
        if let Some(head) = &logged {
            log.response(
                &RequestFacts {
                    id: info.id.as_str(),
                    client: info.client,
                    head,
                },
                &ResponseFacts {
                    status: response.status(),
                    headers: response.headers(),
                    route: route.template(),
                    duration,
                    error: response
                        .extensions()
                        .get::<Refusal>()
                        .map(|refusal| &*refusal.0),
                },
            );
        }
        Ok(response)
    }

    /// Finds out where a request leads, and what is known about it besides its head.
    fn known_of(&self, head: &mut Parts, peer: SocketAddr) -> (Target, RequestInfo) {
        let settings = &self.state.settings;
        let scheme = if settings.tls.is_some() {
            "https"
        } else {
            "http"
        };
        let mut external = External::of(
            head,
            peer,
            &settings.trusted_proxies,
            &settings.base_path,
            scheme,
        );
        let target = self.target(head, &mut external);
        let cookie = match &target {
            // Most requests are those of programs, and have none.
            Target::Here(path) if settings.web_sign_in && head.headers.contains_key(COOKIE) => {
                let kind = session::Kind::session(&external, self.state.index.name());
                session::reading_cookie(&head.method, path, &head.headers, kind)
            }
            _ => None,
        };
        let info = RequestInfo {
            id: self.ids.next(),
            peer,
            client: client_address(&head.headers, peer, &settings.trusted_for_client_address),
            external: Arc::new(external),
            cookie,
        };
        (target, info)
    }

    /// Takes the base path, and the name of the index, off the request's target. Double slashes at
    /// the start are forgiven.
    fn target(&self, head: &mut Parts, external: &mut External) -> Target {
        let path = head.uri.path();
        let doubled = path.len() - path.trim_start_matches('/').len();
        let path = &path[doubled.saturating_sub(1)..];
        let base_path = self.state.settings.base_path.as_str();
        let Some(path) = path.strip_prefix(base_path) else {
            return Target::Nowhere;
        };
        if path.is_empty() && !base_path.is_empty() {
            return Target::AddSlash;
        }
        let path = match named_index(path) {
            None => path,
            Some((name, _)) if name != self.state.index.name().as_str() => return Target::Nowhere,
            Some((name, path)) => {
                external.prefix.push_str("/index/");
                external.prefix.push_str(name);
                if path.is_empty() {
                    return Target::AddSlash;
                }
                path
            }
        };
        if !path.starts_with('/') {
            return Target::Nowhere;
        }
        let path = path.to_owned();
        if path != head.uri.path() || head.uri.authority().is_some() {
            let target = match head.uri.query() {
                Some(query) => PathAndQuery::try_from(format!("{path}?{query}")),
                None => PathAndQuery::try_from(path.as_str()),
            };
            let Ok(target) = target else {
                return Target::Nowhere;
            };
            head.uri = Uri::from(target);
        }
        Target::Here(path)
    }

    /// Answers a page or a file that is in memory, for somebody who needs no sign-in.
    async fn hot(
        &self,
        head: &Parts,
        path: &str,
        info: &RequestInfo,
    ) -> Option<(Route, Response<Body>)> {
        if head.method != Method::GET && head.method != Method::HEAD {
            return None;
        }
        // Whether what is kept is true is for the routes to find out.
        if !self.state.index.replica().is_fresh() {
            return None;
        }
        if path.starts_with("/simple/") {
            return self.hot_page(head, path, info);
        }
        let path = path
            .strip_prefix("/packages/")
            .filter(|path| !path.is_empty())?;
        if !self.state.needs_no_sign_in(Right::Download, &head.headers) {
            return None;
        }
        let known = if path.contains('%') {
            let is_slashed = path.to_ascii_lowercase().contains("%2f");
            let path = percent_encoding::percent_decode_str(path)
                .decode_utf8()
                .ok()?;
            self.state.files.get(&path).filter(|_| !is_slashed)?
        } else {
            self.state.files.get(path)?
        };
        // Where the bytes come from elsewhere, the route says from where.
        if self.state.settings.file_redirects.is_some() && !known.is_beside {
            return None;
        }
        let answer = answer_file(&self.state, &known, &head.headers, &head.method).await?;
        Some((Route::File, answer))
    }

    fn hot_page(
        &self,
        head: &Parts,
        path: &str,
        info: &RequestInfo,
    ) -> Option<(Route, Response<Body>)> {
        if !self.state.needs_no_sign_in(Right::List, &head.headers) {
            return None;
        }
        let (route, subject) = match path.strip_prefix("/simple/")? {
            "" => (Route::ProjectList, Subject::Projects),
            rest => {
                let name = rest.strip_suffix('/')?;
                // Encoded and odd spellings are for the route: pages are kept by the normal name.
                (!name.contains(['/', '%']))
                    .then_some((Route::ProjectPage, Subject::Project(name)))?
            }
        };
        let base = match subject {
            Subject::Project(_) => info.external.base(),
            _ => info.external.prefix.as_str().into(),
        };
        let request = requested_page(subject, &base, &head.headers, head.uri.query()).ok()?;
        let page = self.state.pages.get(&request.key())?;
        Some((route, answer_page(&page.1, &head.headers)))
    }

    /// Lets the routes answer, once it is known that what is kept in memory is true, or that this
    /// cannot be found out now.
    async fn refreshed(&self, request: Request<Incoming>) -> Response<Body> {
        let freshness = self.state.index.replica().refresh().await;
        let is_reading = request.method() == Method::GET || request.method() == Method::HEAD;
        let mut response = self.routed(request).await;
        if let Err(stale) = freshness
            && is_reading
            && (response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED)
        {
            mark_stale(response.headers_mut(), stale);
        }
        response
    }

    async fn routed(&self, request: Request<Incoming>) -> Response<Body> {
        // The router's error is that it has none.
        match self
            .router
            .clone()
            .call(request.map(axum::body::Body::new))
            .await
        {
            Ok(response) => response.map(Body::Route),
            Err(never) => match never {},
        }
    }
}

/// Says that an answer was true some time ago, and may not be now.
///
/// Standard: RFC 7234, "Warning" (110), which later editions left out and caches still know.
fn mark_stale(headers: &mut HeaderMap, stale: Stale) {
    headers.insert(
        WARNING,
        HeaderValue::from_static("110 - \"Response is Stale\""),
    );
    headers.insert(STALE_SECONDS.clone(), stale.seconds.into());
}

/// Says that an answer to a browser that is signed in is for that browser alone. Of requests with a
/// password caches know that by themselves.
fn keep_private(headers: &mut HeaderMap) {
    let said = headers.get(CACHE_CONTROL);
    let said = said.and_then(|said| said.to_str().ok()).unwrap_or_default();
    let parts = said.split(',').map(str::trim);
    let kept = parts.filter(|part| !matches!(*part, "" | "public" | "private"));
    let private: Vec<&str> = std::iter::once("private").chain(kept).collect();
    if let Ok(private) = HeaderValue::from_str(&private.join(", ")) {
        headers.insert(CACHE_CONTROL, private);
    }
    headers.append(VARY, HeaderValue::from_static("Cookie"));
}

fn refusal(error: ApiError) -> Response<Body> {
    axum::response::IntoResponse::into_response(error).map(Body::Route)
}

/// Where a request leads.
#[derive(Debug)]
enum Target {
    /// To this path of the index's own addresses.
    Here(String),
    /// To the address of the index itself, which ends in a slash.
    AddSlash,
    /// To nothing that is here.
    Nowhere,
}

/// Splits `/index/{name}/…` into the name and the path within that index. What belongs to the
/// installation and not to an index is not below it.
///
/// `/index`, `/index/` and `/index/json` are about the project `index`.
fn named_index(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix("/index/")?;
    let (name, inside) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if name.is_empty() || rest == "json" {
        return None;
    }
    let is_inside = !matches!(inside, "/healthz" | "/readyz" | "/metrics");
    is_inside.then_some((name, inside)).or(Some(("", "")))
}

/// Returns the route of a path, as logs and counters call it.
fn route_of(path: &str) -> Route {
    let parts: Vec<&str> = path[1..].split('/').collect();
    match parts.as_slice() {
        [""] => Route::Root,
        ["legacy", ..] => Route::Legacy,
        ["simple"] | ["simple", ""] => Route::ProjectList,
        ["simple" | "+simple", ..] => Route::ProjectPage,
        ["packages"] | ["packages", ""] => Route::FlatList,
        ["packages", ..] => Route::File,
        ["RPC2" | "pypi"] | ["RPC2" | "pypi", ""] => Route::XmlRpc,
        ["pypi", _, _, "json"] | ["pypi", _, _, "json", ""] => Route::ReleaseJson,
        ["rss", _, ..] => Route::Rss,
        ["integrity", _, _, _, "provenance"] => Route::Integrity,
        ["api", ..] => Route::Api,
        ["project", _, ..] => Route::Project,
        ["search"] | ["_", "search", ..] => Route::Search,
        ["account"] | ["account", _, ..] => Route::Account,
        ["admin"] | ["admin", _, ..] => Route::Administration,
        ["_", "assets", ..] => Route::Asset,
        ["healthz" | "readyz" | "health"] => Route::Health,
        ["metrics"] => Route::Metrics,
        [_, "json"] | ["pypi", _, "json"] | ["pypi", _, "json", ""] => Route::ProjectJson,
        [_] | [_, ""] => Route::ProjectRedirect,
        _ => Route::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_below_a_named_index_are_split() {
        for (path, split) in [
            ("/index/main", Some(("main", ""))),
            ("/index/main/", Some(("main", "/"))),
            ("/index/main/simple/demo/", Some(("main", "/simple/demo/"))),
            ("/index/main/index/", Some(("main", "/index/"))),
            ("/index/main/index/main/", Some(("main", "/index/main/"))),
            ("/index/main/metrics", Some(("", ""))),
            ("/index", None),
            ("/index/", None),
            ("/index/json", None),
            ("/simple/index/", None),
        ] {
            assert_eq!(named_index(path), split, "{path}");
        }
    }

    #[test]
    fn paths_have_the_routes_that_logs_call_them() {
        for (path, route) in [
            ("/", Route::Root),
            ("/simple/demo/", Route::ProjectPage),
            ("/packages/a/b.whl", Route::File),
            ("/demo/json", Route::ProjectJson),
            ("/search/", Route::ProjectRedirect),
            ("/search", Route::Search),
            ("/project/demo/1.0/", Route::Project),
            ("/admin", Route::Administration),
            ("/account/tokens", Route::Account),
            ("/a/b/c", Route::Other),
        ] {
            assert_eq!(route_of(path), route, "{path}");
        }
    }
}
