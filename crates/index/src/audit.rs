//! The audit trail: what happened besides changes of packages, which are in the journal.

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
}

impl AuditFilter {
    /// Returns whether an event is wanted.
    pub fn lets_through(&self, event: &AuditEvent) -> bool {
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
