//! `config`: checks and shows the settings that `run` would use, and starts nothing.

use std::fmt::Write;

use crate::command_line::Parsed;
use crate::config::{self, show};
use crate::environment::Environment;
use crate::exit::Failure;
use crate::options::Profile;
use crate::program::print;
use crate::settings::{RunSettings, Source};

/// Says whether `run` would start with these settings.
pub(crate) fn check(
    parsed: Parsed,
    profile: Profile,
    environment: &Environment,
) -> Result<(), Failure> {
    let values = config::gather(parsed, profile, environment)?;
    let source = Source {
        values: &values,
        environment,
        may_make_folders: false,
    };
    let settings = RunSettings::of(source)?;
    let mut text = String::new();
    for note in &settings.notes {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "note: {}", note.text);
    }
    let file = match &values.file {
        Some(path) => path.display().to_string(),
        None => "no file".to_owned(),
    };
    let _ = writeln!(
        text,
        "the settings are good (read from the command line, the environment and {file})"
    );
    print(&text)
}

/// Prints the settings that `run` would use, with where each one comes from.
pub(crate) fn show(
    parsed: Parsed,
    profile: Profile,
    environment: &Environment,
) -> Result<(), Failure> {
    let values = config::gather(parsed, profile, environment)?;
    print(&show::show(&values))
}
