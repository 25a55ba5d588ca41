//! Name and version in the name of a found wheel.

use super::Guess;
use crate::filename::WheelFilename;
use crate::version::Version;

/// Guesses from a name that ends with `.whl` and from its `stem` before that.
///
/// A name by the standard is read by the standard. Any other is a wheel if at least three parts
/// follow a version that starts with a digit.
pub(super) fn guess<'a>(base_name: &'a str, stem: &'a str) -> Option<Guess<'a>> {
    if base_name.parse::<WheelFilename>().is_ok() {
        let (name, rest) = stem.split_once('-')?;
        let (version, _) = rest.split_once('-')?;
        return Some(Guess { name, version });
    }
    let first = from_first_digit(stem)?;
    if first.version.contains('.') {
        return Some(first);
    }
    // The digit that was found may belong to a name with hyphens, as in `foo-2bar-1.0-…`.
    let better = before_tags(stem).filter(|better| better.version.contains('.'));
    Some(better.unwrap_or(first))
}

fn from_first_digit(stem: &str) -> Option<Guess<'_>> {
    let mut hyphens = stem.match_indices('-').map(|(at, _)| at);
    let name_end =
        hyphens.find(|&at| at > 0 && stem[at + 1..].starts_with(|c: char| c.is_ascii_digit()))?;
    let (version, tags) = stem[name_end + 1..].split_once('-')?;
    has_three_parts(tags).then_some(Guess {
        name: &stem[..name_end],
        version,
    })
}

/// Takes the last part before three tags for the version; the one before it where the last is a
/// plain number, which is a build tag then.
fn before_tags(stem: &str) -> Option<Guess<'_>> {
    let rest = stem.rsplitn(4, '-').nth(3)?;
    let (name, version) = rest.rsplit_once('-')?;
    if version.bytes().all(|byte| byte.is_ascii_digit())
        && let Some((name, version)) = name.rsplit_once('-')
        && is_version(version)
        && !name.is_empty()
    {
        return Some(Guess { name, version });
    }
    (is_version(version) && !name.is_empty()).then_some(Guess { name, version })
}

fn is_version(text: &str) -> bool {
    text.parse::<Version>().is_ok()
}

/// Tells whether a text can be cut at two hyphens with something left before, between and after.
/// Each part may hold hyphens too.
fn has_three_parts(text: &str) -> bool {
    let second_part = |text: &str| {
        let mut hyphens = text.match_indices('-').map(|(at, _)| at);
        hyphens.find(|&at| at > 0).map(|at| at + 1)
    };
    let Some(second) = second_part(text) else {
        return false;
    };
    second_part(&text[second..]).is_some_and(|third| second + third < text.len())
}
