//! `/search`, and the names that typing help offers.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State as Shares};
use axum::response::{IntoResponse, Json, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use wheelhouse_index::finding::PYTHON_MINORS;
use wheelhouse_index::permission::{Right, Sight};
use wheelhouse_index::ports::{FinderQuery, FoundProject, FoundProjects, StoreError};
use wheelhouse_ui::search::{Found, SearchPage};

use super::{Read, frame};
use crate::error::ApiError;
use crate::request::RequestInfo;
use crate::state::State;

/// Results on a page.
const PER_PAGE: usize = 20;
/// Pages that can be turned to. Who has not found it by then searches for something else.
const MAX_PAGES: u32 = 100;
/// Longest text that is searched for, in bytes.
const MAX_QUERY_BYTES: usize = 200;
/// Names that are offered while somebody types, and near ones where nothing was found.
const MAX_NAMES: usize = 10;

/// What the address of the page says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    q: String,
    python: String,
    license: String,
    c: String,
    page: String,
}

/// `GET /search`: the projects that fit.
pub(super) async fn search(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let who = state.who(&headers, &info, Right::List).await?;
    let sight = state.sight_of(&who)?;
    let number = asked.page.parse().unwrap_or(1).clamp(1, MAX_PAGES);
    let query = asked.query(number);
    let finder = Arc::clone(state.finding.finder());
    let (found, near) = on_a_thread(move || {
        let found = finder.find(&query, &sight)?;
        let near = if found.total == 0 && query.offset == 0 {
            finder.near(&query.words, MAX_NAMES, &sight)?
        } else {
            Vec::new()
        };
        Ok((found, near))
    })
    .await?;
    let page = asked.page(&info, number, found, near, state.finding.is_complete());
    let mut frame = frame(&state, &info, &who);
    frame.searched.clone_from(&page.query);
    super::uncached(
        &state,
        &headers,
        frame,
        Read {
            serial: None,
            is_complete: true,
            page,
        },
    )
    .await
}

#[derive(Debug, Serialize)]
struct Names {
    names: Vec<String>,
}

/// `GET /_/search/names?q=…`: names that begin so, for typing help.
pub(super) async fn names(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let sight = state.sight(&headers, &info).await?;
    let finder = Arc::clone(state.finding.finder());
    let text = cut(&asked.q).to_owned();
    let names = on_a_thread(move || finder.names(&text, MAX_NAMES, &sight)).await?;
    let no_cache = [(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"))];
    Ok((no_cache, Json(Names { names })).into_response())
}

/// Returns names that are nearly a project's, for whoever asked for one that is not here.
pub(super) async fn near_names(
    state: &State,
    name: &str,
    sight: Sight,
) -> Result<Vec<String>, ApiError> {
    let (finder, name) = (Arc::clone(state.finding.finder()), cut(name).to_owned());
    on_a_thread(move || finder.near(&name, MAX_NAMES, &sight)).await
}

/// Asks the finder, which blocks for some milliseconds.
pub(super) async fn on_a_thread<T: Send + 'static>(
    ask: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, ApiError> {
    let asked = tokio::task::spawn_blocking(ask).await;
    let asked = asked.map_err(|failure| StoreError::new("server", "find projects", failure))?;
    Ok(asked?)
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_QUERY_BYTES)]
}

fn given(text: &str) -> Option<String> {
    let text = cut(text.trim());
    (!text.is_empty()).then(|| text.to_owned())
}

impl Asked {
    fn query(&self, number: u32) -> FinderQuery {
        let minor = self.python.trim().strip_prefix("3.");
        FinderQuery {
            words: cut(self.q.trim()).to_owned(),
            python_minor: minor.and_then(|minor| minor.parse().ok()),
            licence: given(&self.license),
            classifier: given(&self.c),
            offset: (number as usize - 1) * PER_PAGE,
            limit: PER_PAGE,
        }
    }

    fn page(
        &self,
        info: &RequestInfo,
        number: u32,
        found: FoundProjects,
        near: Vec<String>,
        is_complete: bool,
    ) -> SearchPage {
        let has_more = found.total > number as usize * PER_PAGE && number < MAX_PAGES;
        SearchPage {
            query: cut(self.q.trim()).to_owned(),
            results: found.projects.into_iter().map(result).collect(),
            total: found.total as u64,
            is_more: found.is_more,
            number,
            previous: (number > 1).then(|| self.address(info, number - 1)),
            next: has_more.then(|| self.address(info, number + 1)),
            python: cut(&self.python).to_owned(),
            license: cut(&self.license).to_owned(),
            classifier: cut(&self.c).to_owned(),
            pythons: PYTHON_MINORS.map(|minor| format!("3.{minor}")).collect(),
            licenses: with(found.licences, &self.license),
            is_complete,
            near,
        }
    }

    fn address(&self, info: &RequestInfo, number: u32) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("q", &self.q),
            ("python", &self.python),
            ("license", &self.license),
            ("c", &self.c),
        ] {
            if !value.is_empty() {
                query.append_pair(name, cut(value));
            }
        }
        query.append_pair("page", &number.to_string());
        info.external.path(&format!("/search?{}", query.finish()))
    }
}

/// Adds the licence that was chosen: it must stand there to be taken back.
fn with(mut licences: Vec<String>, chosen: &str) -> Vec<String> {
    if let Some(chosen) = given(chosen)
        && !licences.contains(&chosen)
    {
        licences.push(chosen);
    }
    licences
}

fn result(found: FoundProject) -> Found {
    Found {
        project: found.key.to_string(),
        name: found.name,
        version: found.version,
        summary: found.summary,
        at: found.at.seconds(),
    }
}
