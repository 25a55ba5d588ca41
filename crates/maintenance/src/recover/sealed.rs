//! A catalog from sealed records alone.
//!
//! The records are read in 256 parts, by the first byte of their digests, and each part is put under
//! a serial of its own. How far that got stands in the catalog with what was put there, so that a
//! recovery which ended anywhere goes on with the part that it was in.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use wheelhouse_index::change::{Attribution, Event, EventKind, EventSubject};
use wheelhouse_index::identity::{Fingerprint, IndexName, Serial, Timestamp};
use wheelhouse_index::mark::{Mark, ProjectMark};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{
    Catalog, CatalogRow, CatalogTarget, Clock, FileRow, FileStore, Filled, OpenError, PathDigest,
    ProjectRow, RecordName, SealedFile, SealedRecords, StoreError, UnsealError,
};
use wheelhouse_index::record::FileRecord;
use wheelhouse_index::verify::written_marks;
use wheelhouse_standards::digest::Sha256Digest;
use wheelhouse_standards::found::{FileKind, FoundFile};
use wheelhouse_standards::name::ProjectKey;

use super::{RecoverError, Recovered};
use crate::check::{Finding, Kind, Outcome, Report, Told};

/// How many records are read at a time.
const TOGETHER: usize = 32;
/// How many files are put into the catalog at a time.
const BATCH: usize = 500;
/// How many records are taken from the catalog at a time.
const PAGE: usize = 5_000;
/// What is being done, for people.
const STEP: &str = "reading sealed records";

/// A catalog that is to be made from sealed records.
#[derive(Debug, Clone)]
pub struct SealedRecovery {
    /// What tells it from other recoveries: the same for the same place.
    pub name: String,
    /// The index.
    pub index: IndexName,
    /// The catalog, for looking things up.
    pub catalog: Arc<dyn Catalog>,
    /// The same catalog, for filling it.
    pub target: Arc<dyn CatalogTarget>,
    /// Where the contents and their records are.
    pub files: Arc<dyn FileStore>,
    /// Tells where serials begin.
    pub clock: Arc<dyn Clock>,
}

/// What a recovery knows while it goes on.
struct State<'s> {
    sealed: &'s dyn SealedRecords,
    /// What was deleted, by name and digest, and when.
    deleted: HashMap<(String, Sha256Digest), Timestamp>,
    /// Beginnings of the digests of the paths that have a file by now. Two that share one are told
    /// apart by the catalog.
    taken: HashSet<u64>,
    /// Whether there may be files that `taken` does not know.
    is_resumed: bool,
    /// The serial of the part 0.
    base: u64,
}

impl SealedRecovery {
    /// Makes the catalog, and tells what cannot be proven.
    ///
    /// # Errors
    /// [`RecoverError`]; what was put into the catalog stays, and the same recovery goes on from there
    /// when it is begun again.
    pub async fn run(
        &self,
        tell: &mut (dyn FnMut(Told) + Send),
    ) -> Result<Recovered, RecoverError> {
        let Some(sealed) = self.files.sealed_records() else {
            let reason = "it keeps no sealed records";
            return Err(StoreError::new("file store", "make a catalog", reason).into());
        };
        let mut report = Report::new(tell);
        let marks = written_marks(&self.index, &*self.files).await?;
        let begun = self.target.begin_filling(&self.name).await;
        let filling = begun.map_err(RecoverError::NotEmpty)?;
        let now = u64::try_from(self.clock.now().seconds()).unwrap_or(0);
        let head = self.catalog.head().await?.0;
        // Both numbers are ours to use: nothing is followed here, and no trail is copied.
        let (base, first) = match filling.filled {
            Some(Filled {
                since: Serial(base),
                audit_events: part,
            }) if base > 0 => (base, u8::try_from(part).unwrap_or(0)),
            _ => (head.max(now) + 1, 0),
        };
        let mut state = State {
            sealed,
            deleted: deleted(&marks),
            taken: HashSet::new(),
            is_resumed: filling.filled.is_some(),
            base,
        };
        for part in first..=u8::MAX {
            report.progress(STEP, u64::from(part), 256);
            self.part(part, &mut state, &mut report).await?;
        }
        let files = self.end(&marks, base, &mut report).await?;
        Ok(Recovered {
            files,
            left: report.summary.left,
            notices: report.summary.notices,
        })
    }

