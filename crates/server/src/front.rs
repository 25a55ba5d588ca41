//! The first to see a request. It names it, counts it and logs it; answers hot pages and hot files
//! by itself; and hands everything else on to the routes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use http::header::{HeaderName, X_CONTENT_TYPE_OPTIONS};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Request, Response, Uri};
use hyper::body::Incoming;
use tower::Service as _;
use tracing::Instrument as _;
use wheelhouse_index::permission::Right;

use crate::access_log::{RequestFacts, ResponseFacts};
use crate::body::Body;
use crate::error::{ApiError, Refusal};
use crate::external::{External, client_address};
use crate::page_cache::Subject;
use crate::request::{RequestIds, RequestInfo};
use crate::route::Route;
use crate::routes::{PageRequest, answer_file, answer_page, moved_permanently};
use crate::state::State;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

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
        let external = External::of(
            &head.headers,
            peer,
            &settings.trusted_proxies,
            &settings.base_path,
        );
        let info = RequestInfo {
            id: self.ids.next(),
            peer,
            client: client_address(&head.headers, peer, &settings.trusted_for_client_address),
            external: Arc::new(external),
        };
        let log = Arc::clone(&self.state.access_log);
        let logged = log.is_enabled().then(|| head.clone());
        if let Some(head) = &logged {
            log.request(&RequestFacts {
                id: info.id.as_str(),
                client: info.client,
                head,
            });
        }
        let method = head.method.clone();
        let (route, mut response) = match self.strip_base_path(&mut head) {
            Some(path) => {
                if let Some(answered) = self.hot(&head, &path, &info).await {
                    answered
                } else {
                    head.extensions.insert(info.clone());
                    let request = Request::from_parts(head, body);
                    // At the highest level, so that every line about the request has its id.
                    let span = tracing::error_span!("request", request.id = info.id.as_str());
                    (route_of(&path), self.routed(request).instrument(span).await)
                }
            }
            None => (Route::Other, self.outside(&head, &info)),
        };
        let headers = response.headers_mut();
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Ok(id) = HeaderValue::from_str(info.id.as_str()) {
            headers.insert(REQUEST_ID.clone(), id);
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

    /// Takes the base path off the request's target, and returns the path that is left, or `None`
    /// if the request is for somewhere else. Double slashes at the start are forgiven.
    fn strip_base_path(&self, head: &mut Parts) -> Option<String> {
        let path = head.uri.path();
        let doubled = path.len() - path.trim_start_matches('/').len();
        let path = &path[doubled.saturating_sub(1)..];
        let path = path.strip_prefix(self.state.settings.base_path.as_str())?;
        if !path.starts_with('/') {
            return None;
        }
        let path = path.to_owned();
        if path != head.uri.path() || head.uri.authority().is_some() {
            let target = match head.uri.query() {
                Some(query) => format!("{path}?{query}"),
                None => path.clone(),
            };
            let mut parts = http::uri::Parts::default();
            parts.path_and_query = Some(PathAndQuery::try_from(target).ok()?);
            head.uri = Uri::from_parts(parts).ok()?;
        }
        Some(path)
    }

    /// Answers a request for somewhere outside the base path: the base path without its final
    /// slash leads inside.
    fn outside(&self, head: &Parts, info: &RequestInfo) -> Response<Body> {
        if head.uri.path() == self.state.settings.base_path {
            return moved_permanently(&info.external.path("/")).map(Body::Route);
        }
        refusal(ApiError::not_found())
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
        let request = PageRequest::new(
            subject,
            &info.external.prefix,
            &head.headers,
            head.uri.query(),
        )
        .ok()?;
        let page = self.state.pages.get(&request.key())?;
        Some((route, answer_page(&page.1, &head.headers)))
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

fn refusal(error: ApiError) -> Response<Body> {
    axum::response::IntoResponse::into_response(error).map(Body::Route)
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
        ["healthz" | "readyz" | "health"] => Route::Health,
        ["metrics"] => Route::Metrics,
        [_, "json"] => Route::ProjectJson,
        [_] | [_, ""] => Route::ProjectRedirect,
        _ => Route::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_the_routes_that_logs_call_them() {
        for (path, route) in [
            ("/", Route::Root),
            ("/simple/demo/", Route::ProjectPage),
            ("/packages/a/b.whl", Route::File),
            ("/demo/json", Route::ProjectJson),
            ("/search/", Route::ProjectRedirect),
            ("/a/b/c", Route::Other),
        ] {
            assert_eq!(route_of(path), route, "{path}");
        }
    }
}
