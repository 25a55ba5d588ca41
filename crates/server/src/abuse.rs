//! Limits on what somebody may try again and again: signing in with wrong credentials, uploading.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use moka::sync::Cache;
use sha2::{Digest as _, Sha256};
use wheelhouse_index::actor::Actor;

/// How long a failed sign-in counts.
const SIGN_IN_WINDOW: Duration = Duration::from_mins(1);
/// How long an upload counts.
const UPLOAD_WINDOW: Duration = Duration::from_hours(1);
/// How many more failures than of one user are taken of a whole address: many people may be behind
/// one.
const ADDRESS_FACTOR: u32 = 10;
/// Most keys that are counted at one time. When there are more, those that counted first are
/// forgotten.
const MAX_KEYS: u64 = 100_000;

/// How often something may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AbuseLimits {
    /// Failed sign-ins of one user from one address within a minute; ten times as many of one
    /// address. `None` for no limit.
    pub failed_sign_ins: Option<u32>,
    /// Uploads of one actor within an hour. `None` for no limit.
    pub uploads: Option<u32>,
}

/// What somebody tries to sign in with.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Attempt<'a> {
    /// A password of this user: it can be guessed.
    Password(&'a str),
    /// This token: it cannot be guessed. One that expired stops neither others nor its address.
    Token(&'a str),
}

impl Attempt<'_> {
    fn key(self, address: IpAddr) -> Key {
        match self {
            Self::Password(user) => key_of(b"user", Some(address), user),
            Self::Token(token) => key_of(b"token", Some(address), token),
        }
    }
}

type Key = [u8; 32];

/// What was tried lately, and how often.
#[derive(Debug)]
pub(crate) struct Tried {
    limits: AbuseLimits,
    by_address: Window,
    by_attempt: Window,
    uploads: Window,
}

impl Tried {
    pub(crate) fn new(limits: AbuseLimits) -> Self {
        Self {
            limits,
            by_address: Window::new(SIGN_IN_WINDOW),
            by_attempt: Window::new(SIGN_IN_WINDOW),
            uploads: Window::new(UPLOAD_WINDOW),
        }
    }

    /// Returns for how long an attempt from an address is not looked at any more, if too many were
    /// wrong.
    pub(crate) fn sign_in_wait(&self, address: IpAddr, attempt: Attempt<'_>) -> Option<Duration> {
        let limit = self.limits.failed_sign_ins?;
        let pair = self.by_attempt.wait(&attempt.key(address), limit);
        if matches!(attempt, Attempt::Token(_)) {
            return pair;
        }
        let whole = limit.saturating_mul(ADDRESS_FACTOR);
        pair.or_else(|| self.by_address.wait(&whole_address(address), whole))
    }

    /// Counts a sign-in that failed.
    pub(crate) fn sign_in_failed(&self, address: IpAddr, attempt: Attempt<'_>) {
        if self.limits.failed_sign_ins.is_none() {
            return;
        }
        self.by_attempt.count(attempt.key(address));
        if matches!(attempt, Attempt::Password(_)) {
            self.by_address.count(whole_address(address));
        }
    }

    /// Counts an upload of an actor, or returns how long the actor has to wait with it. Those who
    /// did not sign in are told apart by their addresses.
    pub(crate) fn upload(&self, actor: &Actor, address: IpAddr) -> Option<Duration> {
        let limit = self.limits.uploads?;
        let address = (*actor == Actor::Anonymous).then_some(address);
        let key = key_of(b"upload", address, &actor.to_string());
        let wait = self.uploads.wait(&key, limit);
        if wait.is_none() {
            self.uploads.count(key);
        }
        wait
    }
}

/// Names are hashed, so that long ones take no more room.
fn key_of(kind: &[u8], address: Option<IpAddr>, name: &str) -> Key {
    let mut hash = Sha256::new();
    hash.update(kind);
    hash.update([0]);
    match address.map(network) {
        Some(IpAddr::V4(address)) => hash.update(address.octets()),
        Some(IpAddr::V6(address)) => hash.update(address.octets()),
        None => {}
    }
    hash.update([0]);
    hash.update(name.as_bytes());
    hash.finalize().into()
}

fn whole_address(address: IpAddr) -> Key {
    key_of(b"address", Some(address), "")
}

/// Returns the address, or of IPv6 the network that one customer has.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let bits = address.to_bits() >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from_bits(bits))
        }
    }
}

