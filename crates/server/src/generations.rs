//! Telling whether something made from the catalog is still true.
//!
//! Each key has a generation, which goes up with each change that touches the key. Whoever makes
//! a page asks for the generation first and reads the catalog then; the page is good for as long
//! as the generation is the same. So a slow render never overtakes a change, and a change has to
//! find nothing.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// Keys share generations by hash: a key may be taken for changed when another one was.
const SHARDS: usize = 4_096;

/// The generations of all keys, in a fixed number of counters.
#[derive(Debug)]
pub(crate) struct Generations {
    hasher: RandomState,
    shards: Box<[AtomicU64]>,
}

/// The generation of a key at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Generation {
    shard: usize,
    number: u64,
}

impl Generations {
    pub(crate) fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Returns the generation of a key now.
    pub(crate) fn of(&self, key: &str) -> Generation {
        let shard = self.shard(key);
        Generation {
            shard,
            number: self.shards[shard].load(Ordering::Acquire),
        }
    }

    /// Returns whether nothing has touched the key since.
    pub(crate) fn is_current(&self, generation: Generation) -> bool {
        self.shards[generation.shard].load(Ordering::Acquire) == generation.number
    }

    /// Takes note of a change that touches the key.
    pub(crate) fn touch(&self, key: &str) {
        self.shards[self.shard(key)].fetch_add(1, Ordering::AcqRel);
    }

    /// Takes note of a change that touches every key.
    pub(crate) fn touch_all(&self) {
        for shard in &self.shards {
            shard.fetch_add(1, Ordering::AcqRel);
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the remainder is below SHARDS"
    )]
    fn shard(&self, key: &str) -> usize {
        (self.hasher.hash_one(key) % SHARDS as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_touched_key_is_no_longer_current() {
        let generations = Generations::new();
        let before = generations.of("demo");
        assert!(generations.is_current(before));
        generations.touch("demo");
        assert!(!generations.is_current(before));
        let now = generations.of("demo");
        assert!(generations.is_current(now));
        generations.touch_all();
        assert!(!generations.is_current(now));
    }
}
