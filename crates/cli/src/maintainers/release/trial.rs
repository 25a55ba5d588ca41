//! Trying a wheel before anybody else does: what it needs is found, it is installed where nothing
//! else is, and imported.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use url::Url;
use wheelhouse_release::distribution::Distribution;
use wheelhouse_release::modules::modules_of;
use wheelhouse_standards::name::ProjectKey;

use super::super::session::Session;
use super::build::{Builder, blamed};
use super::index::is_asked_anyway;
use super::programs::{Done, Programs};
use super::project::Project;
use super::report::{Check, Report, Trouble};
use crate::environment::Environment;
use crate::exit::Failure;
use crate::sign_in::is_this_machine;

/// Imports what is named behind it.
const IMPORT: &str =
    "import importlib, sys\nfor name in sys.argv[1:]:\n    importlib.import_module(name)\n";

/// How installers get to the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It is the only one.
    Sole,
    /// It is asked besides those of this machine.
    Extra,
    /// The settings of this machine name it.
    Set,
}

/// What installers of a trial and of later users ask.
pub(super) struct Sources {
    pub(super) way: Way,
    pub(super) pages: Url,
    pub(super) extra: Vec<String>,
}

impl Sources {
    pub(super) fn new(
        session: &Session<'_>,
        extra: Vec<String>,
        environment: &Environment,
    ) -> Self {
        let pages = session.place.pages.clone();
        let way = if session.is_index_named() {
            Way::Sole
        } else if is_asked_anyway(&pages, environment) {
            Way::Set
        } else {
            Way::Extra
        };
        Self { way, pages, extra }
    }

    /// Returns programs whose installers ask these.
    pub(super) async fn programs(
        &self,
        programs: &Programs,
        session: &Session<'_>,
        project: &ProjectKey,
        environment: &Environment,
    ) -> Result<Programs, Failure> {
        let mut programs = programs.clone();
        let mut pages = self.pages.clone();
        if let Some((user, password)) = session.pair()
            && self.way != Way::Set
            && session.hides_pages(project).await?
        {
            // Refused only by addresses without a host.
            let _ = pages.set_username(user);
            let _ = pages.set_password(Some(password));
        }
        let mut extra = self.extra.clone();
        match self.way {
            Way::Set => {}
            Way::Sole => {
                programs.set("PIP_INDEX_URL", pages.as_str());
                programs.set("UV_DEFAULT_INDEX", pages.as_str());
            }
            Way::Extra => extra.insert(0, pages.into()),
        }
        if !extra.is_empty() {
            for name in ["PIP_EXTRA_INDEX_URL", "UV_INDEX"] {
                let mut all = extra.clone();
                all.extend(environment.text(name));
                programs.set(name, all.join(" "));
            }
        }
        if self.pages.scheme() == "http" && !is_this_machine(&self.pages) {
            let host = self.pages.host_str().unwrap_or_default();
            let mut all = vec![host.to_owned()];
            all.extend(environment.text("PIP_TRUSTED_HOST"));
            programs.set("PIP_TRUSTED_HOST", all.join(" "));
        }
        Ok(programs)
    }

    /// Returns the line with which pip installs a release from here, and that for uv.
    pub(super) fn install_lines(&self, name: &str, version: &str) -> [String; 2] {
        let pages = &self.pages;
        let (mut pip, mut uv) = match self.way {
            Way::Set => (String::new(), String::new()),
            Way::Sole => (
                format!(" --index-url {pages}"),
                format!(" --default-index {pages}"),
            ),
            Way::Extra => (
                format!(" --extra-index-url {pages}"),
                format!(" --index {pages}"),
            ),
        };
        if pages.scheme() == "http" && !is_this_machine(pages) {
            let host = pages.host_str().unwrap_or_default();
            pip = format!("{pip} --trusted-host {host}");
        }
        for extra in &self.extra {
            pip = format!("{pip} --extra-index-url {extra}");
            uv = format!("{uv} --index {extra}");
        }
        [
            format!("pip install{pip} {name}=={version}"),
            format!("uv pip install{uv} {name}=={version}"),
        ]
    }
}

/// A trial of a wheel.
pub(super) struct Trial<'a> {
    pub(super) programs: Programs,
    pub(super) builder: &'a Builder,
    pub(super) project: &'a Project,
    pub(super) wheel: &'a Distribution,
    pub(super) scratch: &'a Path,
}

