//! A catalog from folders: what the first start of a server does, waited for.

use std::sync::Arc;

use tokio::sync::oneshot;
use wheelhouse_index::Index;
use wheelhouse_index::ports::{Catalog, FileStore, StoreError};

use super::{RecoverError, Recovered, read_all};
use crate::check::Told;

/// A catalog that is to be made from the files in folders.
#[derive(Debug, Clone)]
pub struct FolderRecovery {
    /// The index.
    pub index: Arc<Index>,
    /// Its catalog.
    pub catalog: Arc<dyn Catalog>,
    /// Its folders.
    pub files: Arc<dyn FileStore>,
}

impl FolderRecovery {
    /// Lists everything that is in the folders and reads it.
    ///
    /// # Errors
    /// [`RecoverError`]; what was done by then stays, and the next start of a server goes on with it.
    pub async fn run(
        &self,
        tell: &mut (dyn FnMut(Told) + Send),
    ) -> Result<Recovered, RecoverError> {
        tell(Told::Progress {
            step: "looking through the folders",
            done: 0,
            total: 1,
        });
        self.index.load_marks().await?;
        let (told, listed) = oneshot::channel();
        let following = tokio::spawn(Arc::clone(&self.index).follow(self.files.observe(), told));
        let ended = |_| StoreError::new("index", "list the files", "the folders cannot be read");
        listed.await.map_err(ended)?;
        let left = read_all(&self.index, &*self.catalog, tell).await;
        following.abort();
        let hidden = self.index.came_back().await;
        Ok(Recovered {
            files: self.catalog.counts(self.index.name()).await?.files,
            left: left?,
            notices: hidden.len() as u64,
        })
    }
}