    /// Puts the files whose digests begin with this byte.
    async fn part(
        &self,
        part: u8,
        state: &mut State<'_>,
        report: &mut Report<'_>,
    ) -> Result<(), RecoverError> {
        let shard = state.sealed.shard(part).await?;
        let contents: HashMap<_, _> = shard
            .contents
            .iter()
            .map(|content| (content.sha256, content.size_bytes))
            .collect();
        let sealed = state.sealed;
        let mut unsealing = stream::iter(shard.records)
            .map(|name| async move {
                let unsealed = sealed.unseal(&name).await;
                (name, unsealed)
            })
            .buffer_unordered(TOGETHER);
        let mut batch: HashMap<FilePath, SealedFile> = HashMap::new();
        while let Some((name, unsealed)) = unsealing.next().await {
            let file = match unsealed {
                Ok(file) => file,
                Err(UnsealError::Gone) => continue,
                Err(UnsealError::Store(error)) => return Err(error.into()),
                Err(UnsealError::Unreadable(reason)) => {
                    report.found(unreadable(&name, &reason));
                    continue;
                }
            };
            if !self.is_proven(&file, &contents, report).await?
                || self.was_deleted(&file, state, report).await?
            {
                continue;
            }
            // Of one content at one path: an upload that was repeated, or mended.
            match batch.get(&file.path) {
                Some(other) if other.uploaded_at >= file.uploaded_at => {
                    tell_older(&file, other.digests.sha256, report);
                }
                _ => {
                    if let Some(older) = batch.insert(file.path.clone(), file) {
                        let newer = batch[&older.path].digests.sha256;
                        tell_older(&older, newer, report);
                    }
                }
            }
            if batch.len() == BATCH {
                self.put(part, std::mem::take(&mut batch), state, report)
                    .await?;
            }
        }
        self.put(part, batch, state, report).await
    }

    /// Returns whether the content of a file is there, as far as its size tells.
    async fn is_proven(
        &self,
        file: &SealedFile,
        contents: &HashMap<Sha256Digest, u64>,
        report: &mut Report<'_>,
    ) -> Result<bool, StoreError> {
        if contents.get(&file.digests.sha256) == Some(&file.size_bytes) {
            return Ok(true);
        }
        // What was taken aside comes back by being opened.
        let opened = self.files.open(&file.path, Some(&fingerprint(file))).await;
        let reason = match opened {
            Ok(_) => return Ok(true),
            Err(OpenError::Store(error)) => return Err(error),
            Err(error) => error.to_string(),
        };
        report.found(Finding {
            kind: Kind::ContentDamaged,
            about: file.path.to_string(),
            sentence: format!("{reason}: it is not listed"),
            outcome: Outcome::Left("upload the same file again".to_owned()),
        });
        Ok(false)
    }

    /// Returns whether a file was deleted. A server that ended in the middle of that has left its
    /// record, and a tombstone takes its place now.
    async fn was_deleted(
        &self,
        file: &SealedFile,
        state: &State<'_>,
        report: &mut Report<'_>,
    ) -> Result<bool, StoreError> {
        let sha256 = file.digests.sha256;
        let key = (file.path.file_name().to_owned(), sha256);
        let Some(&since) = state.deleted.get(&key) else {
            return Ok(false);
        };
        let outcome = match self.files.discard(&file.path, &sha256, since).await {
            Ok(()) => Outcome::Notice,
            Err(error) => Outcome::Left(error.to_string()),
        };
        report.found(Finding {
            kind: Kind::RecordNotListed,
            about: file.path.to_string(),
            sentence: "it was deleted, and is not listed; its record was still among those of listed files"
                .to_owned(),
            outcome,
        });
        Ok(true)
    }

    /// Puts files into the catalog, with an event of each.
    async fn put(
        &self,
        part: u8,
        batch: HashMap<FilePath, SealedFile>,
        state: &mut State<'_>,
        report: &mut Report<'_>,
    ) -> Result<(), RecoverError> {
        let serial = Serial(state.base + u64::from(part));
        let mut by = Attribution::system(self.clock.now());
        by.agent = Some("wheelhouse recover".to_owned());
        let mut batch: Vec<_> = batch.into_values().collect();
        batch.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        let mut rows = Vec::with_capacity(2 * batch.len());
        for file in batch {
            let Some(named) = FoundFile::of(file.path.file_name()) else {
                report.found(Finding {
                    kind: Kind::RecordNotListed,
                    about: file.path.to_string(),
                    sentence: "its name is not that of a package: it is not listed".to_owned(),
                    outcome: Outcome::Left("give it another name and upload it".to_owned()),
                });
                continue;
            };
            let before = self.record_before(&file, state).await?;
            // The same again, if this part was begun before.
            let before = before.filter(|before| before.fingerprint != fingerprint(&file));
            if let Some(before) = &before {
                let Fingerprint::Object { sha256: there, .. } = before.fingerprint else {
                    continue;
                };
                if before.uploaded_at > file.uploaded_at {
                    tell_older(&file, there, report);
                    continue;
                }
                report.found(older(
                    &file.path,
                    there,
                    before.uploaded_at,
                    file.digests.sha256,
                ));
            }
            let record = FileRecord {
                path: file.path.clone(),
                named,
                fingerprint: fingerprint(&file),
                uploaded_at: file.uploaded_at,
                contents: None,
            };
            rows.push(CatalogRow::File(Box::new(FileRow {
                index: self.index.clone(),
                record: record.clone(),
                metadata: None,
            })));
            rows.push(CatalogRow::Event(Box::new(Event {
                serial,
                index: self.index.clone(),
                project: record.project().clone(),
                kind: match before {
                    None => EventKind::Found,
                    Some(_) => EventKind::FoundChanged,
                },
                subject: EventSubject::File {
                    path: file.path,
                    before: before.map(Box::new),
                    after: Some(Box::new(record)),
                },
                by: by.clone(),
            })));
        }
        if rows.is_empty() {
            return Ok(());
        }
        let filled = Filled {
            since: Serial(state.base),
            audit_events: u64::from(part),
        };
        Ok(self.target.put_rows(rows, &filled).await?)
    }

