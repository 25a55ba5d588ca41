//! Searching an index.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::version::{VersionKey, VersionText};

use crate::index::Index;
use crate::ports::{SearchHit, SearchTerms, StoreError};

/// How many files a search looks at before it stops.
const MAX_HITS: usize = 20_000;

/// One release that a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRelease {
    /// How the newest file that was found spells the project's name.
    pub name: String,
    /// The version.
    pub version: VersionText,
    /// The summary, if a file has one.
    pub summary: Option<String>,
}

impl Index {
    /// Returns the releases that match, each once, ordered by project and, within it, newest
    /// first.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn search(&self, terms: &SearchTerms) -> Result<Vec<FoundRelease>, StoreError> {
        Ok(releases(self.view.search(terms, MAX_HITS).await?))
    }

    /// Returns the releases of which a file has all of these classifiers, ordered as those of a
    /// search.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn classified(
        &self,
        classifiers: &[String],
    ) -> Result<Vec<FoundRelease>, StoreError> {
        Ok(releases(self.view.classified(classifiers, MAX_HITS).await?))
    }
}

/// Returns each release that was hit once.
fn releases(hits: Vec<SearchHit>) -> Vec<FoundRelease> {
    let mut releases: BTreeMap<(ProjectKey, Reverse<VersionKey>), FoundRelease> = BTreeMap::new();
    for hit in hits {
        let version = VersionText::from(hit.version);
        let release = releases
            .entry((hit.project, Reverse(version.key().clone())))
            .or_insert_with(|| FoundRelease {
                name: hit.spelled_name,
                version,
                summary: None,
            });
        release.summary = release.summary.take().or(hit.summary);
    }
    releases.into_values().collect()
}
