//! File stores: where the bytes of an index are. [`DirectoryStore`] keeps every file as a plain
//! file in folders that people may change by hand, [`ObjectFileStore`] as objects of a store of
//! S3's kind, [`MemoryFileStore`] until the program ends.

pub mod directory;
pub mod memory;
pub mod objects;

pub use directory::{DirectoryOptions, DirectoryStore, WatchMode, is_local_file_system, writable};
pub use memory::MemoryFileStore;
pub use objects::{ObjectFileStore, ObjectsOptions};
