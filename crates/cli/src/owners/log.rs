//! `log`: what happened.

use std::fmt::Write;
use std::time::Duration;

use form_urlencoded::Serializer;
use jiff::Timestamp;
use wheelhouse_index::actor::ActorFilter;
use wheelhouse_server::api::{EventList, EventReport, IndexReport};

use super::connection::Connection;
use super::since::Since;
use super::{Options, show, to_json, trail};
use crate::exit::Failure;
use crate::program::print;

/// Most events that are asked for at once.
const PAGE: usize = 1_000;
/// How often a server is asked whether anything has happened.
const FOLLOW_PERIOD: Duration = Duration::from_secs(1);

pub(super) async fn log(connection: &Connection, options: &Options) -> Result<(), Failure> {
    let mut after = match options.since {
        Some(Since::Serial(serial)) => serial,
        Some(since) if options.follow => serial_before(connection, since).await?,
        Some(_) => {
            let events = last_events(connection, options).await?;
            return print(&lines(options, &events));
        }
        None => start_of_last(connection, options).await?,
    };
    let mut left = options.limit;
    loop {
        let list: EventList = connection
            .get(&address(options, after, left.min(PAGE)))
            .await?
            .read()?;
        let mut events = list.events;
        events.retain(|event| is_wanted(options, event));
        if options.since.is_none() && !options.follow {
            // A change may have had more events than were asked for.
            events.drain(..events.len().saturating_sub(left));
        }
        left = left.saturating_sub(events.len());
        print(&lines(options, &events))?;
        let is_end = list.next <= after || list.next >= list.head;
        after = list.next.max(after);
        match (options.follow, is_end) {
            (true, true) => {
                left = PAGE;
                tokio::time::sleep(FOLLOW_PERIOD).await;
            }
            (true, false) => left = left.max(PAGE),
            (false, true) => return Ok(()),
            (false, false) if left == 0 => return Ok(()),
            (false, false) => {}
        }
    }
}

/// Shows the changes of packages and the audit trail together, in the order of time.
pub(super) async fn everything(connection: &Connection, options: &Options) -> Result<(), Failure> {
    let mut found = Vec::new();
    for event in last_events(connection, options).await? {
        let mut text = lines(options, std::slice::from_ref(&event));
        // The trail shows no serials: moments come first in all lines.
        if !options.json {
            text = format!("{}  change  {text}", event.at);
        }
        found.push((event.at, text));
    }
    for event in trail::events(connection, options).await? {
        let mut text = String::new();
        trail::line(&mut text, options, &event)?;
        found.push((event.at, text));
    }
    let at = |text: &str| text.parse::<Timestamp>().unwrap_or(Timestamp::UNIX_EPOCH);
    found.sort_by_key(|(text, _)| at(text));
    let first = found.len().saturating_sub(options.limit);
    let texts = found.drain(first..).map(|(_, text)| text);
    print(&texts.collect::<String>())
}

/// Returns the last changes that are wanted, the last one last.
async fn last_events(
    connection: &Connection,
    options: &Options,
) -> Result<Vec<EventReport>, Failure> {
    let mut after = match options.since {
        Some(Since::Serial(serial)) => serial,
        Some(since) => serial_before(connection, since).await?,
        None => start_of_last(connection, options).await?,
    };
    let mut found = Vec::new();
    loop {
        let list: EventList = connection
            .get(&address(options, after, PAGE))
            .await?
            .read()?;
        let wanted = list.events.into_iter();
        found.extend(wanted.filter(|event| is_wanted(options, event)));
        found.drain(..found.len().saturating_sub(options.limit));
        if list.next <= after || list.next >= list.head {
            return Ok(found);
        }
        after = list.next;
    }
}

/// Returns the serial of the last change before a moment: serials rise with time.
async fn serial_before(connection: &Connection, since: Since) -> Result<u64, Failure> {
    let Some(moment) = since.moment(Timestamp::now()) else {
        return Ok(0);
    };
    let report: IndexReport = connection.get("/api/v1/status").await?.read()?;
    let (mut low, mut high) = (0, report.serial);
    while low < high {
        let middle = low + (high - low) / 2;
        let path = format!("/api/v1/events?after={middle}&limit=1");
        let list: EventList = connection.get(&path).await?.read()?;
        match list.events.first() {
            Some(event) if event.at.parse().is_ok_and(|at: Timestamp| at < moment) => {
                low = event.serial;
            }
            _ => high = middle,
        }
    }
    Ok(low)
}

/// Returns the serial after which the last events are: each change has at least one. Of one
/// project or kind they may be anywhere, so all are looked through.
async fn start_of_last(connection: &Connection, options: &Options) -> Result<u64, Failure> {
    let report: IndexReport = connection.get("/api/v1/status").await?.read()?;
    if options.project.is_none() && options.kind.is_none() && options.actor.is_none() {
        let limit = u64::try_from(options.limit).unwrap_or(u64::MAX);
        return Ok(report.serial.saturating_sub(limit));
    }
    let (mut after, mut serials) = (0, Vec::new());
    loop {
        let list: EventList = connection
            .get(&address(options, after, PAGE))
            .await?
            .read()?;
        let wanted = list.events.iter().filter(|event| is_wanted(options, event));
        serials.extend(wanted.map(|event| event.serial));
        if list.next <= after || list.next >= list.head {
            break;
        }
        after = list.next;
    }
    let first = serials.len().saturating_sub(options.limit);
    let first = serials.get(first);
    Ok(first.map_or(report.serial, |serial| serial.saturating_sub(1)))
}

/// Whether an event is by the actor that is asked for: the API tells that apart for nobody.
fn is_wanted(options: &Options, event: &EventReport) -> bool {
    options.actor.as_ref().is_none_or(|actor| {
        let by = event.by.as_ref();
        by.is_some_and(|by| ActorFilter::new(actor).lets_through(&by.actor))
    })
}

fn address(options: &Options, after: u64, limit: usize) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("after", &after.to_string());
    query.append_pair("limit", &limit.max(1).to_string());
    for (name, value) in [("project", &options.project), ("kind", &options.kind)] {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    format!("/api/v1/events?{}", query.finish())
}

fn lines(options: &Options, events: &[EventReport]) -> String {
    let mut text = String::new();
    for event in events {
        if options.json {
            text.push_str(&String::from_utf8_lossy(&to_json(event)));
        } else {
            line(&mut text, event);
        }
        text.push('\n');
    }
    text
}

fn line(text: &mut String, event: &EventReport) {
    let when = event.at.split('.').next().unwrap_or_default();
    let when = when.trim_end_matches('Z');
    let _ = write!(text, "{} {when}Z {:<13} ", event.serial, event.kind);
    match (&event.file, &event.version) {
        (Some(file), _) => {
            let _ = write!(text, "{}/{file}", event.project);
        }
        (None, Some(version)) => {
            let _ = write!(text, "{}=={version}", event.project);
        }
        (None, None) => text.push_str(&event.project),
    }
    if let Some(status) = event.status {
        let _ = write!(text, " {}", show::status(status));
    }
    if let Some(reason) = &event.reason {
        let _ = write!(text, " ({reason})");
    }
    if let Some(by) = &event.by {
        let _ = write!(text, " by {}", by.actor);
        if let Some(address) = &by.address {
            let _ = write!(text, " from {address}");
        }
    }
}
