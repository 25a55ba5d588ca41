//! Vetting an upload: what is in the file, how it fits the release that it joins, and whether this
//! index takes such a file.

use std::time::Duration;

use wheelhouse_standards::archive::ArchiveError;
use wheelhouse_standards::check::{Finding, Policy, check_file, check_new_project, compare};
use wheelhouse_standards::found::{FileKind, FoundFile};
use wheelhouse_standards::metadata::CoreMetadata;

use crate::contents::{Source, read_metadata};
use crate::identity::Timestamp;
use crate::index::Index;
use crate::ports::{Content, StoreError};
use crate::publish::{PublishError, Upload};
use crate::record::{FileRecord, MetadataSummary, ProjectSnapshot};

/// How long a release takes new files where old ones are closed.
const RELEASE_OPEN: Duration = Duration::from_hours(14 * 24);

/// What a look into an upload showed.
#[derive(Debug)]
pub(crate) struct Vetted {
    pub(crate) summary: MetadataSummary,
    pub(crate) metadata: Option<CoreMetadata>,
    /// What is wrong or odd, none of it a reason to refuse here.
    pub(crate) findings: Vec<Finding>,
}

impl Index {
    /// Looks into an upload and decides whether it is taken at the moment `at`.
    ///
    /// # Errors
    /// [`PublishError::Unfit`] with all reasons, [`PublishError::ProjectTooLarge`], or
    /// [`PublishError::Store`].
    pub(crate) async fn vet(&self, upload: &Upload, at: Timestamp) -> Result<Vetted, PublishError> {
        let mut vetted = look_into(upload).await?;
        if upload.named.kind != FileKind::Signature {
            vetted.findings.extend(
                self.among_its_release(upload, at, vetted.metadata.as_ref())
                    .await?,
            );
        }
        let judged = self.options.checks.judge(vetted.findings);
        if !judged.refused.is_empty() {
            return Err(PublishError::Unfit {
                file_name: upload.file_name.clone(),
                reasons: judged.refused,
            });
        }
        vetted.findings = judged.told;
        Ok(vetted)
    }

    /// Compares an upload with the files of its project that are here.
    async fn among_its_release(
        &self,
        upload: &Upload,
        at: Timestamp,
        metadata: Option<&CoreMetadata>,
    ) -> Result<Vec<Finding>, PublishError> {
        let project = &upload.named.key;
        let Some(snapshot) = self.catalog.project(&self.name, project).await? else {
            self.check_size(upload, None)?;
            return self.check_new_name(upload).await;
        };
        self.check_size(upload, Some(&snapshot))?;
        let release: Vec<&FileRecord> = snapshot
            .files
            .iter()
            .filter(|record| {
                record.named.version.key() == upload.named.version.key()
                    && record.named.kind != FileKind::Signature
                    && record.file_name() != upload.file_name
            })
            .collect();
        let mut findings = Vec::new();
        if upload.provenance.is_none()
            && let Some(attested) = attested_before(&snapshot, upload)
        {
            findings.push(Finding::of(
                Policy::LostProvenance,
                format!(
                    "`{}` comes without attestations, and version {attested} had them",
                    upload.file_name
                ),
            ));
        }
        let of_kind = |kind| release.iter().find(|record| record.named.kind == kind);
        if upload.named.kind == FileKind::Sdist
            && let Some(other) = of_kind(FileKind::Sdist)
        {
            findings.push(Finding::broken(format!(
                "Only one sdist may be uploaded per release, and `{}` is one; remove it first or raise the version",
                other.file_name()
            )));
        }
        let first = release.iter().map(|record| record.uploaded_at).min();
        let open_until = first.map(|first| first.after(RELEASE_OPEN));
        if open_until.is_some_and(|end| end < at) {
            findings.push(Finding::of(
                Policy::OldRelease,
                "the release is older than 14 days; raise the version",
            ));
        }
        let other = match upload.named.kind {
            FileKind::Sdist => of_kind(FileKind::Wheel),
            FileKind::Wheel => of_kind(FileKind::Sdist),
            _ => None,
        };
        if let (Some(metadata), Some(other)) = (metadata, other)
            && let Some(others) = self.catalog.core_metadata(&self.name, &other.path).await?
        {
            findings.extend(if upload.named.kind == FileKind::Sdist {
                compare(metadata, &others)
            } else {
                compare(&others, metadata)
            });
        }
        Ok(findings)
    }

