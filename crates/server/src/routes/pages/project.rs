//! `/project/…`: the page of a project, with one of its releases in front.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use axum::Extension;
use axum::extract::{OriginalUri, Path, State as Shares};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use wheelhouse_index::actor::Actor;
use wheelhouse_index::overview::{Overview, OverviewFile, ReleaseLine};
use wheelhouse_index::page::Shown;
use wheelhouse_index::path::FilePath;
use wheelhouse_index::permission::{Principal, Right, Sight};
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::link::{encode_path, encode_segment};
use wheelhouse_standards::simple::{ProjectStatus, Yanked};
use wheelhouse_ui::chart;
use wheelhouse_ui::project::{
    ClassifierGroup, Downloads, Link, Notice, ProjectPage, Release, ReleaseFile,
};
use wheelhouse_ui::words;

use super::super::simple::{moved_permanently, no_such_project, project_key, with_query};
use super::search::{near_names, on_a_thread};
use super::{Read, answer, facts};
use crate::error::{ApiError, NearNames};
use crate::page_cache::Subject;
use crate::request::RequestInfo;
use crate::state::State;

/// Longest version that is looked for, in bytes.
const MAX_VERSION_BYTES: usize = 255;
/// Projects that are named as needing one.
const MAX_DEPENDENTS: usize = 20;
/// For how long a kept page shows the same counts of downloads.
const COUNTED_SECONDS: i64 = 300;

/// `GET /project/{project}/`: the release that stands for the project. `?version=` is how the picker
/// of versions asks without a script.
pub(super) async fn project(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    Path(spelling): Path<String>,
    uri: OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let picked = uri.query().and_then(|query| {
        form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "version")
            .map(|(_, version)| version.into_owned())
    });
    if let Some(version) = picked.filter(|version| !version.is_empty()) {
        let project = project_key(&spelling)?;
        let name = encode_segment(project.as_str());
        let target = format!("/project/{name}/{}/", encode_segment(&version));
        return Ok(super::see_other(&info.external.path(&target)));
    }
    page(&state, &info, &spelling, None, &uri, &headers).await
}

/// `GET /project/{project}/{version}/`: that release.
pub(super) async fn release(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    Path((spelling, version)): Path<(String, String)>,
    uri: OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    page(&state, &info, &spelling, Some(version), &uri, &headers).await
}

/// `GET` of either without its final slash.
pub(super) async fn add_slash(
    Extension(info): Extension<RequestInfo>,
    OriginalUri(uri): OriginalUri,
) -> Response {
    let target = info.external.path(&format!("{}/", uri.path()));
    moved_permanently(&with_query(&target, uri.query()))
}

async fn page(
    state: &State,
    info: &RequestInfo,
    spelling: &str,
    version: Option<String>,
    uri: &OriginalUri,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let project = project_key(spelling)?;
    let who = state
        .authorise(headers, info, Right::List, Some(&project))
        .await?;
    if project.as_str() != spelling {
        let name = encode_segment(project.as_str());
        let target = match &version {
            None => format!("/project/{name}/"),
            Some(version) => format!("/project/{name}/{}/", encode_segment(version)),
        };
        let target = with_query(&info.external.path(&target), uri.query());
        return Ok(moved_permanently(&target));
    }
    let subject = match &version {
        None => Subject::ProjectPage(project.as_str()),
        Some(version) if version.len() > MAX_VERSION_BYTES => {
            return Err(no_such_release(&project, "of that name"));
        }
        Some(version) => Subject::ReleasePage(project.as_str(), version),
    };
    let sight = state.sight_of(&who)?;
    let audience = audience(state, &sight);
    let reading = Box::pin(read(
        Arc::clone(state),
        sight.clone(),
        info.clone(),
        who.clone(),
        project.clone(),
        version.clone(),
    ));
    match answer(state, info, headers, &who, subject, audience, reading).await {
        Err(error) if error.status == StatusCode::NOT_FOUND => {
            let near = near_names(state, project.as_str(), sight).await?;
            let mut response = error.into_response();
            response.extensions_mut().insert(NearNames(near));
            Ok(response)
        }
        answer => answer,
    }
}

