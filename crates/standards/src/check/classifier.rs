//! The common list of classifiers: META-11.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What there is to say about a classifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// It is in use, or private.
    Yes,
    /// It is not in the list.
    No,
    /// It is no longer in use; these take its place, if any do.
    NoLonger(&'static str),
}

static LIST: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    include_str!("classifiers.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_once('\t').unwrap_or((line, "")))
        .collect()
});

/// Looks a classifier up. Whatever begins with `Private ::` is known: keeping such files from the
/// public index is its purpose.
pub(super) fn look_up(classifier: &str) -> Known {
    if classifier.starts_with("Private ::") {
        return Known::Yes;
    }
    match LIST.get(classifier) {
        None => Known::No,
        Some(note) => note.strip_prefix('!').map_or(Known::Yes, Known::NoLonger),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_what_is_in_use_and_what_no_longer_is() {
        assert!(LIST.len() > 800, "{}", LIST.len());
        assert_eq!(look_up("Programming Language :: Python :: 3"), Known::Yes);
        assert_eq!(look_up("Private :: Do Not Upload"), Known::Yes);
        assert_eq!(look_up("Programming Language :: Parseltongue"), Known::No);
        assert!(matches!(
            look_up("Framework :: Django CMS :: 4.2"),
            Known::NoLonger(instead) if instead.contains("Django CMS :: 5.0")
        ));
    }
}
