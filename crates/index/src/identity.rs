//! Small values that name things: indexes, serials, moments, the state of a file's bytes.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use wheelhouse_standards::digest::Sha256Digest;

/// The name of an index of this installation. Every row, event, cache key and right carries one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IndexName(Arc<str>);

impl IndexName {
    /// Returns the name of the default index, `main`.
    pub fn main() -> Self {
        Self("main".into())
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IndexName {
    type Err = IndexNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let is_name = !text.is_empty() && text.len() <= 64 && text.bytes().all(is_allowed);
        is_name.then(|| Self(text.into())).ok_or(IndexNameError)
    }
}

impl fmt::Display for IndexName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text is not the name of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("index name must be 1 to 64 lower-case ASCII letters, digits or `-`")]
pub struct IndexNameError;

/// The number of a change. Serials grow in the order in which changes are committed; numbers may
/// be left out.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Serial(pub u64);

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A moment, in whole microseconds since the start of 1970, UTC.
///
/// Pages show six digits of a second, so that a rebuilt page is byte for byte the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Returns the moment of a count of nanoseconds since 1970, less the part of a microsecond.
    pub fn from_nanoseconds(nanoseconds: i64) -> Self {
        Self(nanoseconds.div_euclid(1_000))
    }

    /// Returns the moment as a date and time, UTC. Moments that no calendar of ours holds
    /// become the nearest one that it does.
    pub fn to_date_time(self) -> OffsetDateTime {
        let nanoseconds = i128::from(self.0) * 1_000;
        OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).unwrap_or(if self.0 < 0 {
            time::PrimitiveDateTime::MIN.assume_utc()
        } else {
            time::PrimitiveDateTime::MAX.assume_utc()
        })
    }

    /// Returns the moment that is this much later, or the last one that there is.
    #[must_use]
    pub fn after(self, span: std::time::Duration) -> Self {
        let microseconds = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(microseconds))
    }

    /// Returns the count of whole seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(moment: OffsetDateTime) -> Self {
        let microseconds = moment.unix_timestamp_nanos().div_euclid(1_000);
        Self(i64::try_from(microseconds).expect("the calendar's microseconds fit 64 bits"))
    }
}

/// What tells one content of a path from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fingerprint {
    /// A file in a directory.
    File {
        /// Size in bytes.
        size_bytes: u64,
        /// Time of the last modification, in nanoseconds since 1970.
        modified_ns: i64,
        /// Number of the inode.
        inode: u64,
    },
    /// An object in a store whose objects are never changed.
    Object {
        /// Size in bytes.
        size_bytes: u64,
        /// Digest of the content.
        sha256: Sha256Digest,
    },
}

impl Fingerprint {
    /// Returns the size of the content in bytes.
    pub fn size_bytes(&self) -> u64 {
        match self {
            Self::File { size_bytes, .. } | Self::Object { size_bytes, .. } => *size_bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_names_are_safe_in_a_path() {
        assert_eq!("main".parse(), Ok(IndexName::main()));
        for text in ["", "Main", "a/b", "..", "a b", &"a".repeat(65)] {
            assert_eq!(text.parse::<IndexName>(), Err(IndexNameError), "{text:?}");
        }
    }

    #[test]
    fn a_moment_survives_the_calendar_to_the_microsecond() {
        let moment = Timestamp::from_nanoseconds(1_700_000_000_123_456_789);
        assert_eq!(moment.0, 1_700_000_000_123_456);
        assert_eq!(Timestamp::from(moment.to_date_time()), moment);
        assert_eq!(Timestamp::from_nanoseconds(-1).0, -1);
        let far = Timestamp(i64::MAX).to_date_time();
        assert_eq!(far.year(), 9999);
    }
}
