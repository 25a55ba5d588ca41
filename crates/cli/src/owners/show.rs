//! Answers of the API as people read them.

use std::fmt::Write;

use wheelhouse_server::api::{ChangeKind, ChangeReport, IndexReport, ProjectReport, StatusName};

use super::Options;
use super::connection::Connection;
use crate::exit::Failure;
use crate::program::print;

/// Shows how the index is.
pub(super) async fn index(connection: &Connection, options: &Options) -> Result<(), Failure> {
    let answer = connection.get("/api/v1/status").await?;
    if options.json {
        return print(&answer.text());
    }
    let report: IndexReport = answer.read()?;
    let mut text = format!(
        "index {}: {}, {}, serial {}\n",
        report.index,
        count(report.projects, "project"),
        count(report.files, "file"),
        report.serial
    );
    if report.unread > 0 {
        let _ = writeln!(text, "{} still to be read", count(report.unread, "file"));
    }
    for path in &report.damaged {
        let _ = writeln!(
            text,
            "damaged, and served to nobody: {path} (upload the same file again to mend it)"
        );
    }
    for path in &report.came_back {
        let _ = writeln!(
            text,
            "kept away, because the same bytes were deleted here: {path} (`wheelhouse undelete` lets it in)"
        );
    }
    print(&text)
}

/// Shows what was said about a project.
pub(super) async fn project(
    connection: &Connection,
    options: &Options,
    project: String,
) -> Result<(), Failure> {
    let answer = connection
        .get(&format!("/api/v1/projects/{project}"))
        .await?;
    if options.json {
        return print(&answer.text());
    }
    let report: ProjectReport = answer.read()?;
    let mut text = format!("{}: {}", report.project, status(report.status));
    push_reason(&mut text, report.reason.as_deref());
    if let Some(serial) = report.last_serial {
        let _ = write!(text, ", serial {serial}");
    }
    text.push('\n');
    for release in &report.releases {
        let yanked = if release.yanked { ", yanked" } else { "" };
        let version = if release.version.is_empty() {
            "(no version)"
        } else {
            &release.version
        };
        let _ = writeln!(text, "  {version}{yanked}");
        for file in &release.files {
            let _ = write!(text, "    {}", file.file);
            if file.yanked {
                text.push_str(", yanked");
            }
            push_reason(&mut text, file.reason.as_deref());
            text.push('\n');
        }
    }
    for file in &report.withdrawn {
        let back = if file.is_back {
            "; the same bytes are in the folder again, and kept away"
        } else {
            ""
        };
        let since = file.since.split('.').next().unwrap_or_default();
        let since = since.trim_end_matches('Z');
        let _ = writeln!(text, "  deleted {since}Z: {}{back}", file.file);
    }
    print(&text)
}

/// Says what changed, or would change.
pub(super) fn changes(report: &ChangeReport) -> String {
    let mut text = String::new();
    let would = if report.dry_run { "would be " } else { "" };
    for change in &report.changes {
        let project = &report.project;
        let what = match (&change.file, &change.version) {
            (Some(file), _) => format!("{project}/{file}"),
            (None, Some(version)) => format!("{project}=={version}"),
            (None, None) => project.clone(),
        };
        let done = match (change.kind, change.status) {
            (ChangeKind::StatusSet, Some(name)) => status(name),
            (ChangeKind::StatusSet, None) => "given a status",
            (ChangeKind::Yanked, _) => "yanked",
            (ChangeKind::Unyanked, _) => "no longer yanked",
            (ChangeKind::Deleted, _) => "deleted",
            (ChangeKind::Readmitted, _) => "admitted again",
            (ChangeKind::Restored, _) => "brought back",
        };
        let _ = write!(text, "{what}: {would}{done}");
        push_reason(&mut text, change.reason.as_deref());
        text.push('\n');
    }
    if report.changes.is_empty() {
        text.push_str("nothing to change: it is so already\n");
    }
    if let Some(serial) = report.serial {
        let _ = writeln!(text, "serial {serial}");
    }
    text
}

pub(super) fn status(name: StatusName) -> &'static str {
    match name {
        StatusName::Active => "active",
        StatusName::Archived => "archived",
        StatusName::Quarantined => "quarantined",
        StatusName::Deprecated => "deprecated",
    }
}

fn push_reason(text: &mut String, reason: Option<&str>) {
    if let Some(reason) = reason {
        let _ = write!(text, " ({reason})");
    }
}

pub(super) fn count(number: u64, what: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {what}{s}")
}
