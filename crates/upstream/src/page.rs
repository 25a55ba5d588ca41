//! What another index says about a project.

use std::collections::BTreeMap;

use url::Url;
use wheelhouse_standards::digest::Sha256Digest;
use wheelhouse_standards::simple::{CoreMetadataMark, Yanked};

/// The page of one project, as another index shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UpstreamPage {
    /// The project's name as the index spells it; `None` if the page does not say.
    pub name: Option<String>,
    /// The versions that the page lists beside the files. Empty for HTML and for older indexes:
    /// the file names tell then.
    pub versions: Vec<String>,
    /// The files, in the index's own order.
    pub files: Vec<UpstreamFile>,
    /// The marker of the project's status, such as `archived`; `None` means active.
    pub status: Option<String>,
    /// Why the project has its status.
    pub status_reason: Option<String>,
    /// The serial of the project's last change, where the index keeps serials.
    pub serial: Option<u64>,
}

/// One file of an [`UpstreamPage`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamFile {
    /// The file's name.
    pub filename: String,
    /// Where to get it, absolute and without a fragment.
    pub url: Url,
    /// Its digests in hexadecimal digits, by the algorithm's name in lower case.
    pub hashes: BTreeMap<String, String>,
    /// Its size, where the index says.
    pub size_bytes: Option<u64>,
    /// Its field `Requires-Python`.
    pub requires_python: Option<String>,
    /// Whether installers should pass it over.
    pub yanked: Yanked,
    /// When it was uploaded, as the index writes it.
    pub upload_time: Option<String>,
    /// Whether its core metadata can be had beside it.
    pub core_metadata: CoreMetadataMark,
}

impl UpstreamFile {
    /// Returns a file of which only the necessary is known.
    pub fn new(filename: String, url: Url) -> Self {
        Self {
            filename,
            url,
            hashes: BTreeMap::new(),
            size_bytes: None,
            requires_python: None,
            yanked: Yanked::No,
            upload_time: None,
            core_metadata: CoreMetadataMark::Unknown,
        }
    }

    /// Returns the SHA-256 digest, or `None` if the index gives none that can be read.
    pub fn sha256(&self) -> Option<Sha256Digest> {
        self.hashes.get("sha256")?.parse().ok()
    }
}

/// Returns the URL that a link on a page leads to, if it is one that files are fetched from.
///
/// Anything but HTTP is passed over: a page must not make a client read the local disk.
pub(crate) fn file_url(base: &Url, link: &str) -> Option<Url> {
    let mut url = base.join(link.trim()).ok()?;
    url.set_fragment(None);
    matches!(url.scheme(), "http" | "https").then_some(url)
}
