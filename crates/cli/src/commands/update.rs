//! `update`: looks for newer versions of the files in folders.

use std::io;

use anyhow::{Context, anyhow};

use crate::command_line::Parsed;
use crate::environment::{Environment, settings_file};
use crate::exit::Failure;
use crate::options::Profile;
use crate::public_index::{BAKED_IN, Surroundings};
use crate::settings::{Source, UpdateSettings};
use crate::update::{UpdateError, UpdateOutcome};
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
    logging::start(&settings.logging)?;
    logging::tell(&settings.notes);

    let surroundings = Surroundings {
        variable: &|name| environment.text(name),
        file: &settings_file,
        home: environment.home.as_deref(),
        baked_in: BAKED_IN,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start threads")?;
    let mut stdout = io::stdout();
    let outcome = runtime
        .block_on(crate::update::update(&settings, &surroundings, &mut stdout))
        .map_err(|error| match error {
            UpdateError::NoIndex(_) => Failure::NoIndex(error),
            _ => anyhow::Error::new(error).into(),
        })?;
    judge(outcome, profile)
}

/// Returns whether the command ends well. That of pypiserver always does, once it was able to
/// start, and scripts count on it.
fn judge(outcome: UpdateOutcome, profile: Profile) -> Result<(), Failure> {
    let failures = [
        (outcome.failed_lookups, "looked up"),
        (outcome.failed_downloads, "fetched"),
    ];
    let failures: Vec<String> = failures
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} could not be {what}"))
        .collect();
    if profile == Profile::PypiServer || failures.is_empty() {
        return Ok(());
    }
    Err(anyhow!("of the projects, {}", failures.join(" and ")).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_update_ends_with_0_under_the_old_name_whatever_failed() {
        let good = UpdateOutcome {
            newer: 3,
            ..UpdateOutcome::default()
        };
        let bad = UpdateOutcome {
            failed_lookups: 2,
            failed_downloads: 1,
            ..good
        };
        assert!(judge(good, Profile::Wheelhouse).is_ok());
        assert!(judge(bad, Profile::PypiServer).is_ok());
        let failure = judge(bad, Profile::Wheelhouse).expect_err("failures");
        assert_eq!(failure.exit_code(Profile::Wheelhouse), 1);
        assert_eq!(
            failure.message(),
            "error: of the projects, 2 could not be looked up and 1 could not be fetched\n"
        );
    }
}
