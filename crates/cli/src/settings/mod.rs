//! The settings that the program runs with: one struct for each topic, resolved from the command
//! line, the environment and `wheelhouse.toml`, checked, and free of any trace of where they came
//! from or under which name the program was started.

mod access;
mod bind;
mod fallback;
mod folders;
mod limits;
mod logging;
mod pages;
mod proxies;
mod update;
mod uploads;

pub use access::{AccessSettings, InvalidCredentials, PasswordSource};
pub use bind::BindSettings;
pub use fallback::{FallbackMode, FallbackSettings};
pub use folders::{FolderSettings, StateSettings, WatchMode};
pub use limits::LimitSettings;
pub use logging::{LogOutput, LogStream, LoggingSettings, Note, NoteLevel};
pub use pages::{FileCaching, PageSettings, TarGzType};
pub use proxies::{IpRange, IpRangeError, ProxySettings};
pub use update::UpdateSettings;
pub use uploads::{LegacyActions, UploadSettings, UploadStrictness};

/// Everything that `run` needs to know.
#[derive(Debug, Clone)]
pub struct RunSettings {
    /// Where the server listens and under which path it answers.
    pub bind: BindSettings,
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
