//! What all requests share.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::Semaphore;
use wheelhouse_index::Index;
use wheelhouse_index::access::Access;
use wheelhouse_index::finding::Finding;
use wheelhouse_index::ports::{Identities, PersonSignIn};

use crate::abuse::Tried;
use crate::access::IgnoredUsers;
use crate::access_log::AccessLog;
use crate::audit_queue::AuditQueue;
use crate::file_cache::FileCache;
use crate::flights::Flights;
use crate::metrics::Metrics;
use crate::page_cache::PageCache;
use crate::readmes::Readmes;
use crate::routes::Exchange;
use crate::settings::Settings;

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) index: Arc<Index>,
    /// What projects are found by.
    pub(crate) finding: Arc<Finding>,
    /// Where users come from.
    pub(crate) identities: Arc<dyn Identities>,
    /// Who may do what.
    pub(crate) access: Arc<Access>,
    /// Trusted publishing, if it is enabled.
    pub(crate) exchange: Exchange,
    /// Sign-in of people elsewhere, if it is enabled.
    pub(crate) sign_in: Option<Arc<dyn PersonSignIn>>,
    /// What was tried lately, and how often.
    pub(crate) tried: Tried,
    /// What is to be written into the audit trail.
    pub(crate) audit: AuditQueue,
    pub(crate) settings: Settings,
    pub(crate) pages: Arc<PageCache>,
    pub(crate) files: Arc<FileCache>,
    /// Readmes that were rendered.
    pub(crate) readmes: Arc<Readmes>,
    /// The pages that are being rendered.
    pub(crate) renders: Flights,
    pub(crate) metrics: Metrics,
    pub(crate) ignored_users: IgnoredUsers,
    pub(crate) access_log: Arc<dyn AccessLog>,
    /// Whether another server listens in the place of this one.
    pub(crate) is_replaced: AtomicBool,
    /// Held while the disks are asked for their room.
    pub(crate) asking_disks: Arc<Semaphore>,
}

pub(crate) type State = Arc<Shared>;
