//! Version specifiers as far as pages show them: what `Requires-Python` may say.

use std::fmt;
use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifier};

/// A `Requires-Python` value that installers can read, such as `>=2.7, !=3.0.*`.
///
/// The spelling is kept, less blanks around it and commas with nothing between them: one installer
/// accepts these and another fails on the whole page.
///
/// Standard: PyPA specifications, "Version specifiers", as `packaging` reads it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequiresPython(Box<str>);

impl RequiresPython {
    /// Longest accepted text, in bytes. Every line of a page repeats it, so it is short.
    pub const MAX_BYTES: usize = 1_000;

    /// Returns the specifiers as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether some release of Python 3 with this second number fits, such as 12 for `3.12`.
    pub fn admits_minor(&self, minor: u64) -> bool {
        // A bound may lie between two releases of one minor: its first and a late one are tried.
        [0, 30].into_iter().any(|patch| {
            let version = Version::new([3, minor, patch]);
            let given = self.0.split(',').map(str::trim);
            given.filter(|text| !text.is_empty()).all(|text| {
                let read = text.parse::<VersionSpecifier>();
                read.is_ok_and(|specifier| specifier.contains(&version))
            })
        })
    }
}

impl FromStr for RequiresPython {
    type Err = RequiresPythonError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > Self::MAX_BYTES {
            return Err(RequiresPythonError::TooLong);
        }
        let all = || text.split(',').map(str::trim);
        let given = || all().filter(|specifier| !specifier.is_empty());
        if given().next().is_none() {
            return Err(RequiresPythonError::Empty);
        }
        if let Some(wrong) = given().find(|specifier| !is_specifier(specifier)) {
            return Err(RequiresPythonError::Specifier(wrong.to_owned()));
        }
        let kept = if all().any(str::is_empty) {
            given().collect::<Vec<_>>().join(",")
        } else {
            text.trim().to_owned()
        };
        Ok(Self(kept.into()))
    }
}

impl fmt::Display for RequiresPython {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no `Requires-Python` value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequiresPythonError {
    /// Longer than [`RequiresPython::MAX_BYTES`].
    #[error("`Requires-Python` is longer than {} bytes", RequiresPython::MAX_BYTES)]
    TooLong,
    /// Holds no specifier.
    #[error("`Requires-Python` is empty")]
    Empty,
    /// Holds a part that is no specifier: this is the first one.
    #[error(
        "`Requires-Python` holds {0:?}; use specifiers such as `>=3.9` or `!=3.9.1`, joined by commas"
    )]
    Specifier(String),
}

/// Tells whether a text without a comma is one specifier.
fn is_specifier(text: &str) -> bool {
    // Arbitrary equality takes any text, which the specifiers' own reader does not know.
    if let Some(exact) = text.strip_prefix("===") {
        let exact = exact.trim_start();
        return !exact.is_empty()
            && !exact.contains(|c: char| c.is_whitespace() || ";)".contains(c));
    }
    text.parse::<VersionSpecifier>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_installers_read_is_kept_as_it_is_spelled() {
        for text in [
            ">=3.9",
            ">=2.6, !=3.0.*",
            ">=2.7,!=3.0.*,!=3.1.*,<4",
            "~=3.6",
            "==3.*",
            ">= 3.6 , < 4.0",
            "===3.9-odd",
            ">3",
            "!=3.9.1",
        ] {
            assert_eq!(text.parse::<RequiresPython>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn minors_of_python_are_admitted_if_one_of_their_releases_is() {
        for (text, admitted) in [
            (">=3.9", &[9, 10, 11, 12][..]),
            (">=3.10.4, <3.12", &[10, 11]),
            ("~=3.9, !=3.11.*", &[9, 10, 12]),
            ("==3.10.*", &[10]),
            ("<3.10.2", &[8, 9, 10]),
            (">=2.7,<3", &[]),
            ("===3.9", &[]),
        ] {
            let requires: RequiresPython = text.parse().unwrap();
            let found: Vec<u64> = (8..13)
                .filter(|minor| requires.admits_minor(*minor))
                .collect();
            assert_eq!(found, admitted, "{text}");
        }
    }

    #[test]
    fn blanks_and_stray_commas_are_dropped() {
        for (text, kept) in [
            (" >=3.9 ", ">=3.9"),
            (">=3.9,", ">=3.9"),
            (",>=3.9, ,<4,", ">=3.9,<4"),
        ] {
            assert_eq!(text.parse::<RequiresPython>().unwrap().as_str(), kept);
        }
    }

    #[test]
    fn what_installers_fail_on_is_refused() {
        use RequiresPythonError as E;
        for (text, error) in [
            ("", E::Empty),
            (" , ", E::Empty),
            ("3.6", E::Specifier("3.6".into())),
            (">=3.6 <4", E::Specifier(">=3.6 <4".into())),
            (">=3.6.*", E::Specifier(">=3.6.*".into())),
            ("~=3", E::Specifier("~=3".into())),
            (">=3.6, python", E::Specifier("python".into())),
            ("=3.6", E::Specifier("=3.6".into())),
            ("===", E::Specifier("===".into())),
            ("===3.6 x", E::Specifier("===3.6 x".into())),
            (">=3.6<script>", E::Specifier(">=3.6<script>".into())),
        ] {
            assert_eq!(text.parse::<RequiresPython>(), Err(error), "{text:?}");
        }
        let long = format!(">={}", "1.".repeat(600) + "1");
        assert_eq!(long.parse::<RequiresPython>(), Err(E::TooLong));
    }

    proptest! {
        #[test]
        fn what_was_accepted_is_accepted_again(text in ".*|[ ,]{0,2}[<>=!~]{1,3} ?[0-9.*]{1,5}[ ,]{0,2}") {
            if let Ok(once) = text.parse::<RequiresPython>() {
                prop_assert_eq!(once.as_str().parse::<RequiresPython>(), Ok(once.clone()));
            }
        }
    }
}
