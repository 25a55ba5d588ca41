//! What is kept, changed in its place: the records that are many must not be read again for each
//! that comes.

use super::{ROLE, SESSION, SESSION_USE, SIGNED_IN, SessionId, State, TOKEN, TOKEN_USE};
use crate::actor::{TokenId, UserName};
use crate::ports::AccessRecord;

use wheelhouse_standards::name::ProjectKey;

impl State {
    /// Makes a change count, first what is removed, and returns whether that could be done: if not,
    /// nothing was changed, and all records must be read again.
    pub(in crate::access) fn follow(
        &mut self,
        put: &[AccessRecord],
        removed: &[(String, String)],
    ) -> bool {
        let is_followed =
            |kind: &str| [ROLE, TOKEN, TOKEN_USE, SIGNED_IN, SESSION, SESSION_USE].contains(&kind);
        let mut kinds = put.iter().map(|record| &record.kind);
        let mut gone = removed.iter().map(|(kind, _)| kind);
        if !kinds.all(|kind| is_followed(kind)) || !gone.all(|kind| is_followed(kind)) {
            return false;
        }
        for (kind, key) in removed {
            self.forget(kind, key);
        }
        for record in put {
            self.forget(&record.kind, &record.key);
            if let Err(reason) = self.take(record) {
                tracing::error!(
                    "a kept {} cannot be read, and counts for nothing: {}: {reason}",
                    record.kind,
                    record.key
                );
            } else if record.kind == ROLE {
                self.sort_roles(&record.key);
            }
        }
        true
    }

    fn forget(&mut self, kind: &str, key: &str) {
        match kind {
            ROLE => {
                let Some((project, user)) = role_of(key) else {
                    return;
                };
                if let Some(roles) = self.roles.get_mut(&project) {
                    roles.retain(|(name, _)| *name != user);
                    if roles.is_empty() {
                        self.roles.remove(&project);
                    }
                }
                if let Some(projects) = self.projects.get_mut(&user) {
                    projects.retain(|(key, _)| *key != project);
                    if projects.is_empty() {
                        self.projects.remove(&user);
                    }
                }
            }
            TOKEN => {
                self.tokens.remove(&TokenId::new(key));
            }
            TOKEN_USE => {
                if let Some(token) = self.tokens.get_mut(&TokenId::new(key)) {
                    token.last_used = None;
                }
            }
            SIGNED_IN => {
                self.named_groups.remove(&UserName::new(key));
            }
            SESSION => {
                if let Ok(id) = key.parse::<SessionId>() {
                    self.sessions.remove(&id);
                }
            }
            SESSION_USE => {
                let id = key.parse::<SessionId>().ok();
                if let Some(session) = id.and_then(|id| self.sessions.get_mut(&id)) {
                    session.last_used = session.made_at;
                }
            }
            _ => {}
        }
    }

    /// Puts a role that was added last in its place.
    fn sort_roles(&mut self, key: &str) {
        let Some((project, user)) = role_of(key) else {
            return;
        };
        if let Some(roles) = self.roles.get_mut(&project) {
            roles.sort_unstable_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
        }
        if let Some(projects) = self.projects.get_mut(&user)
            && let Some(added) = projects.pop()
        {
            let place = projects.partition_point(|known| *known < added);
            projects.insert(place, added);
        }
    }
}

