//! Texts of users in files of several languages.

use std::fmt;
use std::str::FromStr;

use std::fmt::Write;

use url::Url;

/// A text that no CI system takes for more than it is: without control characters, and without what
/// systems and shells put values in the place of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlainText(String);

/// A text holds what CI systems act on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it holds {0:?}, which CI systems or shells act on")]
pub struct PlainTextError(char);

impl PlainText {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlainText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PlainText {
    type Err = PlainTextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_odd = |c: char| is_unprintable(c) || "$`{}*?[]!\\+".contains(c);
        match text.chars().find(|&c| is_odd(c)) {
            Some(found) => Err(PlainTextError(found)),
            None => Ok(Self(text.to_owned())),
        }
    }
}

/// Characters that YAML or an editor takes for the end of a line, or that nobody sees.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(
            c,
            '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}

/// Returns an address without user, and with what systems and shells act on in its harmless form.
pub(super) fn address(url: &Url) -> String {
    let mut url = url.clone();
    // Neither fails where there is a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let mut text = String::new();
    for c in url.as_str().chars() {
        match c {
            '$' | '`' | '{' | '}' | '\'' | '"' | '\\' | '(' | ')' | '!' | ',' | ';' | '|' | '<'
            | '>' | '*' => {
                let _ = write!(text, "%{:02X}", u32::from(c));
            }
            _ => text.push(c),
        }
    }
    text
}

/// Returns a text as a scalar of YAML: as it is if that is plainly a word, else in double quotes.
///
/// Standard: YAML 1.2, "Double-quoted style".
pub(super) fn yaml(text: &str) -> String {
    if is_word(text) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if is_unprintable(c) => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Tells whether a text means itself to every reader of YAML.
fn is_word(text: &str) -> bool {
    const MEANING: &[&str] = &["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./@".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(is_plain)
        && !MEANING.contains(&text.to_ascii_lowercase().as_str())
}

/// Returns a text as one word of a POSIX shell.
pub(super) fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Returns a text as a string of Groovy in which no values are put.
pub(super) fn groovy(text: &str) -> String {
    format!("'{}'", groovy_text(text).replace('\n', "\\n"))
}

/// Returns a text as it stands between three single quotes of Groovy.
pub(super) fn groovy_text(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}

/// Returns the start of a tag as a regular expression, which may stand between slashes.
pub(super) fn regex(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if "./+^$|()".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Moves every line to the right.
pub(super) fn shift(text: &str, by: usize) -> String {
    let mut shifted = String::new();
    for line in text.split_inclusive('\n') {
        if !line.trim().is_empty() {
            shifted.extend(std::iter::repeat_n(' ', by));
        }
        shifted.push_str(line);
    }
    shifted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use yaml_rust2::YamlLoader;

    use super::*;

    fn read(text: &str) -> String {
        let documents = YamlLoader::load_from_str(text).expect("YAML");
        assert_eq!(documents.len(), 1, "{text}");
        documents[0]["value"][0]
            .as_str()
            .expect("a text")
            .to_owned()
    }

    proptest! {
        #[test]
        fn yaml_reads_back_what_was_quoted(text in any::<String>()) {
            prop_assert_eq!(read(&format!("value: [{}]\n", yaml(&text))), text);
        }

        #[test]
        fn shell_and_groovy_read_back_what_was_quoted(text in "[ -~\n]*") {
            let word = shell(&text);
            let parts: Vec<&str> = word[1..word.len() - 1].split("'\\''").collect();
            prop_assert!(parts.iter().all(|part| !part.contains('\'')));
            prop_assert_eq!(parts.join("'"), text.clone());
            let string = groovy_text(&text);
            let mut read = String::new();
            let mut chars = string.chars();
            while let Some(c) = chars.next() {
                prop_assert_ne!(c, '\'');
                read.push(if c == '\\' { chars.next().expect("escaped") } else { c });
            }
            prop_assert_eq!(read, text);
        }

        #[test]
        fn addresses_stay_the_same_and_hold_nothing_to_act_on(path in "[ -~]{0,30}") {
            let url: Url = format!("https://ada:secret@pkgs.example/{path}").parse().expect("an address");
            let text = address(&url);
            prop_assert!(text.chars().all(|c| !"$`{}'\"\\()!,;|<>* ".contains(c)), "{}", text);
            prop_assert!(!text.contains("secret"));
            prop_assert!(text.parse::<Url>().is_ok());
        }
    }

    #[test]
    fn what_systems_act_on_is_no_plain_text() {
        for good in [
            "main",
            "feature/x#1",
            "it's \"so\": &a",
            "größe",
            "@env",
            "- a",
            "",
        ] {
            assert_eq!(
                good.parse::<PlainText>().map(|text| text.0),
                Ok(good.to_owned())
            );
        }
        for bad in [
            "${{ secrets.X }}",
            "$(x)",
            "`x`",
            "a\nb",
            "a\u{2028}b",
            "{a,b}",
            "v*",
            "!x",
            "a\u{202e}b",
        ] {
            assert!(bad.parse::<PlainText>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn words_alone_go_without_quotes() {
        for word in ["main", "actions/checkout@v6", "ubuntu-24.04", "feature/x"] {
            assert_eq!(yaml(word), word);
        }
        for text in [
            "", "3.10", "No", "null", "Y", "a: b", "a #b", "- a", "@a", "v[0-9]*", "é",
        ] {
            assert_eq!(yaml(text), format!("\"{text}\""));
        }
    }

    #[test]
    fn lines_are_shifted_and_empty_ones_stay_empty() {
        assert_eq!(shift("a\n\n  b\n", 2), "  a\n\n    b\n");
    }
}
