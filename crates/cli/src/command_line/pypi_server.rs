//! The command line of pypiserver, with and without a sub-command.

use std::ffi::{OsStr, OsString};

use super::parser::{self, Parsed};
use super::{Command, HelpPage, Invocation, Refusal, unless_asked};
use crate::options::{CommandName, OptionDef, Profile, options_of};

/// Reads the words behind the program's name.
///
/// A folder that is named like a sub-command is told from it by `is_folder`.
pub(super) fn read(
    words: &[OsString],
    is_folder: &dyn Fn(&OsStr) -> bool,
) -> Result<Invocation, Box<Refusal>> {
    if let Some(at) = place_of_command(words) {
        return with_command(words, at);
    }
    let mut words = words.to_vec();
    let command = match words.iter().position(|word| word == "-U") {
        Some(at) => {
            words.remove(at);
            CommandName::Update
        }
        None => CommandName::Run,
    };
    let parsed = read_options(&words, command)?;
    // Options of `run` in front of the word `run`: it was meant as the sub-command, unless there is
    // such a folder, which pypiserver would serve.
    if let Some(first) = parsed.free.first()
        && command_of(first).is_some()
        && !is_folder(first)
        && let Some(at) = words.iter().position(|word| word == first)
    {
        return with_command(&words, at);
    }
    let command = to_command(parsed, command, true);
    let is_legacy_form = matches!(command, Command::Run(_) | Command::Update(_));
    Ok(Invocation {
        profile: Profile::PypiServer,
        command,
        is_legacy_form,
    })
}

/// Returns where the sub-command stands, if nothing but shared options stands before it.
fn place_of_command(words: &[OsString]) -> Option<usize> {
    let shared = shared_options();
    let is_command = |word: &OsString| command_of(word).is_some();
    let places = (0..words.len()).filter(|&at| is_command(&words[at]));
    places.into_iter().find(|&at| {
        // A word behind an option that takes a value is that value, not the sub-command.
        let before = parser::parse(&words[..at], &shared);
        before.is_ok_and(|parsed| parsed.free.is_empty() && !asks(&parsed))
    })
}

fn with_command(words: &[OsString], at: usize) -> Result<Invocation, Box<Refusal>> {
    let command = command_of(&words[at]).unwrap_or(CommandName::Run);
    let mut words = words.to_vec();
    words.remove(at);
    let parsed = read_options(&words, command)?;
    Ok(Invocation {
        profile: Profile::PypiServer,
        command: to_command(parsed, command, false),
        is_legacy_form: false,
    })
}

fn read_options(words: &[OsString], command: CommandName) -> Result<Parsed, Box<Refusal>> {
    parser::parse(words, &options_of(command)).map_err(|error| {
        Box::new(Refusal {
            profile: Profile::PypiServer,
            command: Some(command),
            error,
        })
    })
}

fn to_command(parsed: Parsed, command: CommandName, is_legacy_form: bool) -> Command {
    let page = match is_legacy_form && parsed.given.len() == 1 && parsed.free.is_empty() {
        true => HelpPage::Program,
        false => HelpPage::Of(command),
    };
    unless_asked(
        parsed,
        page,
        match command {
            CommandName::Update => Command::Update,
            CommandName::Run | CommandName::Health => Command::Run,
        },
    )
}

fn asks(parsed: &Parsed) -> bool {
    use crate::options::defs;
    parsed.has(&defs::HELP) || parsed.has(&defs::VERSION)
}

fn command_of(word: &OsStr) -> Option<CommandName> {
    [CommandName::Run, CommandName::Update]
        .into_iter()
        .find(|command| word == command.as_str())
}

/// Returns the options that both sub-commands take.
fn shared_options() -> Vec<&'static OptionDef> {
    let is_shared = |option: &&OptionDef| option.commands.contains(&CommandName::Update);
    options_of(CommandName::Run)
        .into_iter()
        .filter(is_shared)
        .collect()
}
