//! Numbers and times as people read them.

use time::OffsetDateTime;
use time::macros::format_description;

/// Returns a size in the unit that leaves one to three digits before the point, such as `1.4 MB`.
/// A kilobyte has 1,000 bytes, as at the public index.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let mut amount = bytes as f64 / 1_000.0;
    let mut unit = 0;
    while amount >= 999.95 && unit + 1 < UNITS.len() {
        amount /= 1_000.0;
        unit += 1;
    }
    format!("{amount:.1} {}", UNITS[unit])
}

/// Returns a number with its digits in groups, such as `12,345`.
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns a moment, in seconds since 1970, as a date such as `30 Nov 2026`.
pub(crate) fn date(seconds: i64) -> String {
    of_second(seconds)
        .format(format_description!(
            "[day padding:none] [month repr:short] [year]"
        ))
        .unwrap_or_default()
}

/// Returns a moment, in seconds since 1970, as RFC 3339 has it: for programs, and for titles.
pub(crate) fn instant(seconds: i64) -> String {
    of_second(seconds)
        .format(format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second]Z"
        ))
        .unwrap_or_default()
}

/// Returns a moment, in seconds since 1970, as a date and a time of the day.
pub(crate) fn minute(seconds: i64) -> String {
    of_second(seconds)
        .format(format_description!(
            "[year]-[month]-[day] [hour]:[minute] UTC"
        ))
        .unwrap_or_default()
}

fn of_second(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_fitting_unit() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (1_449_000, "1.4 MB"),
            (999_960, "1.0 MB"),
            (u64::MAX, "18446.7 PB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn digits_stand_in_groups() {
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(number(n), text);
        }
    }

    #[test]
    fn moments_are_dates_in_utc() {
        assert_eq!(date(1_796_040_000), "30 Nov 2026");
        assert_eq!(instant(1_796_040_000), "2026-11-30T12:00:00Z");
        assert_eq!(minute(1_796_040_000), "2026-11-30 12:00 UTC");
        assert_eq!(instant(i64::MAX), "1970-01-01T00:00:00Z");
    }
}