impl Trial<'_> {
    /// Makes the three checks, each if the one before it passed.
    pub(super) async fn run(&self, report: &mut Report) -> Result<(), Failure> {
        report.doing("looking for what it needs");
        let python = self
            .builder
            .environment(&self.programs, self.scratch)
            .await?;
        let dependencies = self.dependencies(&python).await?;
        let is_resolved = dependencies.is_ok();
        report.tell(Check::Dependencies, dependencies)?;
        if !is_resolved && !report.skips(Check::Dependencies) {
            report.left_out(Check::Install, "not tried without what it needs")?;
            return report.left_out(Check::Import, "not tried");
        }
        report.doing("installing it");
        let installed = self.install(&python).await?;
        let is_installed = installed.is_ok();
        report.tell(Check::Install, installed)?;
        if !is_installed {
            return report.left_out(Check::Import, "not tried");
        }
        report.doing("importing it");
        let imported = self.import(&python).await?;
        report.tell(Check::Import, imported)
    }

    async fn dependencies(&self, python: &Path) -> Result<Result<String, Trouble>, Failure> {
        let metadata = self.wheel.metadata.as_ref();
        let of_extra = |needed: &&String| needed.replace(' ', "").contains("extra==");
        let needed = metadata.map_or(0, |metadata| {
            let all = metadata.requires_dist.iter();
            all.filter(|needed| !of_extra(needed)).count()
        });
        let extras: Vec<String> = metadata
            .map(|metadata| metadata.provides_extra.clone())
            .unwrap_or_default();
        let path = self.wheel.path.to_string_lossy();
        let done = self.find(python, &path).await?;
        if !done.is_good {
            return Ok(Err(
                self.unresolved(&done, "what it needs cannot be had together")
            ));
        }
        for extra in &extras {
            let done = self.find(python, &format!("{path}[{extra}]")).await?;
            if !done.is_good {
                let what = format!("what its extra `{extra}` needs cannot be had together");
                return Ok(Err(self.unresolved(&done, &what)));
            }
        }
        Ok(Ok(match (needed, extras.len()) {
            (0, _) => "it needs nothing".to_owned(),
            (needed, 0) => format!("{needed} requirements can be met"),
            (needed, extras) => format!("{needed} requirements can be met, with {extras} extras"),
        }))
    }

    async fn find(&self, python: &Path, what: &str) -> Result<Done, Failure> {
        self.builder
            .install(&self.programs, python, what, true)
            .await
    }

    /// Finds the requirement that is to blame, and its line.
    fn unresolved(&self, done: &Done, what: &str) -> Trouble {
        let said = done.all();
        let plain = |text: &str| text.to_ascii_lowercase().replace(['_', '.'], "-");
        let plain_said = plain(&said);
        let metadata = self.wheel.metadata.as_ref();
        let needed = metadata.map(|metadata| metadata.requires_dist.as_slice());
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let names = needed.unwrap_or_default().iter().map(|needed| {
            let end = needed.find(|c| !is_name(c)).unwrap_or(needed.len());
            plain(&needed[..end])
        });
        let own = plain(&self.wheel.named.spelled_name);
        let told: BTreeSet<String> = names
            .filter(|name| *name != own && plain_said.contains(name.as_str()))
            .collect();
        let place = told.iter().find_map(|name| self.project.place_of(name));
        let fix = "upload what is missing, or change the requirement";
        let trouble = Trouble::new(what, fix).said(&said);
        match place {
            Some((file, line)) => trouble.at(file, Some(line)),
            None => trouble,
        }
    }

    async fn install(&self, python: &Path) -> Result<Result<String, Trouble>, Failure> {
        let path = self.wheel.path.to_string_lossy();
        let done = self
            .builder
            .install(&self.programs, python, &path, false)
            .await?;
        if !done.is_good {
            let trouble = Trouble::new("it cannot be installed", "mend what is told below");
            return Ok(Err(trouble.said(&done.all())));
        }
        Ok(Ok(format!(
            "{} in a fresh environment",
            self.wheel.file_name()
        )))
    }

    async fn import(&self, python: &Path) -> Result<Result<String, Trouble>, Failure> {
        let modules = match modules_of(&self.wheel.path) {
            Ok(modules) => modules,
            Err(error) => return Ok(Err(Trouble::new(error.to_string(), ""))),
        };
        if modules.is_empty() {
            return Ok(Ok("it brings nothing to import".to_owned()));
        }
        let empty: PathBuf = self.scratch.join("empty");
        let made = std::fs::create_dir_all(&empty);
        made.map_err(|error| Failure::Other(error.into()))?;
        let words = ["-I", "-c", IMPORT].into_iter();
        let words = words.chain(modules.iter().map(String::as_str));
        let done = self.programs.run(python, words, &empty).await?;
        if !done.is_good {
            let fix = "mend it, and commit";
            let trouble = blamed(&done, self.project, "it cannot be imported", fix);
            return Ok(Err(trouble));
        }
        Ok(Ok(modules.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn install_line_is_what_was_tried() {
        for (way, pages, extra, pip, uv) in [
            (
                Way::Sole,
                "https://h/simple/",
                None,
                "pip install --index-url https://h/simple/ x==1",
                "uv pip install --default-index https://h/simple/ x==1",
            ),
            (
                Way::Extra,
                "http://h:1/simple/",
                Some("https://e/"),
                "pip install --extra-index-url http://h:1/simple/ --trusted-host h \
                 --extra-index-url https://e/ x==1",
                "uv pip install --index http://h:1/simple/ --index https://e/ x==1",
            ),
            (
                Way::Set,
                "http://127.0.0.1/simple/",
                None,
                "pip install x==1",
                "uv pip install x==1",
            ),
        ] {
            let sources = Sources {
                way,
                pages: pages.parse().expect(pages),
                extra: extra.into_iter().map(str::to_owned).collect(),
            };
            assert_eq!(sources.install_lines("x", "1"), [pip, uv]);
        }
    }
}
