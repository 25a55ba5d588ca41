//! Restoring a snapshot into an empty index, content before record as everywhere, so that one that
//! was cut short goes on where it was.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::{JoinSet, spawn_blocking};
use wheelhouse_index::change::Event;
use wheelhouse_index::identity::{Fingerprint, Serial, Timestamp};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{
    CatalogRow, CatalogTarget, FileRow, FileStore, Filled, Filling, PlaceError, PlaceMode,
};

use super::contents::{ContentReader, Copied, Progress};
use super::error::BackupError;
use super::lines::{Line, Named, Note};
use super::making::read_line;
use super::verifying::Snapshot;

/// How many rows are put at one time, or a few more.
const ROWS: usize = 1_000;
/// How many files are placed before their rows are put.
const FILES: usize = 64;
/// How many changes an index may have made in the moment after its backup.
const LOST_CHANGES: u64 = 1_000;
/// How many it may have made in each second since: more than a database takes one after another.
const LOST_CHANGES_PER_SECOND: u64 = 250;
/// For how long it may have done that.
const LOST_SECONDS: u64 = 86_400;
/// How many contents are placed at a time.
const PLACINGS: usize = 8;

/// Where a snapshot is restored to.
#[derive(Debug)]
pub struct RestoreTarget {
    /// The catalog.
    pub catalog: Arc<dyn CatalogTarget>,
    /// The place of the files.
    pub files: Arc<dyn FileStore>,
    /// What the place of the files has in it already, as words that follow "and".
    pub found: Option<String>,
    /// What time it is.
    pub now: Timestamp,
}

/// What came of a restore.
#[derive(Debug)]
pub struct Restored {
    /// The serial that the index goes on above.
    pub head: Serial,
    /// Whether it went on with one that was cut short.
    pub is_resumed: bool,
    /// The files that the snapshot lacks, and why.
    pub missing: Vec<(FilePath, String)>,
}

/// Restores a snapshot. No server starts over the catalog until this has ended well.
///
/// # Errors
/// [`BackupError`]; starting the same again goes on where it was.
pub async fn restore(
    snapshot: &Snapshot,
    target: RestoreTarget,
    progress: &Arc<Progress>,
) -> Result<Restored, BackupError> {
    let name = format!(
        "restore of {} {}",
        snapshot.manifest.index,
        snapshot.manifest.name()
    );
    let filling = target.catalog.begin_filling(&name).await?;
    let mut filled = filling.filled.unwrap_or_default();
    let is_resumed = filled.since != Serial(0);
    if !is_resumed {
        if let Some(found) = found_in(&target).await? {
            // Nothing was put: it is as empty as it was.
            target.catalog.end_filling(Serial(0)).await?;
            return Err(BackupError::NotEmpty(found));
        }
        // From here on whatever is found in the place of the files is ours.
        filled.since = Serial(snapshot.manifest.head.0.max(1));
        target.catalog.put_rows(Vec::new(), &filled).await?;
    }
    let restoring = Restoring {
        is_resumed,
        audit_skipped: filled.audit_events,
        filled,
        filling,
        snapshot,
        target,
        progress: Arc::clone(progress),
        rows: Vec::new(),
        files: Vec::new(),
        missing: Vec::new(),
    };
    restoring.all().await
}

/// Returns a serial above all that were ever used: the lost index may have gone on after the backup.
fn head_above(head: Serial, at: Timestamp, now: Timestamp) -> Serial {
    let seconds = |moment: Timestamp| u64::try_from(moment.seconds()).unwrap_or(0);
    let lost = seconds(now).saturating_sub(seconds(at)).min(LOST_SECONDS);
    let gone_on = head.0 + LOST_CHANGES + lost * LOST_CHANGES_PER_SECOND;
    // As a new catalog begins.
    Serial(gone_on.max(seconds(now)))
}

/// Says what is in the place of the files. Marks beside the files would go before those that are
/// restored.
async fn found_in(target: &RestoreTarget) -> Result<Option<String>, BackupError> {
    if target.found.is_some() {
        return Ok(target.found.clone());
    }
    let marks = target.files.read_marks().await?;
    Ok(marks.map(|marks| format!("`{}` tells of another one", marks.place)))
}

struct Restoring<'s> {
    snapshot: &'s Snapshot,
    target: RestoreTarget,
    progress: Arc<Progress>,
    filling: Filling,
    filled: Filled,
    is_resumed: bool,
    /// How many events of the trail are there already.
    audit_skipped: u64,
    rows: Vec<CatalogRow>,
    files: Vec<Placing>,
    missing: Vec<(FilePath, String)>,
}

/// A file whose content is to be placed before its row is put.
struct Placing {
    row: Box<FileRow>,
    content: Copied,
    beside: Option<Named>,
}

