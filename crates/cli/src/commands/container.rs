//! `container`: starts as the container image does, with the arguments that pypiserver's image
//! takes.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use nix::unistd::{Gid, Uid, getuid, setgid, setgroups, setuid};

use crate::command_line;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::options::Profile;
use crate::program;

/// User and group in pypiserver's image, so that existing volumes keep their owner.
const IMAGE_ID: u32 = 9898;

/// The home folder in pypiserver's image.
const IMAGE_HOME: &str = "/data";

/// Gives up root's rights, then serves.
pub(crate) fn container(words: &[OsString], environment: &Environment) -> ExitCode {
    if let Err(error) = drop_root() {
        program::to_stderr(&Failure::Other(error).message());
        return ExitCode::from(Failure::Other(anyhow::anyhow!("")).exit_code(Profile::PypiServer));
    }
    let (words, environment) = as_in_image(words, environment);
    let is_folder = |name: &OsStr| environment.working_folder.join(name).is_dir();
    program::carry_out(
        command_line::read_as_pypi_server(&words, &is_folder),
        &environment,
    )
}

/// Returns what the image makes of arguments and surroundings.
pub(crate) fn as_in_image(
    words: &[OsString],
    environment: &Environment,
) -> (Vec<OsString>, Environment) {
    let mut environment = environment.clone();
    environment.home = Some(PathBuf::from(IMAGE_HOME));
    if !words.is_empty() {
        return (words.to_vec(), environment);
    }
    let port = ["PYPISERVER_PORT", "PORT"]
        .iter()
        .find_map(|name| environment.variable(name));
    let mut words = vec![OsString::from("run")];
    if let Some(port) = port {
        words.extend([OsString::from("--port"), port.to_owned()]);
    }
    (words, environment)
}

/// Becomes the image's user, if it is root's process. Groups go first: afterwards nobody may
/// change them.
fn drop_root() -> anyhow::Result<()> {
    if !getuid().is_root() {
        return Ok(());
    }
    setgroups(&[])
        .and_then(|()| setgid(Gid::from_raw(IMAGE_ID)))
        .and_then(|()| setuid(Uid::from_raw(IMAGE_ID)))
        .with_context(|| {
            format!("cannot become user {IMAGE_ID}; start with `--user {IMAGE_ID}:{IMAGE_ID}`")
        })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn words_in_image(words: &[&str], variables: &[(&str, &str)]) -> Vec<String> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        let environment = Environment::for_test(Path::new("/data"), variables);
        let (words, environment) = as_in_image(&words, &environment);
        assert_eq!(environment.home.as_deref(), Some(Path::new("/data")));
        words
            .iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn kept_image_without_arguments_runs_on_the_port_of_a_variable() {
        assert_eq!(words_in_image(&[], &[]), ["run"]);
        assert_eq!(
            words_in_image(&[], &[("PORT", "81")]),
            ["run", "--port", "81"]
        );
        let both = [("PORT", "81"), ("PYPISERVER_PORT", "82")];
        assert_eq!(words_in_image(&[], &both), ["run", "--port", "82"]);
    }

    #[test]
    fn mended_port_variable_works_where_the_newer_one_is_empty() {
        let variables = [("PORT", "81"), ("PYPISERVER_PORT", "")];
        assert_eq!(words_in_image(&[], &variables), ["run", "--port", "81"]);
    }

    #[test]
    fn kept_arguments_replace_all_of_the_image_s_own() {
        let words = ["-v", "-P", ".htpasswd", "packages"];
        assert_eq!(words_in_image(&words, &[("PYPISERVER_PORT", "82")]), words);
    }
}
