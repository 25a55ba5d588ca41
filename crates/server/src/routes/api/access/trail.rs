//! The audit trail.

use axum::Json;
use axum::extract::State as Shares;
use serde::Deserialize;
use utoipa::IntoParams;
use wheelhouse_index::actor::ActorFilter;
use wheelhouse_index::audit::{AuditFilter, AuditKind, TrailEntry, TrailPlace, TrailPlaceError};
use wheelhouse_index::identity::Timestamp;
use wheelhouse_index::permission::Right;

use super::{Problems, project_named};
use crate::api::{Trail, TrailEvent};
use crate::error::ApiError;
use crate::routes::api::caller::{Asked, Caller};
use crate::routes::api::events::{author, moment};
use crate::routes::api::problem::Problem;
use crate::state::State;

/// Most events that one answer holds.
const MAX_EVENTS: usize = 1_000;

/// Which events of the trail.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::routes::api) struct TrailQuery {
    /// By this actor alone: as events show it, or `user:ada` or `ada` for that user and the tokens of it.
    #[param(min_length = 1, max_length = 200)]
    actor: Option<String>,
    /// About this project alone.
    #[param(
        min_length = 1,
        max_length = 200,
        pattern = "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
    )]
    project: Option<String>,
    /// Of this kind alone.
    #[param(inline, schema_with = kinds)]
    kind: Option<String>,
    /// Not before this moment, in seconds since 1970.
    #[param(minimum = 0, maximum = 4_102_444_800_i64)]
    since: Option<i64>,
    /// Before this place alone, as an event shows it: what was noted earlier.
    #[param(
        min_length = 3,
        max_length = 50,
        pattern = "^-?[0-9]{1,18}[.][0-9]{1,18}$"
    )]
    before: Option<String>,
    /// At most so many.
    #[serde(default = "default_limit")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    limit: usize,
}

fn default_limit() -> usize {
    100
}

fn kinds() -> utoipa::openapi::schema::Object {
    utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::schema::Type::String)
        .enum_values(Some(AuditKind::ALL.iter().map(|kind| kind.name())))
        .build()
}

/// Lists the audit trail: what happened besides changes of packages, the last first.
#[utoipa::path(
    get,
    path = "/api/v1/access/trail",
    operation_id = "trail",
    tag = "access",
    params(TrailQuery),
    responses((status = 200, body = Trail, description = "The events"), Problems),
    security((), ("password" = []))
)]
pub(in crate::routes::api) async fn trail(
    Shares(state): Shares<State>,
    caller: Caller,
    Asked(query): Asked<TrailQuery>,
) -> Result<Json<Trail>, Problem> {
    caller.authorise(&state, Right::Admin, None).await?;
    if !(1..=MAX_EVENTS).contains(&query.limit) {
        let detail = format!("`limit` must be a number from 1 to {MAX_EVENTS}");
        return Err(ApiError::bad_request(detail).into());
    }
    let is_named = |actor: &String| (1..=200).contains(&actor.chars().count());
    if !query.actor.as_ref().is_none_or(is_named) {
        return Err(ApiError::bad_request("`actor` must have 1 to 200 characters").into());
    }
    let since = query.since.map(|seconds| {
        Some(seconds)
            .filter(|seconds| (0..=4_102_444_800).contains(seconds))
            .map(|seconds| Timestamp(seconds * 1_000_000))
            .ok_or_else(|| ApiError::bad_request("`since` must be a moment between 1970 and 2100"))
    });
    let before = query.before.as_deref().map(|place| {
        let place = place.parse::<TrailPlace>();
        place.map_err(|error: TrailPlaceError| ApiError::bad_request(format!("`before`: {error}")))
    });
    let kind = query.kind.as_deref().map(|name| {
        AuditKind::from_name(name).ok_or_else(|| {
            let names: Vec<_> = AuditKind::ALL.iter().map(|kind| kind.name()).collect();
            ApiError::bad_request(format!("`kind` must be one of {}", names.join(", ")))
        })
    });
    let filter = AuditFilter {
        actor: query.actor.as_deref().map(ActorFilter::new),
        project: query.project.as_deref().map(project_named).transpose()?,
        kind: kind.transpose()?,
        since: since.transpose()?,
        before: before.transpose()?,
    };
    state.audit.settle().await;
    let events = state.access.trail(&filter, query.limit).await?;
    Ok(Json(Trail {
        events: events
            .into_iter()
            .map(|TrailEntry { place, event }| TrailEvent {
                place: place.to_string(),
                at: moment(event.by.at),
                kind: event.kind.name().to_owned(),
                project: event.project.map(|project| project.to_string()),
                detail: event.detail,
                by: author(event.by),
            })
            .collect(),
    }))
}