    /// Returns the file that a path has by now, if any.
    async fn record_before(
        &self,
        file: &SealedFile,
        state: &mut State<'_>,
    ) -> Result<Option<FileRecord>, StoreError> {
        let is_new = state.taken.insert(PathDigest::of(&file.path).first_half());
        if is_new && !state.is_resumed {
            return Ok(None);
        }
        self.catalog.file(&self.index, &file.path).await
    }

    /// Puts what is said about projects, and the projects themselves, and ends the filling. Returns
    /// how many files there are.
    async fn end(
        &self,
        marks: &[ProjectMark],
        base: u64,
        report: &mut Report<'_>,
    ) -> Result<u64, RecoverError> {
        report.progress("putting projects", 0, 1);
        let filled = Filled {
            since: Serial(base),
            audit_events: u64::from(u8::MAX),
        };
        for some in marks.chunks(BATCH) {
            let rows = some
                .iter()
                .map(|mark| CatalogRow::Mark(self.index.clone(), mark.clone()));
            self.target.put_rows(rows.collect(), &filled).await?;
        }
        let mut projects: HashMap<ProjectKey, Newest> = HashMap::new();
        let (mut after, mut files) = (None, 0);
        loop {
            let page = self.catalog.files_after(&self.index, after.as_ref(), PAGE);
            let page = page.await?;
            let Some(last) = page.last() else {
                break;
            };
            after = Some(last.path.clone());
            files += page.len() as u64;
            for record in page {
                let newest = Newest::of(&record, base);
                projects
                    .entry(record.named.key)
                    .and_modify(|known| known.join(&newest))
                    .or_insert(newest);
            }
        }
        let mut projects: Vec<_> = projects.into_iter().collect();
        projects.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        for some in projects.chunks(BATCH) {
            let rows = some.iter().map(|(key, newest)| {
                CatalogRow::Project(ProjectRow {
                    index: self.index.clone(),
                    key: key.clone(),
                    display_name: newest.spelled_name.clone(),
                    last_serial: newest.last_serial,
                })
            });
            self.target.put_rows(rows.collect(), &filled).await?;
        }
        self.target
            .end_filling(Serial(base + u64::from(u8::MAX)))
            .await?;
        Ok(files)
    }
}

/// What the files of a project say of it.
struct Newest {
    /// Signatures tell no name if there is anything else.
    order: (bool, Timestamp, FilePath),
    spelled_name: String,
    last_serial: Serial,
}

impl Newest {
    fn of(record: &FileRecord, base: u64) -> Self {
        let part = match record.fingerprint {
            Fingerprint::Object { sha256, .. } => u64::from(sha256.as_bytes()[0]),
            Fingerprint::File { .. } => 0,
        };
        let is_signature = record.named.kind == FileKind::Signature;
        Self {
            order: (!is_signature, record.uploaded_at, record.path.clone()),
            spelled_name: record.named.spelled_name.clone(),
            last_serial: Serial(base + part),
        }
    }

    fn join(&mut self, other: &Self) {
        self.last_serial = self.last_serial.max(other.last_serial);
        if other.order > self.order {
            self.order = other.order.clone();
            self.spelled_name.clone_from(&other.spelled_name);
        }
    }
}

fn fingerprint(file: &SealedFile) -> Fingerprint {
    Fingerprint::Object {
        size_bytes: file.size_bytes,
        sha256: file.digests.sha256,
    }
}

fn deleted(marks: &[ProjectMark]) -> HashMap<(String, Sha256Digest), Timestamp> {
    let deleted = marks.iter().filter_map(|marked| match &marked.mark {
        Mark::Deleted { path, sha256 } => {
            Some(((path.file_name().to_owned(), *sha256), marked.since))
        }
        _ => None,
    });
    deleted.collect()
}

fn unreadable(name: &RecordName, reason: &str) -> Finding {
    Finding {
        kind: Kind::RecordUnreadable,
        about: name.name.clone(),
        sentence: format!("it is no sealed record of this index: {reason}"),
        outcome: Outcome::Left("what it was about is not listed for it".to_owned()),
    }
}

/// Tells of a record of a path for which another one counts, unless both say the same.
fn tell_older(file: &SealedFile, counts: Sha256Digest, report: &mut Report<'_>) {
    let sha256 = file.digests.sha256;
    if sha256 != counts {
        report.found(older(&file.path, sha256, file.uploaded_at, counts));
    }
}

fn older(path: &FilePath, sha256: Sha256Digest, at: Timestamp, counts: Sha256Digest) -> Finding {
    Finding {
        kind: Kind::RecordOlder,
        about: path.to_string(),
        sentence: format!(
            "two sealed records are about it; the later upload counts (SHA-256 {counts}), and not the one of {} (SHA-256 {sha256})",
            at.to_date_time()
        ),
        outcome: Outcome::Left("look which of the two was meant".to_owned()),
    }
}
