//! One key for every version text, made so that its bytes order as versions do.

use super::parts::{Parts, Stage, is_number, significant};

/// What two texts of one release share.
///
/// Keys are made of bytes whose order is the order of versions, so a database can keep them in a
/// column and sort by it. They are no format of record: a new release of this program may make
/// other bytes, so make stored keys anew when it does ([`FORMAT`](Self::FORMAT)).
///
/// A text that is no version has a key too: below all versions, and its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionKey(Box<[u8]>);

const ODD: u8 = 0;
const VALID: u8 = 1;

/// Ends a list or stands for an absent part that sorts first.
const NONE: u8 = 0;
/// Goes before each number of a release.
const MORE: u8 = 1;

impl VersionKey {
    /// Number of the way in which keys are made. A stored key of another number is out of date.
    pub const FORMAT: u32 = 1;

    /// Returns the key's bytes, which compare as the key does.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Tells whether this is the key of a version by the standard.
    pub fn is_valid(&self) -> bool {
        self.0.first() == Some(&VALID)
    }

    pub(super) fn of_parts(parts: &Parts<'_>) -> Self {
        let mut key = vec![VALID];
        push_number(&mut key, parts.epoch.unwrap_or_default());

        let zeros = parts
            .release()
            .rev()
            .take_while(|number| significant(number).is_empty())
            .count();
        let kept = parts.release().count() - zeros;
        for number in parts.release().take(kept) {
            key.push(MORE);
            push_number(&mut key, number);
        }
        key.push(NONE);

        // A version with nothing but a dev part comes before its alphas; one with neither comes
        // after its candidates.
        match (parts.pre, parts.post, parts.dev) {
            (Some((stage, number)), _, _) => {
                key.push(match stage {
                    Stage::Alpha => 1,
                    Stage::Beta => 2,
                    Stage::Candidate => 3,
                });
                push_number(&mut key, number);
            }
            (None, None, Some(_)) => key.push(NONE),
            (None, _, _) => key.push(4),
        }
        match parts.post {
            None => key.push(NONE),
            Some(number) => {
                key.push(1);
                push_number(&mut key, number);
            }
        }
        match parts.dev {
            Some(number) => {
                key.push(1);
                push_number(&mut key, number);
            }
            None => key.push(2),
        }
        // The longer of two local parts is greater, and a number is greater than a word.
        for segment in parts.local_segments() {
            if is_number(segment) {
                key.push(2);
                push_number(&mut key, segment);
            } else {
                key.push(1);
                key.extend(segment.bytes().map(|byte| byte.to_ascii_lowercase()));
                key.push(NONE);
            }
        }
        key.push(NONE);
        Self(key.into())
    }

    pub(super) fn of_odd_text(text: &str) -> Self {
        let mut key = vec![ODD];
        let mut rest = text;
        while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
            let (before, from_digit) = rest.split_at(start);
            let end = from_digit
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(from_digit.len());
            let (number, after) = from_digit.split_at(end);
            key.extend_from_slice(before.as_bytes());
            // Numbers sort where digits do in text.
            key.push(b'0');
            push_number(&mut key, number);
            rest = after;
        }
        key.extend_from_slice(rest.as_bytes());
        // `r1` and `r01` are two releases.
        key.push(NONE);
        key.extend_from_slice(text.as_bytes());
        Self(key.into())
    }
}

/// Appends a number of any length so that bytes order as numbers do.
fn push_number(key: &mut Vec<u8>, number: &str) {
    let digits = significant(number);
    match u8::try_from(digits.len()) {
        Ok(length) if length < u8::MAX => key.push(length),
        _ => {
            key.push(u8::MAX);
            key.extend_from_slice(&(digits.len() as u64).to_be_bytes());
        }
    }
    key.extend_from_slice(digits.as_bytes());
}
