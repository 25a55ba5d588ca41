//! Who asks, with all that decides what they may do.

use std::sync::Arc;

use super::{Pattern, Question, Right, Rights};
use crate::actor::{Actor, UserName};
use crate::identity::IndexName;

/// The name of a group of users.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupName(Arc<str>);

impl GroupName {
    /// Wraps the name of a group.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for GroupName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who asks: an actor, its groups, and how much of its rights it may use this time. Cheap to
/// clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    actor: Actor,
    groups: Arc<[GroupName]>,
    limits: Arc<[Limit]>,
}

impl Principal {
    /// Makes a principal without groups or limits.
    pub fn new(actor: Actor) -> Self {
        Self {
            actor,
            groups: Arc::new([]),
            limits: Arc::new([]),
        }
    }

    /// Adds groups.
    #[must_use]
    pub fn in_groups(mut self, groups: impl IntoIterator<Item = GroupName>) -> Self {
        let mut all: Vec<GroupName> = self.groups.iter().cloned().chain(groups).collect();
        all.sort_unstable();
        all.dedup();
        self.groups = all.into();
        self
    }

    /// Adds limits.
    #[must_use]
    pub fn within(mut self, limits: impl IntoIterator<Item = Limit>) -> Self {
        self.limits = self.limits.iter().cloned().chain(limits).collect();
        self
    }

    /// Returns who it is.
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Returns the groups that it belongs to.
    pub fn groups(&self) -> &[GroupName] {
        &self.groups
    }

    /// Returns whether it is an account in person, with the password or a whole sign-in: what a
    /// token was made for is done by the token, and what is the account's own by the account.
    pub fn stands_for(&self, account: &UserName) -> bool {
        self.limits.is_empty() && self.actor.account() == Some(account)
    }

    /// Returns the limits, all of which must allow what it wants.
    pub fn limits(&self) -> &[Limit] {
        &self.limits
    }
}

/// What a token may be used for, at most. A field that is absent limits nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Limit {
    /// These rights alone.
    pub rights: Option<Rights>,
    /// Projects that match one of these alone.
    pub projects: Option<Vec<Pattern>>,
    /// This index alone.
    pub index: Option<IndexName>,
}

impl Limit {
    /// Returns whether the limit leaves room for what is asked.
    pub(super) fn allows(&self, question: Question<'_>) -> bool {
        self.may(question.right, question.index) && self.has(question.project)
    }

    /// Returns whether the limit leaves room for a right with some project of an index.
    pub(super) fn may(&self, right: Right, index: &IndexName) -> bool {
        self.rights.is_none_or(|rights| rights.contains(right))
            && self.index.as_ref().is_none_or(|own| own == index)
    }

    fn has(&self, project: Option<&wheelhouse_standards::name::ProjectKey>) -> bool {
        let Some(patterns) = &self.projects else {
            return true;
        };
        match project {
            Some(project) => patterns.iter().any(|pattern| pattern.matches(project)),
            None => patterns.iter().any(Pattern::is_everything),
        }
    }
}
