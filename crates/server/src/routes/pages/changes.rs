//! `/project/{project}/changes/{from}...{to}`: what changed between two releases.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{OriginalUri, Path, State as Shares};
use axum::response::Response;
use form_urlencoded::Serializer;
use http::HeaderMap;
use wheelhouse_index::compare::{
    Changes, Difference, FileChange, FileDiff, HookChange, Hunk, Likeness, WhatChanged,
};
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::link::encode_segment;
use wheelhouse_ui::changes::{
    ChangesPage, DifferenceRow, FileRow, HookRow, HunkLine, HunkLines, diff,
};

use super::super::simple::{moved_permanently, project_key, with_query};
use super::inside::{authorised, marks};
use super::own::ask;
use super::{Read, answer};
use crate::error::ApiError;
use crate::page_cache::Subject;
use crate::request::RequestInfo;
use crate::state::State;

/// Longest version that is looked for, in bytes.
const MAX_VERSION_BYTES: usize = 255;

/// `GET /project/{project}/changes/{from}...{to}`. `?file=` names the file of the newer release that
/// is to be compared.
pub(super) async fn changes(
    Shares(state): Shares<State>,
    Extension(info): Extension<RequestInfo>,
    Path((spelling, versions)): Path<(String, String)>,
    uri: OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let project = project_key(&spelling)?;
    let who = authorised(&state, &info, &headers, &project).await?;
    let (from, to) = versions
        .split_once("...")
        .filter(|(from, to)| from.len().max(to.len()) <= MAX_VERSION_BYTES)
        .ok_or_else(ApiError::not_found)?;
    let here = format!(
        "/project/{}/changes/{}...{}",
        encode_segment(project.as_str()),
        encode_segment(from),
        encode_segment(to)
    );
    if project.as_str() != spelling {
        let target = with_query(&info.external.path(&here), uri.query());
        return Ok(moved_permanently(&target));
    }
    let file = uri.query().and_then(|query| {
        form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "file")
            .map(|(_, file)| file.into_owned())
    });
    let detail = format!("{versions}?{}", file.as_deref().unwrap_or_default());
    let key = project.clone();
    let subject = Subject::ChangesPage(key.as_str(), &detail);
    let (shared, from, to) = (Arc::clone(&state), from.to_owned(), to.to_owned());
    let command = ask(&info, &call(&project, &from, &to, file.as_deref()));
    let here = info.external.path(&here);
    let reading = Box::pin(async move {
        let index = &shared.index;
        let changes = index.changes(&project, &from, &to, file.as_deref()).await?;
        Ok(Read {
            serial: None,
            is_complete: true,
            page: values(project.as_str(), &here, command, &changes),
        })
    });
    answer(&state, &info, &headers, &who, subject, 0, reading).await
}

/// Returns the call of the API that compares the same.
fn call(project: &ProjectKey, from: &str, to: &str, file: Option<&str>) -> String {
    let mut asked = Serializer::new(String::new());
    asked.extend_pairs([("from", from), ("to", to)]);
    if let Some(file) = file {
        asked.append_pair("file", file);
    }
    format!(
        "/api/v1/projects/{}/changes?{}",
        encode_segment(project.as_str()),
        asked.finish()
    )
}

fn values(project: &str, here: &str, command: String, changes: &Changes) -> ChangesPage {
    let comparison = &changes.comparison;
    let mut notes = Vec::new();
    match changes.pair.likeness {
        Likeness::Same | Likeness::Sdists => {}
        Likeness::OtherTags => notes.push(
            "The releases have no files for the same places: two for different ones are compared."
                .to_owned(),
        ),
        Likeness::OtherKinds => notes.push(
            "The releases have no files of the same kind: much of what differs is how they are built."
                .to_owned(),
        ),
    }
    let sentence = |note: &String| format!("{note}.");
    notes.extend(comparison.notes.iter().map(sentence));
    let others = changes.others.iter().map(|pair| {
        let name = pair.new.file_name();
        (
            name.to_owned(),
            format!("{here}?file={}", encode_segment(name)),
        )
    });
    ChangesPage {
        project: project.to_owned(),
        from: changes.from.clone(),
        to: changes.to.clone(),
        old_file: changes.pair.old.file_name().to_owned(),
        new_file: changes.pair.new.file_name().to_owned(),
        notes,
        others: others.collect(),
        hooks: comparison.hooks.iter().map(hook).collect(),
        dependencies: comparison.dependencies.iter().map(difference).collect(),
        metadata: comparison.metadata.iter().map(difference).collect(),
        files: comparison.files.iter().map(file_row).collect(),
        command,
        unchanged: comparison.unchanged,
    }
}

fn hook(hook: &HookChange) -> HookRow {
    HookRow {
        what: match (&hook.old, &hook.new) {
            (None, _) => "new",
            (_, None) => "gone",
            _ => "changed",
        },
        kind: hook.kind.words(),
        name: hook.name.clone(),
        old: hook.old.clone(),
        new: hook.new.clone(),
    }
}

fn difference(difference: &Difference) -> DifferenceRow {
    DifferenceRow {
        what: difference.what.clone(),
        old: difference.old.clone(),
        new: difference.new.clone(),
    }
}

fn file_row(file: &FileChange) -> FileRow {
    let (lines, is_cut, reason) = match &file.diff {
        FileDiff::Lines { hunks, is_cut } => (Some(diff(&hunk_lines(hunks))), *is_cut, None),
        FileDiff::NotShown(reason) => (None, false, Some(*reason)),
    };
    FileRow {
        path: file.path.clone(),
        what: match file.what {
            WhatChanged::Added => "added",
            WhatChanged::Changed => "changed",
            WhatChanged::Removed => "removed",
            WhatChanged::Unknown => "unknown",
        },
        old: file.old_bytes,
        new: file.new_bytes,
        marks: marks(&file.marks),
        diff: lines,
        is_cut,
        reason,
    }
}

fn hunk_lines(hunks: &[Hunk]) -> Vec<HunkLines<'_>> {
    let hunks = hunks.iter().map(|hunk| HunkLines {
        title: hunk.title(),
        lines: hunk
            .lines
            .iter()
            .map(|line| HunkLine {
                old: line.old,
                new: line.new,
                text: &line.text,
            })
            .collect(),
    });
    hunks.collect()
}
