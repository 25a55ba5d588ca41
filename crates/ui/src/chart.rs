//! Numbers by day, as a picture in SVG that needs no script and no style of its own.

use std::fmt::Write as _;

use crate::Markup;
use crate::format::{date, number};

const WIDTH: usize = 320;
const HEIGHT: usize = 80;

/// Most bars: more could not be told apart. Days are put together until there are fewer.
const MAX_BARS: usize = 120;

const DAY: i64 = 86_400;

/// One bar.
struct Bar {
    first: i64,
    last: i64,
    count: u64,
}

/// Draws how often something was downloaded on each day. A point has the second since 1970 at which
/// its day begins; points are in the order of time.
///
/// The colour is the colour of the text around it. What it shows stands below in words, too.
pub fn days(points: &[(i64, u64)]) -> Markup {
    let (Some((first, _)), Some((last, _))) = (points.first(), points.last()) else {
        return Markup::sound("<p class=\"quiet\">No downloads were counted yet.</p>".to_owned());
    };
    let bars = bars(points);
    let sum = points
        .iter()
        .fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
    let highest = bars.iter().map(|bar| bar.count).max().unwrap_or(0);
    let span = span(*first, *last);
    let title = format!("Downloads, {span}: {} in all", number(sum));
    let words = match points.iter().max_by_key(|(_, count)| *count) {
        Some((day, most)) if *most > 0 => {
            format!("{span}, at most {} on {}", number(*most), date(*day))
        }
        _ => format!("{span}, none"),
    };
    let mut svg = format!(
        "<figure class=\"chart\"><svg role=\"img\" aria-label=\"{title}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"currentColor\">"
    );
    #[expect(
        clippy::cast_precision_loss,
        reason = "a tenth of a pixel is seen by nobody"
    )]
    for (place, bar) in bars.iter().enumerate().filter(|(_, bar)| bar.count > 0) {
        let step = WIDTH as f64 / bars.len() as f64;
        let (x, width) = (place as f64 * step, (step * 0.8).min(40.0));
        // The smallest number is still seen.
        let height = (bar.count as f64 / highest as f64 * (HEIGHT - 2) as f64).max(1.0);
        let y = (HEIGHT - 1) as f64 - height;
        // A `String` takes everything.
        let _ = write!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"><title>{}: {}</title></rect>",
            self::span(bar.first, bar.last),
            number(bar.count)
        );
    }
    let _ = write!(
        svg,
        "<rect y=\"{}\" width=\"{WIDTH}\" height=\"1\"/></svg><figcaption>{words}</figcaption></figure>",
        HEIGHT - 1
    );
    Markup::sound(svg)
}

fn bars(points: &[(i64, u64)]) -> Vec<Bar> {
    let days = points.len().div_ceil(MAX_BARS);
    let bars = points.chunks(days.max(1)).map(|days| Bar {
        first: days.first().map_or(0, |(day, _)| *day),
        last: days.last().map_or(0, |(day, _)| *day),
        count: days
            .iter()
            .fold(0, |sum, (_, count)| sum.saturating_add(*count)),
    });
    bars.collect()
}

/// Returns two days, or the one that both are, in words.
fn span(first: i64, last: i64) -> String {
    if first.div_euclid(DAY) == last.div_euclid(DAY) {
        date(first)
    } else {
        format!("{} to {}", date(first), date(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1 November 2026.
    const START: i64 = 1_793_491_200;

    #[test]
    fn days_are_bars_and_words() {
        let html = days(&[(START, 0), (START + DAY, 1_500), (START + 2 * DAY, 3_000)]);
        assert_eq!(
            html.as_str(),
            "<figure class=\"chart\"><svg role=\"img\" aria-label=\"Downloads, 1 Nov 2026 to 3 Nov 2026: 4,500 in all\" \
             viewBox=\"0 0 320 80\" width=\"320\" height=\"80\" fill=\"currentColor\">\
             <rect x=\"106.7\" y=\"40.0\" width=\"40.0\" height=\"39.0\"><title>2 Nov 2026: 1,500</title></rect>\
             <rect x=\"213.3\" y=\"1.0\" width=\"40.0\" height=\"78.0\"><title>3 Nov 2026: 3,000</title></rect>\
             <rect y=\"79\" width=\"320\" height=\"1\"/></svg>\
             <figcaption>1 Nov 2026 to 3 Nov 2026, at most 3,000 on 3 Nov 2026</figcaption></figure>"
        );
    }

    #[test]
    fn no_days_and_no_downloads_are_said() {
        assert!(days(&[]).as_str().contains("No downloads were counted"));
        let html = days(&[(START, 0)]);
        assert!(
            html.as_str()
                .contains("<figcaption>1 Nov 2026, none</figcaption>"),
            "{html:?}"
        );
        assert_eq!(html.as_str().matches("<rect").count(), 1);
    }

    #[test]
    fn the_largest_numbers_and_the_oddest_days_are_drawn() {
        let html = days(&[(i64::MIN, u64::MAX), (i64::MAX, u64::MAX), (0, 1)]);
        for wrong in ["NaN", "inf", "=\"-"] {
            assert!(!html.as_str().contains(wrong), "{html:?}");
        }
        assert!(html.as_str().contains("18,446,744,073,709,551,615 in all"));
    }

    #[test]
    fn a_year_has_fewer_bars_than_days() {
        let year: Vec<_> = (0..366).map(|day| (START + day * DAY, 1)).collect();
        let html = days(&year);
        assert_eq!(html.as_str().matches("<rect").count(), 93);
        assert!(
            html.as_str()
                .contains("<title>1 Nov 2026 to 4 Nov 2026: 4</title>"),
            "{html:?}"
        );
    }
}
