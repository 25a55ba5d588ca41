//! What an index says of a project's releases in full: one of them with all its metadata, and the
//! files of each.

use std::collections::BTreeMap;
use std::sync::Arc;

use wheelhouse_standards::found::FileKind;
use wheelhouse_standards::json_api::{ReleaseDocument, ReleaseFile, ShownRelease};
use wheelhouse_standards::metadata::CoreMetadata;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::link::encode_path;
use wheelhouse_standards::simple::{ProjectStatus, Yanked};
use wheelhouse_standards::version::{VersionKey, VersionText};

use crate::index::Index;
use crate::mark::{status_of, yank_of};
use crate::page::{READING_PATIENCE, Shown};
use crate::path::FilePath;
use crate::ports::StoreError;
use crate::record::{FileRecord, MetadataSummary, ProjectSnapshot};

/// Which document of a project is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Of the project, with the release that stands for it: versions in their normal form, the
    /// oldest first.
    Latest,
    /// Of the project, as pypiserver has it: the highest version stands for it, pre-release or
    /// yanked or not; versions as file names spell them, the highest first.
    Highest,
    /// Of the release with this version, in any spelling.
    Release(String),
}

/// The files of one release, ordered by name, and whether all of them are yanked.
#[derive(Debug)]
pub(crate) struct Release<'r> {
    pub(crate) version: &'r VersionText,
    pub(crate) files: Vec<(&'r FileRecord, Yanked)>,
}

impl Release<'_> {
    pub(crate) fn yanked(&self) -> Yanked {
        let is_yanked = self.files.iter().all(|(_, yanked)| *yanked != Yanked::No);
        match self.files.first() {
            Some((_, yanked)) if is_yanked => yanked.clone(),
            _ => Yanked::No,
        }
    }

    /// Returns the file that speaks for the release: the first wheel that was read, else the
    /// first file.
    pub(crate) fn speaker(&self) -> Option<&FilePath> {
        let is_read = |record: &FileRecord| {
            record
                .contents
                .as_ref()
                .is_some_and(|contents| matches!(contents.metadata, MetadataSummary::Read { .. }))
        };
        self.files
            .iter()
            .map(|(record, _)| *record)
            .filter(|record| is_read(record))
            .min_by_key(|record| (record.named.kind != FileKind::Wheel, record.uploaded_at))
            .map(|record| &record.path)
    }
}

impl Index {
    /// Returns what the JSON API says of a project, or of one of its releases, or `None` if the
    /// index has no such thing or keeps the project in quarantine. URLs of files begin with
    /// `files_base`, which ends in a slash.
    ///
    /// Files that nobody has read are read first; that is waited for [`READING_PATIENCE`] at
    /// most.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn document(
        self: &Arc<Self>,
        project: &ProjectKey,
        wanted: &Wanted,
        files_base: &str,
    ) -> Result<Option<Shown<ReleaseDocument>>, StoreError> {
        let Some(snapshot) = self.read_snapshot(project).await? else {
            return Ok(None);
        };
        if status_of(&snapshot.marks).0 == ProjectStatus::Quarantined {
            return Ok(None);
        }
        let is_complete = snapshot.files.iter().all(|record| self.is_read(record));
        let mut releases = releases(&snapshot);
        if *wanted == Wanted::Highest {
            releases.reverse();
        } else {
            releases.retain(|release| !release.version.is_empty());
        }
        let shown = match wanted {
            Wanted::Latest => newest(&releases),
            Wanted::Highest => releases.first(),
            Wanted::Release(version) => {
                let wanted = VersionText::from(version.as_str());
                releases
                    .iter()
                    .find(|release| release.version.key() == wanted.key())
            }
        };
        let Some(shown) = shown else {
            return Ok(None);
        };
        let metadata = match shown.speaker() {
            Some(path) => self.catalog.core_metadata(&self.name, path).await?,
            None => None,
        };
        let spelled = |release: &Release<'_>| match wanted {
            Wanted::Highest => release.version.as_str().to_owned(),
            Wanted::Latest | Wanted::Release(_) => release.version.canonical(),
        };
        let files_of = |release: &Release<'_>| {
            let files = release.files.iter();
            files
                .map(|(record, yanked)| release_file(&snapshot, record, yanked, files_base))
                .collect::<Vec<_>>()
        };
        let metadata = metadata.unwrap_or_default();
        // A file name cannot hold every spelling.
        let given_name = metadata
            .name
            .clone()
            .filter(|name| ProjectKey::of(name).as_ref() == Some(&snapshot.key));
        let document = ReleaseDocument {
            key: snapshot.key.clone(),
            display_name: given_name.unwrap_or_else(|| snapshot.display_name.clone()),
            last_serial: snapshot.last_serial.0,
            // Whoever knows who asks adds them.
            roles: Vec::new(),
            shown: ShownRelease {
                version: spelled(shown),
                metadata,
                yanked: shown.yanked(),
                files: files_of(shown),
            },
            releases: (!matches!(wanted, Wanted::Release(_))).then(|| {
                let releases = releases.iter();
                releases
                    .map(|release| (spelled(release), files_of(release)))
                    .collect()
            }),
        };
        Ok(Some(Shown {
            page: document,
            is_complete,
        }))
    }

    /// Returns the whole core metadata of a file, if it was read.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn core_metadata(&self, path: &FilePath) -> Result<Option<CoreMetadata>, StoreError> {
        self.catalog.core_metadata(&self.name, path).await
    }

    /// Returns a project with its files read, as far as that can be waited for.
    pub(crate) async fn read_snapshot(
        self: &Arc<Self>,
        project: &ProjectKey,
    ) -> Result<Option<ProjectSnapshot>, StoreError> {
        let snapshot = self.view.project(project).await?;
        match snapshot {
            Some(snapshot) if !snapshot.files.iter().all(|record| self.is_read(record)) => {
                self.read_all(&snapshot.files, READING_PATIENCE).await;
                self.view.project(project).await
            }
            snapshot => Ok(snapshot),
        }
    }
}

