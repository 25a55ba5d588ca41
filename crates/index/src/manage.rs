//! What owners do: yank and unyank, set a project's status, delete and undelete.

use std::sync::Arc;

use tokio::sync::MutexGuard;
use wheelhouse_standards::found::FoundFile;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::ProjectStatus;
use wheelhouse_standards::version::VersionText;

use crate::change::{Attribution, Change, Expectation, FileChange, MarkChange};
use crate::identity::Serial;
use crate::index::Index;
use crate::mark::{Mark, ProjectMark};
use crate::path::FilePath;
use crate::ports::{Committed, Held, MarksPlace, StoreError};
use crate::record::FileRecord;

mod deleting;
mod planning;

/// Longest reason, in characters.
pub const MAX_REASON_CHARS: usize = 500;

/// What an owner wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Installers should pass over something.
    ///
    /// Standard: PEP 592.
    Yank {
        /// What.
        target: Target,
        /// Why.
        reason: Option<String>,
    },
    /// They should not pass over it any more.
    Unyank {
        /// What.
        target: Target,
    },
    /// A project gets a status.
    ///
    /// Standard: PEP 792.
    SetStatus {
        /// The project.
        project: ProjectKey,
        /// The status.
        status: ProjectStatus,
        /// Why.
        reason: Option<String>,
    },
    /// Files go away, and stay away.
    Delete {
        /// Which.
        target: Target,
    },
    /// Files that were deleted come back.
    Undelete {
        /// Which.
        target: Target,
    },
}

impl Wish {
    /// Returns the project that the wish is about.
    pub fn project(&self) -> &ProjectKey {
        match self {
            Self::Yank { target, .. }
            | Self::Unyank { target }
            | Self::Delete { target }
            | Self::Undelete { target } => &target.project,
            Self::SetStatus { project, .. } => project,
        }
    }

    fn reason(&self) -> Option<&str> {
        match self {
            Self::Yank { reason, .. } | Self::SetStatus { reason, .. } => reason.as_deref(),
            Self::Unyank { .. } | Self::Delete { .. } | Self::Undelete { .. } => None,
        }
    }
}

/// What a wish is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The project.
    pub project: ProjectKey,
    /// Which part of it.
    pub part: Part,
}

/// A part of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Project,
    /// One release, in any spelling of its version.
    Release(VersionText),
    /// One file, by its name.
    File(String),
}

impl Part {
    /// Returns whether a file with this name and version belongs to the part. A signature belongs
    /// to what its file belongs to.
    fn holds(&self, file_name: &str, version: &VersionText) -> bool {
        match self {
            Self::Project => true,
            Self::Release(wanted) => wanted.key() == version.key(),
            Self::File(wanted) => {
                file_name == wanted || file_name.strip_suffix(".asc") == Some(wanted)
            }
        }
    }
}

/// What a wish comes to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// What changes, in order. Empty if everything is as it is wished.
    pub steps: Vec<Step>,
    /// What the owner should know besides.
    pub warnings: Vec<String>,
}

/// One thing that changes.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Something is said about the project, or one of its releases or files.
    Say {
        /// What was said before.
        before: Option<Mark>,
        /// What is said from now on; `None` if nothing is.
        after: Option<Mark>,
    },
    /// A file goes away.
    Remove(Box<FileRecord>),
    /// A file comes back, if its bytes are still kept.
    Restore(FilePath),
}

/// What was done.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// What changed.
    pub plan: Plan,
    /// The serial of the change, if there was one.
    pub serial: Option<Serial>,
}

