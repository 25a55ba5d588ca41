//! Following what others do in the folders.
//!
//! One thread does all of it: it waits for the kernel to tell of changes, reads the folders from
//! time to time, and looks after files that somebody is still writing. It asks the kernel by
//! itself rather than through a library, to be told of neither the opening of files, which every
//! download is, nor of what happens in hidden folders, such as that of our own catalog.

mod follower;
mod inotify;
mod report;
mod rest;
mod scanning;
#[cfg(test)]
mod tests;
mod walk;

use std::fmt;
use std::sync::Arc;

use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::OwnedFd;
use tokio::sync::mpsc;
use wheelhouse_index::ports::Observation;

use self::follower::Follower;
use super::Shared;

/// How many observations may wait to be taken.
const OBSERVATIONS: usize = 64;

/// A running watcher. Dropping it ends it.
pub(super) struct Watch {
    bell: Arc<OwnedFd>,
}

impl Watch {
    /// Begins to watch, on a thread of its own.
    pub(super) fn begin(shared: Arc<Shared>) -> (Option<Self>, mpsc::Receiver<Observation>) {
        let (observer, observations) = mpsc::channel(OBSERVATIONS);
        let begun = Self::begin_telling(shared, observer);
        let watch = begun
            .inspect_err(|error| {
                tracing::error!("cannot watch the folders, so that changes stay unseen: {error}");
            })
            .ok();
        (watch, observations)
    }

    fn begin_telling(
        shared: Arc<Shared>,
        observer: mpsc::Sender<Observation>,
    ) -> std::io::Result<Self> {
        let bell = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let follower = Follower::new(shared, observer, Arc::clone(&bell));
        std::thread::Builder::new()
            .name("watch".to_owned())
            .spawn(move || follower.run())?;
        Ok(Self { bell })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It can fail only if the bell has rung very often already.
        let _ = rustix::io::write(&*self.bell, &1_u64.to_ne_bytes());
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}
