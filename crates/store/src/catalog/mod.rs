//! Catalogs: where the record of projects, files and events is kept. [`SqliteCatalog`] keeps it
//! in a file, [`MemoryCatalog`] until the program ends.

mod effect;
mod matching;
pub mod memory;
pub mod sqlite;
mod touched;

pub use memory::MemoryCatalog;
pub use sqlite::{SqliteCatalog, SqliteOptions};
