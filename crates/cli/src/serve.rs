//! Runs the server.

use crate::settings::RunSettings;

/// Serves until the process is asked to stop.
///
/// # Errors
///
/// Whatever kept the server from starting.
#[expect(clippy::unused_async, reason = "the rooms behind it are wired in next")]
pub async fn serve(_settings: RunSettings) -> anyhow::Result<()> {
    Ok(())
}
