//! What a move of the index asks of the server that serves it: over the socket of this machine's
//! administrator alone.

use std::fmt;
use std::path::PathBuf;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use wheelhouse_index::identity::Serial;
use wheelhouse_index::ports::StoreError;

/// What whoever runs a server can do while its index moves.
#[async_trait]
pub trait Moving: fmt::Debug + Send + Sync + 'static {
    /// Holds the index still, for a move of this name to a place, and returns its last serial.
    async fn hold(&self, wish: HoldWish) -> Result<Serial, StoreError>;

    /// Lets the index change again, if it is held for the move of this name.
    async fn release(&self, name: &str) -> Result<bool, StoreError>;

    /// Has another server take over who listens where this one does, with the settings in a file.
    ///
    /// # Errors
    /// Why it does not, as a sentence. This one goes on then.
    async fn switch(&self, config: PathBuf) -> Result<(), String>;
}

/// The body of `POST /api/v1/move/hold`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HoldWish {
    /// The name of the move.
    pub name: String,
    /// Where the index goes, for people.
    pub to: String,
    /// Whether it has gone there.
    pub has_moved: bool,
}

/// The answer to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HeldReport {
    /// The last serial.
    pub serial: Serial,
}

/// The body of `POST /api/v1/move/release`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReleaseWish {
    /// The name of the move.
    pub name: String,
}

/// The answer to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReleasedReport {
    /// Whether the index was held for that move.
    pub was_held: bool,
}

/// The body of `POST /api/v1/move/switch`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SwitchWish {
    /// The file with the settings of the server that takes over: absolute.
    pub config: PathBuf,
}
