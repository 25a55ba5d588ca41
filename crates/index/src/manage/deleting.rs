//! Deleting files, and getting them back.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use wheelhouse_standards::digest::Sha256Digest;
use wheelhouse_standards::found::FoundFile;

use super::planning::files_of;
use super::{Done, ManageError, Plan, Step, Target, Wish, mark_change};
use crate::change::{Arrival, Attribution, Change, Departure, Expectation, FileChange, MarkChange};
use crate::identity::{Fingerprint, IndexName, Timestamp};
use crate::index::Index;
use crate::mark::{Mark, ProjectMark};
use crate::path::FilePath;
use crate::ports::{BroughtBack, Catalog, ListedContents, PlaceError, StoreError, Truth};
use crate::reading::ReadError;
use crate::record::FileRecord;
use crate::withdrawn::reason_of;

const MICROSECONDS_PER_DAY: i64 = 24 * 60 * 60 * 1_000_000;

impl Index {
    /// Takes files off the list and says that they were deleted, then moves their bytes away: a
    /// crash in between leaves files that stay hidden, never a listed file that cannot be served.
    pub(super) async fn delete(
        self: &Arc<Self>,
        target: &Target,
        by: Attribution,
    ) -> Result<Done, ManageError> {
        let _one_at_a_time = self.manage_alone().await?;
        let snapshot = self.existing(&target.project).await?;
        let doomed: Vec<FileRecord> = files_of(target, &snapshot)?.into_iter().cloned().collect();
        // In one order, as everybody who locks more than one name.
        let names: BTreeSet<&str> = doomed.iter().map(FileRecord::file_name).collect();
        let mut locks = Vec::with_capacity(names.len());
        for name in names {
            locks.push(self.locks.lock(name).await);
        }
        let mut gone = Vec::with_capacity(doomed.len());
        for record in doomed {
            match self.read(&record).await {
                Ok(contents) => gone.push((record, contents.digests.sha256)),
                // Taken away by hand, which nobody has taken note of yet.
                Err(ReadError::NotFound) => {}
                Err(ReadError::Changed) => {
                    return Err(ManageError::Conflict(format!(
                        "`{}` is being changed in its directory; try again in a moment",
                        record.path
                    )));
                }
                Err(ReadError::Away(place)) => return Err(ManageError::Away(place)),
                Err(ReadError::Damaged(reason)) => return Err(ManageError::Conflict(reason)),
                Err(ReadError::Store(error)) => {
                    return Err(StoreError::new("index", "read a listed file", error).into());
                }
            }
        }
        if self.files.truth() == Truth::Catalog {
            // What cannot be moved away now must not be gone from the list until that is known.
            self.files.ready().await?;
        }
        let mut plan = Plan {
            steps: gone
                .iter()
                .map(|(record, _)| Step::Remove(Box::new(record.clone())))
                .collect(),
            warnings: Vec::new(),
        };
        let removals = gone
            .iter()
            .map(|(record, _)| FileChange::Remove {
                kind: Departure::Removal,
                path: record.path.clone(),
            })
            .collect();
        let marks = gone.iter().map(|(record, sha256)| {
            MarkChange::Set(ProjectMark {
                project: target.project.clone(),
                mark: Mark::Deleted {
                    path: record.path.clone(),
                    sha256: *sha256,
                },
                since: by.at,
            })
        });
        let mut metadata = Vec::with_capacity(gone.len());
        for (record, _) in &gone {
            metadata.push(self.catalog.core_metadata(&self.name, &record.path).await?);
        }
        // Two servers must not each take away what the other has put in its place since.
        let expects = match self.files.truth() {
            Truth::Store => Vec::new(),
            Truth::Catalog => gone
                .iter()
                .map(|(record, _)| Expectation {
                    path: record.path.clone(),
                    holds: Some(record.fingerprint),
                    unused_in: None,
                })
                .collect(),
        };
        let serial = self
            .commit_plan(expects, removals, marks.collect(), &by, &mut plan)
            .await?;
        for number in 0..gone.len() {
            let (record, sha256) = &gone[number];
            let Err(error) = self.files.discard(&record.path, sha256, by.at).await else {
                continue;
            };
            // What could not be moved away is as it was before; what could be is gone.
            let left = gone[number..].iter().zip(metadata.split_off(number));
            self.list_again(target, left, &by).await?;
            return Err(match error {
                PlaceError::ReadOnly(reason) => ManageError::ReadOnly(reason),
                PlaceError::Away(place) => ManageError::Away(place),
                other => match reason_of(other) {
                    Ok(reason) => ManageError::ReadOnly(reason),
                    Err(error) => error.into(),
                },
            });
        }
        Ok(Done { plan, serial })
    }

    async fn list_again(
        &self,
        target: &Target,
        left: impl Iterator<
            Item = (
                &(FileRecord, Sha256Digest),
                Option<wheelhouse_standards::metadata::CoreMetadata>,
            ),
        >,
        by: &Attribution,
    ) -> Result<(), StoreError> {
        let (mut files, mut marks) = (Vec::new(), Vec::new());
        for ((record, sha256), metadata) in left {
            files.push(FileChange::Add {
                kind: Arrival::Found,
                record: record.clone(),
                metadata: metadata.map(Box::new),
            });
            marks.push(MarkChange::Clear {
                project: target.project.clone(),
                mark: Mark::Deleted {
                    path: record.path.clone(),
                    sha256: *sha256,
                },
            });
        }
        let change = Change {
            index: self.name.clone(),
            by: by.clone(),
            expects: Vec::new(),
            files,
            marks,
        };
        self.commit(change).await?;
        Ok(())
    }

