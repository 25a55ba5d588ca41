//! The catalog in PostgreSQL, for any number of equal servers. What a commit has answered is on
//! the database's disk; what is asked is one statement wherever that can be.

mod access;
mod address;
mod changes;
mod commit;
mod copying;
mod downloads;
mod failure;
mod head;
mod journal;
mod keys;
mod learn;
mod marks;
mod pipeline;
mod plan;
mod pool;
mod read;
mod reads;
mod replicas;
mod row;
mod schema;
mod search;
mod upkeep;
mod writer;

use std::sync::Arc;

use async_trait::async_trait;
use deadpool_postgres::{Object, Pool};
use wheelhouse_index::change::{Change, Event, Learned};
use wheelhouse_index::identity::{IndexName, Serial, Timestamp};
use wheelhouse_index::mark::ProjectMark;
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{
    Catalog, Clock, Committed, Counts, NewProject, SearchHit, SearchTerms, StoreError,
};
use wheelhouse_index::record::{FileRecord, ProjectListing, ProjectSnapshot};
use wheelhouse_standards::metadata::CoreMetadata;
use wheelhouse_standards::name::ProjectKey;

use super::schema_state::SchemaState;
pub use address::{AddressError, PostgresAddress};
pub use changes::JournalChanges;
use failure::{BACKEND, Failure, Outcome};
use reads::Reads;
pub use replicas::PostgresReplicas;
use writer::Writer;

/// How many connections ask at the same time.
const READERS: usize = 12;

/// How many connections write: one changes of packages, the others what is kept besides.
const WRITERS: usize = 3;

/// How many connections renew the lease, look at the others', and hold what one alone may.
const FOLLOWERS: usize = 8;

/// Whoever changes who may do what takes this lock.
const ACCESS_LOCK: i64 = 0x5748_534C_0002;

/// The oldest version of PostgreSQL that has everything that is used.
const OLDEST_VERSION: i32 = 130_000;

/// A catalog in PostgreSQL.
#[derive(Debug)]
pub struct PostgresCatalog {
    reads: Reads,
    writes: Pool,
    writer: Writer,
    address: PostgresAddress,
}

/// Why a database is not used as a catalog. It is left as it is.
#[derive(Debug, thiserror::Error)]
enum OpenError {
    #[error("{0}")]
    Advice(String),
    #[error(
        "the catalog has schema version {found}, which programs that know version {compatible} can use, and this one knows versions up to {known}: use the newer program, or another database"
    )]
    Newer {
        found: u32,
        compatible: u32,
        known: u32,
    },
    #[error(
        "the database has the encoding {0}, which does not hold every name: make it with `createdb --encoding=UTF8 --template=template0`"
    )]
    Encoding(String),
    #[error("PostgreSQL {0} is too old: version 13 or a newer one is needed")]
    TooOld(String),
}

impl PostgresCatalog {
    /// Opens the catalog in a database, whose tables are made or brought up to date first.
    ///
    /// # Errors
    /// [`StoreError`], with what to do about it, if the database cannot be reached or used, or is
    /// one of a newer program that this one does not fit any more.
    pub async fn open(
        address: &PostgresAddress,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let operation = "open the catalog";
        let (pool, mut client) = first_connection(address, operation).await?;
        let failed = |failure| refused(address, &failure, operation);
        let state = schema::look(&client).await.map_err(failed)?;
        fitting(&state, operation)?;
        schema::migrate(&mut client).await.map_err(failed)?;
        let now_seconds = u64::try_from(clock.now().seconds()).unwrap_or(0);
        head::settle(&client, now_seconds).await.map_err(failed)?;
        drop(client);
        Ok(Self {
            reads: Reads::new(pool::pool(address, READERS).map_err(failed)?),
            writer: Writer::start(pool.clone()),
            writes: pool,
            address: address.clone(),
        })
    }

