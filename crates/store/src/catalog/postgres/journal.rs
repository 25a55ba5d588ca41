//! Reading the journal.

use tokio_postgres::Row;
use wheelhouse_index::change::Event;
use wheelhouse_index::identity::{IndexName, Serial, Timestamp};
use wheelhouse_standards::name::ProjectKey;

use super::failure::Outcome;
use super::read::serial_of;
use super::reads::Reads;
use super::row::{attribution, bound, text};
use crate::catalog::stored::{event_kind_from_name, key_from_text, parsed, subject_from_texts};

/// One more event than was asked for tells which serial is the first that is left out as a whole;
/// unless it is the very first.
pub(super) const EVENTS_AFTER: &str = "
    WITH page AS MATERIALIZED (
        SELECT serial FROM events WHERE serial > $1 ORDER BY serial, number LIMIT $2::bigint + 1
    ), bounds AS MATERIALIZED (
        SELECT CASE WHEN count(*) <= $2::bigint THEN max(serial)
            ELSE greatest(min(serial), max(serial) - 1) END AS last
        FROM page
    )
    SELECT e.serial, c.index_name, e.project, e.kind, e.path, e.before, e.after, e.format,
        c.actor, c.address, c.agent, c.request_id, c.at
    FROM events e JOIN commits c ON c.serial = e.serial
    WHERE e.serial > $1 AND e.serial <= (SELECT last FROM bounds)
    ORDER BY e.serial, e.number";

/// Returns the events of whole serials after `serial`: up to `limit`, or all of the first serial
/// if that alone has more.
pub(super) async fn events_after(
    reads: &Reads,
    serial: Serial,
    limit: usize,
) -> Outcome<Vec<Event>> {
    let Ok(after) = i64::try_from(serial.0) else {
        return Ok(Vec::new());
    };
    if limit == 0 {
        return Ok(Vec::new());
    }
    let rows = reads.rows(EVENTS_AFTER, &[&after, &bound(limit)]).await?;
    rows.iter().map(event_from_row).collect()
}

/// Returns the last events of a project, the last first.
pub(super) async fn last_events_of(
    reads: &Reads,
    index: &IndexName,
    project: &ProjectKey,
    limit: usize,
) -> Outcome<Vec<Event>> {
    let rows = reads
        .rows(
            "SELECT e.serial, c.index_name, e.project, e.kind, e.path, e.before, e.after, e.format,
                 c.actor, c.address, c.agent, c.request_id, c.at
             FROM events e JOIN commits c ON c.serial = e.serial
             WHERE e.project = $1 AND c.index_name = $2
             ORDER BY e.serial DESC, e.number DESC LIMIT $3",
            &[&project.as_str(), &index.as_str(), &bound(limit)],
        )
        .await?;
    rows.iter().map(event_from_row).collect()
}

/// Looks at every commit: only old mirrors ask for moments.
pub(super) async fn serial_before(reads: &Reads, moment: Timestamp) -> Outcome<Serial> {
    let row = reads
        .row(
            "SELECT max(serial) FROM commits WHERE at < $1",
            &[&moment.0],
        )
        .await?;
    let serial: Option<i64> = match row {
        Some(row) => row.try_get(0)?,
        None => None,
    };
    Ok(serial_of(serial.unwrap_or(0)))
}

pub(super) fn event_from_row(row: &Row) -> Outcome<Event> {
    Ok(Event {
        serial: serial_of(row.try_get(0)?),
        index: parsed("index", text(row, 1)?)?,
        project: key_from_text(text(row, 2)?)?,
        kind: event_kind_from_name(text(row, 3)?)?,
        subject: subject_from_texts(
            text(row, 4)?,
            row.try_get(7)?,
            row.try_get(5)?,
            row.try_get(6)?,
        )?,
        by: attribution(row, 8)?,
    })
}
