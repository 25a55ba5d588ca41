//! The audit trail, as `log` shows it.

use std::fmt::Write;

use anyhow::Context as _;
use form_urlencoded::Serializer;
use jiff::Timestamp;
use wheelhouse_server::api::{Trail, TrailEvent};

use super::Options;
use super::connection::Connection;
use crate::exit::Failure;
use crate::program::print;

/// Most events that are asked for.
const MAX_EVENTS: usize = 1_000;

/// Shows the audit trail, the last events last.
pub(super) async fn trail(connection: &Connection, options: &Options) -> Result<(), Failure> {
    let mut text = String::new();
    for event in events(connection, options).await? {
        line(&mut text, options, &event)?;
    }
    print(&text)
}

/// Returns the last events that are wanted, the last one last.
pub(super) async fn events(
    connection: &Connection,
    options: &Options,
) -> Result<Vec<TrailEvent>, Failure> {
    let mut query = Serializer::new(String::new());
    query.append_pair("limit", &options.limit.clamp(1, MAX_EVENTS).to_string());
    let asked = [
        ("actor", &options.actor),
        ("project", &options.project),
        ("kind", &options.kind),
    ];
    for (name, value) in asked {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let since = options
        .since
        .and_then(|since| since.moment(Timestamp::now()));
    if let Some(since) = since {
        query.append_pair("since", &since.as_second().max(0).to_string());
    }
    let path = format!("/api/v1/access/trail?{}", query.finish());
    let mut trail: Trail = connection.get(&path).await?.read()?;
    trail.events.reverse();
    Ok(trail.events)
}

/// Writes an event as a line, or as a line of JSON.
pub(super) fn line(
    text: &mut String,
    options: &Options,
    event: &TrailEvent,
) -> Result<(), Failure> {
    if options.json {
        text.push_str(&serde_json::to_string(event).context("cannot write JSON")?);
        text.push('\n');
        return Ok(());
    }
    let project = event.project.as_deref().unwrap_or("-");
    let address = event.by.address.as_deref().unwrap_or("-");
    let _ = writeln!(
        text,
        "{}  {}  {project}  {}  {address}  {}",
        event.at, event.kind, event.by.actor, event.detail
    );
    Ok(())
}
