//! Reads the words of a command line against a set of options, by the rules of Python's argparse,
//! since that is what users of pypiserver have in their scripts: long names may be shortened while
//! they stay unique, `--name=value` and `--name value` are one, short names join (`-vp8081`),
//! folders stand anywhere, and `--` ends the options.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use super::error::UsageError;
use crate::options::value::Value;
use crate::options::{Kind, OptionDef, defs};

/// What a command line says.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    /// The options in the order given, with the value that each one got. A count has one entry for
    /// each time.
    pub(crate) given: Vec<(&'static OptionDef, Value)>,
    /// What stands on its own.
    pub(crate) free: Vec<OsString>,
}

impl Parsed {
    /// Returns whether an option was given.
    pub(crate) fn has(&self, option: &OptionDef) -> bool {
        self.given
            .iter()
            .any(|(given, _)| given.long == option.long)
    }

    /// Returns the value of an option, the last one that was given.
    pub(crate) fn value(&self, option: &OptionDef) -> Option<&Value> {
        let mut given = self.given.iter().rev();
        let found = given.find(|(given, _)| given.long == option.long);
        found.map(|(_, value)| value)
    }

    /// Returns the value of an option of text.
    pub(crate) fn text(&self, option: &OptionDef) -> Option<String> {
        match self.value(option) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        }
    }

    /// Returns the items of an option that is a list.
    pub(crate) fn list(&self, option: &OptionDef) -> Vec<String> {
        match self.value(option) {
            Some(Value::List(items)) => items.clone(),
            _ => Vec::new(),
        }
    }

    /// Returns the value of an option of a number that is not negative.
    pub(crate) fn number(&self, option: &OptionDef) -> Option<u64> {
        match self.value(option) {
            Some(Value::Integer(number)) => u64::try_from(*number).ok(),
            _ => None,
        }
    }

    /// Returns whether an option that is true or false was given as true.
    pub(crate) fn truth(&self, option: &OptionDef) -> bool {
        matches!(self.value(option), Some(Value::Truth(true)))
    }
}

/// Reads words until their end, or until help or version is asked for.
///
/// # Errors
///
/// The first word that fits no option.
pub(crate) fn parse(
    words: &[OsString],
    options: &[&'static OptionDef],
) -> Result<Parsed, UsageError> {
    let mut reader = Reader {
        words,
        next: 0,
        options,
        parsed: Parsed::default(),
    };
    reader.run()?;
    Ok(reader.parsed)
}

struct Reader<'a> {
    words: &'a [OsString],
    next: usize,
    options: &'a [&'static OptionDef],
    parsed: Parsed,
}

