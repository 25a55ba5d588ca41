//! Finds what somebody probably meant.

/// Likenesses below this are more confusing than helpful.
const LEAST_LIKENESS: f64 = 0.7;

/// Returns the candidate that is most like a word, if one is like it at all.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let plain = word.to_lowercase().replace('_', "-");
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&plain, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= LEAST_LIKENESS)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slip_of_the_finger_finds_the_word() {
        let known = ["port", "host", "passwords", "log-file", "log-format"];
        for (word, found) in [
            ("prot", Some("port")),
            ("LOG_FILE", Some("log-file")),
            ("password", Some("passwords")),
            ("zzz", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), found, "{word:?}");
        }
    }
}
