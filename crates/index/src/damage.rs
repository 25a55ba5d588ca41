//! Files whose content is gone or altered where the catalog is the truth: nobody is served what is
//! not what was uploaded, and somebody has to be told.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::identity::Fingerprint;
use crate::index::Core;
use crate::path::FilePath;
use crate::ports::{OpenError, PlaceMode, StagedFile, Truth};
use crate::publish::PublishError;
use crate::record::FileRecord;

/// What is said of content whose digest is not the one that was recorded.
pub const ALTERED: &str = "the object does not have the content that was uploaded";

/// How many damaged files are remembered at most.
const KEPT: usize = 1_000;

/// What is known to be damaged.
#[derive(Debug, Default)]
pub(crate) struct Damage(Mutex<BTreeSet<FilePath>>);

impl Damage {
    fn known(&self) -> MutexGuard<'_, BTreeSet<FilePath>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Core {
    /// Takes note that the content of a file is gone or altered, and tells the log once.
    pub fn report_damage(&self, path: &FilePath, reason: &str) {
        let mut known = self.damage.known();
        if known.contains(path) {
            return;
        }
        if known.len() < KEPT {
            known.insert(path.clone());
        }
        drop(known);
        let advice = match self.files.truth() {
            Truth::Catalog => "upload the same file again to mend it",
            Truth::Store => "put a good copy in its place",
        };
        tracing::error!(file.path = %path, "a file is damaged: {reason}; {advice}");
    }

    /// Takes note that a file is whole, or another one, or gone.
    pub fn forget_damage(&self, path: &FilePath) {
        self.damage.known().remove(path);
    }

    /// Returns the files that were found damaged since the start and were not mended since.
    pub fn damaged(&self) -> Vec<FilePath> {
        self.damage.known().iter().cloned().collect()
    }

    /// Writes the content of a file anew that is uploaded again, if it is damaged.
    pub(crate) async fn mend(
        &self,
        record: &FileRecord,
        staged: Box<dyn StagedFile>,
    ) -> Result<(), PublishError> {
        let Fingerprint::Object { sha256, .. } = record.fingerprint else {
            return Ok(());
        };
        if self.files.truth() != Truth::Catalog || sha256 != staged.digests().sha256 {
            return Ok(());
        }
        let is_known = self.damage.known().contains(&record.path);
        let is_damaged = is_known
            || matches!(
                self.files
                    .open(&record.path, Some(&record.fingerprint))
                    .await,
                Err(OpenError::Damaged(_))
            );
        if is_damaged {
            staged
                .place(&record.path, PlaceMode::Replace, record.uploaded_at)
                .await?;
            self.damage.known().remove(&record.path);
            tracing::info!(file.path = %record.path, "a damaged file was uploaded again and is whole");
        }
        Ok(())
    }
}