impl Reader<'_> {
    fn run(&mut self) -> Result<(), UsageError> {
        while let Some(word) = self.words.get(self.next) {
            self.next += 1;
            if word == "--" {
                self.parsed.free.extend_from_slice(&self.words[self.next..]);
                break;
            }
            if !self.is_option(word) {
                self.parsed.free.push(word.clone());
            } else if word.as_bytes().starts_with(b"--") {
                self.long(word)?;
            } else {
                self.shorts(word)?;
            }
            // Whatever stands behind a question for help is not looked at, as in argparse.
            if self.parsed.has(&defs::HELP) || self.parsed.has(&defs::VERSION) {
                break;
            }
        }
        Ok(())
    }

    /// Returns whether a word is an option and not a value or a folder: a lone hyphen, a negative
    /// number and words with a blank in them are values.
    fn is_option(&self, word: &OsStr) -> bool {
        let bytes = word.as_bytes();
        if bytes.len() < 2 || bytes[0] != b'-' {
            return false;
        }
        let name = bytes.split(|&byte| byte == b'=').next().unwrap_or_default();
        let is_known = match std::str::from_utf8(name) {
            Ok(name) if name.starts_with("--") => find_long(name, self.options).is_ok(),
            Ok(name) => name
                .chars()
                .nth(1)
                .is_some_and(|short| self.short(short).is_some()),
            Err(_) => false,
        };
        is_known || !(is_negative_number(bytes) || bytes.contains(&b' '))
    }

    fn long(&mut self, word: &OsStr) -> Result<(), UsageError> {
        let (name, value) = split_at_equals(word);
        let option = find_long(&name.to_string_lossy(), self.options)?;
        let value = match value {
            Some(value) => read(option, value)?,
            None if option.takes_value() => self.following_value(option)?,
            None => without_value(option),
        };
        self.parsed.given.push((option, value));
        Ok(())
    }

    fn shorts(&mut self, word: &OsStr) -> Result<(), UsageError> {
        let mut rest = &word.as_bytes()[1..];
        while !rest.is_empty() {
            // Options are ASCII, so a byte is enough; anything else is no option.
            let option = self.short(char::from(rest[0]));
            let option = option
                .ok_or_else(|| UsageError::unknown_option(&word.to_string_lossy(), self.options))?;
            rest = &rest[1..];
            let value = match rest.strip_prefix(b"=") {
                Some(value) => {
                    rest = &[];
                    read(option, OsStr::from_bytes(value))?
                }
                None if !option.takes_value() => without_value(option),
                None if rest.is_empty() => self.following_value(option)?,
                None => read(option, OsStr::from_bytes(std::mem::take(&mut rest)))?,
            };
            self.parsed.given.push((option, value));
        }
        Ok(())
    }

    fn short(&self, name: char) -> Option<&'static OptionDef> {
        self.options
            .iter()
            .copied()
            .find(|option| option.shorts.contains(&name))
    }

    fn following_value(&mut self, option: &'static OptionDef) -> Result<Value, UsageError> {
        match self.words.get(self.next) {
            Some(word) if word != "--" && !self.is_option(word) => {
                self.next += 1;
                read(option, word)
            }
            _ => Err(UsageError::MissingValue { option }),
        }
    }
}

fn is_negative_number(bytes: &[u8]) -> bool {
    let digits = &bytes[1..];
    let (whole, fraction) = match digits.iter().position(|&byte| byte == b'.') {
        Some(point) => (&digits[..point], Some(&digits[point + 1..])),
        None => (digits, None),
    };
    let last = fraction.unwrap_or(whole);
    !last.is_empty() && whole.iter().chain(last).all(u8::is_ascii_digit)
}

fn split_at_equals(word: &OsStr) -> (&OsStr, Option<&OsStr>) {
    let bytes = word.as_bytes();
    match bytes.iter().position(|&byte| byte == b'=') {
        Some(at) => (
            OsStr::from_bytes(&bytes[..at]),
            Some(OsStr::from_bytes(&bytes[at + 1..])),
        ),
        None => (word, None),
    }
}

fn without_value(option: &OptionDef) -> Value {
    match option.kind {
        Kind::Count => Value::Integer(1),
        _ => Value::Truth(true),
    }
}

fn read(option: &'static OptionDef, value: &OsStr) -> Result<Value, UsageError> {
    let is_count = matches!(option.kind, Kind::Count);
    let asks = [defs::HELP.long, defs::VERSION.long].contains(&option.long);
    if is_count || asks {
        return Err(UsageError::UnexpectedValue { option });
    }
    option
        .read_text(value)
        .map_err(|reason| UsageError::BadValue {
            option,
            value: value.to_string_lossy().into_owned(),
            reason,
        })
}

