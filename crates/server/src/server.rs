//! The server: put together once, then run until it is told to stop.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use wheelhouse_index::Index;
use wheelhouse_index::access::Access;
use wheelhouse_index::finding::Finding;
use wheelhouse_index::ports::{Identities, PersonSignIn, TokenExchange};

use crate::abuse::Tried;
use crate::access::IgnoredUsers;
use crate::access_log::AccessLog;
use crate::administrator::AdministratorApi;
use crate::audit_queue::AuditQueue;
use crate::file_cache::FileCache;
use crate::flights::Flights;
use crate::front::Front;
use crate::listen;
use crate::metrics::Metrics;
use crate::page_cache::PageCache;
use crate::readmes::Readmes;
use crate::routes::router;
use crate::settings::Settings;
use crate::state::{Shared, State};

/// A server that is ready to run.
#[derive(Debug)]
pub struct Server {
    state: State,
    front: Front,
}

/// Who comes in, and what they may do.
#[derive(Debug)]
pub struct Gate {
    /// Who may do what.
    pub access: Arc<Access>,
    /// Where users come from.
    pub identities: Arc<dyn Identities>,
    /// Trusted publishing, if it is enabled.
    pub exchange: Option<Arc<dyn TokenExchange>>,
    /// Sign-in of people elsewhere, if it is enabled.
    pub sign_in: Option<Arc<dyn PersonSignIn>>,
}

/// The settings cannot work.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The extra health path has another meaning.
    #[error("{0}")]
    HealthPath(String),
}

impl Server {
    /// Puts a server together. The caches must be among the index's journal readers.
    ///
    /// # Errors
    /// [`ServerError`] if the settings cannot work.
    pub fn new(
        index: Arc<Index>,
        finding: Arc<Finding>,
        gate: Gate,
        settings: Settings,
        pages: Arc<PageCache>,
        files: Arc<FileCache>,
        access_log: Arc<dyn AccessLog>,
    ) -> Result<Self, ServerError> {
        let metrics = Metrics::new();
        let Gate {
            access,
            identities,
            exchange,
            sign_in,
        } = gate;
        let state = Arc::new(Shared {
            index,
            finding,
            identities,
            exchange,
            sign_in,
            audit: AuditQueue::start(Arc::clone(&access)),
            access,
            tried: Tried::new(settings.limits.abuse),
            settings,
            pages,
            files,
            readmes: Arc::new(Readmes::new()),
            renders: Flights::new(std::thread::available_parallelism().map_or(2, usize::from)),
            metrics,
            ignored_users: IgnoredUsers::default(),
            access_log,
            is_replaced: AtomicBool::new(false),
            asking_disks: Arc::new(Semaphore::new(1)),
        });
        let router = router(Arc::clone(&state)).map_err(ServerError::HealthPath)?;
        Ok(Self {
            front: Front::new(Arc::clone(&state), router),
            state,
        })
    }

    /// Returns the API for this machine's administrator.
    pub fn administrator_api(&self) -> AdministratorApi {
        AdministratorApi::new(Arc::clone(&self.state))
    }

    /// Serves connections of a listener until `stop` is done and the requests under way have
    /// ended, or their time is up.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = Farewell>) {
        listen::serve(listener, self.front, self.state, stop).await;
    }
}

/// Why a server takes no more connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Farewell {
    /// It ends.
    Ending,
    /// Another server listens in its place by now. Connections that are open and still are not closed
    /// before they have had an answer that says so: whoever asks over one just then would get none.
    Replaced,
}
