//! Searching an index, and the small listing of a project's versions.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use wheelhouse_standards::found::FileKind;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::ProjectStatus;
use wheelhouse_standards::version::{VersionKey, VersionText};

use crate::index::Index;
use crate::mark::status_of;
use crate::path::FilePath;
use crate::ports::{SearchTerms, StoreError};
use crate::record::FileRecord;

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

/// One version of a project and its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionFiles {
    /// The version.
    pub version: VersionText,
    /// The files, ordered by name.
    pub files: Vec<FilePath>,
}

impl Index {
    /// Returns the releases that match, each once, ordered by project and, within it, newest
    /// first.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn search(&self, terms: &SearchTerms) -> Result<Vec<FoundRelease>, StoreError> {
        let hits = self.view.search(terms, MAX_HITS).await?;
        let mut releases: BTreeMap<(ProjectKey, Reverse<VersionKey>), FoundRelease> =
            BTreeMap::new();
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
        Ok(releases.into_values().collect())
    }

    /// Returns the versions of a project and their files, newest first, or `None` if the index
    /// has no such project or keeps it in quarantine. Signatures are left out.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn versions(
        &self,
        project: &ProjectKey,
    ) -> Result<Option<Vec<VersionFiles>>, StoreError> {
        let Some(snapshot) = self.view.project(project).await? else {
            return Ok(None);
        };
        if status_of(&snapshot.marks).0 == ProjectStatus::Quarantined {
            return Ok(None);
        }
        let mut versions: BTreeMap<Reverse<VersionKey>, VersionFiles> = BTreeMap::new();
        for FileRecord { path, named, .. } in snapshot.files {
            if named.kind != FileKind::Signature {
                let key = Reverse(named.version.key().clone());
                let release = versions.entry(key).or_insert_with(|| VersionFiles {
                    version: named.version,
                    files: Vec::new(),
                });
                release.files.push(path);
            }
        }
        let mut versions: Vec<_> = versions.into_values().collect();
        for release in &mut versions {
            release
                .files
                .sort_by(|a, b| a.file_name().cmp(b.file_name()));
        }
        Ok(Some(versions))
    }
}
