//! One lock for each name. Of files: an upload, a removal and the adoption of what was found never
//! work on one file at the same time. Of projects: one alone creates it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OwnedMutexGuard;

/// Locks by name. Names that nobody holds or waits for take no memory for long.
#[derive(Debug, Default)]
pub(crate) struct NameLocks {
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    by_name: HashMap<Box<str>, Weak<tokio::sync::Mutex<()>>>,
    /// How many names there may be before those are swept out that nobody holds.
    sweep_at: usize,
}

/// Names that are kept before anything is swept out.
const KEPT_NAMES: usize = 64;

/// The lock of one name, until it is dropped.
#[derive(Debug)]
pub struct NameLock {
    _guard: OwnedMutexGuard<()>,
}

impl NameLocks {
    /// Waits for the lock of a name.
    pub(crate) async fn lock(&self, name: &str) -> NameLock {
        let mutex = self.mutex(name);
        NameLock {
            _guard: mutex.lock_owned().await,
        }
    }

    fn mutex(&self, name: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mutex) = held.by_name.get(name).and_then(Weak::upgrade) {
            return mutex;
        }
        if held.by_name.len() >= held.sweep_at.max(KEPT_NAMES) {
            held.by_name.retain(|_, mutex| mutex.strong_count() > 0);
            // Twice as many as are in use, so that many locks at once are not swept many times.
            held.sweep_at = 2 * held.by_name.len();
        }
        let mutex = Arc::new(tokio::sync::Mutex::new(()));
        held.by_name.insert(name.into(), Arc::downgrade(&mutex));
        mutex
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_name_has_one_holder_and_other_names_do_not_wait() {
        let locks = NameLocks::default();
        let first = locks.lock("a").await;
        let other = locks.lock("b").await;
        let second = locks.mutex("a");
        assert!(second.try_lock().is_err());
        drop(first);
        assert!(second.try_lock().is_ok());
        drop(other);
    }

    #[tokio::test]
    async fn names_that_nobody_holds_are_forgotten() {
        let locks = NameLocks::default();
        for number in 0..1_000 {
            drop(locks.lock(&number.to_string()).await);
        }
        assert!(locks.held.lock().expect("not poisoned").by_name.len() <= KEPT_NAMES);
    }
}
