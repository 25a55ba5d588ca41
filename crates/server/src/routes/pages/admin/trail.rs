//! `/admin/audit`: sign-ins that failed, and every change of who may do what.

use axum::extract::State as Shares;
use axum::response::Response;
use wheelhouse_index::actor::ActorFilter;
use wheelhouse_index::audit::{AuditEvent, AuditFilter, AuditKind, TrailPlace};
use wheelhouse_ui::admin::{Asked, JournalLine, TrailPage};

use super::check_may;
use super::events::{address, asked, bounded, command, day, detail};
use crate::error::ApiError;
use crate::routes::api::access::project_named;
use crate::routes::pages::own::Reader;
use crate::state::State;

/// Most events on the page.
const SHOWN: usize = 100;

/// `GET /admin/audit`, with `?before=` for what was before a place.
pub(super) async fn page(
    Shares(state): Shares<State>,
    reader: Reader,
) -> Result<Response, ApiError> {
    check_may(&state, reader.who())?;
    let asked = asked(&reader);
    let before = reader.asked("before").parse::<TrailPlace>().ok();
    let at = |asked: &Asked, before| {
        let address = address("/admin/audit", asked, before);
        reader.info.external.path(&address)
    };
    let mut page = TrailPage {
        events: Vec::new(),
        kinds: AuditKind::ALL.iter().map(|kind| kind.name()).collect(),
        older: None,
        newest: before.map(|_| at(&asked, None)),
        error: None,
        command: command(&reader, " --access", &asked, &["project", "actor", "since"]),
        asked,
    };
    match filter(&page.asked, before) {
        Ok(filter) => {
            state.audit.settle().await;
            let mut events = state.access.trail(&filter, SHOWN + 1).await?;
            let is_more = events.len() > SHOWN;
            events.truncate(SHOWN);
            let last = events.last().filter(|_| is_more);
            page.older = last.map(|last| at(&page.asked, Some(last.place.to_string())));
            let events = events.into_iter().map(|entry| line(entry.event));
            page.events = events.collect();
        }
        Err(error) => page.error = Some(error.detail),
    }
    reader.show(&state, &page)
}

fn filter(asked: &Asked, before: Option<TrailPlace>) -> Result<AuditFilter, ApiError> {
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
        before,
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
