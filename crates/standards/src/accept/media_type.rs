//! Choosing among full media types, where nothing but `Accept` decides.

use super::quality::{self, Quality};

/// Chooses one of the media types that are offered, the favourite first, from the values of
/// `Accept`, none of which means `*/*`. Returns its place, or `None` if none is accepted.
///
/// A type counts by the most specific range that covers it.
///
/// ```
/// use wheelhouse_standards::accept::choose_media_type;
///
/// let offered = ["application/vnd.example+json", "application/json"];
/// let chosen = |accept: &[u8]| choose_media_type([accept], &offered);
/// assert_eq!(chosen(b"application/json;q=0.5, */*"), Some(0));
/// assert_eq!(chosen(b"text/html"), None);
/// ```
///
/// Standard: RFC 9110, "Accept".
pub fn choose_media_type<'a>(
    accept: impl IntoIterator<Item = &'a [u8]>,
    offered: &[&str],
) -> Option<usize> {
    let mut ranges: Vec<(Vec<u8>, Quality)> = Vec::new();
    for value in accept {
        quality::for_each(value, |range, quality| {
            ranges.push((range.to_ascii_lowercase(), quality));
        });
    }
    if ranges.is_empty() {
        return (!offered.is_empty()).then_some(0);
    }
    let mut best: Option<(Quality, usize)> = None;
    for (place, media_type) in offered.iter().enumerate() {
        let Some(quality) = quality_of(media_type, &ranges) else {
            continue;
        };
        if quality != Quality::ZERO && best.is_none_or(|(so_far, _)| quality > so_far) {
            best = Some((quality, place));
        }
    }
    best.map(|(_, place)| place)
}

fn quality_of(media_type: &str, ranges: &[(Vec<u8>, Quality)]) -> Option<Quality> {
    let family = media_type.split('/').next().unwrap_or_default();
    let said = |wanted: &[u8]| {
        let of_range = ranges.iter().filter(|(range, _)| range == wanted);
        // Said twice, the better one counts.
        of_range.map(|&(_, quality)| quality).max()
    };
    said(media_type.as_bytes())
        .or_else(|| said(format!("{family}/*").as_bytes()))
        .or_else(|| said(b"*/*").max(said(b"*")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_accepted_type_is_chosen_and_the_favourite_of_equals() {
        let offered = ["application/vnd.demo+json", "application/json"];
        for (accept, chosen) in [
            ("", Some(0)),
            ("*/*", Some(0)),
            ("*", Some(0)),
            ("application/*", Some(0)),
            ("application/json", Some(1)),
            ("Application/JSON", Some(1)),
            ("application/json, application/vnd.demo+json;q=0.9", Some(1)),
            ("application/json;q=0.9, application/*", Some(0)),
            ("application/vnd.demo+json;q=0, */*;q=0.1", Some(1)),
            ("application/json;q=0, application/vnd.demo+json;q=0", None),
            ("*/*;q=0", None),
            ("text/html, image/png", None),
        ] {
            let values = (!accept.is_empty()).then_some(accept.as_bytes());
            assert_eq!(choose_media_type(values, &offered), chosen, "{accept}");
        }
    }
}
