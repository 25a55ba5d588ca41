//! Catalogs: where the record of projects, files and events is kept. [`SqliteCatalog`] keeps it
//! in a file, [`PostgresCatalog`] in a database that several servers share, [`MemoryCatalog`] until
//! the program ends.

mod columns;
mod copying;
mod downloads;
mod effect;
mod matching;
pub mod memory;
pub mod postgres;
pub mod rows;
mod schema_state;
pub mod sqlite;
mod stored;
mod touched;

pub use memory::MemoryCatalog;
pub use postgres::{
    AddressError, JournalChanges, PostgresAddress, PostgresCatalog, PostgresReplicas,
};
pub use schema_state::{SchemaState, Step};
pub use sqlite::{SqliteCatalog, SqliteOptions, WhenDamaged};
