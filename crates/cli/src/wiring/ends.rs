//! The two ends of a move: an index that is there, served or not, and a place for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use tokio::time::{Instant, sleep};
use wheelhouse_index::ports::{Clock, FileStore, SystemClock};
use wheelhouse_store::catalog::{PostgresCatalog, WhenDamaged};
use wheelhouse_store::state::{StateError, StateFolder, StateLock};

use super::catalog::{TOKENS, Whole, kept};
use super::files::{directory_store, file_store, object_store};
use super::sqlite::SqlitePlace;
use super::{Wired, state_wishes, wire};
use crate::environment::Environment;
use crate::settings::{CatalogSettings, FileSettings, RunSettings};

/// How long files may take to come to rest that were written just before.
const SETTLING: Duration = Duration::from_secs(30);

/// An index that is there.
#[derive(Debug)]
pub(crate) struct SourceEnd {
    pub(crate) whole: Whole,
    pub(crate) files: Arc<dyn FileStore>,
    /// The key that tokens are made with.
    pub(crate) key: [u8; 32],
    /// Where it is, for people.
    pub(crate) place: String,
    /// The state folder of the server on this machine that serves it, if one does.
    pub(crate) served_from: Option<PathBuf>,
    _lock: Option<StateLock>,
    _wired: Option<Box<Wired>>,
}

/// A place for an index.
#[derive(Debug)]
pub(crate) struct TargetEnd {
    pub(crate) whole: Whole,
    pub(crate) files: Arc<dyn FileStore>,
    /// Where it is, for people.
    pub(crate) place: String,
    /// What is among the files already, if anything is.
    pub(crate) files_there: Option<String>,
    // Given back last.
    _lock: StateLock,
}

/// Opens the index that the settings name. If no server serves it, what is in its folders is looked
/// at first, as a server does at its start.
///
/// # Errors
/// Whatever cannot be opened, with what to do about it.
pub(crate) async fn source(
    settings: &RunSettings,
    environment: &Environment,
) -> anyhow::Result<SourceEnd> {
    let state = StateFolder::choose(&state_wishes(settings, environment))?;
    let folder = state
        .path()
        .with_context(|| format!("there is no catalog that could be copied: {}", state.note()))?;
    let place = place_of(settings, &state);
    match StateLock::take(folder) {
        Ok(lock) if matches!(settings.files, FileSettings::Folders) => {
            drop(lock);
            at_rest(settings, environment, place).await
        }
        Ok(lock) => {
            let clock: Arc<dyn Clock> = Arc::new(SystemClock);
            let kept = kept(settings, &state, &clock).await?;
            let whole = kept.whole.context("the catalog is in memory")?;
            let files = file_store(settings, &state, environment, kept.key, &kept.catalog).await?;
            Ok(SourceEnd {
                whole,
                files,
                key: kept.key,
                place,
                served_from: None,
                _lock: Some(lock),
                _wired: None,
            })
        }
        Err(StateError::InUse { path, .. }) => {
            let (whole, key) = beside_a_server(settings, &state).await?;
            let files = file_store(settings, &state, environment, key, &whole.catalog).await?;
            Ok(SourceEnd {
                whole,
                files,
                key,
                place,
                served_from: Some(path),
                _lock: None,
                _wired: None,
            })
        }
        Err(error) => Err(error.into()),
    }
}

async fn at_rest(
    settings: &RunSettings,
    environment: &Environment,
    place: String,
) -> anyhow::Result<SourceEnd> {
    let mut wired = Box::new(wire(settings, environment, None).await?);
    // What is there must be known before it is copied.
    let _ = (&mut wired.first_scan).await;
    let give_up = Instant::now() + SETTLING;
    while let Some(path) = wired.index.still_written().await? {
        if Instant::now() > give_up {
            bail!(
                "`{path}` is still being written, or was put there half: wait until it is whole, or take it away"
            );
        }
        sleep(Duration::from_millis(200)).await;
    }
    let whole = wired.whole.clone().context("the catalog is in memory")?;
    Ok(SourceEnd {
        whole,
        files: Arc::clone(&wired.files),
        key: wired.key,
        place,
        served_from: None,
        _lock: None,
        _wired: Some(wired),
    })
}

