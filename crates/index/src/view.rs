//! Views: an index as somebody sees it. Pages, JSON, search and downloads read a view and
//! nothing else, so that a mirrored, united or filtered index can take the place of a hosted one.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use wheelhouse_standards::name::ProjectKey;

use crate::identity::IndexName;
use crate::path::FilePath;
use crate::ports::{Catalog, SearchHit, SearchTerms, StoreError};
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
}

/// The view of an index whose files are our own: everything that the catalog holds.
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
}

#[async_trait]
impl View for Hosted {
    async fn projects(&self) -> Result<ProjectListing, StoreError> {
        self.catalog.projects(&self.name).await
    }

    async fn project(&self, project: &ProjectKey) -> Result<Option<ProjectSnapshot>, StoreError> {
        self.catalog.project(&self.name, project).await
    }

    async fn file(&self, path: &FilePath) -> Result<Option<FileRecord>, StoreError> {
        self.catalog.file(&self.name, path).await
    }

    async fn files_after(
        &self,
        after: Option<&FilePath>,
        limit: usize,
    ) -> Result<Vec<FileRecord>, StoreError> {
        self.catalog.files_after(&self.name, after, limit).await
    }

    async fn search(
        &self,
        terms: &SearchTerms,
        limit: usize,
    ) -> Result<Vec<SearchHit>, StoreError> {
        self.catalog.search(&self.name, terms, limit).await
    }
}
