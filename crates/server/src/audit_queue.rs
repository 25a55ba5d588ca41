//! Events for the audit trail that no request waits for: sign-ins that failed.

use std::sync::Arc;

use tokio::sync::mpsc;
use wheelhouse_index::access::Access;
use wheelhouse_index::audit::AuditEvent;

/// Most events that wait. More are counted in the log and lost: a flood of wrong passwords must not
/// fill the memory or the disk.
const MAX_WAITING: usize = 1_000;
/// Most events that are written at once.
const MAX_TOGETHER: usize = 200;

/// Takes events and writes them in the background, several at once.
#[derive(Debug, Clone)]
pub(crate) struct AuditQueue(mpsc::Sender<AuditEvent>);

impl AuditQueue {
    pub(crate) fn start(access: Arc<Access>) -> Self {
        let (sender, mut waiting) = mpsc::channel(MAX_WAITING);
        tokio::spawn(async move {
            let mut events = Vec::new();
            while waiting.recv_many(&mut events, MAX_TOGETHER).await > 0 {
                if let Err(error) = access.note(std::mem::take(&mut events)).await {
                    tracing::error!("cannot write into the audit trail: {error}");
                }
            }
        });
        Self(sender)
    }

    pub(crate) fn note(&self, event: AuditEvent) {
        if self.0.try_send(event).is_err() {
            tracing::warn!("too much happens at once: an event is not in the audit trail");
        }
    }
}
