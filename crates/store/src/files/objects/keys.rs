//! What objects are called.
//!
//! ```text
//! owner.json                             whose bucket this is
//! marks/INDEX.json                       what was yanked, deleted, given a status
//! sha256/ab/cdef…                        content
//! records/ab/cdef…/PATH.ID.json          a file that has this content
//! discarded/ab/cdef…/PATH.MOMENT.json    a file that had this content, and may have it again
//! retired/ab/cdef…                       content that nothing needs, before it goes for good
//! beside/PATH                            what stands beside a file
//! ```
//!
//! `PATH` is the digest of a path: no store has to agree with another about odd characters.

use object_store::path::Path;
use uuid::Uuid;
use wheelhouse_index::identity::{IndexName, Timestamp};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::PathDigest;
use wheelhouse_standards::digest::Sha256Digest;

/// The names of objects below a prefix.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    prefix: Path,
}

impl Keys {
    pub(super) fn below(prefix: &str) -> Self {
        Self {
            prefix: Path::from(prefix),
        }
    }

    pub(super) fn owner(&self) -> Path {
        self.prefix.clone().join("owner.json")
    }

    pub(super) fn marks(&self, index: &IndexName) -> Path {
        self.prefix
            .clone()
            .join("marks")
            .join(format!("{index}.json"))
    }

    pub(super) fn trial(&self, id: Uuid) -> Path {
        self.prefix
            .clone()
            .join("trial")
            .join(id.simple().to_string())
    }

    pub(super) fn content(&self, sha256: &Sha256Digest) -> Path {
        self.of_content("sha256", sha256)
    }

    pub(super) fn retired(&self, sha256: &Sha256Digest) -> Path {
        self.of_content("retired", sha256)
    }

    pub(super) fn records(&self, sha256: &Sha256Digest) -> Path {
        self.of_content("records", sha256)
    }

    pub(super) fn record(&self, sha256: &Sha256Digest, path: &FilePath, id: Uuid) -> Path {
        let name = format!("{}.{}.json", digits_of(path), id.simple());
        self.records(sha256).join(name)
    }

    pub(super) fn discarded(&self, sha256: &Sha256Digest) -> Path {
        self.of_content("discarded", sha256)
    }

    pub(super) fn tombstone(&self, sha256: &Sha256Digest, path: &FilePath, at: Timestamp) -> Path {
        let name = format!("{}.{}.json", digits_of(path), at.0);
        self.discarded(sha256).join(name)
    }

    pub(super) fn all_records(&self) -> Path {
        self.prefix.clone().join("records")
    }

    pub(super) fn all_tombstones(&self) -> Path {
        self.prefix.clone().join("discarded")
    }

    /// Everything of one kind (`sha256`, `records`, `discarded`, `retired`) whose digest begins
    /// with this byte.
    pub(super) fn shard(&self, kind: &str, first: u8) -> Path {
        self.prefix.clone().join(kind).join(format!("{first:02x}"))
    }

    pub(super) fn beside(&self, path: &FilePath) -> Path {
        self.prefix.clone().join("beside").join(digits_of(path))
    }

    fn of_content(&self, kind: &str, sha256: &Sha256Digest) -> Path {
        let digits = sha256.to_string();
        let (first, rest) = digits.split_at(2);
        self.prefix.clone().join(kind).join(first).join(rest)
    }

    /// Returns the digest in the name of an object of one of the four kinds.
    pub(super) fn digest_in(&self, key: &Path) -> Option<Sha256Digest> {
        let mut parts = key.prefix_match(&self.prefix)?.skip(1);
        let (first, rest) = (parts.next()?, parts.next()?);
        format!("{}{}", first.as_ref(), rest.as_ref()).parse().ok()
    }
}

/// Returns whether a record or tombstone is about a path, by its name.
pub(super) fn is_about(key: &Path, path: &FilePath) -> bool {
    let name = key.filename().unwrap_or_default();
    name.split('.').next() == Some(&digits_of(path))
}

/// Returns the path that a record or tombstone is about, as far as its name tells.
pub(super) fn path_in(key: &Path) -> Option<PathDigest> {
    key.filename()?.split('.').next()?.parse().ok()
}

/// Returns when a tombstone was made, by its name.
pub(super) fn moment_in(key: &Path) -> Option<Timestamp> {
    let moment = key.filename()?.split('.').nth(1)?;
    moment.parse().ok().map(Timestamp)
}

fn digits_of(path: &FilePath) -> String {
    PathDigest::of(path).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_what_it_is_about() {
        let sha256: Sha256Digest = format!("ab{}", "c".repeat(62)).parse().expect("a digest");
        let path: FilePath = "team/démo-1.0.zip".parse().expect("a path");
        for prefix in ["", "team", "a/b"] {
            let keys = Keys::below(prefix);
            let content = keys.content(&sha256);
            assert!(
                content
                    .as_ref()
                    .ends_with(&format!("sha256/ab/{}", "c".repeat(62)))
            );
            let record = keys.record(&sha256, &path, Uuid::nil());
            let tombstone = keys.tombstone(&sha256, &path, Timestamp(-5));
            for key in [&content, &keys.retired(&sha256), &record, &tombstone] {
                assert_eq!(keys.digest_in(key), Some(sha256), "{key}");
            }
            for key in [&record, &tombstone] {
                assert!(is_about(key, &path), "{key}");
                assert_eq!(path_in(key), Some(PathDigest::of(&path)));
                assert!(!is_about(key, &"demo-1.0.zip".parse().expect("a path")));
            }
            assert_eq!(moment_in(&tombstone), Some(Timestamp(-5)));
            assert_eq!(keys.digest_in(&keys.owner()), None);
        }
    }
}
