//! What the pages of events share: what is asked for, and a line of an event.

use form_urlencoded::Serializer;
use serde_json::Value;
use time::format_description::well_known::Iso8601;
use time::{Date, Time};
use wheelhouse_index::identity::Timestamp;
use wheelhouse_ui::admin::{Asked, JournalLine};

use crate::api::{EventReport, StatusName};
use crate::error::ApiError;
use crate::routes::pages::own::{Reader, shell_word};

/// Longest text that is shown of what happened, in characters.
const MAX_DETAIL_CHARS: usize = 500;

/// Returns what was asked for.
pub(super) fn asked(reader: &Reader) -> Asked {
    let text = |name: &str| reader.asked(name).chars().take(200).collect::<String>();
    Asked {
        project: text("project"),
        kind: text("kind"),
        actor: text("actor"),
        since: text("since"),
        until: text("until"),
    }
}

/// Returns the moment at which a day begins, or the one after it.
pub(super) fn day(text: &str, is_end: bool) -> Result<Option<Timestamp>, ApiError> {
    if text.is_empty() {
        return Ok(None);
    }
    let bad = || ApiError::bad_request("a day is written like 2026-11-30");
    let date = Date::parse(text, &Iso8601::DATE).map_err(|_| bad())?;
    let date = if is_end { date.next_day() } else { Some(date) };
    let begin = date.ok_or_else(bad)?.with_time(Time::MIDNIGHT).assume_utc();
    if !(1970..=2100).contains(&begin.year()) {
        return Err(bad());
    }
    Ok(Some(Timestamp::from(begin)))
}

/// Returns the command that shows the same.
pub(super) fn command(reader: &Reader, first: &str, asked: &Asked, names: &[&str]) -> String {
    let mut command = format!("wheelhouse log{first}");
    for (name, value) in [
        ("project", &asked.project),
        ("kind", &asked.kind),
        ("actor", &asked.actor),
        ("since", &asked.since),
    ] {
        if names.contains(&name) && !value.is_empty() {
            command.extend([" --", name, " ", &shell_word(value)]);
        }
    }
    command.push_str(" --server ");
    command.push_str(&shell_word(&reader.info.external.url("")));
    command
}

/// Returns where a page of events is that shows what was asked for, before a place.
pub(super) fn address(page: &str, asked: &Asked, before: Option<String>) -> String {
    let mut query = Serializer::new(String::new());
    for (name, value) in [
        ("project", &asked.project),
        ("kind", &asked.kind),
        ("actor", &asked.actor),
        ("since", &asked.since),
        ("until", &asked.until),
    ] {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    if let Some(before) = before {
        query.append_pair("before", &before);
    }
    format!("{page}?{}", query.finish())
}

/// Returns a line of the journal.
pub(super) fn journal_line(at: Timestamp, event: EventReport) -> JournalLine {
    let status = event.status.map(|status| match status {
        StatusName::Active => "active",
        StatusName::Archived => "archived",
        StatusName::Quarantined => "quarantined",
        StatusName::Deprecated => "deprecated",
    });
    let parts = [
        event.file.as_deref().or(event.version.as_deref()),
        status,
        event.reason.as_deref(),
    ];
    let detail: Vec<&str> = parts.into_iter().flatten().collect();
    let by = event.by;
    JournalLine {
        serial: Some(event.serial),
        at: at.seconds(),
        kind: event.kind,
        project: Some(event.project),
        detail: bounded(&detail.join(", ")),
        by: by.as_ref().map(|by| by.actor.clone()),
        address: by.as_ref().and_then(|by| by.address.clone()),
        agent: by.and_then(|by| by.agent).map(|agent| bounded(&agent)),
    }
}

/// Returns what an event of the trail says, as a text.
pub(super) fn detail(detail: &Value) -> String {
    let Value::Object(fields) = detail else {
        return bounded(&detail.to_string());
    };
    let fields = fields.iter().filter(|(_, value)| !value.is_null());
    let fields = fields.map(|(name, value)| match value {
        Value::String(text) => format!("{name} {text}"),
        other => format!("{name} {other}"),
    });
    bounded(&fields.collect::<Vec<_>>().join(", "))
}

pub(super) fn bounded(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_DETAIL_CHARS).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_and_ends_at_the_next() {
        let seconds = |text, is_end| {
            let moment = day(text, is_end).map_err(|error| error.detail)?;
            Ok::<_, String>(moment.map(Timestamp::seconds))
        };
        assert_eq!(seconds("2026-11-30", false), Ok(Some(1_795_996_800)));
        assert_eq!(seconds("2026-11-30", true), Ok(Some(1_796_083_200)));
        assert_eq!(seconds("", true), Ok(None));
        for bad in [
            "2026-13-01",
            "yesterday",
            "9999-12-31",
            "-2000-01-01",
            "2026",
        ] {
            assert!(seconds(bad, true).is_err(), "{bad}");
        }
    }

    #[test]
    fn details_are_words_and_not_too_many() {
        let told = detail(&serde_json::json!({ "user": "ada", "reason": null, "groups": ["a"] }));
        assert_eq!(told, r#"user ada, groups ["a"]"#);
        assert_eq!(bounded(&"é".repeat(600)).chars().count(), 501);
    }
}
