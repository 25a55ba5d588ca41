//! Brings the layers together: what the command line says goes before the environment, that before
//! `wheelhouse.toml`, and that before the defaults.

mod error;
mod file;
pub(crate) mod show;
mod values;
mod variables;

use std::path::PathBuf;

pub(crate) use error::ConfigError;
pub(crate) use values::{Origin, Values};

use crate::command_line::Parsed;
use crate::environment::Environment;
use crate::options::value::Value;
use crate::options::{Kind, OptionDef, Profile, defs};

/// Gathers the value of each option from all layers.
///
/// # Errors
///
/// What is wrong in the file or in a variable.
pub(crate) fn gather(
    parsed: Parsed,
    profile: Profile,
    environment: &Environment,
) -> Result<Values, ConfigError> {
    let mut values = Values::of_defaults(profile);
    let mut upper = Values::default();
    variables::read(environment, &mut upper)?;
    read_command_line(parsed, &mut upper);

    if let Some(path) = file_to_read(&upper, &values, profile, environment) {
        file::read(&path, &mut values)?;
        values.file = Some(path);
    }
    values.lay_over(upper);
    Ok(values)
}

fn read_command_line(parsed: Parsed, values: &mut Values) {
    if !parsed.free.is_empty() {
        let folders = parsed.free.into_iter().map(PathBuf::from).collect();
        values.set(&defs::ROOTS, Value::Folders(folders), Origin::CommandLine);
    }
    let mut seen: Vec<&OptionDef> = Vec::new();
    for (option, value) in parsed.given {
        let is_first = !seen.iter().any(|before| before.long == option.long);
        seen.push(option);
        // What adds up does so on the command line alone: it does not add to lower layers.
        let before = values
            .setting(option)
            .filter(|_| !is_first)
            .map(|before| &before.value);
        let value = match (option.kind, before, value) {
            (Kind::Count, Some(Value::Integer(before)), Value::Integer(more)) => {
                Value::Integer(before.saturating_add(more))
            }
            (Kind::List { joins: true, .. }, Some(Value::List(before)), Value::List(more)) => {
                Value::List(before.iter().cloned().chain(more).collect())
            }
            (_, _, value) => value,
        };
        values.set(option, value, Origin::CommandLine);
    }
}

