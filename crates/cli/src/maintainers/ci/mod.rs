//! `ci`: writes the file that lets a CI system check each change of a project and release its tags.

mod next;
mod remote;
mod system;
mod wishes;
mod write;

use std::path::Path;

use anyhow::Context;
use url::Url;
use wheelhouse_release::pipelines::{
    Destination, Pipeline, PlainText, SignIn, System, pythons_of, tests_of,
};
use wheelhouse_release::tag::tag_of;
use wheelhouse_standards::name::{ProjectKey, ProjectName};
use wheelhouse_standards::version::Version;

use self::remote::Remote;
use self::wishes::Wishes;
use super::release::git::Repository;
use super::release::index::{Known, known};
use super::release::programs::Programs;
use super::release::project::Project;
use super::session::Wanted;
use super::{address, simple};
use crate::command_line::Parsed;
use crate::environment::Environment;
use crate::exit::{Failure, ReleaseFailure};
use crate::program::{print, to_stderr};
use crate::sign_in::take_user;

/// Carries out the command.
pub(super) fn ci(parsed: &Parsed, environment: &Environment) -> Result<(), Failure> {
    let wishes = Wishes::of(parsed, environment)?;
    let wanted = Wanted::of(parsed)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the program's work")?;
    let programs = Programs::of(environment);
    let surroundings = runtime.block_on(Surroundings::of(&programs, &wishes))?;
    let (system, why) = match wishes.system {
        Some(system) => (system, "as was asked for".to_owned()),
        None => system::found(&surroundings.top, surroundings.remote.as_ref())?,
    };
    let called = wishes.folder.file_name().unwrap_or_default();
    let project = Project::new(&wishes.folder, &called.to_string_lossy());
    if !project.is_there() {
        let message = format!(
            "{} is no Python project: it has no pyproject.toml, setup.cfg or setup.py",
            wishes.folder.display()
        );
        return Err(ReleaseFailure::usage(message).into());
    }
    let destination = destination(&wanted, &project, environment)?;
    let pipeline = pipeline(system, &wishes, &surroundings, &project, destination)?;
    let text = pipeline
        .render()
        .map_err(|error| Failure::Other(error.into()))?;
    let chosen = format!("{}, {why}", system.title());
    let mut file = system.file(pipeline.folder.as_str());
    if wishes.is_printed {
        to_stderr(&format!("{chosen}; this is for {file}\n"));
        print(&text)?;
        to_stderr(&next::steps(&pipeline, surroundings.remote.as_ref(), &file));
        return Ok(());
    }
    let written = match write::write(&surroundings.top, &file, &pipeline, &text, wishes.is_forced)?
    {
        write::Written::There(done) => done,
        write::Written::Beside(other) => {
            print(&next::include(&file, &other))?;
            file = other;
            "written"
        }
    };
    print(&format!("{file}: {written} ({chosen})\n"))?;
    print(&next::steps(&pipeline, surroundings.remote.as_ref(), &file))
}

/// What the repository tells.
struct Surroundings {
    top: std::path::PathBuf,
    folder: String,
    remote: Option<Remote>,
    branch: Option<String>,
    tags: Vec<String>,
}

impl Surroundings {
    async fn of(programs: &Programs, wishes: &Wishes) -> Result<Self, Failure> {
        let repository = Repository::find(programs, &wishes.folder).await?;
        let remote = repository.remote().await?;
        let tags = repository.tags().await?;
        Ok(Self {
            top: repository.top().to_owned(),
            folder: repository.prefix.clone(),
            remote: remote.and_then(|(name, url)| Remote::read(&name, &url)),
            branch: repository.main_branch().await?,
            tags: tags.into_iter().map(|tag| tag.name).collect(),
        })
    }
}

