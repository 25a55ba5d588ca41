//! Which projects a rule is about.

use std::fmt;
use std::str::FromStr;

use wheelhouse_standards::name::ProjectKey;

/// A pattern for names of projects: a name in any spelling, in which `*` stands for any text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern(Box<str>);

/// Longest pattern, in bytes.
const MAX_BYTES: usize = 255;

impl Pattern {
    /// Returns the pattern that every name matches.
    pub fn everything() -> Self {
        Self("*".into())
    }

    /// Returns the pattern that one name matches.
    pub fn exactly(project: &ProjectKey) -> Self {
        Self(project.as_str().into())
    }

    /// Returns whether every name matches.
    pub fn is_everything(&self) -> bool {
        &*self.0 == "*"
    }

    /// Returns whether a name matches.
    pub fn matches(&self, project: &ProjectKey) -> bool {
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = project.as_str().strip_prefix(first) else {
            return false;
        };
        let mut parts = parts.peekable();
        if parts.peek().is_none() {
            return rest.is_empty();
        }
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return rest.ends_with(part);
            }
            // The earliest place leaves the most for what follows.
            let Some(place) = rest.find(part) else {
                return false;
            };
            rest = &rest[place + part.len()..];
        }
        true
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no name of a project with * for any text, such as team-*")]
pub struct PatternError(String);

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-_.*".contains(c);
        let is_readable =
            !text.is_empty() && text.len() <= MAX_BYTES && text.chars().all(is_allowed);
        if !is_readable {
            return Err(PatternError(text.chars().take(100).collect()));
        }
        // Stars stay where they are; what is between them is spelled as names are.
        let normal: Vec<String> = text
            .split('*')
            .map(|part| {
                ProjectKey::of(part).map_or_else(String::new, |key| key.as_str().to_owned())
            })
            .collect();
        Ok(Self(normal.join("*").into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text_and_spelling_does_not_matter() {
        for (pattern, name, matches) in [
            ("*", "demo", true),
            ("demo", "demo", true),
            ("demo", "demo-x", false),
            ("Team_*", "team-a", true),
            ("team-*", "team", false),
            ("*-internal", "a-internal", true),
            ("*-internal", "a-internal-b", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "acb", false),
            ("a**c", "ac", true),
            ("*a*a", "a", false),
            ("a*a", "a", false),
            ("*********", "a", true),
        ] {
            let pattern: Pattern = pattern.parse().expect(pattern);
            let name = ProjectKey::of(name).expect("a name");
            assert_eq!(pattern.matches(&name), matches, "{pattern} {name}");
        }
        for wrong in ["", "a b", "é", "a/b", &"a".repeat(256)] {
            assert!(wrong.parse::<Pattern>().is_err(), "{wrong}");
        }
    }
}
