//! Reading a whole snapshot again, to find out whether it could be restored.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::task::{JoinSet, spawn_blocking};
use wheelhouse_index::ports::{CatalogRow, KeyRow};
use wheelhouse_store::catalog::rows;

use super::contents::{Copied, Progress, check_content};
use super::error::BackupError;
use super::lines::{Line, Note};
use super::making::read_line;
use super::manifest::Manifest;
use super::place::BackupPlace;
use super::rows_file::{LinesReader, check_written};
use super::sealing::Identities;

/// How many contents are read at a time.
const READS: usize = 4;

/// A snapshot whose rows were read to their end and are all there.
#[derive(Debug)]
pub struct Snapshot {
    pub(super) place: Arc<BackupPlace>,
    pub(super) identities: Identities,
    /// What it is.
    pub manifest: Manifest,
    /// The keys of the index.
    pub keys: Vec<KeyRow>,
    contents: BTreeMap<[u8; 32], u64>,
}

impl Snapshot {
    /// Reads a snapshot's rows, and makes sure that its contents are there; without a name those of the
    /// newest snapshot. What the contents are is not looked at.
    ///
    /// # Errors
    /// [`BackupError`] if it could not be restored.
    pub async fn open(
        place: &Arc<BackupPlace>,
        name: Option<&str>,
        identities: &Identities,
    ) -> Result<Self, BackupError> {
        let manifest = place.snapshot(name)?;
        if place.is_encrypted() && identities.is_empty() {
            return Err(BackupError::Locked(place.folder().to_owned()));
        }
        let (place, identities) = (Arc::clone(place), identities.clone());
        let read = spawn_blocking(move || Self::read(place, manifest, identities)).await;
        read.map_err(|_| BackupError::Ended)?
    }

    fn read(
        place: Arc<BackupPlace>,
        manifest: Manifest,
        identities: Identities,
    ) -> Result<Self, BackupError> {
        let name = manifest.name();
        let path = place.rows_path(&name);
        check_written(&path, &manifest.rows_file)?;
        check_written(&place.contents_path(&name), &manifest.contents_file)?;
        let mut snapshot = Self {
            identities,
            keys: Vec::new(),
            contents: BTreeMap::new(),
            manifest,
            place,
        };
        let mut lines = snapshot.lines()?;
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        while let Some(line) = lines.next_line()? {
            match read_line(&path, line)? {
                Line::Note(note) => snapshot.note(&note)?,
                Line::Row(row) => {
                    *counts.entry(rows::kind_of(&row).to_owned()).or_default() += 1;
                    if let CatalogRow::Key(key) = row {
                        snapshot.keys.push(key);
                    }
                }
            }
        }
        if counts != snapshot.manifest.rows {
            let why = "it does not have the rows that the snapshot tells of";
            return Err(BackupError::damaged(&path, &why));
        }
        snapshot.expect_contents()?;
        Ok(snapshot)
    }

    /// Begins to read the lines.
    pub(super) fn lines(&self) -> Result<LinesReader, BackupError> {
        let path = self.place.rows_path(&self.manifest.name());
        LinesReader::open(&path, self.place.is_encrypted(), &self.identities)
    }

    fn note(&mut self, note: &Note) -> Result<(), BackupError> {
        match note {
            Note::Content(named) | Note::Beside(named) | Note::Kept(named, _) => {
                self.contents
                    .insert(*named.sha256.as_bytes(), named.size_bytes);
            }
            Note::Backup { index, head, .. } => {
                if (*index, *head) != (self.manifest.index, self.manifest.head) {
                    let path = self.place.rows_path(&self.manifest.name());
                    return Err(BackupError::damaged(&path, &"it is of another snapshot"));
                }
            }
            Note::Missing { .. } => {}
        }
        Ok(())
    }

    fn expect_contents(&self) -> Result<(), BackupError> {
        let absent: Vec<_> = self
            .each_content()
            .filter(|content| !self.place.has(&content.sha256, content.size_bytes))
            .collect();
        let Some(first) = absent.first() else {
            return Ok(());
        };
        Err(BackupError::Incomplete {
            count: absent.len() as u64,
            first: self.place.content(&first.sha256).display().to_string(),
        })
    }

    fn each_content(&self) -> impl Iterator<Item = Copied> {
        self.contents.iter().map(|(&digest, &size_bytes)| Copied {
            sha256: wheelhouse_standards::digest::Sha256Digest::new(digest),
            size_bytes,
        })
    }

    /// Reads all contents to their ends, and returns what is wrong with those that are not what they
    /// should be.
    ///
    /// # Errors
    /// [`BackupError`] if they cannot be read at all.
    pub async fn verify(&self, progress: &Arc<Progress>) -> Result<Vec<String>, BackupError> {
        let mut problems = BTreeSet::new();
        let mut tasks: JoinSet<Result<(), BackupError>> = JoinSet::new();
        let mut note = |done: Result<Result<(), BackupError>, _>| match done {
            Ok(Ok(())) => Ok(()),
            // The rows were opened: a content that does not open was altered, or is of other keys.
            Ok(Err(
                error @ (BackupError::Damaged { .. }
                | BackupError::Io { .. }
                | BackupError::WrongIdentity(_)),
            )) => {
                problems.insert(error.to_string());
                Ok(())
            }
            Ok(Err(error)) => Err(error),
            Err(()) => Err(BackupError::Ended),
        };
        for content in self.each_content() {
            if tasks.len() == READS
                && let Some(done) = tasks.join_next().await
            {
                note(done.map_err(drop))?;
            }
            let (place, identities) = (Arc::clone(&self.place), self.identities.clone());
            let progress = Arc::clone(progress);
            tasks.spawn_blocking(move || {
                progress.looked();
                check_content(&place, &identities, content)?;
                progress.copied(content.size_bytes);
                Ok(())
            });
        }
        while let Some(done) = tasks.join_next().await {
            note(done.map_err(drop))?;
        }
        Ok(problems.into_iter().collect())
    }
}
