//! Making a backup: the rows of one moment are written down first, then what they name is copied
//! that is not there yet. If a content is gone by then, which takes a replacement or an emptied bin,
//! the rows of a later moment are taken: most contents are there then.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinSet, spawn_blocking};
use uuid::Uuid;
use wheelhouse_index::identity::{Fingerprint, Serial, Timestamp};
use wheelhouse_index::mark::Mark;
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{
    CatalogRow, CatalogSource, Clock, CopyScope, FileStore, KeyRow, OpenError, OpenFile,
};
use wheelhouse_index::record::FileRecord;
use wheelhouse_standards::digest::Sha256Digest;
use wheelhouse_store::catalog::rows;

use super::contents::{Copied, NotCopied, Progress, copy_in};
use super::error::BackupError;
use super::lines::{Line, Named, Note, is_of_kind, kind_of};
use super::manifest::{Manifest, empty_manifest};
use super::place::{BackupPlace, FORMAT, keep, sync};
use super::rows_file::{LinesReader, LinesWriter, NewLines};
use super::sealing::{Identities, Recipients};

/// How many moments are tried until all of one was there.
const MOMENTS: usize = 4;
/// How many files are looked at together, and in what order their lines are kept.
const TOGETHER: usize = 256;
/// How many contents are copied at a time.
const COPIES: usize = 8;
/// For how long a deletion may be on its way: its content is in neither place meanwhile.
const DELETING: Duration = Duration::from_mins(1);
/// How long to wait for that.
const A_MOMENT: Duration = Duration::from_millis(200);

/// What is backed up.
#[derive(Debug, Clone)]
pub struct BackupSource {
    /// Which index it is.
    pub index: Uuid,
    /// Its catalog.
    pub catalog: Arc<dyn CatalogSource>,
    /// Its files.
    pub files: Arc<dyn FileStore>,
    /// Its keys that are not in the catalog.
    pub keys: Vec<KeyRow>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// What came of a backup.
#[derive(Debug)]
pub struct Made {
    /// The snapshot.
    pub manifest: Manifest,
    /// The files that it lacks, and why.
    pub missing: Vec<(FilePath, String)>,
}

/// Makes a snapshot in a place, which was opened with [`BackupPlace::begin`].
///
/// # Errors
/// [`BackupError`]; what was copied until then is kept for the next time.
pub async fn back_up(
    place: &Arc<BackupPlace>,
    source: &BackupSource,
    progress: &Arc<Progress>,
) -> Result<Made, BackupError> {
    let making = Making {
        place: Arc::clone(place),
        source: source.clone(),
        progress: Arc::clone(progress),
    };
    let mut gone_before = BTreeSet::new();
    for moment in 1.. {
        let dump = making.dump().await?;
        let draft = making.draft(dump).await?;
        let gone: BTreeSet<FilePath> = draft.missing.iter().map(|(path, _)| path.clone()).collect();
        // What is gone twice is gone: a later moment has no more of it.
        if gone.is_subset(&gone_before) || moment == MOMENTS {
            return making.publish(draft);
        }
        gone_before = gone;
    }
    unreachable!("the last moment is taken as it is")
}

struct Making {
    place: Arc<BackupPlace>,
    source: BackupSource,
    progress: Arc<Progress>,
}

/// The rows of one moment, in a file that nobody else can read.
struct Dump {
    head: Serial,
    at: Timestamp,
    file: File,
    /// What opens it again: where backups are encrypted, nothing stands on the disk that is not.
    identities: Identities,
}

/// A snapshot without its manifest.
struct Draft {
    manifest: Manifest,
    rows: NewLines,
    contents: NewLines,
    missing: Vec<(FilePath, String)>,
}

impl Dump {
    fn reader(&self, place: &BackupPlace) -> Result<LinesReader, BackupError> {
        let path = place.folder().join("tmp");
        let rewound = self.file.try_clone().and_then(|mut file| {
            file.seek(SeekFrom::Start(0))?;
            Ok(file)
        });
        let file = rewound.map_err(|error| BackupError::io("read", &path, error))?;
        LinesReader::begin(file, place.is_encrypted(), &self.identities, &path)
    }
}

impl Draft {
    /// Adds a line, and counts it.
    fn write(&mut self, line: &str) -> Result<(), BackupError> {
        if let Some(kind) = kind_of(line).filter(|kind| !is_note(kind)) {
            match self.manifest.rows.get_mut(kind) {
                Some(count) => *count += 1,
                None => {
                    self.manifest.rows.insert(kind.to_owned(), 1);
                }
            }
        }
        self.rows.write(line)
    }

