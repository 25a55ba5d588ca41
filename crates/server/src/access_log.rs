//! What a log of requests is told.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use http::request::Parts;
use http::{HeaderMap, StatusCode};

/// A log of requests. It must never show `Authorization`, `Cookie` or a body.
pub trait AccessLog: fmt::Debug + Send + Sync + 'static {
    /// Returns whether anything would be logged now: if not, nothing is gathered.
    fn is_enabled(&self) -> bool;

    /// Takes note of a request whose head was read.
    fn request(&self, request: &RequestFacts<'_>);

    /// Takes note of the answer to a request, when its head is ready.
    fn response(&self, request: &RequestFacts<'_>, response: &ResponseFacts<'_>);
}

/// A request.
#[derive(Debug, Clone, Copy)]
pub struct RequestFacts<'a> {
    /// Its id, which is in the answer too.
    pub id: &'a str,
    /// The client's address.
    pub client: IpAddr,
    /// Method, target, version and headers.
    pub head: &'a Parts,
}

/// The answer to a request.
#[derive(Debug, Clone, Copy)]
pub struct ResponseFacts<'a> {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The template of the route, such as `/simple/{project}/`.
    pub route: &'static str,
    /// The time from the request's head to the answer's.
    pub duration: Duration,
    /// Why the request was refused, if it was.
    pub error: Option<&'a str>,
}

/// A log that keeps nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoAccessLog;

impl AccessLog for NoAccessLog {
    fn is_enabled(&self) -> bool {
        false
    }

    fn request(&self, _request: &RequestFacts<'_>) {}

    fn response(&self, _request: &RequestFacts<'_>, _response: &ResponseFacts<'_>) {}
}
