//! All sources of identities, asked in turn: tokens, then the password file and the
//! directory. Whoever is found gets
//! the groups that are known of them, unless the account is disabled.

use std::sync::Arc;

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use wheelhouse_index::access::{Access, NewToken, TokenRecord};
use wheelhouse_index::actor::{Actor, Credentials, Secret, UserName};
use wheelhouse_index::identity::Timestamp;
use wheelhouse_index::permission::{GroupName, Limit, Principal};
use wheelhouse_index::ports::{Clock, IdentifyError, Identities};

use crate::group_file::GroupFile;
use crate::token::{Caveat, Token, TokenKey};

/// All sources of identities.
#[derive(Debug)]
pub struct Sources {
    access: Arc<Access>,
    clock: Arc<dyn Clock>,
    key: TokenKey,
    /// The password file, then the directory.
    users: Vec<Arc<dyn Identities>>,
    groups: Option<GroupFile>,
}

impl Sources {
    /// Puts the sources together. `users` are asked in turn for whatever is no token.
    pub fn new(
        access: Arc<Access>,
        clock: Arc<dyn Clock>,
        key: TokenKey,
        users: Vec<Arc<dyn Identities>>,
        groups: Option<GroupFile>,
    ) -> Self {
        Self {
            access,
            clock,
            key,
            users,
            groups,
        }
    }

    fn of_token(&self, text: &str) -> Option<Principal> {
        let token = Token::parse(text).ok()?;
        let kept = self.access.token(&token.id())?;
        let caveats = token.verified(&self.key, &kept.proof_sha256)?;
        let now = self.clock.now();
        if kept.is_expired(now) {
            return None;
        }
        // A whole sign-in is as good as the password, and has no limits.
        let mut limits = Vec::new();
        if !(kept.is_sign_in && caveats.is_empty()) {
            limits.push(kept.limit.clone());
        }
        for caveat in caveats {
            limits.push(limit_of(caveat, now)?);
        }
        let actor = Actor::Token {
            id: kept.id.clone(),
            owner: kept.owner.clone(),
        };
        self.note_use(kept);
        Some(Principal::new(actor).within(limits))
    }

    /// Returns whom a password proves. One source that cannot be asked does not keep the others from
    /// proving somebody.
    async fn proven(&self, credentials: &Credentials) -> Result<Option<Principal>, IdentifyError> {
        let mut failure = None;
        for source in &self.users {
            match source.identify(credentials).await {
                Ok(Some(found)) => return Ok(Some(found)),
                Ok(None) => {}
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(None), Err)
    }

    fn groups_of_file(&self, user: &UserName) -> Vec<GroupName> {
        let groups = self.groups.as_ref();
        groups.map_or_else(Vec::new, |groups| groups.groups_of(user.as_str()))
    }

    /// Writes down in the background that a token was used.
    fn note_use(&self, token: TokenRecord) {
        let access = Arc::clone(&self.access);
        tokio::spawn(async move {
            if let Err(error) = access.note_use(&token).await {
                tracing::warn!("cannot note that a token was used: {error}");
            }
        });
    }
}

/// Returns what a caveat leaves, or `None` if that is nothing.
fn limit_of(caveat: Caveat, now: Timestamp) -> Option<Limit> {
    if caveat.until.is_some_and(|until| until <= now.seconds()) {
        return None;
    }
    let rights = caveat
        .rights
        .map(|rights| rights.parse())
        .transpose()
        .ok()?;
    let projects = caveat
        .projects
        .map(|patterns| patterns.iter().map(|pattern| pattern.parse()).collect())
        .transpose()
        .ok()?;
    Some(Limit {
        rights,
        projects,
        index: None,
    })
}

/// Returns the token that credentials hold: as the password with any user name, or as the user name
/// with no password.
fn token_in(credentials: &Credentials) -> Option<&str> {
    let password = credentials.password.reveal();
    let user = credentials.user.as_str();
    if Token::is_like(password) {
        return Some(password);
    }
    (password.trim().is_empty() && Token::is_like(user)).then_some(user)
}

#[async_trait]
impl Identities for Sources {
    fn knows_anybody(&self) -> bool {
        !self.users.is_empty() || self.access.has_tokens()
    }

    fn has_passwords(&self) -> bool {
        !self.users.is_empty()
    }

    async fn standing(&self, user: &UserName) -> Result<Option<[u8; 32]>, IdentifyError> {
        let mut mark = Sha256::new();
        let mut is_known = false;
        for source in &self.users {
            let of_source = source.standing(user).await?;
            is_known |= of_source.is_some();
            mark.update(of_source.unwrap_or_default());
        }
        // Under a key, so that nobody who reads what is kept can try passwords on it.
        let mark: [u8; 32] = mark.finalize().into();
        Ok(is_known.then(|| self.key.mark(&mark)))
    }

    fn is_token(&self, credentials: &Credentials) -> bool {
        token_in(credentials).is_some()
    }

    fn holds(&self, token: &Secret, kept: &TokenRecord) -> bool {
        let token = Token::parse(token.reveal()).ok();
        token.is_some_and(|token| token.verified(&self.key, &kept.proof_sha256).is_some())
    }

    async fn groups_of(&self, user: &UserName) -> Vec<GroupName> {
        let mut groups = self.groups_of_file(user);
        for source in &self.users {
            groups.extend(source.groups_of(user).await);
        }
        groups
    }

    async fn identify(
        &self,
        credentials: &Credentials,
    ) -> Result<Option<Principal>, IdentifyError> {
        let Some(token) = token_in(credentials) else {
            let Some(found) = self.proven(credentials).await? else {
                return Ok(None);
            };
            let account = found.actor().account();
            let groups = account.map_or_else(Vec::new, |name| self.groups_of_file(name));
            return Ok(self.access.admit(found.in_groups(groups)));
        };
        let Some(found) = self.of_token(token) else {
            return Ok(None);
        };
        let groups = match found.actor().account() {
            Some(name) => self.groups_of(name).await,
            None => Vec::new(),
        };
        Ok(self.access.admit(found.in_groups(groups)))
    }

    fn make_token(
        &self,
        owner: UserName,
        name: String,
        limit: Limit,
        expires_at: Option<Timestamp>,
    ) -> Result<(Secret, NewToken), IdentifyError> {
        let token = Token::new(&self.key)
            .map_err(|error| IdentifyError::Unavailable(error.to_string().into()))?;
        let kept = NewToken {
            id: token.id(),
            owner,
            name,
            limit,
            proof_sha256: token.kept(&self.key),
            expires_at,
            is_sign_in: false,
        };
        Ok((token.text(), kept))
    }
}
