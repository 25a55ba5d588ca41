//! What two files say about themselves: dependencies, and the other fields of their metadata.

use std::collections::BTreeMap;

use wheelhouse_standards::inside::fields;
use wheelhouse_standards::inside::text::{Decoded, decode};
use wheelhouse_standards::name::ProjectKey;

use super::Difference;

/// Longest value that is shown, in characters.
const MAX_VALUE_CHARS: usize = 500;
/// Most differences of one kind.
const MAX_DIFFERENCES: usize = 500;
/// Fields that are shown in another place, or that always change.
const LEFT_OUT: [&str; 3] = ["requires-dist", "version", "metadata-version"];

/// Compares two metadata files: dependencies, and all other fields.
pub(super) fn compare(old: &[u8], new: &[u8]) -> (Vec<Difference>, Vec<Difference>) {
    let (old, new) = (Said::read(old), Said::read(new));
    let dependencies = dependencies(old.all("requires-dist"), new.all("requires-dist"));
    let mut names: Vec<&String> = old.fields.keys().chain(new.fields.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let mut metadata = Vec::new();
    for name in names {
        if LEFT_OUT.contains(&name.as_str()) {
            continue;
        }
        let (old_values, new_values) = left_over(old.all(name), new.all(name));
        let shown = new.spelled(name).or(old.spelled(name)).unwrap_or(name);
        metadata.extend(side_by_side(shown, &old_values, &new_values));
    }
    if old.body != new.body {
        let size =
            |body: &str| (!body.is_empty()).then(|| format!("{} lines", body.lines().count()));
        metadata.push(Difference {
            what: "Readme".to_owned(),
            old: size(&old.body),
            new: size(&new.body),
        });
    }
    metadata.truncate(MAX_DIFFERENCES);
    (dependencies, metadata)
}

/// Compares requirements. Those of one project stand side by side.
fn dependencies(old: &[String], new: &[String]) -> Vec<Difference> {
    let (old, new) = left_over(old, new);
    let mut names: BTreeMap<String, [Vec<&str>; 2]> = BTreeMap::new();
    for (side, requirements) in [&old, &new].into_iter().enumerate() {
        for requirement in requirements {
            let sides = names.entry(project_of(requirement)).or_default();
            sides[side].push(requirement);
        }
    }
    names
        .iter()
        .flat_map(|(name, [old, new])| side_by_side(name, old, new))
        .take(MAX_DIFFERENCES)
        .collect()
}

/// Returns the values that are on one side alone, in their order.
fn left_over<'v>(old: &'v [String], new: &'v [String]) -> (Vec<&'v str>, Vec<&'v str>) {
    let without = |values: &'v [String], others: &'v [String]| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for other in others {
            *counts.entry(squeezed(other)).or_default() += 1;
        }
        let is_left = |value: &&String| match counts.get_mut(&squeezed(value)) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        };
        let left = values.iter().filter(is_left).map(String::as_str);
        left.collect::<Vec<_>>()
    };
    (without(old, new), without(new, old))
}

fn side_by_side(what: &str, old: &[&str], new: &[&str]) -> Vec<Difference> {
    (0..old.len().max(new.len()))
        .map(|place| Difference {
            what: shortened(what),
            old: old.get(place).map(|value| shortened(value)),
            new: new.get(place).map(|value| shortened(value)),
        })
        .collect()
}

/// Returns a text without its blanks: they mean nothing where values are compared.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_VALUE_CHARS) {
        Some((place, _)) => format!("{}…", &text[..place]),
        None => text.to_owned(),
    }
}

/// Returns the project that a requirement is about, in normal form.
fn project_of(requirement: &str) -> String {
    let end = requirement
        .find(|c: char| !(c.is_alphanumeric() || "._-".contains(c)))
        .unwrap_or(requirement.len());
    let name = &requirement[..end];
    ProjectKey::of(name).map_or_else(|| name.to_owned(), |key| key.as_str().to_owned())
}

/// What a metadata file says.
struct Said {
    /// Values by the name of their field in lower case, and how that is spelled.
    fields: BTreeMap<String, (String, Vec<String>)>,
    body: String,
}

impl Said {
    fn read(bytes: &[u8]) -> Self {
        let text = match decode(bytes, false) {
            Decoded::Text { text, .. } => text,
            Decoded::Binary => String::new(),
        };
        let read = fields::read(&text);
        let mut fields: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
        for (name, value) in read.fields {
            let field = fields
                .entry(name.to_ascii_lowercase())
                .or_insert_with(|| (name, Vec::new()));
            field.1.push(value);
        }
        Self {
            fields,
            body: read.body,
        }
    }

    fn all(&self, name: &str) -> &[String] {
        self.fields.get(name).map_or(&[], |(_, values)| values)
    }

    fn spelled(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(|(spelled, _)| spelled.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(differences: &[Difference]) -> Vec<(&str, Option<&str>, Option<&str>)> {
        differences
            .iter()
            .map(|d| (d.what.as_str(), d.old.as_deref(), d.new.as_deref()))
            .collect()
    }

    #[test]
    fn dependencies_and_fields_are_compared_one_by_one() {
        let old =
            b"Name: demo\nVersion: 1\nSummary: Old\nRequires-Dist: A_b >=1\nRequires-Dist: gone\n\
                    Requires-Dist: same (>=2)\nClassifier: X\nClassifier: Y\n\nreadme\n";
        let new = b"Name: demo\nVersion: 2\nSummary: New\nRequires-Dist: a-b>=2\nRequires-Dist: fresh\n\
                    Requires-Dist: same(>=2)\nClassifier: Y\nClassifier: Z\nrequires-python: >=3.9\n\nreadme\nmore\n";
        let (dependencies, metadata) = compare(old, new);
        assert_eq!(
            rows(&dependencies),
            [
                ("a-b", Some("A_b >=1"), Some("a-b>=2")),
                ("fresh", None, Some("fresh")),
                ("gone", Some("gone"), None),
            ]
        );
        assert_eq!(
            rows(&metadata),
            [
                ("Classifier", Some("X"), Some("Z")),
                ("requires-python", None, Some(">=3.9")),
                ("Summary", Some("Old"), Some("New")),
                ("Readme", Some("1 lines"), Some("2 lines")),
            ]
        );
    }

    #[test]
    fn long_values_are_cut() {
        let old = format!("Name: {}\n", "x".repeat(10_000));
        let (_, metadata) = compare(old.as_bytes(), b"Name: y\n");
        let value = metadata[0].old.as_deref().expect("the old name");
        assert_eq!(value.chars().count(), MAX_VALUE_CHARS + 1);
    }
}
