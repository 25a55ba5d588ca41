//! What the program may use at most.

use std::time::Duration;

use super::source::Source;
use crate::options::defs;

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
    /// Failed sign-ins of one user from one address within a minute.
    pub max_failed_sign_ins: Option<u32>,
    /// Uploads of one actor within an hour.
    pub max_uploads_per_hour: Option<u32>,
    /// In which time every file is read again, if at all.
    pub scrub_period: Option<Duration>,
    /// Threads that answer requests. `None` means one for each core.
    pub workers: Option<usize>,
}

impl LimitSettings {
    pub(super) fn of(source: Source<'_>) -> Self {
        let seconds = |option, usual| Duration::from_secs(source.number(option).unwrap_or(usual));
        let limit = |option| source.number::<u32>(option).filter(|&number| number > 0);
        Self {
            page_cache_bytes: source.number::<u64>(&defs::PAGE_CACHE_MIB).unwrap_or(64) << 20,
            file_cache_bytes: source.number::<u64>(&defs::FILE_CACHE_MIB).unwrap_or(64) << 20,
            max_connections: source.number(&defs::MAX_CONNECTIONS).unwrap_or(4096),
            header_timeout: seconds(&defs::HEADER_TIMEOUT_SECONDS, 30),
            drain_timeout: seconds(&defs::DRAIN_SECONDS, 30),
            max_failed_sign_ins: limit(&defs::MAX_FAILED_SIGN_INS),
            max_uploads_per_hour: limit(&defs::MAX_UPLOADS_PER_HOUR),
            scrub_period: source
                .number::<u32>(&defs::SCRUB_DAYS)
                .filter(|&days| days > 0)
                .map(|days| Duration::from_hours(24) * days),
            workers: source.number(&defs::WORKERS),
        }
    }
}
