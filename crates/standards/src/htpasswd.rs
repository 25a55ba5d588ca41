//! Password files: the lines `user:hash` that the `htpasswd` tool writes.
//!
//! Reads bytes into entries and problems. One bad line disables that line, never the file. Checking
//! a password against an entry is the auth room's work.

mod hash;

use std::collections::HashMap;
use std::fmt;

pub use hash::{HashProblem, PasswordHash, Scheme};

/// What a password file holds: the entries that can be used, and what is wrong with other lines.
#[derive(Debug, Clone, Default)]
pub struct Htpasswd {
    /// The usable entries, in the order of the file. No two have the same user.
    pub entries: Vec<Entry>,
    /// The first [`Htpasswd::MAX_PROBLEMS`] lines that are disabled, in the order of the file.
    pub problems: Vec<LineProblem>,
    /// How many more lines are disabled than `problems` lists.
    pub more_problems: usize,
}

impl Htpasswd {
    /// Largest file that is read, in bytes: room for about 100,000 users.
    pub const MAX_FILE_BYTES: usize = 8 << 20;
    /// Longest line that is read, in bytes.
    pub const MAX_LINE_BYTES: usize = 4096;
    /// Longest user name, in bytes, as in the `htpasswd` tool.
    pub const MAX_USER_BYTES: usize = 255;
    /// How many problems are listed one by one; the others are only counted.
    pub const MAX_PROBLEMS: usize = 1000;

    /// Reads the bytes of a password file.
    ///
    /// Blank lines and lines whose first visible character is `#` are skipped. Lines end in LF or
    /// CRLF, a byte order mark is skipped, and a line that is not UTF-8 is read as Latin-1. Blanks
    /// around a user name belong to it. Of several lines for one user only the first counts, even
    /// when it is disabled: a second line never brings a user back.
    ///
    /// # Errors
    /// [`HtpasswdError`] if the bytes as a whole are not a password file.
    pub fn parse(bytes: &[u8]) -> Result<Self, HtpasswdError> {
        if bytes.len() > Self::MAX_FILE_BYTES {
            return Err(HtpasswdError::TooLarge);
        }
        if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
            return Err(HtpasswdError::Utf16);
        }
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let mut file = Self::default();
        let mut first_lines = HashMap::new();
        for (index, raw) in bytes.split(|&byte| byte == b'\n').enumerate() {
            let raw = raw.trim_ascii_end();
            if matches!(raw.trim_ascii_start().first(), None | Some(b'#')) {
                continue;
            }
            file.add_line(index + 1, raw, &mut first_lines);
        }
        Ok(file)
    }

    fn add_line(&mut self, line: usize, raw: &[u8], first_lines: &mut HashMap<String, usize>) {
        let (user, value) = match split(raw) {
            Ok(parts) => parts,
            Err((user, problem)) => {
                if let Some(user) = &user {
                    first_lines.entry(user.clone()).or_insert(line);
                }
                return self.add_problem(line, user, problem);
            }
        };
        let first_line = *first_lines.entry(user.clone()).or_insert(line);
        if first_line != line {
            return self.add_problem(line, Some(user), LineFault::Duplicate { first_line });
        }
        match PasswordHash::classify(&value) {
            Ok(hash) => self.entries.push(Entry { line, user, hash }),
            Err(problem) => self.add_problem(line, Some(user), LineFault::Hash(problem)),
        }
    }

    fn add_problem(&mut self, line: usize, user: Option<String>, fault: LineFault) {
        if self.problems.len() < Self::MAX_PROBLEMS {
            self.problems.push(LineProblem { line, user, fault });
        } else {
            self.more_problems += 1;
        }
    }
}

/// One user and the stored form of the user's password.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The number of the line in the file; the first is 1.
    pub line: usize,
    /// The user's name, blanks included.
    pub user: String,
    /// The stored form of the password.
    pub hash: PasswordHash,
}

/// A line that is disabled, and why. Never holds the value of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineProblem {
    /// The number of the line in the file; the first is 1.
    pub line: usize,
    /// The user's name, or `None` where the line does not tell it from a password.
    pub user: Option<String>,
    /// What is wrong with the line.
    pub fault: LineFault,
}

