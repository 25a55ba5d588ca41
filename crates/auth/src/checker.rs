//! When a password is checked: off the request threads, a few at a time, each pair once.
//!
//! A right pair is remembered for a short time, so that the cost of a slow hash is not paid on
//! every request of an installer. What is remembered is a keyed hash over user, password and stored
//! form: it tells nothing without the key, which is random and never leaves the process, and a
//! changed stored form makes it worthless at once.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use moka::future::Cache;
use sha2::Sha256;
use tokio::sync::Semaphore;
use wheelhouse_index::actor::Secret;
use wheelhouse_index::ports::IdentifyError;
use wheelhouse_standards::htpasswd::PasswordHash;
use zeroize::Zeroizing;

use crate::verify::{MAX_PASSWORD_BYTES, verify};

/// How many right pairs are remembered at most: about 200 bytes each.
const MAX_REMEMBERED: u64 = 10_000;

/// How many checks run at once, how many wait, and how long a right pair is remembered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) running: NonZeroUsize,
    pub(crate) waiting: usize,
    pub(crate) remember_for: Duration,
}

type Verify = dyn Fn(&PasswordHash, &Secret) -> bool + Send + Sync;
type Fingerprint = [u8; 32];

/// Checks passwords within [`Limits`].
#[derive(Clone)]
pub(crate) struct Checker {
    verify: Arc<Verify>,
    key: Arc<Zeroizing<[u8; 32]>>,
    right: Cache<Fingerprint, ()>,
    /// One permit for each check that runs or waits.
    places: Arc<Semaphore>,
    /// One permit for each check that runs.
    turns: Arc<Semaphore>,
}

impl Checker {
    /// Makes a checker with a new random key.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub(crate) fn new(limits: Limits) -> Result<Self, getrandom::Error> {
        Self::with(limits, Arc::new(verify))
    }

    pub(crate) fn with(limits: Limits, verify: Arc<Verify>) -> Result<Self, getrandom::Error> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(key.as_mut_slice())?;
        let running = limits.running.get().min(Semaphore::MAX_PERMITS / 2);
        let waiting = limits.waiting.min(Semaphore::MAX_PERMITS / 2);
        Ok(Self {
            verify,
            key: Arc::new(key),
            right: Cache::builder()
                .max_capacity(MAX_REMEMBERED)
                // The cache panics on a thousand years, and nobody means more than a day.
                .time_to_live(limits.remember_for.min(Duration::from_hours(24)))
                .build(),
            places: Arc::new(Semaphore::new(running + waiting)),
            turns: Arc::new(Semaphore::new(running)),
        })
    }

    /// Tells whether `password` is right for the user.
    ///
    /// For an unknown user, `stored` is a decoy: the same work is done, and the answer is no.
    ///
    /// # Errors
    /// [`IdentifyError::Busy`] if too many checks wait already.
    pub(crate) async fn check(
        &self,
        user: &str,
        password: &Secret,
        stored: Stored<'_>,
    ) -> Result<bool, IdentifyError> {
        // No stored form matches such a password, and the answer depends on nothing secret.
        if password.reveal().len() > MAX_PASSWORD_BYTES {
            return Ok(false);
        }
        let fingerprint = self.fingerprint(user, password, stored);
        if self.right.get(&fingerprint).await.is_some() {
            return Ok(true);
        }
        let check = self.clone().verified_once(
            fingerprint,
            password.clone(),
            stored.hash.clone(),
            stored.is_decoy,
        );
        // In a task of its own, so that a client that goes away neither stops a check that others
        // wait for nor lets its work run uncounted.
        match tokio::spawn(check).await {
            Ok(Ok(())) => Ok(true),
            Ok(Err(refusal)) => match *refusal {
                Refusal::Wrong => Ok(false),
                Refusal::Busy => Err(IdentifyError::Busy),
                Refusal::Failed => Err(IdentifyError::Unavailable("a check panicked".into())),
            },
            Err(error) => Err(IdentifyError::Unavailable(error.into())),
        }
    }

    /// Checks a pair, unless the same pair is being checked: then waits for that answer.
    async fn verified_once(
        self,
        fingerprint: Fingerprint,
        password: Secret,
        stored: PasswordHash,
        is_decoy: bool,
    ) -> Result<(), Arc<Refusal>> {
        let Self {
            right,
            places,
            turns,
            verify,
            ..
        } = self;
        let work = async move {
            let place = places.try_acquire_owned().map_err(|_| Refusal::Busy)?;
            let turn = turns.acquire_owned().await.map_err(|_| Refusal::Failed)?;
            let check = move || {
                let _held = (place, turn);
                verify(&stored, &password)
            };
            match tokio::task::spawn_blocking(check).await {
                Ok(true) if !is_decoy => Ok(()),
                Ok(_) => Err(Refusal::Wrong),
                Err(_) => Err(Refusal::Failed),
            }
        };
        right.try_get_with(fingerprint, work).await
    }

    fn fingerprint(&self, user: &str, password: &Secret, stored: Stored<'_>) -> Fingerprint {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.as_slice())
            .expect("a key of any length will do");
        let parts = [user, password.reveal(), stored.hash.reveal()];
        for part in parts {
            // With the lengths before them, no two triples give the same bytes.
            mac.update(&part.len().to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.update(&[u8::from(stored.is_decoy)]);
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Checker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checker").finish_non_exhaustive()
    }
}

/// The stored form that a password is checked against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stored<'a> {
    pub(crate) hash: &'a PasswordHash,
    /// Whether the user is unknown, and the form only there to take the same time.
    pub(crate) is_decoy: bool,
}