    fn write_named(&mut self, note: &Note, named: &Named) -> Result<(), BackupError> {
        self.manifest.files += 1;
        self.manifest.bytes += named.size_bytes;
        self.contents
            .write(&format!("{} {}", named.sha256, named.size_bytes))?;
        self.write(&note.to_line())
    }
}

fn is_note(kind: &str) -> bool {
    ["backup", "content", "beside", "kept", "missing"].contains(&kind)
}

impl Making {
    /// Writes down the rows of the present moment, as fast as the catalog gives them.
    async fn dump(&self) -> Result<Dump, BackupError> {
        let (identities, recipients) = if self.place.is_encrypted() {
            Identities::fleeting()
        } else {
            (Identities::default(), Recipients::default())
        };
        let path = self.place.folder().join("tmp");
        let mut lines = LinesWriter::begin(self.place.hidden_file()?, &recipients, &path)?;
        let at = self.source.clock.now();
        let mut copy = self.source.catalog.copy_rows(CopyScope::Everything).await?;
        while let Some(some) = copy.next().await? {
            for row in some {
                lines.write(&rows::to_line(&row)?)?;
            }
        }
        let (file, _) = lines.finish()?;
        Ok(Dump {
            head: copy.head,
            at,
            file,
            identities,
        })
    }

    /// Copies what the rows name, and writes them down for good.
    async fn draft(&self, dump: Dump) -> Result<Draft, BackupError> {
        let manifest = empty_manifest(&self.place, dump.head, dump.at);
        let name = manifest.name();
        let recipients = self.place.recipients();
        let rows_path = self.place.rows_path(&name);
        let contents_path = self.place.contents_path(&name);
        let nobody = Recipients::default();
        let mut draft = Draft {
            rows: LinesWriter::begin(self.place.new_file()?, recipients, &rows_path)?,
            contents: LinesWriter::begin(self.place.new_file()?, &nobody, &contents_path)?,
            manifest,
            missing: Vec::new(),
        };
        let first = Note::Backup {
            format: FORMAT,
            index: self.place.index(),
            head: dump.head,
        };
        draft.write(&first.to_line())?;
        self.write_keys_and_kept(&dump, &mut draft).await?;
        let mut reader = dump.reader(&self.place)?;
        let mut lines: Vec<String> = Vec::with_capacity(TOGETHER);
        while let Some(line) = reader.next_line()? {
            if is_of_kind(line, "key") {
                continue;
            }
            lines.push(line.to_owned());
            if lines.len() == TOGETHER {
                self.write_lines(std::mem::take(&mut lines), &mut draft)
                    .await?;
            }
        }
        self.write_lines(lines, &mut draft).await?;
        Ok(draft)
    }

    /// Whoever restores needs the keys first, and puts deleted files in their places before those
    /// that may have the same places now.
    async fn write_keys_and_kept(&self, dump: &Dump, draft: &mut Draft) -> Result<(), BackupError> {
        let mut keys: BTreeMap<String, KeyRow> = BTreeMap::new();
        for key in &self.source.keys {
            keys.insert(key.name.clone(), key.clone());
        }
        let mut deleted = Vec::new();
        let mut reader = dump.reader(&self.place)?;
        while let Some(line) = reader.next_line()? {
            if !is_of_kind(line, "key") && !is_of_kind(line, "mark") {
                continue;
            }
            match rows::from_line(line)? {
                CatalogRow::Key(key) => {
                    keys.insert(key.name.clone(), key);
                }
                CatalogRow::Mark(_, marked) => {
                    if let Mark::Deleted { path, sha256 } = marked.mark {
                        deleted.push((path, sha256, marked.since));
                    }
                }
                _ => {}
            }
        }
        for key in keys.into_values() {
            draft.write(&rows::to_line(&CatalogRow::Key(key))?)?;
        }
        for (path, sha256, since) in deleted {
            self.progress.looked();
            if let Some(copied) = self.kept(&path, sha256, since, dump.at).await? {
                let beside = self.beside(&path).await?;
                let named = named(path, copied);
                draft.write_named(&Note::Kept(named.clone(), since), &named)?;
                if let Some(named) = beside {
                    draft.write_named(&Note::Beside(named.clone()), &named)?;
                }
            }
        }
        Ok(())
    }

