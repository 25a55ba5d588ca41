//! The next version.

use std::str::FromStr;

use wheelhouse_standards::version::{Version, VersionError};

/// How to get from a version to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bump {
    /// The first number goes up.
    Major,
    /// The second number goes up.
    Minor,
    /// The third number goes up.
    Patch,
    /// This one it is.
    To(Version),
}

impl Bump {
    /// Returns the version after `current`. The next one of a pre-release is the release that it
    /// leads to, if that is a step of this size or a larger one.
    ///
    /// # Errors
    /// [`VersionError`] if a number gets too large to be one.
    ///
    /// # Examples
    /// ```
    /// use wheelhouse_release::bump::Bump;
    ///
    /// assert_eq!(Bump::Minor.after(&"1.2".parse()?)?.as_str(), "1.3");
    /// assert_eq!(Bump::Patch.after(&"1.2".parse()?)?.as_str(), "1.2.1");
    /// assert_eq!(Bump::Minor.after(&"1.3.0rc1".parse()?)?.as_str(), "1.3.0");
    /// # Ok::<(), wheelhouse_standards::version::VersionError>(())
    /// ```
    pub fn after(&self, current: &Version) -> Result<Version, VersionError> {
        let place = match self {
            Self::Major => 0,
            Self::Minor => 1,
            Self::Patch => 2,
            Self::To(version) => return Ok(version.clone()),
        };
        let canonical = current.canonical();
        let (epoch, rest) = match canonical.split_once('!') {
            Some((epoch, rest)) => (format!("{epoch}!"), rest),
            None => (String::new(), canonical.as_str()),
        };
        let is_number = |c: char| c.is_ascii_digit() || c == '.';
        let end = rest.find(|c| !is_number(c)).unwrap_or(rest.len());
        let numbers = rest[..end].trim_end_matches('.').split('.');
        let mut numbers: Vec<u64> = numbers
            .map(|number| number.parse().map_err(|_| VersionError))
            .collect::<Result<_, _>>()?;
        if numbers.len() <= place {
            numbers.resize(place + 1, 0);
        }
        let leads_here =
            current.is_prerelease() && numbers[place + 1..].iter().all(|number| *number == 0);
        if !leads_here {
            numbers[place] = numbers[place].checked_add(1).ok_or(VersionError)?;
            numbers[place + 1..].fill(0);
        }
        let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
        format!("{epoch}{}", numbers.join(".")).parse()
    }
}

impl FromStr for Bump {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "major" => Self::Major,
            "minor" => Self::Minor,
            "patch" => Self::Patch,
            version => Self::To(version.parse()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_go_up_in_the_form_that_they_have() {
        for (current, major, minor, patch) in [
            ("1.2", "2.0", "1.3", "1.2.1"),
            ("1.2.3", "2.0.0", "1.3.0", "1.2.4"),
            ("7", "8", "7.1", "7.0.1"),
            ("0.9.9.9", "1.0.0.0", "0.10.0.0", "0.9.10.0"),
            ("1!2.0", "1!3.0", "1!2.1", "1!2.0.1"),
            ("v1.2.3.post4", "2.0.0", "1.3.0", "1.2.4"),
            ("1.2.3+local.7", "2.0.0", "1.3.0", "1.2.4"),
            ("1.3.0rc1", "2.0.0", "1.3.0", "1.3.0"),
            ("1.3.1a1", "2.0.0", "1.4.0", "1.3.1"),
            ("2.0.0.dev3", "2.0.0", "2.0.0", "2.0.0"),
        ] {
            let current: Version = current.parse().expect(current);
            for (bump, expected) in [("major", major), ("minor", minor), ("patch", patch)] {
                let bump: Bump = bump.parse().expect(bump);
                let next = bump.after(&current).expect("a version");
                assert_eq!(next.as_str(), expected, "{bump:?} after {current}");
                assert!(next > current, "{next} > {current}");
            }
        }
    }

    #[test]
    fn what_is_no_step_and_no_version_is_refused() {
        for text in ["", "mayor", "1.x"] {
            assert!(text.parse::<Bump>().is_err(), "{text:?}");
        }
        let to: Bump = "2.0rc1".parse().expect("a version");
        let current = "9".parse().expect("a version");
        assert_eq!(to.after(&current).expect("it").as_str(), "2.0rc1");
        let huge = "18446744073709551615.0".parse().expect("a version");
        assert!(Bump::Major.after(&huge).is_err());
    }
}
