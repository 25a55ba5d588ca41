//! An index that nobody serves from here: opened to be checked, or to make its catalog again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow, ensure};
use wheelhouse_index::Index;
use wheelhouse_index::identity::{IndexName, Serial};
use wheelhouse_index::ports::{
    Catalog, CatalogTarget, CatalogUpkeep, Clock, FileStore, Repair, SystemClock,
};
use wheelhouse_index::replica::Replica;
use wheelhouse_maintenance::recover::{FolderRecovery, SealedRecovery};
use wheelhouse_store::catalog::{PostgresCatalog, WhenDamaged};
use wheelhouse_store::files::objects::{ObjectFileStore, TakeOver};
use wheelhouse_store::state::{StateError, StateFolder, StateLock};

use super::catalog::shared_token_key;
use super::files::{directory_store, object_access};
use super::people::token_key;
use super::sqlite::SqlitePlace;
use super::{index_options, state_wishes};
use crate::environment::Environment;
use crate::settings::{CatalogSettings, FileSettings, RunSettings};

/// The file in the state folder that says that a catalog is being made again from folders.
const RECOVERING: &str = "recovering";

/// An index that is to be checked.
pub(crate) struct Opened {
    pub(crate) index: Arc<Index>,
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) upkeep: Arc<dyn CatalogUpkeep>,
    pub(crate) files: Arc<dyn FileStore>,
    /// Whether a server may be working on it.
    pub(crate) is_served: bool,
    /// Keeps servers off while something is changed.
    _lock: Option<StateLock>,
}

/// A catalog, as everybody sees it who needs it here.
struct Kept {
    catalog: Arc<dyn Catalog>,
    upkeep: Arc<dyn CatalogUpkeep>,
    target: Arc<dyn CatalogTarget>,
    key: [u8; 32],
}

impl Kept {
    fn of<C: Catalog + CatalogUpkeep + CatalogTarget>(catalog: C, key: [u8; 32]) -> Self {
        let catalog = Arc::new(catalog);
        Self {
            catalog: Arc::clone(&catalog) as _,
            upkeep: Arc::clone(&catalog) as _,
            target: catalog,
            key,
        }
    }
}

/// Opens what the settings name, to compare it. Nothing is changed by that.
///
/// # Errors
/// Whatever cannot be opened, with what to do about it.
pub(crate) async fn open_to_check(
    settings: &RunSettings,
    environment: &Environment,
    repair: Repair,
) -> anyhow::Result<Opened> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let state = StateFolder::choose(&state_wishes(settings, environment))?;
    let is_postgres = matches!(settings.state.catalog, CatalogSettings::Postgres(_));
    // Whoever only looks keeps no server from starting, and servers share a database.
    let lock = match state.path() {
        Some(folder) if repair == Repair::Proven && !is_postgres => Some(locked(folder)?),
        _ => None,
    };
    let kept = kept_to_check(settings, &state, &clock, repair).await?;
    let files: Arc<dyn FileStore> = match &settings.files {
        FileSettings::Folders => directory_store(settings, &state)?,
        FileSettings::Objects(objects) => {
            let (access, options) =
                object_access(settings, objects, &state, environment, kept.key)?;
            Arc::new(ObjectFileStore::open_to_look(access, options).await?)
        }
    };
    Ok(Opened {
        index: index(settings, &kept.catalog, &files, &clock),
        catalog: kept.catalog,
        upkeep: kept.upkeep,
        files,
        is_served: lock.is_none(),
        _lock: lock,
    })
}

fn locked(folder: &Path) -> anyhow::Result<StateLock> {
    StateLock::take(folder).map_err(|error| match error {
        StateError::InUse { path, .. } => anyhow!(
            "a server uses `{}`, and only one program may change a catalog in a file: stop the server, then check with --repair; without --repair it may go on",
            path.display()
        ),
        error @ StateError::Unusable { .. } => error.into(),
    })
}

fn index(
    settings: &RunSettings,
    catalog: &Arc<dyn Catalog>,
    files: &Arc<dyn FileStore>,
    clock: &Arc<dyn Clock>,
) -> Arc<Index> {
    Index::new(
        IndexName::main(),
        Arc::clone(catalog),
        Arc::clone(files),
        Arc::clone(clock),
        index_options(settings),
        Vec::new(),
        Replica::alone(),
    )
}

