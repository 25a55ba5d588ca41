//! What can go wrong inside, before it is told to the index as a [`StoreError`].

use std::sync::Arc;

use wheelhouse_index::ports::StoreError;

use crate::catalog::stored::BadRow;

/// The name of this backend in errors.
pub(super) const BACKEND: &str = "sqlite";

/// Why an operation on the database failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// SQLite says so.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// A row holds something that this program never writes.
    #[error(transparent)]
    Row(#[from] BadRow),
    /// The folder of the database cannot be used.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The whole group of commits that this one was part of could not be made durable.
    #[error(transparent)]
    Group(Arc<Failure>),
    /// SQLite gave up the whole transaction because of another change in it.
    #[error("the transaction was undone because another change in it failed")]
    Undone,
    /// The catalog is held still.
    #[error("{0}")]
    Held(String),
    /// The thread that would do it is gone.
    #[error("the catalog is closed")]
    Closed,
    /// It was opened by somebody who is to change nothing.
    #[error("the catalog was opened for reading alone")]
    ReadAlone,
}

pub(super) type Outcome<T> = Result<T, Failure>;

impl Failure {
    /// Makes the failure of a row whose `field` cannot be understood.
    pub(super) fn row(field: &str, why: impl std::fmt::Display) -> Self {
        Self::Row(BadRow::new(field, why))
    }

    /// Tells whether the database's file is damaged, or no database at all.
    pub(super) fn is_damage(&self) -> bool {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        match self {
            Self::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(DatabaseCorrupt | NotADatabase)
            ),
            Self::Group(failure) => failure.is_damage(),
            Self::Row(_)
            | Self::Io(_)
            | Self::Undone
            | Self::Held(_)
            | Self::Closed
            | Self::ReadAlone => false,
        }
    }

    /// Tells whether there was no room on the disk.
    fn is_full(&self) -> bool {
        match self {
            Self::Sqlite(error) => error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull),
            Self::Io(error) => error.kind() == std::io::ErrorKind::StorageFull,
            Self::Group(failure) => failure.is_full(),
            Self::Row(_) | Self::Undone | Self::Held(_) | Self::Closed | Self::ReadAlone => false,
        }
    }

    /// Tells the failure of `operation` to the index.
    pub(super) fn into_store_error(self, operation: &'static str) -> StoreError {
        let (is_full, is_held) = (self.is_full(), matches!(self, Self::Held(_)));
        StoreError::new(BACKEND, operation, self)
            .for_want_of_room(is_full)
            .while_held(is_held)
    }
}
