//! `/`: the home page.

use std::sync::Arc;

use axum::response::Response;
use http::HeaderMap;
use wheelhouse_index::Index;
use wheelhouse_index::permission::{Right, Sight};
use wheelhouse_ui::home::{HomePage, InstallLine, NewestRelease};

use super::{Read, answer};
use crate::error::ApiError;
use crate::page_cache::Subject;
use crate::request::RequestInfo;
use crate::state::State;

/// Releases on the home page.
const NEWEST: usize = 12;

/// `GET /`: search, what is new, and how to install from here. What is here stands there only for
/// those who may see something.
pub(in crate::routes) async fn home(
    state: &State,
    info: &RequestInfo,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let who = state.who(headers, info, Right::List).await?;
    let sight = state.sight_of(&who).ok();
    let audience = sight.as_ref().map_or(u64::MAX, Sight::fingerprint);
    let sees_all = matches!(sight, Some(Sight::Everything));
    let index = sight.map(|sight| state.index.seen_with(&sight));
    let is_open = state.access.is_open(Right::List);
    let simple = info.external.url("/simple/");
    let reading = read(index, sees_all, is_open, simple);
    answer(state, info, headers, &who, Subject::Home, audience, reading).await
}

async fn read(
    index: Option<Arc<Index>>,
    sees_all: bool,
    is_open: bool,
    simple: String,
) -> Result<Read<HomePage>, ApiError> {
    let mut page = HomePage {
        is_seen: index.is_some(),
        projects: None,
        files: None,
        newest: Vec::new(),
        lines: InstallLine::all(&simple, "PROJECT"),
        is_open,
    };
    let mut is_complete = true;
    if let Some(index) = index {
        if sees_all {
            let counts = index.counts().await?;
            (page.projects, page.files) = (Some(counts.projects), Some(counts.files));
        }
        let newest = index.newest_releases(NEWEST).await?;
        is_complete = newest.is_complete;
        let releases = newest.page.into_iter().map(|release| NewestRelease {
            project: release.project.to_string(),
            name: release.name,
            version: release.version.canonical(),
            summary: release.summary,
            at: release.at.seconds(),
        });
        page.newest = releases.collect();
        if let Some(first) = page.newest.first() {
            page.lines = InstallLine::all(&simple, &first.project);
        }
    }
    Ok(Read {
        serial: None,
        is_complete,
        page,
    })
}
