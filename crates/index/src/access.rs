//! Accounts, groups, roles, rules and tokens: what is kept about who may do what, and how it is
//! changed. What is written in settings counts as well, and cannot be changed from here.

mod change;
mod publisher;
mod session;
mod state;
mod token;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use wheelhouse_standards::name::ProjectKey;

use crate::actor::{Actor, UserName};
use crate::audit::{AuditEvent, AuditFilter, TrailEntry};
use crate::identity::{IndexName, Timestamp};
use crate::locks::NameLocks;
use crate::permission::{
    AccessRules, Decision, Lock, Principal, Question, Right, Role, Rule, Sight, decide,
    may_somewhere,
};
use crate::ports::{AccessChange, AccessStore, Clock, Held, StoreError};
use crate::replica::Replica;

pub use crate::locks::NameLock;
pub use change::AccessError;
pub use publisher::{Provider, Publisher};
pub use session::{NewSession, SessionId, SessionRecord};
pub use state::{Account, AccountKind, Member};
pub use token::{NewToken, TokenRecord};

use state::State;

/// Who may do what in an installation.
#[derive(Debug)]
pub struct Access {
    store: Arc<dyn AccessStore>,
    clock: Arc<dyn Clock>,
    locks: Vec<Lock>,
    /// The rules of the settings.
    written: Vec<Rule>,
    state: RwLock<State>,
    /// How many changes were made here.
    made: AtomicU64,
    /// Held while records change, so that what was checked still holds when it is written.
    changing: tokio::sync::Mutex<()>,
    /// Held by whoever uploads the first file of a project.
    creating: NameLocks,
    replica: Arc<Replica>,
}

/// Held by whoever creates a project, at whichever replica.
#[derive(Debug)]
pub struct Creating {
    _here: NameLock,
    _elsewhere: Option<Box<dyn Held>>,
}

impl Access {
    /// Reads what is kept.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read.
    pub async fn open(
        store: Arc<dyn AccessStore>,
        clock: Arc<dyn Clock>,
        locks: Vec<Lock>,
        written: Vec<Rule>,
        replica: Arc<Replica>,
    ) -> Result<Arc<Self>, StoreError> {
        let state = State::of(store.access_records().await?, &locks, &written);
        Ok(Arc::new(Self {
            store,
            clock,
            locks,
            written,
            state: RwLock::new(state),
            made: AtomicU64::new(0),
            changing: tokio::sync::Mutex::default(),
            creating: NameLocks::default(),
            replica,
        }))
    }

    /// Returns what counts now.
    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a change, and makes it count. Called while `changing` is held.
    async fn make(&self, change: AccessChange) -> Result<(), StoreError> {
        self.make_here(change).await?;
        self.replica.settle_access().await;
        Ok(())
    }

    async fn make_here(&self, change: AccessChange) -> Result<(), StoreError> {
        let (put, removed) = (change.put.clone(), change.remove.clone());
        self.store.change_access(change).await?;
        {
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            self.made.fetch_add(1, Ordering::AcqRel);
            if state.follow(&put, &removed) {
                return Ok(());
            }
        }
        self.read_again().await
    }

    /// Reads what is kept once more: all of it, as it is now.
    pub(crate) async fn read_again(&self) -> Result<(), StoreError> {
        loop {
            let made = self.made.load(Ordering::Acquire);
            let records = self.store.access_records().await?;
            let read = State::of(records, &self.locks, &self.written);
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            // A change that was made here meanwhile may not have been read.
            if self.made.load(Ordering::Acquire) == made {
                *state = read;
                return Ok(());
            }
        }
    }

    /// Returns whether somebody who did not sign in may use a right on everything.
    pub fn is_open(&self, right: Right) -> bool {
        self.state().rules.is_open(right)
    }

    /// Returns the rules that count, in the order in which they are looked at.
    pub fn rules(&self) -> AccessRules {
        self.state().rules.clone()
    }

    /// Decides whether somebody may do something with a project, or with a whole index.
    pub fn decide(
        &self,
        who: &Principal,
        right: Right,
        index: &IndexName,
        project: Option<&ProjectKey>,
    ) -> Decision {
        let state = self.state();
        let question = Question {
            right,
            index,
            project,
            roles: project.map_or(&[][..], |project| state.roles_of(project)),
        };
        decide(&state.rules, who, question)
    }