/// Returns the path of the file with settings, if there is one to be read.
fn file_to_read(
    upper: &Values,
    defaults: &Values,
    profile: Profile,
    environment: &Environment,
) -> Option<PathBuf> {
    let here = &environment.working_folder;
    if let Some(path) = upper.path(&defs::CONFIG) {
        return Some(environment.absolute(path, here));
    }
    if profile == Profile::PypiServer {
        return None;
    }
    let state_folder = if let Some(folder) = upper.path(&defs::STATE_DIR) {
        Some(environment.absolute(folder, here))
    } else {
        let roots = [upper.folders(&defs::ROOTS), defaults.folders(&defs::ROOTS)];
        let first = roots.into_iter().flatten().next();
        first.map(|root| environment.absolute(root, here).join(".wheelhouse"))
    };
    let folders = std::iter::once(here.clone()).chain(state_folder);
    folders
        .map(|folder| folder.join("wheelhouse.toml"))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::Path;

    use super::*;
    use crate::command_line;
    use crate::command_line::Command;

    fn gathered(
        folder: &Path,
        line: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<Values, ConfigError> {
        let words: Vec<OsString> = line.iter().map(OsString::from).collect();
        let invocation = command_line::read(&words, &|_| false).expect("a good command line");
        let (Command::Run(parsed) | Command::Update(parsed)) = invocation.command else {
            panic!("{line:?} runs");
        };
        gather(
            parsed,
            invocation.profile,
            &Environment::for_test(folder, variables),
        )
    }

    fn port(folder: &Path, line: &[&str], variables: &[(&str, &str)]) -> i64 {
        gathered(folder, line, variables)
            .unwrap()
            .integer(&defs::PORT)
            .unwrap()
    }

    #[test]
    fn flag_goes_before_environment_before_file_before_default() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        assert_eq!(port(folder, &["wheelhouse", "run"], &[]), 8080);
        std::fs::write(folder.join("wheelhouse.toml"), "port = 1\n").unwrap();
        assert_eq!(port(folder, &["wheelhouse", "run"], &[]), 1);
        let variables = [("WHEELHOUSE_PORT", "2")];
        assert_eq!(port(folder, &["wheelhouse", "run"], &variables), 2);
        assert_eq!(
            port(folder, &["wheelhouse", "run", "-p", "3"], &variables),
            3
        );
        assert_eq!(
            port(folder, &["wheelhouse", "run", "-p3", "-p4"], &variables),
            4
        );
    }

    #[test]
    fn file_is_the_named_one_else_of_the_working_folder_else_of_the_state_folder() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let write = |path: &str, port: u16| {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, format!("port = {port}")).unwrap();
        };
        write("home/packages/.wheelhouse/wheelhouse.toml", 1);
        assert_eq!(port(folder, &["wheelhouse", "run"], &[]), 1);
        write("wheels/.wheelhouse/wheelhouse.toml", 2);
        assert_eq!(port(folder, &["wheelhouse", "run", "wheels"], &[]), 2);
        write("state/wheelhouse.toml", 3);
        assert_eq!(
            port(folder, &["wheelhouse", "run", "--state-dir", "state"], &[]),
            3
        );
        write("wheelhouse.toml", 4);
        assert_eq!(port(folder, &["wheelhouse", "run", "wheels"], &[]), 4);
        write("other.toml", 5);
        assert_eq!(
            port(
                folder,
                &["wheelhouse", "run", "--config", "other.toml"],
                &[]
            ),
            5
        );
        assert_eq!(
            port(
                folder,
                &["wheelhouse", "run"],
                &[("WHEELHOUSE_CONFIG", "other.toml")]
            ),
            5
        );
        // The drop-in reads no file that nobody names.
        assert_eq!(port(folder, &["pypi-server", "run", "wheels"], &[]), 8080);
        assert_eq!(
            port(
                folder,
                &["pypi-server", "run", "--config", "other.toml"],
                &[]
            ),
            5
        );
    }

    #[test]
    fn counts_and_lists_add_up_on_the_command_line() {
        let folder = tempfile::tempdir().unwrap();
        let line = "wheelhouse -v run -vv --trusted-proxy 10.0.0.1,::1 --trusted-proxy fd00::/8";
        let line: Vec<&str> = line.split(' ').collect();
        let variables = [
            ("WHEELHOUSE_TRUSTED_PROXY", "10.9.9.9"),
            ("WHEELHOUSE_VERBOSE", "1"),
        ];
        let values = gathered(folder.path(), &line, &variables).unwrap();
        assert_eq!(values.integer(&defs::VERBOSE), Some(3));
        assert_eq!(
            values.list(&defs::TRUSTED_PROXY),
            ["10.0.0.1", "::1", "fd00::/8"]
        );
    }

    #[test]
    fn unknown_key_is_refused_with_the_nearest_known_one_and_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let refusal = |text: &str| {
            std::fs::write(folder.path().join("wheelhouse.toml"), text).unwrap();
            let error = gathered(folder.path(), &["wheelhouse", "run"], &[]).expect_err(text);
            let text = format!("{error}; {}", error.hint().unwrap_or_default());
            let text = text.trim_end_matches("; ");
            text.replace(&folder.path().display().to_string(), "DIR")
        };
        insta::assert_snapshot!(
            [
                "port = 1\nprot = 2\n",
                "log_file = \"x\"",
                "interface = \"::1\"",
                "zzz = 1",
                "port = \"8080\"",
                "port = 70000",
                "overwrite = 1",
                "roots = [1]",
                "[server]\nport = 1",
                "authenticate = [\"upload\"]",
                "hash-algo = \"shake_128\"",
                "port = 1\nport = 2",
                "port =",
                "help = true",
            ]
            .map(|text| format!("{text:?}\n    {}", refusal(text)))
            .join("\n")
        );
    }

    #[test]
    fn odd_variables_are_refused_or_noted() {
        let folder = tempfile::tempdir().unwrap();
        let with = |variable| gathered(folder.path(), &["wheelhouse", "run"], &[variable]);
        let error = with(("WHEELHOUSE_PORT", "http")).expect_err("no number");
        assert_eq!(
            error.to_string(),
            "WHEELHOUSE_PORT is `http`: write a whole number"
        );
        let values = with(("WHEELHOUSE_PROT", "1")).unwrap();
        assert!(
            values.notes[0].text.contains("`WHEELHOUSE_PORT`"),
            "{:?}",
            values.notes
        );
    }

    #[test]
    fn address_that_kubernetes_puts_into_the_port_variable_is_not_a_port() {
        let folder = tempfile::tempdir().unwrap();
        let variables = [
            ("WHEELHOUSE_PORT", "tcp://10.3.0.9:8080"),
            ("WHEELHOUSE_PORT_8080_TCP_ADDR", "10.3.0.9"),
            ("WHEELHOUSE_SERVICE_HOST", "10.3.0.9"),
            ("WHEELHOUSE_PUBLIC_INDEX", "https://index.example/simple/"),
        ];
        let values = gathered(folder.path(), &["wheelhouse", "run"], &variables).unwrap();
        assert_eq!(values.integer(&defs::PORT), Some(8080));
        assert_eq!(values.notes, []);
    }
}
