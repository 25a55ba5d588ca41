//! The repository of a project, asked through the program git. It is changed by `tag` and `forward` alone.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::programs::{Done, Programs};
use super::report::Trouble;
use crate::exit::{Failure, ReleaseFailure};

/// Settings of a repository that its copy is to have.
const COPIED: &[&str] = &[
    "user.name",
    "user.email",
    "user.signingkey",
    "commit.gpgsign",
    "gpg.format",
    "gpg.program",
    "gpg.ssh.program",
];

/// A repository with a project in it.
pub(in crate::maintainers) struct Repository<'p> {
    programs: &'p Programs,
    /// Its folder.
    top: PathBuf,
    /// Where the project is in it, or nothing if it is the whole.
    pub(in crate::maintainers) prefix: String,
    /// The commit that is checked out.
    pub(super) commit: String,
    /// When it was made, in seconds since 1970.
    pub(super) time: i64,
}

/// What is checked out.
pub(super) struct Branch {
    /// Its name, or `None` if HEAD is on none.
    pub(super) name: Option<String>,
    /// The remote that it goes to.
    pub(super) remote: Option<String>,
}

/// A tag and the commit that it names.
pub(in crate::maintainers) struct Tag {
    pub(in crate::maintainers) name: String,
    pub(super) commit: String,
}

/// A copy of a commit in a temporary folder.
pub(super) struct Copy {
    /// Its folder.
    pub(super) top: PathBuf,
    /// The project in it.
    pub(super) project: PathBuf,
    settings: Vec<OsString>,
}

impl<'p> Repository<'p> {
    /// Finds the repository that a folder is in.
    pub(in crate::maintainers) async fn find(
        programs: &'p Programs,
        folder: &Path,
    ) -> Result<Self, Failure> {
        if programs.find("git").is_none() {
            return Err(ReleaseFailure::usage("git is not installed".to_owned()).into());
        }
        let words = ["rev-parse", "--show-toplevel", "--show-prefix"];
        let found = programs.git(words, folder, &[]).await?;
        let mut lines = found.out.lines();
        let (true, Some(top)) = (found.is_good, lines.next()) else {
            let message = format!(
                "{} is in no git repository that can be used: {}",
                folder.display(),
                found.err.trim()
            );
            return Err(ReleaseFailure::usage(message).into());
        };
        let prefix = lines.next().unwrap_or_default().trim_end_matches('/');
        let mut repository = Self {
            programs,
            top: PathBuf::from(top),
            prefix: prefix.to_owned(),
            commit: String::new(),
            time: 0,
        };
        let words = ["log", "-1", "--format=%H %ct", "HEAD"];
        let head = repository.git(words).await?;
        let told = head.line().split_once(' ');
        let Some((commit, time)) = told.filter(|_| head.is_good) else {
            let message = format!("{} has no commit yet", folder.display());
            return Err(ReleaseFailure::checks(
                message,
                "git add -A && git commit -m 'First release'",
            )
            .into());
        };
        repository.time = time.parse().unwrap_or_default();
        commit.clone_into(&mut repository.commit);
        Ok(repository)
    }

    /// Runs git in the repository, which it does not lock to look at.
    async fn git(&self, words: impl IntoIterator<Item = &str>) -> Result<Done, Failure> {
        let words = ["--no-optional-locks"].into_iter().chain(words);
        self.programs.git(words, &self.top, &[]).await
    }

