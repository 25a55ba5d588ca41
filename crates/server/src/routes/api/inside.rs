//! What is inside a file, and what changed between releases.

use std::fmt::Write as _;

use axum::Json;
use axum::extract::{FromRequestParts, Path, State as Shares};
use http::StatusCode;
use http::request::Parts;
use serde::Deserialize;
use utoipa::IntoParams;
use wheelhouse_index::compare::{
    Changes, Difference, FileChange, FileDiff, HookChange, HookKind, Hunk, LineKind, WhatChanged,
};
use wheelhouse_index::permission::Right;
use wheelhouse_standards::archive::{Member, MemberKind};
use wheelhouse_standards::name::ProjectKey;

use super::caller::{Asked, Caller, Project};
use super::problem::Problem;
use crate::api::{
    ChangedFile, ChangesReport, DifferenceReport, FileChangeKind, HookReport, InsideKind,
    InsideList, InsideMember, ProblemDetails,
};
use crate::error::ApiError;
use crate::routes::simple::project_key;
use crate::state::State;

/// The project and the file of the address.
#[derive(Debug)]
pub(super) struct ProjectFile(ProjectKey, String);

impl FromRequestParts<State> for ProjectFile {
    type Rejection = Problem;

    async fn from_request_parts(head: &mut Parts, state: &State) -> Result<Self, Problem> {
        let named = Path::<(String, String)>::from_request_parts(head, state).await;
        let no_file = || ApiError::new(StatusCode::NOT_FOUND, "no file can have this name");
        let Path((project, file)) = named.map_err(|_| no_file())?;
        Ok(Self(project_key(&project).map_err(|_| no_file())?, file))
    }
}

/// Lists what is inside a file.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}/files/{file}/members",
    operation_id = "inside",
    tag = "reading",
    params(
        ("project" = String, Path, description = "The project, in any spelling", example = "demo"),
        ("file" = String, Path, description = "The file's name", example = "demo-1.0-py3-none-any.whl")
    ),
    responses(
        (status = 200, body = InsideList, description = "What is inside"),
        (status = 401, body = ProblemDetails, content_type = "application/problem+json", description = "Signing in is needed"),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json", description = "There is no such file"),
        (status = 405, body = ProblemDetails, content_type = "application/problem+json", description = "There is no such method"),
        (status = 503, body = ProblemDetails, content_type = "application/problem+json", description = "Too many files are being looked into")
    ),
    security((), ("password" = []))
)]
pub(super) async fn members(
    Shares(state): Shares<State>,
    caller: Caller,
    ProjectFile(project, file): ProjectFile,
) -> Result<Json<InsideList>, Problem> {
    authorise(&state, &caller, &project).await?;
    let record = state.index.file_named(&project, None, &file).await?;
    let record = record.ok_or_else(|| {
        let detail = format!("there is no file {file} of the project `{project}` here");
        ApiError::new(StatusCode::NOT_FOUND, detail)
    })?;
    let inside = state.index.inside(&record.path).await;
    let inside = inside.map_err(ApiError::from)?;
    let listing = &inside.listing;
    Ok(Json(InsideList {
        project: project.to_string(),
        file,
        size: inside.record.fingerprint.size_bytes(),
        members: listing.members.iter().map(member).collect(),
        cut: listing.is_cut,
        stopped: listing.stopped.clone(),
    }))
}

/// Which releases are to be compared.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ChangesQuery {
    /// The older version, in any spelling.
    #[param(min_length = 1, max_length = 200, example = "1.0")]
    from: String,
    /// The newer version, in any spelling.
    #[param(min_length = 1, max_length = 200, example = "2.0")]
    to: String,
    /// The file of the newer release that is to be compared.
    #[param(min_length = 1, max_length = 255)]
    file: Option<String>,
}

