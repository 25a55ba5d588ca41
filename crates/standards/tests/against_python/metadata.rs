//! Core metadata.

use serde_json::{Value, json};
use wheelhouse_standards::metadata::CoreMetadata;

use super::{ask, assert_none};

#[test]
fn metadata_of_installed_distributions_is_read_as_there() {
    let answers = ask("installed", &[String::new()]);
    let installed = answers[0].as_array().unwrap();
    assert!(installed.len() >= 3, "the environment holds distributions");
    let mut differences = Vec::new();
    for one in installed {
        compare(one["text"].as_str().unwrap(), &one["raw"], &mut differences);
    }
    assert_none(&differences);
}

#[test]
fn odd_metadata_is_read_as_there() {
    let mut texts = Vec::new();
    for end in ["\n", "\r\n"] {
        for text in [
            "Name: a\nVersion: 1\n\nbody\n",
            "Name: a\nVersion: 1",
            "name:a\nVERSION:   1  \nClassifier: x\nclassifier: y\n",
            "Name: a\nbroken line\nVersion: 1\n",
            "Name: a\n broken\nVersion: 1\n",
            "Name: a\nBad Name: x\nVersion: 1\n",
            "Name: a\n: x\nVersion: 1\n",
            "Name: a\nSummary: b: c: d\n\n\n\nbody\n\n",
            "Name: a\nRequires-Dist: b\nRequires-Dist: c>1; extra == 'x'\nProvides-Extra: x\n",
            "Name: a\nProject-URL: Home, https://a.example/\n",
            "Name: a\nAuthor: é ☃\nSummary: ☃\n\n☃\n",
            "Name: a\nRequires-Python: >=3.6, <4\nX-Other: y\n",
        ] {
            texts.push(text.replace('\n', end));
        }
    }
    let mut differences = Vec::new();
    for (text, raw) in texts.iter().zip(ask("emails", &texts)) {
        compare(text, &raw, &mut differences);
    }
    assert_none(&differences);
}

/// Compares the fields that `packaging` found; those that it did not must be absent here too.
fn compare(text: &str, raw: &Value, differences: &mut Vec<String>) {
    let ours = CoreMetadata::parse(text.as_bytes()).expect("metadata");
    let labelled: serde_json::Map<String, Value> = ours
        .labelled_urls()
        .map(|(label, url)| (label.to_owned(), json!(url)))
        .collect();
    let fields = [
        ("metadata_version", json!(ours.metadata_version)),
        ("name", json!(ours.name)),
        ("version", json!(ours.version)),
        ("dynamic", json!(ours.dynamic)),
        ("summary", json!(ours.summary)),
        ("description", json!(ours.description)),
        (
            "description_content_type",
            json!(ours.description_content_type),
        ),
        ("home_page", json!(ours.home_page)),
        ("author", json!(ours.author)),
        ("author_email", json!(ours.author_email)),
        ("license_expression", json!(ours.license_expression)),
        ("license_files", json!(ours.license_files)),
        ("classifiers", json!(ours.classifiers)),
        ("requires_python", json!(ours.requires_python)),
        ("requires_dist", json!(ours.requires_dist)),
        ("provides_extra", json!(ours.provides_extra)),
        ("import_names", json!(ours.import_names)),
        ("project_urls", json!(labelled)),
    ];
    for (field, value) in fields {
        let absent = json!(null) == value || json!([]) == value || json!({}) == value;
        let there = raw
            .get(field)
            .filter(|there| there.as_str().is_none_or(|t| !t.trim().is_empty()));
        let same = match there {
            None => absent,
            Some(there) => unfolded(field, there) == unfolded(field, &value),
        };
        if !same {
            let name = &ours.name;
            differences.push(format!("{name:?} {field}: {value}, there {there:?}"));
        }
    }
}

/// Python's reader keeps folded lines and blanks at the ends, and makes all line ends `\n`.
fn unfolded(field: &str, value: &Value) -> Value {
    let Some(text) = value.as_str() else {
        return value.clone();
    };
    if field == "description" {
        return json!(text.replace("\r\n", "\n"));
    }
    json!(text.lines().map(str::trim).collect::<Vec<_>>().join(" "))
}
