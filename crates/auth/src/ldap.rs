//! Users and groups of an LDAP directory.
//!
//! A user is searched by name, then a bind with the password proves the user, as Apache's
//! `mod_authnz_ldap` does it. Whoever was proven is remembered for a minute, so that an installer
//! does not ask the directory for every file.
//!
//! Standards: RFC 4511 (LDAP), RFC 4515 (search filters), RFC 4516 (LDAP URLs).

mod address;
mod session;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hmac::{Hmac, KeyInit as _, Mac as _};
use moka::future::Cache;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use wheelhouse_index::actor::{Actor, Credentials, Secret, UserName};
use wheelhouse_index::permission::{GroupName, Principal};
use wheelhouse_index::ports::{IdentifyError, Identities};
use zeroize::Zeroizing;

pub use self::address::{LdapUrl, LdapUrlError};
use self::session::{Found, Session};

/// How long somebody who was proven is remembered, and groups are. For as long a user who was
/// removed from the directory may go on.
const REMEMBERED: Duration = Duration::from_mins(1);
/// Most of both that are remembered.
const MAX_REMEMBERED: u64 = 10_000;
/// How many connections are open at once, and how many requests wait for one.
const MAX_CONNECTIONS: usize = 8;
const MAX_WAITING: usize = 64;
/// Longest name and password that the directory is asked about, in bytes.
const MAX_BYTES: usize = 1_024;

/// How a directory is asked.
#[derive(Debug, Clone)]
pub struct LdapOptions {
    /// Where it is, and where users are in it.
    pub url: LdapUrl,
    /// Whether the connection is secured with `StartTLS` before anything is said.
    pub start_tls: bool,
    /// Who searches: a distinguished name and its password. Without, nobody in particular does.
    pub reader: Option<(String, Secret)>,
    /// Under which distinguished name groups are. Without, nobody has groups from here.
    pub groups: Option<String>,
}

/// A directory.
#[derive(Debug)]
pub struct LdapDirectory {
    options: LdapOptions,
    key: Zeroizing<[u8; 32]>,
    proven: Cache<[u8; 32], Arc<Known>>,
    groups: Cache<String, Arc<[GroupName]>>,
    standing: Cache<String, Option<[u8; 32]>>,
    /// One permit for each request that asks or waits.
    places: Semaphore,
    /// One permit for each connection.
    connections: Semaphore,
}

/// What was found about somebody.
#[derive(Debug)]
struct Known {
    name: UserName,
    groups: Arc<[GroupName]>,
}

