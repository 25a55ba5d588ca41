//! Changing what is kept about who may do what. Each change is one transaction with its event in
//! the audit trail.

mod publishers;
mod sessions;
mod tokens;

use serde::Serialize;
use serde_json::{Value, json};
use wheelhouse_standards::name::ProjectKey;

use super::state::{
    ACCOUNT, MEMBER, ROLE, RULE, SIGNED_IN, StoredAccount, StoredMember, StoredRole, StoredRule,
    StoredSignIn,
};
use super::{Access, Account, AccountKind, Creating, Member};
use crate::actor::UserName;
use crate::audit::{AuditEvent, AuditKind};
use crate::change::Attribution;
use crate::permission::{GroupName, Role, Rule};
use crate::ports::{AccessChange, AccessRecord, StoreError};

/// Longest name of an account or a group, in characters.
const MAX_NAME_CHARS: usize = 100;

/// A change to who may do what was not made.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// What was to be changed is not there.
    #[error("there is no {0}")]
    NotFound(String),
    /// It cannot be done as things are.
    #[error("{0}")]
    Conflict(String),
    /// A name cannot be used.
    #[error(
        "`{0}` cannot be the name of an account or a group: it is 1 to {MAX_NAME_CHARS} characters without blanks, `/`, `:` and `,`"
    )]
    BadName(String),
    /// It could not be recorded.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn check_name(name: &str) -> Result<(), AccessError> {
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || "/:,".contains(c);
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS || name.chars().any(is_odd) {
        return Err(AccessError::BadName(name.chars().take(100).collect()));
    }
    Ok(())
}

fn record(kind: &str, key: &str, body: &impl Serialize) -> AccessRecord {
    AccessRecord {
        kind: kind.to_owned(),
        key: key.to_owned(),
        body: serde_json::to_value(body).expect("texts, numbers and lists are JSON"),
    }
}

fn event(
    kind: AuditKind,
    by: Attribution,
    project: Option<&ProjectKey>,
    detail: Value,
) -> AuditEvent {
    AuditEvent {
        kind,
        by,
        project: project.cloned(),
        detail,
    }
}

impl Access {
    async fn write(
        &self,
        put: Vec<AccessRecord>,
        remove: Vec<(String, String)>,
        event: AuditEvent,
    ) -> Result<(), AccessError> {
        let change = AccessChange {
            put,
            remove,
            events: vec![event],
        };
        Ok(self.make(change).await?)
    }

    /// Returns the rules that were added here, in their order.
    pub fn kept_rules(&self) -> Vec<Rule> {
        self.state().kept_rules.clone()
    }

    /// Adds a rule, and returns whether it was not there yet.
    ///
    /// # Errors
    /// [`AccessError::Store`].
    pub async fn add_rule(&self, rule: &Rule, by: Attribution) -> Result<bool, AccessError> {
        let _held = self.changing.lock().await;
        if self.state().kept_rules.contains(rule) {
            return Ok(false);
        }
        let rule = rule.to_string();
        let kept = record(RULE, &rule, &StoredRule { rule: rule.clone() });
        let event = event(AuditKind::RuleAdded, by, None, json!({ "rule": rule }));
        self.write(vec![kept], Vec::new(), event).await?;
        Ok(true)
    }

    /// Removes a rule.
    ///
    /// # Errors
    /// [`AccessError::NotFound`] if it was not added here, [`AccessError::Store`].
    pub async fn remove_rule(&self, rule: &Rule, by: Attribution) -> Result<(), AccessError> {
        let _held = self.changing.lock().await;
        if !self.state().kept_rules.contains(rule) {
            return Err(AccessError::NotFound(format!(
                "rule `{rule}` that was added with `wheelhouse rule`"
            )));
        }
        let rule = rule.to_string();
        let event = event(AuditKind::RuleRemoved, by, None, json!({ "rule": rule }));
        self.write(Vec::new(), vec![(RULE.to_owned(), rule)], event)
            .await
    }

    /// Returns the members of all groups that are kept here, ordered.
    pub fn members(&self) -> Vec<Member> {
        let state = self.state();
        let each = state.members.iter().flat_map(|(group, users)| {
            users.iter().map(|user| Member {
                group: group.clone(),
                user: user.clone(),
            })
        });
        each.collect()
    }