    /// Checks the name of a project that this upload would make.
    async fn check_new_name(&self, upload: &Upload) -> Result<Vec<Finding>, PublishError> {
        let project = &upload.named.key;
        let mut denied = self.options.denied_names.iter();
        if let Some(pattern) = denied.find(|pattern| pattern.matches(project)) {
            return Err(PublishError::Unfit {
                file_name: upload.file_name.clone(),
                reasons: vec![Finding::broken(format!(
                    "no project may be named `{project}` here: `{pattern}` is denied (--deny-names)"
                ))],
            });
        }
        let checks = &self.options.checks;
        let listing = if checks.refuses_policy(Policy::ConfusableName) {
            self.catalog.projects(&self.name).await?.projects
        } else {
            Vec::new()
        };
        Ok(check_new_project(
            project,
            listing.iter().map(|entry| &entry.key),
        ))
    }

    fn check_size(
        &self,
        upload: &Upload,
        project: Option<&ProjectSnapshot>,
    ) -> Result<(), PublishError> {
        let Some(limit_bytes) = self.options.max_project_bytes else {
            return Ok(());
        };
        let others = project.map_or(&[][..], |project| &project.files);
        let size_bytes = others
            .iter()
            .filter(|record| record.file_name() != upload.file_name)
            .map(|record| record.fingerprint.size_bytes())
            .fold(upload.staged.size_bytes(), u64::saturating_add);
        if size_bytes <= limit_bytes {
            return Ok(());
        }
        Err(PublishError::ProjectTooLarge {
            file_name: upload.file_name.clone(),
            size_bytes,
            limit_bytes,
        })
    }
}

/// Returns the version that makes one expect attestations of an upload: its own, if another file of
/// it has some, or the one that was uploaded last before it, if all of its files have some.
fn attested_before<'s>(snapshot: &'s ProjectSnapshot, upload: &Upload) -> Option<&'s str> {
    let has_provenance = |record: &FileRecord| {
        record
            .contents
            .as_ref()
            .is_some_and(|contents| contents.has_provenance)
    };
    let is_same = |record: &FileRecord| record.named.version.key() == upload.named.version.key();
    let files = || {
        snapshot.files.iter().filter(|record| {
            record.named.kind != FileKind::Signature && record.file_name() != upload.file_name
        })
    };
    if let Some(attested) = files().find(|record| is_same(record) && has_provenance(record)) {
        return Some(attested.named.version.as_str());
    }
    let last = files()
        .filter(|record| !is_same(record))
        .max_by_key(|record| record.uploaded_at)?;
    files()
        .filter(|record| record.named.version.key() == last.named.version.key())
        .all(has_provenance)
        .then_some(last.named.version.as_str())
}

async fn look_into(upload: &Upload) -> Result<Vetted, StoreError> {
    let (content, named, file_name) = (
        upload.staged.content(),
        upload.named.clone(),
        upload.file_name.clone(),
    );
    let failed = |failure: Box<dyn std::error::Error + Send + Sync>| {
        StoreError::new("index", "look into an upload", failure)
    };
    tokio::task::spawn_blocking(move || look_now(&*content, &named, &file_name))
        .await
        .map_err(|failure| failed(failure.into()))?
        .map_err(|error| failed(error.into()))
}

/// Reads an upload. Blocks.
fn look_now(
    content: &dyn Content,
    named: &FoundFile,
    file_name: &str,
) -> Result<Vetted, ArchiveError> {
    let (summary, metadata) = read_metadata(content, named, file_name);
    let mut findings = Vec::new();
    if named.kind != FileKind::Signature {
        findings = check_file(&Source(content), file_name)?;
    }
    Ok(Vetted {
        summary,
        metadata,
        findings,
    })
}