/// Finds the option that a long name, whole or shortened, stands for.
fn find_long(
    written: &str,
    options: &[&'static OptionDef],
) -> Result<&'static OptionDef, UsageError> {
    let name = written.trim_start_matches("--");
    let named = |option: &&&OptionDef| option.long_names().any(|long| long == name);
    if let Some(option) = options.iter().find(named) {
        return Ok(option);
    }
    let begins = |option: &&OptionDef| option.long_names().any(|long| long.starts_with(name));
    let fitting: Vec<_> = options.iter().copied().filter(begins).collect();
    let theirs: Vec<_> = fitting
        .iter()
        .copied()
        .filter(|option| option.is_pypiserver)
        .collect();
    match (fitting.as_slice(), theirs.as_slice()) {
        ([], _) => Err(UsageError::unknown_option(written, options)),
        // A name that was unique in pypiserver stays unique, whatever was added since.
        ([one], _) | (_, [one]) => Ok(one),
        (many, _) => Err(UsageError::Ambiguous {
            written: written.to_owned(),
            candidates: many.iter().map(|option| option.long).collect(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{CommandName, options_of};

    fn words(line: &[&str]) -> Vec<OsString> {
        line.iter().map(OsString::from).collect()
    }

    /// Shows what a line of `run` means, such as `port=8081 verbose=1 | packages`.
    fn meaning(line: &[&str]) -> String {
        let parsed = match parse(&words(line), &options_of(CommandName::Run)) {
            Ok(parsed) => parsed,
            Err(error) => return format!("error: {error}"),
        };
        let given = parsed.given.iter().map(|(option, value)| {
            let value = match value {
                Value::Truth(truth) => truth.to_string(),
                Value::Integer(number) => number.to_string(),
                Value::Text(text) => format!("{text:?}"),
                Value::Path(path) => path.display().to_string(),
                Value::List(items) => items.join("+"),
                Value::Folders(folders) => format!("{folders:?}"),
            };
            format!("{}={value} ", option.long)
        });
        let free: Vec<_> = parsed
            .free
            .iter()
            .map(|word| word.to_string_lossy())
            .collect();
        format!("{}| {}", given.collect::<String>(), free.join(" "))
            .trim()
            .to_owned()
    }

    #[track_caller]
    fn assert_meanings(cases: &[(&[&str], &str)]) {
        for (line, expected) in cases {
            assert_eq!(meaning(line), *expected, "{line:?}");
        }
    }

    #[test]
    fn kept_prefix_of_a_long_option_is_enough() {
        assert_meanings(&[
            (&["--disable-fall"], "disable-fallback=true |"),
            (&["--disable"], "disable-fallback=true |"),
            (&["--por", "1"], "port=1 |"),
            (&["--interf=::1"], "host=\"::1\" |"),
            (&["--hea", "/up"], "health-endpoint=\"/up\" |"),
            (&["--verb"], "verbose=1 |"),
        ]);
    }

    #[test]
    fn kept_prefix_that_was_unique_in_pypiserver_is_not_taken_by_an_option_of_ours() {
        assert_meanings(&[
            (&["--w", "page.html"], "welcome=page.html |"),
            (
                &["--p", "1"],
                "error: `--p` may mean `--port`, `--passwords` or `--page-cache-mib`",
            ),
            (&["--pas", "f"], "passwords=f |"),
            (&["--fall", "/x"], "fallback-url=\"/x\" |"),
            (&["--c", "5"], "cache-control=5 |"),
            (&["--a", "list"], "authenticate=list |"),
            (&["--i", "::"], "host=\"::\" |"),
        ]);
    }

    #[test]
    fn kept_prefix_of_several_options_is_refused() {
        let meaning = meaning(&["--log-f", "x"]);
        assert!(
            meaning.starts_with("error: `--log-f` may mean `--log-file`"),
            "{meaning}"
        );
    }

    #[test]
    fn kept_value_stands_behind_a_blank_or_an_equals_sign() {
        assert_meanings(&[
            (&["--port", "8081"], "port=8081 |"),
            (&["--port=8081"], "port=8081 |"),
            (&["-p", "8081"], "port=8081 |"),
            (&["-p8081"], "port=8081 |"),
            (&["-p=8081"], "port=8081 |"),
            (&["--log-frmt=a=b"], "log-frmt=\"a=b\" |"),
            (&["--log-frmt="], "log-frmt=\"\" |"),
            (&["--log-frmt", ""], "log-frmt=\"\" |"),
        ]);
    }

    #[test]
    fn kept_short_options_join() {
        assert_meanings(&[
            (&["-vvv"], "verbose=1 verbose=1 verbose=1 |"),
            (&["-vop8081"], "verbose=1 overwrite=true port=8081 |"),
            (&["-Ppw", "-a."], "passwords=pw authenticate=. |"),
            (&["-vp", "1"], "verbose=1 port=1 |"),
        ]);
    }

    #[test]
    fn kept_folders_stand_anywhere() {
        assert_meanings(&[
            (
                &["a", "-p", "1", "b", "-v", "c"],
                "port=1 verbose=1 | a b c",
            ),
            (&["--", "-p", "1"], "| -p 1"),
            (&["-v", "--", "--", "x"], "verbose=1 | -- x"),
            (&["-"], "| -"),
        ]);
    }

    #[test]
    fn kept_negative_number_is_a_value() {
        assert_meanings(&[
            (&["--cache-control", "-5"], "cache-control=-5 |"),
            (&["--cache-control=-5"], "cache-control=-5 |"),
            (&["-5"], "| -5"),
            (&["-.5"], "| -.5"),
        ]);
    }

    #[test]
    fn kept_option_does_not_swallow_the_next_one() {
        assert_meanings(&[
            (&["-p", "-v"], "error: `--port` needs a value: PORT"),
            (
                &["--log-file", "--overwrite"],
                "error: `--log-file` needs a value: FILE",
            ),
            (
                &["--log-file", "--"],
                "error: `--log-file` needs a value: FILE",
            ),
            (&["-P"], "error: `--passwords` needs a value: FILE"),
            (&["--log-frmt", "-x y"], "log-frmt=\"-x y\" |"),
        ]);
    }

    #[test]
    fn unknown_option_is_refused_with_the_nearest_one() {
        assert_meanings(&[
            (&["--prot", "1"], "error: there is no option `--prot`"),
            (&["-vZ"], "error: there is no option `-vZ`"),
            (&["-é"], "error: there is no option `-é`"),
        ]);
        let error = parse(&words(&["--prot"]), &options_of(CommandName::Run)).expect_err("unknown");
        assert_eq!(error.hint().as_deref(), Some("did you mean `--port`?"));
    }

    #[test]
    fn switch_can_be_turned_off_to_overrule_the_file() {
        assert_meanings(&[
            (&["--overwrite=false"], "overwrite=false |"),
            (
                &["--overwrite=sometimes"],
                "error: `--overwrite` is `sometimes`: write `true` or `false`",
            ),
            (&["--verbose=3"], "error: `--verbose` takes no value"),
        ]);
    }

    #[test]
    fn kept_question_for_help_or_version_ends_the_reading() {
        assert_meanings(&[
            (&["-v", "--help", "--nonsense"], "verbose=1 help=true |"),
            (&["--version", "--nonsense"], "version=true |"),
            (&["-vh"], "verbose=1 help=true |"),
        ]);
    }

    #[test]
    fn path_that_is_not_utf8_is_taken_as_it_is() {
        let odd = OsStr::from_bytes(b"--log-file=\xff.log").to_owned();
        let free = OsStr::from_bytes(b"\xfe").to_owned();
        let parsed = parse(&[odd, free.clone()], &options_of(CommandName::Run)).unwrap();
        let path = OsStr::from_bytes(b"\xff.log");
        assert_eq!(parsed.given[0].1, Value::Path(path.into()));
        assert_eq!(parsed.free, [free]);
        let port = OsStr::from_bytes(b"-p\xff").to_owned();
        assert!(parse(&[port], &options_of(CommandName::Run)).is_err());
    }
}
