//! What a store remembers of its files: which have settled as what, and which somebody is still
//! writing.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use wheelhouse_index::identity::Fingerprint;
use wheelhouse_index::path::FilePath;

/// A clock may be wrong by this much before its time stamps mean nothing.
const CLOCK_SKEW: Duration = Duration::from_hours(1);

/// A path in one of the roots, which are counted from 0.
pub(super) type Place = (usize, FilePath);

/// What a store remembers of its files.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Digests of places and of the fingerprints with which their files had settled: a few
    /// bytes for each file. That two of a million places share a digest happens to one
    /// installation in ten million, and costs it a wait of two seconds.
    settled: HashMap<u64, u64>,
    hasher: RandomState,
    /// The files that somebody is writing, or may be.
    pub(super) pending: HashMap<Place, Pending>,
    /// The paths that more than one root has.
    pub(super) shadowed: HashSet<FilePath>,
}

/// A file that has not settled.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    /// What the file was when it was last looked at; `None` before that.
    pub(super) fingerprint: Option<Fingerprint>,
    /// Since when it has been that.
    pub(super) since: Instant,
    /// When to look at it next.
    pub(super) due: Instant,
    /// Why it cannot be told to be complete, if it was read.
    pub(super) doubt: Option<String>,
}

impl Pending {
    /// Begins to wait for a file that is this now.
    pub(super) fn new(fingerprint: Option<Fingerprint>, now: Instant, rest: Duration) -> Self {
        Self {
            fingerprint,
            since: now,
            due: now + rest,
            doubt: None,
        }
    }
}

impl Ledger {
    /// Takes note that a file is complete, as this fingerprint: nobody waits for it any more. A
    /// watcher may have heard of it, and begun to wait, before whoever put it there says so.
    pub(super) fn settle(&mut self, root: usize, path: &FilePath, fingerprint: Fingerprint) {
        self.pending.remove(&(root, path.clone()));
        let (place, content) = self.digests(root, path, fingerprint);
        self.settled.insert(place, content);
    }

    /// Forgets all complete files if most of them must be gone, now that there are `files_count`,
    /// and returns whether it did. What is forgotten of the others is learned again.
    pub(super) fn forget_old(&mut self, files_count: usize) -> bool {
        let is_crowded = self.settled.len() > 4 * files_count + 100_000;
        if is_crowded {
            self.settled.clear();
        }
        is_crowded
    }

    /// Returns whether a file was complete when it had this fingerprint.
    pub(super) fn has_settled(
        &self,
        root: usize,
        path: &FilePath,
        fingerprint: Fingerprint,
    ) -> bool {
        let (place, content) = self.digests(root, path, fingerprint);
        self.settled.get(&place) == Some(&content)
    }

    /// Forgets a file.
    pub(super) fn forget(&mut self, place: &Place) {
        self.settled
            .remove(&self.hasher.hash_one((place.0, &place.1)));
        self.pending.remove(place);
    }

    fn digests(&self, root: usize, path: &FilePath, fingerprint: Fingerprint) -> (u64, u64) {
        (
            self.hasher.hash_one((root, path)),
            self.hasher.hash_one(fingerprint),
        )
    }
}

/// Returns whether a file was modified less than `rest` ago, by the wall clock, or a little in the
/// future.
pub(super) fn is_young(fingerprint: Fingerprint, rest: Duration) -> bool {
    let Fingerprint::File { modified_ns, .. } = fingerprint else {
        return false;
    };
    let age = nanoseconds_now().saturating_sub(i128::from(modified_ns));
    (-nanoseconds(CLOCK_SKEW)..nanoseconds(rest)).contains(&age)
}

fn nanoseconds_now() -> i128 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => nanoseconds(since),
        Err(before) => -nanoseconds(before.duration()),
    }
}

fn nanoseconds(duration: Duration) -> i128 {
    i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_young_for_its_rest_and_a_wrong_clock_does_not_make_it_young_for_ever() {
        let at = |offset_ns: i128| Fingerprint::File {
            size_bytes: 1,
            modified_ns: i64::try_from(nanoseconds_now() + offset_ns).unwrap(),
            inode: 1,
        };
        let rest = Duration::from_secs(2);
        let second = 1_000_000_000;
        assert!(is_young(at(-second), rest));
        assert!(!is_young(at(-3 * second), rest));
        assert!(is_young(at(5 * second), rest));
        assert!(!is_young(at(2 * 3_600 * second), rest));
    }

    #[test]
    fn a_file_that_has_settled_is_not_waited_for() {
        let mut ledger = Ledger::default();
        let path: FilePath = "demo-1.0.zip".parse().unwrap();
        let content = Fingerprint::File {
            size_bytes: 1,
            modified_ns: 1,
            inode: 1,
        };
        let rest = Duration::from_secs(2);
        let pending = Pending::new(Some(content), Instant::now(), rest);
        ledger.pending.insert((0, path.clone()), pending.clone());
        ledger.pending.insert((1, path.clone()), pending);
        ledger.settle(0, &path, content);
        assert!(ledger.has_settled(0, &path, content));
        assert!(!ledger.pending.contains_key(&(0, path.clone())));
        assert!(ledger.pending.contains_key(&(1, path)), "another root's");
    }

    #[test]
    fn a_file_has_settled_as_one_content_in_one_root() {
        let mut ledger = Ledger::default();
        let path: FilePath = "a-1.zip".parse().unwrap();
        let one = Fingerprint::File {
            size_bytes: 1,
            modified_ns: 1,
            inode: 1,
        };
        let other = Fingerprint::File {
            size_bytes: 1,
            modified_ns: 2,
            inode: 1,
        };
        ledger.settle(0, &path, one);
        assert!(ledger.has_settled(0, &path, one));
        assert!(!ledger.has_settled(0, &path, other));
        assert!(!ledger.has_settled(1, &path, one));
        ledger.forget(&(0, path.clone()));
        assert!(!ledger.has_settled(0, &path, one));
    }
}
