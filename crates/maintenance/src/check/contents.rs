//! Contents, their sealed records, and the records of the catalog, where that is the truth.

use std::collections::{HashMap, HashSet};

use wheelhouse_index::identity::{Fingerprint, Timestamp};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{
    PathDigest, PlaceError, RecordName, Repair, SealedFile, SealedRecords, Shard, StoreError,
    StoredContent, UnsealError,
};
use wheelhouse_index::record::FileRecord;
use wheelhouse_index::verify::Depth;
use wheelhouse_standards::digest::Sha256Digest;

use super::{Check, Finding, Kind, Outcome, Report};

/// How many records of the catalog are held against the store at a time: about 100 MB.
const IN_MEMORY: u64 = 500_000;
/// How many records are taken from the catalog at a time.
const PAGE: usize = 5_000;
/// What is being done, for people.
const STEP: &str = "comparing contents with their records";

/// The files of the catalog whose digests are in a part, by what a sealed record's name says.
type Listed = HashMap<(Sha256Digest, PathDigest), FilePath>;

impl Check {
    /// Compares what is in the store with what the catalog lists, a part at a time.
    pub(super) async fn all_contents(&self, report: &mut Report<'_>) -> Result<(), StoreError> {
        let Some(sealed) = self.files.sealed_records() else {
            return Ok(());
        };
        let files = self.catalog.counts(self.index.name()).await?.files;
        let passes = files.div_ceil(IN_MEMORY).clamp(1, 256);
        // Digests are spread evenly.
        let step = usize::try_from(256 / passes).unwrap_or(1);
        for first in (0..256).step_by(step) {
            let parts = first..(first + step).min(256);
            let listed = self.listed_in(parts.clone()).await?;
            for part in parts {
                report.progress(STEP, part as u64, 256);
                let byte = u8::try_from(part).unwrap_or(u8::MAX);
                let shard = sealed.shard(byte).await?;
                self.compare(sealed, byte, &shard, &listed, report).await?;
            }
        }
        report.progress(STEP, 256, 256);
        Ok(())
    }

    /// Returns the listed files whose digests begin with one of these bytes.
    async fn listed_in(&self, parts: std::ops::Range<usize>) -> Result<Listed, StoreError> {
        let (mut listed, mut after) = (Listed::new(), None);
        loop {
            let page = self
                .catalog
                .files_after(self.index.name(), after.as_ref(), PAGE)
                .await?;
            let Some(last) = page.last() else {
                return Ok(listed);
            };
            after = Some(last.path.clone());
            for record in page {
                if let Fingerprint::Object { sha256, .. } = record.fingerprint
                    && parts.contains(&usize::from(sha256.as_bytes()[0]))
                {
                    let key = (sha256, PathDigest::of(&record.path));
                    listed.insert(key, record.path);
                }
            }
        }
    }

    async fn compare(
        &self,
        sealed: &dyn SealedRecords,
        first: u8,
        shard: &Shard,
        listed: &Listed,
        report: &mut Report<'_>,
    ) -> Result<(), StoreError> {
        let mut named: HashSet<(Sha256Digest, PathDigest)> = HashSet::new();
        for record in &shard.records {
            let key = record.path.map(|path| (record.sha256, path));
            let path = key.and_then(|key| listed.get(&key));
            named.extend(key);
            match path {
                None => self.judge_unlisted_record(sealed, record, report).await?,
                Some(path) if self.depth == Depth::Bytes => {
                    self.judge_record(sealed, record, path, report).await?;
                }
                Some(_) => {}
            }
        }
        let here: Vec<_> = listed
            .iter()
            .filter(|((sha256, _), _)| sha256.as_bytes()[0] == first)
            .collect();
        for &(key, path) in &here {
            if !named.contains(key) {
                self.judge_missing_record(sealed, *key, path, report)
                    .await?;
            }
        }
        let needed: HashSet<_> = shard
            .records
            .iter()
            .chain(&shard.tombstones)
            .map(|record| record.sha256)
            .chain(here.iter().map(|((sha256, _), _)| *sha256))
            .collect();
        for content in &shard.contents {
            if !needed.contains(&content.sha256) {
                self.judge_content(sealed, content, report).await?;
            }
        }
        Ok(())
    }

    /// Says that a listed file has no sealed record, if that is so still, and writes it.
    async fn judge_missing_record(
        &self,
        sealed: &dyn SealedRecords,
        (sha256, digest): (Sha256Digest, PathDigest),
        path: &FilePath,
        report: &mut Report<'_>,
    ) -> Result<(), StoreError> {
        let records = sealed.records_of(&sha256).await?;
        if records.iter().any(|record| record.path == Some(digest)) {
            return Ok(());
        }
        // A deletion takes a file off the list first, and its record away then.
        let Some(record) = self.listed_with(path, &sha256).await? else {
            return Ok(());
        };
        let outcome = match self.repair {
            Repair::Nothing => Outcome::Mendable,
            Repair::Proven => self.seal(sealed, &record).await?,
        };
        report.found(Finding {
            kind: Kind::RecordMissing,
            about: path.to_string(),
            sentence: "no sealed record says that this file has its content: a catalog that is made again from the store alone would not have it".to_owned(),
            outcome,
        });
        Ok(())
    }

