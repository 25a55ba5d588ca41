//! `--bump`: the next version, written into the copy and committed there.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use wheelhouse_release::bump::Bump;
use wheelhouse_release::changelog::Dated;
use wheelhouse_release::tag::{tag_of, tagged};
use wheelhouse_release::version_place::VersionPlace;
use wheelhouse_standards::version::Version;

use super::git::{Copy, Repository, Tag};
use super::programs::Programs;
use super::project::Project;
use super::report::Trouble;
use crate::exit::Failure;

/// What there is to work with.
pub(super) struct Bumping<'a> {
    pub(super) programs: &'a Programs,
    pub(super) repository: &'a Repository<'a>,
    pub(super) copy: &'a Copy,
    pub(super) project: &'a Project,
    pub(super) tags: &'a [Tag],
    /// The changelog that was named.
    pub(super) changelog: Option<&'a str>,
    /// Whether the changelog is left alone.
    pub(super) skips_changelog: bool,
}

/// A release that is a commit of the copy.
pub(super) struct Bumped {
    pub(super) commit: String,
    /// When the commit was made, in seconds since 1970.
    pub(super) time: i64,
    /// What was written where.
    pub(super) said: String,
}

impl Bumping<'_> {
    /// Returns the version after the present one: that which is written, or else the highest that
    /// a tag or a dated entry of the changelog names.
    pub(super) fn next(&self, bump: &Bump) -> Result<Version, Trouble> {
        if let Bump::To(version) = bump {
            return Ok(version.clone());
        }
        let current = match self.project.version_place()? {
            VersionPlace::Written(written) => Some(written.version),
            VersionPlace::Computed { .. } => {
                let names = self.tags.iter().map(|tag| tag.name.as_str());
                tagged(&self.project.name, names).max(self.newest_entry())
            }
        };
        let current = current
            .ok_or_else(|| Trouble::new("no version is known that could go up", "--bump 0.1.0"))?;
        bump.after(&current)
            .map_err(|error| Trouble::new(format!("{current} cannot go up: {error}"), ""))
    }

    fn newest_entry(&self) -> Option<Version> {
        let found = self.project.changelog(self.changelog)?;
        let dated = |date: &Dated| matches!(date, Dated::On(_));
        let entries = found.changelog.entries().iter();
        let entries = entries.filter(|entry| dated(&entry.date));
        entries.filter_map(|entry| entry.version.clone()).max()
    }

    /// Writes a version and its date into the copy, and commits it at a time that depends on nothing
    /// but the day, so that it is the same commit when it is done again.
    pub(super) async fn write(
        &self,
        version: &Version,
        day: Date,
    ) -> Result<Result<Bumped, Trouble>, Failure> {
        let mut edits = Vec::new();
        let written = match self.version(version, &mut edits) {
            Ok(()) => self.changelog(version, day, &mut edits).await?,
            Err(trouble) => Err(trouble),
        };
        if let Err(trouble) = written {
            return Ok(Err(trouble));
        }
        let midnight = day.to_zoned(TimeZone::UTC).map(|time| time.timestamp());
        let midnight = midnight.unwrap_or(Timestamp::UNIX_EPOCH).as_second();
        let time = midnight.max(self.repository.time);
        self.copy.add_all(self.programs).await?;
        let commit = if self.copy.is_changed(self.programs).await? {
            let message = format!("Release {version}");
            self.copy.commit(self.programs, &message, time).await?
        } else {
            self.repository.commit.clone()
        };
        // Versions may be made from tags.
        let names = self.tags.iter().map(|tag| tag.name.as_str());
        let tag = tag_of(version, &self.project.name, names);
        self.copy.tag(self.programs, &tag).await?;
        let mut said = format!("to {version}");
        if !edits.is_empty() {
            said = format!("{said}, in {}", edits.join(", "));
        }
        Ok(Ok(Bumped { commit, time, said }))
    }

    fn version(&self, version: &Version, edits: &mut Vec<String>) -> Result<(), Trouble> {
        let VersionPlace::Written(written) = self.project.version_place()? else {
            return Ok(());
        };
        self.put(&written.file, &written.with(version))?;
        edits.push(format!("{}:{}", written.file, written.line));
        if let Some(lock) = self.project.read("uv.lock")
            && let Some(text) = locked(&lock, written.version.as_str(), version)
        {
            self.put("uv.lock", &text)?;
            edits.push("uv.lock".to_owned());
        }
        Ok(())
    }

    async fn changelog(
        &self,
        version: &Version,
        day: Date,
        edits: &mut Vec<String>,
    ) -> Result<Result<(), Trouble>, Failure> {
        let found = self.project.changelog(self.changelog);
        let has_entry = found
            .as_ref()
            .is_some_and(|found| found.changelog.entry(version).is_some());
        if !has_entry && self.project.towncrier().is_some() {
            return self.towncrier(version, day, edits).await;
        }
        let Some(found) = found else {
            // The check of the changelog tells.
            return Ok(Ok(()));
        };
        let file = &found.file;
        Ok(match found.changelog.with_release(version, day) {
            Ok(written) => {
                edits.push(format!("{file}:{}", written.line));
                self.put(file, &written.text)
            }
            Err(_) if self.skips_changelog => Ok(()),
            Err(fault) => Err(Trouble::new(fault.what, fault.fix).at(file, Some(fault.line))),
        })
    }

    async fn towncrier(
        &self,
        version: &Version,
        day: Date,
        edits: &mut Vec<String>,
    ) -> Result<Result<(), Trouble>, Failure> {
        let (program, first) = if let Some(program) = self.programs.find("towncrier") {
            (program, None)
        } else if let Some(uv) = self.programs.find("uv") {
            (uv, Some(["tool", "run", "towncrier"]))
        } else {
            let what = "the changelog is made by towncrier, which is not installed";
            return Ok(Err(Trouble::new(what, "pip install towncrier")));
        };
        let day = day.to_string();
        let words = [
            "build",
            "--yes",
            "--version",
            version.as_str(),
            "--date",
            &day,
        ];
        let words = first.into_iter().flatten().chain(words);
        let done = self
            .programs
            .run(program, words, &self.copy.project)
            .await?;
        if !done.is_good {
            let trouble = Trouble::new("towncrier fails", "mend its settings or its fragments");
            return Ok(Err(trouble.said(&done.all())));
        }
        edits.push("the changelog by towncrier".to_owned());
        Ok(Ok(()))
    }

    fn put(&self, file: &str, text: &str) -> Result<(), Trouble> {
        let written = self.project.write(file, text);
        written.map_err(|error| {
            Trouble::new(format!("it cannot be written: {error}"), "").at(file, None)
        })
    }
}

