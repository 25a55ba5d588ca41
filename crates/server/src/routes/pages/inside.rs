//! `/project/{project}/{version}/file/…`: what is inside a file, and one member of it.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{OriginalUri, Path, State as Shares};
use axum::response::Response;
use http::HeaderMap;
use wheelhouse_index::inspect::{Inside, Looked, MemberContent, Which};
use wheelhouse_index::permission::{Principal, Right};
use wheelhouse_index::record::FileRecord;
use wheelhouse_standards::archive::{Member, MemberKind, MemberMark};
use wheelhouse_standards::inside::text::Encoding;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::link::{encode_path, encode_segment};
use wheelhouse_ui::inside::{Entry, Folder, InsidePage, Mark};
use wheelhouse_ui::member::MemberPage;

use super::super::simple::{moved_permanently, project_key, with_query};
use super::{Read, answer, described};
use crate::error::ApiError;
use crate::page_cache::Subject;
use crate::request::RequestInfo;
use crate::state::State;

/// Most members that are shown, and most of those that deserve a look.
const MAX_SHOWN: usize = 5_000;
const MAX_MARKED: usize = 200;
/// Longest path of a member that is part of an address, in bytes.
const MAX_ADDRESS_BYTES: usize = 1_000;

/// Which file a page is about.
#[derive(Debug, Clone)]
struct Asked {
    project: ProjectKey,
    version: String,
    file_name: String,
}

impl Asked {
    /// The path of the page of all that is in the file, below the index's own.
    fn address(&self) -> String {
        format!(
            "/project/{}/{}/file/{}",
            encode_segment(self.project.as_str()),
            encode_segment(&self.version),
            encode_segment(&self.file_name)
        )
    }

    async fn record(&self, state: &State) -> Result<FileRecord, ApiError> {
        let index = &state.index;
        let found = index
            .file_named(&self.project, Some(&self.version), &self.file_name)
            .await?;
        found.ok_or_else(|| {
            let detail = format!(
                "there is no file {} in release {} of the project `{}` here",
                self.file_name, self.version, self.project
            );
            ApiError::new(http::StatusCode::NOT_FOUND, detail)
        })
    }
}

/// `GET /project/{project}/{version}/file/{file}`: what is inside. `?place=` shows the member at
/// that place: some have no path that an address can hold.
pub(super) async fn file(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    Path((spelling, version, file_name)): Path<(String, String, String)>,
    uri: OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let place = uri.query().and_then(|query| {
        form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "place")
            .map(|(_, place)| place.into_owned())
    });
    let which = match place {
        None => None,
        Some(place) => Some(Which::Place(place.parse().map_err(|_| {
            ApiError::bad_request("`place` must be the number of a member, from 0")
        })?)),
    };
    page(
        &state,
        &info,
        [spelling, version, file_name],
        which,
        &uri,
        &headers,
    )
    .await
}

/// `GET /project/{project}/{version}/file/{file}/{member}`: one member.
pub(super) async fn member(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    Path((spelling, version, file_name, member)): Path<(String, String, String, String)>,
    uri: OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let which = Some(Which::Path(member));
    page(
        &state,
        &info,
        [spelling, version, file_name],
        which,
        &uri,
        &headers,
    )
    .await
}

/// `GET` of a file or of changes with a slash at the end.
pub(super) async fn without_slash(
    Extension(info): Extension<RequestInfo>,
    OriginalUri(uri): OriginalUri,
) -> Response {
    let target = info.external.path(uri.path().trim_end_matches('/'));
    moved_permanently(&with_query(&target, uri.query()))
}

/// Returns who asks, if they may both see a project and download its files.
pub(super) async fn authorised(
    state: &State,
    info: &RequestInfo,
    headers: &HeaderMap,
    project: &ProjectKey,
) -> Result<Principal, ApiError> {
    // Credentials are looked at for the right that needs them.
    let (first, second) = if state.access.is_open(Right::Download) {
        (Right::List, Right::Download)
    } else {
        (Right::Download, Right::List)
    };
    let who = state.authorise(headers, info, first, Some(project)).await?;
    state.check(&who, second, Some(project))?;
    Ok(who)
}

async fn page(
    state: &State,
    info: &RequestInfo,
    [spelling, version, file_name]: [String; 3],
    which: Option<Which>,
    uri: &OriginalUri,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let project = project_key(&spelling)?;
    let who = authorised(state, info, headers, &project).await?;
    let asked = Asked {
        project,
        version,
        file_name,
    };
    if asked.project.as_str() != spelling {
        let mut target = asked.address();
        if let Some(Which::Path(member)) = &which {
            let _ = write!(target, "/{}", encode_path(member));
        }
        let target = with_query(&info.external.path(&target), uri.query());
        return Ok(moved_permanently(&target));
    }
    let mut detail = format!("{}/{}", asked.version, asked.file_name);
    match &which {
        None => {}
        Some(Which::Place(place)) => {
            let _ = write!(detail, "?{place}");
        }
        Some(Which::Path(path)) => {
            let _ = write!(detail, "/{path}");
        }
    }
    let key = asked.project.clone();
    let subject = Subject::InsidePage(key.as_str(), &detail);
    let (shared, told) = (Arc::clone(state), info.clone());
    match which {
        None => {
            let reading = Box::pin(async move {
                let record = asked.record(&shared).await?;
                let inside = shared.index.inside(&record.path).await?;
                Ok(complete(values(&told, &asked, &inside)))
            });
            answer(state, info, headers, &who, subject, 0, reading).await
        }
        Some(which) => {
            let reading = Box::pin(async move {
                let record = asked.record(&shared).await?;
                let looked = shared.index.member(&record.path, &which).await?;
                Ok(complete(member_values(&told, &asked, &looked)))
            });
            answer(state, info, headers, &who, subject, 0, reading).await
        }
    }
}

