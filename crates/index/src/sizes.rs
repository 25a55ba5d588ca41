//! How many bytes all files have: added up when somebody asks, and not too often.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::identity::Serial;
use crate::index::Core;
use crate::ports::StoreError;

/// How long a sum is good enough while files come and go. Of twenty million it takes seconds.
const GOOD_FOR: Duration = Duration::from_mins(1);

/// The last sum. Held while one is made, so that many who ask wait for one.
#[derive(Debug, Default)]
pub(crate) struct Sizes(Mutex<Option<Sum>>);

#[derive(Debug, Clone, Copy)]
struct Sum {
    bytes: u64,
    /// The serial before it was made.
    serial: Serial,
    made: Instant,
}

impl Core {
    /// Returns how many bytes all files of the index have together: as it is now, or was a minute
    /// ago if the index changes all the while.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn file_bytes(&self) -> Result<u64, StoreError> {
        let mut last = self.sizes.0.lock().await;
        let serial = self.catalog.head().await?;
        if let Some(sum) = *last
            && (sum.serial == serial || sum.made.elapsed() < GOOD_FOR)
        {
            return Ok(sum.bytes);
        }
        let bytes = self.catalog.file_bytes(&self.name).await?;
        *last = Some(Sum {
            bytes,
            serial,
            made: Instant::now(),
        });
        Ok(bytes)
    }
}
