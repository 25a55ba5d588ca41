//! This server as one of several replicas: following the changes that the others make, and not
//! answering from memory while that is not certain.
//!
//! Whoever commits a change waits until all replicas that hold a lease have followed it, so a
//! replica may believe its caches for as long as its own lease surely lasts. When it cannot renew
//! the lease, it catches up before it answers; when it cannot do that either, what it has is old.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::access::Access;
use crate::change::{Applied, Event};
use crate::identity::Serial;
use crate::journal::JournalReader;
use crate::ports::{Catalog, Held, LEASE, Progress, ReplicaState, Replicas, StoreError};

/// How long the caches are believed after the lease was asked for: less than the lease, for clocks
/// do not all run alike.
const BELIEVED: Duration = Duration::from_millis(800);
/// How long to wait for a sign of something new before it is looked for all the same.
const LOOK: Duration = Duration::from_millis(250);
/// How long catching up may take while somebody waits for an answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long nobody else tries after a try to catch up failed: thousands of requests must not all
/// wait for a database that is away.
const PAUSE: Duration = Duration::from_millis(500);
/// How many events are read at once.
const EVENTS: usize = 1_000;
/// Stands for "always".
const ALWAYS: u64 = u64::MAX;

/// This server among its replicas.
#[derive(Debug)]
pub struct Replica {
    others: Option<Arc<dyn Replicas>>,
    began: Instant,
    /// Until when the caches are believed, in milliseconds since `began`.
    believed_until: AtomicU64,
    /// Until when nobody tries to catch up, likewise.
    paused_until: AtomicU64,
    followed: Mutex<Progress>,
    following: OnceLock<Following>,
}

#[derive(Debug)]
struct Following {
    catalog: Arc<dyn Catalog>,
    access: Arc<Access>,
    readers: Arc<[Arc<dyn JournalReader>]>,
}

/// What is kept is not known to be true, and that cannot be found out now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stale {
    /// How long ago it was known to be true, in whole seconds.
    pub seconds: u64,
}

impl Replica {
    /// The only server over its catalog: nobody else changes anything.
    pub fn alone() -> Arc<Self> {
        Arc::new(Self::new(None, ALWAYS))
    }

    /// One of several. Nothing is believed before [`follow`](Self::follow) was begun.
    pub fn among(others: Arc<dyn Replicas>) -> Arc<Self> {
        Arc::new(Self::new(Some(others), 0))
    }

    fn new(others: Option<Arc<dyn Replicas>>, believed_until: u64) -> Self {
        Self {
            others,
            began: Instant::now(),
            believed_until: AtomicU64::new(believed_until),
            paused_until: AtomicU64::new(0),
            followed: Mutex::default(),
            following: OnceLock::new(),
        }
    }

    fn since_began(&self, moment: Instant) -> u64 {
        let span = moment.saturating_duration_since(self.began);
        u64::try_from(span.as_millis()).unwrap_or(ALWAYS - 1)
    }

    /// Returns the servers over this catalog that have or had a lease; none if there can be no other.
    ///
    /// # Errors
    /// [`StoreError`] if that cannot be looked up.
    pub async fn known(&self) -> Result<Vec<ReplicaState>, StoreError> {
        match &self.others {
            Some(others) => others.known().await,
            None => Ok(Vec::new()),
        }
    }

    /// Returns whether what is kept in memory is known to be true.
    pub fn is_fresh(&self) -> bool {
        let until = self.believed_until.load(Ordering::Acquire);
        until == ALWAYS || self.since_began(Instant::now()) < until
    }

    /// Begins to follow what the others change: from the present on, since nothing is kept yet.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be found out where that is.
    pub async fn follow(
        self: &Arc<Self>,
        catalog: Arc<dyn Catalog>,
        access: Arc<Access>,
        readers: Vec<Arc<dyn JournalReader>>,
    ) -> Result<(), StoreError> {
        let Some(others) = self.others.clone() else {
            return Ok(());
        };
        let following = Following {
            catalog,
            access,
            readers: readers.into(),
        };
        // Set once: a second call changes nothing.
        let _ = self.following.set(following);
        let begin = others.heads().await?;
        *self.followed.lock().await = Progress {
            serial: begin.serial,
            // What was read before this was asked may be older.
            access: 0,
        };
        self.catch_up().await?;
        let replica = Arc::clone(self);
        tokio::spawn(async move {
            loop {
                others.stirred(LOOK).await;
                if let Err(error) = replica.catch_up().await {
                    tracing::debug!("the changes of other replicas cannot be followed: {error}");
                }
            }
        });
        Ok(())
    }

