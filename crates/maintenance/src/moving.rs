//! Moving an index from one place to another while it is served.
//!
//! First everything is copied, however long that takes, while others go on to change the source. Then
//! what changed meanwhile is copied, again and again, until there is little left. Then the source is
//! held still for a moment, in which the last changes are copied and what is in no journal. From
//! then on the target counts. Each step is noted in the target with what it did, so that a move which
//! ended anywhere goes on there when it is begun again.

mod discarded;
mod follow;
mod progress;

use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use wheelhouse_index::downloads::Day;
use wheelhouse_index::identity::{IndexName, Serial};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{
    Catalog, CatalogRow, CatalogSource, CatalogTarget, Clock, CopyScope, FileRow, FileStore,
    FillError, Filled, KeyRow, PlaceError, StoreError,
};
use wheelhouse_index::record::FileRecord;

use crate::contents::{self, CopyError};

pub use progress::{Phase, Progress};

/// How many records are read and written at a time.
const PAGE: usize = 200;
/// How many files are copied at a time.
const TOGETHER: usize = 16;

/// One end of a move.
#[derive(Debug, Clone)]
pub struct Source {
    /// The catalog, for looking things up.
    pub catalog: Arc<dyn Catalog>,
    /// The same catalog, for reading all of it.
    pub rows: Arc<dyn CatalogSource>,
    /// Where the bytes are.
    pub files: Arc<dyn FileStore>,
    /// Keys of the installation that are not in the catalog.
    pub keys: Vec<KeyRow>,
}

/// The other end.
#[derive(Debug, Clone)]
pub struct Target {
    /// The catalog, for looking things up.
    pub catalog: Arc<dyn Catalog>,
    /// The same catalog, for filling it.
    pub rows: Arc<dyn CatalogTarget>,
    /// Where the bytes are to be.
    pub files: Arc<dyn FileStore>,
}

/// A move.
#[derive(Debug)]
pub struct Move {
    /// What tells it from other moves: the same for the same two places.
    pub name: String,
    /// The index that moves.
    pub index: IndexName,
    /// Where it is.
    pub source: Source,
    /// Where it goes.
    pub target: Target,
    /// Tells the day.
    pub clock: Arc<dyn Clock>,
    /// How far it is, for people.
    pub progress: Arc<Progress>,
}

/// Where a move has got to.
#[derive(Debug, Clone, Copy)]
pub struct Level {
    filled: Filled,
    /// Everything up to this serial is in the target.
    at: Serial,
    /// From when on counts of downloads are copied again.
    downloads_from: Day,
}

/// A move cannot go on. What was copied stays: the same move goes on from there when it is begun
/// again.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// The target is in use.
    #[error("{0}; a move needs an empty target, or the one that it began to fill")]
    Target(FillError),
    /// A file cannot be copied.
    #[error("`{path}` cannot be copied: {cause}")]
    File {
        /// Which one.
        path: FilePath,
        /// Why.
        cause: CopyError,
    },
    /// A backend cannot do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is written beside the files cannot be written in the target.
    #[error("what was said about releases cannot be written beside the files: {0}")]
    Marks(PlaceError),
    /// The two ends are not the same in the end.
    #[error("the copy is not whole: {0}; nothing was switched, and the source goes on")]
    Unlike(String),
}

impl Move {
    /// Copies everything that is there, or what is still missing of it, and then what changed
    /// meanwhile, until the target is nearly level.
    ///
    /// # Errors
    /// [`MoveError`]
    pub async fn copy(&self) -> Result<Level, MoveError> {
        let begun = self.target.rows.begin_filling(&self.name).await;
        let filling = begun.map_err(MoveError::Target)?;
        let mut filled = match filling.filled {
            Some(filled) if filled.since != Serial(0) => filled,
            _ => Filled {
                since: self.source.catalog.head().await?,
                audit_events: 0,
            },
        };
        self.target.rows.put_rows(Vec::new(), &filled).await?;
        let counts = self.source.catalog.counts(&self.index).await?;
        self.progress.begin(Phase::Files, counts.files);
        // First, while no file stands where they pass through.
        self.copy_discarded().await?;
        self.copy_files(filling.last_path, &filled).await?;
        let downloads_from = Day::of(self.clock.now()).earlier(1);
        self.progress.begin(Phase::Records, 0);
        let head = self.copy_rows(filling.journal, &mut filled).await?;
        let mut level = Level {
            filled,
            at: head,
            downloads_from,
        };
        // What was copied before it changed. Its events are there already.
        self.progress.begin(Phase::Changes, 0);
        self.follow(filled.since, head, &mut level).await?;
        self.catch_up(&mut level).await?;
        Ok(level)
    }

