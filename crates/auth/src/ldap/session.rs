//! One connection to a directory, and what is asked over it.

use std::collections::BTreeSet;
use std::time::Duration;

use ldap3::{
    Ldap, LdapConnAsync, LdapConnSettings, LdapError, Scope, SearchEntry, SearchOptions,
    ldap_escape,
};
use tokio::sync::SemaphorePermit;
use tokio::task::JoinHandle;
use wheelhouse_index::actor::Secret;
use wheelhouse_index::permission::GroupName;
use wheelhouse_index::ports::IdentifyError;

use super::LdapOptions;

/// How long connecting and each answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How deep groups may be in groups, and most groups of one user.
const MAX_DEPTH: usize = 10;
const MAX_GROUPS: usize = 500;
/// The result of a bind with a wrong password; with a name that nobody has; with an account that
/// must not sign in.
const INVALID_CREDENTIALS: u32 = 49;
const NO_SUCH_OBJECT: u32 = 32;
const INVALID_DN: u32 = 34;
const UNWILLING: u32 = 53;
const CONSTRAINT: u32 = 19;
const INAPPROPRIATE: u32 = 48;

/// One connection.
pub(super) struct Session<'d> {
    ldap: Ldap,
    driver: JoinHandle<()>,
    options: &'d LdapOptions,
    _permits: (SemaphorePermit<'d>, SemaphorePermit<'d>),
}

