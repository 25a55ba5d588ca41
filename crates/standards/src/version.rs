//! Versions: the strict kind that the standard knows, the text that a found file may carry in its
//! place, and one total order over both. Specifiers such as `>=3.9` are in
//! [`specifier`](crate::specifier).

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

mod key;
mod parts;

pub use key::VersionKey;
use parts::Parts;

/// A valid version, with the spelling that it was given in.
///
/// Equality and order are those of the standard: `1.0` equals `1.0.0`. Numbers may have any
/// number of digits.
///
/// Standard: PyPA specifications, "Version specifiers" (PEP 440), as `packaging` reads it.
#[derive(Debug, Clone)]
pub struct Version {
    text: Box<str>,
    key: VersionKey,
}

impl Version {
    /// Returns the spelling that was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the normal form, such as `1.0rc1` for `v1.0-RC.1`. Trailing zeros are kept.
    pub fn canonical(&self) -> String {
        self.parts().canonical()
    }

    /// Returns what is equal for all spellings of this version and orders as versions do.
    pub fn key(&self) -> &VersionKey {
        &self.key
    }

    /// Tells whether installers pass over this version unless asked: alpha, beta, candidate, dev.
    pub fn is_prerelease(&self) -> bool {
        self.parts().is_prerelease()
    }

    /// Tells whether there is a local part, such as `+cu126`.
    pub fn is_local(&self) -> bool {
        self.parts().local.is_some()
    }

    fn parts(&self) -> Parts<'_> {
        Parts::of(&self.text).expect("the text was read when this value was made")
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = Parts::of(text).ok_or(VersionError)?;
        Ok(Self {
            text: text.into(),
            key: VersionKey::of_parts(&parts),
        })
    }
}

impl fmt::Display for Version {
    /// Writes the spelling that was given.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Version {}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

/// A text is not a version by the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "version must look like `1.2.3`, `1.2rc1`, `1.2.post1`, `1.2.dev1` or `1.2+local` (PEP 440)"
)]
pub struct VersionError;

/// What stands in a version's place: a version, some other text, or nothing.
///
/// The text is kept as it is and two values are equal only if their texts are: use
/// [`key`](Self::key) to join `1.0` and `1.0.0` to one release. The order is total: texts that are
/// no versions come first, so that they are last where the newest is listed first, and the empty
/// text before all others. Among themselves they compare as text, with digits read as numbers.
/// Then come versions in the standard's order. Equal versions compare by their texts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VersionText {
    text: Box<str>,
    key: VersionKey,
}

impl VersionText {
    /// Takes any text.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        let text = text.into();
        let key = match Parts::of(&text) {
            Some(parts) => VersionKey::of_parts(&parts),
            None => VersionKey::of_odd_text(&text),
        };
        Self { text, key }
    }

    /// Returns the text that was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Tells whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Tells whether the text is a version by the standard.
    pub fn is_valid(&self) -> bool {
        self.key.is_valid()
    }

    /// Returns the version, or `None` if the text is none.
    pub fn to_version(&self) -> Option<Version> {
        self.is_valid().then(|| Version {
            text: self.text.clone(),
            key: self.key.clone(),
        })
    }

    /// Returns the normal form of a version, with trailing zeros kept; any other text as it is.
    ///
    /// What is shown. What is compared is [`key`](Self::key).
    pub fn canonical(&self) -> String {
        Parts::of(&self.text).map_or_else(|| self.text.to_string(), |parts| parts.canonical())
    }

    /// Returns what is equal for all texts of one release and orders as this type does.
    pub fn key(&self) -> &VersionKey {
        &self.key
    }

    /// Tells whether this is a version that installers pass over unless asked. A text that is no
    /// version is not one.
    pub fn is_prerelease(&self) -> bool {
        Parts::of(&self.text).is_some_and(|parts| parts.is_prerelease())
    }
}

impl From<&str> for VersionText {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for VersionText {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<Version> for VersionText {
    fn from(version: Version) -> Self {
        Self {
            text: version.text,
            key: version.key,
        }
    }
}

impl fmt::Display for VersionText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialOrd for VersionText {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for VersionText {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key
            .cmp(&other.key)
            .then_with(|| self.text.cmp(&other.text))
    }
}

impl Serialize for VersionText {
    /// Writes the text.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for VersionText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<str>::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn order_is_odd_texts_then_the_standards() {
        let ascending = [
            "",
            "2bar-1.9",
            "2bar-1.10",
            "bar",
            "latest",
            "1.0.dev1",
            "1.0.dev99999999999999999999999999",
            "1.0a1.dev1",
            "1.0a1",
            "1.0a1.post1",
            "1.0b2",
            "1.0rc1",
            "1.0",
            "1.0+abc",
            "1.0+abc.1",
            "1.0+5",
            "1.0+5.a",
            "1.0.post1.dev1",
            "1.0.post1",
            "1.0.1",
            "1.9",
            "1.10",
            "20210609131134657401",
            "1!0.1",
        ];
        for pair in ascending.windows(2) {
            let [low, high] = [pair[0], pair[1]].map(VersionText::from);
            assert!(low < high, "{low:?} < {high:?}");
            assert!(low.key() < high.key(), "{low:?} < {high:?}");
        }
    }