/// Returns a lock file of uv with another version of the project itself, if it is in there.
fn locked(lock: &str, old: &str, new: &Version) -> Option<String> {
    const PACKAGE: &str = "[[package]]";
    let is_own = |part: &&str| {
        let source = part.lines().find(|line| line.starts_with("source = "));
        source.is_some_and(|line| {
            [r#"editable = ".""#, r#"virtual = ".""#]
                .iter()
                .any(|own| line.contains(own))
        })
    };
    let part = lock.split(PACKAGE).skip(1).find(is_own)?;
    let line = format!("version = \"{old}\"");
    let at = part.as_ptr().addr() - lock.as_ptr().addr() + part.find(&line)?;
    let mut text = lock.to_owned();
    text.replace_range(at..at + line.len(), &format!("version = \"{new}\""));
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_file_gets_the_version_of_the_project_alone() {
        let lock = "version = 1\n\n[[package]]\nname = \"a\"\nversion = \"1.2\"\n\
                    source = { registry = \"https://index.example/simple\" }\n\n\
                    [[package]]\nname = \"own\"\nversion = \"1.2\"\nsource = { editable = \".\" }\n\n\
                    [[package]]\nname = \"z\"\nversion = \"1.2\"\n";
        let new = "1.3".parse().expect("a version");
        let expected = lock.replace("\"own\"\nversion = \"1.2\"", "\"own\"\nversion = \"1.3\"");
        assert_ne!(expected, lock);
        assert_eq!(locked(lock, "1.2", &new), Some(expected));
        assert_eq!(locked(lock, "1.1", &new), None);
        assert_eq!(locked("version = 1\n", "1.2", &new), None);
    }
}