impl Restoring<'_> {
    async fn all(mut self) -> Result<Restored, BackupError> {
        let manifest = &self.snapshot.manifest;
        let path = self.snapshot.place.rows_path(&manifest.name());
        let mut lines = self.snapshot.lines()?;
        let mut content: Option<Result<Named, String>> = None;
        while let Some(line) = lines.next_line()? {
            match read_line(&path, line)? {
                Line::Note(Note::Backup { .. }) => {}
                Line::Note(Note::Content(named)) => content = Some(Ok(named)),
                Line::Note(Note::Missing { why, .. }) => content = Some(Err(why)),
                Line::Note(Note::Kept(named, since)) => self.keep(named, since).await?,
                Line::Note(Note::Beside(named)) => self.stand_beside(named).await?,
                Line::Row(CatalogRow::File(row)) => match content.take() {
                    Some(Ok(named)) if named.path == row.record.path => {
                        self.file(row, &named).await?;
                    }
                    Some(Err(why)) => self.missing.push((row.record.path, why)),
                    _ => return Err(BackupError::damaged(&path, &"a file has no content")),
                },
                Line::Row(CatalogRow::Event(event)) => self.event(event).await?,
                Line::Row(row) => self.row(row).await?,
            }
        }
        self.put().await?;
        let head = head_above(manifest.head, manifest.at, self.target.now);
        self.target.catalog.end_filling(head).await?;
        Ok(Restored {
            head,
            is_resumed: self.is_resumed,
            missing: self.missing,
        })
    }

    /// Puts a deleted file where it can be brought back from.
    async fn keep(&self, named: Named, since: Timestamp) -> Result<(), BackupError> {
        self.progress.looked();
        let Named { path, sha256, .. } = &named;
        let files = &self.target.files;
        if self.is_resumed
            && (self.filling.last_path.is_some()
                || files.open_discarded(path, sha256).await?.is_some())
        {
            return Ok(());
        }
        let mode = PlaceMode::Replace;
        self.placer()
            .place(&named.path, named.copied(), mode, since)
            .await?;
        let discarded = files.discard(path, sha256, since).await;
        discarded.map_err(|source| BackupError::Place {
            path: path.clone(),
            source,
        })
    }

    async fn file(&mut self, row: Box<FileRow>, named: &Named) -> Result<(), BackupError> {
        self.progress.looked();
        let last = self.filling.last_path.as_ref();
        if last.is_some_and(|last| row.record.path <= *last) {
            return Ok(());
        }
        // The one before may still get what stands beside it.
        if self.files.len() >= FILES {
            self.put().await?;
        }
        self.files.push(Placing {
            row,
            content: named.copied(),
            beside: None,
        });
        Ok(())
    }

    /// What stands beside a file comes right after it. Before the first file it is that of a deleted
    /// one, and of a file that was passed over it is there.
    async fn stand_beside(&mut self, named: Named) -> Result<(), BackupError> {
        if self.filling.last_path.is_none() && self.files.is_empty() {
            let (mode, at) = (PlaceMode::Replace, self.snapshot.manifest.at);
            let placer = self.placer();
            let placed = placer.place(&named.path, named.copied(), mode, at).await;
            return placed.map(drop);
        }
        let file = self.files.last_mut();
        let file = file.filter(|file| {
            named
                .path
                .as_str()
                .starts_with(file.row.record.path.as_str())
        });
        if let Some(file) = file {
            file.beside = Some(named);
        }
        Ok(())
    }

    /// The events of a serial are put together.
    async fn event(&mut self, event: Box<Event>) -> Result<(), BackupError> {
        if self.is_resumed && event.serial <= self.filling.journal {
            return Ok(());
        }
        let is_new = match self.rows.last() {
            Some(CatalogRow::Event(last)) => last.serial != event.serial,
            _ => true,
        };
        if is_new && self.rows.len() >= ROWS {
            self.put().await?;
        }
        self.rows.push(CatalogRow::Event(event));
        Ok(())
    }

    async fn row(&mut self, row: CatalogRow) -> Result<(), BackupError> {
        if matches!(row, CatalogRow::Audit(_)) {
            if self.audit_skipped > 0 {
                self.audit_skipped -= 1;
                return Ok(());
            }
            self.filled.audit_events += 1;
        }
        self.rows.push(row);
        if self.rows.len() >= ROWS {
            self.put().await?;
        }
        Ok(())
    }

    /// Places the files that wait, then puts all rows that wait.
    async fn put(&mut self) -> Result<(), BackupError> {
        let files = std::mem::take(&mut self.files);
        if !files.is_empty() {
            let placed = self.place_all(files).await?;
            self.rows.extend(placed);
        }
        let rows = std::mem::take(&mut self.rows);
        if !rows.is_empty() {
            self.target.catalog.put_rows(rows, &self.filled).await?;
        }
        Ok(())
    }

    /// Places files, several at a time, and returns their rows in their order.
    async fn place_all(&self, files: Vec<Placing>) -> Result<Vec<CatalogRow>, BackupError> {
        // What was placed before it was cut short has no row yet.
        let mode = if self.is_resumed {
            PlaceMode::Replace
        } else {
            PlaceMode::New
        };
        let mut done = Vec::with_capacity(files.len());
        let mut tasks: JoinSet<Result<Box<FileRow>, BackupError>> = JoinSet::new();
        for file in files {
            if tasks.len() == PLACINGS
                && let Some(placed) = tasks.join_next().await
            {
                done.push(placed.map_err(|_| BackupError::Ended)??);
            }
            let placer = self.placer();
            tasks.spawn(async move { placer.place_with_beside(file, mode).await });
        }
        while let Some(placed) = tasks.join_next().await {
            done.push(placed.map_err(|_| BackupError::Ended)??);
        }
        done.sort_by(|a, b| a.record.path.cmp(&b.record.path));
        Ok(done.into_iter().map(CatalogRow::File).collect())
    }

    fn placer(&self) -> Placer {
        Placer {
            snapshot: (
                Arc::clone(&self.snapshot.place),
                self.snapshot.identities.clone(),
            ),
            files: Arc::clone(&self.target.files),
            progress: Arc::clone(&self.progress),
        }
    }
}

