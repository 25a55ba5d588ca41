//! How long answers took, in counters of a fixed size: however many answers there are, nothing
//! grows.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the buckets, in nanoseconds and as they are shown in seconds.
const BOUNDS: [(u64, &str); 11] = [
    (100_000, "0.0001"),
    (500_000, "0.0005"),
    (1_000_000, "0.001"),
    (5_000_000, "0.005"),
    (10_000_000, "0.01"),
    (50_000_000, "0.05"),
    (100_000_000, "0.1"),
    (500_000_000, "0.5"),
    (1_000_000_000, "1"),
    (5_000_000_000, "5"),
    (30_000_000_000, "30"),
];

/// Counts durations by their size.
#[derive(Debug, Default)]
pub(crate) struct Durations {
    /// One more than there are bounds: the last is for all that is longer.
    buckets: [AtomicU64; BOUNDS.len() + 1],
    nanoseconds: AtomicU64,
}

impl Durations {
    /// Counts one.
    pub(crate) fn record(&self, took: Duration) {
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let place = BOUNDS
            .iter()
            .position(|(bound, _)| nanoseconds <= *bound)
            .unwrap_or(BOUNDS.len());
        self.buckets[place].fetch_add(1, Ordering::Relaxed);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// Writes what was counted as a histogram with one label, unless nothing was.
    ///
    /// Standard: Prometheus, "Text-based format".
    pub(crate) fn render(&self, text: &mut String, name: &str, label: &str) {
        let mut count = 0;
        let mut lines = String::new();
        let bounds = BOUNDS.iter().map(|(_, shown)| *shown).chain(["+Inf"]);
        for (bucket, bound) in self.buckets.iter().zip(bounds) {
            count += bucket.load(Ordering::Relaxed);
            // Writing to a String cannot fail.
            let _ = writeln!(lines, "{name}_bucket{{{label},le=\"{bound}\"}} {count}");
        }
        if count == 0 {
            return;
        }
        text.push_str(&lines);
        let sum = Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed)).as_secs_f64();
        let _ = writeln!(text, "{name}_sum{{{label}}} {sum}");
        let _ = writeln!(text, "{name}_count{{{label}}} {count}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_counted_in_every_bucket_that_they_fit() {
        let durations = Durations::default();
        for took in [
            Duration::ZERO,
            Duration::from_micros(100),
            Duration::from_micros(101),
            Duration::from_millis(2),
            Duration::from_secs(90),
        ] {
            durations.record(took);
        }
        let mut text = String::new();
        durations.render(&mut text, "took_seconds", "route=\"/\"");
        for line in [
            r#"took_seconds_bucket{route="/",le="0.0001"} 2"#,
            r#"took_seconds_bucket{route="/",le="0.0005"} 3"#,
            r#"took_seconds_bucket{route="/",le="0.001"} 3"#,
            r#"took_seconds_bucket{route="/",le="30"} 4"#,
            r#"took_seconds_bucket{route="/",le="+Inf"} 5"#,
            r#"took_seconds_count{route="/"} 5"#,
            r#"took_seconds_sum{route="/"} 90.002201"#,
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
        }
    }

    #[test]
    fn what_never_happened_is_not_shown() {
        let mut text = String::new();
        Durations::default().render(&mut text, "took_seconds", "route=\"/\"");
        assert!(text.is_empty(), "{text}");
    }
}
