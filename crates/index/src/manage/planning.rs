//! What a wish comes to, given what there is.

use std::sync::Arc;

use wheelhouse_standards::found::FileKind;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::ProjectStatus;
use wheelhouse_standards::version::VersionText;

use super::{ManageError, Part, Plan, Step, Target, Wish, version_of};
use crate::index::Index;
use crate::mark::{Mark, ProjectMark, status_of};
use crate::ports::StoreError;
use crate::record::{FileRecord, ProjectSnapshot};

/// How many names an error shows of what there is.
const SHOWN_NAMES: usize = 10;

impl Index {
    /// Works a wish out.
    pub(super) async fn plan_of(self: &Arc<Self>, wish: &Wish) -> Result<Plan, ManageError> {
        let marks = self.catalog.marks(&self.name, Some(wish.project())).await?;
        let steps = match wish {
            Wish::Yank { target, reason } => {
                let snapshot = self.existing(&target.project).await?;
                yank(target, reason.as_ref(), &snapshot, &marks)?
            }
            Wish::Unyank { target } => unyank(target, &marks)?,
            Wish::SetStatus {
                project,
                status,
                reason,
            } => {
                if marks.is_empty() {
                    self.existing(project).await?;
                }
                set_status(*status, reason.clone(), &marks)
            }
            Wish::Delete { target } => {
                let snapshot = self.existing(&target.project).await?;
                let files = files_of(target, &snapshot)?;
                files
                    .into_iter()
                    .map(|record| Step::Remove(Box::new(record.clone())))
                    .collect()
            }
            Wish::Undelete { target } => undelete(target, &marks)?,
        };
        Ok(Plan {
            steps,
            warnings: Vec::new(),
        })
    }

    /// Returns a project that has files.
    pub(super) async fn existing(
        &self,
        project: &ProjectKey,
    ) -> Result<ProjectSnapshot, ManageError> {
        let found = self.catalog.project(&self.name, project).await?;
        match found {
            Some(snapshot) => Ok(snapshot),
            None => Err(self.no_project(project).await?),
        }
    }

    async fn no_project(&self, project: &ProjectKey) -> Result<ManageError, StoreError> {
        let listing = self.catalog.projects(&self.name).await?;
        let similar: Vec<&str> = listing
            .projects
            .iter()
            .map(|entry| entry.key.as_str())
            .filter(|name| is_similar(name, project.as_str()))
            .take(SHOWN_NAMES)
            .collect();
        let there_is = if similar.is_empty() {
            String::new()
        } else {
            format!("; there is {}", quoted(&similar))
        };
        Ok(ManageError::NotFound(format!(
            "there is no project `{project}` here{there_is}"
        )))
    }
}

fn yank(
    target: &Target,
    reason: Option<&String>,
    snapshot: &ProjectSnapshot,
    marks: &[ProjectMark],
) -> Result<Vec<Step>, ManageError> {
    let files = files_of(target, snapshot)?;
    let wanted: Vec<Mark> = match &target.part {
        Part::File(file_name) => vec![Mark::YankedFile {
            file_name: file_name.clone(),
            reason: reason.cloned(),
        }],
        Part::Project | Part::Release(_) => versions_of(&files)
            .into_iter()
            .map(|version| Mark::YankedRelease {
                version,
                reason: reason.cloned(),
            })
            .collect(),
    };
    Ok(wanted
        .into_iter()
        .filter_map(|mark| say(mark, marks))
        .collect())
}

fn unyank(target: &Target, marks: &[ProjectMark]) -> Result<Vec<Step>, ManageError> {
    let is_about = |mark: &Mark| match (mark, &target.part) {
        (Mark::YankedRelease { .. } | Mark::YankedFile { .. }, Part::Project) => true,
        (Mark::YankedRelease { version, .. }, Part::Release(wanted)) => {
            version.key() == wanted.key()
        }
        (Mark::YankedFile { file_name, .. }, part) => part.holds(file_name, &version_of(file_name)),
        _ => false,
    };
    let steps: Vec<Step> = marks
        .iter()
        .filter(|marked| is_about(&marked.mark))
        .map(|marked| Step::Say {
            before: Some(marked.mark.clone()),
            after: None,
        })
        .collect();
    if let (true, Part::File(file_name)) = (steps.is_empty(), &target.part) {
        let version = version_of(file_name);
        let covered = marks.iter().any(|marked| {
            matches!(&marked.mark, Mark::YankedRelease { version: yanked, .. } if yanked.key() == version.key())
        });
        if covered {
            return Err(ManageError::Conflict(format!(
                "`{file_name}` is yanked with its whole release; unyank `{}=={version}`, then yank the files that should stay yanked",
                target.project
            )));
        }
    }
    Ok(steps)
}

