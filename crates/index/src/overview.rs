//! What people look at of a project: one release in full, and all releases in a line each.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use wheelhouse_standards::metadata::CoreMetadata;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::{ProjectStatus, Yanked};
use wheelhouse_standards::version::VersionText;

use crate::actor::Actor;
use crate::change::EventKind;
use crate::identity::{Serial, Timestamp};
use crate::index::Index;
use crate::mark::status_of;
use crate::origin::Origin;
use crate::page::Shown;
use crate::path::FilePath;
use crate::ports::StoreError;
use crate::record::FileRecord;
use crate::release::{Release, newest, releases};

/// Provenances that are read for one page.
const MAX_PROVENANCES: usize = 20;
/// Events of a project that are looked through for who uploaded its files.
const MAX_EVENTS: usize = 500;

/// What people look at of a project.
#[derive(Debug)]
pub struct Overview {
    /// The project.
    pub key: ProjectKey,
    /// How its publisher spells it.
    pub display_name: String,
    /// The serial of the last change.
    pub last_serial: Serial,
    /// The status.
    pub status: ProjectStatus,
    /// Why, if somebody said.
    pub status_reason: Option<String>,
    /// The version that stands for the project.
    pub latest: VersionText,
    /// The version that is shown.
    pub version: VersionText,
    /// Whether all files of that release are yanked, and why.
    pub yanked: Yanked,
    /// What the file says that speaks for the release.
    pub metadata: CoreMetadata,
    /// The files of that release, ordered by name.
    pub files: Vec<OverviewFile>,
    /// All releases, the newest first.
    pub releases: Vec<ReleaseLine>,
}

/// A file of the release that is shown.
#[derive(Debug)]
pub struct OverviewFile {
    /// Its record.
    pub record: FileRecord,
    /// Whether installers pass it over, and why.
    pub yanked: Yanked,
    /// Whether a signature stands beside it.
    pub is_signed: bool,
    /// Where it was built from, as its attestations say.
    pub origin: Option<Origin>,
}

/// One release, in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseLine {
    /// The version.
    pub version: VersionText,
    /// When its newest file was uploaded.
    pub at: Timestamp,
    /// How many files it has.
    pub files: usize,
    /// Whether all of them are yanked.
    pub is_yanked: bool,
}

impl Index {
    /// Returns what people look at of a project, with the release of a version in front, in any
    /// spelling; without one, with the release that stands for the project. `None` if the index has
    /// no such thing. Of a project in quarantine the releases are told and no files.
    ///
    /// Files that nobody has read are read first, as for [`document`](Self::document).
    ///
    /// # Errors
    /// [`StoreError`] if the catalog or the file store cannot be read.
    pub async fn overview(
        self: &Arc<Self>,
        project: &ProjectKey,
        version: Option<&str>,
    ) -> Result<Option<Shown<Overview>>, StoreError> {
        let Some(snapshot) = self.read_snapshot(project).await? else {
            return Ok(None);
        };
        let is_complete = snapshot.files.iter().all(|record| self.is_read(record));
        let mut releases = releases(&snapshot);
        releases.retain(|release| !release.version.is_empty());
        let Some(latest) = newest(&releases) else {
            return Ok(None);
        };
        let shown = match version {
            None => latest,
            Some(version) => {
                let wanted = VersionText::from(version);
                let same = |release: &&Release<'_>| release.version.key() == wanted.key();
                match releases.iter().find(same) {
                    Some(release) => release,
                    None => return Ok(None),
                }
            }
        };
        let (status, reason) = status_of(&snapshot.marks);
        let is_quarantined = status == ProjectStatus::Quarantined;
        let metadata = match shown.speaker().filter(|_| !is_quarantined) {
            Some(path) => self.core_metadata(path).await?.unwrap_or_default(),
            None => CoreMetadata::default(),
        };
        let signed: HashSet<&str> = snapshot
            .files
            .iter()
            .filter_map(|record| record.path.as_str().strip_suffix(".asc"))
            .collect();
        let mut files = Vec::new();
        for (record, yanked) in shown.files.iter().filter(|_| !is_quarantined) {
            files.push(OverviewFile {
                is_signed: signed.contains(record.path.as_str()),
                origin: self.known_origin(record, files.len()).await?,
                record: (*record).clone(),
                yanked: yanked.clone(),
            });
        }
        // A file name cannot hold every spelling.
        let given_name = metadata.name.clone();
        let given_name = given_name.filter(|name| ProjectKey::of(name).as_ref() == Some(project));
        Ok(Some(Shown {
            is_complete,
            page: Overview {
                key: snapshot.key.clone(),
                display_name: given_name.unwrap_or_else(|| snapshot.display_name.clone()),
                last_serial: snapshot.last_serial,
                status,
                status_reason: reason.map(str::to_owned),
                latest: latest.version.clone(),
                version: shown.version.clone(),
                yanked: shown.yanked(),
                metadata,
                files,
                releases: releases.iter().rev().map(Release::line).collect(),
            },
        }))
    }

    /// Returns who uploaded the files of a project, by their paths, as far back as the last events tell.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn uploaders(
        &self,
        project: &ProjectKey,
    ) -> Result<HashMap<FilePath, Actor>, StoreError> {
        let events = self
            .catalog
            .last_events_of(&self.name, project, MAX_EVENTS)
            .await?;
        let mut uploaders = HashMap::new();
        // The last first: whoever came before somebody else is no matter any more.
        for event in events {
            if matches!(event.kind, EventKind::Uploaded | EventKind::Overwritten)
                && let Some(path) = event.path().cloned()
            {
                uploaders.entry(path).or_insert(event.by.actor);
            }
        }
        Ok(uploaders)
    }

    /// Returns the version of the release that stands for a project, and the project's status, or `None`
    /// if the index has no such project.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn latest(
        &self,
        project: &ProjectKey,
    ) -> Result<Option<(VersionText, ProjectStatus)>, StoreError> {
        let Some(snapshot) = self.view.project(project).await? else {
            return Ok(None);
        };
        let mut releases = releases(&snapshot);
        releases.retain(|release| !release.version.is_empty());
        let latest = newest(&releases).map(|release| release.version.clone());
        Ok(latest.map(|version| (version, status_of(&snapshot.marks).0)))
    }

    async fn known_origin(
        self: &Arc<Self>,
        record: &FileRecord,
        number: usize,
    ) -> Result<Option<Origin>, StoreError> {
        let has_one = record
            .contents
            .as_ref()
            .is_some_and(|contents| contents.has_provenance);
        if !has_one || number >= MAX_PROVENANCES {
            return Ok(None);
        }
        let provenance = self.provenance_of(&record.path).await?;
        Ok(provenance.as_deref().and_then(Origin::of))
    }
}

impl Release<'_> {
    fn line(&self) -> ReleaseLine {
        ReleaseLine {
            version: self.version.clone(),
            at: self
                .files
                .iter()
                .map(|(record, _)| record.uploaded_at)
                .max()
                .unwrap_or(Timestamp(0)),
            files: self.files.len(),
            is_yanked: self.yanked() != Yanked::No,
        }
    }
}
