//! The store of the files: folders, or objects.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use uuid::Uuid;
use wheelhouse_auth::token::TokenKey;
use wheelhouse_index::identity::{IndexName, Serial};
use wheelhouse_index::ports::{Catalog, FileStore};
use wheelhouse_store::files::directory::{self, DirectoryOptions, DirectoryStore};
use wheelhouse_store::files::objects::{self, ObjectFileStore, ObjectsOptions};
use wheelhouse_store::state::StateFolder;
use wheelhouse_upstream::{Proxies, client_for_objects};

use crate::environment::Environment;
use crate::settings::{FileSettings, ObjectSettings, RunSettings, WatchMode};

/// Opens the store of the files that the settings name.
pub(super) async fn file_store(
    settings: &RunSettings,
    state: &StateFolder,
    environment: &Environment,
    key: [u8; 32],
    catalog: &Arc<dyn Catalog>,
) -> anyhow::Result<Arc<dyn FileStore>> {
    if let FileSettings::Objects(objects) = &settings.files {
        let store = object_store(settings, objects, state, environment, key).await?;
        expect_catalog(&store, objects, &**catalog).await?;
        return Ok(Arc::new(store));
    }
    directory_store(settings, state)
}

/// Opens the folders of the files.
pub(super) fn directory_store(
    settings: &RunSettings,
    state: &StateFolder,
) -> anyhow::Result<Arc<dyn FileStore>> {
    let options = DirectoryOptions {
        watch: match settings.folders.watch {
            WatchMode::Auto => directory::WatchMode::Auto,
            WatchMode::Poll => directory::WatchMode::Poll,
        },
        scan_interval: settings.folders.scan_interval,
        listed_hash: settings.pages.hash_algorithm,
        state_folder: state.path().map(Into::into),
        ..DirectoryOptions::default()
    };
    let store = DirectoryStore::new(settings.folders.roots.clone(), options)?;
    Ok(Arc::new(store))
}

/// Returns the id of the index whose tokens are made with `key`.
pub(crate) fn owner_of(key: [u8; 32]) -> Uuid {
    let mut owner = [0; 16];
    owner.copy_from_slice(&TokenKey::new(key).derived("owner of objects")[..16]);
    Uuid::from_bytes(owner)
}

/// Opens the store of the objects. It belongs to the index whose tokens are made with `key`.
pub(super) async fn object_store(
    settings: &RunSettings,
    objects: &ObjectSettings,
    state: &StateFolder,
    environment: &Environment,
    key: [u8; 32],
) -> anyhow::Result<ObjectFileStore> {
    let (access, options) = object_access(settings, objects, state, environment, key)?;
    std::fs::create_dir_all(&options.spool)
        .with_context(|| format!("cannot make the folder {}", options.spool.display()))?;
    Ok(ObjectFileStore::open(access, options).await?)
}

/// Returns the way to the objects, and what is to be known of them.
pub(super) fn object_access(
    settings: &RunSettings,
    objects: &ObjectSettings,
    state: &StateFolder,
    environment: &Environment,
    key: [u8; 32],
) -> anyhow::Result<(objects::Access, ObjectsOptions)> {
    let folder = state.path().ok_or_else(|| {
        anyhow!(
            "what is received stands in the state folder until it is an object, and nothing can be written there; name a folder with --state-dir"
        )
    })?;
    let spool = folder.join("incoming");
    let owner = owner_of(key);
    let options = ObjectsOptions {
        listed_hash: settings.pages.hash_algorithm,
        ..ObjectsOptions::new(&objects.place, IndexName::main(), owner, spool)
    };
    let agent = concat!("wheelhouse/", env!("CARGO_PKG_VERSION"));
    let proxies = Proxies::from_variables(&|name| environment.text(name));
    let client = client_for_objects(agent, &proxies)?;
    let access = objects::Access::to(&objects.place, &objects.surroundings, client)?;
    Ok((access, options))
}

/// Makes sure that a catalog without anything in it does not stand for objects that are there: it
/// was lost, or damaged and put aside.
async fn expect_catalog(
    store: &ObjectFileStore,
    objects: &ObjectSettings,
    catalog: &dyn Catalog,
) -> anyhow::Result<()> {
    let is_new = catalog.counts(&IndexName::main()).await?.files == 0
        && catalog.events_after(Serial(0), 1).await?.is_empty();
    anyhow::ensure!(
        !is_new || !store.holds_files().await?,
        "the catalog is empty, but `{}` holds files of this index, and only a catalog knows their names; put the catalog back into the state folder (one that was damaged is kept there under another name), restore a backup, or make it again from the files' sealed records with `wheelhouse recover`",
        objects.place
    );
    Ok(())
}
