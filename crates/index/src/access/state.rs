//! What is kept, in the form in which it is asked for.

mod follow;

use std::collections::{BTreeMap, HashMap};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wheelhouse_standards::name::ProjectKey;

use super::publisher::{ACCOUNT_PREFIX, Publisher, StoredPublisher};
use super::session::{SessionId, SessionRecord, StoredSession};
use super::token::{StoredToken, TokenRecord};
use crate::actor::{TokenId, UserName};
use crate::identity::Timestamp;
use crate::permission::{AccessRules, GroupName, Lock, Role, Roles, Rule};
use crate::ports::AccessRecord;

pub(super) const PUBLISHER: &str = "publisher";
pub(super) const ACCOUNT: &str = "account";
pub(super) const MEMBER: &str = "member";
pub(super) const ROLE: &str = "role";
pub(super) const RULE: &str = "rule";
pub(super) const TOKEN: &str = "token";
pub(super) const TOKEN_USE: &str = "token-use";
pub(super) const SIGNED_IN: &str = "signed-in";
pub(super) const SESSION: &str = "session";
pub(super) const SESSION_USE: &str = "session-use";

/// What is kept about who may do what, read once and looked up often.
#[derive(Debug, PartialEq)]
pub(super) struct State {
    pub(super) rules: AccessRules,
    /// The rules that are kept here, not those of the settings.
    pub(super) kept_rules: Vec<Rule>,
    pub(super) accounts: BTreeMap<UserName, Account>,
    pub(super) members: BTreeMap<GroupName, Vec<UserName>>,
    groups: HashMap<UserName, Vec<GroupName>>,
    /// The groups that an OpenID provider named at the last sign-in.
    named_groups: HashMap<UserName, Vec<GroupName>>,
    roles: HashMap<ProjectKey, Vec<(UserName, Role)>>,
    projects: HashMap<UserName, Vec<(ProjectKey, Role)>>,
    pub(super) tokens: BTreeMap<TokenId, TokenRecord>,
    pub(super) publishers: Vec<Publisher>,
    /// The browsers that are signed in.
    pub(super) sessions: BTreeMap<SessionId, SessionRecord>,
}

/// What is kept about an account. Users whose passwords are elsewhere have one only if there is
/// something to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: UserName,
    /// Whether it is a robot's.
    pub kind: AccountKind,
    /// Whether nobody can sign in with it, nor use its tokens.
    pub is_disabled: bool,
    /// Since when it is kept.
    pub since: Timestamp,
}

