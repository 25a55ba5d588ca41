//! Name and version in the name of a found file that is no wheel.

use super::{FileKind, Guess};
use crate::version::Version;

/// What archives end with, in any case.
const EXTENSIONS: [(&str, FileKind); 6] = [
    (".tar.gz", FileKind::Sdist),
    (".tgz", FileKind::Sdist),
    (".tar.bz2", FileKind::Sdist),
    (".tar.xz", FileKind::Sdist),
    (".zip", FileKind::Sdist),
    (".egg", FileKind::Egg),
];

/// What follows the version in files that were built for one Python, each with what comes after
/// the Python's version.
const PYTHON_MARKS: [(&str, u8); 3] = [("-py", b'-'), (".win-amd64-py", b'.'), (".win32-py", b'.')];

/// What a platform, with `.` or `-` before it, begins with. A digit must follow the first two.
const PLATFORMS: [&str; 10] = [
    "cp", "py", "macosx", "linux", "sunos", "solaris", "irix", "aix", "cygwin", "win",
];

/// Words that people put where a version should be.
const VERSION_WORDS: [&str; 16] = [
    "alpha",
    "beta",
    "dev",
    "devel",
    "develop",
    "development",
    "final",
    "head",
    "latest",
    "main",
    "master",
    "nightly",
    "rc",
    "snapshot",
    "stable",
    "trunk",
];

/// Returns what comes before the extension or the mark of a Python, or `None` if the file has
/// neither.
pub(super) fn stem_and_kind(base_name: &str) -> Option<(&str, FileKind)> {
    let extension = EXTENSIONS.into_iter().find_map(|(extension, kind)| {
        let at = base_name.len().checked_sub(extension.len())?;
        let end = base_name.get(at..)?;
        end.eq_ignore_ascii_case(extension).then_some((at, kind))
    });
    let mark = python_mark(base_name);
    let (at, kind) = match (extension, mark) {
        (Some((at, kind)), mark) => (mark.map_or(at, |mark| mark.min(at)), kind),
        (None, Some(mark)) => (mark, FileKind::WindowsInstaller),
        (None, None) => return None,
    };
    Some((&base_name[..at], kind))
}

/// Finds the first of `-py2.7-`, `.win32-py2.7.` and `.win-amd64-py2.7.`, for Python 2 or 3 with a
/// minor version of one digit: those are what the old tools made.
fn python_mark(base_name: &str) -> Option<usize> {
    let bytes = base_name.as_bytes();
    (0..bytes.len()).find(|&at| {
        PYTHON_MARKS.iter().any(|&(mark, after)| {
            let rest = &bytes[at..];
            rest.len() >= mark.len()
                && rest[..mark.len()].eq_ignore_ascii_case(mark.as_bytes())
                && matches!(rest[mark.len()..],
                    [b'2' | b'3', b'.', minor, next, ..] if minor.is_ascii_digit() && next == after)
        })
    })
}

/// Guesses from a name without its extension. Returns `None` for the empty one.
pub(super) fn guess(stem: &str) -> Option<Guess<'_>> {
    if stem.is_empty() {
        return None;
    }
    let whole = Guess {
        name: stem,
        version: "",
    };
    let known = as_pypiserver_does(stem);
    if is_version(known.version) {
        return Some(if known.name.is_empty() { whole } else { known });
    }
    // From here on the known guess is no version, so one that is may be better.
    let better = if known.version.is_empty() {
        split_at_last_hyphen(stem).or_else(|| split_before_platform(stem))
    } else if starts_with_dotted_part(known.version) {
        None
    } else {
        split_at_last_hyphen(stem).filter(|better| better.version.contains('.'))
    };
    Some(match better {
        Some(better) => better,
        None if known.name.is_empty() || is_part_of_name(known.version) => whole,
        None => known,
    })
}

/// Splits as `pypiserver` 2.4.2 does. Its users' directories are sorted by this rule.
fn as_pypiserver_does(stem: &str) -> Guess<'_> {
    let mut hyphens = stem.match_indices('-').map(|(at, _)| at);
    let (Some(first), second) = (hyphens.next(), hyphens.next()) else {
        return split_at(stem, stem.len());
    };
    if second.is_none() {
        return split_at(stem, first);
    }
    if !stem.contains('.') {
        return split_at(stem, stem.rfind('-').unwrap_or(first));
    }
    let starts_version = |&at: &usize| {
        let rest = &stem[at + 1..];
        let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        after.len() < rest.len()
            && after.starts_with(|c: char| c.is_ascii_alphabetic() || "_.!+".contains(c))
    };
    let mut hyphens = stem.match_indices('-').map(|(at, _)| at);
    match hyphens.find(starts_version) {
        None => split_at(stem, stem.len()),
        Some(at) => {
            let guess = split_at(stem, at);
            Guess {
                version: before_platform(guess.version),
                ..guess
            }
        }
    }
}

fn split_at(stem: &str, hyphen: usize) -> Guess<'_> {
    Guess {
        name: &stem[..hyphen],
        version: stem.get(hyphen + 1..).unwrap_or_default(),
    }
}

/// Returns what comes before the first platform, if there is one.
fn before_platform(text: &str) -> &str {
    let is_platform = |&at: &usize| {
        let rest = &text[at + 1..];
        PLATFORMS.iter().any(|&platform| {
            rest.strip_prefix(platform).is_some_and(|after| {
                !matches!(platform, "cp" | "py") || after.starts_with(|c: char| c.is_ascii_digit())
            })
        })
    };
    let mut separators = text.match_indices(['.', '-']).map(|(at, _)| at);
    separators.find(is_platform).map_or(text, |at| &text[..at])
}

/// Splits as the standard does, where the last part is a version.
fn split_at_last_hyphen(stem: &str) -> Option<Guess<'_>> {
    let (name, version) = stem.rsplit_once('-')?;
    (!name.is_empty() && is_version(version)).then_some(Guess { name, version })
}

/// Splits what comes before a platform as the standard does.
fn split_before_platform(stem: &str) -> Option<Guess<'_>> {
    let hyphen = stem.find('-')?;
    let kept = before_platform(&stem[hyphen..]).len();
    split_at_last_hyphen(&stem[..hyphen + kept])
}

fn is_version(text: &str) -> bool {
    text.parse::<Version>().is_ok()
}

/// Tells whether a text such as `1.0-SNAPSHOT-2` seems to be a version with more after it.
fn starts_with_dotted_part(text: &str) -> bool {
    text.split('-')
        .next()
        .is_some_and(|first| first.contains('.'))
}

/// Tells whether a text in the version's place is a word, and none that stands for a version.
fn is_part_of_name(text: &str) -> bool {
    !text.is_empty()
        && !text.contains(|c: char| c.is_numeric())
        && !VERSION_WORDS
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word))
}
