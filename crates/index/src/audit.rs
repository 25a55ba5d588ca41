//! The audit trail: what happened besides changes of packages, which are in the journal.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;
use wheelhouse_standards::name::ProjectKey;

use crate::actor::ActorFilter;
use crate::change::Attribution;
use crate::identity::Timestamp;

/// One event of the trail.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEvent {
    /// What happened.
    pub kind: AuditKind,
    /// Who did it, or tried to, and how the request came.
    pub by: Attribution,
    /// The project that it is about, if it is about one.
    pub project: Option<ProjectKey>,
    /// What exactly: a JSON object without secrets.
    pub detail: Value,
}

/// What an [`AuditEvent`] says happened. The names are stored: they are never changed or reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuditKind {
    /// Credentials proved nobody.
    SignInFailed,
    /// A person signed in, in a browser or at an OpenID provider.
    SignedIn,
    /// A person signed out of a browser, or all browsers of a person were signed out.
    SignedOut,
    /// A token was made.
    TokenMade,
    /// A token was revoked.
    TokenRevoked,
    /// A rule was added.
    RuleAdded,
    /// A rule was removed.
    RuleRemoved,
    /// Somebody became an owner or a maintainer.
    RoleGiven,
    /// Somebody is neither any more.
    RoleTaken,
    /// Somebody became a member of a group.
    MemberAdded,
    /// Somebody is no member any more.
    MemberRemoved,
    /// A robot's account was made.
    RobotMade,
    /// An account was disabled.
    AccountDisabled,
    /// An account may be used again.
    AccountEnabled,
    /// A publisher is trusted.
    PublisherAdded,
    /// A publisher is trusted no more.
    PublisherRemoved,
    /// An identity token was not exchanged.
    MintRefused,
    /// A file without attestations was taken for a project whose last release had them.
    ProvenanceLost,
}

impl AuditKind {
    /// All kinds.
    pub const ALL: &[Self] = &[
        Self::SignInFailed,
        Self::SignedIn,
        Self::SignedOut,
        Self::TokenMade,
        Self::TokenRevoked,
        Self::RuleAdded,
        Self::RuleRemoved,
        Self::RoleGiven,
        Self::RoleTaken,
        Self::MemberAdded,
        Self::MemberRemoved,
        Self::RobotMade,
        Self::AccountDisabled,
        Self::AccountEnabled,
        Self::PublisherAdded,
        Self::PublisherRemoved,
        Self::MintRefused,
        Self::ProvenanceLost,
    ];

    /// Returns the stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignInFailed => "sign-in-failed",
            Self::SignedIn => "signed-in",
            Self::SignedOut => "signed-out",
            Self::TokenMade => "token-made",
            Self::TokenRevoked => "token-revoked",
            Self::RuleAdded => "rule-added",
            Self::RuleRemoved => "rule-removed",
            Self::RoleGiven => "role-given",
            Self::RoleTaken => "role-taken",
            Self::MemberAdded => "member-added",
            Self::MemberRemoved => "member-removed",
            Self::RobotMade => "robot-made",
            Self::AccountDisabled => "account-disabled",
            Self::AccountEnabled => "account-enabled",
            Self::PublisherAdded => "publisher-added",
            Self::PublisherRemoved => "publisher-removed",
            Self::MintRefused => "mint-refused",
            Self::ProvenanceLost => "provenance-lost",
        }
    }

    /// Returns the kind of a stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

/// Where an event stands in the trail: by its moment and, of one moment, by a number of the store's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrailPlace {
    /// When it happened.
    pub at: Timestamp,
    /// Greater for what was noted later.
    pub number: i64,
}

impl fmt::Display for TrailPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at.0, self.number)
    }
}

impl FromStr for TrailPlace {
    type Err = TrailPlaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (at, number) = text.split_once('.').ok_or(TrailPlaceError)?;
        let number_of = |text: &str| text.parse().map_err(|_| TrailPlaceError);
        Ok(Self {
            at: Timestamp(number_of(at)?),
            number: number_of(number)?,
        })
    }
}

/// A text is no place in the trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a place in the trail is written as an event shows it, like `1795996800000000.17`")]
pub struct TrailPlaceError;

/// An event of the trail, with where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct TrailEntry {
    /// Where it stands.
    pub place: TrailPlace,
    /// What happened.
    pub event: AuditEvent,
}

/// Which events of the trail are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// By this actor alone.
    pub actor: Option<ActorFilter>,
    /// About this project alone.
    pub project: Option<ProjectKey>,
    /// Of this kind alone.
    pub kind: Option<AuditKind>,
    /// Not before this moment.
    pub since: Option<Timestamp>,
    /// Before this place alone.
    pub before: Option<TrailPlace>,
}

impl AuditFilter {
    /// Returns whether an event at a place is wanted.
    pub fn lets_through(&self, place: TrailPlace, event: &AuditEvent) -> bool {
        self.before.is_none_or(|before| place < before) && self.asks_for(event)
    }

    fn asks_for(&self, event: &AuditEvent) -> bool {
        self.actor
            .as_ref()
            .is_none_or(|actor| actor.lets_through(&event.by.actor.to_string()))
            && self
                .project
                .as_ref()
                .is_none_or(|project| event.project.as_ref() == Some(project))
            && self.kind.is_none_or(|kind| kind == event.kind)
            && self.since.is_none_or(|since| event.by.at >= since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_trail_is_read_as_it_is_written() {
        for (at, number) in [(1_795_996_800_000_000, 17), (0, 0), (-5, i64::MAX)] {
            let place = TrailPlace {
                at: Timestamp(at),
                number,
            };
            assert_eq!(place.to_string().parse(), Ok(place));
        }
        for bad in [
            "",
            "1",
            ".",
            "1.",
            "one.2",
            "1.2.3",
            "99999999999999999999.1",
        ] {
            assert_eq!(bad.parse::<TrailPlace>(), Err(TrailPlaceError), "{bad}");
        }
    }
}
