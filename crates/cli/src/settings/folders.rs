//! The folders that are served, and the one that the program keeps for itself.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::{fs, io};

use wheelhouse_store::catalog::PostgresAddress;

use super::error::SettingsError;
use super::files::FileSettings;
use super::logging::{Note, NoteLevel};
use super::source::{Source, read_small_file};
use crate::config::Origin;
use crate::options::defs;

/// The folders that are served and how changes in them are noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderSettings {
    /// The roots in the order given, absolute, at least one unless files are objects. Uploads go to
    /// the first. Each one was there and could be read when the settings were resolved.
    pub roots: Vec<PathBuf>,
    /// How changes are noticed.
    pub watch: WatchMode,
    /// The time between two scans that look for what no event told. `None`: the store's own
    /// choice, which is shorter where no events come.
    pub scan_interval: Option<Duration>,
}

/// How changes in the folders are noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchMode {
    /// By the system's events where they come, and by scans behind them.
    Auto,
    /// By scans alone.
    Poll,
}

/// Where the catalog is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateSettings {
    /// The state folder that was asked for, absolute. `None` means to choose: `.wheelhouse/` in the
    /// first root where that works, and the fallbacks after it.
    pub folder: Option<PathBuf>,
    /// Where the catalog is.
    pub catalog: CatalogSettings,
}

/// Where the catalog is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CatalogSettings {
    /// In a file in the state folder.
    StateFolder,
    /// In this file, absolute.
    Sqlite(PathBuf),
    /// In PostgreSQL.
    Postgres(Box<PostgresAddress>),
}

impl FolderSettings {
    /// No folders.
    pub(super) fn none() -> Self {
        Self {
            roots: Vec::new(),
            watch: WatchMode::Auto,
            scan_interval: None,
        }
    }

    pub(super) fn of(source: Source<'_>, notes: &mut Vec<Note>) -> Result<Self, SettingsError> {
        let may_be_made = source.values.truth(&defs::CREATE_MISSING);
        Ok(Self {
            roots: roots(source, may_be_made, notes)?,
            watch: match source.values.text(&defs::WATCH) {
                Some("poll") => WatchMode::Poll,
                _ => WatchMode::Auto,
            },
            scan_interval: source
                .number(&defs::SCAN_INTERVAL_SECONDS)
                .map(Duration::from_secs),
        })
    }
}

impl StateSettings {
    pub(super) fn of(source: Source<'_>, notes: &mut Vec<Note>) -> Result<Self, SettingsError> {
        Ok(Self {
            folder: source.path(&defs::STATE_DIR),
            catalog: CatalogSettings::of(source, notes)?,
        })
    }
}

impl CatalogSettings {
    fn of(source: Source<'_>, notes: &mut Vec<Note>) -> Result<Self, SettingsError> {
        let Some(text) = source.text(&defs::CATALOG) else {
            return Ok(Self::StateFolder);
        };
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = source.absolute(&defs::CATALOG, Path::new(path));
            return Ok(Self::Sqlite(path));
        }
        let from_file = match source.path(&defs::CATALOG_PASSWORD_FILE) {
            Some(_) if has_password(&text) => return Err(SettingsError::TwoCatalogPasswords),
            Some(path) => Some(password_in(path)?),
            None => None,
        };
        let address = PostgresAddress::parse(&text, |name| match (name, &from_file) {
            ("PGPASSWORD", Some(password)) => Some(password.clone()),
            _ => source.environment.text(name),
        })?;
        let setting = source.values.setting(&defs::CATALOG);
        let is_seen = setting.is_some_and(|setting| setting.origin == Origin::CommandLine);
        if is_seen && has_password(&text) {
            notes.push(Note {
                level: NoteLevel::Warning,
                text: "other users of this machine can read the password in --catalog; write it \
                       into wheelhouse.toml, WHEELHOUSE_CATALOG or PGPASSWORD, or name a file \
                       with --catalog-password-file"
                    .to_owned(),
            });
        }
        Ok(Self::Postgres(Box::new(address)))
    }
}

/// Reads the file that holds a password and nothing else.
fn password_in(path: PathBuf) -> Result<String, SettingsError> {
    let text = match read_small_file(&path) {
        Ok(text) => text,
        Err(source) => return Err(SettingsError::CatalogPasswordFile { path, source }),
    };
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        let source = io::Error::new(io::ErrorKind::InvalidData, "the file is empty");
        return Err(SettingsError::CatalogPasswordFile { path, source });
    }
    Ok(password.to_owned())
}

/// Tells whether the part of an address that names the user has a password.
fn has_password(address: &str) -> bool {
    let rest = address.split_once("://").map_or("", |(_, rest)| rest);
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let user = rest[..end].rsplit_once('@').map_or("", |(user, _)| user);
    user.contains(':')
}

/// Returns the roots, absolute, after a look at each.
pub(super) fn roots(
    source: Source<'_>,
    may_be_made: bool,
    notes: &mut Vec<Note>,
) -> Result<Vec<PathBuf>, SettingsError> {
    let origin = source
        .values
        .setting(&defs::ROOTS)
        .map(|setting| &setting.origin);
    let is_default = origin == Some(&Origin::Default) && !source.values.is_set(&defs::FILES);
    let mut roots: Vec<PathBuf> = Vec::new();
    let named = FileSettings::folders(source).unwrap_or_else(|| {
        let folders = source.values.folders(&defs::ROOTS).iter();
        folders
            .map(|folder| source.absolute(&defs::ROOTS, folder))
            .collect()
    });
    for folder in named {
        let is_missing = matches!(folder.try_exists(), Ok(false));
        if is_missing && may_be_made {
            if source.may_make_folders {
                make(&folder)?;
            }
            let done = if source.may_make_folders {
                "made"
            } else {
                "would be made"
            };
            let text = format!("the folder {} was not there and {done}", folder.display());
            notes.push(Note {
                level: NoteLevel::Info,
                text,
            });
        }
        if !is_missing || !may_be_made || source.may_make_folders {
            look_into(&folder, is_default)?;
        }
        let folder = folder.canonicalize().unwrap_or(folder);
        if roots.contains(&folder) {
            let text = format!("the folder {} is named twice", folder.display());
            notes.push(Note {
                level: NoteLevel::Warning,
                text,
            });
        } else {
            roots.push(folder);
        }
    }
    Ok(roots)
}

fn make(folder: &Path) -> Result<(), SettingsError> {
    fs::create_dir_all(folder).map_err(|source| SettingsError::FolderNotMade {
        path: folder.into(),
        source,
    })
}

fn look_into(folder: &Path, is_default: bool) -> Result<(), SettingsError> {
    let first = fs::read_dir(folder).and_then(|mut entries| entries.next().transpose());
    match first {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(SettingsError::FolderMissing {
                path: folder.into(),
                is_default,
            })
        }
        Err(source) => Err(SettingsError::FolderUnreadable {
            path: folder.into(),
            source,
        }),
    }
}
