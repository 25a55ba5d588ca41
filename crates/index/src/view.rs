//! Views: an index as somebody sees it. Pages, JSON, search and downloads read a view and
//! nothing else, so that a mirrored, united or filtered index can take the place of a hosted one.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::ProjectStatus;

use crate::downloads::Days;
use crate::identity::IndexName;
use crate::mark::{Mark, status_of};
use crate::path::FilePath;
use crate::permission::Sight;
use crate::ports::{Catalog, NewProject, ProjectDownloads, SearchHit, SearchTerms, StoreError};
use crate::record::{FileRecord, ProjectListing, ProjectSnapshot};

/// Answers which projects an index has, which files a project has, and which file is at a path;
/// and, made from these, lists all files and finds some of them.
#[async_trait]
pub trait View: fmt::Debug + Send + Sync + 'static {
    /// Returns the projects.
    async fn projects(&self) -> Result<ProjectListing, StoreError>;

    /// Returns the files of a project, or `None` if the view has no such project.
    async fn project(&self, project: &ProjectKey) -> Result<Option<ProjectSnapshot>, StoreError>;

    /// Returns the file at a path, or `None` if the view does not offer one.
    async fn file(&self, path: &FilePath) -> Result<Option<FileRecord>, StoreError>;

    /// Returns up to `limit` files with paths after `after`, ordered by path as bytes.
    async fn files_after(
        &self,
        after: Option<&FilePath>,
        limit: usize,
    ) -> Result<Vec<FileRecord>, StoreError>;

    /// Returns up to `limit` files that match, signatures left out, ordered by project and path.
    async fn search(&self, terms: &SearchTerms, limit: usize)
    -> Result<Vec<SearchHit>, StoreError>;

    /// Returns up to `limit` files, the last uploaded first, signatures left out.
    async fn newest_files(&self, limit: usize) -> Result<Vec<FileRecord>, StoreError>;

    /// Returns up to `limit` projects, the one whose oldest file is the youngest first.
    async fn newest_projects(&self, limit: usize) -> Result<Vec<NewProject>, StoreError>;

    /// Returns the classifiers of all files that were read, each once, ordered.
    async fn classifiers(&self) -> Result<Vec<String>, StoreError>;

    /// Returns up to `limit` hits, one for each file that has all of these classifiers, ordered
    /// by project and path.
    async fn classified(
        &self,
        classifiers: &[String],
        limit: usize,
    ) -> Result<Vec<SearchHit>, StoreError>;

    /// Returns up to `limit` projects that were downloaded within `days`, the most downloaded first.
    async fn most_downloaded(
        &self,
        days: Days,
        limit: usize,
    ) -> Result<Vec<ProjectDownloads>, StoreError>;
}

/// The view of an index whose files are our own: everything that the catalog holds, less what is
/// quarantined. The page of a quarantined project is there, to say so.
///
/// Standard: PEP 792.
#[derive(Debug)]
pub struct Hosted {
    name: IndexName,
    catalog: Arc<dyn Catalog>,
}

impl Hosted {
    /// Makes the view of a hosted index.
    pub fn new(name: IndexName, catalog: Arc<dyn Catalog>) -> Self {
        Self { name, catalog }
    }

    async fn quarantined(&self) -> Result<HashSet<ProjectKey>, StoreError> {
        let marks = self.catalog.marks(&self.name, None).await?;
        Ok(marks
            .into_iter()
            .filter(|marked| {
                matches!(
                    marked.mark,
                    Mark::Status {
                        status: ProjectStatus::Quarantined,
                        ..
                    }
                )
            })
            .map(|marked| marked.project)
            .collect())
    }
}

#[async_trait]
impl View for Hosted {
    async fn projects(&self) -> Result<ProjectListing, StoreError> {
        let mut listing = self.catalog.projects(&self.name).await?;
        listing
            .projects
            .retain(|project| project.status != ProjectStatus::Quarantined);
        Ok(listing)
    }

    async fn project(&self, project: &ProjectKey) -> Result<Option<ProjectSnapshot>, StoreError> {
        self.catalog.project(&self.name, project).await
    }

    async fn file(&self, path: &FilePath) -> Result<Option<FileRecord>, StoreError> {
        let Some(record) = self.catalog.file(&self.name, path).await? else {
            return Ok(None);
        };
        let marks = self
            .catalog
            .marks(&self.name, Some(record.project()))
            .await?;
        Ok((status_of(&marks).0 != ProjectStatus::Quarantined).then_some(record))
    }

    async fn files_after(
        &self,
        after: Option<&FilePath>,
        limit: usize,
    ) -> Result<Vec<FileRecord>, StoreError> {
        let mut after = after.cloned();
        let quarantined = self.quarantined().await?;
        loop {
            let mut page = self
                .catalog
                .files_after(&self.name, after.as_ref(), limit)
                .await?;
            after = page.last().map(|record| record.path.clone());
            let is_last = page.is_empty();
            page.retain(|record| !quarantined.contains(record.project()));
            // Nothing is left of a page that is about quarantined projects alone.
            if is_last || !page.is_empty() {
                return Ok(page);
            }
        }
    }