    /// Says what in the project is not as it was committed, or how all is well.
    pub(super) async fn tree(&self) -> Result<Result<String, Trouble>, Failure> {
        const MOST_NAMED: usize = 5;
        let project = if self.prefix.is_empty() {
            "."
        } else {
            &self.prefix
        };
        let words = ["status", "--porcelain", "-z", "--", project];
        let found = self.git(words).await?;
        if !found.is_good {
            return Ok(Err(Trouble::new("git cannot tell", "").said(&found.err)));
        }
        // Of a renamed file, the old name follows without the mark.
        let mut names = Vec::new();
        let mut entries = found.out.split('\0').filter(|entry| entry.len() > 3);
        while let Some(entry) = entries.next() {
            names.push(entry[3..].to_owned());
            if entry.starts_with('R') {
                entries.next();
            }
        }
        let Some(first) = names.first().cloned() else {
            let short = &self.commit[..self.commit.len().min(10)];
            return Ok(Ok(format!("nothing is changed since {short}")));
        };
        let mut what = names[..names.len().min(MOST_NAMED)].join(", ");
        if names.len() > MOST_NAMED {
            what = format!("{what} and {} more", names.len() - MOST_NAMED);
        }
        let trouble = Trouble::new(
            format!("not as committed: {what}"),
            "commit them, put them aside with `git stash -u`, or list them in .gitignore",
        );
        Ok(Err(trouble.at(first, None)))
    }

    /// Returns what is checked out, and says whether releases come from there.
    pub(super) async fn branch(
        &self,
        tags: &[Tag],
    ) -> Result<(Branch, Result<String, Trouble>), Failure> {
        let head = self
            .git(["symbolic-ref", "--quiet", "--short", "HEAD"])
            .await?;
        if !head.is_good {
            let branch = Branch {
                name: None,
                remote: None,
            };
            let here: Vec<&str> = tags
                .iter()
                .filter(|tag| tag.commit == self.commit)
                .map(|tag| tag.name.as_str())
                .collect();
            let said = if here.is_empty() {
                Err(Trouble::new(
                    "HEAD is on no branch, and no tag is on this commit",
                    "git switch BRANCH, or tag the commit",
                ))
            } else {
                Ok(format!("at {}", here.join(", ")))
            };
            return Ok((branch, said));
        }
        let name = head.line().to_owned();
        let remote_key = format!("branch.{name}.remote");
        let remote = self.setting(&remote_key).await?;
        let remote = match remote {
            None => self
                .git(["remote"])
                .await?
                .out
                .lines()
                .next()
                .map(str::to_owned),
            given => given,
        };
        let said = self.judged(&name, remote.as_deref()).await?;
        let branch = Branch {
            name: Some(name),
            remote,
        };
        Ok((branch, said))
    }

    async fn judged(
        &self,
        name: &str,
        remote: Option<&str>,
    ) -> Result<Result<String, Trouble>, Failure> {
        let Some(remote) = remote else {
            return Ok(Ok(format!("on {name}")));
        };
        let head = format!("refs/remotes/{remote}/HEAD");
        let found = self
            .git(["symbolic-ref", "--quiet", "--short", &head])
            .await?;
        let default = found.line().strip_prefix(remote);
        let default = default.and_then(|rest| rest.strip_prefix('/'));
        if let Some(default) = default.filter(|default| found.is_good && *default != name) {
            return Ok(Err(Trouble::new(
                format!("on {name}, and {remote} has its changes merged into {default}"),
                format!("git switch {default}, or --skip branch"),
            )));
        }
        let words = ["rev-list", "--left-right", "--count", "HEAD...@{upstream}"];
        let counted = self.git(words).await?;
        let counts = counted.line().split_once('\t').filter(|_| counted.is_good);
        Ok(match counts {
            None | Some(("0", "0")) => Ok(format!("on {name}")),
            Some((_, "0")) => Ok(format!(
                "on {name}, with commits that {remote} does not have"
            )),
            Some((_, behind)) => Err(Trouble::new(
                format!("{name} is behind {remote} by {behind} (as of the last fetch)"),
                "git pull",
            )),
        })
    }

    /// Returns all tags.
    pub(in crate::maintainers) async fn tags(&self) -> Result<Vec<Tag>, Failure> {
        let format = "--format=%(refname:strip=2)%09%(objectname)%09%(*objectname)";
        let listed = self.git(["for-each-ref", "refs/tags", format]).await?;
        let read = |line: &str| {
            let mut parts = line.split('\t');
            let (name, object) = (parts.next()?, parts.next()?);
            let peeled = parts.next().filter(|peeled| !peeled.is_empty());
            Some(Tag {
                name: name.to_owned(),
                commit: peeled.unwrap_or(object).to_owned(),
            })
        };
        Ok(listed.out.lines().filter_map(read).collect())
    }

