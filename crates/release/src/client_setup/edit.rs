//! Changes of settings, and how they are taken back: what a user changed since stays.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;
use zeroize::Zeroizing;

use super::{ini, netrc, toml};

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Sections with keys, as Python's `configparser` reads them.
    Ini,
    /// TOML.
    Toml,
    /// Words, as `ftp` has them.
    Netrc,
}

/// A value.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(String),
    /// Yes or no.
    Truth(bool),
    /// A text that nobody else may read.
    Secret(Zeroizing<String>),
}

/// A change.
#[derive(Clone, PartialEq, Eq)]
pub enum Edit {
    /// Gives a key a value. The place is a section and a key, or a path of tables and a key.
    Set {
        /// The place.
        place: Vec<String>,
        /// The value.
        value: Value,
        /// Whether another value there is somebody else's, and stays.
        is_claim: bool,
    },
    /// Adds an item to the list that a key has.
    Add {
        /// The place.
        place: Vec<String>,
        /// The item.
        item: String,
        /// The sections that count while there is no list, and have to stand in a new one.
        beside: &'static [&'static str],
    },
    /// Takes a key out.
    Remove {
        /// The place.
        place: Vec<String>,
    },
    /// Adds a table to an array of tables, or gives the one of this name these values.
    Table {
        /// The array.
        place: Vec<String>,
        /// What the key `name` of the table is.
        name: String,
        /// The key of its address: another one is somebody else's, and stays.
        claims: &'static str,
        /// Its keys but for the name.
        pairs: Vec<(String, Value)>,
    },
    /// Takes all other tables out of an array, but for those with `explicit = true`.
    OnlyTable {
        /// The array.
        place: Vec<String>,
        /// What the key `name` of the table is that stays.
        name: String,
    },
    /// Adds a host with a user and a password, or changes the password.
    Login {
        /// The host.
        host: String,
        /// The user.
        user: String,
        /// The password.
        password: Zeroizing<String>,
    },
}

/// What a change came to, as it is kept: without what was written, of which there is a digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Done {
    /// A key has a value.
    Set {
        /// The place.
        place: Vec<String>,
        /// The digest of the value.
        written: String,
        /// What stood there, as it was written.
        before: Option<String>,
        /// How many of the sections or tables on the way were made.
        made: usize,
    },
    /// A list has an item more.
    Added {
        /// The place.
        place: Vec<String>,
        /// The item.
        item: String,
        /// Whether the key was made.
        is_key_made: bool,
        /// Whether the section was made.
        is_section_made: bool,
    },
    /// A key is gone.
    Removed {
        /// The place.
        place: Vec<String>,
        /// What stood there, as it was written.
        before: String,
    },
    /// An array has a table more, or a changed one.
    Table {
        /// The array.
        place: Vec<String>,
        /// The name.
        name: String,
        /// The digest of its keys and values.
        written: String,
        /// What stood there, as it was written.
        before: Option<String>,
        /// How many of the tables on the way were made.
        made: usize,
    },
    /// A table of an array is gone.
    RemovedTable {
        /// The array.
        place: Vec<String>,
        /// Where it was.
        at: usize,
        /// What stood there, as it was written.
        before: String,
    },
    /// A host has a user.
    Login {
        /// The host.
        host: String,
        /// The user.
        user: String,
        /// The digest of the password.
        written: String,
        /// The password that stood there.
        before: Option<String>,
    },
}

/// A changed text.
#[derive(Debug)]
pub struct Applied {
    /// The text.
    pub text: String,
    /// What was done, to take it back.
    pub done: Vec<Done>,
    /// What was taken out, for those who read it.
    pub told: Vec<String>,
}

/// A text after its changes were taken back.
#[derive(Debug)]
pub struct Undone {
    /// The text.
    pub text: String,
    /// What stays, because somebody changed it since.
    pub kept: Vec<String>,
}

/// Why a text is left alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{what}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct EditError {
    /// The line, counted from one.
    pub line: Option<usize>,
    /// What is wrong with it.
    pub what: String,
}

/// How a text was before its changes, which is what one comes back to that nobody touched since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original {
    /// The digest of the text after the changes.
    after: String,
    /// So many bytes are equal from the start.
    start_bytes: usize,
    /// So many are equal at the end.
    end_bytes: usize,
    /// What stood between.
    between: String,
}

impl Value {
    /// Returns the value as a digest is made of it.
    pub(super) fn plain(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Secret(text) => text,
            Self::Truth(true) => "true",
            Self::Truth(false) => "false",
        }
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Secret(_) => f.write_str("Secret(…)"),
            other => f.write_str(other.plain()),
        }
    }
}

