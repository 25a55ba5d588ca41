//! What owners change.

use axum::Json;
use axum::extract::State as Shares;
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use wheelhouse_index::change::Attribution;
use wheelhouse_index::manage::{Part, Plan, Step, Target, Wish};
use wheelhouse_index::mark::Mark;
use wheelhouse_index::permission::Right;
use wheelhouse_standards::found::FoundFile;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::ProjectStatus;
use wheelhouse_standards::version::VersionText;

use super::caller::{Asked, Caller, Given, Project};
use super::problem::Problem;
use crate::api::{
    ChangeKind, ChangeReport, ChangeStep, ChangeWish, ProblemDetails, StatusName, StatusWish,
    YankWish,
};
use crate::error::ApiError;
use crate::state::State;

/// Longest version, in characters.
const MAX_VERSION_CHARS: usize = 200;
/// Longest file name, in characters.
const MAX_FILE_CHARS: usize = 255;

/// What may stand in the address of a change.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ChangeQuery {
    /// Whether to say what would change, and change nothing. `true` here or in the body is enough.
    #[serde(default)]
    #[param(default = false)]
    dry_run: bool,
}

macro_rules! change {
    ($(#[$doc:meta])* $name:ident, $verb:literal, $right:expr, $body:ident, $wish:ident) => {
        $(#[$doc])*
        #[utoipa::path(
            post,
            path = concat!("/api/v1/projects/{project}/", $verb),
            operation_id = $verb,
            tag = "changes",
            params(
                ("project" = String, Path, description = "The project, in any spelling", example = "demo"),
                ChangeQuery
            ),
            request_body = $body,
            responses(
                (status = 200, body = ChangeReport, description = "What changed, or would change"),
                (status = 400, body = ProblemDetails, content_type = "application/problem+json", description = "The call is wrong"),
                (status = 401, body = ProblemDetails, content_type = "application/problem+json", description = "Signing in is needed"),
                (status = 403, body = ProblemDetails, content_type = "application/problem+json", description = "It may not be done"),
                (status = 404, body = ProblemDetails, content_type = "application/problem+json", description = "There is no such thing"),
                (status = 405, body = ProblemDetails, content_type = "application/problem+json", description = "There is no such method"),
                (status = 409, body = ProblemDetails, content_type = "application/problem+json", description = "It cannot be done as things are"),
                (status = 413, body = ProblemDetails, content_type = "application/problem+json", description = "The body is too large"),
                (status = 415, body = ProblemDetails, content_type = "application/problem+json", description = "The body is not JSON")
            ),
            security((), ("password" = []))
        )]
        pub(super) async fn $name(
            state: Shares<State>,
            caller: Caller,
            project: Project,
            query: Asked<ChangeQuery>,
            Given(wish): Given<$body>,
        ) -> Result<Json<ChangeReport>, Problem> {
            let by = caller.changes(&state, $right, Some(&project.0)).await?;
            let dry_run = wish.dry_run || query.0.dry_run;
            let target = target(project.0, wish.version.clone(), wish.file.clone())?;
            let wish = $wish(target, wish);
            Ok(Json(carry_out(&state, wish, by, dry_run).await?))
        }
    };
}

change!(
    /// Installers should pass a file, a release or all releases over, unless they are asked for
    /// exactly that.
    yank, "yank", Right::Yank, YankWish, yank_wish
);
change!(
    /// They should not pass it over any more.
    unyank, "unyank", Right::Yank, ChangeWish, unyank_wish
);
change!(
    /// A file, a release or a whole project goes away, and the same bytes stay away.
    delete, "delete", Right::Delete, ChangeWish, delete_wish
);
change!(
    /// What was deleted comes back, as far as its bytes are still kept, and may be copied in again.
    undelete, "undelete", Right::Delete, ChangeWish, undelete_wish
);

/// A project gets a status.
#[utoipa::path(
    put,
    path = "/api/v1/projects/{project}/status",
    operation_id = "status",
    tag = "changes",
    params(
        ("project" = String, Path, description = "The project, in any spelling", example = "demo"),
        ChangeQuery
    ),
    request_body = StatusWish,
    responses(
        (status = 200, body = ChangeReport, description = "What changed, or would change"),
        (status = 400, body = ProblemDetails, content_type = "application/problem+json", description = "The call is wrong"),
        (status = 401, body = ProblemDetails, content_type = "application/problem+json", description = "Signing in is needed"),
        (status = 403, body = ProblemDetails, content_type = "application/problem+json", description = "It may not be done"),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json", description = "There is no such project"),
        (status = 405, body = ProblemDetails, content_type = "application/problem+json", description = "There is no such method"),
        (status = 409, body = ProblemDetails, content_type = "application/problem+json", description = "It cannot be done as things are"),
        (status = 413, body = ProblemDetails, content_type = "application/problem+json", description = "The body is too large"),
        (status = 415, body = ProblemDetails, content_type = "application/problem+json", description = "The body is not JSON")
    ),
    security((), ("password" = []))
)]
pub(super) async fn set_status(
    state: Shares<State>,
    caller: Caller,
    project: Project,
    query: Asked<ChangeQuery>,
    Given(wish): Given<StatusWish>,
) -> Result<Json<ChangeReport>, Problem> {
    let by = caller
        .changes(&state, Right::Yank, Some(&project.0))
        .await?;
    let dry_run = wish.dry_run || query.0.dry_run;
    let wish = Wish::SetStatus {
        project: project.0,
        status: wish.status.into(),
        reason: wish.reason,
    };
    Ok(Json(carry_out(&state, wish, by, dry_run).await?))
}