    /// Says that the sealed record of a listed file cannot be read, and writes it anew.
    async fn judge_record(
        &self,
        sealed: &dyn SealedRecords,
        name: &RecordName,
        path: &FilePath,
        report: &mut Report<'_>,
    ) -> Result<(), StoreError> {
        let reason = match sealed.unseal(name).await {
            Ok(_) | Err(UnsealError::Gone) => return Ok(()),
            Err(UnsealError::Store(error)) => return Err(error),
            Err(UnsealError::Unreadable(reason)) => reason,
        };
        let Some(record) = self.listed_with(path, &name.sha256).await? else {
            return Ok(());
        };
        let outcome = match self.repair {
            Repair::Nothing => Outcome::Mendable,
            Repair::Proven => match self.seal(sealed, &record).await? {
                Outcome::Mended(how) => match sealed.remove_record(name).await {
                    Ok(()) => Outcome::Mended(how),
                    Err(error) => Outcome::Left(left(error)?),
                },
                outcome => outcome,
            },
        };
        report.found(Finding {
            kind: Kind::RecordUnreadable,
            about: path.to_string(),
            sentence: format!("its sealed record `{}` is no good: {reason}", name.name),
            outcome,
        });
        Ok(())
    }

    /// Says that a sealed record is about a file that nobody lists, unless an upload is under way.
    async fn judge_unlisted_record(
        &self,
        sealed: &dyn SealedRecords,
        name: &RecordName,
        report: &mut Report<'_>,
    ) -> Result<(), StoreError> {
        if self.is_young(name.since) {
            return Ok(());
        }
        let file = match sealed.unseal(name).await {
            Ok(file) => file,
            Err(UnsealError::Gone) => return Ok(()),
            Err(UnsealError::Store(error)) => return Err(error),
            Err(UnsealError::Unreadable(reason)) => {
                report.found(Finding {
                    kind: Kind::RecordUnreadable,
                    about: name.name.clone(),
                    sentence: format!("it is among the sealed records and no good: {reason}"),
                    outcome: Outcome::Left("look at it, and remove it by hand".to_owned()),
                });
                return Ok(());
            }
        };
        let record = self.catalog.file(self.index.name(), &file.path).await?;
        let sentence = match record {
            Some(record) if has(&record, &name.sha256) => return Ok(()),
            Some(_) => {
                "a sealed record says that this path has other content than the catalog says"
            }
            None => "a sealed record is about this file, and the catalog does not have it",
        };
        report.found(Finding {
            kind: Kind::RecordNotListed,
            about: file.path.to_string(),
            sentence: format!(
                "{sentence} ({}, uploaded at {})",
                name.name,
                file.uploaded_at.to_date_time()
            ),
            outcome: Outcome::Left(
                "an upload that broke off leaves such a record and was never answered; if the catalog is an older copy, make it again with `wheelhouse recover`, and do not remove anything".to_owned(),
            ),
        });
        Ok(())
    }

    /// Says that nothing needs a content, unless an upload is under way.
    async fn judge_content(
        &self,
        sealed: &dyn SealedRecords,
        content: &StoredContent,
        report: &mut Report<'_>,
    ) -> Result<(), StoreError> {
        let sha256 = &content.sha256;
        if self.is_young(content.since)
            || !sealed.records_of(sha256).await?.is_empty()
            || !sealed.tombstones_of(sha256).await?.is_empty()
        {
            return Ok(());
        }
        let hours = (self.index.now().seconds() - content.since.seconds()) / 3_600;
        report.found(Finding {
            kind: Kind::ContentNotNeeded,
            about: sha256.to_string(),
            sentence: format!(
                "{} bytes that no file and no deleted file needs, since {hours} hours at most; a server takes them aside when they are a day old, and away a day later",
                content.size_bytes
            ),
            outcome: Outcome::Notice,
        });
        Ok(())
    }

    /// Returns the record at a path, if it has this content.
    async fn listed_with(
        &self,
        path: &FilePath,
        sha256: &Sha256Digest,
    ) -> Result<Option<FileRecord>, StoreError> {
        let record = self.catalog.file(self.index.name(), path).await?;
        Ok(record.filter(|record| has(record, sha256)))
    }

    /// Writes the sealed record of a listed file whose content is proven.
    async fn seal(
        &self,
        sealed: &dyn SealedRecords,
        record: &FileRecord,
    ) -> Result<Outcome, StoreError> {
        let Some(digests) = self.index.proven_digests(record).await? else {
            return Ok(Outcome::Left(
                "its content is not there or altered: upload the same file again to mend it"
                    .to_owned(),
            ));
        };
        let file = SealedFile {
            index: self.index.name().clone(),
            path: record.path.clone(),
            size_bytes: record.fingerprint.size_bytes(),
            digests,
            uploaded_at: record.uploaded_at,
        };
        match sealed.seal(&file).await {
            Ok(()) => Ok(Outcome::Mended("wrote the record again".to_owned())),
            Err(error) => left(error).map(Outcome::Left),
        }
    }

    fn is_young(&self, since: Timestamp) -> bool {
        since.after(self.grace) > self.index.now()
    }
}

fn has(record: &FileRecord, digest: &Sha256Digest) -> bool {
    matches!(&record.fingerprint, Fingerprint::Object { sha256, .. } if sha256 == digest)
}

/// Returns why something could not be written, unless the store itself fails.
fn left(error: PlaceError) -> Result<String, StoreError> {
    match error {
        PlaceError::Store(error) => Err(error),
        error => Ok(error.to_string()),
    }
}
