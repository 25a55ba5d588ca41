//! What changes come to, worked out in memory under the lock that all writers take: which rows go,
//! which come, and what the journal says of it. Nothing here asks the database.

use std::collections::{BTreeMap, HashMap};

use wheelhouse_index::change::{Attribution, Change, EventKind, FileChange, MarkChange};
use wheelhouse_index::identity::IndexName;
use wheelhouse_index::mark::{Mark, ProjectMark};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::Committed;
use wheelhouse_index::record::FileRecord;
use wheelhouse_standards::metadata::CoreMetadata;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::ProjectStatus;

use super::failure::Outcome;
use super::read::serial_of;
use crate::catalog::effect::{changes_what_is_offered, effect_of, mark_effect_of};
use crate::catalog::stored::{mark_to_text, record_to_text, status_of_mark};
use crate::catalog::touched::Touched;

/// What the database holds of all that the changes name.
#[derive(Debug, Default)]
pub(super) struct Present {
    /// The serial of the last commit.
    pub(super) head: i64,
    /// Files at the paths that change.
    pub(super) files: HashMap<FilePath, (i64, FileRecord)>,
    /// Marks of the projects whose marks change or count, in the order of their numbers.
    pub(super) marks: Vec<(i64, ProjectMark)>,
    /// Paths of the projects whose status changes.
    pub(super) paths: Vec<(ProjectKey, FilePath)>,
}

/// What is to be written.
#[derive(Debug)]
pub(super) struct Plan {
    /// The serial of the last commit from now on.
    pub(super) head: i64,
    pub(super) commits: Vec<(i64, Attribution)>,
    pub(super) events: Vec<PlannedEvent>,
    pub(super) files: HashMap<FilePath, FileState>,
    pub(super) marks: Vec<MarkState>,
    pub(super) projects: BTreeMap<ProjectKey, ProjectState>,
    pub(super) files_more: i64,
    pub(super) unread_more: i64,
    paths: Vec<(ProjectKey, FilePath)>,
}

/// An event of the journal. One that is about a mark has no path.
#[derive(Debug)]
pub(super) struct PlannedEvent {
    pub(super) serial: i64,
    pub(super) project: ProjectKey,
    pub(super) kind: EventKind,
    pub(super) path: String,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

/// The file at a path: its row, if there is one, and what it is to be.
#[derive(Debug)]
pub(super) struct FileState {
    pub(super) row: Option<i64>,
    pub(super) now: Option<(FileRecord, Option<Box<CoreMetadata>>)>,
    pub(super) is_changed: bool,
}

/// A mark: its row, if there is one, and what it is to be.
#[derive(Debug)]
pub(super) struct MarkState {
    pub(super) row: Option<i64>,
    pub(super) now: Option<ProjectMark>,
    pub(super) is_changed: bool,
}

/// What happens to the row of a project.
#[derive(Debug)]
pub(super) struct ProjectState {
    pub(super) serial: i64,
    /// How the name is spelled that made the row, if it is a new one.
    pub(super) spelled_name: String,
    pub(super) files_more: i64,
    pub(super) status: Option<ProjectStatus>,
}

impl Plan {
    /// Begins with what there is.
    pub(super) fn new(present: Present) -> Self {
        let file = |(path, (row, record))| {
            let state = FileState {
                row: Some(row),
                now: Some((record, None)),
                is_changed: false,
            };
            (path, state)
        };
        let mark = |(row, marked)| MarkState {
            row: Some(row),
            now: Some(marked),
            is_changed: false,
        };
        Self {
            head: present.head,
            commits: Vec::new(),
            events: Vec::new(),
            files: present.files.into_iter().map(file).collect(),
            marks: present.marks.into_iter().map(mark).collect(),
            projects: BTreeMap::new(),
            files_more: 0,
            unread_more: 0,
            paths: present.paths,
        }
    }

    /// Returns whether anything is to be written.
    pub(super) fn is_empty(&self) -> bool {
        self.commits.is_empty()
    }

    /// Adds a change, under a serial of its own if it changes anything.
    pub(super) fn add(&mut self, change: &Change) -> Outcome<Committed> {
        for expected in &change.expects {
            let there = self.files.get(&expected.path);
            let there = there.and_then(|file| file.now.as_ref());
            let marks = self.marks.iter().filter_map(|mark| mark.now.as_ref());
            if !expected.is_met_by(there.map(|(record, _)| record), marks) {
                return Ok(Committed::Unexpected(expected.path.clone()));
            }
        }
        let commits_before = self.commits.len();
        let mut touched = Touched::default();
        for file in &change.files {
            self.add_file(&change.by, commits_before, file, &mut touched)?;
        }
        for mark in &change.marks {
            self.add_mark(&change.by, commits_before, mark, &mut touched)?;
        }
        Ok(self.answer(commits_before, &change.index, touched))
    }