/// Opens the catalog of a server that runs.
async fn beside_a_server(
    settings: &RunSettings,
    state: &StateFolder,
) -> anyhow::Result<(Whole, [u8; 32])> {
    let none = |_: &mut [u8; 32]| Err(std::io::Error::other("there is none"));
    if let CatalogSettings::Postgres(address) = &settings.state.catalog {
        let catalog = PostgresCatalog::open(address, Arc::new(SystemClock)).await?;
        let key = catalog.shared_key(TOKENS, none).await?;
        return Ok((Whole::of(&Arc::new(catalog)), key));
    }
    let place = SqlitePlace::of(&settings.state.catalog, state);
    let catalog = place.context("the catalog is in memory")?.open_to_read()?;
    let key = state.token_key(none);
    let key = key.context("cannot read the key that tokens are made with")?;
    Ok((Whole::of(&Arc::new(catalog)), key))
}

/// Opens a place for an index whose tokens are made with `key`. What is there already may be what an
/// earlier try has left.
///
/// # Errors
/// Whatever cannot be opened, with what to do about it.
pub(crate) async fn target(
    settings: &RunSettings,
    environment: &Environment,
    key: [u8; 32],
) -> anyhow::Result<TargetEnd> {
    let state = StateFolder::choose(&state_wishes(settings, environment))?;
    let folder = state.path().with_context(|| {
        format!(
            "the place needs a state folder, and has none: {}; `state-dir` names one",
            state.note()
        )
    })?;
    let lock = match StateLock::take(folder) {
        Err(StateError::InUse { path, .. }) => bail!(
            "the state folder `{}` of the place that is to be filled is in use by a server: stop it, or name another folder there with `state-dir`",
            path.display()
        ),
        lock => lock?,
    };
    let copy = |new: &mut [u8; 32]| {
        new.copy_from_slice(&key);
        Ok(())
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (own_key, whole) = if let CatalogSettings::Postgres(address) = &settings.state.catalog {
        let catalog = Arc::new(PostgresCatalog::open(address, clock).await?);
        (catalog.shared_key(TOKENS, copy).await?, Whole::of(&catalog))
    } else {
        let place = SqlitePlace::of(&settings.state.catalog, &state);
        let place = place.context("the catalog would be in memory")?;
        let catalog = Arc::new(place.open(&clock, WhenDamaged::Refuse)?);
        (state.token_key(copy)?, Whole::of(&catalog))
    };
    let place = place_of(settings, &state);
    if own_key != key {
        bail!(
            "another index was kept at {place}: its key of tokens is another one; name an empty place, or empty that one with its state folder"
        );
    }
    let (files, files_there): (Arc<dyn FileStore>, _) = match &settings.files {
        FileSettings::Folders => {
            let there = settings
                .folders
                .roots
                .iter()
                .find_map(|root| first_in(root));
            (directory_store(settings, &state)?, there)
        }
        FileSettings::Objects(objects) => {
            let store = object_store(settings, objects, &state, environment, key).await?;
            let there = store.holds_files().await?;
            (
                Arc::new(store),
                there.then(|| format!("objects at {}", objects.place)),
            )
        }
    };
    Ok(TargetEnd {
        whole,
        files,
        place,
        files_there,
        _lock: lock,
    })
}

/// Returns something that is in a folder and not hidden.
fn first_in(root: &Path) -> Option<String> {
    let entries = std::fs::read_dir(root).ok()?;
    let names = entries.flatten().map(|entry| entry.path());
    let is_hidden = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default();
        name.as_encoded_bytes().starts_with(b".")
    };
    let mut others = names.filter(|path| !is_hidden(path));
    others.next().map(|path| path.display().to_string())
}

/// Says where an index is.
fn place_of(settings: &RunSettings, state: &StateFolder) -> String {
    let catalog = match &settings.state.catalog {
        CatalogSettings::Postgres(address) => address.to_string(),
        settings => SqlitePlace::of(settings, state).map_or_else(
            || "memory".to_owned(),
            |place| place.path.display().to_string(),
        ),
    };
    let files = match &settings.files {
        FileSettings::Folders => {
            let roots = settings.folders.roots.iter();
            let roots: Vec<_> = roots.map(|root| root.display().to_string()).collect();
            roots.join(", ")
        }
        FileSettings::Objects(objects) => objects.place.to_string(),
    };
    format!("{files} (catalog: {catalog})")
}

/// Makes sure that two ends are two places.
pub(crate) fn expect_apart(source: &SourceEnd, target: &TargetEnd) -> anyhow::Result<()> {
    if source.place == target.place {
        return Err(anyhow!("the index is at {} already", source.place));
    }
    Ok(())
}
