//! Trusted publishers: CI jobs that may do something with projects after they proved who they are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::actor::UserName;
use crate::identity::Timestamp;
use crate::permission::{Limit, Pattern, Rights, Rule, Who};

/// What the names of the accounts of publishers begin with. No user's name has a colon.
pub(crate) const ACCOUNT_PREFIX: &str = "publisher:";

/// A trusted publisher: whose jobs are believed, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publisher {
    /// What it is listed and removed by: 16 hexadecimal digits.
    pub id: String,
    /// How its identity tokens are read.
    pub provider: Provider,
    /// Who signs them.
    pub issuer: String,
    /// What they must say: names as the provider has them, such as `repository`.
    pub wanted: BTreeMap<String, String>,
    /// What its jobs may do.
    pub rights: Rights,
    /// With which projects.
    pub projects: Vec<Pattern>,
    /// Since when it is trusted.
    pub since: Timestamp,
}

impl Publisher {
    /// Returns the account that its jobs' tokens belong to.
    pub fn account(&self) -> UserName {
        UserName::new(&format!("{ACCOUNT_PREFIX}{}", self.id))
    }

    /// Returns what the tokens of its jobs may be used for, at most.
    pub fn limit(&self) -> Limit {
        Limit {
            rights: Some(self.rights),
            projects: Some(self.projects.clone()),
            index: None,
        }
    }

    /// Returns the rules that it adds to all others.
    pub(super) fn rules(&self) -> impl Iterator<Item = Rule> + '_ {
        self.projects.iter().map(|pattern| Rule {
            who: Who::User(self.account()),
            rights: self.rights,
            projects: pattern.clone(),
            index: None,
            origin: format!("trusted publisher {}", self.id),
        })
    }
}

/// How the identity tokens of a publisher are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// GitHub Actions.
    GitHub,
    /// GitLab CI, hosted or one's own.
    GitLab,
    /// A service account of Google.
    Google,
    /// The builds of `ActiveState`.
    ActiveState,
    /// Any other: claims that must be equal.
    Generic,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::GitHub,
        Self::GitLab,
        Self::Google,
        Self::ActiveState,
        Self::Generic,
    ];

    /// Returns the name that settings and commands use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GitHub => "github",
            Self::GitLab => "gitlab",
            Self::Google => "google",
            Self::ActiveState => "activestate",
            Self::Generic => "generic",
        }
    }

    /// Returns what must be said about a publisher, and what may be.
    pub const fn fields(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::GitHub => (
                &["owner", "owner_id", "repository", "workflow"],
                &["environment"],
            ),
            Self::GitLab => (&["namespace", "project", "workflow"], &["environment"]),
            Self::Google => (&["email"], &["sub"]),
            Self::ActiveState => (&["organization", "project", "actor_id"], &[]),
            // Whoever it is, one claim must say so.
            Self::Generic => (&["sub"], &[]),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredPublisher {
    provider: Provider,
    issuer: String,
    wanted: BTreeMap<String, String>,
    rights: String,
    projects: Vec<String>,
    since: i64,
}

impl From<&Publisher> for StoredPublisher {
    fn from(publisher: &Publisher) -> Self {
        Self {
            provider: publisher.provider,
            issuer: publisher.issuer.clone(),
            wanted: publisher.wanted.clone(),
            rights: publisher.rights.to_string(),
            projects: publisher.projects.iter().map(ToString::to_string).collect(),
            since: publisher.since.0,
        }
    }
}

impl StoredPublisher {
    pub(super) fn into_publisher(self, id: &str) -> Result<Publisher, String> {
        let pattern = |text: &String| text.parse::<Pattern>().map_err(|error| error.to_string());
        Ok(Publisher {
            id: id.to_owned(),
            provider: self.provider,
            issuer: self.issuer,
            wanted: self.wanted,
            rights: self.rights.parse().map_err(|error| format!("{error}"))?,
            projects: self
                .projects
                .iter()
                .map(pattern)
                .collect::<Result<_, _>>()?,
            since: Timestamp(self.since),
        })
    }
}