/// Compares two releases: what can run by itself first, then dependencies, metadata and files.
#[utoipa::path(
    get,
    path = "/api/v1/projects/{project}/changes",
    operation_id = "changes",
    tag = "reading",
    params(
        ("project" = String, Path, description = "The project, in any spelling", example = "demo"),
        ChangesQuery
    ),
    responses(
        (status = 200, body = ChangesReport, description = "What changed"),
        (status = 400, body = ProblemDetails, content_type = "application/problem+json", description = "The call is wrong"),
        (status = 401, body = ProblemDetails, content_type = "application/problem+json", description = "Signing in is needed"),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json", description = "There are no such releases, or no files to compare"),
        (status = 405, body = ProblemDetails, content_type = "application/problem+json", description = "There is no such method"),
        (status = 503, body = ProblemDetails, content_type = "application/problem+json", description = "Too many files are being looked into")
    ),
    security((), ("password" = []))
)]
pub(super) async fn changes(
    Shares(state): Shares<State>,
    caller: Caller,
    Project(project): Project,
    Asked(query): Asked<ChangesQuery>,
) -> Result<Json<ChangesReport>, Problem> {
    authorise(&state, &caller, &project).await?;
    let changes = state
        .index
        .changes(&project, &query.from, &query.to, query.file.as_deref())
        .await
        .map_err(ApiError::from)?;
    Ok(Json(report(&project, &changes)))
}

/// Succeeds if the caller may both see a project and download its files.
async fn authorise(state: &State, caller: &Caller, project: &ProjectKey) -> Result<(), Problem> {
    for right in [Right::List, Right::Download] {
        caller.authorise(state, right, Some(project)).await?;
    }
    Ok(())
}

fn member(member: &Member) -> InsideMember {
    let (kind, target) = match &member.kind {
        MemberKind::File => (InsideKind::File, None),
        MemberKind::Folder => (InsideKind::Folder, None),
        MemberKind::Link(target) => (InsideKind::Link, Some(target.clone())),
        MemberKind::Other => (InsideKind::Other, None),
    };
    InsideMember {
        place: member.place,
        path: member.path.clone(),
        kind,
        target,
        size: member.size_bytes,
        packed: member.compressed_bytes,
        marks: member
            .marks
            .iter()
            .map(|mark| mark.name().to_owned())
            .collect(),
    }
}

fn report(project: &ProjectKey, changes: &Changes) -> ChangesReport {
    let comparison = &changes.comparison;
    let name = |name: &str| name.to_owned();
    ChangesReport {
        project: project.to_string(),
        from: changes.from.clone(),
        to: changes.to.clone(),
        old_file: name(changes.pair.old.file_name()),
        new_file: name(changes.pair.new.file_name()),
        others: changes
            .others
            .iter()
            .map(|pair| name(pair.new.file_name()))
            .collect(),
        notes: comparison.notes.clone(),
        hooks: comparison.hooks.iter().map(hook).collect(),
        dependencies: comparison.dependencies.iter().map(difference).collect(),
        metadata: comparison.metadata.iter().map(difference).collect(),
        files: comparison.files.iter().map(changed_file).collect(),
        unchanged: comparison.unchanged,
    }
}

fn hook(hook: &HookChange) -> HookReport {
    HookReport {
        kind: hook.kind.name().to_owned(),
        group: match &hook.kind {
            HookKind::EntryPoint(group) => Some(group.clone()),
            HookKind::File(_) | HookKind::BuildSystem => None,
        },
        name: hook.name.clone(),
        old: hook.old.clone(),
        new: hook.new.clone(),
    }
}

fn difference(difference: &Difference) -> DifferenceReport {
    DifferenceReport {
        what: difference.what.clone(),
        old: difference.old.clone(),
        new: difference.new.clone(),
    }
}

fn changed_file(file: &FileChange) -> ChangedFile {
    let (diff, cut, reason) = match &file.diff {
        FileDiff::Lines { hunks, is_cut } => (Some(unified(hunks)), *is_cut, None),
        FileDiff::NotShown(reason) => (None, false, Some((*reason).to_owned())),
    };
    ChangedFile {
        path: file.path.clone(),
        what: match file.what {
            WhatChanged::Added => FileChangeKind::Added,
            WhatChanged::Changed => FileChangeKind::Changed,
            WhatChanged::Removed => FileChangeKind::Removed,
            WhatChanged::Unknown => FileChangeKind::Unknown,
        },
        old_size: file.old_bytes,
        new_size: file.new_bytes,
        marks: file
            .marks
            .iter()
            .map(|mark| mark.name().to_owned())
            .collect(),
        diff,
        cut,
        reason,
    }
}

/// Writes lines as a unified diff.
fn unified(hunks: &[Hunk]) -> String {
    let mut text = String::new();
    for hunk in hunks {
        // A `String` takes everything.
        let _ = writeln!(text, "{}", hunk.title());
        for line in &hunk.lines {
            let sign = match line.kind {
                LineKind::Same => ' ',
                LineKind::Removed => '-',
                LineKind::Added => '+',
            };
            let _ = writeln!(text, "{sign}{}", line.text);
        }
    }
    text
}
