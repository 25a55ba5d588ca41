//! What `update` needs to know.

use std::path::PathBuf;

use super::error::SettingsError;
use super::folders;
use super::logging::{LoggingSettings, Note};
use super::source::{Source, read_small_file};
use crate::options::defs;

/// Everything that `update` needs to know.
#[derive(Debug, Clone)]
pub struct UpdateSettings {
    /// The folders that are looked through, in the order given, absolute, at least one.
    pub roots: Vec<PathBuf>,
    /// Whether new files are fetched. If not, the commands that would do it are printed.
    pub execute: bool,
    /// Where new files go, absolute. `None` means the folder of the file that they replace.
    pub download_folder: Option<PathBuf>,
    /// Whether pre-releases count as newer.
    pub allow_unstable: bool,
    /// The projects that are left alone, as they are spelled in the list: no comments, no blank
    /// lines.
    pub ignored_projects: Vec<String>,
    /// The simple URL that was given, without its final slashes. `None` means to look the public
    /// index's address up.
    pub index_url: Option<String>,
    /// Whether the settings of pip and uv on this machine may tell the address.
    pub read_installer_settings: bool,
    /// What is logged, how and where to.
    pub logging: LoggingSettings,
    /// What should be said about the settings once logging works.
    pub notes: Vec<Note>,
}

impl UpdateSettings {
    /// Resolves the settings.
    pub(crate) fn of(source: Source<'_>) -> Result<Self, SettingsError> {
        let values = source.values;
        let mut notes = super::notes_of(source);
        let ignored_projects = match source.path(&defs::IGNORELIST_FILE) {
            Some(path) => match read_small_file(&path) {
                Ok(text) => projects_in(&text),
                Err(source) => return Err(SettingsError::IgnoreList { path, source }),
            },
            None => Vec::new(),
        };
        Ok(Self {
            // A folder that is missing has nothing to update, so none is made.
            roots: folders::roots(source, false, &mut notes)?,
            execute: values.truth(&defs::EXECUTE),
            download_folder: source.path(&defs::DOWNLOAD_DIRECTORY),
            allow_unstable: values.truth(&defs::ALLOW_UNSTABLE),
            ignored_projects,
            index_url: source.simple_url(&defs::INDEX_URL),
            read_installer_settings: values.truth(&defs::INSTALLER_SETTINGS),
            logging: LoggingSettings::of(source),
            notes,
        })
    }
}

fn projects_in(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    let names = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    names.map(str::to_owned).collect()
}
