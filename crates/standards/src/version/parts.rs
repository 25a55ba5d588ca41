//! The parts of a version's text, found without changing or copying it.

/// The parts of one valid version, as they are spelled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts<'a> {
    pub(super) epoch: Option<&'a str>,
    /// Numbers with dots between them; at least one number.
    release: &'a str,
    pub(super) pre: Option<(Stage, &'a str)>,
    pub(super) post: Option<&'a str>,
    pub(super) dev: Option<&'a str>,
    /// Letters and digits in segments, joined by `.`, `-` or `_`; at least one segment.
    pub(super) local: Option<&'a str>,
}

/// How far a pre-release has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Alpha,
    Beta,
    Candidate,
}

/// Longer words stand before their own beginnings.
const STAGES: [(&str, Stage); 8] = [
    ("alpha", Stage::Alpha),
    ("beta", Stage::Beta),
    ("preview", Stage::Candidate),
    ("pre", Stage::Candidate),
    ("rc", Stage::Candidate),
    ("a", Stage::Alpha),
    ("b", Stage::Beta),
    ("c", Stage::Candidate),
];
const POST: [(&str, ()); 3] = [("post", ()), ("rev", ()), ("r", ())];
const DEV: [(&str, ()); 1] = [("dev", ())];

impl<'a> Parts<'a> {
    /// Returns the parts of a text, or `None` if it is no version.
    ///
    /// The grammar needs no second try: where a part begins as it may, no other reading of the
    /// text can succeed.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        let text = text.trim_matches(is_blank);
        let rest = text.strip_prefix(['v', 'V']).unwrap_or(text);

        let (first, after) = digits(rest);
        let (epoch, rest) = match after.strip_prefix('!') {
            Some(rest) if !first.is_empty() => (Some(first), rest),
            _ => (None, rest),
        };
        let (release, rest) = release(rest)?;
        let (pre, rest) = word_and_number(rest, &STAGES);
        let (post, rest) = match dash_and_number(rest) {
            (None, _) => word_and_number(rest, &POST),
            found => found,
        };
        let (dev, rest) = word_and_number(rest, &DEV);
        let local = match rest.strip_prefix('+') {
            None if rest.is_empty() => None,
            Some(local) if is_local(local) => Some(local),
            _ => return None,
        };
        Some(Self {
            epoch,
            release,
            pre,
            post: post.map(|((), number)| number),
            dev: dev.map(|((), number)| number),
            local,
        })
    }

    /// Returns the numbers of the release, as they are spelled.
    pub(super) fn release(&self) -> impl DoubleEndedIterator<Item = &'a str> {
        self.release.split('.')
    }

    /// Returns the segments of the local part, as they are spelled.
    pub(super) fn local_segments(&self) -> impl Iterator<Item = &'a str> {
        self.local
            .into_iter()
            .flat_map(|local| local.split(['.', '-', '_']))
    }

    pub(super) fn is_prerelease(&self) -> bool {
        self.pre.is_some() || self.dev.is_some()
    }

    pub(super) fn canonical(&self) -> String {
        let mut text = String::with_capacity(self.release.len() + 8);
        if let Some(epoch) = self
            .epoch
            .map(significant)
            .filter(|epoch| !epoch.is_empty())
        {
            text.push_str(epoch);
            text.push('!');
        }
        for (index, number) in self.release().enumerate() {
            if index > 0 {
                text.push('.');
            }
            text.push_str(shown(number));
        }
        if let Some((stage, number)) = self.pre {
            text.push_str(match stage {
                Stage::Alpha => "a",
                Stage::Beta => "b",
                Stage::Candidate => "rc",
            });
            text.push_str(shown(number));
        }
        for (word, number) in [(".post", self.post), (".dev", self.dev)] {
            if let Some(number) = number {
                text.push_str(word);
                text.push_str(shown(number));
            }
        }
        for (index, segment) in self.local_segments().enumerate() {
            text.push(if index == 0 { '+' } else { '.' });
            if is_number(segment) {
                text.push_str(shown(segment));
            } else {
                text.push_str(&segment.to_ascii_lowercase());
            }
        }
        text
    }
}

/// Returns a number without the zeros that it starts with: nothing for zero itself.
pub(super) fn significant(number: &str) -> &str {
    number.trim_start_matches('0')
}

pub(super) fn is_number(segment: &str) -> bool {
    segment.bytes().all(|byte| byte.is_ascii_digit())
}

fn shown(number: &str) -> &str {
    match significant(number) {
        "" => "0",
        significant => significant,
    }
}

/// Python's idea of white space, which has four separators more than Unicode's property.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

/// Splits off the digits that a text starts with; there may be none.
fn digits(text: &str) -> (&str, &str) {
    let end = text
        .bytes()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

/// Splits off numbers with dots between them.
fn release(text: &str) -> Option<(&str, &str)> {
    let (first, mut rest) = digits(text);
    if first.is_empty() {
        return None;
    }
    while let Some((number, after)) = rest.strip_prefix('.').map(digits) {
        if number.is_empty() {
            break;
        }
        rest = after;
    }
    Some((&text[..text.len() - rest.len()], rest))
}

/// Splits off a word, with a separator allowed before and after it, and its number if any.
fn word_and_number<'a, T: Copy>(
    text: &'a str,
    words: &[(&str, T)],
) -> (Option<(T, &'a str)>, &'a str) {
    let start = without_separator(text);
    for &(word, value) in words {
        let found = start
            .get(..word.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(word));
        if found {
            let (number, rest) = digits(without_separator(&start[word.len()..]));
            return (Some((value, number)), rest);
        }
    }
    (None, text)
}

/// Splits off a number after `-`, which stands for a post-release.
fn dash_and_number(text: &str) -> (Option<((), &str)>, &str) {
    match text.strip_prefix('-').map(digits) {
        Some((number, rest)) if !number.is_empty() => (Some(((), number)), rest),
        _ => (None, text),
    }
}

fn without_separator(text: &str) -> &str {
    text.strip_prefix(['.', '-', '_']).unwrap_or(text)
}

fn is_local(text: &str) -> bool {
    text.split(['.', '-', '_']).all(|segment| {
        !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}
