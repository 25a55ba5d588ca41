//! Whether the index knows what is in its folders. While it does not, nobody may be sent elsewhere
//! for a project: it might be a private one whose name somebody else has taken outside.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use wheelhouse_standards::found::FoundFile;
use wheelhouse_standards::name::ProjectKey;

use crate::path::FilePath;

/// What is known of the folders.
#[derive(Debug, Default)]
pub(crate) struct Knowledge(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// Whether the last look at everything was whole and is recorded.
    is_whole: bool,
    /// Projects with files that somebody was still writing then.
    on_their_way: HashSet<ProjectKey>,
    /// Those files.
    unsettled: Vec<FilePath>,
}

impl Knowledge {
    /// Takes note of a look at everything that is recorded now.
    pub(crate) fn scanned(&self, is_whole: bool, unsettled: &[FilePath]) {
        let mut known = self.known();
        known.is_whole = is_whole;
        known.unsettled = unsettled.to_vec();
        known.on_their_way = unsettled
            .iter()
            .filter_map(|path| FoundFile::of(path.file_name()))
            .map(|found| found.key)
            .collect();
    }

    /// Takes note that something that was seen could not be recorded.
    pub(crate) fn lost_track(&self) {
        self.known().is_whole = false;
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.known().is_whole
    }

    /// Returns the package files that somebody was still writing at the last look at everything.
    pub(crate) fn unsettled(&self) -> Vec<FilePath> {
        let is_package = |path: &&FilePath| FoundFile::of(path.file_name()).is_some();
        self.known()
            .unsettled
            .iter()
            .filter(is_package)
            .cloned()
            .collect()
    }

    pub(crate) fn surely_lacks(&self, project: &ProjectKey) -> bool {
        let known = self.known();
        known.is_whole && !known.on_their_way.contains(project)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_surely_lacking_before_everything_was_seen_and_recorded() {
        let knowledge = Knowledge::default();
        let project = |name| ProjectKey::of(name).expect("a name");
        assert!(!knowledge.surely_lacks(&project("demo")));
        knowledge.scanned(true, &["Half_Copied-1.0.zip".parse().expect("a path")]);
        assert!(knowledge.surely_lacks(&project("demo")));
        assert!(!knowledge.surely_lacks(&project("half-copied")));
        knowledge.lost_track();
        assert!(!knowledge.surely_lacks(&project("demo")));
    }
}
