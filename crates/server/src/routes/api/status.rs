//! How the index is.

use axum::Json;
use axum::extract::State as Shares;
use wheelhouse_index::permission::Right;

use super::caller::Caller;
use super::problem::Problem;
use crate::api::{IndexReport, ProblemDetails};
use crate::state::State;

/// Shows how much the index holds, and what needs somebody.
#[utoipa::path(
    get,
    path = "/api/v1/status",
    operation_id = "index",
    tag = "reading",
    responses(
        (status = 200, body = IndexReport, description = "The index"),
        (status = 401, body = ProblemDetails, content_type = "application/problem+json", description = "Signing in is needed"),
        (status = 405, body = ProblemDetails, content_type = "application/problem+json", description = "There is no such method")
    ),
    security((), ("password" = []))
)]
pub(super) async fn show(
    Shares(state): Shares<State>,
    caller: Caller,
) -> Result<Json<IndexReport>, Problem> {
    caller.authorise(&state, Right::List, None).await?;
    let counts = state.index.counts().await?;
    let came_back = state.index.came_back().await;
    let damaged = state.index.damaged();
    Ok(Json(IndexReport {
        index: state.index.name().to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        projects: counts.projects,
        files: counts.files,
        unread: counts.unread,
        serial: state.index.head().await?.0,
        came_back: came_back.iter().map(ToString::to_string).collect(),
        damaged: damaged.iter().map(ToString::to_string).collect(),
    }))
}