    /// Copies what changed since, up to what was there when this began: others may change things
    /// faster than they are copied.
    ///
    /// # Errors
    /// [`MoveError`]
    pub async fn catch_up(&self, level: &mut Level) -> Result<(), MoveError> {
        let (from, until) = (level.at, self.source.catalog.head().await?);
        self.follow(from, until, level).await
    }

    /// Returns how many changes are still to be copied.
    ///
    /// # Errors
    /// [`StoreError`] if the source cannot be read.
    pub async fn lag(&self, level: &Level) -> Result<u64, StoreError> {
        let head = self.source.catalog.head().await?;
        Ok(head.0.saturating_sub(level.at.0))
    }

    /// Copies the last changes, and what is in no journal. The source must be held still, and `head`
    /// be its head.
    ///
    /// # Errors
    /// [`MoveError`]
    pub async fn finish(&self, mut level: Level, head: Serial) -> Result<(), MoveError> {
        self.progress.begin(Phase::Rest, 0);
        self.catch_up(&mut level).await?;
        self.copy_discarded().await?;
        self.copy_beside(&mut level).await?;
        if let Some(marks) = self.source.files.read_marks().await? {
            let written = self.target.files.write_marks(marks.bytes).await;
            written.map_err(MoveError::Marks)?;
        }
        let ours = self.source.catalog.head().await?;
        if ours != head {
            return Err(MoveError::Unlike(format!(
                "the source was changed while it was held (serial {ours} after {head})"
            )));
        }
        Ok(())
    }

    /// Ends the move in the target: a server may start there from now on.
    ///
    /// # Errors
    /// [`MoveError::Unlike`] if the target does not hold what the source does.
    pub async fn end(&self, head: Serial) -> Result<(), MoveError> {
        let theirs = self.source.catalog.counts(&self.index).await?;
        self.target.rows.end_filling(head).await?;
        let ours = self.target.catalog.counts(&self.index).await?;
        if (ours.files, ours.projects) != (theirs.files, theirs.projects) {
            return Err(MoveError::Unlike(format!(
                "there are {} files of {} projects, and {} of {} in the source",
                ours.files, ours.projects, theirs.files, theirs.projects
            )));
        }
        self.progress.begin(Phase::Done, 0);
        Ok(())
    }

