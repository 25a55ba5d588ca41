//! Reading the journal.

use rusqlite::{Connection, Row};
use wheelhouse_index::change::{Attribution, Event};
use wheelhouse_index::identity::{IndexName, Serial, Timestamp};
use wheelhouse_standards::name::ProjectKey;

use super::failure::{Failure, Outcome};
use super::row::{optional_text, text};
use crate::catalog::stored::{
    actor_from_text, event_kind_from_name, key_from_text, parsed, subject_from_texts,
};

/// Returns the events of whole serials after `serial`: up to `limit`, or all of the first serial
/// if that alone has more.
pub(super) fn events_after(
    connection: &Connection,
    serial: Serial,
    limit: usize,
) -> Outcome<Vec<Event>> {
    let mut events: Vec<Event> = Vec::new();
    let Ok(after) = i64::try_from(serial.0) else {
        return Ok(events);
    };
    if limit == 0 {
        return Ok(events);
    }
    let mut statement = connection.prepare_cached(
        "SELECT e.serial, c.index_name, e.project, e.kind, e.path, e.before, e.after,
             c.actor, c.address, c.agent, c.request_id, c.at, e.format
         FROM events e JOIN commits c ON c.serial = e.serial
         WHERE e.serial > ?1 ORDER BY e.serial, e.id",
    )?;
    let mut rows = statement.query([after])?;
    // Where the events of the serial begin that is being read.
    let mut start = 0;
    while let Some(row) = rows.next()? {
        let event = event_from_row(row)?;
        if events
            .last()
            .is_some_and(|last| last.serial != event.serial)
        {
            start = events.len();
        }
        if events.len() >= limit && (start > 0 || events[0].serial != event.serial) {
            // This one would be too many: its serial is left out as a whole.
            events.truncate(start);
            break;
        }
        events.push(event);
    }
    Ok(events)
}

/// Returns the last events of a project, the last first.
pub(super) fn last_events_of(
    connection: &Connection,
    index: &IndexName,
    project: &ProjectKey,
    limit: usize,
) -> Outcome<Vec<Event>> {
    let mut statement = connection.prepare_cached(
        "SELECT e.serial, c.index_name, e.project, e.kind, e.path, e.before, e.after,
             c.actor, c.address, c.agent, c.request_id, c.at, e.format
         FROM events e JOIN commits c ON c.serial = e.serial
         WHERE e.project = ?1 AND c.index_name = ?2 ORDER BY e.id DESC LIMIT ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query((project.as_str(), index.as_str(), limit))?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        events.push(event_from_row(row)?);
    }
    Ok(events)
}

/// Looks at every commit: only old mirrors ask for moments.
pub(super) fn serial_before(connection: &Connection, moment: Timestamp) -> Outcome<Serial> {
    let serial: Option<u64> = connection
        .prepare_cached("SELECT MAX(serial) FROM commits WHERE at < ?1")?
        .query_row([moment.0], |row| row.get(0))?;
    Ok(Serial(serial.unwrap_or(0)))
}

pub(super) fn event_from_row(row: &Row<'_>) -> Outcome<Event> {
    let owned = |column| Ok::<_, Failure>(optional_text(row, column)?.map(str::to_owned));
    Ok(Event {
        serial: Serial(row.get(0)?),
        index: parsed("index", text(row, 1)?)?,
        project: key_from_text(text(row, 2)?)?,
        kind: event_kind_from_name(text(row, 3)?)?,
        subject: subject_from_texts(
            text(row, 4)?,
            row.get(12)?,
            optional_text(row, 5)?,
            optional_text(row, 6)?,
        )?,
        by: Attribution {
            actor: actor_from_text(text(row, 7)?)?,
            address: owned(8)?,
            agent: owned(9)?,
            request_id: owned(10)?,
            at: Timestamp(row.get(11)?),
        },
    })
}
