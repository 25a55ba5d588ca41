//! `/project/{project}/badge.svg`: the newest version as a picture, for other pages.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State as Shares};
use axum::response::Response;
use http::HeaderMap;
use wheelhouse_index::permission::Right;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::ProjectStatus;
use wheelhouse_standards::simple::link::encode_segment;
use wheelhouse_ui::badge::{self, BadgeColour};

use super::super::simple::{moved_permanently, no_such_project, project_key};
use crate::error::ApiError;
use crate::page_cache::{Form, Subject};
use crate::render::{PageRequest, Rendering, page};
use crate::request::RequestInfo;
use crate::state::State;

/// `GET /project/{project}/badge.svg`.
pub(super) async fn badge(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    Path(spelling): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let project = project_key(&spelling)?;
    state
        .authorise(&headers, &info, Right::List, Some(&project))
        .await?;
    if project.as_str() != spelling {
        let target = format!("/project/{}/badge.svg", encode_segment(project.as_str()));
        return Ok(moved_permanently(&info.external.path(&target)));
    }
    let subject = Subject::Badge(project.as_str());
    let request = PageRequest::new(subject, Form::Picture, "", &headers);
    let reading = read(Arc::clone(&state), project.clone());
    page(&state, &request, &headers, reading).await
}

async fn read(state: State, project: ProjectKey) -> Result<Rendering, ApiError> {
    let found = state.index.latest(&project).await?;
    let (version, status) = found.ok_or_else(|| no_such_project(&project))?;
    let colour = match status {
        ProjectStatus::Active => BadgeColour::Green,
        ProjectStatus::Archived | ProjectStatus::Deprecated => BadgeColour::Brown,
        ProjectStatus::Quarantined => BadgeColour::Red,
    };
    Ok(Rendering {
        serial: None,
        is_complete: true,
        write: Box::new(move || {
            badge::badge(project.as_str(), &version.canonical(), colour).into_bytes()
        }),
    })
}
