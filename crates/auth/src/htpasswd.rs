//! Identities from a password file, which is read again when it changes.

mod source;
mod users;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use wheelhouse_index::actor::{Actor, Credentials, UserName};
use wheelhouse_index::permission::Principal;
use wheelhouse_index::ports::{IdentifyError, Identities};
use wheelhouse_standards::htpasswd::Htpasswd;

pub use self::source::{ReadCause, ReadError};
use self::source::{Seen, Source};
use self::users::Users;
use crate::checker::{Checker, Limits};

/// How a password file is used.
#[derive(Debug, Clone)]
pub struct HtpasswdOptions {
    /// Whether passwords that are stored as they are may be used. Default: no; such users are
    /// refused and named in the log.
    pub allow_plain_passwords: bool,
    /// How long a right pair of user and password is remembered. Default: 60 seconds.
    pub remember_for: Duration,
    /// How often the file is looked at, at most. Default: every second.
    pub look_every: Duration,
    /// How many passwords are checked at once. Default: the number of processors.
    pub max_running: NonZeroUsize,
    /// How many checks may wait for their turn. Default: 64.
    pub max_waiting: usize,
}

impl Default for HtpasswdOptions {
    fn default() -> Self {
        Self {
            allow_plain_passwords: false,
            remember_for: Duration::from_mins(1),
            look_every: Duration::from_secs(1),
            max_running: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            max_waiting: 64,
        }
    }
}

/// The users of one password file.
///
/// The file is read again when its size, times or place on the disk change. A disabled line is
/// named in the log once for each reading. When the file is gone or cannot be read, nobody can
/// sign in until it is back, and the log says so once: a deleted password file must not leave its
/// users with their rights.
#[derive(Debug, Clone)]
pub struct HtpasswdFile(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Source,
    allow_plain_passwords: bool,
    look_every: Duration,
    checker: Checker,
    /// What was last seen of the file. Held while the file is read, by blocking threads only.
    seen: Mutex<Option<Seen>>,
    users: RwLock<Result<Arc<Users>, Arc<ReadError>>>,
    /// When the file was last looked at. Held by the one request that looks.
    looked_at: tokio::sync::Mutex<Instant>,
}

impl HtpasswdFile {
    /// Reads the file and names its bad lines in the log. Blocks while it reads.
    ///
    /// # Errors
    /// [`OpenError`] if the file cannot be read, so that a program with a mistyped path does not
    /// start.
    pub fn open(path: PathBuf, options: &HtpasswdOptions) -> Result<Self, OpenError> {
        let limits = Limits {
            running: options.max_running,
            waiting: options.max_waiting,
            remember_for: options.remember_for,
        };
        let source = Source::new(path);
        let looked_at = Instant::now();
        let seen = source.read()?;
        let users = users_of(&source, &seen, options.allow_plain_passwords)?;
        Ok(Self(Arc::new(Inner {
            allow_plain_passwords: options.allow_plain_passwords,
            look_every: options.look_every,
            checker: Checker::new(limits).map_err(OpenError::Random)?,
            seen: Mutex::new(Some(seen.without_bytes())),
            users: RwLock::new(Ok(Arc::new(users))),
            looked_at: tokio::sync::Mutex::new(looked_at),
            source,
        })))
    }

    /// Returns the users, after a look at the file when one is due.
    async fn users(&self) -> Result<Arc<Users>, Arc<ReadError>> {
        // One request looks; those that come meanwhile go on with what is known, so that a file
        // system that hangs stops nobody else.
        if let Ok(mut looked_at) = self.0.looked_at.try_lock()
            && looked_at.elapsed() >= self.0.look_every
        {
            let inner = Arc::clone(&self.0);
            // A panic in there leaves the users as they were; the next look tries again.
            if let Err(error) = tokio::task::spawn_blocking(move || inner.look()).await {
                tracing::error!(%error, "looking at the password file failed");
            }
            *looked_at = Instant::now();
        }
        self.0
            .users
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[async_trait]
impl Identities for HtpasswdFile {
    async fn identify(
        &self,
        credentials: &Credentials,
    ) -> Result<Option<Principal>, IdentifyError> {
        let Credentials { user, password } = credentials;
        let users = match self.users().await {
            Ok(users) => users,
            Err(error) => return Err(IdentifyError::Unavailable(error.into())),
        };
        let Some(stored) = users.find(user) else {
            return Ok(None);
        };
        let is_right = self.0.checker.check(user, password, stored).await?;
        Ok(is_right.then(|| Principal::new(Actor::User(UserName::new(user)))))
    }

    async fn standing(&self, user: &UserName) -> Result<Option<[u8; 32]>, IdentifyError> {
        let users = match self.users().await {
            Ok(users) => users,
            Err(error) => return Err(IdentifyError::Unavailable(error.into())),
        };
        let stored = users.find(user.as_str());
        let known = stored.filter(|stored| !stored.is_decoy);
        Ok(known.map(|known| Sha256::digest(known.hash.reveal().as_bytes()).into()))
    }
}

impl Inner {
    /// Reads the file if it changed since it was last seen. Blocks while it reads.
    fn look(&self) {
        let mut last = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let read = match &*last {
            Some(last) => self.source.read_if_changed(last),
            None => self.source.read().map(Some),
        };
        let users = match read {
            Ok(None) => return,
            Ok(Some(seen)) => {
                let is_same = last.as_ref().is_some_and(|last| last.has_bytes_of(&seen));
                let users = if is_same {
                    None
                } else {
                    Some(users_of(&self.source, &seen, self.allow_plain_passwords))
                };
                *last = Some(seen.without_bytes());
                match users {
                    None => return,
                    Some(users) => users,
                }
            }
            Err(error) => {
                *last = None;
                Err(error)
            }
        };
        let mut known = self.users.write().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = &users
            && known.is_ok()
        {
            tracing::error!("{error}; nobody can sign in until it can be read again");
        }
        *known = users.map(Arc::new).map_err(Arc::new);
    }
}

fn users_of(source: &Source, seen: &Seen, allow_plain: bool) -> Result<Users, ReadError> {
    let file = Htpasswd::parse(seen.bytes()).map_err(|error| source.error(error))?;
    Ok(Users::new(file, source.path(), allow_plain))
}

/// A password file cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes for the key of remembered passwords: {0}")]
    Random(getrandom::Error),
}
