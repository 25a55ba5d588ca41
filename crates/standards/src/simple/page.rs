//! What the pages of the simple repository API say, whatever form they are sent in.

use time::OffsetDateTime;

use crate::digest::{ListedDigest, Sha256Digest};
use crate::name::ProjectKey;

/// The projects of an index.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProjectList {
    /// The serial of the last change to the index, or `None` if none is kept.
    pub serial: Option<u64>,
    /// The projects in the order in which they are shown: sorted by key, each once.
    pub projects: Vec<ListedProject>,
}

/// One project in a [`ProjectList`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedProject {
    /// The normal form of the name: what the link leads to, and what the HTML form shows.
    pub key: ProjectKey,
    /// The publisher's spelling: what the JSON form shows.
    pub display_name: String,
    /// The serial of the last change to the project, or `None` if none is kept.
    pub last_serial: Option<u64>,
}

/// One project and the files that an installer may choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectPage {
    /// The normal form of the name, which both forms show.
    pub key: ProjectKey,
    /// The publisher's spelling, for readers of the value; neither form shows it.
    pub display_name: String,
    /// The serial of the last change to the project, or `None` if none is kept.
    pub serial: Option<u64>,
    /// Whether the project is still worked on.
    pub status: ProjectStatus,
    /// Why the project has its status.
    pub status_reason: Option<String>,
    /// The versions, each once. Every file's version is here.
    pub versions: Vec<String>,
    /// The files in the order in which they are shown: by version, then by file name.
    ///
    /// Neither form shows a file of a quarantined project.
    pub files: Vec<PageFile>,
}

impl ProjectPage {
    /// Returns the page of an active project without files.
    pub fn new(key: ProjectKey) -> Self {
        Self {
            display_name: key.as_str().to_owned(),
            key,
            serial: None,
            status: ProjectStatus::Active,
            status_reason: None,
            versions: Vec::new(),
            files: Vec::new(),
        }
    }

    /// Returns the files that an installer is offered: none while the project is quarantined.
    ///
    /// Standard: PEP 792.
    pub fn offered_files(&self) -> &[PageFile] {
        match self.status {
            ProjectStatus::Active | ProjectStatus::Archived | ProjectStatus::Deprecated => {
                &self.files
            }
            ProjectStatus::Quarantined => &[],
        }
    }
}

/// Whether a project is still worked on.
///
/// Standard: PEP 792.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ProjectStatus {
    /// Nothing special is known.
    #[default]
    Active,
    /// No longer updated: uploads are refused.
    Archived,
    /// Thought to be harmful: nothing is offered and uploads are refused.
    Quarantined,
    /// Replaced by something else, though still updated.
    Deprecated,
}

impl ProjectStatus {
    /// All statuses.
    pub const ALL: &[Self] = &[
        Self::Active,
        Self::Archived,
        Self::Quarantined,
        Self::Deprecated,
    ];

    /// Returns the status of a marker, if there is one.
    pub fn from_marker(marker: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|status| status.marker() == marker)
    }

    /// Returns the marker that the standard gives the status.
    pub const fn marker(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Archived => "archived",
            Self::Quarantined => "quarantined",
            Self::Deprecated => "deprecated",
        }
    }
}

/// One file in a [`ProjectPage`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageFile {
    /// The file's name, as text.
    pub filename: String,
    /// Where to get it: an absolute path or a URL, percent-encoded, without a fragment.
    ///
    /// [`link::encode_path`](super::link::encode_path) makes one from a path.
    pub url: String,
    /// The digest of its bytes, or `None` while it is not known.
    pub sha256: Option<Sha256Digest>,
    /// Which digest the HTML form puts into the link.
    pub listed_hash: FragmentHash,
    /// Its size.
    pub size_bytes: u64,
    /// When it was uploaded. The JSON form shows microseconds in UTC.
    pub upload_time: Option<OffsetDateTime>,
    /// Its field `Requires-Python`, not escaped.
    pub requires_python: Option<String>,
    /// Whether its core metadata can be had at the file's URL with `.metadata` added.
    pub core_metadata: CoreMetadataMark,
    /// Whether a signature can be had at the file's URL with `.asc` added, or `None` if the index
    /// does not say: then it says so for no file.
    pub gpg_sig: Option<bool>,
    /// Whether installers should pass it over.
    pub yanked: Yanked,
    /// Where its attestations are. Shown only if it is an `https` URL, as the standard demands.
    pub provenance: Option<String>,
}

impl PageFile {
    /// Returns a file of which only the necessary is known.
    pub fn new(filename: impl Into<String>, url: impl Into<String>, size_bytes: u64) -> Self {
        Self {
            filename: filename.into(),
            url: url.into(),
            sha256: None,
            listed_hash: FragmentHash::Sha256,
            size_bytes,
            upload_time: None,
            requires_python: None,
            core_metadata: CoreMetadataMark::Unknown,
            gpg_sig: None,
            yanked: Yanked::No,
            provenance: None,
        }
    }

    /// Returns the URL of the attestations if it is one that the standard allows: on a secure
    /// origin.
    ///
    /// Standard: PEP 740.
    pub fn secure_provenance(&self) -> Option<&str> {
        const SCHEME: &str = "https://";
        self.provenance.as_deref().filter(|url| {
            url.get(..SCHEME.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(SCHEME))
                && url.len() > SCHEME.len()
        })
    }
}

/// Which digest the HTML form puts into a file's link.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum FragmentHash {
    /// None: the operator turned digests off.
    None,
    /// SHA-256, where it is known.
    #[default]
    Sha256,
    /// One in the algorithm that the operator chose.
    Other(ListedDigest),
}

/// Whether a file's core metadata is offered beside it.
///
/// Standard: PEP 658 and PEP 714.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CoreMetadataMark {
    /// Nobody looked yet.
    #[default]
    Unknown,
    /// It is not offered.
    Absent,
    /// It is offered. Its digest is `None` if it is not known.
    Present(Option<Sha256Digest>),
}

/// Whether installers should pass a file over.
///
/// Standard: PEP 592.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Yanked {
    /// They should not.
    #[default]
    No,
    /// They should, unless it alone was asked for; with the reason, if one was given.
    Yes(Option<String>),
}

impl Yanked {
    /// Returns the reason if the file is yanked; it is empty if none was given.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::No => None,
            Self::Yes(reason) => Some(reason.as_deref().unwrap_or_default().trim()),
        }
    }
}

/// All files of an index: the page `/packages/`, which `pypiserver` has and no standard names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FlatList {
    /// The files in the order in which they are shown.
    pub files: Vec<FlatFile>,
}

/// One file in a [`FlatList`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlatFile {
    /// The path under the root, as text: what the link shows.
    pub path: String,
    /// Where to get it: an absolute path or a URL, percent-encoded, without a fragment.
    pub url: String,
    /// The digest of its bytes, or `None` while it is not known.
    pub sha256: Option<Sha256Digest>,
    /// Which digest the link holds.
    pub listed_hash: FragmentHash,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_32_only_a_secure_provenance_url_counts() {
        for (url, is_shown) in [
            ("https://index.example/p", true),
            ("HTTPS://index.example/p", true),
            ("http://index.example/p", false),
            ("/integrity/p", false),
            ("https://", false),
            ("", false),
            ("ébcdefgh", false),
        ] {
            let mut file = PageFile::new("a", "/a", 1);
            file.provenance = Some(url.to_owned());
            assert_eq!(file.secure_provenance().is_some(), is_shown, "{url:?}");
        }
    }
}
