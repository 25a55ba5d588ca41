//! Shows the settings with where each comes from.

use std::fmt::Write;

use super::values::{Origin, Setting, Values};
use crate::options::value::Value;
use crate::options::{CommandName, OptionDef, Topic, options_of};

/// Returns the settings of `run` in the form of `wheelhouse.toml`, one a line, each with where it
/// comes from. What has no value is shown as a comment.
pub(crate) fn show(values: &Values) -> String {
    let options = options_of(CommandName::Run);
    let mut text = String::new();
    for &topic in Topic::ALL {
        let is_here = |option: &&&OptionDef| {
            option.topic == topic && option.places == crate::options::Places::Everywhere
        };
        let lines: Vec<_> = options
            .iter()
            .filter(is_here)
            .map(|option| line(option, values))
            .collect();
        if lines.is_empty() {
            continue;
        }
        let gap = if text.is_empty() { "" } else { "\n" };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{gap}# {}", topic.title());
        for (left, right) in lines {
            let _ = writeln!(text, "{left:<40} # {right}");
        }
    }
    text
}

fn line(option: &OptionDef, values: &Values) -> (String, String) {
    match values.setting(option) {
        Some(Setting { value, origin }) => (
            format!("{} = {}", option.long, in_toml(value)),
            origin.to_string(),
        ),
        None => (format!("# {} =", option.long), "not set".to_owned()),
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}, line {line}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::CommandLine => f.write_str("command line"),
        }
    }
}

fn in_toml(value: &Value) -> String {
    match value {
        Value::Truth(truth) => truth.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => quoted(&without_secret(text)),
        Value::Path(path) => quoted(&path.to_string_lossy()),
        Value::List(items) => listed(items.iter().map(|item| quoted(&without_secret(item)))),
        Value::Folders(folders) => listed(
            folders
                .iter()
                .map(|folder| quoted(&folder.to_string_lossy())),
        ),
    }
}

fn listed(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Hides user name and password in an address.
fn without_secret(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://[redacted]{}", &rest[at..]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_in_an_address_are_hidden() {
        for (text, shown) in [
            (
                "https://ann:s3cret@index.example/simple/",
                "https://[redacted]@index.example/simple/",
            ),
            (
                "https://ann:p@ss@index.example",
                "https://[redacted]@index.example",
            ),
            ("https://index.example/a@b/", "https://index.example/a@b/"),
            ("/simple/", "/simple/"),
        ] {
            assert_eq!(without_secret(text), shown);
        }
    }
}
