//! From the words of a command line to what is to be done.

mod error;
mod parser;
mod pypi_server;
mod wheelhouse;

use std::ffi::{OsStr, OsString};
use std::path::Path;

pub(crate) use error::UsageError;
pub(crate) use parser::Parsed;
pub(crate) use wheelhouse::COMMANDS;

use crate::options::{CommandName, Profile, defs};

/// What is to be done, and under which name of the program.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) profile: Profile,
    pub(crate) command: Command,
    /// Whether the form without a sub-command was used where there should be one.
    pub(crate) is_legacy_form: bool,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Command {
    /// Serve.
    Run(Parsed),
    /// Look for newer versions.
    Update(Parsed),
    /// Check the settings that `run` would use.
    ConfigCheck(Parsed),
    /// Show the settings that `run` would use.
    ConfigShow(Parsed),
    /// Print the reference page.
    ConfigReference,
    /// Ask a running server whether it is well.
    Health(Parsed),
    /// Make a backup, or look at those that are there.
    Backup(Parsed),
    /// Restore a backup.
    Restore(Parsed),
    /// Bring the tables of the catalog up to date, or check them.
    Migrate(Parsed),
    /// `move-to`.
    MoveTo(Parsed),
    /// Compare catalog and files.
    Check(Parsed),
    /// Make a catalog again.
    Recover(Parsed),
    /// Do what a maintainer wants, with any index.
    Maintainers(CommandName, Parsed),
    /// Do what an owner wants, or show what happened.
    Owners(CommandName, Parsed),
    /// Start as the container image does, with these words.
    Container(Vec<OsString>),
    /// Print a help page.
    Help(HelpPage),
    /// Print the version.
    Version,
}

/// A help page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HelpPage {
    /// Of the program.
    Program,
    /// Of the program under its old name.
    DropIn,
    /// Of a command that takes options.
    Of(CommandName),
    /// Of `config`.
    Config,
    /// Of `container`.
    Container,
}

/// What is wrong with a command line, and which name of the program it was written for.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) profile: Profile,
    /// The command that was meant, if that is known.
    pub(crate) command: Option<CommandName>,
    pub(crate) error: UsageError,
}

/// Reads a command line, the program's own name included.
///
/// `is_folder` tells whether a folder of a name exists.
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn read(
    words: &[OsString],
    is_folder: &dyn Fn(&OsStr) -> bool,
) -> Result<Invocation, Box<Refusal>> {
    let (program, words) = match words.split_first() {
        Some((program, words)) => (program.as_os_str(), words),
        None => (OsStr::new("wheelhouse"), words),
    };
    let is_drop_in = Path::new(program).file_stem() == Some(OsStr::new("pypi-server"));
    match words.split_first() {
        _ if is_drop_in => pypi_server::read(words, is_folder),
        Some((word, rest)) if word == "pypi-server" => pypi_server::read(rest, is_folder),
        _ => wheelhouse::read(words),
    }
}

/// Reads the command line of the program under its old name, without that name.
pub(crate) fn read_as_pypi_server(
    words: &[OsString],
    is_folder: &dyn Fn(&OsStr) -> bool,
) -> Result<Invocation, Box<Refusal>> {
    pypi_server::read(words, is_folder)
}

/// Returns what a command with options comes to: itself, unless help or the version is asked for.
fn unless_asked(
    parsed: Parsed,
    page: HelpPage,
    command: impl FnOnce(Parsed) -> Command,
) -> Command {
    if parsed.has(&defs::HELP) {
        Command::Help(page)
    } else if parsed.has(&defs::VERSION) {
        Command::Version
    } else {
        command(parsed)
    }
}