#[derive(Debug)]
enum Refusal {
    Wrong,
    Busy,
    Failed,
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn limits(running: usize, waiting: usize, remember_for: Duration) -> Limits {
        let running = NonZeroUsize::new(running).unwrap();
        Limits {
            running,
            waiting,
            remember_for,
        }
    }

    fn plain(text: &str) -> PasswordHash {
        PasswordHash::classify(text).unwrap()
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text.into())
    }

    fn known(hash: &PasswordHash) -> Stored<'_> {
        Stored {
            hash,
            is_decoy: false,
        }
    }

    /// A checker that counts how often a password was really verified.
    fn counted(limits: Limits) -> (Checker, Arc<AtomicUsize>) {
        let count = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&count);
        let counting = move |stored: &PasswordHash, password: &Secret| {
            counter.fetch_add(1, Ordering::SeqCst);
            verify(stored, password)
        };
        (Checker::with(limits, Arc::new(counting)).unwrap(), count)
    }

    /// A checker whose checks wait until something is sent for each of them.
    fn gated(limits: Limits) -> (Checker, mpsc::Sender<()>, Arc<AtomicUsize>) {
        let (open, gate) = mpsc::channel();
        let gate = Mutex::new(gate);
        let count = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&count);
        let gated = move |stored: &PasswordHash, password: &Secret| {
            counter.fetch_add(1, Ordering::SeqCst);
            gate.lock().unwrap().recv().unwrap();
            verify(stored, password)
        };
        (Checker::with(limits, Arc::new(gated)).unwrap(), open, count)
    }

    /// Waits for something that happens soon; a test that waits in vain fails instead of hanging.
    async fn until(has_happened: impl Fn() -> bool) {
        for _ in 0..20_000 {
            if has_happened() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        panic!("it did not happen");
    }

    #[tokio::test]
    async fn a_right_pair_is_verified_once() {
        let (checker, count) = counted(limits(1, 0, HOUR));
        let (stored, other) = (plain("love"), plain("lace"));
        for _ in 0..3 {
            assert!(
                checker
                    .check("ada", &secret("love"), known(&stored))
                    .await
                    .unwrap()
            );
        }
        assert_eq!(count.load(Ordering::SeqCst), 1);
        // Another user, another password or another stored form is another pair.
        assert!(
            checker
                .check("bob", &secret("love"), known(&stored))
                .await
                .unwrap()
        );
        assert!(
            !checker
                .check("ada", &secret("lov"), known(&stored))
                .await
                .unwrap()
        );
        assert!(
            !checker
                .check("ada", &secret("love"), known(&other))
                .await
                .unwrap()
        );
        assert_eq!(count.load(Ordering::SeqCst), 4);
    }

    #[tokio::test]
    async fn a_wrong_pair_is_never_remembered() {
        let (checker, count) = counted(limits(1, 0, HOUR));
        let stored = plain("love");
        for _ in 0..2 {
            assert!(
                !checker
                    .check("ada", &secret("hate"), known(&stored))
                    .await
                    .unwrap()
            );
        }
        assert_eq!(count.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_decoy_is_verified_and_never_right() {
        let (checker, count) = counted(limits(1, 0, HOUR));
        let decoy = plain("love");
        let stored = Stored {
            hash: &decoy,
            is_decoy: true,
        };
        assert!(!checker.check("ada", &secret("love"), stored).await.unwrap());
        assert_eq!(count.load(Ordering::SeqCst), 1);
        assert!(
            checker
                .check("ada", &secret("love"), known(&decoy))
                .await
                .unwrap()
        );
        assert!(!checker.check("ada", &secret("love"), stored).await.unwrap());
    }

    #[tokio::test]
    async fn nothing_is_remembered_for_no_time() {
        let (checker, count) = counted(limits(1, 0, Duration::ZERO));
        let stored = plain("love");
        for _ in 0..2 {
            assert!(
                checker
                    .check("ada", &secret("love"), known(&stored))
                    .await
                    .unwrap()
            );
        }
        assert_eq!(count.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn equal_pairs_at_once_are_verified_once() {
        for (sent, is_right) in [("love", true), ("hate", false)] {
            // Nobody may wait for a turn: those that come second take the first one's answer.
            let (checker, open, count) = gated(limits(1, 0, HOUR));
            let stored = plain("love");
            let password = secret(sent);
            let mut checks = Vec::new();
            for _ in 0..5 {
                let (checker, stored, password) =
                    (checker.clone(), stored.clone(), password.clone());
                checks.push(tokio::spawn(async move {
                    checker.check("ada", &password, known(&stored)).await
                }));
            }
            until(|| count.load(Ordering::SeqCst) > 0).await;
            // Time for the other four to reach the one that runs; the tests' runtime has one
            // thread, so each turn lets all of them go on.
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            open.send(()).unwrap();
            drop(open);
            for check in checks {
                assert_eq!(check.await.unwrap().unwrap(), is_right);
            }
            assert_eq!(count.load(Ordering::SeqCst), 1);
        }
    }

    #[tokio::test]
    async fn more_checks_than_may_wait_are_refused_as_busy() {
        let (checker, open, count) = gated(limits(1, 1, HOUR));
        let stored = plain("love");
        let start = |user: &'static str| {
            let (checker, stored) = (checker.clone(), stored.clone());
            tokio::spawn(async move { checker.check(user, &secret("love"), known(&stored)).await })
        };
        let running = start("ada");
        until(|| count.load(Ordering::SeqCst) > 0).await;
        let waiting = start("bob");
        until(|| checker.places.available_permits() == 0).await;
        assert!(matches!(
            start("cy").await.unwrap(),
            Err(IdentifyError::Busy)
        ));
        assert_eq!(count.load(Ordering::SeqCst), 1, "bob waits for ada's turn");
        open.send(()).unwrap();
        open.send(()).unwrap();
        assert!(running.await.unwrap().unwrap());
        assert!(waiting.await.unwrap().unwrap());
        open.send(()).unwrap();
        assert!(start("cy").await.unwrap().unwrap());
    }

    #[tokio::test]
    async fn a_client_that_goes_away_does_not_stop_the_check() {
        let (checker, open, count) = gated(limits(1, 0, HOUR));
        let stored = plain("love");
        let gone = {
            let (checker, stored) = (checker.clone(), stored.clone());
            tokio::spawn(async move { checker.check("ada", &secret("love"), known(&stored)).await })
        };
        until(|| count.load(Ordering::SeqCst) > 0).await;
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        assert_eq!(
            checker.places.available_permits(),
            0,
            "its work is still counted"
        );
        open.send(()).unwrap();
        // A second check would find the gate gone, and fail.
        drop(open);
        assert!(
            checker
                .check("ada", &secret("love"), known(&stored))
                .await
                .unwrap()
        );
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_panic_in_a_check_is_an_error_and_frees_its_place() {
        let broken = |_: &PasswordHash, _: &Secret| panic!("a test's panic");
        let checker = Checker::with(limits(1, 0, HOUR), Arc::new(broken)).unwrap();
        let stored = plain("love");
        for _ in 0..2 {
            let answer = checker.check("ada", &secret("love"), known(&stored)).await;
            assert!(matches!(answer, Err(IdentifyError::Unavailable(_))));
        }
    }

    #[tokio::test]
    async fn a_password_beyond_the_limit_costs_nothing() {
        let (checker, count) = counted(limits(1, 0, HOUR));
        let long = "p".repeat(MAX_PASSWORD_BYTES + 1);
        assert!(
            !checker
                .check("ada", &secret(&long), known(&plain(&long)))
                .await
                .unwrap()
        );
        assert_eq!(count.load(Ordering::SeqCst), 0);
    }
}