impl fmt::Display for LineProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(user) = &self.user {
            // The debug form escapes what could forge a second line in a log.
            write!(f, ", user {user:?}")?;
        }
        write!(f, ": {}", self.fault)
    }
}

/// Why a line of a password file is disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// No colon parts the user from the password.
    #[error("the line has no colon")]
    NoColon,
    /// More than one colon.
    #[error("the line has more than one colon")]
    ExtraColon,
    /// Nothing stands before the colon.
    #[error("the user name is empty")]
    EmptyUser,
    /// The user name is longer than [`Htpasswd::MAX_USER_BYTES`].
    #[error("the user name is longer than {} bytes", Htpasswd::MAX_USER_BYTES)]
    LongUser,
    /// The line is longer than [`Htpasswd::MAX_LINE_BYTES`].
    #[error("the line is longer than {} bytes", Htpasswd::MAX_LINE_BYTES)]
    LongLine,
    /// The line holds a control character.
    #[error("the line holds a control character")]
    ControlCharacter,
    /// An earlier line has the same user.
    #[error("line {first_line} is for the same user, and the first line counts")]
    Duplicate {
        /// The line that counts.
        first_line: usize,
    },
    /// The stored password cannot be used.
    #[error(transparent)]
    Hash(#[from] HashProblem),
}

/// The bytes are not a password file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HtpasswdError {
    /// Larger than [`Htpasswd::MAX_FILE_BYTES`].
    #[error("the password file is larger than {} MiB", Htpasswd::MAX_FILE_BYTES >> 20)]
    TooLarge,
    /// The text is encoded as UTF-16, as some editors and shells on Windows do.
    #[error("the password file is encoded as UTF-16; save it as UTF-8")]
    Utf16,
}

/// Parts a line into user and value; the error tells the user too, where there is one.
fn split(raw: &[u8]) -> Result<(String, String), (Option<String>, LineFault)> {
    let text = decoded(&raw[..raw.len().min(Htpasswd::MAX_LINE_BYTES)]);
    let Some((user, value)) = text.split_once(':') else {
        return Err((None, LineFault::NoColon));
    };
    if user.is_empty() {
        return Err((None, LineFault::EmptyUser));
    }
    if user.len() > Htpasswd::MAX_USER_BYTES {
        return Err((None, LineFault::LongUser));
    }
    let fault = if raw.len() > Htpasswd::MAX_LINE_BYTES {
        LineFault::LongLine
    } else if value.contains(':') {
        LineFault::ExtraColon
    } else if text.contains(|c: char| c.is_ascii_control() && c != '\t') {
        LineFault::ControlCharacter
    } else {
        return Ok((user.to_owned(), value.to_owned()));
    };
    Err((Some(user.to_owned()), fault))
}

