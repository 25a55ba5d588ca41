//! A catalog from folders: what the first start of a server does, waited for.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};
use wheelhouse_index::Index;
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{Catalog, FileStore, StoreError};

use super::{RecoverError, Recovered, read_all};
use crate::check::{Finding, Kind, Outcome, Told};

/// How long files may take to come to rest that were written just before.
const SETTLING: Duration = Duration::from_secs(30);
/// How often it is looked at whether they have.
const LOOK: Duration = Duration::from_millis(200);

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
        let still_written = self.settled().await?;
        let left = read_all(&self.index, &*self.catalog, tell).await;
        following.abort();
        if let Some(path) = &still_written {
            tell(Told::Found(Finding {
                kind: Kind::FileUnreadable,
                about: path.to_string(),
                sentence: "it is still being written, or was put there half, and is not listed"
                    .to_owned(),
                outcome: Outcome::Left(
                    "wait until it is whole: a server lists it then by itself".to_owned(),
                ),
            }));
        }
        let hidden = self.index.came_back().await;
        Ok(Recovered {
            files: self.catalog.counts(self.index.name()).await?.files,
            left: left? + u64::from(still_written.is_some()),
            notices: hidden.len() as u64,
        })
    }

    /// Waits until files have come to rest that were written just before, and returns one that has not.
    async fn settled(&self) -> Result<Option<FilePath>, StoreError> {
        let give_up = Instant::now() + SETTLING;
        loop {
            match self.index.still_written().await? {
                Some(path) if Instant::now() > give_up => return Ok(Some(path)),
                Some(_) => sleep(LOOK).await,
                None => return Ok(None),
            }
        }
    }
}