    async fn search(
        &self,
        terms: &SearchTerms,
        limit: usize,
    ) -> Result<Vec<SearchHit>, StoreError> {
        self.catalog.search(&self.name, terms, limit).await
    }

    async fn newest_files(&self, limit: usize) -> Result<Vec<FileRecord>, StoreError> {
        self.catalog.newest_files(&self.name, limit).await
    }

    async fn newest_projects(&self, limit: usize) -> Result<Vec<NewProject>, StoreError> {
        self.catalog.newest_projects(&self.name, limit).await
    }

    async fn classifiers(&self) -> Result<Vec<String>, StoreError> {
        self.catalog.classifiers(&self.name).await
    }

    async fn classified(
        &self,
        classifiers: &[String],
        limit: usize,
    ) -> Result<Vec<SearchHit>, StoreError> {
        self.catalog
            .classified(&self.name, classifiers, limit)
            .await
    }

    async fn most_downloaded(
        &self,
        days: Days,
        limit: usize,
    ) -> Result<Vec<ProjectDownloads>, StoreError> {
        self.catalog.most_downloaded(&self.name, days, limit).await
    }
}

/// A view without the projects that somebody may not see.
#[derive(Debug)]
pub struct Seen {
    inner: Arc<dyn View>,
    sight: Sight,
}

impl Seen {
    /// Makes the view of somebody.
    pub fn new(inner: Arc<dyn View>, sight: Sight) -> Self {
        Self { inner, sight }
    }

    /// Returns up to `limit` items that may be seen, of those that `ask` gives the first so many
    /// of: asks for more until there are enough or no more.
    async fn first<T, F>(
        &self,
        limit: usize,
        project: fn(&T) -> &ProjectKey,
        ask: impl Fn(usize) -> F,
    ) -> Result<Vec<T>, StoreError>
    where
        F: Future<Output = Result<Vec<T>, StoreError>>,
    {
        let mut wanted = limit;
        loop {
            let mut items = ask(wanted).await?;
            let is_all = items.len() < wanted;
            items.retain(|item| self.sight.has(project(item)));
            if is_all || items.len() >= limit {
                items.truncate(limit);
                return Ok(items);
            }
            wanted = wanted.saturating_mul(4);
        }
    }
}

#[async_trait]
impl View for Seen {
    async fn projects(&self) -> Result<ProjectListing, StoreError> {
        let mut listing = self.inner.projects().await?;
        listing
            .projects
            .retain(|project| self.sight.has(&project.key));
        Ok(listing)
    }

    async fn project(&self, project: &ProjectKey) -> Result<Option<ProjectSnapshot>, StoreError> {
        if self.sight.has(project) {
            self.inner.project(project).await
        } else {
            Ok(None)
        }
    }

    async fn file(&self, path: &FilePath) -> Result<Option<FileRecord>, StoreError> {
        let found = self.inner.file(path).await?;
        Ok(found.filter(|record| self.sight.has(record.project())))
    }

    async fn files_after(
        &self,
        after: Option<&FilePath>,
        limit: usize,
    ) -> Result<Vec<FileRecord>, StoreError> {
        let mut after = after.cloned();
        loop {
            let mut page = self.inner.files_after(after.as_ref(), limit).await?;
            after = page.last().map(|record| record.path.clone());
            let is_last = page.is_empty();
            page.retain(|record| self.sight.has(record.project()));
            if is_last || !page.is_empty() {
                return Ok(page);
            }
        }
    }

    async fn search(
        &self,
        terms: &SearchTerms,
        limit: usize,
    ) -> Result<Vec<SearchHit>, StoreError> {
        self.first(
            limit,
            |hit: &SearchHit| &hit.project,
            |limit| self.inner.search(terms, limit),
        )
        .await
    }

    async fn newest_files(&self, limit: usize) -> Result<Vec<FileRecord>, StoreError> {
        self.first(limit, FileRecord::project, |limit| {
            self.inner.newest_files(limit)
        })
        .await
    }

    async fn newest_projects(&self, limit: usize) -> Result<Vec<NewProject>, StoreError> {
        self.first(
            limit,
            |new: &NewProject| &new.key,
            |limit| self.inner.newest_projects(limit),
        )
        .await
    }

    async fn classifiers(&self) -> Result<Vec<String>, StoreError> {
        let mut seen = Vec::new();
        for classifier in self.inner.classifiers().await? {
            let wanted = [classifier];
            if !self.classified(&wanted, 1).await?.is_empty() {
                seen.extend(wanted);
            }
        }
        Ok(seen)
    }

    async fn classified(
        &self,
        classifiers: &[String],
        limit: usize,
    ) -> Result<Vec<SearchHit>, StoreError> {
        self.first(
            limit,
            |hit: &SearchHit| &hit.project,
            |limit| self.inner.classified(classifiers, limit),
        )
        .await
    }

    async fn most_downloaded(
        &self,
        days: Days,
        limit: usize,
    ) -> Result<Vec<ProjectDownloads>, StoreError> {
        self.first(
            limit,
            |one: &ProjectDownloads| &one.project,
            |limit| self.inner.most_downloaded(days, limit),
        )
        .await
    }
}