async fn read(
    state: State,
    sight: Sight,
    info: RequestInfo,
    who: Principal,
    project: ProjectKey,
    version: Option<String>,
) -> Result<Read<ProjectPage>, ApiError> {
    // Noted before it is asked: what is behind now may be told differently soon.
    let is_current = state.finding.is_current();
    let index = &state.index.seen_with(&sight);
    let shown = index.overview(&project, version.as_deref()).await?;
    let Shown { page, is_complete } = shown.ok_or_else(|| match &version {
        None => no_such_project(&project),
        Some(version) => no_such_release(&project, version),
    })?;
    Ok(Read {
        serial: Some(page.last_serial.0),
        is_complete: is_complete && is_current,
        page: values(&state, &sight, &info, &who, &page, version, is_complete).await?,
    })
}

async fn values(
    state: &State,
    sight: &Sight,
    info: &RequestInfo,
    who: &Principal,
    overview: &Overview,
    asked_version: Option<String>,
    is_complete: bool,
) -> Result<ProjectPage, ApiError> {
    let metadata = &overview.metadata;
    let version = overview.version.canonical();
    let simple = info.external.url("/simple/");
    let name = overview.key.as_str();
    let pin = match &asked_version {
        None => name.to_owned(),
        Some(_) => format!("{name}=={version}"),
    };
    let is_known = *who.actor() != Actor::Anonymous;
    let roles = if is_known {
        state.access.roles(&overview.key)
    } else {
        Vec::new()
    };
    let may = |right| {
        let index = state.index.name();
        let decided = state.access.decide(who, right, index, Some(&overview.key));
        decided.is_allowed()
    };
    let here = info.external.path(&format!(
        "/project/{}/{}/",
        encode_segment(name),
        encode_segment(&version)
    ));
    let files = overview.files.iter();
    let (finder, key) = (Arc::clone(state.finding.finder()), overview.key.clone());
    let (sees, said) = (sight.clone(), metadata.clone());
    let readmes = Arc::clone(&state.readmes);
    let (dependents, dependencies, readme) = on_a_thread(move || {
        let dependents = finder.dependents(&key, MAX_DEPENDENTS + 1, &sees)?;
        let dependencies = facts::dependencies(&*finder, &sees, &said)?;
        Ok((dependents, dependencies, readmes.of(&said)))
    })
    .await?;
    let downloads = downloads(state, overview).await?;
    // Who did something is for those to know who may change things.
    let may_manage = may(Right::Yank) || may(Right::Delete);
    let uploaders = if may_manage {
        state.index.uploaders(&overview.key).await?
    } else {
        HashMap::new()
    };
    Ok(ProjectPage {
        project: name.to_owned(),
        name: overview.display_name.clone(),
        version: version.clone(),
        asked_version,
        latest: overview.latest.canonical(),
        summary: metadata.summary.clone(),
        notices: notices(overview),
        install: format!("pip install --index-url {simple} {pin}"),
        readme,
        releases: releases(&overview.releases),
        files: files
            .map(|file| release_file(info, &here, file, &uploaders))
            .collect(),
        dependencies,
        has_more_dependents: dependents.len() > MAX_DEPENDENTS,
        dependents: dependents
            .into_iter()
            .take(MAX_DEPENDENTS)
            .map(|key| key.to_string())
            .collect(),
        links: links(overview),
        facts: facts::facts(metadata),
        classifiers: ClassifierGroup::all(&metadata.classifiers),
        keywords: metadata.keyword_list().map(str::to_owned).collect(),
        roles: roles
            .into_iter()
            .map(|(user, role)| (role.name().to_owned(), user.to_string()))
            .collect(),
        downloads,
        may_manage,
        is_partial: !is_complete,
    })
}

/// Returns what tells visitors apart who see different things. Counts of downloads make no events, so
/// that pages are made anew after some minutes, too.
fn audience(state: &State, sight: &Sight) -> u64 {
    let mut hasher = DefaultHasher::new();
    let period = state.index.now().seconds() / COUNTED_SECONDS;
    (sight.fingerprint(), period).hash(&mut hasher);
    hasher.finish()
}

/// Returns how often a project was downloaded, if that is counted.
async fn downloads(state: &State, overview: &Overview) -> Result<Option<Downloads>, ApiError> {
    if !state.index.counts_downloads() {
        return Ok(None);
    }
    let report = state.index.downloads_of(&overview.key, 30).await?;
    let days: Vec<_> = report
        .by_day
        .iter()
        .map(|(day, count)| (i64::from(day.0) * 86_400, *count))
        .collect();
    Ok(Some(Downloads {
        month: report.total,
        week: days.iter().rev().take(7).map(|(_, count)| count).sum(),
        chart: chart::days(&days),
    }))
}

