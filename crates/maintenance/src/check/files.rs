//! Each record and its file.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{FileStore, Observation, Repair, Scan, StoreError, Truth};
use wheelhouse_index::record::FileRecord;
use wheelhouse_index::verify::{Cure, Depth, Fault, Verified};

use super::{Check, Finding, Kind, Outcome, Report, outcome};

/// How many records are taken from the catalog at a time.
const PAGE: usize = 1_000;
/// How many files are looked at at a time.
const TOGETHER: usize = 16;
/// How many are read to the end at a time.
const READ_TOGETHER: usize = 4;
/// After how many files that look wrong these are looked at again.
const SUSPECTS: usize = 10_000;

impl Check {
    /// Compares all records with their files, and the folders, if there are any, with the records.
    pub(super) async fn all_files(&self, report: &mut Report<'_>) -> Result<(), StoreError> {
        let step = match self.depth {
            Depth::Presence => "looking for files",
            Depth::Bytes => "reading files",
        };
        let mut total = self.catalog.counts(self.index.name()).await?.files;
        report.progress(step, 0, total);
        let scan = scan(&*self.files).await;
        if scan.as_ref().is_some_and(|scan| !scan.complete) {
            report.found(Finding {
                kind: Kind::NotSeen,
                about: String::new(),
                sentence: "not every folder could be read to its end".to_owned(),
                outcome: Outcome::Left("look at the log of the server".to_owned()),
            });
        }
        let mut there = scan.iter().flat_map(|scan| &scan.files).peekable();
        let mut suspects = BTreeSet::new();
        let (mut after, mut done) = (None, 0);
        loop {
            let page = self
                .catalog
                .files_after(self.index.name(), after.as_ref(), PAGE)
                .await?;
            let Some(last) = page.last() else {
                break;
            };
            after = Some(last.path.clone());
            for record in &page {
                while let Some((path, _)) = there.next_if(|(path, _)| path < &record.path) {
                    suspects.insert(path.clone());
                }
                there.next_if(|(path, _)| path == &record.path);
            }
            done += self.look_at(page, &mut suspects, report).await?;
            total = total.max(done);
            report.progress(step, done, total);
            if suspects.len() >= SUSPECTS {
                self.look_again(std::mem::take(&mut suspects), report)
                    .await?;
            }
        }
        suspects.extend(there.map(|(path, _)| path.clone()));
        self.look_again(suspects, report).await
    }

    async fn look_at(
        &self,
        page: Vec<FileRecord>,
        suspects: &mut BTreeSet<FilePath>,
        report: &mut Report<'_>,
    ) -> Result<u64, StoreError> {
        let together = match self.depth {
            Depth::Presence => TOGETHER,
            Depth::Bytes => READ_TOGETHER,
        };
        let mut looks = stream::iter(page)
            .map(|record| async move {
                let verified = self.index.verify(&record, self.depth).await;
                (record, verified)
            })
            .buffer_unordered(together);
        let mut done = 0;
        while let Some((record, verified)) = looks.next().await {
            done += 1;
            report.summary.files += 1;
            match verified {
                Ok(Verified::Whole) => {
                    if self.depth == Depth::Bytes {
                        report.summary.bytes += record.fingerprint.size_bytes();
                    }
                }
                Err(error) if error.is_away => return Err(error),
                Ok(Verified::Faulty(_) | Verified::Changing | Verified::Away(_)) | Err(_) => {
                    suspects.insert(record.path);
                }
            }
        }
        Ok(done)
    }

    /// Looks once more at what looked wrong, and says what still does.
    async fn look_again(
        &self,
        suspects: BTreeSet<FilePath>,
        report: &mut Report<'_>,
    ) -> Result<(), StoreError> {
        if suspects.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(self.settle).await;
        for path in suspects {
            match self.catalog.file(self.index.name(), &path).await? {
                Some(record) => self.judge(&record, report).await?,
                None => self.judge_unlisted(&path, report).await?,
            }
        }
        Ok(())
    }

    async fn judge(&self, record: &FileRecord, report: &mut Report<'_>) -> Result<(), StoreError> {
        let faults = match self.index.verify(record, self.depth).await {
            Ok(Verified::Whole) => return Ok(()),
            Ok(Verified::Faulty(faults)) => faults,
            Ok(Verified::Changing) => {
                report.found(Finding {
                    kind: Kind::NotSeen,
                    about: record.path.to_string(),
                    sentence: "somebody is writing it, so it was not looked at".to_owned(),
                    outcome: Outcome::Notice,
                });
                return Ok(());
            }
            Ok(Verified::Away(reason)) => {
                report.found(Finding {
                    kind: Kind::NotSeen,
                    about: record.path.to_string(),
                    sentence: format!("it could not be looked at: {reason}"),
                    outcome: Outcome::Left("check again when its place is back".to_owned()),
                });
                return Ok(());
            }
            Err(error) if error.is_away => return Err(error),
            Err(error) => {
                report.found(Finding {
                    kind: Kind::FileUnreadable,
                    about: record.path.to_string(),
                    sentence: error.to_string(),
                    outcome: Outcome::Left("put a good copy in its place".to_owned()),
                });
                return Ok(());
            }
        };
        for fault in faults {
            let kind = Kind::from(fault.kind);
            let sentence = fault.sentence.clone();
            let outcome = match (self.repair, &fault.cure) {
                (_, Cure::None) => Outcome::Left(self.advice()),
                (Repair::Nothing, _) => Outcome::Mendable,
                (Repair::Proven, _) => self.cure(&record.path, &fault).await?,
            };
            report.found(Finding {
                kind,
                about: record.path.to_string(),
                sentence,
                outcome,
            });
        }
        Ok(())
    }

    /// Mends a fault, which may have been mended with another one of the same file.
    async fn cure(&self, path: &FilePath, fault: &Fault) -> Result<Outcome, StoreError> {
        let told = "recorded what the file says".to_owned();
        let Some(record) = self.catalog.file(self.index.name(), path).await? else {
            return Ok(Outcome::Mended(told));
        };
        let Verified::Faulty(faults) = self.index.verify(&record, self.depth).await? else {
            return Ok(Outcome::Mended(told));
        };
        match faults.into_iter().find(|now| now.kind == fault.kind) {
            None => Ok(Outcome::Mended(told)),
            Some(now) => Ok(outcome(self.index.cure(&record, now).await?)),
        }
    }

    fn advice(&self) -> String {
        match self.files.truth() {
            Truth::Catalog => "upload the same file again to mend it",
            Truth::Store => "put a good copy of the file in its place",
        }
        .to_owned()
    }

    async fn judge_unlisted(
        &self,
        path: &FilePath,
        report: &mut Report<'_>,
    ) -> Result<(), StoreError> {
        if !self.index.differs_at(path).await? {
            return Ok(());
        }
        let outcome = match self.repair {
            Repair::Nothing => Outcome::Mendable,
            Repair::Proven if self.index.adopt(path).await? => {
                Outcome::Mended("listed it".to_owned())
            }
            Repair::Proven => return Ok(()),
        };
        report.found(Finding {
            kind: Kind::FileNotListed,
            about: path.to_string(),
            sentence: "it is in its folder, and the catalog does not have it".to_owned(),
            outcome,
        });
        Ok(())
    }
}

/// Looks through the folders, if there are any.
async fn scan(files: &dyn FileStore) -> Option<Scan> {
    if files.truth() == Truth::Catalog {
        return None;
    }
    let mut seen = files.observe();
    while let Some(observation) = seen.recv().await {
        if let Observation::Scan(scan) = observation {
            return Some(scan);
        }
    }
    None
}
