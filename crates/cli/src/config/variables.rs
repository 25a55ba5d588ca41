//! Settings in the environment.

use super::error::ConfigError;
use super::values::{Origin, Values};
use crate::environment::Environment;
use crate::options::nearest::nearest;
use crate::options::{Places, defs};
use crate::settings::{Note, NoteLevel};

const PREFIX: &str = "WHEELHOUSE_";

/// Variables that are read elsewhere: the public index's address, and what owners sign in with at
/// another server.
const NO_SETTINGS: [&str; 3] = [
    "WHEELHOUSE_PUBLIC_INDEX",
    "WHEELHOUSE_USER",
    "WHEELHOUSE_PASSWORD",
];

/// Reads the variables of all options.
pub(super) fn read(environment: &Environment, values: &mut Values) -> Result<(), ConfigError> {
    let mut known: Vec<String> = NO_SETTINGS.iter().map(ToString::to_string).collect();
    for option in defs::ALL
        .iter()
        .filter(|option| option.places != Places::CommandLine)
    {
        let variable = option.variable();
        let written = environment.variable(&variable);
        known.push(variable.clone());
        let Some(written) = written.filter(|value| !is_service_address(&value.to_string_lossy()))
        else {
            continue;
        };
        let value = option
            .read_text(written)
            .map_err(|reason| ConfigError::BadVariable {
                value: written.to_string_lossy().into_owned(),
                variable: variable.clone(),
                reason,
            })?;
        values.set(option, value, Origin::Variable(variable));
    }
    for name in environment.names_with(PREFIX) {
        if !known.iter().any(|known| known == name) && !is_of_service(name) {
            values.notes.push(unknown(name, &known));
        }
    }
    Ok(())
}

/// Returns whether a value is what Kubernetes puts into `WHEELHOUSE_PORT` when a service is called
/// `wheelhouse`: such as `tcp://10.3.0.9:8080`.
fn is_service_address(value: &str) -> bool {
    value.starts_with("tcp://") || value.starts_with("udp://")
}

/// Returns whether Kubernetes makes a variable of this name for a service called `wheelhouse`.
fn is_of_service(name: &str) -> bool {
    name.starts_with("WHEELHOUSE_SERVICE_") || name.starts_with("WHEELHOUSE_PORT_")
}

/// A variable that nobody reads is no reason not to start: it may be meant for somebody else.
fn unknown(name: &str, known: &[String]) -> Note {
    let plain: Vec<String> = known.iter().map(|known| known.to_lowercase()).collect();
    let found = nearest(&name.to_lowercase(), plain.iter().map(String::as_str));
    let advice = found
        .map(|found| format!("; the nearest one is `{}`", found.to_uppercase()))
        .unwrap_or_default();
    Note {
        level: NoteLevel::Warning,
        text: format!("the variable `{name}` is not a setting and is ignored{advice}"),
    }
}