    /// Tells what the tables in a database are, and what opening it would do to them.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub async fn schema(address: &PostgresAddress) -> Result<SchemaState, StoreError> {
        let operation = "look at the tables of the catalog";
        let (_, client) = first_connection(address, operation).await?;
        let state = schema::look(&client).await;
        state.map_err(|failure| refused(address, &failure, operation))
    }

    /// Makes the tables in a database, or brings them up to date, and tells what they are then.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub async fn migrate(address: &PostgresAddress) -> Result<SchemaState, StoreError> {
        let operation = "change the tables of the catalog";
        let (_, mut client) = first_connection(address, operation).await?;
        let failed = |failure| refused(address, &failure, operation);
        let state = schema::look(&client).await.map_err(failed)?;
        fitting(&state, operation)?;
        schema::migrate(&mut client).await.map_err(failed)
    }

    /// Returns the head of the journal as it moves, whichever server makes the commits.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read now.
    pub async fn changes(&self) -> Result<JournalChanges, StoreError> {
        Ok(JournalChanges::follow(&self.address, self.head().await?))
    }

    /// Returns this server as one of those that use the same database, with connections of its own:
    /// no lease runs out because others write.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be asked now.
    pub async fn replicas(&self) -> Result<PostgresReplicas, StoreError> {
        let pool = pool::pool(&self.address, FOLLOWERS)
            .map_err(|failure| failure.into_store_error("make connections for replicas"))?;
        Ok(PostgresReplicas::new(pool, self.changes().await?))
    }

    /// Returns the key of a name that all servers over this database share. It is made with `fill`
    /// if there is none.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read or written.
    pub async fn shared_key(
        &self,
        name: &str,
        fill: impl FnOnce(&mut [u8; 32]) -> std::io::Result<()>,
    ) -> Result<[u8; 32], StoreError> {
        let operation = "read a key that all servers share";
        keys::shared_key(&self.writes, name, fill)
            .await
            .map_err(|error| match error {
                keys::KeyError::Failure(failure) => failure.into_store_error(operation),
                keys::KeyError::Random(error) => StoreError::new(BACKEND, operation, error),
            })
    }
}

/// Makes the first connection, and sees whether the database is one that can be used.
async fn first_connection(
    address: &PostgresAddress,
    operation: &'static str,
) -> Result<(Pool, Object), StoreError> {
    let failed = |failure| refused(address, &failure, operation);
    let pool = pool::pool(address, WRITERS).map_err(failed)?;
    let client = pool::connection(&pool).await.map_err(failed)?;
    let sql = "SELECT current_setting('server_encoding'), current_setting('server_version'),
         current_setting('server_version_num')::int, pg_is_in_recovery()";
    let look = async {
        let row = client.query_one(sql, &[]).await?;
        Ok::<(String, String, i32, bool), Failure>((
            row.try_get(0)?,
            row.try_get(1)?,
            row.try_get(2)?,
            row.try_get(3)?,
        ))
    };
    let (encoding, version, version_number, is_standby) = look.await.map_err(failed)?;
    let unfit = if version_number < OLDEST_VERSION {
        OpenError::TooOld(version)
    } else if encoding != "UTF8" {
        OpenError::Encoding(encoding)
    } else if is_standby {
        OpenError::Advice(format!(
            "{address} only reads, because it is a standby: name the primary in --catalog"
        ))
    } else {
        return Ok((pool, client));
    };
    Err(StoreError::new(BACKEND, operation, unfit))
}

fn fitting(state: &SchemaState, operation: &'static str) -> Result<(), StoreError> {
    if state.fits() {
        return Ok(());
    }
    let newer = OpenError::Newer {
        found: state.found,
        compatible: state.compatible,
        known: state.known,
    };
    Err(StoreError::new(BACKEND, operation, newer))
}

fn refused(address: &PostgresAddress, failure: &Failure, operation: &'static str) -> StoreError {
    let advice = OpenError::Advice(schema::advice(failure, address));
    StoreError::new(BACKEND, operation, advice).while_away(failure.is_away())
}

fn told<T>(operation: &'static str, outcome: Outcome<T>) -> Result<T, StoreError> {
    outcome.map_err(|failure| failure.into_store_error(operation))
}

#[async_trait]
impl Catalog for PostgresCatalog {
    async fn head(&self) -> Result<Serial, StoreError> {
        told(
            "read the head of the journal",
            read::head(&self.reads).await,
        )
    }

    async fn projects(&self, index: &IndexName) -> Result<ProjectListing, StoreError> {
        told(
            "list the projects",
            read::projects(&self.reads, index).await,
        )
    }

    async fn project(
        &self,
        index: &IndexName,
        project: &ProjectKey,
    ) -> Result<Option<ProjectSnapshot>, StoreError> {
        told(
            "read a project",
            read::project(&self.reads, index, project).await,
        )
    }