    /// Sees to it that what is kept may be believed, unless that is known already. To be called
    /// before anything is answered from memory.
    ///
    /// # Errors
    /// [`Stale`] if that cannot be found out.
    pub async fn refresh(&self) -> Result<(), Stale> {
        if self.is_fresh() {
            return Ok(());
        }
        let now = self.since_began(Instant::now());
        if now >= self.paused_until.load(Ordering::Acquire) {
            match tokio::time::timeout(PATIENCE, self.catch_up()).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => tracing::warn!("answers may be old: {error}"),
                Err(_) => tracing::warn!("answers may be old: the catalog does not answer"),
            }
            if self.is_fresh() {
                return Ok(());
            }
            let pause = u64::try_from(PAUSE.as_millis()).unwrap_or(0);
            let until = self.since_began(Instant::now()) + pause;
            self.paused_until.store(until, Ordering::Release);
        }
        let until = self.believed_until.load(Ordering::Acquire);
        Err(Stale {
            seconds: now.saturating_sub(until) / 1_000,
        })
    }

    /// Follows all that the others have changed until now, and renews the lease.
    async fn catch_up(&self) -> Result<(), StoreError> {
        let (Some(others), Some(following)) = (&self.others, self.following.get()) else {
            return Ok(());
        };
        let mut followed = self.followed.lock().await;
        loop {
            let asked = Instant::now();
            let heads = others.report(*followed).await?;
            if followed.includes(&heads) {
                let until = self.since_began(asked + BELIEVED);
                self.believed_until.fetch_max(until, Ordering::AcqRel);
                return Ok(());
            }
            following.up_to(heads, &mut followed).await?;
        }
    }

    /// Waits until the others have followed a change of packages, before whoever made it is
    /// answered.
    pub(crate) async fn settle(&self, serial: Serial) {
        self.settle_at(Progress { serial, access: 0 }).await;
    }

    /// Waits until the others have followed the last change of who may do what.
    pub(crate) async fn settle_access(&self) {
        let Some(others) = &self.others else {
            return;
        };
        match others.heads().await {
            Ok(Progress { access, .. }) => {
                let serial = Serial::default();
                self.settle_at(Progress { serial, access }).await;
            }
            Err(error) => wait_out(Instant::now(), &error).await,
        }
    }

    async fn settle_at(&self, progress: Progress) {
        let Some(others) = &self.others else {
            return;
        };
        let began = Instant::now();
        // What is committed stays so, whatever comes of the waiting.
        match others.await_others(progress).await {
            Ok(true) => {}
            Ok(false) => tracing::warn!(
                "a replica has not followed change {} within {} s",
                progress.serial,
                LEASE.as_secs()
            ),
            Err(error) => wait_out(began, &error).await,
        }
    }

    /// Waits until nobody holds a name at any replica, and knows then what all others changed.
    pub(crate) async fn hold(&self, name: &str) -> Result<Option<Box<dyn Held>>, StoreError> {
        let Some(others) = &self.others else {
            return Ok(None);
        };
        let held = others.hold(name).await?;
        self.catch_up().await?;
        Ok(Some(held))
    }

    /// Takes a turn at work that one of all replicas is to do. Nobody's, while that cannot be found
    /// out.
    pub async fn is_turn(&self, work: &str, span: Duration) -> bool {
        let Some(others) = &self.others else {
            return true;
        };
        let turn = others.take_turn(work, span).await;
        turn.unwrap_or_else(|error| {
            tracing::warn!("nobody can tell whose turn it is to {work}: {error}");
            false
        })
    }

    /// Answers no more: the others need not wait for this one.
    pub async fn leave(&self) {
        if let Some(others) = &self.others {
            self.believed_until.store(0, Ordering::Release);
            // It runs out by itself.
            let _ = tokio::time::timeout(PATIENCE, others.leave()).await;
        }
    }
}

/// Waits as long as a lease lasts where nobody can tell whether the others have followed a change:
/// then they have, or they answer what is marked as old.
async fn wait_out(began: Instant, error: &StoreError) {
    tracing::warn!("other replicas cannot be asked whether they know of a change: {error}");
    tokio::time::sleep_until((began + LEASE).into()).await;
}

impl Following {
    /// Follows changes up to some, and takes note of each step.
    async fn up_to(&self, heads: Progress, followed: &mut Progress) -> Result<(), StoreError> {
        if heads.access > followed.access {
            self.access.read_again().await?;
            for reader in self.readers.iter() {
                reader.access_changed();
            }
            followed.access = heads.access;
        }
        while heads.serial > followed.serial {
            let events = self.catalog.events_after(followed.serial, EVENTS).await?;
            let Some(last) = events.last().map(|event| event.serial) else {
                // Serials may be left out.
                followed.serial = heads.serial;
                return Ok(());
            };
            for change in events.chunk_by(|one, other| one.serial == other.serial) {
                let applied = applied(change);
                for reader in self.readers.iter() {
                    reader.applied(&applied);
                }
            }
            followed.serial = last;
        }
        Ok(())
    }
}

/// Returns what the events of one serial touched.
fn applied(events: &[Event]) -> Applied {
    let first = &events[0];
    let mut projects: Vec<_> = events.iter().map(|event| event.project.clone()).collect();
    let before = events.iter().filter_map(Event::before);
    projects.extend(before.map(|record| record.project().clone()));
    projects.sort();
    projects.dedup();
    let mut paths: Vec<_> = events.iter().filter_map(Event::path).cloned().collect();
    paths.sort();
    paths.dedup();
    Applied {
        index: first.index.clone(),
        serial: first.serial,
        projects,
        paths,
    }
}