/// Why a wish is not fulfilled. Nothing has changed then, unless the error says so.
#[derive(Debug, thiserror::Error)]
pub enum ManageError {
    /// There is no such project, release or file.
    #[error("{0}")]
    NotFound(String),
    /// It cannot be done as things are.
    #[error("{0}")]
    Conflict(String),
    /// The reason is no reason.
    #[error(
        "the reason must be one line of text, at most {MAX_REASON_CHARS} characters, none of them a control character"
    )]
    BadReason,
    /// A file cannot be moved, for this reason.
    #[error("a file cannot be moved: {0}")]
    ReadOnly(String),
    /// The place of the files cannot be reached for now.
    #[error("the place of the files cannot be reached now; try again later")]
    Away(String),
    /// The file store or the catalog failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Index {
    /// Returns what a wish would change, and changes nothing.
    ///
    /// # Errors
    /// As [`manage`](Self::manage).
    pub async fn plan(self: &Arc<Self>, wish: &Wish) -> Result<Plan, ManageError> {
        self.check(wish)?;
        self.plan_of(wish).await
    }

    /// Fulfils a wish. What is as it is wished already is left alone.
    ///
    /// Goes on to its end when the caller stops waiting.
    ///
    /// # Errors
    /// [`ManageError`].
    pub async fn manage(
        self: &Arc<Self>,
        wish: Wish,
        by: Attribution,
    ) -> Result<Done, ManageError> {
        self.check(&wish)?;
        let index = Arc::clone(self);
        tokio::spawn(async move {
            match &wish {
                Wish::Delete { target } => index.delete(target, by).await,
                Wish::Undelete { target } => index.undelete(target, by).await,
                Wish::Yank { .. } | Wish::Unyank { .. } | Wish::SetStatus { .. } => {
                    index.say(&wish, by).await
                }
            }
        })
        .await
        .map_err(|failure| StoreError::new("index", "finish a change", failure))?
    }

    #[expect(clippy::unused_self, reason = "the index may have rules of its own")]
    fn check(&self, wish: &Wish) -> Result<(), ManageError> {
        let is_reason = |reason: &str| {
            reason.chars().count() <= MAX_REASON_CHARS
                && !reason.trim().is_empty()
                && !reason
                    .contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
        };
        match wish.reason() {
            Some(reason) if !is_reason(reason) => Err(ManageError::BadReason),
            _ => Ok(()),
        }
    }

    /// Waits until no owner's wish is being fulfilled, here or at another replica. What is said of
    /// files and where their bytes are change one after the other, and what is written of all marks
    /// beside the files is written whole: nobody must come in between.
    async fn manage_alone(&self) -> Result<Alone<'_>, StoreError> {
        let here = self.managing.lock().await;
        let elsewhere = self
            .replica
            .hold(&format!("manage {}", self.name.as_str()))
            .await?;
        Ok(Alone {
            _elsewhere: elsewhere,
            _here: here,
        })
    }

    /// Changes marks alone.
    async fn say(self: &Arc<Self>, wish: &Wish, by: Attribution) -> Result<Done, ManageError> {
        let _one_at_a_time = self.manage_alone().await?;
        let mut plan = self.plan_of(wish).await?;
        let marks = plan
            .steps
            .iter()
            .filter_map(|step| match step {
                Step::Say { before, after } => {
                    mark_change(wish.project(), before.as_ref(), after.as_ref(), &by)
                }
                Step::Remove(_) | Step::Restore(_) => None,
            })
            .collect();
        let serial = self
            .commit_plan(Vec::new(), Vec::new(), marks, &by, &mut plan)
            .await?;
        Ok(Done { plan, serial })
    }

    /// Commits what a plan comes to, and warns if it is not written beside the files.
    async fn commit_plan(
        &self,
        expects: Vec<Expectation>,
        files: Vec<FileChange>,
        marks: Vec<MarkChange>,
        by: &Attribution,
        plan: &mut Plan,
    ) -> Result<Option<Serial>, ManageError> {
        if files.is_empty() && marks.is_empty() {
            return Ok(None);
        }
        let change = Change {
            index: self.name.clone(),
            by: by.clone(),
            expects,
            files,
            marks,
        };
        let (committed, place) = self.commit_marks(change).await?;
        match place {
            Some(MarksPlace::WithFiles) => {}
            Some(MarksPlace::Aside) => plan.warnings.push(
                "the folder of the files cannot be written: this is kept in the state folder, and does not move with the files".to_owned(),
            ),
            None => plan.warnings.push(
                "this could not be written beside the files: if the catalog is lost, it is forgotten".to_owned(),
            ),
        }
        match committed {
            Committed::Applied(applied) => Ok(Some(applied.serial)),
            Committed::Unchanged => Ok(None),
            Committed::Unexpected(path) => Err(ManageError::Conflict(format!(
                "`{path}` was changed by somebody else at the same time; nothing was done, try again"
            ))),
        }
    }
}

/// Nobody else fulfils an owner's wish while this lasts.
struct Alone<'i> {
    _elsewhere: Option<Box<dyn Held>>,
    _here: MutexGuard<'i, ()>,
}

fn mark_change(
    project: &ProjectKey,
    before: Option<&Mark>,
    after: Option<&Mark>,
    by: &Attribution,
) -> Option<MarkChange> {
    match (before, after) {
        (_, Some(mark)) => Some(MarkChange::Set(ProjectMark {
            project: project.clone(),
            mark: mark.clone(),
            since: by.at,
        })),
        (Some(mark), None) => Some(MarkChange::Clear {
            project: project.clone(),
            mark: mark.clone(),
        }),
        (None, None) => None,
    }
}

/// Returns the version that a file's name says.
fn version_of(file_name: &str) -> VersionText {
    FoundFile::of(file_name).map_or_else(|| VersionText::from(""), |found| found.version)
}