    /// Returns whether there can be any project with which somebody may use a right.
    pub fn may_somewhere(&self, who: &Principal, right: Right, index: &IndexName) -> Decision {
        let state = self.state();
        let has_projects = who
            .actor()
            .account()
            .is_some_and(|name| !state.projects_of(name).is_empty());
        may_somewhere(&state.rules, who, right, index, has_projects)
    }

    /// Returns which projects somebody may see.
    pub fn sight(&self, who: &Principal, index: &IndexName) -> Sight {
        let state = self.state();
        let account = who.actor().account();
        let own = account.map_or_else(Vec::new, |name| {
            let projects = state.projects_of(name).iter();
            projects.map(|(project, _)| project.clone()).collect()
        });
        Sight::of(&state.rules, who, index, own)
    }

    /// Returns who somebody is with the groups that are kept here, or `None` if the account is
    /// disabled.
    pub fn admit(&self, who: Principal) -> Option<Principal> {
        let Some(name) = who.actor().account().cloned() else {
            return Some(who);
        };
        let state = self.state();
        if state.is_disabled(&name) || !state.is_trusted(&name) {
            return None;
        }
        let named = state.named_groups_of(&name).iter();
        let groups = state.groups_of(&name).iter().chain(named).cloned();
        Some(who.in_groups(groups))
    }

    /// Returns who has which part in a project, owners first.
    pub fn roles(&self, project: &ProjectKey) -> Vec<(UserName, Role)> {
        self.state().roles_of(project).to_vec()
    }

    /// Returns the projects in which a user has a part, ordered.
    pub fn projects_of(&self, user: &UserName) -> Vec<(ProjectKey, Role)> {
        self.state().projects_of(user).to_vec()
    }

    /// Returns those who have a part in any project, with in how many, ordered by name.
    pub fn owners(&self) -> Vec<(UserName, usize)> {
        self.state().owners()
    }

    /// Returns those of whom a browser is signed in, with how many, ordered by name.
    pub fn signed_in(&self) -> Vec<(UserName, usize)> {
        let now = self.clock.now();
        let mut counts = BTreeMap::<UserName, usize>::new();
        for session in self.state().sessions.values() {
            if !session.is_expired(now) {
                *counts.entry(session.user.clone()).or_default() += 1;
            }
        }
        counts.into_iter().collect()
    }

    /// Returns whether an account is a robot's.
    pub fn is_robot(&self, user: &UserName) -> bool {
        let state = self.state();
        let account = state.accounts.get(user);
        account.is_some_and(|account| account.kind == AccountKind::Robot)
    }

    /// Returns whether anybody has a token.
    pub fn has_tokens(&self) -> bool {
        !self.state().tokens.is_empty()
    }

    /// Returns the trusted publisher whose job somebody is, if it is one.
    pub fn publisher_of(&self, who: &Actor) -> Option<Publisher> {
        let account = who.account()?;
        let state = self.state();
        let mut publishers = state.publishers.iter();
        publishers
            .find(|publisher| publisher.account() == *account)
            .cloned()
    }

    /// Returns the trusted publishers, ordered by id.
    pub fn publishers(&self) -> Vec<Publisher> {
        self.state().publishers.clone()
    }

    /// Takes what may be used once until a moment, and returns whether nobody had.
    ///
    /// # Errors
    /// [`StoreError`] if that cannot be recorded.
    pub async fn claim(&self, key: &str, until: Timestamp) -> Result<bool, StoreError> {
        self.store.claim(key, until, self.clock.now()).await
    }

    /// Returns up to `limit` events of the audit trail, the last first.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read.
    pub async fn trail(
        &self,
        filter: &AuditFilter,
        limit: usize,
    ) -> Result<Vec<TrailEntry>, StoreError> {
        self.store.audit_trail(filter, limit).await
    }

    /// Writes events into the audit trail.
    ///
    /// # Errors
    /// [`StoreError`] if they cannot be written.
    pub async fn note(&self, events: Vec<AuditEvent>) -> Result<(), StoreError> {
        let change = AccessChange {
            events,
            ..AccessChange::default()
        };
        self.store.change_access(change).await
    }
}