    /// Adds a user to a group, and returns whether it was no member yet.
    ///
    /// # Errors
    /// [`AccessError::BadName`], [`AccessError::Store`].
    pub async fn add_member(&self, member: &Member, by: Attribution) -> Result<bool, AccessError> {
        check_name(member.group.as_str())?;
        check_name(member.user.as_str())?;
        let _held = self.changing.lock().await;
        if self.state().groups_of(&member.user).contains(&member.group) {
            return Ok(false);
        }
        let kept = record(MEMBER, &member_key(member), &stored_member(member));
        let event = event(AuditKind::MemberAdded, by, None, member_detail(member));
        self.write(vec![kept], Vec::new(), event).await?;
        Ok(true)
    }

    /// Takes a user out of a group.
    ///
    /// # Errors
    /// [`AccessError::NotFound`], [`AccessError::Store`].
    pub async fn remove_member(&self, member: &Member, by: Attribution) -> Result<(), AccessError> {
        let _held = self.changing.lock().await;
        if !self.state().groups_of(&member.user).contains(&member.group) {
            return Err(AccessError::NotFound(format!(
                "member `{}` of a group `{}` that is kept here",
                member.user, member.group
            )));
        }
        let event = event(AuditKind::MemberRemoved, by, None, member_detail(member));
        let key = (MEMBER.to_owned(), member_key(member));
        self.write(Vec::new(), vec![key], event).await
    }

    /// Gives a user a part in a project, and returns whether that changed anything.
    ///
    /// # Errors
    /// [`AccessError::BadName`], [`AccessError::Store`].
    pub async fn give_role(
        &self,
        project: &ProjectKey,
        user: &UserName,
        role: Role,
        by: Attribution,
    ) -> Result<bool, AccessError> {
        check_name(user.as_str())?;
        let _held = self.changing.lock().await;
        if self
            .state()
            .roles_of(project)
            .contains(&(user.clone(), role))
        {
            return Ok(false);
        }
        let stored = StoredRole {
            project: project.as_str().to_owned(),
            user: user.to_string(),
            role: role.name().to_owned(),
        };
        let kept = record(ROLE, &role_key(project, user), &stored);
        let detail = json!({ "user": user.as_str(), "role": role.name() });
        let event = event(AuditKind::RoleGiven, by, Some(project), detail);
        self.write(vec![kept], Vec::new(), event).await?;
        Ok(true)
    }

    /// Takes a user's part in a project.
    ///
    /// # Errors
    /// [`AccessError::NotFound`], [`AccessError::Store`].
    pub async fn take_role(
        &self,
        project: &ProjectKey,
        user: &UserName,
        by: Attribution,
    ) -> Result<(), AccessError> {
        let _held = self.changing.lock().await;
        if !self
            .state()
            .roles_of(project)
            .iter()
            .any(|(name, _)| name == user)
        {
            return Err(AccessError::NotFound(format!(
                "owner or maintainer `{user}` of `{project}`"
            )));
        }
        let detail = json!({ "user": user.as_str() });
        let event = event(AuditKind::RoleTaken, by, Some(project), detail);
        let key = (ROLE.to_owned(), role_key(project, user));
        self.write(Vec::new(), vec![key], event).await
    }

    /// Waits until nobody else is creating a project: of those who may create it but not upload to
    /// it, one alone may.
    ///
    /// # Errors
    /// [`StoreError`] if nobody can tell whether another replica creates it.
    pub async fn creating(&self, project: &ProjectKey) -> Result<Creating, StoreError> {
        let here = self.creating.lock(project.as_str()).await;
        let elsewhere = self.replica.hold(&format!("create {project}")).await?;
        Ok(Creating {
            _here: here,
            _elsewhere: elsewhere,
        })
    }

    /// Makes whoever creates a project its owner, unless it has one, and returns whether it did.
    ///
    /// # Errors
    /// [`AccessError::Store`].
    pub async fn adopt_project(
        &self,
        project: &ProjectKey,
        by: Attribution,
    ) -> Result<bool, AccessError> {
        let Some(user) = by.actor.account().cloned() else {
            return Ok(false);
        };
        if !self.state().roles_of(project).is_empty() {
            return Ok(false);
        }
        match self.give_role(project, &user, Role::Owner, by).await {
            // A name that no command could write is no reason to fail an upload.
            Err(AccessError::BadName(_)) => Ok(false),
            done => done,
        }
    }

