//! What one index holds.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use wheelhouse_index::change::{EventKind, Learned};
use wheelhouse_index::identity::{Serial, Timestamp};
use wheelhouse_index::mark::{Mark, ProjectMark, status_of};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{Counts, NewProject, SearchHit};
use wheelhouse_index::record::{FileRecord, MetadataSummary, ProjectEntry, ProjectSnapshot};
use wheelhouse_standards::found::FileKind;
use wheelhouse_standards::metadata::CoreMetadata;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::ProjectStatus;

use crate::catalog::effect::Effect;
use crate::catalog::matching::Matcher;

/// The files and projects of one index.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    files: BTreeMap<FilePath, Held>,
    unread: BTreeSet<FilePath>,
    names: BTreeMap<String, BTreeSet<FilePath>>,
    /// Projects without files stay: their serial must never go down.
    projects: BTreeMap<ProjectKey, Project>,
}

#[derive(Debug)]
struct Held {
    record: FileRecord,
    metadata: Option<Box<CoreMetadata>>,
}

#[derive(Debug, Default)]
struct Project {
    last_serial: Serial,
    paths: BTreeSet<FilePath>,
    marks: Vec<ProjectMark>,
}

impl Shelf {
    /// Does what a change comes to, and returns what its event says: the kind and the record that
    /// is there now.
    pub(super) fn apply(
        &mut self,
        path: &FilePath,
        effect: Effect,
        serial: Serial,
    ) -> (EventKind, Option<FileRecord>) {
        if let Some(held) = self.files.remove(path) {
            let project = self.project_mut(held.record.project());
            project.last_serial = serial;
            project.paths.remove(path);
            self.unread.remove(path);
            self.forget_name(path);
        }
        let Some((record, metadata)) = effect.after else {
            return (effect.kind, None);
        };
        let project = self.project_mut(record.project());
        project.last_serial = serial;
        project.paths.insert(path.clone());
        let name = self.names.entry(path.file_name().to_owned()).or_default();
        name.insert(path.clone());
        if record.contents.is_none() {
            self.unread.insert(path.clone());
        }
        let after = record.clone();
        self.files.insert(path.clone(), Held { record, metadata });
        (effect.kind, Some(after))
    }

    /// Adds what was read to a record that is still about the content that was read, and tells
    /// whether it was.
    pub(super) fn learn(&mut self, learned: Learned) -> bool {
        let Some(held) = self.files.get_mut(&learned.path) else {
            return false;
        };
        if held.record.fingerprint != learned.fingerprint {
            return false;
        }
        held.record.contents = Some(learned.contents);
        held.metadata = learned.metadata;
        self.unread.remove(&learned.path);
        true
    }

    /// Returns the mark of a project that is about the same as `mark`.
    pub(super) fn mark_like(&self, key: &ProjectKey, mark: &Mark) -> Option<&ProjectMark> {
        let marks = &self.projects.get(key)?.marks;
        marks.iter().find(|marked| marked.mark.has_subject_of(mark))
    }

    /// Puts one mark in the place of another.
    pub(super) fn apply_mark(
        &mut self,
        key: &ProjectKey,
        before: Option<&Mark>,
        after: Option<ProjectMark>,
        serial: Serial,
    ) {
        let project = self.project_mut(key);
        project.last_serial = serial;
        let place = project
            .marks
            .iter()
            .position(|marked| before.is_some_and(|before| marked.mark == *before));
        match (place, after) {
            (Some(place), Some(after)) => project.marks[place] = after,
            (Some(place), None) => drop(project.marks.remove(place)),
            (None, after) => project.marks.extend(after),
        }
    }

    pub(super) fn marks(&self, key: Option<&ProjectKey>) -> Vec<ProjectMark> {
        match key {
            Some(key) => self
                .projects
                .get(key)
                .map(|project| project.marks.clone())
                .unwrap_or_default(),
            None => self
                .projects
                .values()
                .flat_map(|project| &project.marks)
                .cloned()
                .collect(),
        }
    }

    /// Returns the paths of a project's files.
    pub(super) fn paths(&self, key: &ProjectKey) -> impl Iterator<Item = &FilePath> {
        self.projects
            .get(key)
            .into_iter()
            .flat_map(|project| &project.paths)
    }

    pub(super) fn file(&self, path: &FilePath) -> Option<&FileRecord> {
        self.files.get(path).map(|held| &held.record)
    }

    pub(super) fn core_metadata(&self, path: &FilePath) -> Option<CoreMetadata> {
        self.files.get(path)?.metadata.as_deref().cloned()
    }

    pub(super) fn files_named(&self, file_name: &str) -> Vec<FileRecord> {
        let paths = self.names.get(file_name).into_iter().flatten();
        paths.filter_map(|path| self.file(path).cloned()).collect()
    }

    pub(super) fn files_after(&self, after: Option<&FilePath>, limit: usize) -> Vec<FileRecord> {
        let rest = self.files.range((after_bound(after), Bound::Unbounded));
        rest.take(limit)
            .map(|(_, held)| held.record.clone())
            .collect()
    }

    pub(super) fn unread_after(&self, after: Option<&FilePath>, limit: usize) -> Vec<FileRecord> {
        let rest = self.unread.range((after_bound(after), Bound::Unbounded));
        rest.take(limit)
            .filter_map(|path| self.file(path).cloned())
            .collect()
    }

    pub(super) fn projects(&self) -> Vec<ProjectEntry> {
        self.projects
            .iter()
            .filter_map(|(key, project)| {
                Some(ProjectEntry {
                    key: key.clone(),
                    display_name: self.display_name(project)?,
                    last_serial: project.last_serial,
                    status: status_of(&project.marks).0,
                })
            })
            .collect()
    }

