//! The catalog, and what is kept in the same place: a file, a database, or memory.

use std::sync::Arc;

use anyhow::Context;
use wheelhouse_auth::token::fill_random;
use wheelhouse_index::ports::{
    AccessStore, Catalog, CatalogHold, CatalogSource, CatalogTarget, Clock,
};
use wheelhouse_index::replica::Replica;
use wheelhouse_store::catalog::{
    MemoryCatalog, PostgresAddress, PostgresCatalog, SchemaState, SqliteCatalog, WhenDamaged,
};
use wheelhouse_store::state::StateFolder;

use super::people::token_key;
use super::sqlite::SqlitePlace;
use super::state_wishes;
use crate::environment::Environment;
use crate::settings::{CatalogSettings, RunSettings};

/// The name under which servers share the key of tokens in a database, and backups have it.
pub(crate) const TOKENS: &str = "tokens";

/// What is kept from one start to the next, besides packages.
pub(super) struct Kept {
    pub(super) catalog: Arc<dyn Catalog>,
    /// Who may do what: in the same place.
    pub(super) access_store: Arc<dyn AccessStore>,
    /// The key that tokens are made with.
    pub(super) key: [u8; 32],
    /// Where all that is and what it costs, as a sentence.
    pub(super) note: String,
    /// This server among those that use the same catalog.
    pub(super) replica: Arc<Replica>,
    /// The catalog as a whole, unless it is in memory.
    pub(super) whole: Option<Whole>,
}

/// A catalog in a database, as something that is copied, filled and held still.
#[derive(Debug, Clone)]
pub(crate) struct Whole {
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) rows: Arc<dyn CatalogSource>,
    pub(crate) fill: Arc<dyn CatalogTarget>,
    pub(crate) hold: Arc<dyn CatalogHold>,
}

impl Whole {
    pub(super) fn of<C>(catalog: &Arc<C>) -> Self
    where
        C: Catalog + CatalogSource + CatalogTarget + CatalogHold,
    {
        Self {
            catalog: Arc::clone(catalog) as _,
            rows: Arc::clone(catalog) as _,
            fill: Arc::clone(catalog) as _,
            hold: Arc::clone(catalog) as _,
        }
    }

    /// Makes sure that the catalog is one that a server may start over.
    pub(super) async fn expect_usable(&self) -> anyhow::Result<()> {
        if let Some(hold) = self.hold.held().await?
            && hold.has_moved
        {
            anyhow::bail!(
                "this index has moved to {}: start the server with the settings of that place, or move it back with `wheelhouse move-to`",
                hold.to
            );
        }
        if let Some(name) = self.hold.being_filled().await? {
            anyhow::bail!(
                "this catalog is being filled (`{name}`), and does not hold everything yet: run the same command again, which goes on where it stopped, or begin with an empty catalog"
            );
        }
        Ok(())
    }
}

/// Opens the catalog that the settings name.
pub(super) async fn kept(
    settings: &RunSettings,
    state: &StateFolder,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Kept> {
    let note = match &settings.state.catalog {
        CatalogSettings::Postgres(address) => return in_postgres(address, state, clock).await,
        CatalogSettings::Sqlite(path) => {
            format!("{}; the catalog is in `{}`", state.note(), path.display())
        }
        CatalogSettings::StateFolder => state.note().to_owned(),
    };
    let (catalog, access_store, whole) = in_file(&settings.state.catalog, state, clock)?;
    Ok(Kept {
        whole,
        catalog,
        access_store,
        key: token_key(state)?,
        note,
        replica: Replica::alone(),
    })
}

/// Opens a catalog that other servers may use at the same time. All make tokens with one key.
async fn in_postgres(
    address: &PostgresAddress,
    state: &StateFolder,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Kept> {
    let catalog = Arc::new(PostgresCatalog::open(address, Arc::clone(clock)).await?);
    let key = shared_token_key(&catalog).await?;
    let note = match state.path() {
        Some(folder) => format!(
            "the catalog is in {address}; the socket for this machine is in `{}`",
            folder.display()
        ),
        None => format!("the catalog is in {address}"),
    };
    let replicas = catalog.replicas().await?;
    Ok(Kept {
        whole: Some(Whole::of(&catalog)),
        catalog: Arc::clone(&catalog) as _,
        access_store: catalog,
        key,
        note,
        replica: Replica::among(Arc::new(replicas)),
    })
}

/// Returns the key that all servers over a database make tokens with.
pub(super) async fn shared_token_key(catalog: &PostgresCatalog) -> anyhow::Result<[u8; 32]> {
    Ok(catalog.shared_key(TOKENS, fill_random).await?)
}

/// A catalog, what is kept with it, and all of it as a whole.
type Opened = (Arc<dyn Catalog>, Arc<dyn AccessStore>, Option<Whole>);

fn in_file(
    settings: &CatalogSettings,
    state: &StateFolder,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Opened> {
    let in_memory = || {
        let catalog = Arc::new(MemoryCatalog::new(&**clock));
        (Arc::clone(&catalog) as _, catalog as _, None)
    };
    let Some(place) = SqlitePlace::of(settings, state) else {
        return Ok(in_memory());
    };
    let is_named = matches!(settings, CatalogSettings::Sqlite(_));
    let when_damaged = if is_named {
        // Somebody has named this file: then somebody can say what becomes of it.
        WhenDamaged::Refuse
    } else {
        WhenDamaged::BeginAnew
    };
    match place.open(clock, when_damaged) {
        Ok(catalog) => {
            let catalog = Arc::new(catalog);
            let whole = Whole::of(&catalog);
            Ok((Arc::clone(&catalog) as _, catalog as _, Some(whole)))
        }
        // What is there can still be served, which matters more than the journal.
        Err(error) if !is_named && state.is_full() => {
            tracing::error!(
                "the disk of the state folder is full: the catalog is kept in memory until the next start; make room and start again ({error})"
            );
            Ok(in_memory())
        }
        Err(error) => Err(error.into()),
    }
}

/// Brings the tables of the catalog up to date, or only looks at them, and returns where the catalog
/// is and what its tables are then.
///
/// # Errors
/// Whatever cannot be opened, with what to do about it.
pub(crate) async fn migrate(
    settings: &RunSettings,
    environment: &Environment,
    may_change: bool,
) -> anyhow::Result<(String, SchemaState)> {
    if let CatalogSettings::Postgres(address) = &settings.state.catalog {
        let state = if may_change {
            PostgresCatalog::migrate(address).await?
        } else {
            PostgresCatalog::schema(address).await?
        };
        return Ok((address.to_string(), state));
    }
    let state = StateFolder::choose(&state_wishes(settings, environment))?;
    let place = SqlitePlace::of(&settings.state.catalog, &state)
        .context("the catalog is in memory: there are no tables to look at")?;
    let path = place.path;
    let state = if may_change {
        SqliteCatalog::migrate(&path)?
    } else {
        SqliteCatalog::schema(&path)?
    };
    Ok((format!("`{}`", path.display()), state))
}