fn pipeline(
    system: System,
    wishes: &Wishes,
    surroundings: &Surroundings,
    project: &Project,
    destination: Destination,
) -> Result<Pipeline, Failure> {
    let name: ProjectName = project.name.parse().map_err(|_| {
        let message = format!(
            "`{}` is no name of a project; write one into its files",
            project.name
        );
        ReleaseFailure::usage(message)
    })?;
    let files = |path: &str| project.read(path);
    let pythons = match &wishes.pythons[..] {
        [] => pythons_of(&files)
            .map_err(|fault| ReleaseFailure::usage(format!("{fault}; say --python VERSIONS")))?,
        named => named.to_vec(),
    };
    let branch = match (&wishes.branch, &surroundings.branch) {
        (Some(branch), _) => branch.clone(),
        (None, Some(branch)) => plain("the branch", branch, "--branch NAME")?,
        (None, None) => plain("the branch", "main", "")?,
    };
    Ok(Pipeline {
        system,
        tag_prefix: tag_prefix(&name, surroundings)?,
        project: name,
        folder: plain("the folder", &surroundings.folder, "rename it")?,
        branch,
        destination,
        extra_indexes: wishes.extra_indexes.clone(),
        tests: tests_of(&files, has_tests(&wishes.folder)),
        pythons,
        image: wishes.image.clone(),
        runner: wishes.runner.clone(),
        program: wishes.program.clone(),
        sign_in: sign_in(system, wishes)?,
        environment: environment_of(system, wishes)?,
        actions: wishes.actions.clone(),
    })
}

fn sign_in(system: System, wishes: &Wishes) -> Result<SignIn, Failure> {
    let audience = wishes.audience.clone();
    match wishes.trusted.as_str() {
        "never" => Ok(SignIn::Token),
        "always" if !system.may_have_identity() => {
            let message = format!(
                "jobs of {} have no identity that an index could tell apart; leave --trusted-publishing out",
                system.title()
            );
            Err(ReleaseFailure::usage(message).into())
        }
        "always" => Ok(SignIn::Identity { audience }),
        _ if system.has_identity() => Ok(SignIn::Identity { audience }),
        _ => Ok(SignIn::Token),
    }
}

fn environment_of(system: System, wishes: &Wishes) -> Result<Option<PlainText>, Failure> {
    let has_some = matches!(system, System::GitHub | System::GitLab | System::Bitbucket);
    if wishes.environment.is_some() && !has_some {
        let message = format!(
            "{} has no environments that --environment could name",
            system.title()
        );
        return Err(ReleaseFailure::usage(message).into());
    }
    Ok(wishes.environment.clone())
}

/// Finds what stands before the version in the tags of a project.
fn tag_prefix(project: &ProjectName, surroundings: &Surroundings) -> Result<PlainText, Failure> {
    const VERSION: &str = "1.0";
    let version: Version = VERSION.parse().map_err(|_| Failure::No)?;
    let key = ProjectKey::from(project.clone());
    let tag = tag_of(
        &version,
        key.as_str(),
        surroundings.tags.iter().map(String::as_str),
    );
    let prefix = tag.strip_suffix(VERSION).unwrap_or(&tag);
    // In a repository of several projects, a tag says of which one it is.
    let is_own = prefix.len() > 1 && !matches!(prefix, "release-" | "release/");
    if surroundings.folder.is_empty() || is_own {
        return plain("the tag", prefix, "tag otherwise");
    }
    plain("the tag", &format!("{key}-v"), "")
}

fn plain(what: &str, text: &str, fix: &str) -> Result<PlainText, Failure> {
    text.parse::<PlainText>().map_err(|error| {
        let message = format!(
            "{what} `{}` cannot be written into the file: {error}; {fix}",
            text.escape_debug()
        );
        ReleaseFailure::usage(message).into()
    })
}

/// Returns where releases go. Secrets stay here.
fn destination(
    wanted: &Wanted,
    project: &Project,
    environment: &Environment,
) -> Result<Destination, Failure> {
    match known(wanted, project, environment)? {
        Known::Pages(pages) => {
            let mut pages = address(&pages)?;
            told_if_secret(&mut pages);
            Ok(Destination::Pages(simple(pages)))
        }
        Known::Whole(place) => Ok(Destination::Uploads {
            upload: place.upload,
            pages: place.pages,
        }),
    }
}

fn told_if_secret(url: &mut Url) {
    if take_user(url).is_some() {
        to_stderr(
            "the user and the password in the address of the index are not written into the file\n",
        );
    }
}

/// Tells whether there are files that pytest would take for tests.
fn has_tests(folder: &Path) -> bool {
    ["", "tests", "test"].iter().any(|name| {
        let Ok(entries) = std::fs::read_dir(folder.join(name)) else {
            return false;
        };
        entries.flatten().take(10_000).any(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.ends_with(".py") && (name.starts_with("test_") || name.ends_with("_test.py"))
        })
    })
}