impl Named {
    fn copied(&self) -> Copied {
        Copied {
            sha256: self.sha256,
            size_bytes: self.size_bytes,
        }
    }
}

/// Places single files.
struct Placer {
    snapshot: (Arc<super::BackupPlace>, super::Identities),
    files: Arc<dyn FileStore>,
    progress: Arc<Progress>,
}

impl Placer {
    async fn place_with_beside(
        &self,
        mut file: Placing,
        mode: PlaceMode,
    ) -> Result<Box<FileRow>, BackupError> {
        let record = &mut file.row.record;
        let at = record.uploaded_at;
        record.fingerprint = self.place(&record.path, file.content, mode, at).await?;
        if let Some(beside) = file.beside {
            let mode = PlaceMode::Replace;
            self.place(&beside.path, beside.copied(), mode, at).await?;
        }
        Ok(file.row)
    }

    /// Places a content, of which every byte is digested on the way.
    async fn place(
        &self,
        path: &FilePath,
        content: Copied,
        mode: PlaceMode,
        at: Timestamp,
    ) -> Result<Fingerprint, BackupError> {
        let failed = |source: PlaceError| BackupError::Place {
            path: path.clone(),
            source,
        };
        let mut pieces = self.pieces(content);
        let mut staging = self.files.stage().await.map_err(failed)?;
        while let Some(piece) = pieces.recv().await {
            staging.write(piece?.into()).await.map_err(failed)?;
        }
        let staged = staging.finish().await.map_err(failed)?;
        if staged.digests().sha256 != content.sha256 {
            // The task that reads has ended early, without a word.
            return Err(BackupError::Ended);
        }
        let placed = staged.place(path, mode, at).await.map_err(failed)?;
        self.progress.copied(content.size_bytes);
        Ok(placed.fingerprint())
    }

    /// Reads a content on a thread that may block.
    fn pieces(&self, content: Copied) -> mpsc::Receiver<Result<Vec<u8>, BackupError>> {
        let (sender, pieces) = mpsc::channel(4);
        let (place, identities) = self.snapshot.clone();
        spawn_blocking(move || {
            let mut reader = match ContentReader::open(&place, &identities, content) {
                Ok(reader) => reader,
                Err(error) => {
                    // Whoever waits may have gone.
                    let _ = sender.blocking_send(Err(error));
                    return;
                }
            };
            while let Some(piece) = reader.next_piece().transpose() {
                let is_last = piece.is_err();
                if sender.blocking_send(piece).is_err() || is_last {
                    return;
                }
            }
        });
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_go_on_above_what_was_lost() {
        let head = |head, at: i64, now: i64| {
            let moment = |seconds: i64| Timestamp(seconds * 1_000_000);
            head_above(Serial(head), moment(at), moment(now)).0
        };
        assert_eq!(
            head(500, 8_999_990, 9_000_000),
            9_000_000,
            "as a new catalog"
        );
        assert_eq!(head(9_000_000, 500, 510), 9_000_000 + 1_000 + 2_500);
        assert_eq!(
            head(9_000_000, 510, 500),
            9_001_000,
            "a clock that went back"
        );
        let long = 1_000_000;
        assert_eq!(head(9_000_000, 0, long), 9_001_000 + 250 * 86_400);
    }
}
