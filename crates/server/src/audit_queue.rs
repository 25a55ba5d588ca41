//! Events for the audit trail that no request waits for: sign-ins that failed.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use wheelhouse_index::access::Access;
use wheelhouse_index::audit::AuditEvent;

/// Most events that wait. More are counted in the log and lost: a flood of wrong passwords must not
/// fill the memory or the disk.
const MAX_WAITING: usize = 1_000;
/// Most events that are written at once.
const MAX_TOGETHER: usize = 200;

/// Takes events and writes them in the background, several at once.
#[derive(Debug, Clone)]
pub(crate) struct AuditQueue(mpsc::Sender<Waiting>);

#[derive(Debug)]
enum Waiting {
    Event(Box<AuditEvent>),
    /// Somebody who wants to know when all before it is written.
    Reader(oneshot::Sender<()>),
}

impl AuditQueue {
    pub(crate) fn start(access: Arc<Access>) -> Self {
        let (sender, mut waiting) = mpsc::channel(MAX_WAITING);
        tokio::spawn(async move {
            let mut together = Vec::new();
            while waiting.recv_many(&mut together, MAX_TOGETHER).await > 0 {
                let (mut events, mut readers) = (Vec::new(), Vec::new());
                for one in together.drain(..) {
                    match one {
                        Waiting::Event(event) => events.push(*event),
                        Waiting::Reader(reader) => readers.push(reader),
                    }
                }
                if !events.is_empty()
                    && let Err(error) = access.note(events).await
                {
                    tracing::error!("cannot write into the audit trail: {error}");
                }
                for reader in readers {
                    // One that has gone away is told nothing.
                    let _ = reader.send(());
                }
            }
        });
        Self(sender)
    }

    pub(crate) fn note(&self, event: AuditEvent) {
        if self.0.try_send(Waiting::Event(Box::new(event))).is_err() {
            tracing::warn!("too much happens at once: an event is not in the audit trail");
        }
    }

    /// Waits until what was noted before is written, so that who was just refused finds it in the trail.
    pub(crate) async fn settle(&self) {
        let (reader, is_written) = oneshot::channel();
        if self.0.send(Waiting::Reader(reader)).await.is_ok() {
            let _ = is_written.await;
        }
    }
}