    /// Copies the files after `after`, in the order of paths.
    async fn copy_files(&self, after: Option<FilePath>, filled: &Filled) -> Result<(), MoveError> {
        let mut after = after;
        loop {
            let catalog = &self.source.catalog;
            let page = catalog
                .files_after(&self.index, after.as_ref(), PAGE)
                .await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.path.clone());
            let rows = self.copy_records(page).await?;
            self.target.rows.put_rows(rows, filled).await?;
        }
    }

    /// Copies files, some at a time, and returns their rows. Those that were changed or removed
    /// meanwhile are left out: the journal tells of them.
    async fn copy_records(&self, records: Vec<FileRecord>) -> Result<Vec<CatalogRow>, MoveError> {
        let rows = stream::iter(records)
            .map(|record| self.copy_record(record))
            .buffer_unordered(TOGETHER);
        let rows: Vec<Option<CatalogRow>> = rows.try_collect().await?;
        Ok(rows.into_iter().flatten().collect())
    }

    async fn copy_record(&self, record: FileRecord) -> Result<Option<CatalogRow>, MoveError> {
        let path = record.path.clone();
        match self.copy_file(record.clone()).await {
            Ok(row) => {
                self.progress.copied(record.fingerprint.size_bytes());
                Ok(Some(CatalogRow::File(Box::new(row))))
            }
            Err(cause) => {
                let now = self.source.catalog.file(&self.index, &path).await?;
                if now.is_some_and(|now| now.fingerprint == record.fingerprint) {
                    return Err(MoveError::File { path, cause });
                }
                Ok(None)
            }
        }
    }

    async fn copy_file(&self, mut record: FileRecord) -> Result<FileRow, CopyError> {
        let metadata = self.source.catalog.core_metadata(&self.index, &record.path);
        let metadata = metadata.await?;
        let path = record.path.clone();
        let open = self
            .source
            .files
            .open(&path, Some(&record.fingerprint))
            .await?;
        if open.fingerprint != record.fingerprint {
            return Err(CopyError::Changed);
        }
        let recorded = record.contents.as_ref().map(|known| known.digests.sha256);
        let to = &*self.target.files;
        let copied =
            contents::copy(&open, recorded.as_ref(), to, &path, record.uploaded_at).await?;
        if record
            .contents
            .as_ref()
            .is_some_and(|known| known.has_provenance)
        {
            self.copy_beside_file(&path, &record).await?;
        }
        record.fingerprint = copied.fingerprint;
        Ok(FileRow {
            index: self.index.clone(),
            record,
            metadata,
        })
    }

    /// Copies the provenance that stands beside a file.
    async fn copy_beside_file(
        &self,
        path: &FilePath,
        record: &FileRecord,
    ) -> Result<(), CopyError> {
        let Ok(beside) = path.provenance() else {
            return Ok(());
        };
        let open = self.source.files.open(&beside, None).await?;
        let to = &*self.target.files;
        contents::copy_beside(&open, to, &beside, record.uploaded_at).await
    }

    /// Copies the rows of projects, marks, the journal, the trail and counts, and returns up to where.
    async fn copy_rows(&self, journal: Serial, filled: &mut Filled) -> Result<Serial, MoveError> {
        let target = &self.target.rows;
        target.clear_beside(Some(Day(i32::MIN))).await?;
        let mut copy = self.source.rows.copy_rows(CopyScope::Everything).await?;
        let (head, mut audit_seen) = (copy.head, 0);
        while let Some(rows) = copy.next().await? {
            let mut wanted = Vec::new();
            for row in rows {
                let is_wanted = match &row {
                    CatalogRow::Project(_) | CatalogRow::Mark(..) | CatalogRow::Downloads(_) => {
                        true
                    }
                    CatalogRow::Event(event) => event.serial > journal,
                    CatalogRow::Audit(_) => {
                        audit_seen += 1;
                        audit_seen > filled.audit_events
                    }
                    // With their contents, or when the source is held still.
                    CatalogRow::File(_)
                    | CatalogRow::Access(_)
                    | CatalogRow::Claim(_)
                    | CatalogRow::Key(_) => false,
                };
                if is_wanted {
                    wanted.push(row);
                }
            }
            if wanted.is_empty() {
                continue;
            }
            filled.audit_events = filled.audit_events.max(audit_seen);
            target.put_rows(wanted, filled).await?;
        }
        Ok(head)
    }

    /// Copies what is in no journal.
    async fn copy_beside(&self, level: &mut Level) -> Result<(), MoveError> {
        let target = &self.target.rows;
        target.clear_beside(Some(level.downloads_from)).await?;
        let scope = CopyScope::Beside {
            audit_skipped: level.filled.audit_events,
            downloads_from: Some(level.downloads_from),
        };
        let mut copy = self.source.rows.copy_rows(scope).await?;
        while let Some(rows) = copy.next().await? {
            let is_audit = |row: &&CatalogRow| matches!(row, CatalogRow::Audit(_));
            level.filled.audit_events += rows.iter().filter(is_audit).count() as u64;
            target.put_rows(rows, &level.filled).await?;
        }
        let keys = self.source.keys.iter().cloned().map(CatalogRow::Key);
        target.put_rows(keys.collect(), &level.filled).await?;
        Ok(())
    }
}
