//! Files that pages refer to: style sheet, script, pictures. Their addresses name their content, so
//! that browsers keep them for ever.

use sha2::{Digest, Sha256};

use crate::theme::Logo;

const STYLE: &str = concat!(
    include_str!("../assets/style.css"),
    include_str!("../assets/code.css")
);
const SCRIPT: &str = include_str!("../assets/script.js");
const ICON: &str = include_str!("../assets/icon.svg");

/// One file.
#[derive(Debug, Clone)]
pub struct Asset {
    /// Its media type.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
    digest: String,
}

/// The files that pages refer to.
#[derive(Debug)]
pub struct Assets {
    files: Vec<(&'static str, Asset)>,
}

impl Assets {
    pub(crate) fn new(style: Option<String>, logo: Option<Logo>) -> Self {
        let style = match style {
            Some(own) => format!("{STYLE}\n{own}"),
            None => STYLE.to_owned(),
        };
        let logo = logo.unwrap_or(Logo {
            media_type: "image/svg+xml",
            bytes: ICON.into(),
        });
        let files = vec![
            (
                "style.css",
                Asset::new("text/css; charset=utf-8", style.into()),
            ),
            (
                "script.js",
                Asset::new("text/javascript; charset=utf-8", SCRIPT.into()),
            ),
            ("logo", Asset::new(logo.media_type, logo.bytes)),
        ];
        Self { files }
    }

    /// Returns the file of a name.
    pub fn get(&self, name: &str) -> Option<&Asset> {
        let found = self.files.iter().find(|(known, _)| *known == name);
        found.map(|(_, asset)| asset)
    }

    /// Returns the path of a file below the index's own, with its content in the query.
    pub(crate) fn address(&self, name: &str) -> String {
        let digest = self.get(name).map_or("", |asset| &asset.digest);
        format!("/_/assets/{name}?v={digest}")
    }
}

impl Asset {
    fn new(media_type: &'static str, bytes: Vec<u8>) -> Self {
        let digest = hex::encode(&Sha256::digest(&bytes)[..8]);
        Self {
            media_type,
            bytes,
            digest,
        }
    }

    /// Returns what stands for the content in addresses and entity tags.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}
