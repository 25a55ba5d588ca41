//! Copying what changed: what the journal names is looked at again, so that the order in which
//! changes are seen does not matter.

use std::collections::BTreeSet;

use wheelhouse_index::change::{Event, EventSubject};
use wheelhouse_index::identity::Serial;
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{CatalogRow, PathOrMarks, ProjectRow};
use wheelhouse_standards::name::ProjectKey;

use super::{Level, Move, MoveError};

/// How many events are read at a time.
const EVENTS: usize = 500;

/// What some events are about.
#[derive(Default)]
struct Touched {
    paths: BTreeSet<FilePath>,
    marked: BTreeSet<ProjectKey>,
    projects: BTreeSet<ProjectKey>,
}

impl Move {
    /// Brings everything that was changed after `after` up to the present. Stops behind `until`, or
    /// when there is no more.
    pub(super) async fn follow(
        &self,
        after: Serial,
        until: Serial,
        level: &mut Level,
    ) -> Result<(), MoveError> {
        let mut after = after;
        loop {
            let events = self.source.catalog.events_after(after, EVENTS).await?;
            let Some(last) = events.last().map(|event| event.serial) else {
                return Ok(());
            };
            self.bring_up(&events, level).await?;
            after = last;
            if last >= until {
                return Ok(());
            }
        }
    }

    async fn bring_up(&self, events: &[Event], level: &mut Level) -> Result<(), MoveError> {
        let mut touched = Touched::default();
        for event in events.iter().filter(|event| event.index == self.index) {
            touched.projects.insert(event.project.clone());
            match &event.subject {
                EventSubject::File { path, .. } => touched.paths.insert(path.clone()),
                EventSubject::Mark { .. } => touched.marked.insert(event.project.clone()),
            };
        }
        let mut rows = self.changed_files(touched.paths).await?;
        rows.extend(self.changed_projects(&touched.projects, events).await?);
        let mut states = Vec::new();
        for project in touched.marked {
            let marks = self
                .source
                .catalog
                .marks(&self.index, Some(&project))
                .await?;
            states.push(PathOrMarks::Marks(self.index.clone(), project, marks));
        }
        self.target.rows.put_state(states).await?;
        let new = events.iter().filter(|event| event.serial > level.at);
        rows.extend(new.map(|event| CatalogRow::Event(Box::new(event.clone()))));
        self.target.rows.put_rows(rows, &level.filled).await?;
        if let Some(last) = events.last() {
            level.at = level.at.max(last.serial);
        }
        self.progress.followed(events.len() as u64);
        Ok(())
    }

    /// Copies the files that are at these paths now, and takes away those that are not there.
    async fn changed_files(&self, paths: BTreeSet<FilePath>) -> Result<Vec<CatalogRow>, MoveError> {
        let mut present = Vec::new();
        for path in paths {
            match self.source.catalog.file(&self.index, &path).await? {
                Some(record) => present.push(record),
                None => self.take_away(path).await?,
            }
        }
        self.copy_records(present).await
    }

    async fn take_away(&self, path: FilePath) -> Result<(), MoveError> {
        let there = self.target.catalog.file(&self.index, &path).await?;
        let state = PathOrMarks::NoFile(self.index.clone(), path.clone());
        self.target.rows.put_state(vec![state]).await?;
        let Some(record) = there else {
            return Ok(());
        };
        let files = &self.target.files;
        let known = record.contents.as_ref().map(|known| known.digests.sha256);
        let deleted = if let Some(sha256) = known {
            let at = self.deleted_at(record.project(), &path, &sha256).await?;
            at.map(|at| (sha256, at))
        } else {
            None
        };
        let gone = match deleted {
            Some((sha256, at)) => files.discard(&path, &sha256, at).await,
            None => files.remove(&path, Some(&record.fingerprint)).await,
        };
        gone.map_err(|error| MoveError::File {
            path,
            cause: error.into(),
        })
    }

    async fn changed_projects(
        &self,
        projects: &BTreeSet<ProjectKey>,
        events: &[Event],
    ) -> Result<Vec<CatalogRow>, MoveError> {
        let mut rows = Vec::new();
        for key in projects {
            let snapshot = self.source.catalog.project(&self.index, key).await?;
            let (display_name, last_serial) = if let Some(project) = snapshot {
                (project.display_name, project.last_serial)
            } else {
                let of_project = events.iter().filter(|event| event.project == *key);
                let last = of_project.map(|event| event.serial).max();
                (spelled(events, key), last.unwrap_or_default())
            };
            rows.push(CatalogRow::Project(ProjectRow {
                index: self.index.clone(),
                key: key.clone(),
                display_name,
                last_serial,
            }));
        }
        Ok(rows)
    }
}

/// Returns how the last file that a project had spells its name.
fn spelled(events: &[Event], key: &ProjectKey) -> String {
    let of_project = events.iter().rev().filter(|event| event.project == *key);
    let mut records = of_project.filter_map(|event| event.before().or(event.after()));
    records.next().map_or_else(
        || key.to_string(),
        |record| record.named.spelled_name.clone(),
    )
}
