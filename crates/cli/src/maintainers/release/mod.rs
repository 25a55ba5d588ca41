//! `release`: from a commit to an installable release. Everything is made from a copy of the commit
//! in a temporary folder; nothing is uploaded unless every check passed, and the repository is
//! changed after that alone.

mod build;
mod bump;
mod candidate;
mod ending;
pub(super) mod git;
pub(super) mod index;
pub(super) mod programs;
pub(super) mod project;
mod report;
mod trial;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use anyhow::Context;
use wheelhouse_release::bump::Bump;
use wheelhouse_release::distribution::Distribution;

use self::build::Builder;
use self::candidate::Candidate;
use self::ending::Released;
use self::git::Repository;
use self::programs::Programs;
use self::project::Project;
use self::report::{Check, Report};
use self::trial::Sources;
use super::session::{Session, Wanted};
use crate::command_line::{Parsed, UsageError};
use crate::environment::Environment;
use crate::exit::{Failure, ReleaseFailure};
use crate::options::defs::maintainers as defs;
use crate::program::to_stderr;

/// What the options say of the release.
struct Wishes {
    folder: PathBuf,
    bump: Option<Bump>,
    changelog: Option<String>,
    extra_indexes: Vec<String>,
    is_dry: bool,
    is_agreed: bool,
}

/// Carries out the command.
pub(super) fn release(parsed: &Parsed, environment: &Environment) -> Result<(), Failure> {
    let wanted = Wanted::of(parsed)?;
    let wishes = Wishes::of(parsed, environment)?;
    let mut report = Report::new(wanted.json, parsed.list(&defs::SKIP), environment);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the threads of the program")?;
    let done = runtime.block_on(async {
        let mut terminate =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
                .context("cannot wait for signals")?;
        // Whichever ends the work, the temporary folder goes, and the programs that run in it.
        tokio::select! {
            done = work(wanted, &wishes, &mut report, environment) => done,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted").into()),
            _ = terminate.recv() => Err(anyhow::anyhow!("interrupted").into()),
        }
    });
    // A question that nobody answered must not hold it up.
    runtime.shutdown_background();
    done
}

impl Wishes {
    fn of(parsed: &Parsed, environment: &Environment) -> Result<Self, Failure> {
        let folder = parsed.free.first().map(PathBuf::from).unwrap_or_default();
        let folder = environment.absolute(&folder, &environment.working_folder);
        if !folder.is_dir() {
            let message = format!("{} is no folder", folder.display());
            return Err(ReleaseFailure::usage(message).into());
        }
        let bump = parsed.text(&defs::BUMP).map(|word| {
            word.parse().map_err(|_| UsageError::BadValue {
                option: &defs::BUMP,
                value: word,
                reason: "it is none of major, minor and patch, and no version".to_owned(),
            })
        });
        let wishes = Self {
            folder,
            bump: bump.transpose()?,
            changelog: parsed.text(&defs::CHANGELOG),
            extra_indexes: parsed.list(&defs::EXTRA_INDEX_URL),
            is_dry: parsed.truth(&defs::DRY_RUN),
            is_agreed: parsed.truth(&defs::YES),
        };
        let skipped = parsed.list(&defs::SKIP);
        let real = |name: &&String| matches!(name.as_str(), "version" | "tag" | "index");
        if let Some(name) = skipped.iter().find(real).filter(|_| !wishes.is_dry) {
            let message = format!("a release is none without `{name}`; only a dry run can skip it");
            return Err(ReleaseFailure::usage(message).into());
        }
        if !wishes.is_dry && !wishes.is_agreed && !std::io::stdin().is_terminal() {
            let message = "nobody can be asked here whether to release; say --yes, or --dry-run";
            return Err(ReleaseFailure::usage(message.to_owned()).into());
        }
        Ok(wishes)
    }
}

/// The release itself.
async fn work(
    wanted: Wanted,
    wishes: &Wishes,
    report: &mut Report,
    environment: &Environment,
) -> Result<(), Failure> {
    let mut programs = Programs::of(environment);
    programs.set("NO_COLOR", "1");
    let scratch = tempfile::Builder::new()
        .prefix("wheelhouse-release-")
        .tempdir()
        .context("cannot make a temporary folder")?;
    let scratch = scratch.path();
    // What build tools leave behind when they are ended goes with the rest.
    let temporary = scratch.join("tmp");
    std::fs::create_dir(&temporary).context("cannot make a temporary folder")?;
    programs.set("TMPDIR", temporary);
    let repository = Repository::find(&programs, &wishes.folder).await?;
    let builder = Builder::find(&programs, &wishes.folder).await?;
    let copy = repository.copy(scratch).await?;
    let called = wishes
        .folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let project = Project::new(&copy.project, &called);
    if !project.is_there() {
        let message = format!(
            "{} is no Python project: no pyproject.toml, setup.cfg or setup.py is committed there",
            wishes.folder.display()
        );
        return Err(ReleaseFailure::usage(message).into());
    }
    let as_json = wanted.json;
    let place = index::place(&wanted, &project, environment).await?;
    let mut session = Session::begin(wanted, place, environment)?;
    let candidate = Candidate {
        wishes,
        repository: &repository,
        copy: &copy,
        project: &project,
        programs: &programs,
        tags: repository.tags().await?,
        scratch,
    };
    let sources = Sources::new(&session, wishes.extra_indexes.clone(), environment);
    let judged = candidate
        .judge(&builder, &session, &sources, report, environment)
        .await;
    report.quiet();
    let Some(ready) = judged? else {
        let message = format!("nothing was published: {}", report.failed().join(", "));
        return Err(ReleaseFailure::checks(message, "").into());
    };
    if wishes.is_dry {
        report.left_out(Check::Upload, "nothing is sent in a dry run")?;
        return Ok(());
    }
    let (name, version) = (ready.files[0].project_name(), ready.version.as_str());
    if !wishes.is_agreed && !ready.missing.is_empty() {
        let user = session.pair().map(|(user, _)| format!(" as {user}"));
        let question = format!(
            "Release {name} {version} to {}{}? [y/N] ",
            session.place.upload,
            user.unwrap_or_default()
        );
        if !agreed(question).await? {
            to_stderr("nothing was published\n");
            return Err(Failure::No);
        }
    }
    if !ready.missing.is_empty() {
        session.sign_in().await?;
        let target = session.target()?;
        let sent = session.send(&target, &ready.missing).await;
        session.end().await;
        sent?;
    }
    let released = Released {
        repository: &repository,
        copy: &copy,
        branch: &ready.branch,
        bumped: ready.bumped.as_ref(),
        name,
        version,
        tag: (&ready.tag.0, ready.tag.1),
        files: ready.files.iter().map(Distribution::file_name).collect(),
        sources: &sources,
    };
    released.tag().await?;
    released.tell(as_json)
}

/// Asks at the terminal.
async fn agreed(question: String) -> Result<bool, Failure> {
    let asking = tokio::task::spawn_blocking(move || {
        let mut stderr = std::io::stderr().lock();
        stderr.write_all(question.as_bytes())?;
        stderr.flush()?;
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        let answer = answer.trim().to_ascii_lowercase();
        Ok::<_, std::io::Error>(matches!(answer.as_str(), "y" | "yes"))
    });
    let answered = asking.await.context("the question was lost")?;
    Ok(answered.context("cannot ask")?)
}
