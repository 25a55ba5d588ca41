//! How much room the disks have, asked so that a disk that is away holds nobody up.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use wheelhouse_index::ports::DiskRoom;

use crate::state::Shared;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

impl Shared {
    /// Returns how much room there is, or nothing if a disk does not answer. One thread asks at a
    /// time, so that a disk that is away does not take all of them.
    pub(crate) async fn room(&self) -> Vec<DiskRoom> {
        let turn = Arc::clone(&self.asking_disks).acquire_owned();
        let Ok(Ok(turn)) = timeout(PATIENCE, turn).await else {
            return Vec::new();
        };
        let disks = Arc::clone(&self.settings.disks);
        let asked = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            disks.room()
        });
        match timeout(PATIENCE, asked).await {
            Ok(Ok(room)) => room,
            Ok(Err(_)) | Err(_) => Vec::new(),
        }
    }
}
