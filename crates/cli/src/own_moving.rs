//! What this server does while its index moves.

use std::net::TcpListener;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{Mutex, mpsc};
use wheelhouse_index::Index;
use wheelhouse_index::identity::Serial;
use wheelhouse_index::ports::{CatalogHold, Hold, StoreError};
use wheelhouse_server::moving::{HoldWish, Moving};

use crate::handover::Successor;
use crate::wiring::Wired;

/// The catalog and the listener of this server.
#[derive(Debug)]
pub(crate) struct OwnMoving {
    index: Arc<Index>,
    hold: Arc<dyn CatalogHold>,
    listener: TcpListener,
    successors: mpsc::Sender<Successor>,
    switching: Mutex<()>,
}

impl OwnMoving {
    /// Returns what answers a move, unless the catalog is in memory, and where a successor comes that
    /// has taken over.
    pub(crate) fn new(
        wired: &Wired,
        listener: &tokio::net::TcpListener,
    ) -> std::io::Result<(Option<Self>, mpsc::Receiver<Successor>)> {
        let (successors, taken_over) = mpsc::channel(1);
        let Some(whole) = &wired.whole else {
            return Ok((None, taken_over));
        };
        let listener = listener.as_fd().try_clone_to_owned()?;
        let moving = Self {
            index: Arc::clone(&wired.index),
            hold: Arc::clone(&whole.hold),
            listener: listener.into(),
            successors,
            switching: Mutex::default(),
        };
        Ok((Some(moving), taken_over))
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
            .listener
            .try_clone()
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
