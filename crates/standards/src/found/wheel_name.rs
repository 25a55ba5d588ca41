//! Name and version in the name of a found wheel.

use super::Guess;
use crate::filename::WheelFilename;

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
    let name_end = stem
        .match_indices('-')
        .map(|(at, _)| at)
        .find(|&at| at > 0 && stem[at + 1..].starts_with(|c: char| c.is_ascii_digit()))?;
    let (version, tags) = stem[name_end + 1..].split_once('-')?;
    has_three_parts(tags).then_some(Guess {
        name: &stem[..name_end],
        version,
    })
}

/// Tells whether a text can be cut at two hyphens with something left before, between and after.
/// Each part may hold hyphens too.
fn has_three_parts(text: &str) -> bool {
    let second_part = |text: &'_ str| {
        text.match_indices('-')
            .find(|&(at, _)| at > 0)
            .map(|(at, _)| at + 1)
    };
    let Some(second) = second_part(text) else {
        return false;
    };
    second_part(&text[second..]).is_some_and(|third| second + third < text.len())
}
