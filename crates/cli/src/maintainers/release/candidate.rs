//! The checks of a release, in their order.

use std::ffi::OsString;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use wheelhouse_release::bump::Bump;
use wheelhouse_release::distribution::Distribution;
use wheelhouse_release::readiness::{Statement, StatementPlace};
use wheelhouse_release::tag::{tag_of, tagged};
use wheelhouse_release::version_place::VersionPlace;
use wheelhouse_standards::check::{CheckPolicy, Strictness};
use wheelhouse_standards::found::FileKind;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::version::Version;

use super::super::session::Session;
use super::Wishes;
use super::build::Builder;
use super::bump::{Bumped, Bumping};
use super::git::{Branch, Copy, Repository, Tag};
use super::index::{self, Listed};
use super::programs::Programs;
use super::project::Project;
use super::report::{Check, Report, Trouble};
use super::trial::{Sources, Trial};
use crate::environment::Environment;
use crate::exit::Failure;

/// A commit that is to become a release.
pub(super) struct Candidate<'a> {
    pub(super) wishes: &'a Wishes,
    pub(super) repository: &'a Repository<'a>,
    pub(super) copy: &'a Copy,
    pub(super) project: &'a Project,
    pub(super) programs: &'a Programs,
    pub(super) tags: Vec<Tag>,
    pub(super) scratch: &'a Path,
}

/// A release that passed every check.
pub(super) struct Ready {
    pub(super) version: Version,
    /// All files.
    pub(super) files: Vec<Distribution>,
    /// Those that the index does not have.
    pub(super) missing: Vec<Distribution>,
    /// The tag, and whether it is there already.
    pub(super) tag: (String, bool),
    pub(super) branch: Branch,
    pub(super) bumped: Option<Bumped>,
}

