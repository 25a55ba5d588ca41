//! Searching an index, and the small listing of a project's versions.

use std::collections::BTreeMap;

use wheelhouse_standards::found::FileKind;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::version::VersionText;

use crate::index::Index;
use crate::path::FilePath;
use crate::ports::{SearchTerms, StoreError};

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
        let hits = self.catalog.search(&self.name, terms, MAX_HITS).await?;
        let mut releases: BTreeMap<(ProjectKey, std::cmp::Reverse<VersionText>), FoundRelease> =
            BTreeMap::new();
        for hit in hits {
            let version = VersionText::new(&hit.version);
            let release = releases
                .entry((hit.project, std::cmp::Reverse(version.clone())))
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
    /// has no such project. Signatures are left out.
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
        let mut versions: BTreeMap<std::cmp::Reverse<VersionText>, Vec<FilePath>> = BTreeMap::new();
        for record in snapshot.files {
            if record.named.kind != FileKind::Signature {
                let version = std::cmp::Reverse(record.named.version.clone());
                versions.entry(version).or_default().push(record.path);
            }
        }
        let versions = versions.into_iter().map(|(version, mut files)| {
            files.sort_by(|a, b| a.file_name().cmp(b.file_name()));
            VersionFiles { version: version.0, files }
        });
        Ok(Some(versions.collect()))
    }
}
