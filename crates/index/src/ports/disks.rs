//! The port for how much room the disks have.

use std::fmt;

/// The folders in which this server keeps something.
pub trait Disks: fmt::Debug + Send + Sync + 'static {
    /// Returns how much room there is at each place. May block, and for long where a disk is away.
    fn room(&self) -> Vec<DiskRoom>;
}

/// How much room one folder has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskRoom {
    /// What is kept there.
    pub kept: DiskUse,
    /// What people call the folder.
    pub place: String,
    /// Bytes that may still be written, and bytes in all; or `None` if nobody can tell.
    pub bytes: Option<(u64, u64)>,
}

/// What is kept in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DiskUse {
    /// Files of projects.
    Files,
    /// The catalog, or uploads under way: the state folder.
    State,
}
