//! What is kept about browsers that are signed in: everything but what their cookies hold.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::actor::UserName;
use crate::identity::Timestamp;

/// How long a session lasts without a request.
const IDLE: Duration = Duration::from_hours(12);

/// What a session is known by: SHA-256 of what the browser's cookie holds, so that whoever reads the
/// store can sign in with nothing that is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId([u8; 32]);

impl SessionId {
    /// Wraps the digest of a cookie's value.
    pub const fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl FromStr for SessionId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(digest(text)?))
    }
}

/// What is kept about a browser that is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// What it is known by.
    pub id: SessionId,
    /// Who signed in.
    pub user: UserName,
    /// What proved the user at the sign-in, as [`Identities::standing`] had it; `None` for somebody
    /// who signed in elsewhere.
    ///
    /// [`Identities::standing`]: crate::ports::Identities::standing
    pub standing: Option<[u8; 32]>,
    /// When the browser signed in.
    pub made_at: Timestamp,
    /// From when on it must sign in again, whatever it does.
    pub expires_at: Timestamp,
    /// When it last asked for something, within ten minutes.
    pub last_used: Timestamp,
}

impl SessionRecord {
    /// Returns whether its time is up.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now || self.last_used.after(IDLE) <= now
    }
}

/// A session that is to be kept.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// What it is known by.
    pub id: SessionId,
    /// Who signed in.
    pub user: UserName,
    /// What proved the user; `None` for somebody who signed in elsewhere.
    pub standing: Option<[u8; 32]>,
    /// From when on it must sign in again.
    pub expires_at: Timestamp,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredSession {
    user: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    standing: Option<String>,
    made_at: i64,
    expires_at: i64,
}

impl StoredSession {
    pub(super) fn new(session: &NewSession, made_at: Timestamp) -> Self {
        Self {
            user: session.user.to_string(),
            standing: session.standing.map(hex::encode),
            made_at: made_at.0,
            expires_at: session.expires_at.0,
        }
    }

    pub(super) fn into_record(self, id: SessionId) -> Result<SessionRecord, String> {
        let made_at = Timestamp(self.made_at);
        Ok(SessionRecord {
            id,
            user: UserName::new(&self.user),
            standing: self.standing.as_deref().map(digest).transpose()?,
            made_at,
            expires_at: Timestamp(self.expires_at),
            last_used: made_at,
        })
    }
}

fn digest(text: &str) -> Result<[u8; 32], String> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|error| format!("its digest: {error}"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_at_its_time_and_half_a_day_after_its_last_use() {
        let hours = |count: u64| Timestamp(0).after(Duration::from_hours(count));
        let session = SessionRecord {
            id: SessionId::new([1; 32]),
            user: UserName::new("ada"),
            standing: None,
            made_at: hours(0),
            expires_at: hours(24),
            last_used: hours(10),
        };
        for (at, is_expired) in [(0, false), (21, false), (22, true), (30, true)] {
            assert_eq!(session.is_expired(hours(at)), is_expired, "{at}");
        }
        let busy = SessionRecord {
            last_used: hours(23),
            ..session
        };
        assert!(!busy.is_expired(hours(23)) && busy.is_expired(hours(24)));
        let id = SessionId::new([7; 32]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!("07".parse::<SessionId>().is_err());
    }
}