    pub(super) fn project(&self, key: &ProjectKey) -> Option<ProjectSnapshot> {
        let project = self.projects.get(key)?;
        Some(ProjectSnapshot {
            key: key.clone(),
            display_name: self.display_name(project)?,
            last_serial: project.last_serial,
            files: self.records(project).cloned().collect(),
            marks: project.marks.clone(),
        })
    }

    pub(super) fn search(&self, matcher: &Matcher, limit: usize) -> Vec<SearchHit> {
        self.offered()
            .filter(|record| {
                let named = &record.named;
                matcher.matches(named.key.as_str(), &named.spelled_name, summary(record))
            })
            .take(limit)
            .map(hit)
            .collect()
    }

    pub(super) fn newest_files(&self, limit: usize) -> Vec<FileRecord> {
        let mut records: Vec<_> = self.offered().collect();
        records.sort_by(|a, b| (b.uploaded_at, &b.path).cmp(&(a.uploaded_at, &a.path)));
        records.into_iter().take(limit).cloned().collect()
    }

    pub(super) fn newest_projects(&self, limit: usize) -> Vec<NewProject> {
        let mut since: BTreeMap<&ProjectKey, Timestamp> = BTreeMap::new();
        for record in self.offered() {
            let first = since.entry(record.project()).or_insert(record.uploaded_at);
            *first = (*first).min(record.uploaded_at);
        }
        let mut newest: Vec<_> = since.into_iter().collect();
        newest.sort_by_key(|(key, since)| (Reverse(*since), *key));
        newest
            .into_iter()
            .take(limit)
            .filter_map(|(key, since)| {
                Some(NewProject {
                    key: key.clone(),
                    display_name: self.display_name(self.projects.get(key)?)?,
                    since,
                })
            })
            .collect()
    }

    pub(super) fn classifiers(&self) -> Vec<String> {
        let metadata = self
            .files
            .values()
            .filter_map(|held| held.metadata.as_ref());
        let classifiers = metadata.flat_map(|metadata| &metadata.classifiers);
        let ordered: BTreeSet<&String> = classifiers.collect();
        ordered.into_iter().cloned().collect()
    }

    pub(super) fn classified(&self, wanted: &[String], limit: usize) -> Vec<SearchHit> {
        let has_all = |record: &&FileRecord| {
            self.core_metadata(&record.path).is_some_and(|metadata| {
                wanted
                    .iter()
                    .all(|wanted| metadata.classifiers.contains(wanted))
            })
        };
        self.offered()
            .filter(has_all)
            .take(limit)
            .map(hit)
            .collect()
    }

    /// Returns the files of all projects that are not in quarantine, signatures left out, ordered
    /// by project and path.
    fn offered(&self) -> impl Iterator<Item = &FileRecord> {
        let is_offered =
            |project: &&Project| status_of(&project.marks).0 != ProjectStatus::Quarantined;
        let projects = self.projects.values().filter(is_offered);
        projects
            .flat_map(|project| self.records(project))
            .filter(|record| record.named.kind != FileKind::Signature)
    }

    pub(super) fn counts(&self) -> Counts {
        let projects = self.projects.values();
        Counts {
            projects: count(projects.filter(|project| !project.paths.is_empty()).count()),
            files: count(self.files.len()),
            unread: count(self.unread.len()),
        }
    }

    pub(super) fn file_bytes(&self) -> u64 {
        let sizes = self
            .files
            .values()
            .map(|file| file.record.fingerprint.size_bytes());
        sizes.fold(0, u64::saturating_add)
    }

    /// Returns how the newest file spells the project's name, or `None` if there is no file.
    /// Signatures count only where there is nothing else.
    fn display_name(&self, project: &Project) -> Option<String> {
        let newest = self.records(project).max_by(|a, b| rank(a).cmp(&rank(b)))?;
        Some(newest.named.spelled_name.clone())
    }

    fn records(&self, project: &Project) -> impl Iterator<Item = &FileRecord> {
        project.paths.iter().filter_map(|path| self.file(path))
    }

    fn project_mut(&mut self, key: &ProjectKey) -> &mut Project {
        self.projects.entry(key.clone()).or_default()
    }

    fn forget_name(&mut self, path: &FilePath) {
        if let Some(paths) = self.names.get_mut(path.file_name()) {
            paths.remove(path);
            if paths.is_empty() {
                self.names.remove(path.file_name());
            }
        }
    }
}

/// Orders the files of a project by how well they tell how its name is spelled.
fn rank(record: &FileRecord) -> (bool, Timestamp, &FilePath) {
    let is_file = record.named.kind != FileKind::Signature;
    (is_file, record.uploaded_at, &record.path)
}

fn hit(record: &FileRecord) -> SearchHit {
    SearchHit {
        project: record.named.key.clone(),
        spelled_name: record.named.spelled_name.clone(),
        version: record.named.version.as_str().to_owned(),
        summary: summary(record).map(str::to_owned),
    }
}

fn summary(record: &FileRecord) -> Option<&str> {
    match &record.contents.as_ref()?.metadata {
        MetadataSummary::Read { summary, .. } => summary.as_deref(),
        MetadataSummary::None | MetadataSummary::Unreadable(_) => None,
    }
}

fn after_bound(after: Option<&FilePath>) -> Bound<&FilePath> {
    after.map_or(Bound::Unbounded, Bound::Excluded)
}

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
