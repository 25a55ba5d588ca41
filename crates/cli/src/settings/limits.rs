//! What the program may use at most.

use std::time::Duration;

/// What the program may use at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitSettings {
    /// Memory for rendered pages, in bytes. 0 keeps none.
    pub page_cache_bytes: u64,
    /// Memory for hot files, in bytes. 0 keeps none.
    pub file_cache_bytes: u64,
    /// Connections that may be open at once.
    pub max_connections: usize,
    /// The time that a client has to send the head of a request.
    pub header_timeout: Duration,
    /// The time that requests in flight have to end after a stop was asked for.
    pub drain_timeout: Duration,
    /// Threads that answer requests. `None` means one for each core.
    pub workers: Option<usize>,
}
