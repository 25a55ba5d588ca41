//! Who may do what: the one function that decides, and the rules it decides by.

use wheelhouse_standards::name::ProjectKey;

use crate::actor::Actor;
use crate::identity::IndexName;

/// Something that an actor may want to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// See which projects and files there are: pages, JSON, search.
    List,
    /// Read files.
    Download,
    /// Put in new files and replace old ones.
    Upload,
    /// Take files away.
    Delete,
}

/// What needs a sign-in, in pypiserver's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lock {
    /// Uploads and removals.
    Update,
    /// Reading files.
    Download,
    /// Pages, JSON and search.
    List,
}

/// The rules of an installation: everybody may do what no lock covers, every user may do
/// everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRules {
    locks: Vec<Lock>,
}

impl AccessRules {
    /// Makes the rules of a set of locks.
    pub fn new(locks: impl Into<Vec<Lock>>) -> Self {
        Self {
            locks: locks.into(),
        }
    }

    /// Returns whether somebody who did not sign in may use a right on everything.
    pub fn is_open(&self, right: Right) -> bool {
        !self.locks.contains(&lock_of(right))
    }
}

/// Whether an actor may do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// Yes.
    Allowed,
    /// Not without signing in.
    SignInNeeded,
}

/// Decides whether `actor` may use `right` on a project of an index, or on the whole index if no
/// project is named.
pub fn decide(
    rules: &AccessRules,
    actor: &Actor,
    right: Right,
    _index: &IndexName,
    _project: Option<&ProjectKey>,
) -> Decision {
    match actor {
        Actor::Administrator | Actor::System | Actor::User(_) => Decision::Allowed,
        Actor::Anonymous if rules.is_open(right) => Decision::Allowed,
        Actor::Anonymous => Decision::SignInNeeded,
    }
}

fn lock_of(right: Right) -> Lock {
    match right {
        Right::List => Lock::List,
        Right::Download => Lock::Download,
        Right::Upload | Right::Delete => Lock::Update,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::UserName;

    #[test]
    fn a_lock_shuts_its_rights_to_those_who_did_not_sign_in_and_no_others() {
        let rights = [Right::List, Right::Download, Right::Upload, Right::Delete];
        for (lock, shut) in [
            (Lock::List, &rights[..1]),
            (Lock::Download, &rights[1..2]),
            (Lock::Update, &rights[2..]),
        ] {
            let rules = AccessRules::new([lock]);
            for right in rights {
                let decided = |actor| decide(&rules, &actor, right, &IndexName::main(), None);
                let expected = if shut.contains(&right) {
                    Decision::SignInNeeded
                } else {
                    Decision::Allowed
                };
                assert_eq!(decided(Actor::Anonymous), expected, "{lock:?} {right:?}");
                assert_eq!(
                    decided(Actor::User(UserName::new("ada"))),
                    Decision::Allowed
                );
            }
        }
    }
}