/// Returns the releases of a project, the oldest version first. Signatures belong to none.
pub(crate) fn releases(snapshot: &ProjectSnapshot) -> Vec<Release<'_>> {
    let mut releases: BTreeMap<&VersionKey, Release<'_>> = BTreeMap::new();
    for record in &snapshot.files {
        if record.named.kind == FileKind::Signature {
            continue;
        }
        let release = releases
            .entry(record.named.version.key())
            .or_insert_with(|| Release {
                version: &record.named.version,
                files: Vec::new(),
            });
        release
            .files
            .push((record, yank_of(&snapshot.marks, record)));
    }
    let mut releases: Vec<_> = releases.into_values().collect();
    for release in &mut releases {
        release
            .files
            .sort_by(|(a, _), (b, _)| (a.file_name(), &a.path).cmp(&(b.file_name(), &b.path)));
    }
    releases
}

/// Returns the release that stands for its project: one that is not yanked before one that is, a
/// final one before a pre-release, and of these the highest.
pub(crate) fn newest<'l, 'r>(releases: &'l [Release<'r>]) -> Option<&'l Release<'r>> {
    releases.iter().max_by_key(|release| {
        (
            release.yanked() == Yanked::No,
            release.version.is_valid() && !release.version.is_prerelease(),
            release.version.key(),
        )
    })
}

fn release_file(
    snapshot: &ProjectSnapshot,
    record: &FileRecord,
    yanked: &Yanked,
    files_base: &str,
) -> ReleaseFile {
    let (core_metadata, requires_python) = match record.contents.as_ref().map(|c| &c.metadata) {
        Some(MetadataSummary::Read {
            offered,
            requires_python,
            ..
        }) => (*offered, requires_python.clone()),
        _ => (None, None),
    };
    let signature = format!("{}.asc", record.path);
    ReleaseFile {
        filename: record.file_name().to_owned(),
        kind: record.named.kind,
        url: format!("{files_base}{}", encode_path(record.path.as_str())),
        size_bytes: record.fingerprint.size_bytes(),
        upload_time: record.uploaded_at.to_date_time(),
        digests: record.contents.as_ref().map(|c| c.digests.clone()),
        core_metadata,
        requires_python,
        is_signed: snapshot
            .files
            .binary_search_by(|other| other.path.as_str().cmp(&signature))
            .is_ok(),
        yanked: yanked.clone(),
    }
}