/// Counts keys within a time that begins with the first count of each.
#[derive(Debug)]
struct Window {
    length: Duration,
    counts: Cache<Key, Arc<Count>>,
}

#[derive(Debug)]
struct Count {
    since: Instant,
    number: AtomicU32,
}

impl Window {
    fn new(length: Duration) -> Self {
        Self {
            length,
            counts: Cache::builder()
                .max_capacity(MAX_KEYS)
                .time_to_live(length)
                .build(),
        }
    }

    /// Returns how long a key has to wait that has reached a limit.
    fn wait(&self, key: &Key, limit: u32) -> Option<Duration> {
        let count = self.counts.get(key)?;
        let left = self.length.checked_sub(count.since.elapsed())?;
        (count.number.load(Ordering::Relaxed) >= limit).then_some(left)
    }

    fn count(&self, key: Key) {
        let fresh = || {
            Arc::new(Count {
                since: Instant::now(),
                number: AtomicU32::new(0),
            })
        };
        let count = self.counts.get_with(key, fresh);
        count.number.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wheelhouse_index::actor::UserName;

    use Attempt::{Password, Token};

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn user(name: &str) -> Actor {
        Actor::User(UserName::new(name))
    }

    fn tried(failed_sign_ins: u32, uploads: u32) -> Tried {
        Tried::new(AbuseLimits {
            failed_sign_ins: Some(failed_sign_ins),
            uploads: Some(uploads),
        })
    }

    #[test]
    fn a_user_is_stopped_at_an_address_and_others_are_not() {
        let tried = tried(3, 1);
        let (here, there) = (address("192.0.2.1"), address("192.0.2.2"));
        for _ in 0..3 {
            assert_eq!(tried.sign_in_wait(here, Password("ada")), None);
            tried.sign_in_failed(here, Password("ada"));
        }
        let wait = tried.sign_in_wait(here, Password("ada")).expect("too many");
        assert!(wait <= SIGN_IN_WINDOW && wait > SIGN_IN_WINDOW / 2);
        assert_eq!(tried.sign_in_wait(here, Password("bob")), None);
        assert_eq!(tried.sign_in_wait(there, Password("ada")), None);
    }

    #[test]
    fn an_address_that_tries_many_names_is_stopped_for_all_of_them() {
        let tried = tried(2, 1);
        let here = address("2001:db8::1");
        for number in 0..20 {
            let user = format!("user-{number}");
            assert_eq!(tried.sign_in_wait(here, Password(&user)), None, "{number}");
            tried.sign_in_failed(here, Password(&user));
        }
        assert!(tried.sign_in_wait(here, Password("another")).is_some());
        assert!(
            tried
                .sign_in_wait(address("2001:db8::2"), Password("another"))
                .is_some()
        );
        assert_eq!(
            tried.sign_in_wait(address("2001:db8:0:1::1"), Password("another")),
            None
        );
    }

    #[test]
    fn a_token_that_expired_stops_itself_alone() {
        let tried = tried(2, 1);
        let here = address("192.0.2.1");
        for _ in 0..100 {
            tried.sign_in_failed(here, Token("expired"));
        }
        assert!(tried.sign_in_wait(here, Token("expired")).is_some());
        assert_eq!(tried.sign_in_wait(here, Token("another")), None);
        assert_eq!(tried.sign_in_wait(here, Password("expired")), None);
    }

    #[test]
    fn uploads_are_counted_by_actor() {
        let tried = tried(1, 2);
        let (here, there) = (address("192.0.2.1"), address("192.0.2.2"));
        assert_eq!(tried.upload(&user("ada"), here), None);
        assert_eq!(tried.upload(&user("ada"), here), None);
        assert!(tried.upload(&user("ada"), here).is_some());
        assert!(tried.upload(&user("ada"), there).is_some(), "from anywhere");
        assert_eq!(tried.upload(&user("bob"), here), None);
        for _ in 0..2 {
            assert_eq!(tried.upload(&Actor::Anonymous, here), None);
        }
        assert!(tried.upload(&Actor::Anonymous, here).is_some());
        assert_eq!(tried.upload(&Actor::Anonymous, there), None);
    }

    #[test]
    fn without_limits_nothing_is_counted() {
        let tried = Tried::new(AbuseLimits::default());
        let here = address("192.0.2.1");
        for _ in 0..1_000 {
            tried.sign_in_failed(here, Password("ada"));
            assert_eq!(tried.upload(&user("ada"), here), None);
        }
        assert_eq!(tried.sign_in_wait(here, Password("ada")), None);
    }
}
