//! What was written where, kept to take it back. It holds what stood in files before, which may be a
//! secret: nobody else can read it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use wheelhouse_release::client_setup::{Client, Done, Format, Original};

use super::files;
use crate::exit::{Failure, ReleaseFailure};

/// The form of the file that this program writes.
const FORM: u32 = 1;

/// All that was written.
#[derive(Default)]
pub(super) struct Record {
    path: PathBuf,
    pub(super) indexes: Vec<SetUp>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    form: u32,
    indexes: Vec<SetUp>,
}

/// An index that clients are set up for.
#[derive(Serialize, Deserialize, Clone)]
pub(super) struct SetUp {
    /// What clients call it.
    pub(super) name: String,
    /// The simple pages.
    pub(super) simple: String,
    /// The address of uploads.
    pub(super) upload: String,
    /// As whom clients sign in.
    pub(super) user: Option<String>,
    /// Whether it is the only one.
    pub(super) is_sole: bool,
    /// The clients that were set up.
    pub(super) clients: Vec<String>,
    /// The files.
    pub(super) files: Vec<Written>,
    /// What the key ring keeps.
    pub(super) services: Vec<Service>,
}

/// A file that was changed.
#[derive(Serialize, Deserialize, Clone)]
pub(super) struct Written {
    /// Where it is, before links.
    pub(super) path: String,
    /// How it is written.
    pub(super) format: Format,
    /// For which clients.
    pub(super) clients: Vec<String>,
    /// Whether it was made.
    pub(super) is_made: bool,
    /// The folders that were made for it, the innermost first.
    pub(super) folders: Vec<String>,
    /// What was done.
    pub(super) done: Vec<Done>,
    /// How it was before.
    pub(super) original: Original,
}

/// A password in the key ring.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq)]
pub(super) struct Service {
    /// Under which name.
    pub(super) place: String,
    /// Of whom.
    pub(super) user: String,
    /// For which clients.
    pub(super) clients: Vec<String>,
    /// Whether it was put there just now. One that was there before stays.
    #[serde(skip)]
    pub(super) is_new: bool,
}

impl Service {
    /// Returns whether both are one entry of the key ring.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.place == other.place && self.user == other.user
    }
}

impl Record {
    /// Reads what is kept.
    pub(super) fn read(path: &str) -> Result<Self, Failure> {
        let strange = |why: String| -> Failure {
            let message = format!("{path}, which says what was written, cannot be used: {why}");
            ReleaseFailure::checks(message, "move it away; then nothing can be taken back").into()
        };
        let found = files::read(Path::new(path)).map_err(strange)?;
        let Some(text) = found.text else {
            return Ok(Self {
                path: path.into(),
                indexes: Vec::new(),
            });
        };
        // The error of the library is not shown: it may quote the file.
        let kept: Kept = serde_json::from_str(&text)
            .map_err(|error| strange(format!("line {}: it is damaged", error.line())))?;
        if kept.form != FORM {
            return Err(strange(
                "a newer version of this program wrote it".to_owned(),
            ));
        }
        Ok(Self {
            path: path.into(),
            indexes: kept.indexes,
        })
    }

    /// Keeps it.
    pub(super) fn save(&mut self) -> Result<(), Failure> {
        let is_used = |index: &SetUp| {
            !index.files.is_empty() || !index.services.is_empty() || !index.clients.is_empty()
        };
        self.indexes.retain(is_used);
        let failed = |error: std::io::Error| -> Failure {
            let path = self.path.display();
            anyhow::anyhow!("cannot keep what was written in {path}: {error}").into()
        };
        if self.indexes.is_empty() {
            let folder = self
                .path
                .parent()
                .map(|folder| folder.display().to_string());
            let folders: Vec<String> = folder.into_iter().collect();
            return files::remove(&self.path, &folders).map_err(failed);
        }
        let kept = Kept {
            form: FORM,
            indexes: self.indexes.clone(),
        };
        let text =
            serde_json::to_string_pretty(&kept).map_err(|error| Failure::Other(error.into()))?;
        files::write(&self.path, &format!("{text}\n")).map_err(failed)?;
        Ok(())
    }

    /// Returns the index of a name.
    pub(super) fn named(&self, name: &str) -> Option<&SetUp> {
        self.indexes.iter().find(|index| index.name == name)
    }
}

impl SetUp {
    /// Returns the clients that were set up.
    pub(super) fn clients(&self) -> Vec<Client> {
        let names = self.clients.iter();
        names.filter_map(|name| Client::from_name(name)).collect()
    }
}
