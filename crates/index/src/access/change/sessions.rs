//! Keeping which browsers are signed in, and signing them out.

use serde_json::json;

use super::super::Access;
use super::super::session::{NewSession, SessionId, SessionRecord, StoredSession};
use super::super::state::{SESSION, SESSION_USE, StoredUse};
use super::{AccessError, event, record};
use crate::actor::UserName;
use crate::audit::AuditKind;
use crate::change::Attribution;
use crate::ports::{AccessChange, StoreError};

/// Most browsers of one account. Who signs in once more signs the one out that did so first.
const MAX_SESSIONS: usize = 50;
/// How often the use of a session is written down, in microseconds.
const USE_NOTED_EVERY: i64 = 10 * 60 * 1_000_000;

impl Access {
    /// Returns a session whose time is not up.
    pub fn session(&self, id: &SessionId) -> Option<SessionRecord> {
        let found = self.state().sessions.get(id).cloned();
        found.filter(|session| !session.is_expired(self.clock.now()))
    }

    /// Returns the sessions of an account whose time is not up, the last one first.
    pub fn sessions(&self, user: &UserName) -> Vec<SessionRecord> {
        let now = self.clock.now();
        let mut sessions: Vec<SessionRecord> = {
            let state = self.state();
            let all = state.sessions.values();
            all.filter(|session| session.user == *user && !session.is_expired(now))
                .cloned()
                .collect()
        };
        sessions.sort_by_key(|session| std::cmp::Reverse((session.made_at, session.id)));
        sessions
    }

    /// Keeps that a browser signed in.
    ///
    /// # Errors
    /// [`AccessError::Conflict`] if the account is disabled, [`AccessError::Store`].
    pub async fn keep_session(
        &self,
        session: &NewSession,
        by: Attribution,
    ) -> Result<(), AccessError> {
        let _held = self.changing.lock().await;
        if self.state().is_disabled(&session.user) {
            return Err(AccessError::Conflict(format!(
                "the account `{}` is disabled",
                session.user
            )));
        }
        // What has ended is of use to nobody, whoever's it was.
        let ended = {
            let state = self.state();
            let all = state.sessions.values();
            let ended = all.filter(|kept| kept.is_expired(by.at));
            ended.map(|kept| kept.id).collect::<Vec<_>>()
        };
        let more = self.sessions(&session.user);
        let more = more.iter().skip(MAX_SESSIONS - 1).map(|kept| kept.id);
        let remove = ended.into_iter().chain(more).flat_map(records_of);
        let stored = StoredSession::new(session, by.at);
        let kept = record(SESSION, &session.id.to_string(), &stored);
        let detail = json!({ "user": session.user.as_str(), "in": "browser" });
        let event = event(AuditKind::SignedIn, by, None, detail);
        self.write(vec![kept], remove.collect(), event).await
    }

    /// Signs a browser out, and returns whether it was signed in.
    ///
    /// # Errors
    /// [`AccessError::Store`].
    pub async fn end_session(&self, id: &SessionId, by: Attribution) -> Result<bool, AccessError> {
        let _held = self.changing.lock().await;
        let kept = self.state().sessions.get(id).cloned();
        let Some(kept) = kept else {
            return Ok(false);
        };
        let detail = json!({ "user": kept.user.as_str() });
        let event = event(AuditKind::SignedOut, by, None, detail);
        let remove = records_of(kept.id).collect();
        self.write(Vec::new(), remove, event).await?;
        Ok(true)
    }

    /// Signs all browsers of an account out but one, and returns how many those were.
    ///
    /// # Errors
    /// [`AccessError::Store`].
    pub async fn end_sessions(
        &self,
        user: &UserName,
        but: Option<&SessionId>,
        by: Attribution,
    ) -> Result<usize, AccessError> {
        let _held = self.changing.lock().await;
        let mut sessions = self.sessions(user);
        sessions.retain(|session| Some(&session.id) != but);
        if sessions.is_empty() {
            return Ok(0);
        }
        let detail = json!({ "user": user.as_str(), "browsers": sessions.len() });
        let event = event(AuditKind::SignedOut, by, None, detail);
        let remove = sessions.iter().flat_map(|session| records_of(session.id));
        self.write(Vec::new(), remove.collect(), event).await?;
        Ok(sessions.len())
    }

    /// Writes down that a session was used, if that was not done within the last ten minutes.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written.
    pub async fn note_session_use(&self, session: &SessionRecord) -> Result<(), StoreError> {
        let now = self.clock.now();
        let is_recent = |kept: &SessionRecord| now.0 - kept.last_used.0 < USE_NOTED_EVERY;
        if is_recent(session) {
            return Ok(());
        }
        let _held = self.changing.lock().await;
        // Somebody else may have done it, or signed out, meanwhile.
        let kept = self.session(&session.id);
        if kept.is_none_or(|kept| is_recent(&kept)) {
            return Ok(());
        }
        let used = record(
            SESSION_USE,
            &session.id.to_string(),
            &StoredUse { at: now.0 },
        );
        let change = AccessChange {
            put: vec![used],
            ..AccessChange::default()
        };
        self.make(change).await
    }
}

/// Returns what is kept of a session: kinds and keys.
pub(super) fn records_of(id: SessionId) -> impl Iterator<Item = (String, String)> {
    [SESSION, SESSION_USE]
        .map(|kind| (kind.to_owned(), id.to_string()))
        .into_iter()
}
