//! Which files a search finds.

use wheelhouse_index::ports::SearchTerms;
use wheelhouse_standards::name::ProjectKey;

/// Search terms, made ready to be compared with many files.
#[derive(Debug)]
pub(super) struct Matcher {
    names: Vec<NameTerm>,
    summaries: Vec<String>,
    any: bool,
}

#[derive(Debug)]
struct NameTerm {
    key: String,
    folded: String,
}

impl Matcher {
    pub(super) fn new(terms: &SearchTerms) -> Self {
        let name_term = |term: &String| NameTerm {
            key: ProjectKey::of(term).map_or_else(String::new, |key| key.as_str().to_owned()),
            folded: folded(term),
        };
        Self {
            names: terms.name.iter().map(name_term).collect(),
            summaries: terms.summary.iter().map(|term| folded(term)).collect(),
            any: terms.any,
        }
    }

    /// Tells whether a file is found. With no terms at all, every file holds all of them and
    /// none holds any.
    pub(super) fn matches(&self, key: &str, spelled_name: &str, summary: Option<&str>) -> bool {
        let spelled_name = folded(spelled_name);
        // Summaries are folded only where a term asks for it: most searches are for names.
        let summary = summary.filter(|_| !self.summaries.is_empty()).map(folded);
        let mut held = self
            .names
            .iter()
            .map(|term| key.contains(&term.key) || spelled_name.contains(&term.folded))
            .chain(self.summaries.iter().map(|term| {
                summary
                    .as_ref()
                    .is_some_and(|summary| summary.contains(term))
            }));
        if self.any {
            held.any(|is_held| is_held)
        } else {
            held.all(|is_held| is_held)
        }
    }
}

/// Lower-cases letter by letter: unlike `str::to_lowercase`, the same wherever a letter stands, so
/// that a part of a text stays a part.
fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(names: &[&str], summaries: &[&str], any: bool) -> bool {
        let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        let terms = SearchTerms {
            name: owned(names),
            summary: owned(summaries),
            any,
        };
        Matcher::new(&terms).matches("friendly-bard", "Friendly.Bard", Some("Sings ΟΔΟΣ 100%"))
    }

    #[test]
    fn a_name_is_found_in_any_spelling_and_case() {
        for name in ["friendly", "LY_BA", "ly.-_b", "y.bard", "-", ""] {
            assert!(matches(&[name], &[], false), "{name:?}");
        }
        for name in ["friendlybard", "%", "bard-2"] {
            assert!(!matches(&[name], &[], false), "{name:?}");
        }
    }

    #[test]
    fn a_summary_is_found_as_it_is_written_in_either_case() {
        for summary in ["sings", "οδοσ", "00%", ""] {
            assert!(matches(&[], &[summary], false), "{summary:?}");
        }
        assert!(!matches(&[], &["s_ngs"], false));
    }

    #[test]
    fn all_terms_or_any_of_them() {
        assert!(matches(&["bard"], &["sings"], false));
        assert!(!matches(&["bard"], &["dances"], false));
        assert!(matches(&["bard"], &["dances"], true));
        assert!(matches(&[], &[], false));
        assert!(!matches(&[], &[], true));
    }

    #[test]
    fn a_file_without_a_summary_holds_no_text_of_it() {
        let terms = SearchTerms {
            summary: vec![String::new()],
            ..SearchTerms::default()
        };
        assert!(!Matcher::new(&terms).matches("demo", "demo", None));
    }
}
