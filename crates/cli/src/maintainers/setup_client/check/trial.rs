//! One client, run as its user would run it, with the settings and variables of this machine.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use tokio::process::Command;
use url::Url;
use wheelhouse_release::client_setup::{Client, Edit, Format, apply, edit::Value};

use super::super::Request;
use crate::exit::Failure;

/// How long one client may take.
const TIME: Duration = Duration::from_mins(3);

/// What is tried.
pub(super) struct Trial<'a> {
    pub(super) client: Client,
    pub(super) project: &'a str,
    pub(super) name: &'a str,
    pub(super) index: &'a Url,
    pub(super) is_sole: bool,
    pub(super) project_folder: Option<&'a str>,
}

/// What it came to.
pub(super) enum Tried {
    /// The client got the project.
    Works,
    /// There is no such program.
    NotHere,
    /// It failed, and said this.
    Fails(String),
}

impl Trial<'_> {
    /// Runs the client in a folder that is gone afterwards.
    pub(super) async fn run(&self, request: &Request<'_>) -> Result<Tried, Failure> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let Some((program, words)) = self.command(request, folder.path())? else {
            return Ok(Tried::NotHere);
        };
        let mut command = Command::new(program);
        command
            .args(words)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // These make neither updates nor environments on the way.
        for (name, value) in [
            ("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
            ("PIP_NO_INPUT", "1"),
            ("PDM_CHECK_UPDATE", "0"),
            ("PDM_USE_VENV", "0"),
            ("POETRY_VIRTUALENVS_CREATE", "false"),
            ("NO_COLOR", "1"),
        ] {
            command.env(name, value);
        }
        let done = match tokio::time::timeout(TIME, command.output()).await {
            Ok(done) => done.with_context(|| format!("cannot run {}", self.client))?,
            Err(_) => return Ok(Tried::Fails("timed out".to_owned())),
        };
        if done.status.success() {
            return Ok(Tried::Works);
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let said = format!("{}{}", text(&done.stdout), text(&done.stderr));
        Ok(Tried::Fails(said))
    }

    fn command(
        &self,
        request: &Request<'_>,
        folder: &Path,
    ) -> Result<Option<(PathBuf, Vec<OsString>)>, Failure> {
        let words =
            |words: &[&str]| -> Vec<OsString> { words.iter().map(OsString::from).collect() };
        let to = folder.join("got");
        let found = match self.client {
            Client::Uv => {
                let mut all = words(&[
                    "uv",
                    "pip",
                    "install",
                    "--no-deps",
                    "--no-cache",
                    "--target",
                ]);
                all.push(to.into());
                all
            }
            Client::Poetry => {
                self.prepare(folder)?;
                let more = ["poetry", "add", "--lock", "--no-interaction", "--no-cache"];
                let mut all = words(&more);
                if !self.is_sole {
                    all.extend(words(&["--source", self.name]));
                }
                all
            }
            Client::Pdm => {
                self.prepare(folder)?;
                words(&["pdm", "add", "--no-sync", "--no-self"])
            }
            // The others install with pip.
            _ => {
                let options = ["download", "--no-deps", "--no-cache-dir", "--dest"];
                let mut all = match ["pip", "pip3"]
                    .iter()
                    .find(|pip| request.find(pip).is_some())
                {
                    Some(pip) => words(&[pip]),
                    None => words(&["python3", "-m", "pip"]),
                };
                all.extend(words(&options));
                all.push(to.into());
                all
            }
        };
        let mut found = found.into_iter();
        let Some(program) = found.next() else {
            return Ok(None);
        };
        let program = request.find(&program.to_string_lossy());
        let mut rest: Vec<OsString> = found.collect();
        rest.push(self.project.into());
        Ok(program.map(|program| (program, rest)))
    }

    /// Writes a project with nothing in it, with the sources of the user's own one.
    fn prepare(&self, folder: &Path) -> Result<(), Failure> {
        let mut text = String::from(
            "[project]\nname = \"tried-by-wheelhouse\"\nversion = \"0\"\nrequires-python = \
             \">=3.11\"\ndependencies = []\n",
        );
        if self.client == Client::Poetry {
            let own = self
                .project_folder
                .map(|own| Path::new(own).join("pyproject.toml"));
            if let Some(sources) = own.and_then(|own| sources(&own)) {
                text = format!("{text}\n{sources}");
            } else {
                text.push_str("\n[tool.poetry]\npackage-mode = false\n");
                let priority = if self.is_sole {
                    "primary"
                } else {
                    "supplemental"
                };
                let edit = Edit::Table {
                    place: ["tool", "poetry", "source"].map(str::to_owned).to_vec(),
                    name: self.name.to_owned(),
                    claims: "url",
                    pairs: vec![
                        ("url".to_owned(), Value::Text(self.index.to_string())),
                        ("priority".to_owned(), Value::Text(priority.to_owned())),
                    ],
                };
                let applied = apply(Format::Toml, &text, &[edit]);
                text = applied.context("cannot write a project")?.text;
            }
        }
        std::fs::write(folder.join("pyproject.toml"), text).context("cannot write a project")?;
        Ok(())
    }
}

/// Returns the sources of poetry in a project.
fn sources(path: &Path) -> Option<String> {
    let text = crate::environment::settings_file(path)?;
    let table: toml::Table = toml::from_str(&text).ok()?;
    let sources = table.get("tool")?.get("poetry")?.get("source")?.clone();
    let mut poetry = toml::Table::new();
    poetry.insert("package-mode".to_owned(), false.into());
    poetry.insert("source".to_owned(), sources);
    let mut tool = toml::Table::new();
    tool.insert("poetry".to_owned(), poetry.into());
    let mut root = toml::Table::new();
    root.insert("tool".to_owned(), tool.into());
    toml::to_string(&root).ok()
}
