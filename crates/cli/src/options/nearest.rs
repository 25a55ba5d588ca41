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
        .map(|candidate| (likeness(&plain, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= LEAST_LIKENESS)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// Returns how much two words are alike, from 0 to 1.
fn likeness(a: &str, b: &str) -> f64 {
    // The second measure sees letters that changed places in short words, which the first does
    // not. It is lifted a little, since one slip in a word of three letters comes to 0.67.
    let swapped = strsim::normalized_damerau_levenshtein(a, b) + 0.1;
    strsim::jaro_winkler(a, b).max(swapped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slip_of_the_finger_finds_the_word() {
        let known = [
            "port",
            "host",
            "run",
            "rule",
            "passwords",
            "log-file",
            "log-format",
        ];
        for (word, found) in [
            ("prot", Some("port")),
            ("rnu", Some("run")),
            ("LOG_FILE", Some("log-file")),
            ("password", Some("passwords")),
            ("zzz", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), found, "{word:?}");
        }
    }
}
