//! The API for this machine's administrator: over the socket in the state folder, or called within
//! the process. Whoever can open the folder may do everything.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::UnixListener;
use tokio::sync::Semaphore;
use tower::Service as _;
use tracing::Instrument as _;

use crate::external::External;
use crate::moving::Moving;
use crate::request::{RequestIds, RequestInfo};
use crate::routes::{ViaSocket, api_router, moving_router};
use crate::state::State;

/// Connections at one time.
const MAX_CONNECTIONS: usize = 64;
/// How long a client may take to send the head of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest answer to a call within the process, in bytes.
const MAX_ANSWER_BYTES: usize = 256 * 1024 * 1024;

/// The API for this machine's administrator.
#[derive(Debug, Clone)]
pub struct AdministratorApi {
    router: Router,
    ids: Arc<RequestIds>,
}

impl AdministratorApi {
    pub(crate) fn new(state: State) -> Self {
        Self {
            router: api_router().with_state(state),
            ids: Arc::new(RequestIds::new()),
        }
    }

    /// Also answers what a move of the index asks.
    #[must_use]
    pub fn with_moving(mut self, moving: Arc<dyn Moving>) -> Self {
        self.router = moving_router(moving).fallback_service(self.router);
        self
    }

    /// Answers one request, within the process.
    ///
    /// # Errors
    /// If the answer cannot be had whole.
    pub async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, axum::Error> {
        let response = self.answer(request.map(Body::from)).await;
        let (head, body) = response.into_parts();
        let body = axum::body::to_bytes(body, MAX_ANSWER_BYTES).await?;
        Ok(Response::from_parts(head, body))
    }

    /// Serves connections of a socket until `stop` is done.
    pub async fn serve(self, listener: UnixListener, stop: impl Future<Output = ()>) {
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut stop = pin!(stop);
        loop {
            let place = Arc::clone(&places).acquire_owned().await;
            let stream = tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(error) => {
                        tracing::error!("cannot accept a connection of the socket: {error}");
                        tokio::time::sleep(Duration::from_millis(200)).await;
                        continue;
                    }
                },
                () = &mut stop => return,
            };
            let api = self.clone();
            let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                let api = api.clone();
                async move {
                    let response = api.answer(request.map(Body::new)).await;
                    Ok::<_, std::convert::Infallible>(response)
                }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service);
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!("a connection of the socket ended early: {error}");
                }
                drop(place);
            });
        }
    }

    async fn answer(&self, mut request: Request<Body>) -> Response<Body> {
        let id = self.ids.next();
        let span = tracing::error_span!("request", request.id = id.as_str());
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let extensions = request.extensions_mut();
        extensions.insert(ViaSocket);
        extensions.insert(RequestInfo {
            id,
            peer: SocketAddr::new(here, 0),
            client: here,
            external: Arc::new(External {
                scheme: "http",
                host: String::new(),
                prefix: String::new(),
            }),
            cookie: None,
        });
        match self.router.clone().call(request).instrument(span).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}