    async fn file(
        &self,
        index: &IndexName,
        path: &FilePath,
    ) -> Result<Option<FileRecord>, StoreError> {
        told(
            "read a file's record",
            read::file(&self.reads, index, path).await,
        )
    }

    async fn files_named(
        &self,
        index: &IndexName,
        file_name: &str,
    ) -> Result<Vec<FileRecord>, StoreError> {
        told(
            "find files by name",
            read::files_named(&self.reads, index, file_name).await,
        )
    }

    async fn files_after(
        &self,
        index: &IndexName,
        after: Option<&FilePath>,
        limit: usize,
    ) -> Result<Vec<FileRecord>, StoreError> {
        let page = read::page_after(&self.reads, read::FILES_AFTER, index, after, limit);
        told("list the files", page.await)
    }

    async fn unread_after(
        &self,
        index: &IndexName,
        after: Option<&FilePath>,
        limit: usize,
    ) -> Result<Vec<FileRecord>, StoreError> {
        let page = read::page_after(&self.reads, read::UNREAD_AFTER, index, after, limit);
        told("list the unread files", page.await)
    }

    async fn core_metadata(
        &self,
        index: &IndexName,
        path: &FilePath,
    ) -> Result<Option<CoreMetadata>, StoreError> {
        told(
            "read core metadata",
            read::core_metadata(&self.reads, index, path).await,
        )
    }

    async fn search(
        &self,
        index: &IndexName,
        terms: &SearchTerms,
        limit: usize,
    ) -> Result<Vec<SearchHit>, StoreError> {
        told(
            "search",
            search::search(&self.reads, index, terms, limit).await,
        )
    }

    async fn newest_files(
        &self,
        index: &IndexName,
        limit: usize,
    ) -> Result<Vec<FileRecord>, StoreError> {
        told(
            "list the newest files",
            read::newest_files(&self.reads, index, limit).await,
        )
    }

    async fn newest_projects(
        &self,
        index: &IndexName,
        limit: usize,
    ) -> Result<Vec<NewProject>, StoreError> {
        told(
            "list the newest projects",
            read::newest_projects(&self.reads, index, limit).await,
        )
    }

    async fn classifiers(&self, index: &IndexName) -> Result<Vec<String>, StoreError> {
        told(
            "list the classifiers",
            search::classifiers(&self.reads, index).await,
        )
    }

    async fn classified(
        &self,
        index: &IndexName,
        classifiers: &[String],
        limit: usize,
    ) -> Result<Vec<SearchHit>, StoreError> {
        told(
            "find files by classifiers",
            search::classified(&self.reads, index, classifiers, limit).await,
        )
    }

    async fn marks(
        &self,
        index: &IndexName,
        project: Option<&ProjectKey>,
    ) -> Result<Vec<ProjectMark>, StoreError> {
        told(
            "read the marks",
            marks::marks(&self.reads, index, project).await,
        )
    }

    async fn counts(&self, index: &IndexName) -> Result<Counts, StoreError> {
        told("count", read::counts(&self.reads, index).await)
    }

    async fn file_bytes(&self, index: &IndexName) -> Result<u64, StoreError> {
        let bytes = read::file_bytes(&self.reads, index).await;
        told("add up the sizes", bytes)
    }

    async fn last_events_of(
        &self,
        index: &IndexName,
        project: &ProjectKey,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        told(
            "read the journal of a project",
            journal::last_events_of(&self.reads, index, project, limit).await,
        )
    }

    async fn events_after(&self, serial: Serial, limit: usize) -> Result<Vec<Event>, StoreError> {
        told(
            "read the journal",
            journal::events_after(&self.reads, serial, limit).await,
        )
    }

    async fn serial_before(&self, moment: Timestamp) -> Result<Serial, StoreError> {
        told(
            "find a moment in the journal",
            journal::serial_before(&self.reads, moment).await,
        )
    }

    async fn commit(&self, change: Change) -> Result<Committed, StoreError> {
        told("record a change", self.writer.commit(change).await)
    }

    async fn learn(&self, index: &IndexName, learned: Vec<Learned>) -> Result<usize, StoreError> {
        told(
            "record what was read",
            self.writer.learn(index.clone(), learned).await,
        )
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.head().await.map(|_| ())
    }
}

#[cfg(test)]
mod tests;
