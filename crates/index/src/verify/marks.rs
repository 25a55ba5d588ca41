//! Comparing the marks that are written beside the files with those that the catalog has.

use std::collections::HashMap;

use wheelhouse_standards::name::ProjectKey;

use crate::identity::IndexName;
use crate::index::Index;
use crate::mark::ProjectMark;
use crate::marks_file;
use crate::ports::{FileStore, StoreError, Truth};
use crate::verify::Mended;
use crate::withdrawn::{MarksError, is_same_subject};

/// How the marks beside the files differ from those in the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarksDiffer {
    /// Nothing is written, and the catalog has this many.
    NotWritten(usize),
    /// What is written cannot be read, for this reason.
    Unreadable(String),
    /// Some are written that the catalog does not have, or has otherwise, and the reverse.
    Some {
        /// How many are written alone.
        written: usize,
        /// How many the catalog has alone.
        recorded: usize,
    },
}

/// Returns the marks that are written beside the files of an index.
///
/// # Errors
/// [`MarksError`] if they cannot be read.
pub async fn written_marks(
    index: &IndexName,
    files: &dyn FileStore,
) -> Result<Vec<ProjectMark>, MarksError> {
    let Some(file) = files.read_marks().await? else {
        return Ok(Vec::new());
    };
    marks_file::decode(index, &file.bytes).map_err(|source| MarksError::Unreadable {
        place: file.place,
        source,
    })
}

impl Index {
    /// Compares the marks beside the files with those in the catalog. A server that is about to change
    /// one has written it first: what differs at two looks is different.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog or the files cannot be read.
    pub async fn compare_marks(&self) -> Result<Option<MarksDiffer>, StoreError> {
        let recorded = self.catalog.marks(&self.name, None).await?;
        let Some(file) = self.files.read_marks().await? else {
            let count = recorded.len();
            return Ok((count > 0).then_some(MarksDiffer::NotWritten(count)));
        };
        let written = match marks_file::decode(&self.name, &file.bytes) {
            Ok(written) => written,
            Err(error) => {
                let reason = format!("`{}`: {error}", file.place);
                return Ok(Some(MarksDiffer::Unreadable(reason)));
            }
        };
        let differ = MarksDiffer::Some {
            written: lacking(&written, &recorded),
            recorded: lacking(&recorded, &written),
        };
        let none = MarksDiffer::Some {
            written: 0,
            recorded: 0,
        };
        Ok((differ != none).then_some(differ))
    }

    /// Makes the two the same: where a folder is the truth, what is written beside the files counts,
    /// and else what the catalog has.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog or the files fail.
    pub async fn mend_marks(&self) -> Result<Mended, StoreError> {
        if self.files.truth() == Truth::Store {
            return match self.load_marks().await {
                Ok(()) => Ok(Mended::Yes("the two are the same now")),
                Err(MarksError::Unreadable { .. }) => Ok(Mended::No(
                    "mend that file or put an older copy in its place".to_owned(),
                )),
                Err(MarksError::Store(error)) => Err(error),
            };
        }
        let recorded = self.catalog.marks(&self.name, None).await?;
        Ok(match self.write_marks(&recorded).await {
            Some(_) => Mended::Yes("wrote down what the catalog has"),
            None => Mended::No("they cannot be written beside the files".to_owned()),
        })
    }
}

/// Returns how many of these the others do not have, or have otherwise.
fn lacking(these: &[ProjectMark], others: &[ProjectMark]) -> usize {
    let mut by_project: HashMap<&ProjectKey, Vec<&ProjectMark>> = HashMap::new();
    for other in others {
        by_project.entry(&other.project).or_default().push(other);
    }
    let has = |one: &&ProjectMark| {
        let others = by_project.get(&one.project);
        let other = others.and_then(|others| others.iter().find(|it| is_same_subject(one, it)));
        other.is_some_and(|other| other.mark == one.mark)
    };
    these.len() - these.iter().filter(has).count()
}

impl std::fmt::Display for MarksDiffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotWritten(count) => write!(
                f,
                "nothing of what was yanked, deleted and given a status is written beside the files, and the catalog has {count} such marks"
            ),
            Self::Unreadable(reason) => write!(
                f,
                "what was yanked and deleted is written beside the files and cannot be read: {reason}"
            ),
            Self::Some { written, recorded } => write!(
                f,
                "of what was yanked, deleted and given a status, {written} marks are beside the files that the catalog does not have, and {recorded} in the catalog that are not written there"
            ),
        }
    }
}
