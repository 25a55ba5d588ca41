//! Files with which CI systems check every change of a project and release its tags: values in, text out.
//!
//! Each system has a template in `pipelines/templates/`; the scripts in them are one for all. What a user
//! names never stands in a script: it is the value of a variable, quoted as the file's language wants it.

mod mark;
mod python;
mod quoting;
mod tests_of;

use std::collections::BTreeMap;

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use serde::Serialize;
use url::Url;
use wheelhouse_standards::name::ProjectName;

pub use self::mark::{Hand, marked, whose};
pub use self::python::{PythonFault, pythons_of};
pub use self::quoting::{PlainText, PlainTextError};
pub use self::tests_of::{TestTool, Tests, tests_of};

/// A CI system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// GitHub Actions.
    GitHub,
    /// GitLab CI.
    GitLab,
    /// Jenkins, with a declarative pipeline.
    Jenkins,
    /// Azure Pipelines.
    Azure,
    /// Bitbucket Pipelines.
    Bitbucket,
    /// Woodpecker.
    Woodpecker,
}

impl System {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::GitHub,
        Self::GitLab,
        Self::Jenkins,
        Self::Azure,
        Self::Bitbucket,
        Self::Woodpecker,
    ];

    /// Returns the name that the command takes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GitHub => "github",
            Self::GitLab => "gitlab",
            Self::Jenkins => "jenkins",
            Self::Azure => "azure",
            Self::Bitbucket => "bitbucket",
            Self::Woodpecker => "woodpecker",
        }
    }

    /// Returns what people call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::GitHub => "GitHub Actions",
            Self::GitLab => "GitLab CI",
            Self::Jenkins => "Jenkins",
            Self::Azure => "Azure Pipelines",
            Self::Bitbucket => "Bitbucket Pipelines",
            Self::Woodpecker => "Woodpecker",
        }
    }

    /// Returns where the pipeline stands in a repository, for the project in a folder of it.
    pub fn file(self, folder: &str) -> String {
        let name = folder.replace(['/', ' '], "-");
        let (dash, below) = match folder {
            "" => (String::new(), String::new()),
            _ => (format!("-{name}"), format!("{folder}/")),
        };
        match self {
            Self::GitHub => format!(".github/workflows/release{dash}.yml"),
            Self::GitLab if folder.is_empty() => ".gitlab-ci.yml".to_owned(),
            Self::GitLab => format!(".gitlab/release{dash}.yml"),
            Self::Jenkins => format!("{below}Jenkinsfile"),
            Self::Azure => format!("{below}azure-pipelines.yml"),
            // The system reads this one alone.
            Self::Bitbucket => "bitbucket-pipelines.yml".to_owned(),
            Self::Woodpecker => format!(".woodpecker/release{dash}.yml"),
        }
    }

    /// Returns whether jobs prove who they are, and the index can tell them apart for sure.
    pub const fn has_identity(self) -> bool {
        matches!(self, Self::GitHub | Self::GitLab)
    }

    /// Returns whether jobs can be made to prove who they are.
    pub const fn may_have_identity(self) -> bool {
        self.has_identity() || matches!(self, Self::Jenkins)
    }

    /// Returns what begins a comment.
    const fn comment(self) -> &'static str {
        match self {
            Self::Jenkins => "//",
            _ => "#",
        }
    }

    const fn template(self) -> &'static str {
        match self {
            Self::GitHub => "github.yml",
            Self::GitLab => "gitlab.yml",
            Self::Jenkins => "jenkins.groovy",
            Self::Azure => "azure.yml",
            Self::Bitbucket => "bitbucket.yml",
            Self::Woodpecker => "woodpecker.yml",
        }
    }

    /// Returns a folder that a job has to itself, as shells write it.
    const fn tools(self) -> &'static str {
        match self {
            Self::GitHub => "$RUNNER_TEMP/wheelhouse",
            Self::GitLab => "$CI_PROJECT_DIR.tmp/wheelhouse",
            Self::Jenkins => "$WORKSPACE_TMP/wheelhouse",
            Self::Azure => "$AGENT_TEMPDIRECTORY/wheelhouse",
            Self::Bitbucket | Self::Woodpecker => "/tmp/wheelhouse",
        }
    }

    /// Returns the variable with the name of the tag, where its commit may come without it.
    const fn tag_variable(self) -> Option<&'static str> {
        match self {
            Self::GitHub | Self::Azure => None,
            Self::GitLab | Self::Woodpecker => Some("CI_COMMIT_TAG"),
            Self::Jenkins => Some("TAG_NAME"),
            Self::Bitbucket => Some("BITBUCKET_TAG"),
        }
    }
}

