//! What this server does while its index moves.

use std::net::TcpListener;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use async_trait::async_trait;
use tokio::sync::{Mutex, mpsc};
use wheelhouse_index::Index;
use wheelhouse_index::identity::Serial;
use wheelhouse_index::ports::{CatalogHold, Hold, StoreError};
use wheelhouse_server::moving::{HoldWish, Moving};

use crate::handover::Successor;
use crate::wiring::Wired;

/// One more handle of the socket that this server listens on, for a successor. As long as it is there,
/// the system takes connections: it goes when this server takes no more.
#[derive(Debug, Clone, Default)]
pub(crate) struct SpareListener(Arc<std::sync::Mutex<Option<TcpListener>>>);

impl SpareListener {
    fn of(listener: TcpListener) -> Self {
        Self(Arc::new(std::sync::Mutex::new(Some(listener))))
    }

    /// Lets go of the socket.
    pub(crate) fn close(&self) {
        drop(self.listener().take());
    }

    /// Returns a handle for a successor, unless this server takes no more connections.
    fn handle(&self) -> Option<std::io::Result<TcpListener>> {
        self.listener().as_ref().map(TcpListener::try_clone)
    }

    fn listener(&self) -> std::sync::MutexGuard<'_, Option<TcpListener>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The catalog and the listener of this server.
#[derive(Debug)]
pub(crate) struct OwnMoving {
    index: Arc<Index>,
    hold: Arc<dyn CatalogHold>,
    spare: SpareListener,
    successors: mpsc::Sender<Successor>,
    switching: Mutex<()>,
}

impl OwnMoving {
    /// Returns what answers a move, unless the catalog is in memory, and where a successor comes that
    /// has taken over; and the spare listener, which is to be closed in the end.
    pub(crate) fn new(
        wired: &Wired,
        listener: &tokio::net::TcpListener,
    ) -> std::io::Result<(Option<Self>, mpsc::Receiver<Successor>, SpareListener)> {
        let (successors, taken_over) = mpsc::channel(1);
        let Some(whole) = &wired.whole else {
            return Ok((None, taken_over, SpareListener::default()));
        };
        let spare = SpareListener::of(listener.as_fd().try_clone_to_owned()?.into());
        let moving = Self {
            index: Arc::clone(&wired.index),
            hold: Arc::clone(&whole.hold),
            spare: spare.clone(),
            successors,
            switching: Mutex::default(),
        };
        Ok((Some(moving), taken_over, spare))
    }
}

#[async_trait]
impl Moving for OwnMoving {
    async fn hold(&self, wish: HoldWish) -> Result<Serial, StoreError> {
        // Afterwards they could not be written any more.
        self.index.write_last_downloads().await;
        let hold = Hold {
            name: wish.name,
            to: wish.to,
            has_moved: wish.has_moved,
            since: self.index.now(),
        };
        let head = self.hold.hold(&hold).await?;
        tracing::info!("the index is held still: it moves to {}", hold.to);
        Ok(head)
    }

    async fn release(&self, name: &str) -> Result<bool, StoreError> {
        let was_held = self.hold.release(name).await?;
        if was_held {
            tracing::info!("the index is not held any more: its move was given up");
        }
        Ok(was_held)
    }

    async fn switch(&self, config: PathBuf) -> Result<(), String> {
        let _one_at_a_time = self.switching.lock().await;
        let listener: OwnedFd = self
            .spare
            .handle()
            .ok_or("this server is ending")?
            .map_err(|error| format!("the listener cannot be handed over: {error}"))?
            .into();
        let successor = Successor::start(&config, listener).await?;
        tracing::info!(
            "another server listens here now, with the settings in `{}`",
            config.display()
        );
        let taken = self.successors.send(successor).await;
        taken.map_err(|_| "this server is ending".to_owned())
    }
}
