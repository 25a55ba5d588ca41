//! File stores: where the bytes of an index are. [`DirectoryStore`] keeps every file as a plain
//! file in folders that people may change by hand, [`MemoryFileStore`] until the program ends.

pub mod directory;
pub mod memory;

pub use directory::{DirectoryOptions, DirectoryStore, WatchMode, is_local_file_system, writable};
pub use memory::MemoryFileStore;