    /// Moves bytes back first, where they stay hidden, and takes back then that they were deleted:
    /// a crash in between leaves something that can be undeleted again.
    pub(super) async fn undelete(
        self: &Arc<Self>,
        target: &Target,
        by: Attribution,
    ) -> Result<Done, ManageError> {
        let _one_at_a_time = self.manage_alone().await?;
        let wish = Wish::Undelete {
            target: target.clone(),
        };
        let mut plan = self.plan_of(&wish).await?;
        let mut marks = Vec::new();
        let mut paths = BTreeSet::new();
        let mut back = Vec::new();
        for step in &plan.steps {
            if let Step::Say {
                before: before @ Some(Mark::Deleted { path, sha256 }),
                after,
            } = step
            {
                marks.extend(mark_change(
                    &target.project,
                    before.as_ref(),
                    after.as_ref(),
                    &by,
                ));
                match self.files.bring_back(path, sha256).await {
                    Ok(BroughtBack::AtItsPath) => {}
                    Ok(BroughtBack::Content {
                        fingerprint,
                        uploaded_at,
                    }) => back.extend(record_of(path, fingerprint, uploaded_at)),
                    Ok(BroughtBack::NotKept) if self.withdrawn.came_back().contains_key(path) => {}
                    Ok(BroughtBack::NotKept) => plan.warnings.push(format!(
                        "the bytes of `{path}` are not kept any more; a copy that is put there is listed again"
                    )),
                    Err(PlaceError::Exists) => {
                        if !self.withdrawn.came_back().contains_key(path) {
                            plan.warnings.push(format!(
                                "`{path}` has another file in its place, which stays"
                            ));
                        }
                    }
                    Err(PlaceError::Away(place)) => return Err(ManageError::Away(place)),
                    Err(error) => match reason_of(error) {
                        Ok(reason) => return Err(ManageError::ReadOnly(reason)),
                        Err(error) => return Err(error.into()),
                    },
                }
                paths.insert(path.clone());
                let hidden = self.came_back().await;
                paths.extend(
                    hidden
                        .into_iter()
                        .filter(|other| other.file_name() == path.file_name()),
                );
            }
        }
        let expects = back
            .iter()
            .map(|record| Expectation {
                path: record.path.clone(),
                holds: None,
                unused_in: None,
            })
            .collect();
        let files = back
            .into_iter()
            .map(|record| FileChange::Add {
                kind: Arrival::Found,
                record,
                metadata: None,
            })
            .collect();
        let serial = self
            .commit_plan(expects, files, marks, &by, &mut plan)
            .await?;
        for path in paths {
            self.withdrawn.came_back().remove(&path);
            self.adopt(&path).await?;
        }
        self.reader.wake();
        Ok(Done { plan, serial })
    }

    /// Removes for good, once a day, what was deleted longer ago than it is to be kept.
    pub async fn empty_bin(self: Arc<Self>) {
        const DAY: std::time::Duration = std::time::Duration::from_hours(24);
        loop {
            if !self.replica.is_turn("empty the bin", DAY).await {
                tokio::time::sleep(DAY).await;
                continue;
            }
            let kept = i64::from(self.options.bin_days) * MICROSECONDS_PER_DAY;
            let before = Timestamp(self.clock.now().0.saturating_sub(kept));
            match self.files.forget_discarded(before).await {
                Ok(0) => {}
                Ok(count) => tracing::info!(
                    files.count = count,
                    "removed for good what was deleted {} days ago or earlier",
                    self.options.bin_days
                ),
                Err(error) => tracing::error!("cannot empty the bin: {error}"),
            }
            let listed = Listed {
                index: self.name.clone(),
                catalog: Arc::clone(&self.catalog),
            };
            if let Err(error) = self.files.sweep(&listed).await {
                tracing::error!("cannot take away contents that no file has any more: {error}");
            }
            tokio::time::sleep(DAY).await;
        }
    }
}

/// How many records are looked through at a time.
const LISTED_PAGE: usize = 5_000;

/// Which contents the files have that a catalog lists.
#[derive(Debug)]
struct Listed {
    index: IndexName,
    catalog: Arc<dyn Catalog>,
}

#[async_trait]
impl ListedContents for Listed {
    async fn listed_among(
        &self,
        contents: &HashSet<Sha256Digest>,
    ) -> Result<HashSet<Sha256Digest>, StoreError> {
        let (mut listed, mut after) = (HashSet::new(), None);
        loop {
            let page = self
                .catalog
                .files_after(&self.index, after.as_ref(), LISTED_PAGE);
            let page = page.await?;
            listed.extend(page.iter().filter_map(|record| match record.fingerprint {
                Fingerprint::Object { sha256, .. } => {
                    Some(sha256).filter(|it| contents.contains(it))
                }
                Fingerprint::File { .. } => None,
            }));
            match page.last() {
                Some(last) if listed.len() < contents.len() => after = Some(last.path.clone()),
                _ => return Ok(listed),
            }
        }
    }
}

/// Returns the record of a file that nobody has read since it came back.
fn record_of(
    path: &FilePath,
    fingerprint: Fingerprint,
    uploaded_at: Timestamp,
) -> Option<FileRecord> {
    Some(FileRecord {
        path: path.clone(),
        named: FoundFile::of(path.file_name())?,
        fingerprint,
        uploaded_at,
        contents: None,
    })
}