    /// Copies a deleted file that may still come back.
    async fn kept(
        &self,
        path: &FilePath,
        sha256: Sha256Digest,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Copied>, BackupError> {
        let files = &self.source.files;
        let mut found = files.open_discarded(path, &sha256).await?;
        if found.is_none() && since.after(DELETING) > now {
            tokio::time::sleep(A_MOMENT).await;
            found = files.open_discarded(path, &sha256).await?;
        }
        let Some(found) = found else { return Ok(None) };
        let size_bytes = found.content.size_bytes();
        if self.place.has(&sha256, size_bytes) {
            return Ok(Some(Copied { sha256, size_bytes }));
        }
        match self.copy(&found, Some(sha256)).await {
            Ok(copied) => Ok(Some(copied)),
            Err(NotCopied::Other(why)) => {
                tracing::warn!(file.path = %path, "a deleted file can come back no more: {why}");
                Ok(None)
            }
            Err(NotCopied::Failed(error)) => Err(error),
        }
    }

    /// Copies what some lines name, several at a time, and writes them in their order.
    async fn write_lines(&self, lines: Vec<String>, draft: &mut Draft) -> Result<(), BackupError> {
        let mut found: BTreeMap<usize, Found> = BTreeMap::new();
        let mut tasks: JoinSet<Result<(usize, Found), BackupError>> = JoinSet::new();
        for (number, line) in lines.iter().enumerate() {
            if !is_of_kind(line, "file") {
                continue;
            }
            let CatalogRow::File(row) = rows::from_line(line)? else {
                continue;
            };
            if tasks.len() == COPIES
                && let Some(done) = tasks.join_next().await
            {
                let (number, it) = done.map_err(|_| BackupError::Ended)??;
                found.insert(number, it);
            }
            let making = self.clone();
            tasks.spawn(async move { Ok((number, making.file(row.record).await?)) });
        }
        while let Some(done) = tasks.join_next().await {
            let (number, it) = done.map_err(|_| BackupError::Ended)??;
            found.insert(number, it);
        }
        for (number, line) in lines.iter().enumerate() {
            match found.remove(&number) {
                None => draft.write(line)?,
                Some(found) => write_found(found, line, draft)?,
            }
        }
        Ok(())
    }

    /// Copies the content of a file, and what stands beside it.
    async fn file(&self, record: FileRecord) -> Result<Found, BackupError> {
        self.progress.looked();
        let content = match self.content(&record).await {
            Ok(copied) => Ok(named(record.path.clone(), copied)),
            Err(NotCopied::Other(why)) => Err((record.path.clone(), why)),
            Err(NotCopied::Failed(error)) => return Err(error),
        };
        let may_have = record.contents.as_ref();
        let beside = if may_have.is_none_or(|contents| contents.has_provenance) {
            self.beside(&record.path).await?
        } else {
            None
        };
        Ok(Found { content, beside })
    }

    async fn content(&self, record: &FileRecord) -> Result<Copied, NotCopied> {
        let known = known_digest(record);
        let size_bytes = record.fingerprint.size_bytes();
        if let Some(sha256) = known
            && self.place.has(&sha256, size_bytes)
        {
            return Ok(Copied { sha256, size_bytes });
        }
        let files = &self.source.files;
        let why = match files.open(&record.path, Some(&record.fingerprint)).await {
            Ok(file) if known.is_some() || file.fingerprint == record.fingerprint => {
                match self.copy(&file, known).await {
                    Err(NotCopied::Other(why)) => why,
                    copied => return copied,
                }
            }
            Ok(_) => "it was changed, and nobody had read it".to_owned(),
            Err(OpenError::NotFound) => "it is not there".to_owned(),
            Err(OpenError::Damaged(why)) => why,
            Err(OpenError::Away(why)) => return Err(BackupError::Away(why).into()),
            Err(OpenError::Store(error)) => return Err(BackupError::Store(error).into()),
        };
        // It may have been deleted since.
        let Some(sha256) = known else {
            return Err(NotCopied::Other(why));
        };
        let kept = files.open_discarded(&record.path, &sha256).await;
        match kept.map_err(BackupError::Store)? {
            Some(kept) => self.copy(&kept, known).await,
            None => Err(NotCopied::Other(why)),
        }
    }

    async fn beside(&self, path: &FilePath) -> Result<Option<Named>, BackupError> {
        let Ok(path) = path.provenance() else {
            return Ok(None);
        };
        let file = match self.source.files.open(&path, None).await {
            Ok(file) => file,
            Err(OpenError::NotFound | OpenError::Damaged(_)) => return Ok(None),
            Err(OpenError::Away(why)) => return Err(BackupError::Away(why)),
            Err(OpenError::Store(error)) => return Err(BackupError::Store(error)),
        };
        match self.copy(&file, None).await {
            Ok(copied) => Ok(Some(named(path, copied))),
            Err(NotCopied::Other(why)) => {
                tracing::warn!(file.path = %path, "a provenance is left out: {why}");
                Ok(None)
            }
            Err(NotCopied::Failed(error)) => Err(error),
        }
    }

    async fn copy(
        &self,
        file: &OpenFile,
        expected: Option<Sha256Digest>,
    ) -> Result<Copied, NotCopied> {
        let (place, content) = (Arc::clone(&self.place), Arc::clone(&file.content));
        let copied = spawn_blocking(move || copy_in(&place, &content, expected)).await;
        let copied = copied.map_err(|_| BackupError::Ended)??;
        self.progress.copied(copied.size_bytes);
        Ok(copied)
    }

    /// Makes everything safe, and the manifest last: from then on there is a snapshot.
    fn publish(&self, draft: Draft) -> Result<Made, BackupError> {
        let Draft {
            mut manifest,
            rows,
            contents,
            missing,
        } = draft;
        let name = manifest.name();
        self.place.sync_contents()?;
        let (file, written) = rows.finish()?;
        manifest.rows_file = written;
        keep(file, &self.place.rows_path(&name))?;
        let (file, written) = contents.finish()?;
        manifest.contents_file = written;
        keep(file, &self.place.contents_path(&name))?;
        let snapshots = self.place.snapshots();
        sync(&snapshots)?;
        let path = snapshots.join(format!("{name}.json"));
        let mut file = self.place.new_file()?;
        file.write_all(&manifest.seal())
            .map_err(|error| BackupError::io("write", &path, error))?;
        keep(file, &path)?;
        sync(&snapshots)?;
        Ok(Made { manifest, missing })
    }

    fn clone(&self) -> Self {
        Self {
            place: Arc::clone(&self.place),
            source: self.source.clone(),
            progress: Arc::clone(&self.progress),
        }
    }
}

/// What was found of a file.
struct Found {
    content: Result<Named, (FilePath, String)>,
    beside: Option<Named>,
}

fn write_found(found: Found, line: &str, draft: &mut Draft) -> Result<(), BackupError> {
    match found.content {
        Ok(named) => draft.write_named(&Note::Content(named.clone()), &named)?,
        Err((path, why)) => {
            draft.manifest.missing += 1;
            let note = Note::Missing {
                path: path.clone(),
                why: why.clone(),
            };
            draft.write(&note.to_line())?;
            draft.missing.push((path, why));
        }
    }
    draft.write(line)?;
    if let Some(named) = found.beside {
        draft.write_named(&Note::Beside(named.clone()), &named)?;
    }
    Ok(())
}

fn named(path: FilePath, copied: Copied) -> Named {
    Named {
        path,
        sha256: copied.sha256,
        size_bytes: copied.size_bytes,
    }
}

fn known_digest(record: &FileRecord) -> Option<Sha256Digest> {
    match (&record.contents, record.fingerprint) {
        (Some(contents), _) => Some(contents.digests.sha256),
        (None, Fingerprint::Object { sha256, .. }) => Some(sha256),
        (None, Fingerprint::File { .. }) => None,
    }
}

/// Reads a line that was written by this module.
pub(super) fn read_line(path: &std::path::Path, line: &str) -> Result<Line, BackupError> {
    Line::read(line).map_err(|why| BackupError::damaged(path, &why))
}
