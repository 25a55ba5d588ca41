//! Days of the calendar.

use std::fmt;

use time::Date;

use crate::identity::Timestamp;

/// The day of the calendar's own count on which 1970 began.
const JULIAN_1970: i32 = 2_440_588;

/// A day, UTC, in days since the start of 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

impl Day {
    /// Returns the day of a moment.
    pub fn of(moment: Timestamp) -> Self {
        let days = moment.seconds().div_euclid(86_400);
        Self(i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX }))
    }

    /// Returns the day that is so many days earlier.
    #[must_use]
    pub fn earlier(self, days: u32) -> Self {
        Self(self.0.saturating_sub_unsigned(days))
    }

    /// Returns the first day of its month.
    #[must_use]
    pub fn month(self) -> Self {
        let of_month = i32::from(self.date().day());
        Self(self.0.saturating_sub(of_month - 1))
    }

    /// Returns the first day of the month after its own.
    #[must_use]
    pub fn next_month(self) -> Self {
        Self(self.month().0.saturating_add(31)).month()
    }

    /// Returns its date. Days that no calendar of ours holds become the nearest one that it does.
    pub fn date(self) -> Date {
        let julian = self.0.saturating_add(JULIAN_1970);
        Date::from_julian_day(julian).unwrap_or(if self.0 < 0 { Date::MIN } else { Date::MAX })
    }
}

/// Shown as in RFC 3339: `2026-11-30`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.date();
        let (year, month) = (date.year(), u8::from(date.month()));
        write!(f, "{year:04}-{month:02}-{:02}", date.day())
    }
}

/// Days that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Days {
    /// The first of them.
    pub first: Day,
    /// The last of them, which is not before the first.
    pub last: Day,
}

impl Days {
    /// Returns so many days, of which `last` is the last; at least that one.
    pub fn until(last: Day, count: u32) -> Self {
        Self {
            first: last.earlier(count.saturating_sub(1)),
            last,
        }
    }

    /// Returns whether a day is one of them.
    pub fn has(&self, day: Day) -> bool {
        (self.first..=self.last).contains(&day)
    }

    /// Returns each of them, the first one first.
    pub fn each(self) -> impl Iterator<Item = Day> {
        (self.first.0..=self.last.0).map(Day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight_utc() {
        let day = |seconds: i64| Day::of(Timestamp(seconds * 1_000_000)).0;
        assert_eq!([day(0), day(86_399), day(86_400), day(-1)], [0, 0, 1, -1]);
        assert_eq!(Day::of(Timestamp(i64::MAX)).date(), Date::MAX);
    }

    #[test]
    fn months_begin_with_their_first_day() {
        for (day, month, next) in [
            ("2024-02-29", "2024-02-01", "2024-03-01"),
            ("2024-01-01", "2024-01-01", "2024-02-01"),
            ("2024-12-31", "2024-12-01", "2025-01-01"),
        ] {
            let found = (0..30_000).map(Day).find(|it| it.to_string() == day);
            let found = found.expect("a day of this century");
            assert_eq!(found.month().to_string(), month);
            assert_eq!(found.next_month().to_string(), next);
        }
    }

    #[test]
    fn a_span_has_as_many_days_as_were_asked_for() {
        let days = Days::until(Day(10), 3);
        assert_eq!(days.each().collect::<Vec<_>>(), [Day(8), Day(9), Day(10)]);
        assert!(days.has(Day(8)) && !days.has(Day(7)) && !days.has(Day(11)));
        assert_eq!(Days::until(Day(10), 0), Days::until(Day(10), 1));
    }
}
