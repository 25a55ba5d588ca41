//! What an index shows of a project, of all projects, and of all files.

use std::sync::Arc;
use std::time::Duration;

use wheelhouse_standards::digest::{Digests, HashAlgorithm, ListedDigest};
use wheelhouse_standards::found::FileKind;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::link::{encode_path, encode_segment};
use wheelhouse_standards::simple::{
    CoreMetadataMark, FlatFile, FlatList, FragmentHash, ListedProject, PageFile, ProjectList,
    ProjectPage,
};
use wheelhouse_standards::version::VersionText;

use crate::index::{Index, SignatureListing};
use crate::mark::{status_of, yank_of};
use crate::ports::StoreError;
use crate::record::{FileRecord, MetadataSummary, ProjectSnapshot};

/// How long a page waits for files that nobody has read yet.
pub const READING_PATIENCE: Duration = Duration::from_secs(3);
/// How many records the list of all files takes from the catalog at a time.
const FLAT_PAGE: usize = 5_000;

/// What the links of a page begin with.
#[derive(Debug, Clone, Copy)]
pub struct Links<'a> {
    /// Where files are; it ends in a slash.
    pub files_base: &'a str,
    /// The `https` URL of the index without a slash at its end, if it was asked under one: only
    /// there attestations may be linked to.
    pub secure_base: Option<&'a str>,
}

/// A page, and whether it shows everything that can be known.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown<T> {
    /// The page.
    pub page: T,
    /// `false` if some files have not been read yet and stand there without a digest: such a page
    /// must not be kept.
    pub is_complete: bool,
}

impl Index {
    /// Returns the list of projects.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn project_list(&self) -> Result<ProjectList, StoreError> {
        let listing = self.view.projects().await?;
        let projects = listing.projects.into_iter().map(|entry| ListedProject {
            key: entry.key,
            display_name: entry.display_name,
            last_serial: Some(entry.last_serial.0),
        });
        Ok(ProjectList {
            serial: Some(listing.serial.0),
            projects: projects.collect(),
        })
    }

    /// Returns the page of a project, or `None` if the index has no such project.
    ///
    /// Files that nobody has read are read first; that is waited for
    /// [`READING_PATIENCE`] at most.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn project_page(
        self: &Arc<Self>,
        project: &ProjectKey,
        links: Links<'_>,
    ) -> Result<Option<Shown<ProjectPage>>, StoreError> {
        let Some(snapshot) = self.read_snapshot(project).await? else {
            return Ok(None);
        };
        let is_complete = snapshot.files.iter().all(|record| self.is_read(record));
        Ok(Some(Shown {
            page: self.render(snapshot, links),
            is_complete,
        }))
    }

    /// Returns the list of all files, ordered by path. File URLs begin with `files_base`.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn flat_list(&self, files_base: &str) -> Result<Shown<FlatList>, StoreError> {
        let mut shown = Shown {
            page: FlatList { files: Vec::new() },
            is_complete: true,
        };
        let mut after = None;
        loop {
            let page = self.view.files_after(after.as_ref(), FLAT_PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.path.clone());
            for record in page {
                shown.is_complete &= self.is_read(&record);
                shown.page.files.push(FlatFile {
                    path: record.path.to_string(),
                    url: format!("{files_base}{}", encode_path(record.path.as_str())),
                    sha256: record
                        .contents
                        .as_ref()
                        .map(|contents| contents.digests.sha256),
                    listed_hash: self.listed_hash(&record),
                });
            }
        }
        Ok(shown)
    }

    fn render(&self, snapshot: ProjectSnapshot, links: Links<'_>) -> ProjectPage {
        let mut records = snapshot.files;
        records.sort_by(|a, b| {
            (&a.named.version, a.file_name(), &a.path).cmp(&(
                &b.named.version,
                b.file_name(),
                &b.path,
            ))
        });
        let mut versions: Vec<&VersionText> = Vec::new();
        for FileRecord { named, .. } in &records {
            let is_new = versions
                .last()
                .is_none_or(|last| last.key() != named.version.key());
            if is_new && !named.version.is_empty() {
                versions.push(&named.version);
            }
        }
        let versions = versions.into_iter().map(VersionText::canonical).collect();
        let mut page = ProjectPage::new(snapshot.key);
        page.display_name = snapshot.display_name;
        page.serial = Some(snapshot.last_serial.0);
        page.versions = versions;
        let (status, reason) = status_of(&snapshot.marks);
        page.status = status;
        page.status_reason = reason.map(str::to_owned);
        let signed: std::collections::HashSet<String> = records
            .iter()
            .filter(|record| record.named.kind == FileKind::Signature)
            .filter_map(|record| record.path.as_str().strip_suffix(".asc").map(str::to_owned))
            .collect();
        let links_signatures = self.options.signatures == SignatureListing::Link;
        page.files = records
            .iter()
            .filter(|record| links_signatures || record.named.kind != FileKind::Signature)
            .map(|record| {
                let gpg_sig = (!links_signatures && !signed.is_empty())
                    .then(|| signed.contains(record.path.as_str()));
                let mut file = self.page_file(record, links, gpg_sig);
                file.yanked = yank_of(&snapshot.marks, record);
                file
            })
            .collect();
        page
    }

    fn page_file(&self, record: &FileRecord, links: Links<'_>, gpg_sig: Option<bool>) -> PageFile {
        let Links {
            files_base,
            secure_base,
        } = links;
        let mut file = PageFile::new(
            record.file_name(),
            format!("{files_base}{}", encode_path(record.path.as_str())),
            record.fingerprint.size_bytes(),
        );
        file.upload_time = Some(record.uploaded_at.to_date_time());
        file.gpg_sig = gpg_sig;
        file.listed_hash = self.listed_hash(record);
        if let Some(contents) = &record.contents {
            file.sha256 = Some(contents.digests.sha256);
            file.provenance = secure_base
                .filter(|_| contents.has_provenance)
                .map(|base| provenance_url(base, record));
            (file.core_metadata, file.requires_python) = match &contents.metadata {
                MetadataSummary::None | MetadataSummary::Unreadable(_) => {
                    (CoreMetadataMark::Absent, None)
                }
                MetadataSummary::Read {
                    offered,
                    requires_python,
                    ..
                } => (
                    offered.map_or(CoreMetadataMark::Absent, |sha256| {
                        CoreMetadataMark::Present(Some(sha256))
                    }),
                    requires_python.clone(),
                ),
            };
        }
        file
    }

    fn listed_hash(&self, record: &FileRecord) -> FragmentHash {
        match (self.options.listed_hash, &record.contents) {
            (None, _) | (_, None) => FragmentHash::None,
            (Some(algorithm), Some(contents)) => fragment(algorithm, &contents.digests),
        }
    }
}

fn provenance_url(base: &str, record: &FileRecord) -> String {
    format!(
        "{base}/integrity/{}/{}/{}/provenance",
        record.project().as_str(),
        encode_segment(record.named.version.as_str()),
        encode_segment(record.file_name()),
    )
}

fn fragment(algorithm: HashAlgorithm, digests: &Digests) -> FragmentHash {
    match algorithm {
        HashAlgorithm::Sha256 => FragmentHash::Sha256,
        HashAlgorithm::Md5 => FragmentHash::Other(ListedDigest {
            algorithm,
            hex: digests.md5.to_string().into(),
        }),
        _ => digests
            .listed
            .clone()
            .map_or(FragmentHash::None, FragmentHash::Other),
    }
}
