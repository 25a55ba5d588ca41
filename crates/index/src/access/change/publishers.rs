//! Trusting publishers, and no more.

use serde_json::json;

use super::super::Access;
use super::super::publisher::{Publisher, StoredPublisher};
use super::super::state::PUBLISHER;
use super::{AccessError, event, record};
use crate::audit::AuditKind;
use crate::change::Attribution;

impl Access {
    /// Trusts a publisher.
    ///
    /// # Errors
    /// [`AccessError::Conflict`] if there is such a one, [`AccessError::Store`].
    pub async fn add_publisher(
        &self,
        publisher: &Publisher,
        by: Attribution,
    ) -> Result<(), AccessError> {
        let _held = self.changing.lock().await;
        let known = self.publishers();
        let is_same = |known: &&Publisher| {
            known.id == publisher.id
                || (&known.issuer, &known.wanted, &known.projects)
                    == (&publisher.issuer, &publisher.wanted, &publisher.projects)
        };
        if let Some(known) = known.iter().find(is_same) {
            return Err(AccessError::Conflict(format!(
                "there is such a publisher already: {}",
                known.id
            )));
        }
        let stored = StoredPublisher::from(publisher);
        let detail = json!({ "publisher": publisher.id, "issuer": publisher.issuer });
        let event = event(AuditKind::PublisherAdded, by, None, detail);
        let kept = record(PUBLISHER, &publisher.id, &stored);
        self.write(vec![kept], Vec::new(), event).await
    }

    /// Trusts a publisher no more. Tokens of its jobs are worth nothing at once.
    ///
    /// # Errors
    /// [`AccessError::NotFound`], [`AccessError::Store`].
    pub async fn remove_publisher(&self, id: &str, by: Attribution) -> Result<(), AccessError> {
        let _held = self.changing.lock().await;
        if !self.publishers().iter().any(|publisher| publisher.id == id) {
            return Err(AccessError::NotFound(format!("trusted publisher `{id}`")));
        }
        let event = event(
            AuditKind::PublisherRemoved,
            by,
            None,
            json!({ "publisher": id }),
        );
        let key = (PUBLISHER.to_owned(), id.to_owned());
        self.write(Vec::new(), vec![key], event).await
    }
}