/// Where releases go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// To the index with these simple pages, from which alone everything is installed.
    Pages(Url),
    /// To this address of uploads; the pages beside it are asked besides the runner's own indexes.
    Uploads {
        /// The address of uploads.
        upload: Url,
        /// The simple pages.
        pages: Url,
    },
}

/// How `wheelhouse` gets to the runner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// It is in the image, or at the address in a variable of the CI system.
    Found,
    /// It is downloaded.
    Download {
        /// From there.
        url: Url,
        /// Its digest, in hexadecimal digits.
        sha256: Option<String>,
    },
    /// It is a Python package of the index: its name, with a version.
    Package(PlainText),
}

/// How a job signs in at the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignIn {
    /// With its own identity, made for this audience.
    Identity {
        /// What the index wants the identity to be made for.
        audience: PlainText,
    },
    /// With a token that the system keeps as a secret.
    Token,
}

/// What a pipeline is made from.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// The system that reads it.
    pub system: System,
    /// The project.
    pub project: ProjectName,
    /// Its folder in the repository, or nothing if that is the whole.
    pub folder: PlainText,
    /// The branch to which changes are merged.
    pub branch: PlainText,
    /// What stands before the version in tags.
    pub tag_prefix: PlainText,
    /// Where releases go.
    pub destination: Destination,
    /// More indexes from which requirements come.
    pub extra_indexes: Vec<Url>,
    /// What tests the project has.
    pub tests: Option<Tests>,
    /// The versions of Python to test with, such as `3.12`, in order.
    pub pythons: Vec<String>,
    /// The image in which jobs run.
    pub image: Option<PlainText>,
    /// The runner, where the system has several.
    pub runner: PlainText,
    /// How the program gets there.
    pub program: Program,
    /// How a release signs in.
    pub sign_in: SignIn,
    /// The environment of the system that releases are of.
    pub environment: Option<PlainText>,
    /// The versions of actions: the name and what stands behind the `@`.
    pub actions: BTreeMap<String, String>,
}

/// The actions that a pipeline of GitHub uses, and the versions that are taken unless others are named.
pub const ACTIONS: &[(&str, &str)] = &[("actions/checkout", "v6"), ("actions/setup-python", "v6")];

/// A template is not as it should be.
#[derive(Debug, thiserror::Error)]
#[error("the template cannot be filled: {0}")]
pub struct RenderError(#[from] minijinja::Error);

const TEMPLATES: &[(&str, &str)] = &[
    ("github.yml", include_str!("pipelines/templates/github.yml")),
    ("gitlab.yml", include_str!("pipelines/templates/gitlab.yml")),
    (
        "jenkins.groovy",
        include_str!("pipelines/templates/jenkins.groovy"),
    ),
    ("azure.yml", include_str!("pipelines/templates/azure.yml")),
    (
        "bitbucket.yml",
        include_str!("pipelines/templates/bitbucket.yml"),
    ),
    (
        "bitbucket_checks.yml",
        include_str!("pipelines/templates/bitbucket_checks.yml"),
    ),
    (
        "woodpecker.yml",
        include_str!("pipelines/templates/woodpecker.yml"),
    ),
    (
        "variables.yml",
        include_str!("pipelines/templates/variables.yml"),
    ),
    ("exports.sh", include_str!("pipelines/templates/exports.sh")),
    ("tools.sh", include_str!("pipelines/templates/tools.sh")),
    ("program.sh", include_str!("pipelines/templates/program.sh")),
    (
        "before_release.sh",
        include_str!("pipelines/templates/before_release.sh"),
    ),
    ("where.sh", include_str!("pipelines/templates/where.sh")),
    ("check.sh", include_str!("pipelines/templates/check.sh")),
    ("release.sh", include_str!("pipelines/templates/release.sh")),
    ("test.sh", include_str!("pipelines/templates/test.sh")),
    ("indexes.sh", include_str!("pipelines/templates/indexes.sh")),
];

#[derive(Serialize)]
struct ProgramValues<'p> {
    kind: &'static str,
    sha256: Option<&'p str>,
}

impl Pipeline {
    /// Writes the file, with the mark by which it is known again.
    ///
    /// # Errors
    /// A template is broken.
    pub fn render(&self) -> Result<String, RenderError> {
        let text = environment()?
            .get_template(self.system.template())?
            .render(self.values())?;
        Ok(marked(self.system, self.folder.as_str(), &text))
    }

