//! A request's body that is read to its end even when nobody wants it any more.
//!
//! Most uploaders write their whole request before they read the answer. If the connection were
//! closed on them they would report a broken pipe in place of the reason for which they were
//! refused. So what is left is read and thrown away, within limits.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::HeaderMap;
use http::header::EXPECT;
use http_body::Body as _;

/// Most bytes that are read and thrown away.
const MAX_DRAINED_BYTES: u64 = 512 * 1024 * 1024;
/// The longest time for it.
const MAX_DRAIN_TIME: Duration = Duration::from_mins(1);

/// The data of a request's body. What is left when it is dropped is read and thrown away.
#[derive(Debug)]
pub(crate) struct DrainedBody {
    body: Option<Body>,
    /// The client waits to be told to go on before it sends the body.
    waits: bool,
}

impl DrainedBody {
    pub(crate) fn new(body: Body, headers: &HeaderMap) -> Self {
        let waits = headers
            .get(EXPECT)
            .is_some_and(|expected| expected.as_bytes().eq_ignore_ascii_case(b"100-continue"));
        Self {
            body: Some(body),
            waits,
        }
    }
}

impl Stream for DrainedBody {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // Asking for the body tells the client to go on.
        self.waits = false;
        loop {
            let Some(body) = &mut self.body else {
                return Poll::Ready(None);
            };
            let frame = ready!(Pin::new(body).poll_frame(context));
            match frame {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
                Some(Err(error)) => {
                    self.body = None;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    self.body = None;
                    return Poll::Ready(None);
                }
            }
        }
    }
}

impl Drop for DrainedBody {
    fn drop(&mut self) {
        let Some(body) = self
            .body
            .take()
            .filter(|body| !self.waits && !body.is_end_stream())
        else {
            return;
        };
        let rest = Self {
            body: Some(body),
            waits: true,
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(tokio::time::timeout(MAX_DRAIN_TIME, drain(rest)));
        }
    }
}

async fn drain(mut rest: DrainedBody) {
    let mut drained_bytes = 0;
    while let Some(Ok(bytes)) = rest.next().await {
        drained_bytes += bytes.len() as u64;
        if drained_bytes > MAX_DRAINED_BYTES {
            break;
        }
    }
    // Enough was done for this client.
    rest.body = None;
}
