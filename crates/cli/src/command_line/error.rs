//! What is wrong with a command line.

use crate::options::nearest::nearest;
use crate::options::value::shown;
use crate::options::{CommandName, OptionDef, defs};

/// What is wrong with a command line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UsageError {
    /// No option has this name.
    #[error("there is no option `{written}`")]
    UnknownOption {
        written: String,
        /// A longer name that is like it.
        nearest: Option<&'static str>,
        /// The command that does have it.
        elsewhere: Option<CommandName>,
    },
    /// A shortened name fits several options.
    #[error("`{written}` may mean {}", any_of(candidates))]
    Ambiguous {
        written: String,
        candidates: Vec<&'static str>,
    },
    /// The value is missing.
    #[error("`--{}` needs a value: {}", option.long, option.value_name().unwrap_or("VALUE"))]
    MissingValue { option: &'static OptionDef },
    /// A value stands where none is taken.
    #[error("`--{}` takes no value", option.long)]
    UnexpectedValue { option: &'static OptionDef },
    /// The value is not one.
    #[error("`--{}` is {}: {reason}", option.long, shown(value))]
    BadValue {
        option: &'static OptionDef,
        value: String,
        reason: String,
    },
    /// No command has this name.
    #[error("there is no command `{written}`")]
    UnknownCommand {
        written: String,
        nearest: Option<&'static str>,
    },
    /// The command needs one of some words after it.
    #[error("`{command}` needs one of these after it: {}", words.join(", "))]
    MissingWord {
        command: &'static str,
        words: &'static [&'static str],
    },
    /// The command must be told what it is about.
    #[error("`{command}` needs to be told of what: PROJECT, PROJECT==VERSION or PROJECT/FILE")]
    MissingTarget { command: &'static str },
    /// A word does not say what a command is about.
    #[error("`{word}` is no project, release or file: {reason}")]
    BadTarget { word: String, reason: &'static str },
    /// A word is none of those that may stand there.
    #[error("`{word}` is none of {}", words.join(", "))]
    NotOneOf {
        word: String,
        words: &'static [&'static str],
    },
    /// Two options cannot stand together.
    #[error("`--{one}` and `--{other}` cannot stand together")]
    Together {
        one: &'static str,
        other: &'static str,
    },
    /// The words behind a command are not what it takes.
    #[error("`{command}` is not used like this; write `wheelhouse {command} {usage}`")]
    Words {
        command: &'static str,
        usage: &'static str,
    },
    /// A word stands where none is taken.
    #[error("`{word}` is one word too many for `{command}`")]
    UnexpectedWord { command: &'static str, word: String },
}

impl UsageError {
    /// Makes the error of an unknown option.
    pub(crate) fn unknown_option(written: &str, options: &[&'static OptionDef]) -> Self {
        let name = written.split('=').next().unwrap_or(written);
        let is_elsewhere = |option: &&&OptionDef| {
            let short = name.chars().nth(1).filter(|_| !name.starts_with("--"));
            let is_named = option
                .long_names()
                .any(|long| name.strip_prefix("--") == Some(long))
                || short.is_some_and(|short| option.shorts.contains(&short));
            is_named && !options.iter().any(|here| here.long == option.long)
        };
        let elsewhere = defs::ALL.iter().find(is_elsewhere);
        let long_names = options.iter().flat_map(|option| option.long_names());
        Self::UnknownOption {
            written: name.to_owned(),
            nearest: name
                .strip_prefix("--")
                .and_then(|name| nearest(name, long_names)),
            elsewhere: elsewhere.and_then(|option| option.commands.first().copied()),
        }
    }

    /// Returns what may help, as a sentence without its full stop.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownOption {
                written,
                elsewhere: Some(command),
                ..
            } => Some(format!(
                "`{written}` is an option of `{}`",
                command.as_str()
            )),
            Self::UnknownOption {
                nearest: Some(nearest),
                ..
            } => Some(format!("did you mean `--{nearest}`?")),
            Self::UnknownCommand {
                nearest: Some(nearest),
                ..
            } => Some(format!("did you mean `{nearest}`?")),
            Self::UnknownCommand {
                written,
                nearest: None,
            } => Some(format!(
                "to serve a folder of this name, write `wheelhouse run {written}`"
            )),
            Self::BadTarget { .. } => Some(
                "write PROJECT, PROJECT==VERSION or PROJECT/FILE, such as demo==1.0".to_owned(),
            ),
            Self::NotOneOf { word, words } => {
                nearest(word, words.iter().copied()).map(|found| format!("did you mean `{found}`?"))
            }
            Self::MissingTarget { .. }
            | Self::Together { .. }
            | Self::UnknownOption { .. }
            | Self::Ambiguous { .. }
            | Self::MissingValue { .. }
            | Self::UnexpectedValue { .. }
            | Self::BadValue { .. }
            | Self::MissingWord { .. }
            | Self::Words { .. }
            | Self::UnexpectedWord { .. } => None,
        }
    }
}

fn any_of(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`--{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
