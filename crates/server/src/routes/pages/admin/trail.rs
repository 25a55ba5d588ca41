//! `/admin/audit`: sign-ins that failed, and every change of who may do what.

use axum::extract::State as Shares;
use axum::response::Response;
use wheelhouse_index::actor::ActorFilter;
use wheelhouse_index::audit::{AuditEvent, AuditFilter, AuditKind};
use wheelhouse_ui::admin::{Asked, JournalLine, TrailPage};

use super::check_may;
use super::events::{asked, bounded, command, day, detail};
use crate::error::ApiError;
use crate::routes::api::access::project_named;
use crate::routes::pages::own::Reader;
use crate::state::State;

/// Most events on the page.
const SHOWN: usize = 200;

/// `GET /admin/audit`.
pub(super) async fn page(
    Shares(state): Shares<State>,
    reader: Reader,
) -> Result<Response, ApiError> {
    check_may(&state, reader.who())?;
    let asked = asked(&reader);
    let mut page = TrailPage {
        events: Vec::new(),
        kinds: AuditKind::ALL.iter().map(|kind| kind.name()).collect(),
        is_more: false,
        error: None,
        command: command(&reader, " --access", &asked, &["project", "actor", "since"]),
        asked,
    };
    match filter(&page.asked) {
        Ok(filter) => {
            state.audit.settle().await;
            let mut events = state.access.trail(&filter, SHOWN + 1).await?;
            page.is_more = events.len() > SHOWN;
            events.truncate(SHOWN);
            page.events = events.into_iter().map(line).collect();
        }
        Err(error) => page.error = Some(error.detail),
    }
    reader.show(&state, &page)
}

fn filter(asked: &Asked) -> Result<AuditFilter, ApiError> {
    let given = |text: &'_ String| Some(text.clone()).filter(|text| !text.is_empty());
    let project = given(&asked.project).map(|name| project_named(&name));
    let kind = given(&asked.kind).map(|name| {
        AuditKind::from_name(&name).ok_or_else(|| ApiError::bad_request("choose a kind"))
    });
    Ok(AuditFilter {
        actor: given(&asked.actor).map(|actor| ActorFilter::new(&actor)),
        project: project.transpose()?,
        kind: kind.transpose()?,
        since: day(&asked.since, false)?,
    })
}

fn line(event: AuditEvent) -> JournalLine {
    JournalLine {
        serial: None,
        at: event.by.at.seconds(),
        kind: event.kind.name().to_owned(),
        project: event.project.map(|project| project.to_string()),
        detail: detail(&event.detail),
        by: Some(event.by.actor.to_string()),
        address: event.by.address,
        agent: event.by.agent.as_deref().map(bounded),
    }
}
