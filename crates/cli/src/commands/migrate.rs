//! `migrate`: brings the tables of the catalog up to date, or says whether that is needed.

use std::fmt::Write as _;

use anyhow::Context as _;
use wheelhouse_store::catalog::SchemaState;

use crate::command_line::Parsed;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::options::{Profile, defs};
use crate::program::print;
use crate::settings::{RunSettings, Source};
use crate::{config, wiring};

/// Brings the tables up to date; with `--check`, only says what that would do.
pub(crate) fn migrate(
    parsed: Parsed,
    profile: Profile,
    environment: &Environment,
) -> Result<(), Failure> {
    let is_check = parsed.has(&defs::CHECK);
    let values = config::gather(parsed, profile, environment)?;
    let settings = RunSettings::of(Source {
        values: &values,
        environment,
        may_make_folders: false,
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    let looked = wiring::migrate(&settings, environment, !is_check);
    let (place, state) = runtime.block_on(looked)?;
    print(&told(&place, &state))?;
    if state.fits() && state.pending.is_empty() {
        Ok(())
    } else {
        Err(Failure::No)
    }
}

fn told(place: &str, state: &SchemaState) -> String {
    let SchemaState {
        found,
        known,
        compatible,
        pending,
    } = state;
    let mut text =
        format!("catalog: {place}\nschema:  version {found}; this program knows {known}\n");
    // Writing to a String cannot fail.
    let _ = match (state.fits(), pending.is_empty()) {
        (false, _) => writeln!(
            text,
            "This program does not fit: version {compatible} must be known at least. Use the newer program."
        ),
        (true, true) if found > known => writeln!(
            text,
            "A newer program has changed the tables; this one fits them still. Nothing is to be done."
        ),
        (true, true) => writeln!(text, "Nothing is to be done."),
        (true, false) => writeln!(
            text,
            "`wheelhouse migrate`, or the next start, would do this:"
        ),
    };
    for step in pending {
        let _ = writeln!(text, "  {:>4} {}", step.version, step.name);
    }
    text
}

#[cfg(test)]
mod tests {
    use wheelhouse_store::catalog::Step;

    use super::*;

    #[test]
    fn what_is_to_be_done_is_told_in_a_sentence() {
        let step = Step {
            version: 2,
            name: "marks",
        };
        for (found, compatible, pending, expected) in [
            (1, 1, vec![step], "would do this:\n     2 marks\n"),
            (2, 1, vec![], "Nothing is to be done.\n"),
            (
                3,
                2,
                vec![],
                "this one fits them still. Nothing is to be done.\n",
            ),
            (
                3,
                3,
                vec![],
                "version 3 must be known at least. Use the newer program.\n",
            ),
        ] {
            let state = SchemaState {
                found,
                known: 2,
                compatible,
                pending,
            };
            let text = told("`x`", &state);
            assert!(
                text.starts_with("catalog: `x`\nschema:  version "),
                "{text}"
            );
            assert!(text.ends_with(expected), "{text}");
        }
    }
}
