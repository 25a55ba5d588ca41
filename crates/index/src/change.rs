//! Changes to an index, and the events that the journal keeps of them.

use wheelhouse_standards::metadata::CoreMetadata;
use wheelhouse_standards::name::ProjectKey;

use crate::actor::Actor;
use crate::identity::{Fingerprint, IndexName, Serial, Timestamp};
use crate::mark::{Mark, ProjectMark};
use crate::path::FilePath;
use crate::record::{Contents, FileRecord};

/// A change to an index, recorded all or nothing under one serial.
#[derive(Debug, Clone)]
pub struct Change {
    /// The index that changes.
    pub index: IndexName,
    /// Who changes it, and how the request came.
    pub by: Attribution,
    /// What must be so, or nothing is recorded.
    pub expects: Vec<Expectation>,
    /// Which files change, in order. Each change becomes one event.
    pub files: Vec<FileChange>,
    /// Which marks change, in order, after the files. Each change becomes one event.
    pub marks: Vec<MarkChange>,
}

/// What the catalog must say of a path before a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// The path.
    pub path: FilePath,
    /// The fingerprint in its record, or `None` if it must have no record.
    pub holds: Option<Fingerprint>,
    /// The project in which no file of this name may have been deleted, if that counts.
    pub unused_in: Option<ProjectKey>,
}

impl Expectation {
    /// Returns whether this is so of a path with this record, among marks of which those of the
    /// project are some.
    pub fn is_met_by<'m>(
        &self,
        record: Option<&FileRecord>,
        marks: impl IntoIterator<Item = &'m ProjectMark>,
    ) -> bool {
        if self.holds != record.map(|record| record.fingerprint) {
            return false;
        }
        let Some(project) = &self.unused_in else {
            return true;
        };
        let name = self.path.file_name();
        !marks.into_iter().any(|marked| {
            marked.project == *project
                && matches!(&marked.mark, Mark::Deleted { path, .. } if path.file_name() == name)
        })
    }
}

/// Who made a change, and how the request came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribution {
    /// Who.
    pub actor: Actor,
    /// The client's address, if the change came by network.
    pub address: Option<String>,
    /// The client's `User-Agent`, cut to 500 bytes.
    pub agent: Option<String>,
    /// The id of the request, as in the answer and the log.
    pub request_id: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl Attribution {
    /// Returns the attribution of what the program does by itself at a moment.
    pub fn system(at: Timestamp) -> Self {
        Self {
            actor: Actor::System,
            address: None,
            agent: None,
            request_id: None,
            at,
        }
    }
}

/// The change to one file.
#[derive(Debug, Clone)]
pub enum FileChange {
    /// A file is there that was not.
    Add {
        /// How it came.
        kind: Arrival,
        /// The file.
        record: FileRecord,
        /// Its whole core metadata, if it was read.
        metadata: Option<Box<CoreMetadata>>,
    },
    /// A file has other bytes, or another time, than it had.
    Replace {
        /// How it came.
        kind: Arrival,
        /// The file as it is now.
        record: FileRecord,
        /// Its whole core metadata, if it was read.
        metadata: Option<Box<CoreMetadata>>,
    },
    /// A file is there no more.
    Remove {
        /// How it went.
        kind: Departure,
        /// Where it was.
        path: FilePath,
    },
}

impl FileChange {
    /// Returns the path of the file that changes.
    pub fn path(&self) -> &FilePath {
        match self {
            Self::Add { record, .. } | Self::Replace { record, .. } => &record.path,
            Self::Remove { path, .. } => path,
        }
    }
}

/// The change to one mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarkChange {
    /// Something is said, in place of what was said of the same thing before.
    Set(ProjectMark),
    /// Something is taken back.
    Clear {
        /// The project.
        project: ProjectKey,
        /// A mark with the subject of the one that goes.
        mark: Mark,
    },
}

impl MarkChange {
    /// Returns the project that the mark belongs to.
    pub fn project(&self) -> &ProjectKey {
        match self {
            Self::Set(marked) => &marked.project,
            Self::Clear { project, .. } => project,
        }
    }

    /// Returns a mark with the subject of the one that changes.
    pub fn mark(&self) -> &Mark {
        match self {
            Self::Set(marked) => &marked.mark,
            Self::Clear { mark, .. } => mark,
        }
    }
}

/// How a file came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Arrival {
    /// It was uploaded.
    Upload,
    /// It was found in its directory.
    Found,
}

/// How a file went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Departure {
    /// A client asked for its removal.
    Removal,
    /// It is no longer in its directory.
    Lost,
}

/// What reading a file showed, to be added to its record.
#[derive(Debug, Clone)]
pub struct Learned {
    /// Where the file is.
    pub path: FilePath,
    /// Which content was read. If the record is about another one by now, nothing is recorded.
    pub fingerprint: Fingerprint,
    /// What the reading showed.
    pub contents: Contents,
    /// The whole core metadata, if there is any.
    pub metadata: Option<Box<CoreMetadata>>,
}

