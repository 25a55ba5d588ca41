//! A small index on loopback that answers as a test tells it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use url::Url;

/// What a test answers with.
pub(crate) type Answer = Response<Full<Bytes>>;

/// A server on a free port of loopback. It ends with the test's runtime.
pub(crate) struct TestIndex {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Request<()>>>>,
}

impl TestIndex {
    /// Starts a server that answers each request with what `answer` returns.
    pub(crate) async fn start(
        answer: impl Fn(&Request<()>) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let seen: Arc<Mutex<Vec<Request<()>>>> = Arc::default();
        let (answer, log) = (Arc::new(answer), Arc::clone(&seen));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
                let service = service_fn(move |request: Request<Incoming>| {
                    let (parts, _) = request.into_parts();
                    let request = Request::from_parts(parts, ());
                    let response = answer(&request);
                    log.lock().expect("no test panics here").push(request);
                    async { Ok::<_, Infallible>(response) }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, seen }
    }

    /// Returns the address of the simple index.
    pub(crate) fn url(&self) -> Url {
        self.at("/simple/")
    }

    /// Returns the address of a path.
    pub(crate) fn at(&self, path: &str) -> Url {
        format!("http://{}{path}", self.address)
            .parse()
            .expect("a URL")
    }

    /// Returns the requests that came so far.
    pub(crate) fn seen(&self) -> Vec<Request<()>> {
        self.seen.lock().expect("no test panics here").clone()
    }
}

/// An answer of a type, with a body.
pub(crate) fn page(content_type: &str, body: impl Into<Bytes>) -> Answer {
    Response::builder()
        .header("content-type", content_type)
        .body(Full::new(body.into()))
        .expect("a valid answer")
}

/// An answer with a status and no body.
pub(crate) fn status(status: u16) -> Answer {
    Response::builder()
        .status(status)
        .body(Full::default())
        .expect("a valid answer")
}

/// A redirect to a place.
pub(crate) fn redirect(place: &str) -> Answer {
    Response::builder()
        .status(302)
        .header("location", place)
        .body(Full::default())
        .expect("a valid answer")
}
