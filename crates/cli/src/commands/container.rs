//! `container`: starts as the container image does, with the arguments that pypiserver's image
//! takes.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::{MetadataExt, lchown};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use anyhow::Context;
use nix::unistd::{Gid, Uid, getuid, setgid, setgroups, setuid};

use crate::command_line;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::options::Profile;
use crate::program;

/// User and group in pypiserver's image, so that existing volumes keep their owner.
const IMAGE_ID: u32 = 9898;

/// The volume in pypiserver's image.
const IMAGE_VOLUME: &str = "/data/packages";

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
    take_over(Path::new(IMAGE_VOLUME));
    setgroups(&[])
        .and_then(|()| setgid(Gid::from_raw(IMAGE_ID)))
        .and_then(|()| setuid(Uid::from_raw(IMAGE_ID)))
        .with_context(|| {
            format!("cannot become user {IMAGE_ID}; start with `--user {IMAGE_ID}:{IMAGE_ID}`")
        })
}

/// Gives the volume to the image's user, as pypiserver's image does, if that user could not write
/// it: a folder that the engine made belongs to root. Where that is not possible, as on a
/// read-only volume, the files are served all the same, and uploads are refused with the reason.
fn take_over(volume: &Path) {
    let Ok(found) = fs::symlink_metadata(volume) else {
        return;
    };
    if !found.is_dir() || may_write(&found) {
        return;
    }
    let (taken, failed) = chown_all(volume);
    if taken > 0 {
        program::to_stderr(&format!(
            "gave {} to user {IMAGE_ID}, which could not write it\n",
            volume.display()
        ));
    }
    if let Some(error) = failed {
        program::to_stderr(&format!(
            "user {IMAGE_ID} cannot write {} ({error}): uploads will be refused; \
             `chown -R {IMAGE_ID}:{IMAGE_ID}` on the host mends it\n",
            volume.display()
        ));
    }
}

fn may_write(folder: &fs::Metadata) -> bool {
    let mode = folder.mode();
    if folder.uid() == IMAGE_ID {
        mode & 0o300 == 0o300
    } else if folder.gid() == IMAGE_ID {
        mode & 0o030 == 0o030
    } else {
        mode & 0o003 == 0o003
    }
}

/// Gives a folder and all that is in it to the image's user, and returns how many that were and
/// the first error. Links are given away, never followed.
fn chown_all(folder: &Path) -> (u64, Option<io::Error>) {
    let mut failed = None;
    let mut taken = 0;
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        match lchown(&path, Some(IMAGE_ID), Some(IMAGE_ID)) {
            Ok(()) => taken += 1,
            Err(error) => failed = failed.or(Some(error)),
        }
        let is_folder = fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir());
        if is_folder && let Ok(entries) = fs::read_dir(&path) {
            waiting.extend(entries.filter_map(|entry| Some(entry.ok()?.path())));
        }
    }
    (taken, failed)
}

#[cfg(test)]
mod tests {
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