/// What a committed change touched: enough for whoever keeps something made from the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The index.
    pub index: IndexName,
    /// The serial of the change.
    pub serial: Serial,
    /// The projects whose pages are different now, each once.
    pub projects: Vec<ProjectKey>,
    /// The paths whose bytes are different or gone now.
    pub paths: Vec<FilePath>,
}

/// One event of the journal: the change to one file or one mark.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The serial of the change. The changes of one commit share it.
    pub serial: Serial,
    /// The index.
    pub index: IndexName,
    /// The project.
    pub project: ProjectKey,
    /// What happened.
    pub kind: EventKind,
    /// To what, with all of it before and after.
    pub subject: EventSubject,
    /// Who did it.
    pub by: Attribution,
}

/// What an [`Event`] is about.
#[derive(Debug, Clone, PartialEq)]
pub enum EventSubject {
    /// A file.
    File {
        /// The file's path.
        path: FilePath,
        /// The file's record before, if there was one.
        before: Option<Box<FileRecord>>,
        /// The file's record after, if there is one.
        after: Option<Box<FileRecord>>,
    },
    /// A mark.
    Mark {
        /// What was said before, if anything was.
        before: Option<Mark>,
        /// What is said now, if anything is.
        after: Option<Mark>,
    },
}

impl Event {
    /// Returns the path of the file that the event is about.
    pub fn path(&self) -> Option<&FilePath> {
        match &self.subject {
            EventSubject::File { path, .. } => Some(path),
            EventSubject::Mark { .. } => None,
        }
    }

    /// Returns the file's record before, if the event is about a file that there was.
    pub fn before(&self) -> Option<&FileRecord> {
        match &self.subject {
            EventSubject::File { before, .. } => before.as_deref(),
            EventSubject::Mark { .. } => None,
        }
    }

    /// Returns the file's record after, if the event is about a file that there is.
    pub fn after(&self) -> Option<&FileRecord> {
        match &self.subject {
            EventSubject::File { after, .. } => after.as_deref(),
            EventSubject::Mark { .. } => None,
        }
    }
}

/// What an [`Event`] says happened. The names are stored: they are never changed or reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A file was uploaded that was not there.
    Uploaded,
    /// An upload replaced a file.
    Overwritten,
    /// A file was found in its directory that was not there.
    Found,
    /// A file in its directory was found to be different.
    FoundChanged,
    /// A file was removed on request.
    Removed,
    /// A file vanished from its directory.
    Lost,
    /// A project was given a status.
    StatusSet,
    /// A release or a file was yanked, or the reason was changed.
    Yanked,
    /// A yank was taken back.
    Unyanked,
    /// The bytes of a deleted file are kept away from now on.
    Withdrawn,
    /// The bytes of a deleted file may come back.
    Readmitted,
}

impl EventKind {
    /// All kinds.
    pub const ALL: &[Self] = &[
        Self::Uploaded,
        Self::Overwritten,
        Self::Found,
        Self::FoundChanged,
        Self::Removed,
        Self::Lost,
        Self::StatusSet,
        Self::Yanked,
        Self::Unyanked,
        Self::Withdrawn,
        Self::Readmitted,
    ];

    /// Returns the stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uploaded => "uploaded",
            Self::Overwritten => "overwritten",
            Self::Found => "found",
            Self::FoundChanged => "found-changed",
            Self::Removed => "removed",
            Self::Lost => "lost",
            Self::StatusSet => "status-set",
            Self::Yanked => "yanked",
            Self::Unyanked => "unyanked",
            Self::Withdrawn => "withdrawn",
            Self::Readmitted => "readmitted",
        }
    }

    /// Returns the kind of a stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

impl From<&MarkChange> for EventKind {
    fn from(change: &MarkChange) -> Self {
        let is_set = matches!(change, MarkChange::Set(_));
        match (change.mark(), is_set) {
            (Mark::Status { .. }, _) => Self::StatusSet,
            (Mark::YankedRelease { .. } | Mark::YankedFile { .. }, true) => Self::Yanked,
            (Mark::YankedRelease { .. } | Mark::YankedFile { .. }, false) => Self::Unyanked,
            (Mark::Deleted { .. }, true) => Self::Withdrawn,
            (Mark::Deleted { .. }, false) => Self::Readmitted,
        }
    }
}

impl From<&FileChange> for EventKind {
    fn from(change: &FileChange) -> Self {
        match change {
            FileChange::Add {
                kind: Arrival::Upload,
                ..
            } => Self::Uploaded,
            FileChange::Add {
                kind: Arrival::Found,
                ..
            } => Self::Found,
            FileChange::Replace {
                kind: Arrival::Upload,
                ..
            } => Self::Overwritten,
            FileChange::Replace {
                kind: Arrival::Found,
                ..
            } => Self::FoundChanged,
            FileChange::Remove {
                kind: Departure::Removal,
                ..
            } => Self::Removed,
            FileChange::Remove {
                kind: Departure::Lost,
                ..
            } => Self::Lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_event_has_one_stored_name() {
        for &kind in EventKind::ALL {
            assert_eq!(EventKind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(EventKind::from_name("vanished"), None);
    }
}