impl LdapDirectory {
    /// Makes ready to ask a directory. Nothing is asked yet: it may be away for a while.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn new(options: LdapOptions) -> Result<Self, getrandom::Error> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(key.as_mut_slice())?;
        Ok(Self {
            options,
            key,
            proven: remembered(),
            groups: remembered(),
            standing: remembered(),
            places: Semaphore::new(MAX_CONNECTIONS + MAX_WAITING),
            connections: Semaphore::new(MAX_CONNECTIONS),
        })
    }

    /// Returns under what a right pair is remembered. It tells nothing without the key.
    fn fingerprint(&self, user: &str, password: &Secret) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.as_slice())
            .expect("a key of any length will do");
        mac.update(&(user.len() as u64).to_be_bytes());
        mac.update(user.as_bytes());
        mac.update(password.reveal().as_bytes());
        mac.finalize().into_bytes().into()
    }

    async fn prove(&self, user: &str, password: &Secret) -> Result<Option<Known>, IdentifyError> {
        let mut session = self.session().await?;
        let found = session.user(user).await?;
        let dn = found.as_ref().map(|found| found.dn.as_str());
        // For an unknown user a bind is asked for all the same, so that it takes as long.
        let is_right = session.proves(dn, password).await?;
        let Some(found) = found.filter(|_| is_right) else {
            return Ok(None);
        };
        let groups = self.groups_in(&mut session, &found).await?;
        Ok(Some(Known {
            name: UserName::new(&found.name),
            groups,
        }))
    }

    async fn groups_in(
        &self,
        session: &mut Session<'_>,
        found: &Found,
    ) -> Result<Arc<[GroupName]>, IdentifyError> {
        let Some(base) = &self.options.groups else {
            return Ok(Arc::new([]));
        };
        Ok(session.groups(base, found).await?.into())
    }

    async fn look_up_groups(&self, user: &str) -> Result<Arc<[GroupName]>, IdentifyError> {
        let mut session = self.session().await?;
        match session.user(user).await? {
            Some(found) => self.groups_in(&mut session, &found).await,
            None => Ok(Arc::new([])),
        }
    }

    /// Returns a mark of the entry of a user: which it is, and not its password, which the directory
    /// shows nobody.
    async fn look_up_standing(&self, user: &str) -> Result<Option<[u8; 32]>, IdentifyError> {
        let mut session = self.session().await?;
        let found = session.user(user).await?;
        Ok(found.map(|found| Sha256::digest(found.dn.as_bytes()).into()))
    }

    async fn session(&self) -> Result<Session<'_>, IdentifyError> {
        let place = self.places.try_acquire();
        let place = place.map_err(|_| IdentifyError::Busy)?;
        let turn = self.connections.acquire().await;
        let turn = turn.map_err(|_| IdentifyError::Busy)?;
        Session::open(&self.options, (place, turn)).await
    }
}

fn remembered<K, V>() -> Cache<K, V>
where
    K: std::hash::Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder()
        .max_capacity(MAX_REMEMBERED)
        .time_to_live(REMEMBERED)
        .build()
}

#[async_trait]
impl Identities for LdapDirectory {
    async fn identify(
        &self,
        credentials: &Credentials,
    ) -> Result<Option<Principal>, IdentifyError> {
        let Credentials { user, password } = credentials;
        // A bind without a password succeeds: it proves nobody.
        let is_askable = |text: &str| !text.is_empty() && text.len() <= MAX_BYTES;
        if !is_askable(user) || !is_askable(password.reveal()) {
            return Ok(None);
        }
        let key = self.fingerprint(user, password);
        let known = match self.proven.get(&key).await {
            Some(known) => known,
            None => match self.prove(user, password).await? {
                Some(known) => {
                    let known = Arc::new(known);
                    self.proven.insert(key, Arc::clone(&known)).await;
                    known
                }
                None => return Ok(None),
            },
        };
        let actor = Actor::User(known.name.clone());
        Ok(Some(
            Principal::new(actor).in_groups(known.groups.iter().cloned()),
        ))
    }

    async fn standing(&self, user: &UserName) -> Result<Option<[u8; 32]>, IdentifyError> {
        let name = user.as_str();
        if name.is_empty() || name.len() > MAX_BYTES {
            return Ok(None);
        }
        let found = self
            .standing
            .try_get_with_by_ref(name, self.look_up_standing(name));
        found.await.map_err(|error| match &*error {
            IdentifyError::Busy => IdentifyError::Busy,
            other @ IdentifyError::Unavailable(_) => {
                IdentifyError::Unavailable(other.to_string().into())
            }
        })
    }

    async fn groups_of(&self, user: &UserName) -> Vec<GroupName> {
        let name = user.as_str();
        if self.options.groups.is_none() || name.is_empty() || name.len() > MAX_BYTES {
            return Vec::new();
        }
        // Those who ask for the same one meanwhile wait for one answer. A failure is not kept.
        let found = self
            .groups
            .try_get_with_by_ref(name, self.look_up_groups(name));
        match found.await {
            Ok(groups) => groups.to_vec(),
            Err(error) => {
                tracing::error!(
                    user.name = name,
                    "cannot ask the directory for groups: {error}"
                );
                Vec::new()
            }
        }
    }
}
