//! Entity tags: whether what a client has is what it would get.

/// Tells whether `If-None-Match` names the entity tag `current`, so that the answer is 304.
///
/// `current` is the tag as it stands in `ETag`: with its quotes, and `W/` if it is weak. The
/// comparison is the weak one. `*` matches any tag. What is not a tag matches nothing.
///
/// Standard: RFC 9110, "If-None-Match".
pub fn is_none_match_hit<'a>(values: impl IntoIterator<Item = &'a [u8]>, current: &str) -> bool {
    let current = opaque(current.as_bytes());
    values
        .into_iter()
        .any(|value| value.trim_ascii() == b"*" || tags(value).any(|tag| opaque(tag) == current))
}

/// Tells whether `If-Range` holds, so that the answer is the part that was asked for.
///
/// The comparison is the strong one: a weak tag never holds. A date holds if it is, byte for
/// byte, the value of `Last-Modified`; `None` where dates are not to be believed.
///
/// Standard: RFC 9110, "If-Range".
pub fn is_if_range_held(value: &[u8], current: &str, last_modified: Option<&str>) -> bool {
    let value = value.trim_ascii();
    if value.starts_with(b"\"") {
        return value == current.as_bytes();
    }
    last_modified.is_some_and(|date| value == date.as_bytes())
}

fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

/// The entity tags of a list, with their quotes. A tag may hold commas.
fn tags(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = list;
    std::iter::from_fn(move || {
        loop {
            let blank = rest
                .iter()
                .position(|&byte| !matches!(byte, b' ' | b'\t' | b','))?;
            rest = &rest[blank..];
            let prefix = if rest.starts_with(b"W/") { 2 } else { 0 };
            if rest.get(prefix) == Some(&b'"') {
                let body = prefix + 1;
                let length = memchr::memchr(b'"', &rest[body..])?;
                let (tag, after) = rest.split_at(body + length + 1);
                rest = after;
                return Some(tag);
            }
            // Not a tag: what comes after the next comma may be one.
            let comma = memchr::memchr(b',', rest)?;
            rest = &rest[comma..];
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn simple_54_if_none_match_compares_weakly() {
        for (value, current, is_hit) in [
            ("\"a\"", "\"a\"", true),
            ("W/\"a\"", "\"a\"", true),
            ("\"a\"", "W/\"a\"", true),
            ("\"b\", \"a\"", "\"a\"", true),
            ("\"b\",W/\"a\"", "\"a\"", true),
            (",, \"a\",", "\"a\"", true),
            ("\"x,y\"", "\"x,y\"", true),
            ("\"b,\"a\"", "\"a\"", false),
            ("*", "\"a\"", true),
            (" * ", "\"a\"", true),
            ("junk, \"a\"", "\"a\"", true),
            ("\"b\"", "\"a\"", false),
            ("\"A\"", "\"a\"", false),
            ("a", "\"a\"", false),
            ("\"a", "\"a\"", false),
            ("w/\"a\"", "\"a\"", false),
            ("", "\"a\"", false),
        ] {
            let hit = is_none_match_hit([value.as_bytes()], current);
            assert_eq!(hit, is_hit, "{value:?} against {current:?}");
        }
        let values: [&[u8]; 2] = [b"\"b\"", b"\"a\""];
        assert!(is_none_match_hit(values, "\"a\""));
        assert!(!is_none_match_hit([], "\"a\""));
    }

    #[test]
    fn dl_7_if_range_compares_strongly() {
        let date = "Mon, 23 Nov 2026 10:00:00 GMT";
        for (value, current, last_modified, is_held) in [
            ("\"a\"", "\"a\"", None, true),
            (" \"a\" ", "\"a\"", None, true),
            ("\"b\"", "\"a\"", None, false),
            ("W/\"a\"", "W/\"a\"", None, false),
            ("W/\"a\"", "\"a\"", None, false),
            ("\"a\"", "W/\"a\"", None, false),
            (date, "\"a\"", Some(date), true),
            (date, "\"a\"", None, false),
            ("Mon, 23 Nov 2026 10:00:01 GMT", "\"a\"", Some(date), false),
            ("*", "\"a\"", Some(date), false),
            ("", "\"a\"", None, false),
        ] {
            let held = is_if_range_held(value.as_bytes(), current, last_modified);
            assert_eq!(held, is_held, "{value:?} against {current:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(value in any::<Vec<u8>>()) {
            for tag in tags(&value) {
                prop_assert!(tag.ends_with(b"\""));
            }
            is_none_match_hit([&*value], "\"a\"");
            is_if_range_held(&value, "\"a\"", None);
        }

        #[test]
        fn a_tag_is_found_in_any_list(
            before in prop::collection::vec("[a-z,]{0,5}", 0..4),
            tag in "[a-z,]{1,9}",
        ) {
            let mut list: Vec<String> = before.iter().map(|tag| format!("\"{tag}\"")).collect();
            list.push(format!("\"{tag}\""));
            let list = list.join(", ");
            let current = format!("\"{tag}\"");
            prop_assert!(is_none_match_hit([list.as_bytes()], &current));
        }
    }
}