/// Whose an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountKind {
    /// A person's, whose password is elsewhere.
    User,
    /// A program's: it has no password, only tokens.
    Robot,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// The group.
    pub group: GroupName,
    /// The user.
    pub user: UserName,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredAccount {
    pub(super) kind: AccountKind,
    pub(super) disabled: bool,
    pub(super) since: i64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredMember {
    pub(super) group: String,
    pub(super) user: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredRole {
    pub(super) project: String,
    pub(super) user: String,
    pub(super) role: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredRule {
    pub(super) rule: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredSignIn {
    pub(super) groups: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredUse {
    pub(super) at: i64,
}

impl State {
    /// Reads records. One that cannot be read is named in the log and allows nothing.
    pub(super) fn of(records: Vec<AccessRecord>, locks: &[Lock], written: &[Rule]) -> Self {
        let mut state = Self {
            rules: AccessRules::new(locks, []),
            kept_rules: Vec::new(),
            accounts: BTreeMap::new(),
            members: BTreeMap::new(),
            groups: HashMap::new(),
            named_groups: HashMap::new(),
            roles: HashMap::new(),
            projects: HashMap::new(),
            tokens: BTreeMap::new(),
            publishers: Vec::new(),
            sessions: BTreeMap::new(),
        };
        // A rule that cannot be read allows nothing, and must not open everything either.
        let has_rules = !written.is_empty() || records.iter().any(|record| record.kind == RULE);
        for record in records {
            let (kind, key) = (record.kind.clone(), record.key.clone());
            if let Err(reason) = state.take(&record) {
                tracing::error!(
                    "a kept {kind} cannot be read, and counts for nothing: {key}: {reason}"
                );
            }
        }
        // Owners first, then by name.
        for roles in state.roles.values_mut() {
            roles.sort_unstable_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
        }
        for projects in state.projects.values_mut() {
            projects.sort_unstable();
        }
        let all = written.iter().chain(&state.kept_rules).cloned();
        if has_rules {
            state.rules = AccessRules::restricted(locks, all);
        }
        state
            .rules
            .add(state.publishers.iter().flat_map(Publisher::rules));
        state
    }

    fn take(&mut self, record: &AccessRecord) -> Result<(), String> {
        match record.kind.as_str() {
            ACCOUNT => {
                let stored: StoredAccount = read(record)?;
                let name = UserName::new(&record.key);
                let account = Account {
                    name: name.clone(),
                    kind: stored.kind,
                    is_disabled: stored.disabled,
                    since: Timestamp(stored.since),
                };
                self.accounts.insert(name, account);
            }
            MEMBER => {
                let stored: StoredMember = read(record)?;
                let (group, user) = (GroupName::new(&stored.group), UserName::new(&stored.user));
                let members = self.members.entry(group.clone()).or_default();
                members.push(user.clone());
                self.groups.entry(user).or_default().push(group);
            }
            ROLE => {
                let stored: StoredRole = read(record)?;
                let project = ProjectKey::of(&stored.project).ok_or("it names no project")?;
                let role = role_of(&stored.role).ok_or("it names no role")?;
                let user = UserName::new(&stored.user);
                let projects = self.projects.entry(user.clone()).or_default();
                projects.push((project.clone(), role));
                self.roles.entry(project).or_default().push((user, role));
            }
            RULE => {
                let stored: StoredRule = read(record)?;
                let rule: Rule = stored.rule.parse().map_err(|error| format!("{error}"))?;
                self.kept_rules.push(rule.from_origin("wheelhouse rule"));
            }
            TOKEN => {
                let stored: StoredToken = read(record)?;
                let token = stored.into_record(&record.key)?;
                self.tokens.insert(token.id.clone(), token);
            }
            TOKEN_USE => {
                let stored: StoredUse = read(record)?;
                // Records come ordered by kind: the token was before.
                if let Some(token) = self.tokens.get_mut(&TokenId::new(&record.key)) {
                    token.last_used = Some(Timestamp(stored.at));
                }
            }
            SIGNED_IN => {
                let stored: StoredSignIn = read(record)?;
                let groups = stored.groups.iter().map(|name| GroupName::new(name));
                self.named_groups
                    .insert(UserName::new(&record.key), groups.collect());
            }
            SESSION => {
                let stored: StoredSession = read(record)?;
                let id: SessionId = record.key.parse()?;
                self.sessions.insert(id, stored.into_record(id)?);
            }
            SESSION_USE => {
                let stored: StoredUse = read(record)?;
                if let Some(session) = self.sessions.get_mut(&record.key.parse()?) {
                    session.last_used = Timestamp(stored.at);
                }
            }
            PUBLISHER => {
                let stored: StoredPublisher = read(record)?;
                self.publishers.push(stored.into_publisher(&record.key)?);
            }
            _ => return Err("this program does not know such records".to_owned()),
        }
        Ok(())
    }

    pub(super) fn roles_of(&self, project: &ProjectKey) -> &Roles {
        self.roles.get(project).map_or(&[], Vec::as_slice)
    }

    pub(super) fn projects_of(&self, user: &UserName) -> &[(ProjectKey, Role)] {
        self.projects.get(user).map_or(&[], Vec::as_slice)
    }

    pub(super) fn owners(&self) -> Vec<(UserName, usize)> {
        let each = self.projects.iter();
        let mut owners: Vec<_> = each
            .map(|(user, projects)| (user.clone(), projects.len()))
            .collect();
        owners.sort_unstable();
        owners
    }

    pub(super) fn groups_of(&self, user: &UserName) -> &[GroupName] {
        self.groups.get(user).map_or(&[], Vec::as_slice)
    }

    pub(super) fn named_groups_of(&self, user: &UserName) -> &[GroupName] {
        self.named_groups.get(user).map_or(&[], Vec::as_slice)
    }

    /// Returns whether an account may be one: that of a publisher only while it is trusted.
    pub(super) fn is_trusted(&self, user: &UserName) -> bool {
        let Some(id) = user.as_str().strip_prefix(ACCOUNT_PREFIX) else {
            return true;
        };
        self.publishers.iter().any(|publisher| publisher.id == id)
    }

    pub(super) fn is_disabled(&self, user: &UserName) -> bool {
        self.accounts
            .get(user)
            .is_some_and(|account| account.is_disabled)
    }
}

fn read<T: DeserializeOwned>(record: &AccessRecord) -> Result<T, String> {
    serde_json::from_value(record.body.clone()).map_err(|error| error.to_string())
}

fn role_of(name: &str) -> Option<Role> {
    [Role::Owner, Role::Maintainer]
        .into_iter()
        .find(|role| role.name() == name)
}
