//! What a file change comes to, given the record that is there: the part of the catalog's
//! contract that does not depend on where it is kept.

use wheelhouse_index::change::{Arrival, Departure, EventKind, FileChange};
use wheelhouse_index::record::FileRecord;
use wheelhouse_standards::metadata::CoreMetadata;

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

fn is_known(before: &FileRecord, kind: Arrival, record: &FileRecord) -> bool {
    before == record || kind == Arrival::Found && before.fingerprint == record.fingerprint
}