/// An entry of a user.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) dn: String,
    /// The name as the directory spells it.
    pub(super) name: String,
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl<'d> Session<'d> {
    /// Connects, and signs in who searches.
    pub(super) async fn open(
        options: &'d LdapOptions,
        permits: (SemaphorePermit<'d>, SemaphorePermit<'d>),
    ) -> Result<Self, IdentifyError> {
        let settings = LdapConnSettings::new()
            .set_conn_timeout(PATIENCE)
            .set_starttls(options.start_tls);
        let connecting = LdapConnAsync::with_settings(settings, &options.url.server);
        let (connection, ldap) = connecting.await.map_err(unavailable)?;
        let driver = tokio::spawn(async move {
            if let Err(error) = connection.drive().await {
                tracing::debug!("a connection to the directory ended: {error}");
            }
        });
        let mut session = Self {
            ldap,
            driver,
            options,
            _permits: permits,
        };
        session.become_reader().await?;
        Ok(session)
    }

    async fn become_reader(&mut self) -> Result<(), IdentifyError> {
        let Some((dn, password)) = &self.options.reader else {
            return Ok(());
        };
        self.ldap
            .with_timeout(PATIENCE)
            .simple_bind(dn, password.reveal())
            .await
            .and_then(ldap3::LdapResult::success)
            .map_err(|error| {
                tracing::error!("the directory refuses who searches (--ldap-bind): {error}");
                unavailable(error)
            })?;
        Ok(())
    }

    /// Returns the one entry of a user.
    pub(super) async fn user(&mut self, user: &str) -> Result<Option<Found>, IdentifyError> {
        let url = &self.options.url;
        let attribute = &url.attribute;
        let filter = format!("(&{}({attribute}={}))", url.filter, ldap_escape(user));
        let (base, scope) = (url.base.clone(), url.scope);
        let mut entries = self.search(&base, scope, &filter, attribute).await?;
        let Some(entry) = entries.pop() else {
            return Ok(None);
        };
        if !entries.is_empty() {
            tracing::warn!(
                user.name = user,
                "the directory has more than one entry of this name, so nobody is proven"
            );
            return Ok(None);
        }
        let values = entry
            .attrs
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(attribute))
            .map_or(&[][..], |(_, values)| values.as_slice());
        let spelled = values
            .iter()
            .find(|value| value.to_lowercase() == user.to_lowercase())
            .or(values.first());
        // The accounts of publishers have colons, and no user has.
        let name = spelled.filter(|name| {
            !name.is_empty() && !name.contains(|c: char| c.is_control() || c == ':')
        });
        Ok(name.map(|name| Found {
            dn: entry.dn.clone(),
            name: name.clone(),
        }))
    }

    /// Returns whether a password is that of an entry. Searches go on as before afterwards.
    pub(super) async fn proves(
        &mut self,
        dn: Option<&str>,
        password: &Secret,
    ) -> Result<bool, IdentifyError> {
        let nobody = format!("cn=nobody,{}", self.options.url.base);
        let bound = self
            .ldap
            .with_timeout(PATIENCE)
            .simple_bind(dn.unwrap_or(&nobody), password.reveal())
            .await
            .map_err(unavailable)?;
        let is_right = match bound.rc {
            0 => dn.is_some(),
            INVALID_CREDENTIALS | NO_SUCH_OBJECT | INVALID_DN | UNWILLING | CONSTRAINT
            | INAPPROPRIATE => false,
            _ => return Err(unavailable(LdapError::from(bound))),
        };
        if is_right {
            self.become_reader_again().await?;
        }
        Ok(is_right)
    }

    /// Searches as before, and not as whoever was proven: they may see less.
    async fn become_reader_again(&mut self) -> Result<(), IdentifyError> {
        if self.options.reader.is_some() {
            return self.become_reader().await;
        }
        let bound = self.ldap.with_timeout(PATIENCE).simple_bind("", "").await;
        bound
            .and_then(ldap3::LdapResult::success)
            .map_err(unavailable)?;
        Ok(())
    }

    /// Returns the groups of a user, and the groups that these are in.
    pub(super) async fn groups(
        &mut self,
        base: &str,
        found: &Found,
    ) -> Result<Vec<GroupName>, IdentifyError> {
        let (mut seen, mut names) = (BTreeSet::new(), BTreeSet::new());
        let user = format!("(memberUid={})", ldap_escape(found.name.as_str()));
        let mut wanted = vec![(found.dn.clone(), user)];
        for _ in 0..MAX_DEPTH {
            let mut next = Vec::new();
            for (dn, more) in wanted {
                let dn = ldap_escape(dn.as_str());
                let filter = format!("(|(member={dn})(uniqueMember={dn}){more})");
                for entry in self.search(base, Scope::Subtree, &filter, "cn").await? {
                    if seen.len() >= MAX_GROUPS || !seen.insert(entry.dn.to_lowercase()) {
                        continue;
                    }
                    let of_cn = entry
                        .attrs
                        .iter()
                        .find(|(name, _)| name.eq_ignore_ascii_case("cn"));
                    names.extend(of_cn.and_then(|(_, values)| values.first()).cloned());
                    next.push((entry.dn, String::new()));
                }
            }
            if next.is_empty() {
                break;
            }
            wanted = next;
        }
        Ok(names.iter().map(|name| GroupName::new(name)).collect())
    }

    async fn search(
        &mut self,
        base: &str,
        scope: Scope,
        filter: &str,
        attribute: &str,
    ) -> Result<Vec<SearchEntry>, IdentifyError> {
        const SIZE_LIMIT_EXCEEDED: u32 = 4;
        let limit = i32::try_from(MAX_GROUPS).unwrap_or(i32::MAX);
        let found = self
            .ldap
            .with_search_options(SearchOptions::new().sizelimit(limit))
            .with_timeout(PATIENCE)
            .search(base, scope, filter, vec![attribute])
            .await
            .map_err(unavailable)?;
        let (entries, result) = (found.0, found.1);
        match result.rc {
            0 | SIZE_LIMIT_EXCEEDED => {}
            NO_SUCH_OBJECT => return Ok(Vec::new()),
            _ => return Err(unavailable(LdapError::from(result))),
        }
        // Reading a malformed entry panics: that must cost no more than this request.
        let read =
            tokio::spawn(async move { entries.into_iter().map(SearchEntry::construct).collect() });
        read.await
            .map_err(|failure| IdentifyError::Unavailable(Box::new(failure)))
    }
}

fn unavailable(error: LdapError) -> IdentifyError {
    tracing::warn!("cannot ask the directory: {error}");
    IdentifyError::Unavailable(Box::new(error))
}
