//! The settings that the program runs with: one struct for each topic, resolved from the command
//! line, the environment and `wheelhouse.toml`, checked, and free of any trace of where they came
//! from or under which name the program was started.

mod access;
mod bind;
pub(crate) mod error;
mod fallback;
mod files;
mod folders;
mod limits;
mod logging;
mod pages;
mod proxies;
mod source;
mod theme;
mod update;
mod uploads;

pub use access::{
    AccessSettings, DirectorySettings, InvalidCredentials, OpenIdSettings, PasswordSource,
};
pub use bind::{AcmeSettings, BindSettings};
pub use fallback::{FallbackMode, FallbackSettings};
pub use files::{FileSettings, ObjectSettings};
pub use folders::{CatalogSettings, FolderSettings, StateSettings, WatchMode};
pub use limits::LimitSettings;
pub use logging::{LogOutput, LogStream, LoggingSettings, Note, NoteLevel};
pub use pages::{FileCaching, PageSettings, TarGzType};
pub use proxies::{IpRange, IpRangeError, ProxySettings};
pub use update::UpdateSettings;
pub use uploads::{AttestationSettings, LegacyActions, UploadSettings};

pub(crate) use error::SettingsError;
pub(crate) use source::Source;

use crate::options::defs;

/// Everything that `run` needs to know.
#[derive(Debug, Clone)]
pub struct RunSettings {
    /// Where the server listens and under which path it answers.
    pub bind: BindSettings,
    /// Where the files are.
    pub files: FileSettings,
    /// The folders that are served and how changes in them are noticed.
    pub folders: FolderSettings,
    /// Where the catalog is kept.
    pub state: StateSettings,
    /// Who may do what.
    pub access: AccessSettings,
    /// What is taken in.
    pub uploads: UploadSettings,
    /// How pages and files are answered.
    pub pages: PageSettings,
    /// Where a project that is not here may be looked for.
    pub fallback: FallbackSettings,
    /// Whose forwarded headers are believed.
    pub proxies: ProxySettings,
    /// What the program may use at most.
    pub limits: LimitSettings,
    /// What is logged, how and where to.
    pub logging: LoggingSettings,
    /// The path that answers `Ok` besides `/healthz`, such as `/health`.
    pub health_endpoint: String,
    /// What should be said about the settings once logging works.
    pub notes: Vec<Note>,
}

/// The paths that have an answer of their own, so that the health path cannot be one of them.
const TAKEN_PATHS: &[&str] = &[
    "/simple",
    "/simple/",
    "/packages",
    "/packages/",
    "/legacy",
    "/legacy/",
    "/pypi",
    "/RPC2",
    "/metrics",
];

impl RunSettings {
    /// Resolves the settings.
    pub(crate) fn of(source: Source<'_>) -> Result<Self, SettingsError> {
        let mut notes = notes_of(source);
        // Each topic is looked at before any folder is made.
        let access = AccessSettings::of(source)?;
        let pages = PageSettings::of(source)?;
        let health_endpoint = health_endpoint(source)?;
        let uploads = UploadSettings::of(source);
        let state = StateSettings::of(source, &mut notes)?;
        let files = FileSettings::of(source)?;
        Ok(Self {
            folders: match files {
                FileSettings::Folders => FolderSettings::of(source, &mut notes)?,
                FileSettings::Objects(_) => FolderSettings::none(),
            },
            files,
            bind: BindSettings::of(source)?,
            state,
            access,
            uploads,
            pages,
            fallback: FallbackSettings::of(source),
            proxies: ProxySettings::of(source),
            limits: LimitSettings::of(source),
            logging: LoggingSettings::of(source),
            health_endpoint,
            notes,
        })
    }
}

fn health_endpoint(source: Source<'_>) -> Result<String, SettingsError> {
    let path = source
        .text(&defs::HEALTH_ENDPOINT)
        .unwrap_or_else(|| "/health".to_owned());
    if TAKEN_PATHS.contains(&path.as_str()) {
        return Err(SettingsError::HealthPathTaken { path });
    }
    Ok(path)
}

/// Returns what is to be said about options that are accepted and do nothing.
fn notes_of(source: Source<'_>) -> Vec<Note> {
    let mut notes = source.values.notes.clone();
    for option in [&defs::SERVER, &defs::BACKEND] {
        if source.values.is_set(option) {
            let text = format!(
                "`--{}` has no effect: there is one kind of it here",
                option.long
            );
            notes.push(Note {
                level: NoteLevel::Info,
                text,
            });
        }
    }
    notes
}

#[cfg(test)]
mod tests;
