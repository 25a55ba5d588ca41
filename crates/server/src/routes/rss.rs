//! Feeds of what is new.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{OriginalUri, Path, State as Shares};
use axum::response::Response;
use http::HeaderMap;
use wheelhouse_index::Index;
use wheelhouse_index::news::NewRelease;
use wheelhouse_index::path::FilePath;
use wheelhouse_index::permission::Right;
use wheelhouse_index::release::Wanted;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::rss::{Feed, FeedItem, author_addresses, render};
use wheelhouse_standards::simple::link::encode_segment;

use super::simple::{moved_permanently, no_such_project, project_key, with_query};
use crate::error::ApiError;
use crate::page_cache::{Form, Subject};
use crate::render::{PageRequest, Rendering, page};
use crate::request::RequestInfo;
use crate::state::State;

/// Releases in the feed of everything.
const UPDATES: usize = 100;
/// Projects in the feed of new ones, and releases in the feed of a project.
const ITEMS: usize = 40;

/// `GET /rss/updates.xml`: the newest releases of everything.
pub(super) async fn updates(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let sight = state.sight(&headers, &info).await?;
    let base = info.external.url("");
    let request = PageRequest::new(Subject::Updates, Form::Feed, &base, &headers)
        .for_audience(sight.fingerprint());
    let reading = read_updates(state.index.seen_with(&sight), base.clone());
    page(&state, &request, &headers, reading).await
}

/// `GET /rss/packages.xml`: the newest projects.
pub(super) async fn new_projects(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let sight = state.sight(&headers, &info).await?;
    let base = info.external.url("");
    let request = PageRequest::new(Subject::NewProjects, Form::Feed, &base, &headers)
        .for_audience(sight.fingerprint());
    let reading = read_new_projects(state.index.seen_with(&sight), base.clone());
    page(&state, &request, &headers, reading).await
}

/// `GET /rss/project/{project}/releases.xml`: the newest releases of one project.
pub(super) async fn releases(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    Path(spelling): Path<String>,
    uri: OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let project = project_key(&spelling)?;
    state
        .authorise(&headers, &info, Right::List, Some(&project))
        .await?;
    if project.as_str() != spelling {
        let name = encode_segment(project.as_str());
        let target = info
            .external
            .path(&format!("/rss/project/{name}/releases.xml"));
        return Ok(moved_permanently(&with_query(&target, uri.query())));
    }
    let base = info.external.url("");
    let request = PageRequest::new(
        Subject::Releases(project.as_str()),
        Form::Feed,
        &base,
        &headers,
    );
    let reading = read_releases(Arc::clone(&state.index), project.clone(), base.clone());
    page(&state, &request, &headers, reading).await
}

async fn read_updates(index: Arc<Index>, base: String) -> Result<Rendering, ApiError> {
    let mut items = Vec::new();
    let newest = index.newest_releases(UPDATES).await?;
    for release in newest.page {
        items.push(release_item(&index, release, &base).await?);
    }
    Ok(rendering(
        newest.is_complete,
        Feed {
            title: "Newest releases".to_owned(),
            link: format!("{base}/"),
            description: "The releases that were uploaded last".to_owned(),
            items,
        },
    ))
}

async fn read_new_projects(index: Arc<Index>, base: String) -> Result<Rendering, ApiError> {
    let (mut items, mut is_complete) = (Vec::new(), true);
    for project in index.newest_projects(ITEMS).await? {
        let document = index.document(&project.key, &Wanted::Latest, "").await?;
        is_complete &= document.as_ref().is_none_or(|shown| shown.is_complete);
        let metadata = document.map(|shown| shown.page.shown.metadata);
        let metadata = metadata.unwrap_or_default();
        let link = project_url(&base, &project.key);
        items.push(FeedItem {
            title: format!("{} is new here", project.display_name),
            guid: link.clone(),
            link,
            description: metadata.summary.clone(),
            author: metadata.author_email.as_deref().and_then(author_addresses),
            published: project.since.to_date_time(),
        });
    }
    Ok(rendering(
        is_complete,
        Feed {
            title: "Newest projects".to_owned(),
            link: format!("{base}/"),
            description: "The projects that were uploaded for the first time last".to_owned(),
            items,
        },
    ))
}

async fn read_releases(
    index: Arc<Index>,
    project: ProjectKey,
    base: String,
) -> Result<Rendering, ApiError> {
    let releases = index.newest_releases_of(&project, ITEMS).await?;
    let releases = releases.ok_or_else(|| no_such_project(&project))?;
    let mut items = Vec::new();
    for release in releases.page {
        items.push(release_item(&index, release, &base).await?);
    }
    Ok(rendering(
        releases.is_complete,
        Feed {
            title: format!("Newest releases of {project}"),
            link: project_url(&base, &project),
            description: format!("The releases of {project} that were uploaded last"),
            items,
        },
    ))
}

fn rendering(is_complete: bool, feed: Feed) -> Rendering {
    Rendering {
        serial: None,
        is_complete,
        write: Box::new(move || render(&feed)),
    }
}

async fn release_item(
    index: &Index,
    release: NewRelease,
    base: &str,
) -> Result<FeedItem, ApiError> {
    let version = release.version.canonical();
    let link = project_url(base, &release.project);
    Ok(FeedItem {
        title: format!("{} {version}", release.name),
        guid: format!("{link}#{}", encode_segment(&version)),
        author: author(index, &release.path).await?,
        link,
        description: release.summary,
        published: release.at.to_date_time(),
    })
}

async fn author(index: &Index, path: &FilePath) -> Result<Option<String>, ApiError> {
    let metadata = index.core_metadata(path).await?;
    let field = metadata.and_then(|metadata| metadata.author_email);
    Ok(field.as_deref().and_then(author_addresses))
}

fn project_url(base: &str, project: &ProjectKey) -> String {
    format!("{base}/simple/{}/", encode_segment(project.as_str()))
}
