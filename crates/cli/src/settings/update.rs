//! What `update` needs to know.

use std::path::PathBuf;

use super::logging::{LoggingSettings, Note};

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
