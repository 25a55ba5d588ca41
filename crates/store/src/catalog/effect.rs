//! What a change comes to, given the record or the mark that is there: the part of the catalog's
//! contract that does not depend on where it is kept.

use wheelhouse_index::change::{Arrival, Departure, EventKind, FileChange, MarkChange};
use wheelhouse_index::mark::{Mark, ProjectMark};
use wheelhouse_index::record::FileRecord;
use wheelhouse_standards::metadata::CoreMetadata;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::ProjectStatus;

/// What a change does to the record of its path.
#[derive(Debug)]
pub(super) struct Effect {
    /// What the event says.
    pub(super) kind: EventKind,
    /// The record that the path has from now on, and the whole core metadata that goes with it;
    /// `None` if it has no record any more.
    pub(super) after: Option<(FileRecord, Option<Box<CoreMetadata>>)>,
}

/// Returns what `change` does to a path whose record is `before`, or `None` if it does nothing.
pub(super) fn effect_of(change: FileChange, before: Option<&FileRecord>) -> Option<Effect> {
    match change {
        FileChange::Add {
            kind,
            record,
            metadata,
        }
        | FileChange::Replace {
            kind,
            record,
            metadata,
        } => {
            if before.is_some_and(|before| is_known(before, kind, &record)) {
                return None;
            }
            let kind = match (kind, before.is_some()) {
                (Arrival::Upload, false) => EventKind::Uploaded,
                (Arrival::Upload, true) => EventKind::Overwritten,
                (Arrival::Found, false) => EventKind::Found,
                (Arrival::Found, true) => EventKind::FoundChanged,
            };
            Some(Effect {
                kind,
                after: Some((record, metadata)),
            })
        }
        FileChange::Remove { kind, .. } => before.map(|_| Effect {
            kind: match kind {
                Departure::Removal => EventKind::Removed,
                Departure::Lost => EventKind::Lost,
            },
            after: None,
        }),
    }
}

/// What a change does to a mark.
#[derive(Debug)]
pub(super) struct MarkEffect {
    /// What the event says.
    pub(super) kind: EventKind,
    /// The project.
    pub(super) project: ProjectKey,
    /// What is said from now on, if anything is.
    pub(super) after: Option<ProjectMark>,
}

/// Returns what `change` does to a mark that is `before`, or `None` if it does nothing.
pub(super) fn mark_effect_of(
    change: MarkChange,
    before: Option<&ProjectMark>,
) -> Option<MarkEffect> {
    let kind = EventKind::from(&change);
    match change {
        MarkChange::Set(marked) if before.is_some_and(|before| before.mark == marked.mark) => None,
        MarkChange::Set(marked) => Some(MarkEffect {
            kind,
            project: marked.project.clone(),
            after: Some(marked),
        }),
        MarkChange::Clear { project, .. } => before.map(|_| MarkEffect {
            kind,
            project,
            after: None,
        }),
    }
}

/// Returns whether a change from one mark to another hides the files of the project, or shows
/// them again: then all their paths are touched.
pub(super) fn changes_what_is_offered(before: Option<&Mark>, after: Option<&Mark>) -> bool {
    let hides = |mark: Option<&Mark>| {
        matches!(
            mark,
            Some(Mark::Status {
                status: ProjectStatus::Quarantined,
                ..
            })
        )
    };
    hides(before) != hides(after)
}

fn is_known(before: &FileRecord, kind: Arrival, record: &FileRecord) -> bool {
    before == record || kind == Arrival::Found && before.fingerprint == record.fingerprint
}