fn set_status(status: ProjectStatus, reason: Option<String>, marks: &[ProjectMark]) -> Vec<Step> {
    let before = marks
        .iter()
        .find(|marked| matches!(marked.mark, Mark::Status { .. }))
        .map(|marked| marked.mark.clone());
    let is_usual = status == ProjectStatus::Active && reason.is_none();
    let (now, why) = status_of(marks);
    if now == status && why == reason.as_deref() {
        return Vec::new();
    }
    vec![Step::Say {
        before,
        after: (!is_usual).then_some(Mark::Status { status, reason }),
    }]
}

fn undelete(target: &Target, marks: &[ProjectMark]) -> Result<Vec<Step>, ManageError> {
    let mut steps = Vec::new();
    for marked in marks {
        if let Mark::Deleted { path, .. } = &marked.mark
            && target
                .part
                .holds(path.file_name(), &version_of(path.file_name()))
        {
            steps.push(Step::Say {
                before: Some(marked.mark.clone()),
                after: None,
            });
            steps.push(Step::Restore(path.clone()));
        }
    }
    if steps.is_empty() {
        return Err(ManageError::NotFound(format!(
            "nothing of {} was deleted here",
            shown(target)
        )));
    }
    Ok(steps)
}

/// Returns the step to a mark, unless it is there.
fn say(mark: Mark, marks: &[ProjectMark]) -> Option<Step> {
    let before = marks
        .iter()
        .find(|marked| marked.mark.has_subject_of(&mark))
        .map(|marked| marked.mark.clone());
    (before.as_ref() != Some(&mark)).then_some(Step::Say {
        before,
        after: Some(mark),
    })
}

/// Returns the files of a target, at least one.
pub(super) fn files_of<'s>(
    target: &Target,
    snapshot: &'s ProjectSnapshot,
) -> Result<Vec<&'s FileRecord>, ManageError> {
    let files: Vec<&FileRecord> = snapshot
        .files
        .iter()
        .filter(|record| target.part.holds(record.file_name(), &record.named.version))
        .collect();
    if !files.is_empty() {
        return Ok(files);
    }
    let all: Vec<&FileRecord> = snapshot.files.iter().collect();
    let there_is: Vec<String> = match &target.part {
        Part::Project | Part::Release(_) => {
            versions_of(&all).iter().map(ToString::to_string).collect()
        }
        Part::File(_) => all
            .iter()
            .filter(|record| record.named.kind != FileKind::Signature)
            .map(|record| record.file_name().to_owned())
            .collect(),
    };
    Err(ManageError::NotFound(format!(
        "there is no {}; there is {}",
        shown(target),
        quoted(&there_is)
    )))
}

/// Returns the versions of files, each once, newest first.
fn versions_of(files: &[&FileRecord]) -> Vec<VersionText> {
    let mut versions: Vec<VersionText> = files
        .iter()
        .map(|record| record.named.version.clone())
        .filter(|version| !version.is_empty())
        .collect();
    versions.sort_by(|a, b| b.key().cmp(a.key()));
    versions.dedup_by(|a, b| a.key() == b.key());
    versions
}

fn shown(target: &Target) -> String {
    match &target.part {
        Part::Project => format!("`{}`", target.project),
        Part::Release(version) => format!("release `{version}` of `{}`", target.project),
        Part::File(file_name) => format!("file `{file_name}` of `{}`", target.project),
    }
}

fn quoted(names: &[impl AsRef<str>]) -> String {
    let shown: Vec<String> = names
        .iter()
        .take(SHOWN_NAMES)
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    let more = names.len().saturating_sub(SHOWN_NAMES);
    match more {
        0 => shown.join(", "),
        _ => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Returns whether one name may be a slip for the other: they differ in hyphens alone, or one
/// begins with the other.
fn is_similar(a: &str, b: &str) -> bool {
    let joined = |name: &str| name.replace('-', "");
    let (a, b) = (joined(a), joined(b));
    a == b || (a.len().min(b.len()) >= 3 && (a.starts_with(&b) || b.starts_with(&a)))
}
