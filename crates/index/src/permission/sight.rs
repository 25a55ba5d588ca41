//! Which projects somebody may see.

use std::hash::{Hash as _, Hasher as _};

use wheelhouse_standards::name::ProjectKey;

use super::{AccessRules, Decision, Principal, Question, Right, Who, decide};
use crate::actor::UserName;
use crate::identity::IndexName;

/// Which projects of an index somebody may see: the filter of everything that lists several.
#[derive(Debug, Clone)]
pub enum Sight {
    /// All of them.
    Everything,
    /// Those for which the rules say so.
    Some(Box<Partial>),
}

/// What decides which projects somebody may see who may not see all.
#[derive(Debug, Clone)]
pub struct Partial {
    rules: AccessRules,
    who: Principal,
    index: IndexName,
    /// The projects in which they have a part, ordered.
    own: Vec<ProjectKey>,
}

impl Sight {
    /// Returns what somebody sees of an index. `own` are the projects in which they have a part.
    pub fn of(
        rules: &AccessRules,
        who: &Principal,
        index: &IndexName,
        mut own: Vec<ProjectKey>,
    ) -> Self {
        let everything = Question {
            right: Right::List,
            index,
            project: None,
            roles: &[],
        };
        if decide(rules, who, everything).is_allowed() {
            return Self::Everything;
        }
        own.sort_unstable();
        Self::Some(Box::new(Partial {
            rules: rules.clone(),
            who: who.clone(),
            index: index.clone(),
            own,
        }))
    }

    /// Returns whether a project is among them.
    pub fn has(&self, project: &ProjectKey) -> bool {
        let Self::Some(partial) = self else {
            return true;
        };
        let account = partial.who.actor().account();
        let is_own = partial.own.binary_search(project).is_ok();
        let roles: Vec<(UserName, super::Role)> = account
            .filter(|_| is_own)
            .map(|name| (name.clone(), super::Role::Maintainer))
            .into_iter()
            .collect();
        let question = Question {
            right: Right::List,
            index: &partial.index,
            project: Some(project),
            roles: &roles,
        };
        matches!(
            decide(&partial.rules, &partial.who, question),
            Decision::Allowed(_)
        )
    }

    /// Returns a number that is the same for two who see the same: 0 for everything. Pages are
    /// kept apart by it.
    pub fn fingerprint(&self) -> u64 {
        let Self::Some(partial) = self else {
            return 0;
        };
        let mut hasher = std::hash::DefaultHasher::new();
        for rule in partial.rules.all() {
            let counts = rule.rights.contains(Right::List)
                && match rule.who {
                    Who::Owners | Who::Maintainers => false,
                    _ => rule.is_about(&partial.who),
                };
            if counts {
                rule.projects.hash(&mut hasher);
                rule.index.as_ref().map(IndexName::as_str).hash(&mut hasher);
            }
        }
        for limit in partial.who.limits() {
            limit.projects.hash(&mut hasher);
            limit
                .rights
                .map(|rights| rights.contains(Right::List))
                .hash(&mut hasher);
        }
        partial.own.hash(&mut hasher);
        hasher.finish().max(1)
    }
}
