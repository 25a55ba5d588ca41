//! What can go wrong inside, before it is told to the index as a [`StoreError`].

use std::error::Error as _;
use std::sync::Arc;

use deadpool_postgres::{HookError, PoolError};
use tokio_postgres::error::SqlState;
use wheelhouse_index::ports::StoreError;

use crate::catalog::stored::BadRow;

/// The name of this backend in errors.
pub(super) const BACKEND: &str = "postgres";

/// What a trigger says of a catalog that is held still.
const HELD_CODE: &str = "WH001";

/// Why an operation on the database failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// PostgreSQL says so, or the way to it does.
    #[error("{}", told(.0))]
    Postgres(#[from] tokio_postgres::Error),
    /// No connection could be made.
    #[error("{}", told(.0))]
    Connect(tokio_postgres::Error),
    /// All connections are in use, or a new one is not made in time.
    #[error("{0}")]
    Busy(&'static str),
    /// A row holds something that this program never writes.
    #[error(transparent)]
    Row(#[from] BadRow),
    /// A text has a NUL character, which PostgreSQL keeps in no text.
    #[error("the {0} holds a NUL character")]
    Nul(&'static str),
    /// The whole group of commits that this one was part of was not recorded.
    #[error(transparent)]
    Group(Arc<Failure>),
    /// The connection was lost while a commit was under way, and the database did not come back
    /// to say what became of it.
    #[error("the connection was lost while this was recorded; whether it was is not known")]
    Unknown,
    /// The task that would do it is gone.
    #[error("the catalog is closed")]
    Closed,
}

pub(super) type Outcome<T> = Result<T, Failure>;

/// Which kind of trouble a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The database cannot be asked for now.
    Away,
    /// It wants another user or password.
    Refused,
    /// There is no database of this name.
    NoDatabase,
    /// It only reads: it is a standby.
    Standby,
    /// The user may not do this.
    Forbidden,
    /// There is no room on its disk.
    Full,
    /// Something else.
    Other,
}

impl Failure {
    /// Tells which kind of trouble this is.
    pub(super) fn trouble(&self) -> Trouble {
        match self {
            Self::Postgres(error) => trouble_of(error),
            Self::Connect(error) => match trouble_of(error) {
                Trouble::Other => Trouble::Away,
                trouble => trouble,
            },
            Self::Group(failure) => failure.trouble(),
            Self::Busy(_) | Self::Unknown | Self::Closed => Trouble::Away,
            Self::Row(_) | Self::Nul(_) => Trouble::Other,
        }
    }

    /// Tells whether the database cannot be asked or written for now, through no fault of what was
    /// asked.
    pub(super) fn is_away(&self) -> bool {
        matches!(
            self.trouble(),
            Trouble::Away | Trouble::Refused | Trouble::NoDatabase | Trouble::Standby
        )
    }

    /// Tells whether the same may go well on another connection: this one is lost.
    pub(super) fn is_lost_connection(&self) -> bool {
        match self {
            Self::Postgres(error) => {
                let is_ended = error.code().is_some_and(|code| {
                    [
                        SqlState::ADMIN_SHUTDOWN,
                        SqlState::CRASH_SHUTDOWN,
                        SqlState::IDLE_SESSION_TIMEOUT,
                    ]
                    .contains(code)
                });
                is_ended || error.code().is_none() && trouble_of(error) == Trouble::Away
            }
            // Another one was not to be had either.
            _ => false,
        }
    }

    /// Tells whether the transaction was given up for the sake of another one.
    pub(super) fn is_conflict(&self) -> bool {
        let conflicts = [
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::T_R_DEADLOCK_DETECTED,
        ];
        matches!(self, Self::Postgres(error)
            if error.code().is_some_and(|code| conflicts.contains(code)))
    }

    /// Tells whether the catalog is held still, while it is copied.
    fn is_held(&self) -> bool {
        match self {
            Self::Postgres(error) => error.code().is_some_and(|code| code.code() == HELD_CODE),
            Self::Group(failure) => failure.is_held(),
            _ => false,
        }
    }

    /// Tells whether it may have been done all the same.
    fn is_undecided(&self) -> bool {
        match self {
            Self::Unknown => true,
            Self::Group(failure) => failure.is_undecided(),
            _ => false,
        }
    }

    /// Tells the failure of `operation` to the index.
    pub(super) fn into_store_error(self, operation: &'static str) -> StoreError {
        let (is_full, is_away) = (self.trouble() == Trouble::Full, self.is_away());
        let (is_held, is_undecided) = (self.is_held(), self.is_undecided());
        StoreError::new(BACKEND, operation, self)
            .for_want_of_room(is_full)
            .while_away(is_away)
            .while_held(is_held)
            .while_undecided(is_undecided)
    }
}

impl From<PoolError> for Failure {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
                Self::Connect(error)
            }
            PoolError::Timeout(_) => {
                Self::Busy("no connection to the database could be had in time")
            }
            PoolError::Closed => Self::Closed,
            PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => {
                Self::Busy("no connection to the database could be made ready")
            }
        }
    }
}

fn trouble_of(error: &tokio_postgres::Error) -> Trouble {
    let Some(code) = error.code() else {
        // No answer of the database: a socket that broke, a name that has no address, a time that
        // was up. What only a mistake of ours could cause has other texts.
        let is_io = error.is_closed()
            || error
                .source()
                .is_some_and(|source| source.downcast_ref::<std::io::Error>().is_some());
        let text = error.to_string();
        let is_connecting = text.starts_with("error connecting") || text.contains("timeout");
        return if is_io || is_connecting {
            Trouble::Away
        } else if text.contains("password missing") || text.contains("authentication") {
            Trouble::Refused
        } else {
            Trouble::Other
        };
    };
    match code.code() {
        "28P01" | "28000" => Trouble::Refused,
        "3D000" => Trouble::NoDatabase,
        "25006" => Trouble::Standby,
        "42501" => Trouble::Forbidden,
        "53100" => Trouble::Full,
        // Too many connections, no memory; it stops or starts; a lock or an answer that takes long; it
        // is held still, while it is copied.
        "53000" | "53200" | "53300" | "53400" | "57P01" | "57P02" | "57P03" | "57P05" | "55P03"
        | "57014" | "40001" | "40P01" | HELD_CODE => Trouble::Away,
        code if code.starts_with("08") => Trouble::Away,
        _ => Trouble::Other,
    }
}

/// Returns what an error says, with its cause.
fn told(error: &tokio_postgres::Error) -> String {
    if let Some(error) = error.as_db_error() {
        return match error.detail() {
            Some(detail) => format!("{} ({detail})", error.message()),
            None => error.message().to_owned(),
        };
    }
    match error.source() {
        Some(source) => {
            let (text, cause) = (error.to_string(), source.to_string());
            if text.contains(&cause) {
                text
            } else {
                format!("{text}: {cause}")
            }
        }
        None => error.to_string(),
    }
}
