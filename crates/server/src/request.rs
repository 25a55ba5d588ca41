//! What is known about a request besides its head: an extension that every route can ask for.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::HeaderMap;
use http::header::USER_AGENT;
use wheelhouse_index::actor::Actor;
use wheelhouse_index::change::Attribution;
use wheelhouse_index::identity::Timestamp;

use crate::external::External;
use crate::session::CookieSecret;

/// Longest part of a `User-Agent` that is recorded, in bytes.
const MAX_AGENT_BYTES: usize = 500;

/// What is known about a request besides its head.
#[derive(Debug, Clone)]
pub(crate) struct RequestInfo {
    pub(crate) id: RequestId,
    /// The other end of the connection.
    pub(crate) peer: SocketAddr,
    /// The client, behind any trusted proxies.
    pub(crate) client: IpAddr,
    /// How the client named this server.
    pub(crate) external: Arc<External>,
    /// What a browser that is signed in sent, where that counts by itself: for reading.
    pub(crate) cookie: Option<Arc<CookieSecret>>,
}

impl RequestInfo {
    /// Returns who made a change, and how the request came.
    pub(crate) fn attribution(
        &self,
        actor: Actor,
        headers: &HeaderMap,
        at: Timestamp,
    ) -> Attribution {
        let agent = headers.get(USER_AGENT).map(|agent| {
            let bytes = agent.as_bytes();
            String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_AGENT_BYTES)]).into_owned()
        });
        Attribution {
            actor,
            address: Some(self.client.to_string()),
            agent,
            request_id: Some(self.id.as_str().to_owned()),
            at,
        }
    }
}

/// The id of a request: sixteen hexadecimal digits, in its answer and in each log line about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestId([u8; 16]);

impl RequestId {
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Gives out ids: the process has a random half, the request a count.
#[derive(Debug)]
pub(crate) struct RequestIds {
    process: u32,
    next: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new() -> Self {
        let mut random = [0; 4];
        // An id that another process could have too is better than none.
        let process = getrandom::fill(&mut random)
            .map_or_else(|_| std::process::id(), |()| u32::from_le_bytes(random));
        Self {
            process,
            next: AtomicU64::new(1),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the count may begin again")]
    pub(crate) fn next(&self) -> RequestId {
        let count = self.next.fetch_add(1, Ordering::Relaxed) as u32;
        let number = (u64::from(self.process) << 32) | u64::from(count);
        let mut digits = [0; 16];
        hex::encode_to_slice(number.to_be_bytes(), &mut digits).expect("two digits for each byte");
        RequestId(digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_process_differ() {
        let ids = RequestIds::new();
        let (first, second) = (ids.next(), ids.next());
        assert_eq!(first.as_str().len(), 16);
        assert_ne!(first, second);
    }
}
