//! The JSON API of projects and releases: values in, bytes out.
//!
//! Every key that the public index has is there, so that a reader that expects one finds it: what
//! is not known is `null`, or `-1` where a number is expected.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::metadata::CoreMetadata;
use crate::name::ProjectKey;
use crate::simple::Yanked;
use crate::simple::link::encode_segment;

mod file;
mod info;

pub use file::{ReleaseFile, python_version};
use info::InfoForm;

/// What a document of the JSON API says.
#[derive(Debug, Clone)]
pub struct ReleaseDocument {
    /// The project.
    pub key: ProjectKey,
    /// How the project spells its name.
    pub display_name: String,
    /// The serial of the last change to the project.
    pub last_serial: u64,
    /// Who has which part in it, owners first: names of roles and users. Empty for those who may
    /// not know.
    pub roles: Vec<(String, String)>,
    /// The release that is shown.
    pub shown: ShownRelease,
    /// All releases and their files, in the order in which they are shown, or `None` in the
    /// document of one release.
    pub releases: Option<Vec<(String, Vec<ReleaseFile>)>>,
}

/// The release that a document shows in full.
#[derive(Debug, Clone)]
pub struct ShownRelease {
    /// Its version.
    pub version: String,
    /// What its chosen file says about itself; empty if it was not read.
    pub metadata: CoreMetadata,
    /// Whether all its files are yanked.
    pub yanked: Yanked,
    /// Its files.
    pub files: Vec<ReleaseFile>,
}

/// Renders a document. Links begin with `base_url`, the address of the index without a slash at
/// its end.
pub fn render(document: &ReleaseDocument, base_url: &str) -> Vec<u8> {
    let key = encode_segment(document.key.as_str());
    let page_url = format!("{base_url}/simple/{key}/");
    let form = DocumentForm {
        info: InfoForm::of(document, &page_url),
        last_serial: document.last_serial,
        ownership: OwnershipForm {
            organization: None,
            roles: document
                .roles
                .iter()
                .map(|(role, user)| RoleForm { role, user })
                .collect(),
        },
        releases: document.releases.as_deref().map(ReleasesForm),
        urls: &document.shown.files,
        vulnerabilities: [],
    };
    let mut json = serde_json::to_vec(&form).expect("texts, numbers and lists are always JSON");
    json.push(b'\n');
    json
}

#[derive(Serialize)]
struct DocumentForm<'a> {
    info: InfoForm<'a>,
    last_serial: u64,
    ownership: OwnershipForm<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    releases: Option<ReleasesForm<'a>>,
    urls: &'a [ReleaseFile],
    vulnerabilities: [(); 0],
}

#[derive(Serialize)]
struct OwnershipForm<'a> {
    organization: Option<()>,
    roles: Vec<RoleForm<'a>>,
}

#[derive(Serialize)]
struct RoleForm<'a> {
    role: &'a str,
    user: &'a str,
}

struct ReleasesForm<'a>(&'a [(String, Vec<ReleaseFile>)]);

impl Serialize for ReleasesForm<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (version, files) in self.0 {
            map.serialize_entry(version, files)?;
        }
        map.end()
    }
}

/// Returns the project's addresses by label, the two old fields among them, or `None` if it gives
/// none.
pub fn project_urls(metadata: &CoreMetadata) -> Option<BTreeMap<&str, &str>> {
    let mut urls = BTreeMap::new();
    for (label, url) in [
        ("Homepage", metadata.home_page.as_deref()),
        ("Download", metadata.download_url.as_deref()),
    ] {
        if let Some(url) = url {
            urls.insert(label, url);
        }
    }
    urls.extend(metadata.labelled_urls());
    (!urls.is_empty()).then_some(urls)
}

#[cfg(test)]
mod tests;
