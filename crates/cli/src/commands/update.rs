//! `update`: looks for newer versions of the files in folders.

use crate::command_line::Parsed;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::options::Profile;
use crate::settings::{Source, UpdateSettings};
use crate::{config, logging};

/// Looks for newer versions, and prints or runs the commands that fetch them.
pub(crate) fn update(
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
    let settings = UpdateSettings::of(source)?;
    logging::start(&settings.logging).map_err(anyhow::Error::new)?;
    logging::tell(&settings.notes);
    Err(anyhow::anyhow!("`update` is not built yet").into())
}
