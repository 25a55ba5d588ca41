//! The port for finding projects by what they say of themselves.

use std::collections::HashSet;
use std::fmt;

use wheelhouse_standards::name::ProjectKey;

use super::StoreError;
use crate::identity::Timestamp;
use crate::permission::Sight;

/// Finds projects by what they say of themselves. A cache: filled from the catalog after the start,
/// and told of every project that changes. Its calls take milliseconds, and block for so long.
pub trait ProjectFinder: fmt::Debug + Send + Sync + 'static {
    /// Takes what projects say now in place of what they said, and forgets others. What was put is
    /// found when this returns.
    ///
    /// # Errors
    /// [`StoreError`] if that fails; nothing is known of these projects then.
    fn update(&self, said: Vec<FinderEntry>, gone: &[ProjectKey]) -> Result<(), StoreError>;

    /// Returns the projects that fit, the best first: one that is called so, then those whose names
    /// begin so, then those that say so. Without words the one that was changed last is first.
    ///
    /// # Errors
    /// [`StoreError`] if that fails.
    fn find(&self, query: &FinderQuery, sight: &Sight) -> Result<FoundProjects, StoreError>;

    /// Returns up to `limit` names that begin with a text, in any spelling, the shortest first.
    ///
    /// # Errors
    /// [`StoreError`] if that fails.
    fn names(&self, prefix: &str, limit: usize, sight: &Sight) -> Result<Vec<String>, StoreError>;

    /// Returns up to `limit` names that differ from a text in a letter or two.
    ///
    /// # Errors
    /// [`StoreError`] if that fails.
    fn near(&self, name: &str, limit: usize, sight: &Sight) -> Result<Vec<String>, StoreError>;

    /// Returns which of some projects there are.
    ///
    /// # Errors
    /// [`StoreError`] if that fails.
    fn here(
        &self,
        projects: &[ProjectKey],
        sight: &Sight,
    ) -> Result<HashSet<ProjectKey>, StoreError>;

    /// Returns up to `limit` projects that need one, ordered.
    ///
    /// # Errors
    /// [`StoreError`] if that fails.
    fn dependents(
        &self,
        project: &ProjectKey,
        limit: usize,
        sight: &Sight,
    ) -> Result<Vec<ProjectKey>, StoreError>;
}

/// What a project says of itself: that of the release that stands for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinderEntry {
    /// The project.
    pub key: ProjectKey,
    /// How its publisher spells it.
    pub name: String,
    /// The version of that release.
    pub version: String,
    /// When that release was uploaded.
    pub at: Timestamp,
    /// The summary.
    pub summary: Option<String>,
    /// The keywords.
    pub keywords: Vec<String>,
    /// The classifiers.
    pub classifiers: Vec<String>,
    /// Authors and maintainers, by names and addresses.
    pub people: Vec<String>,
    /// The licence, in a few words.
    pub licence: Option<String>,
    /// The minor versions of Python 3 that it is for: all that are known, if it says nothing.
    pub python_minors: Vec<u64>,
    /// What it needs, whoever asks for which extra.
    pub needs: Vec<ProjectKey>,
}

/// What is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FinderQuery {
    /// Words that all must be there, the last one perhaps not to its end.
    pub words: String,
    /// A minor version of Python 3 that it must be for.
    pub python_minor: Option<u64>,
    /// A licence that it must have.
    pub licence: Option<String>,
    /// A classifier that it must have.
    pub classifier: Option<String>,
    /// How many of the best are left out.
    pub offset: usize,
    /// How many are wanted.
    pub limit: usize,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoundProjects {
    /// The projects, the best first.
    pub projects: Vec<FoundProject>,
    /// How many there are in all.
    pub total: usize,
    /// Whether only so many were counted, and there are more.
    pub is_more: bool,
    /// The licences of all that were found, the commonest first.
    pub licences: Vec<String>,
}

/// One project that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundProject {
    /// The project.
    pub key: ProjectKey,
    /// How its publisher spells it.
    pub name: String,
    /// The version of the release that stands for it.
    pub version: String,
    /// The summary.
    pub summary: Option<String>,
    /// When that release was uploaded.
    pub at: Timestamp,
}