    #[test]
    fn spellings_of_one_release_share_a_key_but_stay_themselves() {
        for (one, other) in [
            ("1.0", "1.0.0"),
            ("1.0", "v1"),
            ("1.0rc1", "1.0-C_01"),
            ("1.0-1", "1.post1"),
            ("1.0+Ab-01", "1.0+ab.1"),
            ("0!1", "1"),
            ("1.0\u{a0}", "1.0"),
        ] {
            let (one, other) = (VersionText::from(one), VersionText::from(other));
            assert_eq!(one.key(), other.key());
            assert_ne!(one, other);
        }
        assert_ne!(
            VersionText::from("r1").key(),
            VersionText::from("r01").key()
        );
    }

    #[test]
    fn canonical_form_is_that_of_the_standard() {
        for (text, canonical) in [
            ("1.0.0", "1.0.0"),
            (" V01.02-ALPHA_3 ", "1.2a3"),
            ("1.0pre", "1.0rc0"),
            ("1.0-", "1.0-"),
            ("1.0a-", "1.0a0"),
            ("1.0a--1", "1.0a0.post1"),
            ("1.0-1", "1.0.post1"),
            ("1.0r4", "1.0.post4"),
            ("1.0rev", "1.0.post0"),
            ("1.0-dev_2", "1.0.dev2"),
            ("007!1.0+UBUNTU-01_x", "7!1.0+ubuntu.1.x"),
            ("0!1", "1"),
            ("1.0+", "1.0+"),
            ("1.0+a..b", "1.0+a..b"),
            ("1..0", "1..0"),
            ("1.0 .1", "1.0 .1"),
            ("latest", "latest"),
            ("", ""),
            ("١.٠", "١.٠"),
            ("1.0.poſt1", "1.0.poſt1"),
        ] {
            assert_eq!(VersionText::from(text).canonical(), canonical, "{text:?}");
        }
    }

    #[test]
    fn prereleases_are_known_and_odd_texts_are_none() {
        for (text, expected) in [
            ("1.0a1", true),
            ("1.0.dev1", true),
            ("1.0.post1.dev1", true),
            ("1.0", false),
            ("1.0.post1", false),
            ("1.0+dev", false),
            ("dev", false),
        ] {
            assert_eq!(VersionText::from(text).is_prerelease(), expected, "{text}");
        }
    }

    #[test]
    fn a_strict_version_refuses_what_the_text_keeps() {
        assert_eq!("latest".parse::<Version>(), Err(VersionError));
        let version: Version = "1.0.0".parse().unwrap();
        assert_eq!(version, "1".parse().unwrap());
        assert_eq!(version.to_string(), "1.0.0");
        assert_eq!(VersionText::from("").to_version(), None);
    }

    proptest! {
        #[test]
        fn any_text_is_kept_and_ordered(one in ".*", other in ".*") {
            let (one, other) = (VersionText::from(&*one), VersionText::from(&*other));
            prop_assert_eq!(one.cmp(&other), other.cmp(&one).reverse());
            prop_assert_eq!(one == other, one.as_str() == other.as_str());
            prop_assert_eq!(one == other, one.cmp(&other).is_eq());
            let canonical = VersionText::new(one.canonical());
            prop_assert_eq!(canonical.canonical(), one.canonical());
            prop_assert_eq!(canonical.key(), one.key());
        }

        #[test]
        fn versions_of_small_numbers_agree_with_the_other_reader(
            one in VERSION, other in VERSION
        ) {
            let theirs = [&one, &other].map(|text| text.parse::<pep440_rs::Version>());
            let ours = [&one, &other].map(|text| text.parse::<Version>());
            for (theirs, ours) in theirs.iter().zip(&ours) {
                prop_assert_eq!(theirs.is_ok(), ours.is_ok());
                if let (Ok(theirs), Ok(ours)) = (theirs, ours) {
                    prop_assert_eq!(theirs.to_string(), ours.canonical());
                    prop_assert_eq!(theirs.any_prerelease(), ours.is_prerelease());
                }
            }
            if let ([Ok(a), Ok(b)], [Ok(x), Ok(y)]) = (theirs, ours) {
                prop_assert_eq!(a.cmp(&b), x.cmp(&y));
            }
        }
    }

    const VERSION: &str = r"v?([0-2]!)?[0-3](\.[0-3]){0,3}([._-]?(a|beta|C|rc|pre)[._-]?[0-2]?)?(-[0-2]|[._-]?(post|r)[._-]?[0-2]?)?([._-]?dev[._-]?[0-2]?)?(\+[ab01]([._-][ab01]){0,2})?";
}