    /// Keeps that a person signed in elsewhere, and the groups that were named there: they count
    /// until the next sign-in.
    ///
    /// # Errors
    /// [`AccessError::Store`].
    pub async fn keep_signed_in(
        &self,
        user: &UserName,
        groups: &[GroupName],
        by: Attribution,
    ) -> Result<(), AccessError> {
        let _held = self.changing.lock().await;
        let groups: Vec<String> = groups.iter().map(ToString::to_string).collect();
        let detail = json!({ "user": user.as_str(), "groups": groups });
        let kept = record(SIGNED_IN, user.as_str(), &StoredSignIn { groups });
        let event = event(AuditKind::SignedIn, by, None, detail);
        self.write(vec![kept], Vec::new(), event).await
    }

    /// Returns the accounts that something is kept about, ordered by name.
    pub fn accounts(&self) -> Vec<Account> {
        self.state().accounts.values().cloned().collect()
    }

    /// Makes an account for a robot.
    ///
    /// # Errors
    /// [`AccessError::BadName`], [`AccessError::Conflict`], [`AccessError::Store`].
    pub async fn make_robot(&self, name: &UserName, by: Attribution) -> Result<(), AccessError> {
        check_name(name.as_str())?;
        let _held = self.changing.lock().await;
        if self.state().accounts.contains_key(name) {
            return Err(AccessError::Conflict(format!(
                "there is an account `{name}` already"
            )));
        }
        let stored = StoredAccount {
            kind: AccountKind::Robot,
            disabled: false,
            since: by.at.0,
        };
        let detail = json!({ "account": name.as_str() });
        let event = event(AuditKind::RobotMade, by, None, detail);
        self.write(
            vec![record(ACCOUNT, name.as_str(), &stored)],
            Vec::new(),
            event,
        )
        .await
    }

    /// Ends an account's sign-ins and tokens at once, or allows them again: tokens then count once
    /// more, and browsers must sign in anew. Returns whether that changed anything.
    ///
    /// # Errors
    /// [`AccessError::BadName`], [`AccessError::Store`].
    pub async fn set_disabled(
        &self,
        name: &UserName,
        is_disabled: bool,
        by: Attribution,
    ) -> Result<bool, AccessError> {
        check_name(name.as_str())?;
        let _held = self.changing.lock().await;
        let stored = {
            let state = self.state();
            if state.is_disabled(name) == is_disabled {
                return Ok(false);
            }
            let known = state.accounts.get(name);
            StoredAccount {
                kind: known.map_or(AccountKind::User, |account| account.kind),
                disabled: is_disabled,
                since: known.map_or(by.at, |account| account.since).0,
            }
        };
        let kind = if is_disabled {
            AuditKind::AccountDisabled
        } else {
            AuditKind::AccountEnabled
        };
        let event = event(kind, by, None, json!({ "account": name.as_str() }));
        let sessions = if is_disabled {
            self.sessions(name)
        } else {
            Vec::new()
        };
        let remove = sessions
            .iter()
            .flat_map(|session| sessions::records_of(session.id));
        self.write(
            vec![record(ACCOUNT, name.as_str(), &stored)],
            remove.collect(),
            event,
        )
        .await?;
        Ok(true)
    }
}

fn role_key(project: &ProjectKey, user: &UserName) -> String {
    format!("{project}/{user}")
}

fn member_key(member: &Member) -> String {
    format!("{}/{}", member.group, member.user)
}

fn stored_member(member: &Member) -> StoredMember {
    StoredMember {
        group: member.group.to_string(),
        user: member.user.to_string(),
    }
}

fn member_detail(member: &Member) -> Value {
    json!({ "group": member.group.as_str(), "user": member.user.as_str() })
}

/// The group and the user of a member, by name.
impl Member {
    /// Makes a member of two names.
    pub fn new(group: &str, user: &str) -> Self {
        Self {
            group: GroupName::new(group),
            user: UserName::new(user),
        }
    }
}
