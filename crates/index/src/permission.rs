//! Who may do what: the one function that decides, and the rules it decides by.
//!
//! Rules only ever allow. Who asks is a [`Principal`]: an actor, the groups that it belongs to, and
//! the limits of the token that it came with, all of which must allow it too.

mod pattern;
mod principal;
mod right;
mod rule;
mod sight;

use std::fmt;

use wheelhouse_standards::name::ProjectKey;

pub use pattern::{Pattern, PatternError};
pub use principal::{GroupName, Limit, Principal};
pub use right::{Lock, Right, Rights, RightsError};
pub use rule::{Rule, RuleError, Who};
pub use sight::Sight;

use crate::actor::{Actor, UserName};
use crate::identity::IndexName;

/// The rules of an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRules {
    /// Those that decide, in the order in which they are looked at.
    rules: Vec<Rule>,
}

impl AccessRules {
    /// Makes the rules of a set of locks and of what was written down besides.
    ///
    /// What no lock covers is open to everybody. With no written rules every user may do
    /// everything but administer; with some, a user may do what they say, and what comes with
    /// being an owner or a maintainer of a project.
    pub fn new(locks: &[Lock], written: impl IntoIterator<Item = Rule>) -> Self {
        let written: Vec<Rule> = written.into_iter().collect();
        if !written.is_empty() {
            return Self::restricted(locks, written);
        }
        let mut rules = Self::open(locks);
        rules.push(Rule::everywhere(Who::Users, Rights::all_but(Right::Admin)));
        Self { rules }
    }

    /// Makes rules in which users may do no more than is written down, even if that is nothing.
    pub fn restricted(locks: &[Lock], written: impl IntoIterator<Item = Rule>) -> Self {
        let mut rules = Self::open(locks);
        rules.extend(written);
        rules.push(Rule::everywhere(Who::Owners, Rights::all_but(Right::Admin)));
        let maintain = [Right::List, Right::Download, Right::Upload, Right::Yank];
        rules.push(Rule::everywhere(
            Who::Maintainers,
            maintain.into_iter().collect(),
        ));
        Self { rules }
    }

    /// Returns what no lock covers.
    fn open(locks: &[Lock]) -> Vec<Rule> {
        let open = Right::ALL
            .iter()
            .copied()
            .filter(|right| right.lock().is_some_and(|lock| !locks.contains(&lock)));
        let mut rules = vec![Rule::everywhere(Who::Everybody, open.collect())];
        rules.retain(|rule| !rule.rights.is_empty());
        rules
    }

    /// Adds rules that do not change what others may do.
    pub(crate) fn add(&mut self, rules: impl IntoIterator<Item = Rule>) {
        self.rules.extend(rules);
    }

    /// Returns whether somebody who did not sign in may use a right on everything.
    pub fn is_open(&self, right: Right) -> bool {
        self.rules.iter().any(|rule| {
            rule.who == Who::Everybody
                && rule.rights.contains(right)
                && rule.projects.is_everything()
                && rule.index.is_none()
        })
    }

    /// Returns the rules, in the order in which they are looked at.
    pub fn all(&self) -> &[Rule] {
        &self.rules
    }
}

/// The part that a user has in a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// May do everything with it, and say who else may.
    Owner,
    /// May upload and yank.
    Maintainer,
}

impl Role {
    /// Returns the name that the field uses, such as `Owner`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Maintainer => "Maintainer",
        }
    }
}

/// Who has which part in the project that is asked about.
pub type Roles = [(UserName, Role)];

/// Whether an actor may do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Yes, for this reason.
    Allowed(Reason),
    /// Not without signing in.
    SignInNeeded,
    /// No, for this reason.
    Refused(Refusal),
}

impl Decision {
    /// Returns whether it is yes.
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed(_))
    }
}

/// Why something is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Whoever can open the state folder may do everything.
    Administrator,
    /// A rule says so.
    Rule(Box<Rule>),
}

/// Why something is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No rule allows it.
    NoRule,
    /// A rule does, but the token is narrower.
    Token,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Administrator => {
                f.write_str("the administrator of this machine may do everything")
            }
            Self::Rule(rule) => write!(f, "rule `{rule}` ({})", rule.origin),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoRule => "no rule allows it",
            Self::Token => "a rule allows it, but not with this token",
        })
    }
}

/// What is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// What somebody wants to do.
    pub right: Right,
    /// With which index.
    pub index: &'q IndexName,
    /// With which project, or with everything in the index.
    pub project: Option<&'q ProjectKey>,
    /// Who has which part in that project.
    pub roles: &'q Roles,
}

/// Decides whether somebody may do something with a project of an index, or with the whole index if
/// no project is named.
pub fn decide(rules: &AccessRules, who: &Principal, question: Question<'_>) -> Decision {
    if matches!(who.actor(), Actor::Administrator | Actor::System) {
        return Decision::Allowed(Reason::Administrator);
    }
    let Some(rule) = rules.rules.iter().find(|rule| rule.allows(who, question)) else {
        return if *who.actor() == Actor::Anonymous {
            Decision::SignInNeeded
        } else {
            Decision::Refused(Refusal::NoRule)
        };
    };
    // What everybody may do, the holder of a narrow token may do as well.
    let is_free = rule.who == Who::Everybody;
    if is_free || who.limits().iter().all(|limit| limit.allows(question)) {
        Decision::Allowed(Reason::Rule(Box::new(rule.clone())))
    } else {
        Decision::Refused(Refusal::Token)
    }
}

/// Returns whether there can be any project with which somebody may use a right: enough to go on
/// reading a request that names the project later.
pub fn may_somewhere(
    rules: &AccessRules,
    who: &Principal,
    right: Right,
    index: &IndexName,
    has_projects: bool,
) -> Decision {
    if matches!(who.actor(), Actor::Administrator | Actor::System) {
        return Decision::Allowed(Reason::Administrator);
    }
    let rule = rules.rules.iter().find(|rule| {
        let fits = rule.rights.contains(right) && rule.is_of(index);
        let is_part = matches!(rule.who, Who::Owners | Who::Maintainers);
        fits && if is_part {
            has_projects
        } else {
            rule.is_about(who)
        }
    });
    match rule {
        None if *who.actor() == Actor::Anonymous => Decision::SignInNeeded,
        None => Decision::Refused(Refusal::NoRule),
        Some(rule)
            if rule.who == Who::Everybody
                || who.limits().iter().all(|limit| limit.may(right, index)) =>
        {
            Decision::Allowed(Reason::Rule(Box::new(rule.clone())))
        }
        Some(_) => Decision::Refused(Refusal::Token),
    }
}

#[cfg(test)]
mod tests;
