//! What a change touched, gathered while it is recorded.

use std::collections::BTreeSet;

use wheelhouse_index::change::Applied;
use wheelhouse_index::identity::{IndexName, Serial};
use wheelhouse_index::path::FilePath;
use wheelhouse_standards::name::ProjectKey;

/// The projects and paths that a change touched, each once.
#[derive(Debug, Default)]
pub(super) struct Touched {
    projects: BTreeSet<ProjectKey>,
    paths: BTreeSet<FilePath>,
}

impl Touched {
    /// Takes note of an event's project and path.
    pub(super) fn note(&mut self, project: &ProjectKey, path: &FilePath) {
        if !self.projects.contains(project) {
            self.projects.insert(project.clone());
        }
        self.paths.insert(path.clone());
    }

    /// Takes note of a project whose page has changed without an event of its own.
    pub(super) fn note_project(&mut self, project: &ProjectKey) {
        self.projects.insert(project.clone());
    }

    pub(super) fn into_applied(self, index: IndexName, serial: Serial) -> Applied {
        Applied {
            index,
            serial,
            projects: self.projects.into_iter().collect(),
            paths: self.paths.into_iter().collect(),
        }
    }
}