/// Reads the key of a role: a normalized name, which has no slash, and a user.
fn role_of(key: &str) -> Option<(ProjectKey, UserName)> {
    let (project, user) = key.split_once('/')?;
    Some((ProjectKey::of(project)?, UserName::new(user)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::json;

    use super::super::{ACCOUNT, RULE};
    use super::*;

    /// A change of one record: its kind, key and body, or no body if it is removed.
    type Step = (&'static str, String, Option<serde_json::Value>);

    fn step() -> impl Strategy<Value = Step> {
        let user = || prop::sample::select(vec!["ada", "bob", "publisher:x"]);
        let project = prop::sample::select(vec!["demo", "work", "a-b"]);
        let role = prop::sample::select(vec!["owner", "maintainer", "nonsense"]);
        let owned =
            (project, user(), role, any::<bool>()).prop_map(|(project, user, role, put)| {
                let body = json!({ "project": project, "user": user, "role": role });
                (ROLE, format!("{project}/{user}"), put.then_some(body))
            });
        let token = (0..3_u8, user(), any::<bool>()).prop_map(|(id, owner, put)| {
            let body = json!({ "owner": owner, "name": "t", "proof_sha256": "00".repeat(32), "made_at": 1 });
            (TOKEN, format!("{id:032x}"), put.then_some(body))
        });
        let used = (0..3_u8, any::<bool>()).prop_map(|(id, put)| {
            (
                TOKEN_USE,
                format!("{id:032x}"),
                put.then(|| json!({ "at": 7 })),
            )
        });
        let signed_in = (user(), any::<bool>()).prop_map(|(user, put)| {
            let body = json!({ "groups": ["staff"] });
            (SIGNED_IN, user.to_owned(), put.then_some(body))
        });
        let session = (0..3_u8, user(), any::<bool>()).prop_map(|(id, user, put)| {
            let body = json!({ "user": user, "made_at": 1, "expires_at": 9 });
            (SESSION, format!("{id:064x}"), put.then_some(body))
        });
        let session_use = (0..3_u8, any::<bool>()).prop_map(|(id, put)| {
            (
                SESSION_USE,
                format!("{id:064x}"),
                put.then(|| json!({ "at": 7 })),
            )
        });
        let rule = any::<bool>().prop_map(|put| {
            (
                RULE,
                "r".to_owned(),
                put.then(|| json!({ "rule": "user:ada all" })),
            )
        });
        prop_oneof![
            4 => owned,
            3 => token,
            3 => used,
            2 => signed_in,
            3 => session,
            3 => session_use,
            1 => rule
        ]
    }

    proptest! {
        #[test]
        fn following_changes_ends_where_reading_everything_does(
            steps in prop::collection::vec(step(), 1..40),
        ) {
            let mut kept = BTreeMap::<(String, String), serde_json::Value>::new();
            let all = |kept: &BTreeMap<(String, String), serde_json::Value>| {
                let records = kept.iter().map(|((kind, key), body)| AccessRecord {
                    kind: kind.clone(),
                    key: key.clone(),
                    body: body.clone(),
                });
                State::of(records.collect(), &[], &[])
            };
            let mut state = all(&kept);
            for (kind, key, body) in steps {
                let place = (kind.to_owned(), key.clone());
                let (mut put, mut removed) = (Vec::new(), Vec::new());
                match body {
                    // A use is written of a token that is there, and a token is made once.
                    Some(_) if kind == TOKEN_USE && !kept.contains_key(&(TOKEN.to_owned(), key.clone())) => continue,
                    Some(_) if kind == TOKEN && kept.contains_key(&place) => continue,
                    // So it is with sessions.
                    Some(_) if kind == SESSION_USE && !kept.contains_key(&(SESSION.to_owned(), key.clone())) => continue,
                    Some(_) if kind == SESSION && kept.contains_key(&place) => continue,
                    Some(body) => {
                        kept.insert(place, body.clone());
                        put.push(AccessRecord { kind: kind.to_owned(), key, body });
                    }
                    None => {
                        kept.remove(&place);
                        removed.push(place);
                        let its_use = match kind {
                            TOKEN => Some(TOKEN_USE),
                            SESSION => Some(SESSION_USE),
                            _ => None,
                        };
                        if let Some(its_use) = its_use {
                            let used = (its_use.to_owned(), key);
                            kept.remove(&used);
                            removed.push(used);
                        }
                    }
                }
                if !state.follow(&put, &removed) {
                    prop_assert_eq!(kind, RULE);
                    state = all(&kept);
                }
                prop_assert_eq!(&state, &all(&kept));
            }
        }
    }

    #[test]
    fn what_is_few_is_read_again() {
        let mut state = State::of(Vec::new(), &[], &[]);
        let gone = |kind: &str| {
            vec![
                (ROLE.to_owned(), "a/b".to_owned()),
                (kind.to_owned(), "x".to_owned()),
            ]
        };
        assert!(state.follow(&[], &gone(TOKEN)));
        assert!(!state.follow(&[], &gone(ACCOUNT)));
    }
}
