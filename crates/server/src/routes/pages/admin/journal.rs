//! `/admin/journal`: what happened to packages, the last first.

use axum::extract::State as Shares;
use axum::response::Response;
use wheelhouse_index::actor::ActorFilter;
use wheelhouse_index::change::{Event, EventKind};
use wheelhouse_index::identity::{Serial, Timestamp};
use wheelhouse_index::permission::{Right, Sight};
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_ui::admin::{Asked, JournalPage};

use super::check_may;
use super::events::{address, asked, command, day, journal_line};
use crate::error::ApiError;
use crate::routes::api::access::project_named;
use crate::routes::api::events::report;
use crate::routes::pages::own::Reader;
use crate::state::State;

/// Events on one page, or more if one change alone has more.
const SHOWN: usize = 100;
/// How many events are looked through for one page.
const MAX_LOOKED_AT: usize = 20_000;
/// How many pieces of the journal are, for numbers may be left out.
const MAX_PIECES: usize = 200;
/// How many serials are read at once at first, and at most.
const FIRST_STEP: u64 = 128;
const LONGEST_STEP: u64 = 4_096;

/// `GET /admin/journal`, with `?before=` for what was before a serial.
pub(super) async fn page(
    Shares(state): Shares<State>,
    reader: Reader,
) -> Result<Response, ApiError> {
    check_may(&state, reader.who())?;
    let asked = asked(&reader);
    let sight = state.access.sight(reader.who(), state.index.name());
    let shows_authors = state.check(reader.who(), Right::Delete, None).is_ok();
    let before = reader
        .asked("before")
        .parse::<u64>()
        .ok()
        .filter(|&serial| i64::try_from(serial).is_ok());
    let at = |asked: &Asked, before| {
        let address = address("/admin/journal", asked, before);
        reader.info.external.path(&address)
    };
    let mut page = JournalPage {
        events: Vec::new(),
        kinds: EventKind::ALL.iter().map(|kind| kind.name()).collect(),
        older: None,
        newest: before.map(|_| at(&asked, None)),
        is_partial: false,
        error: None,
        command: command(&reader, "", &asked, &["project", "kind", "actor", "since"]),
        asked,
    };
    match Wanted::of(&page.asked) {
        Ok(wanted) => {
            let found = found(&state, &wanted, &sight, before).await?;
            page.older = found
                .goes_on
                .then(|| at(&page.asked, Some(found.before.to_string())));
            page.is_partial = found.is_partial;
            page.events = found
                .events
                .into_iter()
                .map(|event| journal_line(event.by.at, report(event, shows_authors)))
                .collect();
        }
        Err(error) => page.error = Some(error.detail),
    }
    reader.show(&state, &page)
}

struct Wanted {
    project: Option<ProjectKey>,
    kind: Option<EventKind>,
    actor: Option<ActorFilter>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Wanted {
    fn of(asked: &Asked) -> Result<Self, ApiError> {
        let given = |text: &'_ String| Some(text.clone()).filter(|text| !text.is_empty());
        let project = given(&asked.project).map(|name| project_named(&name));
        let kind = given(&asked.kind).map(|name| {
            EventKind::from_name(&name).ok_or_else(|| ApiError::bad_request("choose a kind"))
        });
        Ok(Self {
            project: project.transpose()?,
            kind: kind.transpose()?,
            actor: given(&asked.actor).map(|actor| ActorFilter::new(&actor)),
            since: day(&asked.since, false)?,
            until: day(&asked.until, true)?,
        })
    }

    fn has(&self, event: &Event) -> bool {
        let actor = || event.by.actor.to_string();
        self.project
            .as_ref()
            .is_none_or(|key| *key == event.project)
            && self.kind.is_none_or(|kind| kind == event.kind)
            && self
                .actor
                .as_ref()
                .is_none_or(|filter| filter.lets_through(&actor()))
            && self.since.is_none_or(|since| event.by.at >= since)
            && self.until.is_none_or(|until| event.by.at < until)
    }
}

struct Found {
    events: Vec<Event>,
    /// Everything that is wanted and not found is before this serial.
    before: u64,
    goes_on: bool,
    /// Whether the search stopped because it had looked at enough.
    is_partial: bool,
}

/// Looks for events from the last one on. The catalog reads them in the order of time, so pieces of
/// the journal are read, the last piece first.
async fn found(
    state: &State,
    wanted: &Wanted,
    sight: &Sight,
    before: Option<u64>,
) -> Result<Found, ApiError> {
    let index = &state.index;
    let (mut looked_at, mut step) = (0, FIRST_STEP);
    let mut events: Vec<Event> = Vec::new();
    let last = match wanted.until {
        Some(until) => index.serial_before(until).await?.0,
        None => index.head().await?.0,
    };
    let first = match wanted.since {
        Some(since) => index.serial_before(since).await?.0,
        None => 0,
    };
    // A journal does not begin with the number one.
    let begins = index.events(Serial(first), 1).await?;
    let first = match begins.first() {
        Some(event) => event.serial.0 - 1,
        None => last,
    };
    // Everything after `end` was looked at; the piece is what is after `begin` and not after `end`.
    let mut end = before.map_or(last, |before| last.min(before.saturating_sub(1)));
    let mut pieces = 0;
    while end > first && events.len() < SHOWN && looked_at < MAX_LOOKED_AT && pieces < MAX_PIECES {
        pieces += 1;
        let begin = end.saturating_sub(step).max(first);
        let mut piece = Vec::new();
        let mut after = begin;
        while after < end {
            let read = index.events(Serial(after), 1_000).await?;
            let Some(read_to) = read.last().map(|event| event.serial.0) else {
                break;
            };
            after = read_to;
            piece.extend(read.into_iter().filter(|event| event.serial.0 <= end));
        }
        looked_at += piece.len();
        piece.reverse();
        for event in piece {
            let is_of_the_last = events
                .last()
                .is_some_and(|last| last.serial == event.serial);
            if events.len() >= SHOWN && !is_of_the_last {
                return Ok(Found {
                    before: events.last().map_or(0, |last| last.serial.0),
                    events,
                    goes_on: true,
                    is_partial: false,
                });
            }
            if wanted.has(&event) && sight.has(&event.project) {
                events.push(event);
            }
        }
        end = begin;
        step = (step * 2).min(LONGEST_STEP);
    }
    let events_are_few = events.len() < SHOWN;
    Ok(Found {
        events,
        before: end + 1,
        goes_on: end > first,
        is_partial: end > first && events_are_few,
    })
}
