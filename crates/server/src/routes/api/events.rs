//! What happened.

use axum::Json;
use axum::extract::State as Shares;
use serde::Deserialize;
use time::format_description::well_known::Rfc3339;
use utoipa::IntoParams;
use wheelhouse_index::change::{Attribution, Event, EventKind, EventSubject};
use wheelhouse_index::identity::{Serial, Timestamp};
use wheelhouse_index::mark::Mark;
use wheelhouse_index::permission::Right;
use wheelhouse_standards::name::ProjectKey;

use super::caller::{Asked, Caller};
use super::problem::Problem;
use crate::api::{EventAuthor, EventList, EventReport, ProblemDetails, StatusName};
use crate::error::ApiError;
use crate::state::State;

/// Most events of one answer, unless one change alone has more.
const MAX_EVENTS: usize = 1_000;
/// How many events are looked through for one answer.
const MAX_LOOKED_AT: usize = 20_000;

/// Longest name of a project, in characters.
const MAX_NAME_CHARS: usize = 200;

/// Which events are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EventQuery {
    /// Events with greater serials than this.
    #[serde(default)]
    #[param(default = 0, maximum = 9_223_372_036_854_775_807_i64)]
    after: u64,
    /// About how many. The events of one change are never split.
    #[serde(default = "default_limit")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    limit: usize,
    /// Of this project alone.
    #[param(min_length = 1, max_length = 200)]
    project: Option<String>,
    /// Of this kind alone.
    #[param(inline, schema_with = kinds)]
    kind: Option<String>,
}

fn default_limit() -> usize {
    100
}

fn kinds() -> utoipa::openapi::schema::Object {
    utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::schema::Type::String)
        .enum_values(Some(EventKind::ALL.iter().map(|kind| kind.name())))
        .build()
}

/// Lists what happened.
#[utoipa::path(
    get,
    path = "/api/v1/events",
    operation_id = "events",
    tag = "reading",
    params(EventQuery),
    responses(
        (status = 200, body = EventList, description = "The events"),
        (status = 400, body = ProblemDetails, content_type = "application/problem+json", description = "The call is wrong"),
        (status = 401, body = ProblemDetails, content_type = "application/problem+json", description = "Signing in is needed"),
        (status = 405, body = ProblemDetails, content_type = "application/problem+json", description = "There is no such method")
    ),
    security((), ("password" = []))
)]
pub(super) async fn list(
    Shares(state): Shares<State>,
    caller: Caller,
    Asked(query): Asked<EventQuery>,
) -> Result<Json<EventList>, Problem> {
    let sight = caller.sight(&state).await?;
    let shows_authors = caller.authorise(&state, Right::Delete, None).await.is_ok();
    if !(1..=MAX_EVENTS).contains(&query.limit) {
        let detail = format!("`limit` must be a number from 1 to {MAX_EVENTS}");
        return Err(ApiError::bad_request(detail).into());
    }
    if i64::try_from(query.after).is_err() {
        return Err(ApiError::bad_request("`after` is greater than any serial").into());
    }
    let wanted = Wanted::of(&query)?;
    let head = state.index.head().await?;
    let mut next = Serial(query.after);
    let (mut events, mut looked_at) = (Vec::new(), 0);
    while events.len() < query.limit && looked_at < MAX_LOOKED_AT {
        let page = state.index.events(next, query.limit).await?;
        let Some(last) = page.last() else {
            next = next.max(head);
            break;
        };
        next = last.serial;
        looked_at += page.len();
        events.extend(
            page.into_iter()
                .filter(|event| wanted.has(event) && sight.has(&event.project)),
        );
    }
    Ok(Json(EventList {
        events: events
            .into_iter()
            .map(|event| report(event, shows_authors))
            .collect(),
        next: next.0,
        head: head.0.max(next.0),
    }))
}

struct Wanted {
    project: Option<ProjectKey>,
    kind: Option<EventKind>,
}

impl Wanted {
    fn of(query: &EventQuery) -> Result<Self, ApiError> {
        let project = query.project.as_deref().map(|name| {
            ProjectKey::of(name)
                .filter(|_| name.chars().count() <= MAX_NAME_CHARS)
                .ok_or_else(|| ApiError::bad_request("no project can have this name"))
        });
        let kind = query.kind.as_deref().map(|name| {
            EventKind::from_name(name).ok_or_else(|| {
                let names: Vec<_> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
                ApiError::bad_request(format!("`kind` must be one of {}", names.join(", ")))
            })
        });
        Ok(Self {
            project: project.transpose()?,
            kind: kind.transpose()?,
        })
    }

    fn has(&self, event: &Event) -> bool {
        self.project
            .as_ref()
            .is_none_or(|key| *key == event.project)
            && self.kind.is_none_or(|kind| kind == event.kind)
    }
}

/// Says what happened, in texts and numbers.
pub(in crate::routes) fn report(event: Event, shows_author: bool) -> EventReport {
    let record = event.after().or(event.before());
    let mut report = EventReport {
        serial: event.serial.0,
        at: moment(event.by.at),
        kind: event.kind.name().to_owned(),
        project: event.project.to_string(),
        version: record
            .filter(|record| !record.named.version.is_empty())
            .map(|record| record.named.version.canonical()),
        file: event.path().map(ToString::to_string),
        sha256: record
            .and_then(|record| record.contents.as_ref())
            .map(|contents| contents.digests.sha256.to_string()),
        status: None,
        reason: None,
        by: None,
    };
    if let EventSubject::Mark { before, after } = &event.subject {
        let is_said = after.is_some();
        let reason_of = |reason: &Option<String>| reason.clone().filter(|_| is_said);
        match after.as_ref().or(before.as_ref()) {
            Some(Mark::Status { status, reason }) => {
                report.status = Some(if is_said {
                    (*status).into()
                } else {
                    StatusName::Active
                });
                report.reason = reason_of(reason);
            }
            Some(Mark::YankedRelease { version, reason }) => {
                report.version = Some(version.canonical());
                report.reason = reason_of(reason);
            }
            Some(Mark::YankedFile { file_name, reason }) => {
                report.file = Some(file_name.clone());
                report.reason = reason_of(reason);
            }
            Some(Mark::Deleted { path, sha256 }) => {
                report.file = Some(path.to_string());
                report.sha256 = Some(sha256.to_string());
            }
            None => {}
        }
    }
    report.by = shows_author.then(|| author(event.by));
    report
}

/// Says who did something.
pub(in crate::routes) fn author(by: Attribution) -> EventAuthor {
    EventAuthor {
        actor: by.actor.to_string(),
        address: by.address,
        agent: by.agent,
        request_id: by.request_id,
    }
}

/// Returns a moment as text.
///
/// Standard: RFC 3339.
pub(in crate::routes) fn moment(at: Timestamp) -> String {
    at.to_date_time().format(&Rfc3339).unwrap_or_default()
}
