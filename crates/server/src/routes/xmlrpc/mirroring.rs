//! What old mirrors ask: which projects there are, and what changed.

use wheelhouse_index::change::{Event, EventKind, EventSubject};
use wheelhouse_index::identity::{Serial, Timestamp};
use wheelhouse_index::mark::Mark;
use wheelhouse_index::record::FileRecord;
use wheelhouse_standards::json_api::python_version;

use super::arguments::Arguments;
use super::{Asker, Failed};
use crate::xmlrpc::Value;

/// Most changes that one answer tells, unless one serial alone has more.
const MAX_CHANGES: usize = 50_000;

pub(super) async fn list_packages(asker: &Asker, given: &Arguments<'_>) -> Result<Value, Failed> {
    given.at_most(0)?;
    let list = asker.index.project_list().await?;
    let names = list
        .projects
        .into_iter()
        .map(|project| project.display_name);
    Ok(Value::Array(names.map(Value::Text).collect()))
}

pub(super) async fn list_packages_with_serial(
    asker: &Asker,
    given: &Arguments<'_>,
) -> Result<Value, Failed> {
    given.at_most(0)?;
    let list = asker.index.project_list().await?;
    let projects = list.projects.into_iter().map(|project| {
        let serial = project.last_serial.unwrap_or_default();
        (project.display_name, number(serial))
    });
    Ok(Value::Struct(projects.collect()))
}

pub(super) async fn last_serial(asker: &Asker, given: &Arguments<'_>) -> Result<Value, Failed> {
    given.at_most(0)?;
    Ok(number(asker.index.head().await?.0))
}

pub(super) async fn changelog_since_serial(
    asker: &Asker,
    given: &Arguments<'_>,
) -> Result<Value, Failed> {
    given.at_most(1)?;
    let serial =
        u64::try_from(given.int(0)?).map_err(|_| Failed::arguments("a serial is not negative"))?;
    let mut events = asker.index.events(Serial(serial), MAX_CHANGES).await?;
    events.retain(|event| asker.sight.has(&event.project));
    Ok(Value::Array(
        events.iter().map(|e| change(e, true)).collect(),
    ))
}

pub(super) async fn changelog(asker: &Asker, given: &Arguments<'_>) -> Result<Value, Failed> {
    given.at_most(2)?;
    let (since, with_ids) = (given.int(0)?, given.flag(1)?);
    let moment = Timestamp(since.saturating_mul(1_000_000));
    let serial = asker.index.serial_before(moment).await?;
    let mut events = asker.index.events(serial, MAX_CHANGES).await?;
    events.retain(|event| asker.sight.has(&event.project));
    let changes = events.iter().map(|event| change(event, with_ids));
    Ok(Value::Array(changes.collect()))
}

/// Returns a change as a row: name, version, seconds since 1970, what happened, and its serial.
fn change(event: &Event, with_serial: bool) -> Value {
    let record = event.after().or(event.before());
    let name = record.map_or(event.project.as_str(), |record| &record.named.spelled_name);
    let mut row = vec![
        Value::Text(name.to_owned()),
        version(event).map_or(Value::Nil, Value::Text),
        Value::Int(event.by.at.seconds()),
        Value::Text(action(event)),
    ];
    if with_serial {
        row.push(number(event.serial.0));
    }
    Value::Array(row)
}

fn version(event: &Event) -> Option<String> {
    let text = match &event.subject {
        EventSubject::File { .. } => &event.after().or(event.before())?.named.version,
        EventSubject::Mark { before, after } => match after.as_ref().or(before.as_ref())? {
            Mark::YankedRelease { version, .. } => version,
            _ => return None,
        },
    };
    (!text.is_empty()).then(|| text.canonical())
}

/// Returns what happened, in the words that mirrors know where they have one.
fn action(event: &Event) -> String {
    let file = |record: &FileRecord| {
        let name = record.file_name();
        format!("{} file {name}", python_version(record.named.kind, name))
    };
    match &event.subject {
        EventSubject::File { path, .. } => match (event.kind, event.after()) {
            (_, Some(record)) => format!("add {}", file(record)),
            (_, None) => format!("remove file {}", path.file_name()),
        },
        EventSubject::Mark { before, after } => {
            let mark = after.as_ref().or(before.as_ref());
            let subject = match mark {
                Some(Mark::YankedRelease { .. }) => "release".to_owned(),
                Some(Mark::YankedFile { file_name, .. }) => format!("file {file_name}"),
                Some(Mark::Deleted { path, .. }) => format!("file {}", path.file_name()),
                Some(Mark::Status { status, .. }) if after.is_some() => status.marker().to_owned(),
                Some(Mark::Status { .. }) | None => "active".to_owned(),
            };
            let verb = match event.kind {
                EventKind::Yanked => "yank",
                EventKind::Unyanked => "unyank",
                EventKind::Withdrawn => "withdraw",
                EventKind::Readmitted => "readmit",
                _ => "set status",
            };
            format!("{verb} {subject}")
        }
    }
}

fn number(serial: u64) -> Value {
    Value::Int(i64::try_from(serial).unwrap_or(i64::MAX))
}
