//! What is said about a project.

use axum::Json;
use axum::extract::State as Shares;
use http::StatusCode;
use wheelhouse_index::permission::Right;

use super::caller::{Caller, Project};
use super::problem::Problem;
use crate::api::{FileReport, ProblemDetails, ProjectReport, ReleaseReport, WithdrawnFile};
use crate::error::ApiError;
use crate::state::State;

/// Shows a project: its status, its releases and files, what was deleted.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}",
    operation_id = "project",
    tag = "reading",
    params(("project" = String, Path, description = "The project, in any spelling", example = "demo")),
    responses(
        (status = 200, body = ProjectReport, description = "The project"),
        (status = 401, body = ProblemDetails, content_type = "application/problem+json", description = "Signing in is needed"),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json", description = "There is no such project"),
        (status = 405, body = ProblemDetails, content_type = "application/problem+json", description = "There is no such method")
    ),
    security((), ("password" = []))
)]
pub(super) async fn show(
    Shares(state): Shares<State>,
    caller: Caller,
    Project(project): Project,
) -> Result<Json<ProjectReport>, Problem> {
    caller
        .authorise(&state, Right::List, Some(&project))
        .await?;
    let Some(said) = state.index.said_of(&project).await? else {
        let detail = format!("there is no project `{project}` here");
        return Err(ApiError::new(StatusCode::NOT_FOUND, detail).into());
    };
    let releases = said.releases.into_iter().map(|release| ReleaseReport {
        version: release.version,
        yanked: release
            .files
            .iter()
            .all(|file| file.yanked.reason().is_some()),
        files: release
            .files
            .into_iter()
            .map(|file| FileReport {
                reason: file
                    .yanked
                    .reason()
                    .filter(|reason| !reason.is_empty())
                    .map(str::to_owned),
                yanked: file.yanked.reason().is_some(),
                file: file.file_name,
                size: file.size_bytes,
                sha256: file.sha256.map(|digest| digest.to_string()),
            })
            .collect(),
    });
    let withdrawn = said.withdrawn.into_iter().map(|file| WithdrawnFile {
        file: file.path.to_string(),
        sha256: file.sha256.to_string(),
        since: super::events::moment(file.since),
        is_back: file.is_back,
    });
    Ok(Json(ProjectReport {
        project: project.to_string(),
        status: said.status.into(),
        reason: said.reason,
        last_serial: said.last_serial.map(|serial| serial.0),
        releases: releases.collect(),
        withdrawn: withdrawn.collect(),
    }))
}
