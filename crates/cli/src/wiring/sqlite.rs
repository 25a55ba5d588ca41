//! Where a catalog in a file is, and how it is opened.

use std::path::PathBuf;
use std::sync::Arc;

use wheelhouse_index::ports::{Clock, StoreError};
use wheelhouse_store::catalog::{SqliteCatalog, SqliteOptions, WhenDamaged};
use wheelhouse_store::state::StateFolder;

use crate::settings::CatalogSettings;

/// A catalog in a file, and the mark that its serials never reach.
#[derive(Debug, Clone)]
pub(super) struct SqlitePlace {
    pub(super) path: PathBuf,
    mark: Option<PathBuf>,
}

impl SqlitePlace {
    /// Returns the file that the settings name, or else the one in the state folder. `None` if the
    /// catalog is in a database or in memory.
    pub(super) fn of(settings: &CatalogSettings, state: &StateFolder) -> Option<Self> {
        match settings {
            CatalogSettings::Postgres(_) => None,
            CatalogSettings::Sqlite(path) => {
                let mut mark = path.as_os_str().to_owned();
                mark.push(".serial");
                Some(Self {
                    path: path.clone(),
                    mark: Some(mark.into()),
                })
            }
            CatalogSettings::StateFolder => Some(Self {
                path: state.catalog_file()?,
                mark: state.serial_mark_file(),
            }),
        }
    }

    /// Opens it, and makes it if it is not there.
    pub(super) fn open(
        &self,
        clock: &Arc<dyn Clock>,
        when_damaged: WhenDamaged,
    ) -> Result<SqliteCatalog, StoreError> {
        let options = SqliteOptions {
            clock: Arc::clone(clock),
            serial_mark: self.mark.clone(),
            when_damaged,
        };
        SqliteCatalog::open(&self.path, &options)
    }

    /// Opens it for reading alone, also beside a server.
    pub(super) fn open_to_read(&self) -> Result<SqliteCatalog, StoreError> {
        SqliteCatalog::open_to_read(&self.path, self.mark.clone())
    }
}
