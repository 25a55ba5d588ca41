//! Once the files are out: the tag, the branch, and what to do next.

use std::fmt::Write;

use serde_json::json;

use super::bump::Bumped;
use super::git::{Branch, Copy, Repository};
use super::trial::Sources;
use crate::exit::Failure;
use crate::program::print;

/// A release that is out.
pub(super) struct Released<'a> {
    pub(super) repository: &'a Repository<'a>,
    pub(super) copy: &'a Copy,
    pub(super) branch: &'a Branch,
    pub(super) bumped: Option<&'a Bumped>,
    /// The project's name as its metadata spell it.
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    /// The tag, and whether it is there already.
    pub(super) tag: (&'a str, bool),
    pub(super) files: Vec<&'a str>,
    pub(super) sources: &'a Sources,
}

impl Released<'_> {
    /// Tags the commit in the user's repository, and moves the branch on if the version was bumped.
    pub(super) async fn tag(&self) -> Result<(), Failure> {
        let (tag, is_there) = self.tag;
        let commit = self.commit();
        let what = format!("{} {} is out", self.name, self.version);
        if commit != self.repository.commit {
            let fetched = self.repository.fetch(self.copy, commit).await;
            fetched.map_err(|failure| {
                later(
                    &failure,
                    &format!("{what}, and its commit could not be taken over"),
                )
            })?;
        }
        if !is_there {
            let text = format!("{} {}", self.name, self.version);
            let tagged = self.repository.tag(tag, commit, &text).await;
            tagged.map_err(|failure| {
                let command = format!("git tag -a -m '{text}' {tag} {commit}");
                later(
                    &failure,
                    &format!("{what}, and was not tagged; run `{command}`"),
                )
            })?;
        }
        if commit != self.repository.commit {
            let moved = self.repository.forward(commit).await;
            moved.map_err(|failure| {
                let command = format!("git merge {tag}");
                later(
                    &failure,
                    &format!("{what} and tagged, and the branch stays; run `{command}`"),
                )
            })?;
        }
        Ok(())
    }

    fn commit(&self) -> &str {
        self.bumped
            .map_or(&self.repository.commit, |bumped| &bumped.commit)
    }

    /// Says what is done, and what to do with it.
    pub(super) fn tell(&self, as_json: bool) -> Result<(), Failure> {
        let (tag, _) = self.tag;
        let push = self
            .branch
            .remote
            .as_ref()
            .map(|remote| match &self.branch.name {
                Some(branch) => format!("git push {remote} {branch} {tag}"),
                None => format!("git push {remote} {tag}"),
            });
        let install = self.sources.install_lines(self.name, self.version);
        if as_json {
            let object = json!({
                "released": self.name,
                "version": self.version,
                "files": self.files,
                "tag": tag,
                "commit": self.commit(),
                "push": push,
                "install": install,
            });
            return print(&format!("{object}\n"));
        }
        let mut text = format!(
            "\n{} {} is released and tagged {tag}.\n",
            self.name, self.version
        );
        if let Some(push) = push {
            let _ = write!(text, "\nTell the others:\n    {push}\n");
        }
        let _ = writeln!(text, "\nInstall it:");
        for line in install {
            let _ = writeln!(text, "    {line}");
        }
        print(&text)
    }
}

fn later(failure: &Failure, what: &str) -> Failure {
    anyhow::anyhow!("{what}: {failure}").into()
}