    fn answer(&self, commits_before: usize, index: &IndexName, touched: Touched) -> Committed {
        if self.commits.len() == commits_before {
            return Committed::Unchanged;
        }
        Committed::Applied(touched.into_applied(index.clone(), serial_of(self.head)))
    }

    /// Returns the serial of a change: the first thing that it changes takes one.
    fn serial(&mut self, commits_before: usize, by: &Attribution) -> i64 {
        if self.commits.len() == commits_before {
            self.head += 1;
            self.commits.push((self.head, by.clone()));
        }
        self.head
    }

    fn add_file(
        &mut self,
        by: &Attribution,
        commits_before: usize,
        change: &FileChange,
        touched: &mut Touched,
    ) -> Outcome<()> {
        let path = change.path().clone();
        let held = self.files.get(&path).and_then(|state| state.now.as_ref());
        let before = held.map(|(record, _)| record.clone());
        let Some(effect) = effect_of(change.clone(), before.as_ref()) else {
            return Ok(());
        };
        let serial = self.serial(commits_before, by);
        if let Some(before) = &before {
            self.project(before.project(), &before.named.spelled_name, serial)
                .files_more -= 1;
            self.files_more -= 1;
            self.unread_more -= i64::from(before.contents.is_none());
            touched.note_project(before.project());
        }
        let after = effect.after.as_ref().map(|(record, _)| record);
        if let Some(record) = after {
            self.project(record.project(), &record.named.spelled_name, serial)
                .files_more += 1;
            self.files_more += 1;
            self.unread_more += i64::from(record.contents.is_none());
        }
        let project = after
            .or(before.as_ref())
            .expect("an effect has a record before or after it")
            .project();
        touched.note(project, &path);
        self.events.push(PlannedEvent {
            serial,
            project: project.clone(),
            kind: effect.kind,
            path: path.as_str().to_owned(),
            before: before.as_ref().map(record_to_text).transpose()?,
            after: after.map(record_to_text).transpose()?,
        });
        let state = self.files.entry(path).or_insert(FileState {
            row: None,
            now: None,
            is_changed: true,
        });
        state.now = effect.after;
        state.is_changed = true;
        Ok(())
    }

    fn add_mark(
        &mut self,
        by: &Attribution,
        commits_before: usize,
        change: &MarkChange,
        touched: &mut Touched,
    ) -> Outcome<()> {
        let is_same = |state: &MarkState| {
            state.now.as_ref().is_some_and(|marked| {
                marked.project == *change.project() && marked.mark.has_subject_of(change.mark())
            })
        };
        let place = self.marks.iter().position(is_same);
        let before = place.and_then(|place| self.marks[place].now.clone());
        let Some(effect) = mark_effect_of(change.clone(), before.as_ref()) else {
            return Ok(());
        };
        let serial = self.serial(commits_before, by);
        let project = effect.project;
        let before = before.map(|marked| marked.mark);
        let after = effect.after.as_ref().map(|marked| marked.mark.clone());
        let state = self.project(&project, project.as_str(), serial);
        if effect.kind == EventKind::StatusSet {
            state.status = Some(status_of_mark(after.as_ref()));
        }
        match place {
            Some(place) => {
                self.marks[place].now = effect.after;
                self.marks[place].is_changed = true;
            }
            None => self.marks.push(MarkState {
                row: None,
                now: effect.after,
                is_changed: true,
            }),
        }
        touched.note_project(&project);
        if changes_what_is_offered(before.as_ref(), after.as_ref()) {
            self.note_paths(&project, touched);
        }
        let text = |mark: Option<&Mark>| mark.map(mark_to_text).transpose();
        self.events.push(PlannedEvent {
            serial,
            kind: effect.kind,
            path: String::new(),
            before: text(before.as_ref())?,
            after: text(after.as_ref())?,
            project,
        });
        Ok(())
    }

    /// Takes note of all paths of a project, as they are after what was added so far.
    fn note_paths(&self, project: &ProjectKey, touched: &mut Touched) {
        for (key, path) in &self.paths {
            if key == project && !self.files.contains_key(path) {
                touched.note(project, path);
            }
        }
        for (path, state) in &self.files {
            let is_of = |(record, _): &(FileRecord, _)| record.project() == project;
            if state.now.as_ref().is_some_and(is_of) {
                touched.note(project, path);
            }
        }
    }

    fn project(&mut self, key: &ProjectKey, spelled_name: &str, serial: i64) -> &mut ProjectState {
        let state = self
            .projects
            .entry(key.clone())
            .or_insert_with(|| ProjectState {
                serial,
                spelled_name: spelled_name.to_owned(),
                files_more: 0,
                status: None,
            });
        state.serial = serial;
        state
    }
}
