//! From when on the log is shown.

use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// From when on the log is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Since {
    /// After the change with this serial.
    Serial(u64),
    /// Not before this moment.
    Moment(Timestamp),
    /// Not before so many seconds ago.
    Ago(i64),
}

impl Since {
    /// Returns the moment, if it is one.
    pub(super) fn moment(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Serial(_) => None,
            Self::Moment(moment) => Some(moment),
            Self::Ago(seconds) => now.checked_sub(Span::new().seconds(seconds)).ok(),
        }
    }
}

impl FromStr for Since {
    type Err = String;

    /// Reads a serial, a span such as `90m`, `12h` or `7d`, a date, or a date and a time, in UTC.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if let Ok(serial) = text.parse() {
            return Ok(Self::Serial(serial));
        }
        if let Some(seconds) = span(text) {
            return Ok(Self::Ago(seconds));
        }
        let moment = text
            .parse::<Timestamp>()
            .or_else(|_| in_utc(text.parse::<DateTime>()))
            .or_else(|_| in_utc(text.parse::<Date>().map(DateTime::from)));
        moment.map(Self::Moment).map_err(|_| {
            format!(
                "`{text}` is no serial and no moment; write 1234, 7d, 12h, 2026-11-23 or 2026-11-23T14:30, in UTC"
            )
        })
    }
}

fn in_utc(read: Result<DateTime, jiff::Error>) -> Result<Timestamp, jiff::Error> {
    Ok(read?.to_zoned(TimeZone::UTC)?.timestamp())
}

/// Returns the seconds of a number with a unit.
fn span(text: &str) -> Option<i64> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    let number: u32 = text[..text.len() - 1].parse().ok()?;
    // No log is older than that.
    (i64::from(number) * unit < 1_000 * 365 * 86_400).then_some(i64::from(number) * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_spans_and_moments_are_told_apart() {
        let moment = |text: &str| Since::Moment(text.parse().expect("a moment"));
        for (text, since) in [
            ("0", Since::Serial(0)),
            ("20261123", Since::Serial(20_261_123)),
            ("90m", Since::Ago(5_400)),
            ("7d", Since::Ago(604_800)),
            ("2026-11-23", moment("2026-11-23T00:00:00Z")),
            ("2026-11-23T14:30", moment("2026-11-23T14:30:00Z")),
            ("2026-11-23 14:30:05", moment("2026-11-23T14:30:05Z")),
            ("2026-11-23T14:30:05Z", moment("2026-11-23T14:30:05Z")),
            ("2026-11-23T14:30:05+02:00", moment("2026-11-23T12:30:05Z")),
        ] {
            assert_eq!(text.parse(), Ok(since), "{text}");
        }
        for text in [
            "",
            "d",
            "yesterday",
            "2026-13-01",
            "-1",
            "4294967295d",
            "1w",
            "1.5h",
        ] {
            assert!(text.parse::<Since>().is_err(), "{text}");
        }
    }
}