async fn kept_to_check(
    settings: &RunSettings,
    state: &StateFolder,
    clock: &Arc<dyn Clock>,
    repair: Repair,
) -> anyhow::Result<Kept> {
    if let CatalogSettings::Postgres(address) = &settings.state.catalog {
        let schema = PostgresCatalog::schema(address).await?;
        ensure!(
            schema.found > 0,
            "there is no catalog in {address}: nothing has been served from it"
        );
        ensure!(
            schema.pending.is_empty(),
            "the tables of the catalog are those of an older program: `wheelhouse migrate` brings them up to date"
        );
        let catalog = PostgresCatalog::open(address, Arc::clone(clock)).await?;
        let key = shared_token_key(&catalog).await?;
        return Ok(Kept::of(catalog, key));
    }
    let place = sqlite_place(settings, state)?;
    let catalog = match repair {
        Repair::Nothing => place.open_to_read()?,
        Repair::Proven => {
            ensure!(
                place.path.exists(),
                "there is no catalog at `{}`",
                place.path.display()
            );
            // A damaged one stays where it is: somebody looks into it.
            place.open(clock, WhenDamaged::Refuse)?
        }
    };
    Ok(Kept::of(catalog, token_key(state)?))
}

fn sqlite_place(settings: &RunSettings, state: &StateFolder) -> anyhow::Result<SqlitePlace> {
    let place = SqlitePlace::of(&settings.state.catalog, state);
    place.with_context(|| {
        format!(
            "there is no catalog: {}; --state-dir names its folder",
            state.note()
        )
    })
}

/// A catalog that is to be made again.
pub(crate) struct ToRecover {
    pub(crate) recovery: Recovery,
    pub(crate) index: Arc<Index>,
    /// The file that says so.
    note: Option<PathBuf>,
    _lock: StateLock,
}

/// What it is made from.
pub(crate) enum Recovery {
    /// The sealed records of a store of objects.
    Sealed(SealedRecovery),
    /// The files in folders.
    Folders(FolderRecovery),
}

impl ToRecover {
    /// Takes note that the catalog is made.
    pub(crate) fn end(self) -> std::io::Result<()> {
        self.note.map_or(Ok(()), std::fs::remove_file)
    }
}

/// Opens what the settings name, to make its catalog again.
///
/// # Errors
/// Whatever cannot be opened, with what to do about it; also if there is a catalog.
pub(crate) async fn open_to_recover(
    settings: &RunSettings,
    environment: &Environment,
    take_over: TakeOver,
) -> anyhow::Result<ToRecover> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let state = StateFolder::choose(&state_wishes(settings, environment))?;
    let folder = state.path().with_context(|| {
        format!(
            "a catalog would be forgotten: {}; --state-dir names a folder",
            state.note()
        )
    })?;
    let lock = StateLock::take(folder)?;
    let kept = match &settings.state.catalog {
        CatalogSettings::Postgres(address) => {
            let catalog = PostgresCatalog::open(address, Arc::clone(&clock)).await?;
            let key = shared_token_key(&catalog).await?;
            Kept::of(catalog, key)
        }
        CatalogSettings::Sqlite(_) | CatalogSettings::StateFolder => {
            let place = sqlite_place(settings, &state)?;
            let catalog = place.open(&clock, WhenDamaged::Refuse)?;
            Kept::of(catalog, token_key(&state)?)
        }
    };
    let (recovery, index, note) = match &settings.files {
        FileSettings::Objects(objects) => {
            let (access, options) =
                object_access(settings, objects, &state, environment, kept.key)?;
            let store = ObjectFileStore::open_to_recover(access, options, take_over).await?;
            let files: Arc<dyn FileStore> = Arc::new(store);
            let recovery = SealedRecovery {
                name: format!("recover from {}", objects.place),
                index: IndexName::main(),
                catalog: Arc::clone(&kept.catalog),
                target: kept.target,
                files: Arc::clone(&files),
                clock: Arc::clone(&clock),
            };
            let index = index(settings, &kept.catalog, &files, &clock);
            (Recovery::Sealed(recovery), index, None)
        }
        FileSettings::Folders => {
            let note = folder.join(RECOVERING);
            begin_in_folders(&*kept.catalog, &note).await?;
            let files = directory_store(settings, &state)?;
            let index = index(settings, &kept.catalog, &files, &clock);
            let recovery = FolderRecovery {
                index: Arc::clone(&index),
                catalog: kept.catalog,
                files,
            };
            (Recovery::Folders(recovery), index, Some(note))
        }
    };
    Ok(ToRecover {
        recovery,
        index,
        note,
        _lock: lock,
    })
}

/// Makes sure that there is no catalog, or one that was being made from the folders.
async fn begin_in_folders(catalog: &dyn Catalog, note: &Path) -> anyhow::Result<()> {
    let is_new = catalog.counts(&IndexName::main()).await?.files == 0
        && catalog.events_after(Serial(0), 1).await?.is_empty();
    ensure!(
        is_new || note.exists(),
        "there is a catalog, and it is not empty; one is made again only where there is none: `wheelhouse check` compares this one with the files, and every start of a server takes note of what has changed in the folders"
    );
    std::fs::write(note, b"").with_context(|| format!("cannot write {}", note.display()))
}