    fn values(&self) -> Value {
        let system = self.system;
        let variables = self.variables();
        let extra = |name: &&String| name.starts_with("EXTRA_INDEX_URL");
        let extra_names: Vec<&String> = variables.keys().filter(extra).collect();
        let newest = self.pythons.last().map_or("3", String::as_str);
        let own_image = || format!("python:{newest}");
        let image = self.image.as_ref().map(PlainText::as_str);
        let (kind, sha256) = match &self.program {
            Program::Found => ("found", None),
            Program::Download { sha256, .. } => ("download", sha256.as_deref()),
            Program::Package(_) => ("package", None),
        };
        let (identity, audience) = match &self.sign_in {
            SignIn::Identity { audience } => (true, audience.as_str()),
            SignIn::Token => (false, ""),
        };
        let environment = self.environment.as_ref().map(PlainText::as_str);
        let environment = match system {
            // It is what keeps the secret from other steps.
            System::Bitbucket => environment.or(Some("Production")),
            _ => environment,
        };
        // Where every version of Python is an image of its own, an image that was named is the only one.
        let tested = match image {
            Some(_) => &self.pythons[self.pythons.len().saturating_sub(1)..],
            None => &self.pythons[..],
        };
        let project = self.project.as_str();
        let title = match self.folder.as_str() {
            "" => project.to_owned(),
            folder => format!("{project}, in {folder}"),
        };
        context! {
            project,
            title,
            job => project,
            folder => self.folder.as_str(),
            branch => self.branch.as_str(),
            tag_prefix => self.tag_prefix.as_str(),
            tag_regex => quoting::regex(self.tag_prefix.as_str()),
            uploads => matches!(self.destination, Destination::Uploads { .. }),
            tests => self.tests,
            pythons => self.pythons,
            tested,
            newest,
            image,
            image_of_newest => image.map_or_else(own_image, str::to_owned),
            runner => self.runner.as_str(),
            program => ProgramValues { kind, sha256 },
            has_variables => system != System::Woodpecker,
            identity,
            audience,
            identity_variable => identity_variable(audience),
            environment,
            tools => system.tools(),
            tag_variable => system.tag_variable(),
            checkout => self.action("actions/checkout"),
            setup_python => self.action("actions/setup-python"),
            extra_names,
            variables,
        }
    }

    fn action(&self, name: &str) -> String {
        let known = ACTIONS.iter().find(|(action, _)| *action == name);
        let version = self.actions.get(name).map(String::as_str);
        let version = version.or(known.map(|(_, version)| *version));
        format!("{name}@{}", version.unwrap_or("main"))
    }

    /// Returns the variables of the scripts.
    fn variables(&self) -> BTreeMap<String, String> {
        let mut variables = BTreeMap::new();
        let mut set = |name: &str, value: String| variables.insert(name.to_owned(), value);
        match &self.destination {
            Destination::Pages(pages) => {
                set("INDEX_URL", quoting::address(pages));
            }
            Destination::Uploads { upload, pages } => {
                set("UPLOAD_URL", quoting::address(upload));
                set("INDEX_URL", quoting::address(pages));
            }
        }
        for (number, url) in self.extra_indexes.iter().enumerate() {
            set(
                &format!("EXTRA_INDEX_URL_{}", number + 1),
                quoting::address(url),
            );
        }
        if !self.folder.as_str().is_empty() {
            set("PROJECT_FOLDER", format!("./{}", self.folder.as_str()));
        }
        match &self.program {
            Program::Found => {}
            Program::Download { url, sha256 } => {
                set("WHEELHOUSE_PROGRAM_URL", quoting::address(url));
                if let Some(sha256) = sha256 {
                    set("WHEELHOUSE_PROGRAM_SHA256", sha256.clone());
                }
            }
            Program::Package(package) => {
                set("WHEELHOUSE_PACKAGE", package.as_str().to_owned());
            }
        }
        variables
    }
}

/// Returns the variable in which a job has its identity for an audience, as uv, twine and we look for it.
pub fn identity_variable(audience: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_uppercase()
        } else {
            '_'
        }
    };
    format!(
        "{}_ID_TOKEN",
        audience.chars().map(plain).collect::<String>()
    )
}

fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_keep_trailing_newline(true);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.add_filter("yaml", |text: String| quoting::yaml(&text));
    environment.add_filter("shell", |text: String| quoting::shell(&text));
    environment.add_filter("groovy", |text: String| quoting::groovy(&text));
    environment.add_filter("groovy_text", |text: String| quoting::groovy_text(&text));
    environment.add_filter("shift", |text: String, by: usize| quoting::shift(&text, by));
    for (name, text) in TEMPLATES {
        environment.add_template(name, text)?;
    }
    Ok(environment)
}

#[cfg(test)]
mod tests;