    /// Says why no tag can be made here, if nobody is named as its author.
    pub(super) async fn nobody(&self) -> Result<Option<Trouble>, Failure> {
        let found = self.git(["var", "GIT_COMMITTER_IDENT"]).await?;
        Ok((!found.is_good).then(|| {
            Trouble::new(
                "git does not know who makes the tag",
                "git config user.name NAME && git config user.email ADDRESS",
            )
        }))
    }

    /// Returns its folder.
    pub(in crate::maintainers) fn top(&self) -> &Path {
        &self.top
    }

    /// Returns the address of the remote that the project goes to, and its name.
    pub(in crate::maintainers) async fn remote(&self) -> Result<Option<(String, String)>, Failure> {
        let listed = self.git(["remote"]).await?;
        let names: Vec<&str> = listed.out.lines().collect();
        let first = names.iter().find(|name| **name == "origin");
        let Some(name) = first.or(names.first()) else {
            return Ok(None);
        };
        let url = self.setting(&format!("remote.{name}.url")).await?;
        Ok(url.map(|url| ((*name).to_owned(), url)))
    }

    /// Returns the branch to which changes are merged, as far as the repository knows: that of a
    /// remote, or `main` or `master`, or else the one that is checked out.
    pub(in crate::maintainers) async fn main_branch(&self) -> Result<Option<String>, Failure> {
        if let Some((remote, _)) = self.remote().await? {
            let head = format!("refs/remotes/{remote}/HEAD");
            let found = self
                .git(["symbolic-ref", "--quiet", "--short", &head])
                .await?;
            let name = found.line().strip_prefix(&format!("{remote}/"));
            if let Some(name) = name.filter(|_| found.is_good) {
                return Ok(Some(name.to_owned()));
            }
        }
        for name in ["main", "master"] {
            let branch = format!("refs/heads/{name}");
            let words = ["show-ref", "--verify", "--quiet", &branch];
            if self.git(words).await?.is_good {
                return Ok(Some(name.to_owned()));
            }
        }
        let head = self
            .git(["symbolic-ref", "--quiet", "--short", "HEAD"])
            .await?;
        Ok(head.is_good.then(|| head.line().to_owned()))
    }

    async fn setting(&self, key: &str) -> Result<Option<String>, Failure> {
        let found = self.git(["config", "--get", key]).await?;
        let is_set = found.is_good && !found.line().is_empty();
        Ok(is_set.then(|| found.line().to_owned()))
    }

    /// Copies the commit into a folder, with its history, and with submodules as they are here.
    pub(super) async fn copy(&self, into: &Path) -> Result<Copy, Failure> {
        let mut settings: Vec<OsString> = Vec::new();
        let mut set = |key: &str, value: &str| {
            settings.push("-c".into());
            settings.push(format!("{key}={value}").into());
        };
        set("advice.detachedHead", "false");
        set("core.hooksPath", "/dev/null");
        set("protocol.file.allow", "always");
        for key in COPIED {
            if let Some(value) = self.setting(key).await? {
                set(key, &value);
            }
        }
        let top = into.join("source");
        let copy = Copy {
            project: top.join(&self.prefix),
            top,
            settings,
        };
        let words: [OsString; 7] = [
            "clone".into(),
            "--quiet".into(),
            "--no-checkout".into(),
            "--shared".into(),
            "--".into(),
            self.top.clone().into(),
            copy.top.clone().into(),
        ];
        good(&copy.run(self.programs, words, into, &[]).await?)?;
        let words = ["checkout", "--quiet", "--detach", &self.commit];
        good(&copy.run(self.programs, words, &copy.top, &[]).await?)?;
        self.copy_submodules(&copy).await?;
        Ok(copy)
    }

