//! How often files were downloaded.

use axum::Json;
use axum::extract::State as Shares;
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use wheelhouse_index::downloads::{DownloadReport, Platform};
use wheelhouse_index::permission::Right;

use super::caller::{Asked, Caller, Project};
use super::problem::Problem;
use crate::api::{
    DayCount, DownloadFigures, IndexDownloads, MonthCount, NamedCount, ProblemDetails,
    ProjectDownloads,
};
use crate::error::ApiError;
use crate::state::State;

/// Most days that may be asked for.
const MAX_DAYS: u32 = 3_650;
/// Most projects of one answer.
const MAX_PROJECTS: usize = 100;
/// What stands for what a client did not tell.
const UNKNOWN: &str = "unknown";

/// Which days are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ProjectQuery {
    /// The last so many days, today among them; of more than are kept by day, those that are.
    #[serde(default = "default_days")]
    #[param(default = 30, minimum = 1, maximum = 3650)]
    days: u32,
}

/// Which days and how many projects are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct IndexQuery {
    /// The last so many days, today among them; of more than are kept by day, those that are.
    #[serde(default = "default_days")]
    #[param(default = 30, minimum = 1, maximum = 3650)]
    days: u32,
    /// How many projects, the most downloaded first.
    #[serde(default = "default_limit")]
    #[param(default = 10, minimum = 1, maximum = 100)]
    limit: usize,
}

fn default_days() -> u32 {
    30
}

fn default_limit() -> usize {
    10
}

/// Shows how often a project's files were downloaded.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}/downloads",
    operation_id = "downloads",
    tag = "reading",
    params(
        ("project" = String, Path, description = "The project, in any spelling", example = "demo"),
        ProjectQuery
    ),
    responses(
        (status = 200, body = ProjectDownloads, description = "How often"),
        (status = 400, body = ProblemDetails, content_type = "application/problem+json", description = "The call is wrong"),
        (status = 401, body = ProblemDetails, content_type = "application/problem+json", description = "Signing in is needed"),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json", description = "There is no such project"),
        (status = 405, body = ProblemDetails, content_type = "application/problem+json", description = "There is no such method")
    ),
    security((), ("password" = []))
)]
pub(super) async fn of_project(
    Shares(state): Shares<State>,
    caller: Caller,
    Project(project): Project,
    Asked(query): Asked<ProjectQuery>,
) -> Result<Json<ProjectDownloads>, Problem> {
    caller
        .authorise(&state, Right::List, Some(&project))
        .await?;
    check_days(query.days)?;
    let Some(report) = state.index.downloads(&project, query.days).await? else {
        let detail = format!("there is no project `{project}` here");
        return Err(ApiError::new(StatusCode::NOT_FOUND, detail).into());
    };
    Ok(Json(ProjectDownloads {
        project: project.to_string(),
        downloads: figures(report),
    }))
}

/// Shows how often the files of all projects were downloaded, and which projects most.
#[utoipa::path(
    get,
    path = "/api/v1/downloads",
    operation_id = "all-downloads",
    tag = "reading",
    params(IndexQuery),
    responses(
        (status = 200, body = IndexDownloads, description = "How often"),
        (status = 400, body = ProblemDetails, content_type = "application/problem+json", description = "The call is wrong"),
        (status = 401, body = ProblemDetails, content_type = "application/problem+json", description = "Signing in is needed"),
        (status = 405, body = ProblemDetails, content_type = "application/problem+json", description = "There is no such method")
    ),
    security((), ("password" = []))
)]
pub(super) async fn of_index(
    Shares(state): Shares<State>,
    caller: Caller,
    Asked(query): Asked<IndexQuery>,
) -> Result<Json<IndexDownloads>, Problem> {
    let sight = caller.sight(&state).await?;
    check_days(query.days)?;
    if !(1..=MAX_PROJECTS).contains(&query.limit) {
        let detail = format!("`limit` must be a number from 1 to {MAX_PROJECTS}");
        return Err(ApiError::bad_request(detail).into());
    }
    // The sum of everything would tell of what somebody may not see.
    let downloads = match caller.authorise(&state, Right::List, None).await {
        Ok(_) => Some(figures(state.index.all_downloads(query.days).await?)),
        Err(_) => None,
    };
    let seen = state.index.seen_with(&sight);
    let projects = seen.most_downloaded(query.days, query.limit).await?;
    Ok(Json(IndexDownloads {
        downloads,
        projects: projects
            .into_iter()
            .map(|one| named(&one.project, one.count))
            .collect(),
    }))
}

fn check_days(days: u32) -> Result<(), ApiError> {
    if (1..=MAX_DAYS).contains(&days) {
        return Ok(());
    }
    let detail = format!("`days` must be a number from 1 to {MAX_DAYS}");
    Err(ApiError::bad_request(detail))
}

fn figures(report: DownloadReport) -> DownloadFigures {
    let texts = |counts: Vec<(String, u64)>| {
        let counts = counts.into_iter();
        counts
            .map(|(name, count)| NamedCount { name, count })
            .collect()
    };
    let by_day = report.by_day.into_iter().map(|(day, count)| DayCount {
        day: day.to_string(),
        count,
    });
    let by_month = report.by_month.into_iter().map(|(month, count)| {
        let mut month = month.to_string();
        // The day of a month is no part of it.
        month.truncate(month.rfind('-').unwrap_or(month.len()));
        MonthCount { month, count }
    });
    let by_python = report.by_python.into_iter().map(|(python, count)| {
        let name = python.map_or_else(|| UNKNOWN.to_owned(), |python| python.to_string());
        NamedCount { name, count }
    });
    let by_platform = report.by_platform.into_iter();
    let by_client = report.by_client.into_iter();
    DownloadFigures {
        from: report.days.first.to_string(),
        to: report.days.last.to_string(),
        total: report.total,
        ever: report.ever,
        by_day: by_day.collect(),
        by_month: by_month.collect(),
        by_version: texts(report.by_version),
        by_file: texts(report.by_file),
        by_python: by_python.collect(),
        by_platform: by_platform
            .map(|(platform, count)| named(platform.map_or(UNKNOWN, Platform::name), count))
            .collect(),
        by_client: by_client
            .map(|(client, count)| named(client.name(), count))
            .collect(),
    }
}

fn named(name: &(impl ToString + ?Sized), count: u64) -> NamedCount {
    NamedCount {
        name: name.to_string(),
        count,
    }
}
