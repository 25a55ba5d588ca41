//! Running git, build tools and Python: without our secrets, and gone with us.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Command;

use crate::environment::Environment;
use crate::exit::Failure;

/// How often it is looked whether a group of programs has ended, and the wait between.
const LOOKS: u32 = 50;
const LOOK_DELAY: Duration = Duration::from_millis(10);

/// Variables that a build has no business with: they sign in at an index.
const SECRETS: &[&str] = &[
    "WHEELHOUSE_PASSWORD",
    "TWINE_PASSWORD",
    "UV_PUBLISH_PASSWORD",
    "UV_PUBLISH_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_URL",
];
/// Variables with which git works on another repository than that of its folder.
const OF_GIT: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_CEILING_DIRECTORIES",
];

/// The programs of this machine.
#[derive(Clone)]
pub(in crate::maintainers) struct Programs {
    variables: BTreeMap<OsString, OsString>,
    path: OsString,
}

/// What a program came to.
pub(in crate::maintainers) struct Done {
    pub(super) is_good: bool,
    pub(super) out: String,
    pub(super) err: String,
}

impl Done {
    /// Returns what it wrote to stdout, without the end of the line.
    pub(super) fn line(&self) -> &str {
        self.out.trim_end_matches(['\r', '\n'])
    }

    /// Returns all that it wrote.
    pub(super) fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}

impl Programs {
    pub(in crate::maintainers) fn of(environment: &Environment) -> Self {
        let is_kept = |name: &&str| {
            !SECRETS.contains(name) && !OF_GIT.contains(name) && !name.ends_with("_ID_TOKEN")
        };
        let kept = environment.names_with("").filter(is_kept);
        let pairs = kept.filter_map(|name| Some((name.into(), environment.variable(name)?.into())));
        Self {
            variables: pairs.collect(),
            path: environment
                .variable("PATH")
                .map(OsStr::to_owned)
                .unwrap_or_default(),
        }
    }

    /// Sets a variable for every program that is started from now on.
    pub(super) fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.variables.insert(name.into(), value.into());
    }

    /// Finds a program on the path.
    pub(in crate::maintainers) fn find(&self, name: &str) -> Option<PathBuf> {
        let folders = std::env::split_paths(&self.path);
        let mut places = folders.map(|folder| folder.join(name));
        places.find(|place| place.is_file())
    }

    /// Runs a program in a folder to its end. If the release ends before, so does the program, with
    /// everything that it started.
    pub(super) async fn run(
        &self,
        program: impl AsRef<OsStr>,
        words: impl IntoIterator<Item = impl AsRef<OsStr>>,
        folder: &Path,
    ) -> Result<Done, Failure> {
        let program = program.as_ref();
        let mut command = self.command(program, folder);
        let child = command.args(words).process_group(0).spawn();
        let child = child.with_context(|| cannot_run(program))?;
        let mut family = Family(child.id());
        let done = child.wait_with_output().await;
        family.0 = None;
        Ok(done.with_context(|| cannot_run(program))?.into())
    }

    /// Runs git in a folder with more variables. It stays among the programs of the terminal, for
    /// who signs a commit or a tag may be asked for a passphrase there.
    pub(super) async fn git(
        &self,
        words: impl IntoIterator<Item = impl AsRef<OsStr>>,
        folder: &Path,
        more: &[(&str, OsString)],
    ) -> Result<Done, Failure> {
        let program = OsStr::new("git");
        let mut command = self.command(program, folder);
        let more = more.iter().map(|(name, value)| (name, value));
        let done = command.args(words).envs(more).output().await;
        Ok(done.with_context(|| cannot_run(program))?.into())
    }

    fn command(&self, program: &OsStr, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(folder)
            .env_clear()
            .envs(&self.variables)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }
}

fn cannot_run(program: &OsStr) -> String {
    format!("cannot run {}", program.to_string_lossy())
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self {
            is_good: output.status.success(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

/// A program and those that it started, as the number of their group. They end when this is dropped.
struct Family(Option<u32>);

impl Drop for Family {
    fn drop(&mut self) {
        let number = self.0.and_then(|number| i32::try_from(number).ok());
        let Some(group) = number.and_then(Pid::from_raw) else {
            return;
        };
        // The temporary folder is removed next, and must not be filled again meanwhile.
        for _ in 0..LOOKS {
            if kill_process_group(group, Signal::KILL).is_err() {
                return;
            }
            std::thread::sleep(LOOK_DELAY);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn programs_get_no_secret_and_no_repository() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = std::env::var("PATH").expect("a path");
        let environment = Environment::for_test(
            folder.path(),
            &[
                ("PATH", &path),
                ("TWINE_PASSWORD", "secret"),
                ("UV_PUBLISH_TOKEN", "secret"),
                ("PYPI_ID_TOKEN", "secret"),
                ("GIT_DIR", "/elsewhere"),
                ("PIP_INDEX_URL", "https://kept.example/"),
            ],
        );
        let mut programs = Programs::of(&environment);
        programs.set("SOURCE_DATE_EPOCH", "1");
        let done = programs.run("env", [""; 0], folder.path()).await;
        let done = done.expect("it runs");
        assert!(done.is_good);
        assert!(!done.out.contains("secret") && !done.out.contains("GIT_DIR"));
        assert!(done.out.contains("SOURCE_DATE_EPOCH=1"));
        assert!(done.out.contains("PIP_INDEX_URL=https://kept.example/"));
        assert!(programs.find("env").is_some() && programs.find("no-such-program").is_none());
    }
}