impl std::fmt::Debug for Edit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, place) = match self {
            Self::Set { place, .. } => ("Set", shown(place)),
            Self::Add { place, .. } => ("Add", shown(place)),
            Self::Remove { place } => ("Remove", shown(place)),
            Self::Table { place, .. } => ("Table", shown(place)),
            Self::OnlyTable { place, .. } => ("OnlyTable", shown(place)),
            Self::Login { host, .. } => ("Login", host.clone()),
        };
        write!(f, "{kind}({place})")
    }
}

impl Edit {
    /// Returns whether it writes what others must not read.
    pub fn is_secret(&self) -> bool {
        match self {
            Self::Login { .. } => true,
            Self::Set { value, .. } => matches!(value, Value::Secret(_)),
            Self::Table { pairs, .. } => pairs
                .iter()
                .any(|(_, value)| matches!(value, Value::Secret(_))),
            Self::Add { .. } | Self::Remove { .. } | Self::OnlyTable { .. } => false,
        }
    }
}

impl EditError {
    /// Makes an error about a line.
    pub(super) fn at(line: usize, what: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            what: what.into(),
        }
    }
}

impl Original {
    /// Returns what makes the text before out of the one after.
    pub fn of(before: &str, after: &str) -> Self {
        let same = |one: &u8, other: &u8| one == other;
        let (one, other) = (before.as_bytes(), after.as_bytes());
        let pairs = one.iter().zip(other);
        let mut start_bytes = pairs.take_while(|(a, b)| same(a, b)).count();
        while !before.is_char_boundary(start_bytes) {
            start_bytes -= 1;
        }
        let rest = before.len().min(after.len()) - start_bytes;
        let pairs = one.iter().rev().zip(other.iter().rev()).take(rest);
        let mut end_bytes = pairs.take_while(|(a, b)| same(a, b)).count();
        while !before.is_char_boundary(before.len() - end_bytes) {
            end_bytes -= 1;
        }
        Self {
            after: digest(after),
            start_bytes,
            end_bytes,
            between: before[start_bytes..before.len() - end_bytes].to_owned(),
        }
    }

    /// Returns the text before, if this is the one after.
    pub fn restore(&self, text: &str) -> Option<String> {
        if digest(text) != self.after {
            return None;
        }
        let start = text.get(..self.start_bytes)?;
        let end = text.get(text.len().checked_sub(self.end_bytes)?..)?;
        Some(format!("{start}{}{end}", self.between))
    }
}

/// Changes a text.
///
/// # Errors
/// [`EditError`] for a text that its clients could not read, and for what is somebody else's.
pub fn apply(format: Format, text: &str, edits: &[Edit]) -> Result<Applied, EditError> {
    match format {
        Format::Ini => ini::apply(text, edits),
        Format::Toml => toml::apply(text, edits),
        Format::Netrc => netrc::apply(text, edits),
    }
}

/// Takes changes back, the last one first.
///
/// # Errors
/// [`EditError`] for a text that its clients could not read.
pub fn undo(
    format: Format,
    text: &str,
    done: &[Done],
    original: Option<&Original>,
) -> Result<Undone, EditError> {
    if let Some(text) = original.and_then(|original| original.restore(text)) {
        let kept = Vec::new();
        return Ok(Undone { text, kept });
    }
    match format {
        Format::Ini => ini::undo(text, done),
        Format::Toml => toml::undo(text, done),
        Format::Netrc => netrc::undo(text, done),
    }
}

/// Returns the SHA-256 digest of a text.
pub fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// Returns whether two addresses are one, whoever signs in there.
pub(super) fn is_same_address(one: &str, other: &str) -> bool {
    let plain = |text: &str| -> Option<String> {
        let mut url: Url = text.parse().ok()?;
        let _ = url.set_username("");
        let _ = url.set_password(None);
        Some(url.as_str().trim_end_matches('/').to_owned())
    };
    one == other || (plain(one).is_some() && plain(one) == plain(other))
}

/// Returns a place as messages show it.
pub(super) fn shown(place: &[String]) -> String {
    place.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn untouched_text_comes_back_to_the_byte() {
        for (before, after) in [
            ("", "a\n"),
            ("a", "a\nb\n"),
            ("a\r\nb", "a\r\nx\r\nb"),
            ("ä", "ö"),
            ("aa", "a"),
            ("äa", "äöa"),
            ("x", "x"),
            ("old", ""),
        ] {
            let original = Original::of(before, after);
            assert_eq!(original.restore(after).as_deref(), Some(before), "{after}");
            assert_eq!(original.restore("something else"), None);
        }
    }
}
