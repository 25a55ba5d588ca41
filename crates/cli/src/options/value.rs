//! The value of an option, read from the text of a command line or a variable.

use std::ffi::OsStr;
use std::path::PathBuf;

use super::{Kind, OptionDef, checks};

/// The value of an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Truth(bool),
    Integer(i64),
    Text(String),
    Path(PathBuf),
    List(Vec<String>),
    Folders(Vec<PathBuf>),
}

impl OptionDef {
    /// Reads a value as it stands on the command line or in a variable.
    ///
    /// # Errors
    ///
    /// A fragment that says what to write.
    pub(crate) fn read_text(&self, text: &OsStr) -> Result<Value, String> {
        match self.kind {
            Kind::Path { .. } if text.is_empty() => Err("it must not be empty".to_owned()),
            Kind::Path { .. } => Ok(Value::Path(text.into())),
            Kind::Folders => {
                let folders: Vec<PathBuf> = std::env::split_paths(text).collect();
                self.check_folders(folders)
            }
            _ => self.read_str(text.to_str().ok_or("it is not valid UTF-8")?),
        }
    }

    fn read_str(&self, text: &str) -> Result<Value, String> {
        match self.kind {
            Kind::Switch | Kind::Truth => read_truth(text).map(Value::Truth),
            Kind::Count => match text.trim().parse::<u8>() {
                Ok(count) => Ok(Value::Integer(count.into())),
                Err(_) => Err("write a small whole number".to_owned()),
            },
            Kind::Integer { .. } => match text.trim().parse::<i64>() {
                Ok(number) => self.check_integer(number),
                Err(_) => Err("write a whole number".to_owned()),
            },
            Kind::Text { check, .. } => {
                check(text)?;
                Ok(Value::Text(text.to_owned()))
            }
            Kind::Choice { words, .. } => {
                let word = words.iter().find(|word| word.eq_ignore_ascii_case(text));
                match word {
                    Some(word) => Ok(Value::Text((*word).to_owned())),
                    None => Err(format!("choose from {}", words.join(", "))),
                }
            }
            Kind::List { check, .. } => {
                check(text)?;
                let items = text.split(',').map(|item| item.trim().to_owned());
                Ok(Value::List(items.collect()))
            }
            Kind::Path { .. } | Kind::Folders => self.read_text(text.as_ref()),
        }
    }

    /// Checks the range of a whole number.
    pub(crate) fn check_integer(&self, number: i64) -> Result<Value, String> {
        if let Kind::Integer { min, max, .. } = self.kind
            && !(min..=max).contains(&number)
        {
            return Err(match (min, max) {
                (min, i64::MAX) => format!("write a whole number from {min} on"),
                (min, max) => format!("write a whole number from {min} to {max}"),
            });
        }
        Ok(Value::Integer(number))
    }

    /// Checks that folders are named.
    #[expect(
        clippy::unused_self,
        reason = "it stands beside the checks of the other kinds"
    )]
    pub(crate) fn check_folders(&self, folders: Vec<PathBuf>) -> Result<Value, String> {
        if folders.is_empty() || folders.iter().any(|folder| folder.as_os_str().is_empty()) {
            return Err("name at least one folder, and none with an empty name".to_owned());
        }
        Ok(Value::Folders(folders))
    }
}

/// Returns how a text that a user wrote is shown in a sentence. Who signs in at an address is left
/// out: a password may stand there.
pub(crate) fn shown(text: &str) -> String {
    if text.is_empty() {
        return "empty".to_owned();
    }
    let parts = text.split_once("://");
    let hidden = parts.and_then(|(scheme, rest)| {
        let (_, host) = rest.rsplit_once('@')?;
        Some(format!("{scheme}://[redacted]@{host}"))
    });
    let text = hidden.as_deref().unwrap_or(text);
    format!("`{}`", text.escape_debug())
}

fn read_truth(text: &str) -> Result<bool, String> {
    match text.trim().to_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Ok(true),
        word if checks::is_off(word) => Ok(false),
        _ => Err("write `true` or `false`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::defs;
    use super::*;

    #[test]
    fn a_value_that_is_refused_is_shown_without_its_password() {
        for (text, expected) in [
            ("", "empty"),
            ("a\n@b", "`a\\n@b`"),
            ("mysql://ada:pw@h/x", "`mysql://[redacted]@h/x`"),
            ("http://ada:p/w@x@h/", "`http://[redacted]@h/`"),
            ("http://h/x", "`http://h/x`"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn values_are_read_by_kind() {
        let text = |text: &str| Value::Text(text.to_owned());
        for (option, written, value) in [
            (&defs::PORT, " 8081", Ok(Value::Integer(8081))),
            (
                &defs::PORT,
                "65536",
                Err("write a whole number from 0 to 65535"),
            ),
            (
                &defs::PORT,
                "-1",
                Err("write a whole number from 0 to 65535"),
            ),
            (&defs::PORT, "http", Err("write a whole number")),
            (&defs::CACHE_CONTROL, "-5", Ok(Value::Integer(-5))),
            (&defs::OVERWRITE, "Yes", Ok(Value::Truth(true))),
            (&defs::OVERWRITE, "0", Ok(Value::Truth(false))),
            (&defs::OVERWRITE, "maybe", Err("write `true` or `false`")),
            (&defs::LOG_STREAM, "STDERR", Ok(text("stderr"))),
            (
                &defs::LOG_STREAM,
                "file",
                Err("choose from stdout, stderr, none"),
            ),
            (&defs::PASSWORDS, "", Err("it must not be empty")),
        ] {
            let read = option.read_text(written.as_ref());
            assert_eq!(
                read,
                value.map_err(str::to_owned),
                "--{} {written:?}",
                option.long
            );
        }
    }
}
