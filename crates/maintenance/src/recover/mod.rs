//! Making a catalog again from what does not need one: from the sealed records of a store of contents,
//! or from the files in folders.

mod folders;
mod reading;
mod sealed;
#[cfg(test)]
mod tests;

use wheelhouse_index::ports::{FillError, StoreError};
use wheelhouse_index::withdrawn::MarksError;

pub use folders::FolderRecovery;
pub use reading::read_all;
pub use sealed::SealedRecovery;

/// A catalog cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// There is one already.
    #[error(
        "{0}; a catalog is made again only where there is none: move this one away first, or compare it with the files by `wheelhouse check`"
    )]
    NotEmpty(FillError),
    /// What was yanked and deleted cannot be read.
    #[error(transparent)]
    Marks(#[from] MarksError),
    /// A backend cannot do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a recovery came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recovered {
    /// Files that are listed.
    pub files: u64,
    /// What could not be proven.
    pub left: u64,
    /// What there is to know besides.
    pub notices: u64,
}
