//! What a move of the index asks, over the socket of this machine's administrator alone.

use std::sync::Arc;

use axum::extract::State as Shares;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use http::StatusCode;

use super::problem::Problem;
use crate::error::ApiError;
use crate::moving::{HeldReport, HoldWish, Moving, ReleaseWish, ReleasedReport, SwitchWish};

type Mover = Shares<Arc<dyn Moving>>;

/// The routes that are about a move.
pub(crate) fn moving_router(moving: Arc<dyn Moving>) -> Router {
    Router::new()
        .route("/api/v1/move/hold", post(hold))
        .route("/api/v1/move/release", post(release))
        .route("/api/v1/move/switch", post(switch))
        .with_state(moving)
}

async fn hold(moving: Mover, Json(wish): Json<HoldWish>) -> Result<Json<HeldReport>, Problem> {
    let held = moving.hold(wish).await;
    Ok(Json(HeldReport {
        serial: held.map_err(ApiError::from)?,
    }))
}

async fn release(
    moving: Mover,
    Json(wish): Json<ReleaseWish>,
) -> Result<Json<ReleasedReport>, Problem> {
    let released = moving.release(&wish.name).await;
    Ok(Json(ReleasedReport {
        was_held: released.map_err(ApiError::from)?,
    }))
}

async fn switch(moving: Mover, Json(wish): Json<SwitchWish>) -> Result<Response, Problem> {
    let switched = moving.switch(wish.config).await;
    switched.map_err(|why| ApiError::new(StatusCode::CONFLICT, why))?;
    Ok(Json(serde_json::json!({})).into_response())
}