/// Does what an owner wants, or says what that would change.
pub(in crate::routes) async fn carry_out(
    state: &State,
    wish: Wish,
    by: Attribution,
    dry_run: bool,
) -> Result<ChangeReport, ApiError> {
    let project = wish.project().to_string();
    let (plan, serial) = if dry_run {
        (state.index.plan(&wish).await?, None)
    } else {
        let done = state.index.manage(wish, by).await?;
        (done.plan, done.serial)
    };
    let Plan { steps, warnings } = plan;
    Ok(ChangeReport {
        project,
        dry_run,
        serial: serial.map(|serial| serial.0),
        changes: steps.into_iter().filter_map(step).collect(),
        warnings,
    })
}

fn yank_wish(target: Target, wish: YankWish) -> Wish {
    Wish::Yank {
        target,
        reason: wish.reason,
    }
}

fn unyank_wish(target: Target, _: ChangeWish) -> Wish {
    Wish::Unyank { target }
}

fn delete_wish(target: Target, _: ChangeWish) -> Wish {
    Wish::Delete { target }
}

fn undelete_wish(target: Target, _: ChangeWish) -> Wish {
    Wish::Undelete { target }
}

/// Returns what a change is about.
pub(in crate::routes) fn target(
    project: ProjectKey,
    version: Option<String>,
    file: Option<String>,
) -> Result<Target, ApiError> {
    for (name, text, most) in [
        ("version", &version, MAX_VERSION_CHARS),
        ("file", &file, MAX_FILE_CHARS),
    ] {
        if let Some(text) = text
            && (text.is_empty() || text.chars().count() > most || text.contains(char::is_control))
        {
            let detail = format!(
                "`{name}` must be a text of 1 to {most} characters, none of them a control character"
            );
            return Err(ApiError::bad_request(detail));
        }
    }
    let version = version.map(VersionText::from);
    let part = match (version, file) {
        (None, None) => Part::Project,
        (Some(version), None) => Part::Release(version),
        (None, Some(file)) => Part::File(file),
        (Some(version), Some(file)) => {
            let found = FoundFile::of(&file);
            if found.is_none_or(|found| found.version.key() != version.key()) {
                let detail = format!("`{file}` is no file of the release {}", version.as_str());
                return Err(ApiError::new(StatusCode::NOT_FOUND, detail));
            }
            Part::File(file)
        }
    };
    Ok(Target { project, part })
}

/// Returns a step as callers see it. What is said of a file that goes away is not shown beside it.
fn step(step: Step) -> Option<ChangeStep> {
    let empty = ChangeStep {
        kind: ChangeKind::Deleted,
        version: None,
        file: None,
        status: None,
        reason: None,
    };
    Some(match step {
        Step::Remove(record) => ChangeStep {
            kind: ChangeKind::Deleted,
            version: (!record.named.version.is_empty()).then(|| record.named.version.canonical()),
            file: Some(record.path.to_string()),
            ..empty
        },
        Step::Restore(path) => ChangeStep {
            kind: ChangeKind::Restored,
            file: Some(path.to_string()),
            ..empty
        },
        Step::Say { before, after } => {
            let is_said = after.is_some();
            let yank = if is_said {
                ChangeKind::Yanked
            } else {
                ChangeKind::Unyanked
            };
            match after.or(before)? {
                Mark::Status { status, reason } => ChangeStep {
                    kind: ChangeKind::StatusSet,
                    status: Some(if is_said {
                        status.into()
                    } else {
                        StatusName::Active
                    }),
                    reason: reason.filter(|_| is_said),
                    ..empty
                },
                Mark::YankedRelease { version, reason } => ChangeStep {
                    kind: yank,
                    version: Some(version.canonical()),
                    reason: reason.filter(|_| is_said),
                    ..empty
                },
                Mark::YankedFile { file_name, reason } => ChangeStep {
                    kind: yank,
                    file: Some(file_name),
                    reason: reason.filter(|_| is_said),
                    ..empty
                },
                Mark::Deleted { path, .. } if !is_said => ChangeStep {
                    kind: ChangeKind::Readmitted,
                    file: Some(path.to_string()),
                    ..empty
                },
                Mark::Deleted { .. } => return None,
            }
        }
    })
}

impl From<StatusName> for ProjectStatus {
    fn from(name: StatusName) -> Self {
        match name {
            StatusName::Active => Self::Active,
            StatusName::Archived => Self::Archived,
            StatusName::Quarantined => Self::Quarantined,
            StatusName::Deprecated => Self::Deprecated,
        }
    }
}

impl From<ProjectStatus> for StatusName {
    fn from(status: ProjectStatus) -> Self {
        match status {
            ProjectStatus::Active => Self::Active,
            ProjectStatus::Archived => Self::Archived,
            ProjectStatus::Quarantined => Self::Quarantined,
            ProjectStatus::Deprecated => Self::Deprecated,
        }
    }
}