fn complete<P>(page: P) -> Read<P> {
    Read {
        serial: None,
        is_complete: true,
        page,
    }
}

fn values(info: &RequestInfo, asked: &Asked, inside: &Inside) -> InsidePage {
    let here = info.external.path(&asked.address());
    let listing = &inside.listing;
    let members: Vec<&Member> = listing
        .members
        .iter()
        .filter(|member| member.kind != MemberKind::Folder)
        .collect();
    let mut notes = Vec::new();
    if let Some(reason) = &listing.stopped {
        notes.push(format!("The file could not be read any further: {reason}."));
    } else if listing.is_cut {
        notes.push("There are more members than can be listed.".to_owned());
    }
    if members.len() > MAX_SHOWN {
        notes.push(format!(
            "Only the first {MAX_SHOWN} of {} files are shown.",
            members.len()
        ));
    }
    let mut marked: Vec<&&Member> = members
        .iter()
        .filter(|member| !member.marks.is_empty())
        .collect();
    marked.sort_by_key(|member| member.marks[0]);
    let shown = members.iter().take(MAX_SHOWN);
    InsidePage {
        project: asked.project.to_string(),
        version: asked.version.clone(),
        file: asked.file_name.clone(),
        file_url: info.external.path(&format!(
            "/packages/{}",
            encode_path(inside.record.path.as_str())
        )),
        size: inside.record.fingerprint.size_bytes(),
        count: members.len(),
        inner_size: members
            .iter()
            .fold(0, |sum, member| member.size_bytes.saturating_add(sum)),
        notes,
        marked: marked
            .into_iter()
            .take(MAX_MARKED)
            .map(|member| entry(&here, member))
            .collect(),
        command: super::own::ask(
            info,
            &format!(
                "/api/v1/projects/{}/files/{}/members",
                encode_segment(asked.project.as_str()),
                encode_segment(&asked.file_name)
            ),
        ),
        folders: Folder::all(shown.map(|member| entry(&here, member)).collect()),
    }
}

fn entry(here: &str, member: &Member) -> Entry {
    let name = member.path.rsplit('/').next().unwrap_or_default();
    Entry {
        name: name.to_owned(),
        url: address(here, member),
        size: member.size_bytes,
        packed: member.compressed_bytes,
        target: target(member),
        marks: marks(&member.marks),
        path: member.path.clone(),
    }
}

/// Returns where a member is shown: below its path, if an address can hold that and it names one
/// member alone.
fn address(here: &str, member: &Member) -> String {
    let is_plain = !member.has(MemberMark::OddPath)
        && !member.has(MemberMark::Twice)
        && !member.path.starts_with("./")
        && !member.path.ends_with('/')
        && member.path.len() <= MAX_ADDRESS_BYTES;
    if is_plain {
        format!("{here}/{}", encode_path(&member.path))
    } else {
        format!("{here}?place={}", member.place)
    }
}

fn target(member: &Member) -> Option<String> {
    match &member.kind {
        MemberKind::Link(target) => Some(target.clone()),
        MemberKind::File | MemberKind::Folder | MemberKind::Other => None,
    }
}

/// Says why something deserves a look.
pub(super) fn marks(marks: &[MemberMark]) -> Vec<Mark> {
    let is_grave = |mark: &MemberMark| {
        matches!(
            mark,
            MemberMark::StartsWithPython
                | MemberMark::OddPath
                | MemberMark::Twice
                | MemberMark::Encrypted
        )
    };
    let marks = marks.iter().map(|mark| Mark {
        words: mark.words(),
        is_grave: is_grave(mark),
    });
    marks.collect()
}

fn member_values(info: &RequestInfo, asked: &Asked, looked: &Looked) -> MemberPage {
    let member = &looked.member;
    let mut page = MemberPage {
        project: asked.project.to_string(),
        version: asked.version.clone(),
        file: asked.file_name.clone(),
        inside_url: info.external.path(&asked.address()),
        path: member.path.clone(),
        size: member.size_bytes,
        target: target(member),
        marks: marks(&member.marks),
        notes: Vec::new(),
        tables: Vec::new(),
        text: None,
        hex: None,
    };
    if looked.namesakes > 1 {
        page.notes.push(format!(
            "The file has {} members with this path. An installer leaves the last one behind.",
            looked.namesakes
        ));
    }
    match &*looked.content {
        MemberContent::None => {}
        MemberContent::Unreadable(reason) => {
            page.notes.push(format!("It cannot be read: {reason}."));
        }
        MemberContent::Binary(start) => {
            page.notes.push("It is not text.".to_owned());
            page.set_bytes(start);
        }
        MemberContent::Text {
            text,
            encoding,
            is_cut,
        } => {
            match encoding {
                Encoding::Utf8 => {}
                Encoding::Utf16 => page.notes.push("The text is UTF-16.".to_owned()),
                Encoding::Latin1 => page.notes.push(
                    "The text is not UTF-8: each byte is shown as a letter of Latin-1.".to_owned(),
                ),
            }
            if *is_cut {
                page.notes
                    .push("It is large: only its beginning is shown.".to_owned());
            }
            page.tables = described::tables(&member.path, text, looked.lines.as_deref());
            page.set_text(text);
        }
    }
    page
}
