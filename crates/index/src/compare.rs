//! What changed between two releases: what runs by itself first, then dependencies and metadata,
//! then every file, line by line where it is text.

use std::sync::Arc;

use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::version::VersionText;

use crate::contents::Source;
use crate::download::DownloadError;
use crate::index::Index;
use crate::inspect::{InspectError, Kept, Key};
use crate::ports::StoreError;
use crate::record::FileRecord;

mod described;
mod files;
mod hooks;
mod lines;
mod pairs;

pub use files::{FileChange, FileDiff, WhatChanged};
pub use hooks::{HookChange, HookKind};
pub use lines::{DiffLine, Hunk, LineKind};
pub use pairs::{Likeness, Pair};

/// What changed between two releases, as two of their files show it.
#[derive(Debug, Clone)]
pub struct Changes {
    /// The older version, in its normal form.
    pub from: String,
    /// The newer version.
    pub to: String,
    /// The files that were compared.
    pub pair: Pair,
    /// Other files that could be compared.
    pub others: Vec<Pair>,
    /// What changed.
    pub comparison: Arc<Comparison>,
}

/// What changed between two files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// What runs, or can be run, without anybody importing it: the weightiest first.
    pub hooks: Vec<HookChange>,
    /// What is needed.
    pub dependencies: Vec<Difference>,
    /// The fields of the metadata.
    pub metadata: Vec<Difference>,
    /// The files that are new, gone or different: those that deserve a look first, then by path.
    pub files: Vec<FileChange>,
    /// How many files are the same in both.
    pub unchanged: usize,
    /// What could not be read or was left out.
    pub notes: Vec<String>,
}

/// Something that is said in another way, or was not said before, or is not said any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is about.
    pub what: String,
    /// What was said before.
    pub old: Option<String>,
    /// What is said now.
    pub new: Option<String>,
}

/// Why releases cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// There is no such project here.
    #[error("there is no such project here")]
    NoProject,
    /// The project has no release of this version.
    #[error("there is no release {0} of this project")]
    NoRelease(String),
    /// None of their files can be looked into, or not the one that was asked for.
    #[error("these releases have no files that can be compared")]
    NoFiles,
    /// A file cannot be looked into.
    #[error(transparent)]
    Inspect(#[from] InspectError),
}

impl From<StoreError> for CompareError {
    fn from(error: StoreError) -> Self {
        Self::Inspect(error.into())
    }
}

impl From<DownloadError> for CompareError {
    fn from(error: DownloadError) -> Self {
        Self::Inspect(error.into())
    }
}

impl Comparison {
    /// Returns about how many bytes of memory it takes.
    pub(crate) fn weight(&self) -> usize {
        let texts = self.dependencies.iter().chain(&self.metadata);
        let texts = texts.map(|difference| {
            let said = [&difference.old, &difference.new].into_iter().flatten();
            difference.what.len() + said.map(String::len).sum::<usize>() + 72
        });
        let hooks = self.hooks.iter().map(HookChange::weight);
        let files = self.files.iter().map(FileChange::weight);
        texts.chain(hooks).chain(files).sum()
    }
}

impl Index {
    /// Compares two releases of a project, in any spelling of their versions: a wheel with the
    /// wheel of the same tags, else an sdist with an sdist, else what there is. `file` may name
    /// the file of the newer release that is to be compared.
    ///
    /// # Errors
    /// [`CompareError`].
    pub async fn changes(
        self: &Arc<Self>,
        project: &ProjectKey,
        from: &str,
        to: &str,
        file: Option<&str>,
    ) -> Result<Changes, CompareError> {
        let snapshot = self.view.project(project).await?;
        let snapshot = snapshot.ok_or(CompareError::NoProject)?;
        let (from, to) = (VersionText::from(from), VersionText::from(to));
        let of = |version: &VersionText| {
            let files: Vec<&FileRecord> = snapshot
                .files
                .iter()
                .filter(|record| record.named.version.key() == version.key())
                .collect();
            if files.is_empty() {
                return Err(CompareError::NoRelease(version.canonical()));
            }
            Ok(files)
        };
        let mut others = pairs::comparable(&of(&from)?, &of(&to)?);
        let chosen = match file {
            Some(file) => others.iter().position(|pair| pair.new.file_name() == file),
            None => (!others.is_empty()).then_some(0),
        };
        let pair = others.remove(chosen.ok_or(CompareError::NoFiles)?);
        let comparison = self.comparison(&pair).await?;
        Ok(Changes {
            from: from.canonical(),
            to: to.canonical(),
            pair,
            others,
            comparison,
        })
    }

    async fn comparison(self: &Arc<Self>, pair: &Pair) -> Result<Arc<Comparison>, CompareError> {
        let old = self.download(&pair.old.path).await?;
        let new = self.download(&pair.new.path).await?;
        let digests = [old.contents.digests.sha256, new.contents.digests.sha256];
        let names = [&old, &new].map(|file| file.record.file_name().to_owned());
        let key = Key::Comparison(digests, names.clone());
        let find = move || {
            let [old_name, new_name] = &names;
            let (old, new) = (Source(&*old.content), Source(&*new.content));
            let comparison = files::compare((&old, old_name), (&new, new_name))?;
            Ok(Kept::Comparison(Arc::new(comparison)))
        };
        match self.inspector.find(key, find).await? {
            Kept::Comparison(comparison) => Ok(comparison),
            Kept::Listing(_) | Kept::Member(_) => Err(CompareError::NoFiles),
        }
    }
}