    async fn copy_submodules(&self, copy: &Copy) -> Result<(), Failure> {
        if !copy.top.join(".gitmodules").is_file() {
            return Ok(());
        }
        let words = [
            "config",
            "-z",
            "-f",
            ".gitmodules",
            "--get-regexp",
            r"^submodule\..*\.path$",
        ];
        let listed = copy.run(self.programs, words, &copy.top, &[]).await?;
        let entries = listed
            .out
            .split('\0')
            .filter_map(|entry| entry.split_once('\n'));
        let mut here = Vec::new();
        for (key, path) in entries {
            let folder = self.top.join(path);
            // One that is not checked out here is none of the project's.
            if folder.join(".git").exists() {
                let key = key.strip_suffix(".path").unwrap_or(key);
                let url = folder.to_string_lossy().into_owned();
                let words = ["config", &format!("{key}.url"), &url];
                good(&copy.run(self.programs, words, &copy.top, &[]).await?)?;
                here.push(path.to_owned());
            }
        }
        if !here.is_empty() {
            let words = ["submodule", "--quiet", "update", "--init", "--"];
            let words = words.into_iter().chain(here.iter().map(String::as_str));
            good(&copy.run(self.programs, words, &copy.top, &[]).await?)?;
        }
        Ok(())
    }

    /// Tags a commit.
    pub(super) async fn tag(&self, tag: &str, commit: &str, text: &str) -> Result<(), Failure> {
        good(
            &self
                .git(["tag", "--annotate", "-m", text, tag, commit])
                .await?,
        )
    }

    /// Takes a commit of the copy over. No branch is moved.
    pub(super) async fn fetch(&self, copy: &Copy, commit: &str) -> Result<(), Failure> {
        let from = copy.top.to_string_lossy().into_owned();
        good(
            &self
                .git(["fetch", "--quiet", "--no-tags", &from, commit])
                .await?,
        )
    }

    /// Moves the branch that is checked out on to a commit.
    pub(super) async fn forward(&self, commit: &str) -> Result<(), Failure> {
        good(&self.git(["merge", "--quiet", "--ff-only", commit]).await?)
    }
}

impl Copy {
    /// Commits what was changed in the copy, at a time in seconds since 1970, and returns the commit.
    pub(super) async fn commit(
        &self,
        programs: &Programs,
        message: &str,
        time: i64,
    ) -> Result<String, Failure> {
        let when = OsString::from(format!("@{time} +0000"));
        let dated = [
            ("GIT_AUTHOR_DATE", when.clone()),
            ("GIT_COMMITTER_DATE", when),
        ];
        let words = ["commit", "--quiet", "--no-verify", "--all", "-m", message];
        good(&self.run(programs, words, &self.top, &dated).await?)?;
        let head = self
            .run(programs, ["rev-parse", "HEAD"], &self.top, &[])
            .await?;
        Ok(head.line().to_owned())
    }

    /// Says whether there is anything to commit, after it was added.
    pub(super) async fn is_changed(&self, programs: &Programs) -> Result<bool, Failure> {
        let words = ["diff", "--cached", "--quiet", "HEAD"];
        Ok(!self.run(programs, words, &self.top, &[]).await?.is_good)
    }

    /// Adds all that was changed to the next commit.
    pub(super) async fn add_all(&self, programs: &Programs) -> Result<(), Failure> {
        good(&self.run(programs, ["add", "--all"], &self.top, &[]).await?)
    }

    /// Tags what is checked out in the copy, so that versions can be made from it.
    pub(super) async fn tag(&self, programs: &Programs, tag: &str) -> Result<(), Failure> {
        let words = ["tag", "--force", "--annotate", "-m", tag, tag];
        good(&self.run(programs, words, &self.top, &[]).await?)
    }

    /// Runs git in the copy, with the settings of the repository.
    async fn run(
        &self,
        programs: &Programs,
        words: impl IntoIterator<Item = impl Into<OsString>>,
        folder: &Path,
        more: &[(&str, OsString)],
    ) -> Result<Done, Failure> {
        let given = words.into_iter().map(Into::into);
        let words = self.settings.iter().cloned().chain(given);
        programs.git(words, folder, more).await
    }
}

fn good(done: &Done) -> Result<(), Failure> {
    if done.is_good {
        return Ok(());
    }
    Err(anyhow::anyhow!("git: {}", done.err.trim()).into())
}