impl Candidate<'_> {
    /// Makes every check. Returns `None` if some fail; they were told.
    pub(super) async fn judge(
        &self,
        builder: &Builder,
        session: &Session<'_>,
        sources: &Sources,
        report: &mut Report,
        environment: &Environment,
    ) -> Result<Option<Ready>, Failure> {
        report.doing("asking the index");
        report.tell(
            Check::Upload,
            index::entry(session, self.wishes.is_dry).await?,
        )?;
        report.tell(Check::Tree, self.repository.tree().await?)?;
        let (branch, said) = self.repository.branch(&self.tags).await?;
        report.tell(Check::Branch, said)?;
        let mut bumped = None;
        let mut day = Timestamp::now().to_zoned(TimeZone::system()).date();
        if let Some(bump) = &self.wishes.bump {
            match self.bump(bump, &mut day, session, report).await? {
                Ok(done) => {
                    report.tell(Check::Bump, Ok(done.said.clone()))?;
                    bumped = Some(done);
                }
                Err(trouble) => {
                    report.tell(Check::Bump, Err(trouble))?;
                    return Ok(None);
                }
            }
        }
        let time = bumped
            .as_ref()
            .map_or(self.repository.time, |done| done.time);
        let Some(files) = self.build(builder, time, report).await? else {
            return Ok(None);
        };
        let Some(version) = self.version(&files, report)? else {
            return Ok(None);
        };
        self.changelog(&version, day, report)?;
        let commit = bumped
            .as_ref()
            .map_or(&self.repository.commit, |done| &done.commit);
        let tag = self.tag(&version, &branch, commit, report).await?;
        self.statements(&files, report)?;
        report.doing("asking the index what it has");
        let target = session.target()?;
        let listed = match Listed::read(&target, &files[0].named.key).await {
            // Whoever checks a change of a stranger may have no password.
            Err(_) if report.skips(Check::Index) => Listed::nothing(&target.pages.1),
            read => read?,
        };
        let found = listed
            .missing(&version, &files, &target, self.scratch)
            .await?;
        let (found, missing) = match found {
            Ok((missing, said)) => (Ok(said), missing),
            Err(trouble) => (Err(trouble), Vec::new()),
        };
        report.tell(Check::Index, found)?;
        report.tell(Check::Newest, listed.newest(&version))?;
        let programs = sources
            .programs(self.programs, session, &files[0].named.key, environment)
            .await?;
        let wheel = files.iter().find(|file| file.named.kind == FileKind::Wheel);
        if let Some(wheel) = wheel {
            let trial = Trial {
                programs,
                builder,
                project: self.project,
                wheel,
                scratch: self.scratch,
            };
            trial.run(report).await?;
        }
        if !report.failed().is_empty() {
            return Ok(None);
        }
        Ok(Some(Ready {
            version,
            files,
            missing,
            tag,
            branch,
            bumped,
        }))
    }

    async fn bump(
        &self,
        bump: &Bump,
        day: &mut Date,
        session: &Session<'_>,
        report: &Report,
    ) -> Result<Result<Bumped, Trouble>, Failure> {
        let bumping = Bumping {
            programs: self.programs,
            repository: self.repository,
            copy: self.copy,
            project: self.project,
            tags: &self.tags,
            changelog: self.wishes.changelog.as_deref(),
            skips_changelog: report.skips(Check::Changelog),
        };
        let version = match bumping.next(bump) {
            Ok(version) => version,
            Err(trouble) => return Ok(Err(trouble)),
        };
        // A release that was begun on another day keeps its day, for its files have it in them.
        if let Some(key) = ProjectKey::of(&self.project.name) {
            let listed = Listed::read(&session.target()?, &key).await?;
            let begun = listed
                .upload_time(&version)
                .and_then(|time| time.parse::<Timestamp>().ok());
            if let Some(begun) = begun {
                *day = begun.to_zoned(TimeZone::system()).date();
            }
        }
        bumping.write(&version, *day).await
    }

    /// Builds and reads the files.
    async fn build(
        &self,
        builder: &Builder,
        time: i64,
        report: &mut Report,
    ) -> Result<Option<Vec<Distribution>>, Failure> {
        report.doing("building");
        let mut programs = self.programs.clone();
        programs.set("SOURCE_DATE_EPOCH", OsString::from(time.to_string()));
        let folder = self.scratch.join("dist");
        let built = builder
            .build(&programs, self.copy, self.project, &folder)
            .await?;
        let paths = match built {
            Ok(paths) => paths,
            Err(trouble) => {
                report.tell(Check::Build, Err(trouble))?;
                return Ok(None);
            }
        };
        report.tell(
            Check::Build,
            Ok(format!("sdist and wheel, by {}", builder.name())),
        )?;
        let policy = CheckPolicy {
            strictness: Strictness::Standard,
            refused: Vec::new(),
        };
        let read = paths.iter().map(|path| Distribution::read(path, &policy));
        let files: Vec<Distribution> = match read.collect() {
            Ok(files) => files,
            Err(error) => {
                report.tell(Check::Files, Err(Trouble::new(format!("{error}"), "")))?;
                return Ok(None);
            }
        };
        let has = |kind| files.iter().any(|file| file.named.kind == kind);
        if !has(FileKind::Wheel) || !has(FileKind::Sdist) {
            let trouble = Trouble::new("the build gives no wheel and sdist", "");
            report.tell(Check::Files, Err(trouble))?;
            return Ok(None);
        }
        report.tell(Check::Files, judged(&files))?;
        Ok(Some(files))
    }

    /// Finds the version that all agree on.
    fn version(
        &self,
        files: &[Distribution],
        report: &mut Report,
    ) -> Result<Option<Version>, Failure> {
        let said = self.agreed_version(files, report.skips(Check::Version));
        let version = said.as_ref().ok().map(|(version, _)| version.clone());
        report.tell(Check::Version, said.map(|(_, said)| said))?;
        Ok(version)
    }

    /// `may_be_between` tells whether a version of no release will do.
    fn agreed_version(
        &self,
        files: &[Distribution],
        may_be_between: bool,
    ) -> Result<(Version, String), Trouble> {
        let mut built: Option<Version> = None;
        for file in files {
            let Some(version) = file.named.version.to_version() else {
                let what = format!("{} has no version", file.file_name());
                return Err(Trouble::new(
                    what,
                    "write a version such as 1.2.0 or 1.2.0rc1",
                ));
            };
            if built.as_ref().is_some_and(|other| *other != version) {
                let what = format!("the files have several versions, {version} among them");
                return Err(Trouble::new(
                    what,
                    "let the version depend on the commit alone",
                ));
            }
            built = Some(version);
        }
        let built = built.ok_or_else(|| Trouble::new("nothing was built", ""))?;
        match self.project.version_place()? {
            VersionPlace::Written(written) if written.version == built => {
                let said = format!("{} in {}:{}", written.version, written.file, written.line);
                Ok((written.version, said))
            }
            VersionPlace::Written(written) => Err(Trouble::new(
                format!("{} is written, and {built} was built", written.version),
                "write the version in one place",
            )
            .at(&written.file, Some(written.line))),
            VersionPlace::Computed { file, .. } if is_between(&built) && !may_be_between => {
                Err(Trouble::new(
                    format!("{built} is the version of a commit that is no release"),
                    "tag the commit with the version, or let --bump do it",
                )
                .at(file, None))
            }
            VersionPlace::Computed { file, why } => {
                let said = format!("{built}, made by {file} ({why})");
                Ok((built, said))
            }
        }
    }

    fn changelog(&self, version: &Version, day: Date, report: &mut Report) -> Result<(), Failure> {
        let named = self.wishes.changelog.as_deref();
        let of_towncrier = || {
            let is_made = named.is_none() && self.project.towncrier().is_some();
            is_made.then(|| {
                format!(
                    "let towncrier write it: --bump does, or `towncrier build --version {version}`"
                )
            })
        };
        let said = match self.project.changelog(named) {
            Some(found) => found
                .changelog
                .released(version, day)
                .map(|date| format!("{} tells of {version}, of {date}", found.file))
                .map_err(|fault| {
                    let fix = of_towncrier().unwrap_or(fault.fix);
                    let trouble = Trouble::new(fault.what, fix);
                    trouble.at(&found.file, Some(fault.line))
                }),
            None => Err(match named {
                Some(file) => Trouble::new(
                    "it is not committed in the project, or too large to be a changelog",
                    "name it relative to the project",
                )
                .at(file, None),
                None => Trouble::new(
                    "the project has no changelog",
                    of_towncrier().unwrap_or_else(|| {
                        format!(
                            "write CHANGELOG.md with `## {version} - {day}` and what has changed"
                        )
                    }),
                ),
            }),
        };
        report.tell(Check::Changelog, said)
    }

    /// Finds the tag of the release, and whether it is there already.
    async fn tag(
        &self,
        version: &Version,
        branch: &Branch,
        commit: &str,
        report: &mut Report,
    ) -> Result<(String, bool), Failure> {
        let name = &self.project.name;
        let here = self.tags.iter().filter(|tag| tag.commit == *commit);
        let here: Vec<&str> = here.map(|tag| tag.name.as_str()).collect();
        let is_tagged = !here.is_empty();
        if let Some(tag) = here
            .into_iter()
            .find(|tag| tagged(name, [*tag]).as_ref() == Some(version))
        {
            report.tell(Check::Tag, Ok(format!("{tag} is on this commit")))?;
            return Ok((tag.to_owned(), true));
        }
        let names = self.tags.iter().map(|tag| tag.name.as_str());
        let tag = tag_of(version, name, names);
        let taken = self.tags.iter().find(|other| other.name == tag);
        let said = if let Some(taken) = taken {
            Err(Trouble::new(
                format!("{tag} is on another commit, {:.10}", taken.commit),
                "raise the version; or, if nothing of it is out, move the tag",
            ))
        } else if branch.name.is_none() && is_tagged {
            Err(Trouble::new(
                format!("HEAD is at a tag, and none on this commit is of {version}"),
                format!("git tag {tag}, or git switch to the branch"),
            ))
        } else {
            match self.repository.nobody().await? {
                Some(trouble) => Err(trouble),
                None => Ok(format!("{tag} is free")),
            }
        };
        report.tell(Check::Tag, said)?;
        Ok((tag, false))
    }

    /// Looks for what a release should say about itself.
    fn statements(&self, files: &[Distribution], report: &mut Report) -> Result<(), Failure> {
        let wheel = files.iter().find(|file| file.named.kind == FileKind::Wheel);
        let metadata = wheel.and_then(|wheel| wheel.metadata.as_ref());
        let place = StatementPlace::find(&|path: &str| self.project.read(path));
        for (statement, check, missing) in [
            (
                Statement::RequiresPython,
                Check::Python,
                "it does not say for which Python it is",
            ),
            (
                Statement::Licence,
                Check::Licence,
                "it does not say under which licence it is",
            ),
            (Statement::Readme, Check::Readme, "it has no readme"),
        ] {
            let found = metadata.and_then(|metadata| statement.found(metadata));
            let said = found.ok_or_else(|| {
                Trouble::new(missing, statement.fix(&place)).at(&place.file, place.line)
            });
            report.tell(check, said)?;
        }
        Ok(())
    }
}

/// Says what is wrong or odd with files.
fn judged(files: &[Distribution]) -> Result<String, Trouble> {
    let refused = files.iter().flat_map(|file| {
        let named = move |message: &str| format!("{}: {message}", file.file_name());
        file.refused
            .iter()
            .map(move |finding| named(&finding.message))
    });
    let refused: Vec<String> = refused.collect();
    if !refused.is_empty() {
        return Err(Trouble::new(
            refused.join("; "),
            "no index would take them; build them anew",
        ));
    }
    let told = files.iter().flat_map(|file| &file.told);
    let mut lines: Vec<&str> = told.map(|finding| finding.message.as_str()).collect();
    lines.dedup();
    let names: Vec<&str> = files.iter().map(Distribution::file_name).collect();
    let names = names.join(", ");
    Ok(if lines.is_empty() {
        names
    } else {
        format!("{names} ({})", lines.join("; "))
    })
}

/// Returns whether tools that make versions from tags mean no release by it.
fn is_between(version: &Version) -> bool {
    version.is_local() || version.canonical().contains(".dev")
}
