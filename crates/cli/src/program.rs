//! Carries out what the command line asks for.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use crate::command_line::{self, Command, Invocation, Refusal};
use crate::commands;
use crate::environment::Environment;
use crate::exit::{Failure, refusal_message};
use crate::options::{Profile, help, reference};
use crate::{maintainers, owners};

const LEGACY_WARNING: &str = "\
warning: a command line without `run` or `update` is the old form. It works, but please write
  pypi-server run [OPTION ...] [DIR ...]
or `pypi-server update …` in place of `-U`.
";

/// Runs the program with the words of a command line, its own name included.
pub(crate) fn start(words: &[OsString], environment: &Environment) -> ExitCode {
    let is_folder = |name: &std::ffi::OsStr| environment.working_folder.join(name).is_dir();
    carry_out(command_line::read(words, &is_folder), environment)
}

/// Carries out what a command line comes to.
pub(crate) fn carry_out(
    read: Result<Invocation, Box<Refusal>>,
    environment: &Environment,
) -> ExitCode {
    let invocation = match read {
        Ok(invocation) => invocation,
        Err(refusal) => {
            to_stderr(&refusal_message(*refusal));
            return ExitCode::from(2);
        }
    };
    if invocation.is_legacy_form {
        to_stderr(LEGACY_WARNING);
    }
    let profile = invocation.profile;
    let done = match invocation.command {
        Command::Run(parsed) => commands::run::run(parsed, profile, environment),
        Command::Update(parsed) => commands::update::update(parsed, profile, environment),
        Command::ConfigCheck(parsed) => commands::config::check(parsed, profile, environment),
        Command::ConfigShow(parsed) => commands::config::show(parsed, profile, environment),
        Command::ConfigReference => print(&reference::page()),
        Command::Maintainers(command, parsed) => {
            maintainers::carry_out(command, &parsed, environment)
        }
        Command::MoveTo(parsed) => commands::move_to::move_to(parsed, profile, environment),
        Command::Backup(parsed) => commands::backup::backup(parsed, profile, environment),
        Command::Restore(parsed) => commands::restore::restore(parsed, profile, environment),
        Command::Migrate(parsed) => commands::migrate::migrate(parsed, profile, environment),
        Command::Check(parsed) => commands::check::check(parsed, profile, environment),
        Command::Recover(parsed) => commands::recover::recover(parsed, profile, environment),
        Command::Health(parsed) => commands::health::health(parsed, environment),
        Command::Owners(command, parsed) => owners::carry_out(command, parsed, environment),
        Command::Container(words) => return commands::container::container(&words, environment),
        Command::Help(page) => print(&help::page(page, profile)),
        Command::Version => print(&version(profile)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            to_stderr(&failure.message());
            ExitCode::from(failure.exit_code(profile))
        }
    }
}

/// Scripts that ask `pypi-server` for its version expect the number alone.
fn version(profile: Profile) -> String {
    let number = env!("CARGO_PKG_VERSION");
    match profile {
        Profile::Wheelhouse => format!("wheelhouse {number}\n"),
        Profile::PypiServer => format!("{number}\n"),
    }
}

/// Writes a text to stdout. A reader that has seen enough, such as `head`, is no failure.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(anyhow::Error::new(error)
                .context("cannot write to stdout")
                .into())
        }
        _ => Ok(()),
    }
}

/// Writes a text to stderr. If that fails there is nobody left to tell.
pub(crate) fn to_stderr(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