fn notices(overview: &Overview) -> Vec<Notice> {
    let mut notices = Vec::new();
    let reason = overview.status_reason.clone();
    let mut status = |level, title: &str| {
        notices.push(Notice {
            level,
            title: title.to_owned(),
            text: reason.clone(),
        });
    };
    match overview.status {
        ProjectStatus::Active => {}
        ProjectStatus::Archived => status(
            "note",
            "This project is archived: it gets no more releases.",
        ),
        ProjectStatus::Deprecated => status("warning", "This project is deprecated."),
        ProjectStatus::Quarantined => {
            status(
                "danger",
                "This project is in quarantine: nobody can install it.",
            );
        }
    }
    if let Yanked::Yes(reason) = &overview.yanked {
        notices.push(Notice {
            level: "danger",
            title: "This release is yanked: installers pass it over.".to_owned(),
            text: reason.clone(),
        });
    }
    notices
}

fn releases(lines: &[ReleaseLine]) -> Vec<Release> {
    let before = lines.iter().skip(1).map(Some).chain([None]);
    lines
        .iter()
        .zip(before)
        .map(|(line, before)| Release {
            version: line.version.canonical(),
            at: line.at.seconds(),
            files: line.files,
            is_yanked: line.is_yanked,
            is_prerelease: line.version.is_prerelease(),
            before: before.map(|line| line.version.canonical()),
        })
        .collect()
}

fn release_file(
    info: &RequestInfo,
    here: &str,
    file: &OverviewFile,
    uploaders: &HashMap<FilePath, Actor>,
) -> ReleaseFile {
    let record = &file.record;
    let url = info
        .external
        .path(&format!("/packages/{}", encode_path(record.path.as_str())));
    let contents = record.contents.as_ref();
    let digests = contents.map_or_else(Vec::new, |contents| {
        vec![
            ("SHA-256", contents.digests.sha256.to_string()),
            ("BLAKE2b-256", contents.digests.blake2b_256.to_string()),
            ("MD5", contents.digests.md5.to_string()),
        ]
    });
    let integrity = format!(
        "/integrity/{}/{}/{}/provenance",
        record.project().as_str(),
        encode_segment(record.named.version.as_str()),
        encode_segment(record.file_name())
    );
    ReleaseFile {
        name: record.file_name().to_owned(),
        size: record.fingerprint.size_bytes(),
        at: record.uploaded_at.seconds(),
        uploader: uploaders.get(&record.path).map(name_of),
        words: words::of_file(record.named.kind, record.file_name()),
        digests,
        yanked: match &file.yanked {
            Yanked::No => None,
            Yanked::Yes(reason) => Some(reason.clone().unwrap_or_default()),
        },
        provenance: file.origin.as_ref().map(facts::sentence),
        provenance_url: file
            .origin
            .is_some()
            .then(|| info.external.path(&integrity)),
        signature_url: file.is_signed.then(|| format!("{url}.asc")),
        inside_url: contents
            .is_some()
            .then(|| format!("{here}file/{}", encode_segment(record.file_name()))),
        url,
    }
}

/// Returns how somebody is called on a page.
fn name_of(actor: &Actor) -> String {
    actor
        .account()
        .map_or_else(|| actor.to_string(), ToString::to_string)
}

fn links(overview: &Overview) -> Vec<Link> {
    let metadata = &overview.metadata;
    let labelled = metadata.labelled_urls();
    let home = metadata.home_page.as_deref().map(|url| ("Home page", url));
    let download = metadata
        .download_url
        .as_deref()
        .map(|url| ("Download", url));
    let mut links: Vec<Link> = Vec::new();
    for (label, url) in home.into_iter().chain(download).chain(labelled) {
        if let Some(link) = Link::of(label, url)
            && !links.iter().any(|known| known.url == link.url)
        {
            links.push(link);
        }
    }
    links
}

fn no_such_release(project: &ProjectKey, version: &str) -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        format!("there is no release {version} of the project `{project}` here"),
    )
}