/// Reads UTF-8, or else Latin-1, where each byte is the character of that number.
fn decoded(raw: &[u8]) -> String {
    match std::str::from_utf8(raw) {
        Ok(text) => text.to_owned(),
        Err(_) => raw.iter().copied().map(char::from).collect(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DES: &str = "C7Q4njj7t1gGs";

    fn parse(text: impl AsRef<[u8]>) -> Htpasswd {
        Htpasswd::parse(text.as_ref()).expect("the file as a whole reads")
    }

    fn users(file: &Htpasswd) -> Vec<&str> {
        file.entries.iter().map(|e| e.user.as_str()).collect()
    }

    #[test]
    fn comments_and_blank_lines_are_skipped() {
        let file = parse(format!("# ada:x\n\n  \t\n  # more\nada:{DES}\n#end"));
        assert_eq!(users(&file), ["ada"]);
        assert_eq!(file.entries[0].line, 5);
        assert_eq!(file.problems, []);
    }

    #[test]
    fn line_ends_and_byte_order_marks_of_other_systems_are_read() {
        let file = parse(format!("\u{FEFF}ada:{DES}\r\nbob:{DES} \r\n"));
        assert_eq!(users(&file), ["ada", "bob"]);
        let hashes: Vec<_> = file.entries.iter().map(|e| e.hash.reveal()).collect();
        assert_eq!(hashes, [DES, DES]);
    }

    #[test]
    fn blanks_around_a_name_belong_to_it() {
        assert_eq!(users(&parse(format!(" ada :{DES}"))), [" ada "]);
    }

    #[test]
    fn a_line_that_is_not_utf8_is_read_as_latin_1() {
        let latin_1 = [
            b"m\xFCller:",
            DES.as_bytes(),
            b"\nm\xC3\xB6we:",
            DES.as_bytes(),
        ]
        .concat();
        assert_eq!(users(&parse(latin_1)), ["müller", "möwe"]);
    }

    #[test]
    fn a_bad_line_disables_only_itself() {
        let long_user = "u".repeat(256);
        let long_line = format!("ada:{}", "x".repeat(4096));
        let cases = [
            ("nocolon", None, LineFault::NoColon),
            ("ada:x:y", Some("ada"), LineFault::ExtraColon),
            (":x", None, LineFault::EmptyUser),
            ("ada:", Some("ada"), LineFault::Hash(HashProblem::Empty)),
            ("ada: \t", Some("ada"), LineFault::Hash(HashProblem::Empty)),
            ("ada:a\0b", Some("ada"), LineFault::ControlCharacter),
            ("a\rda:x", Some("a\rda"), LineFault::ControlCharacter),
            (&format!("{long_user}:x"), None, LineFault::LongUser),
            (&long_line, Some("ada"), LineFault::LongLine),
        ];
        for (text, user, fault) in cases {
            let file = parse(format!("first:{DES}\n{text}\nlast:{DES}\n"));
            assert_eq!(users(&file), ["first", "last"], "{text:?}");
            let user = user.map(str::to_owned);
            assert_eq!(
                file.problems,
                [LineProblem {
                    line: 2,
                    user,
                    fault
                }],
                "{text:?}"
            );
        }
    }

    #[test]
    fn the_first_of_two_lines_for_one_user_counts() {
        let file = parse(format!("ada:{DES}\nada:plain"));
        assert_eq!(file.entries.len(), 1);
        assert_eq!(file.entries[0].hash.scheme(), Scheme::DesCrypt);
        assert_eq!(
            file.problems[0].fault,
            LineFault::Duplicate { first_line: 1 }
        );
    }

    #[test]
    fn a_second_line_does_not_bring_a_disabled_user_back() {
        for first in ["ada:", "ada:x:y", "ada:$2y$broken"] {
            let file = parse(format!("{first}\nada:{DES}"));
            assert_eq!(users(&file), [""; 0], "{first}");
            assert_eq!(file.problems.len(), 2, "{first}");
        }
    }

    #[test]
    fn a_file_that_is_no_password_file_is_refused() {
        let large = vec![b'\n'; Htpasswd::MAX_FILE_BYTES + 1];
        assert_eq!(
            Htpasswd::parse(&large).unwrap_err(),
            HtpasswdError::TooLarge
        );
        assert!(Htpasswd::parse(&large[1..]).is_ok());
        for mark in [b"\xFF\xFEa\0", b"\xFE\xFF\0a"] {
            assert_eq!(Htpasswd::parse(mark).unwrap_err(), HtpasswdError::Utf16);
        }
    }

    #[test]
    fn problems_beyond_the_limit_are_only_counted() {
        let file = parse("x\n".repeat(Htpasswd::MAX_PROBLEMS + 7));
        assert_eq!(
            (file.problems.len(), file.more_problems),
            (Htpasswd::MAX_PROBLEMS, 7)
        );
    }

    #[test]
    fn a_stored_value_is_never_printed() {
        let file = parse("ada:hunter2\nbob:$9$hunter2\ncy:x:hunter2\nhunter2");
        let mut shown = format!("{file:?}");
        for problem in &file.problems {
            shown.push_str(&problem.to_string());
        }
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("[redacted]"), "{shown}");
    }

    #[test]
    fn a_problem_names_line_and_user_on_one_line() {
        let file = parse("a\rb:x\n");
        assert_eq!(
            file.problems[0].to_string(),
            r#"line 1, user "a\rb": the line holds a control character"#
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = Htpasswd::parse(&bytes);
        }

        #[test]
        fn any_value_gives_an_entry_or_a_problem(
            value in "[$*!{}_./=,0-9A-Za-z 2abyrS:H-]{0,70}",
        ) {
            let file = parse(format!("ada:{value}"));
            prop_assert_eq!(file.entries.len() + file.problems.len(), 1);
        }
    }
}
