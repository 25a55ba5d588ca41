//! Whether the files of one release agree: META-19.
//!
//! Standard: PyPA specifications, "Core metadata specifications", on `Dynamic`.

use serde_json::Value;

use super::Finding;
use crate::metadata::CoreMetadata;

/// Compares the metadata of an sdist with that of a wheel of the same release. What the sdist does
/// not call dynamic must be the same in the wheel, since version 2.2 of the metadata.
pub fn compare(sdist: &CoreMetadata, wheel: &CoreMetadata) -> Vec<Finding> {
    let promises = |version: &str| !matches!(version, "1.0" | "1.1" | "1.2" | "2.1");
    if !sdist.metadata_version.as_deref().is_some_and(promises) {
        return Vec::new();
    }
    let values = |metadata: &CoreMetadata| match serde_json::to_value(metadata) {
        Ok(Value::Object(values)) => values,
        _ => serde_json::Map::new(),
    };
    let (in_sdist, in_wheel) = (values(sdist), values(wheel));
    let is_dynamic = |field: &str| {
        sdist
            .dynamic
            .iter()
            .any(|dynamic| dynamic.eq_ignore_ascii_case(field))
    };
    FIELDS
        .iter()
        .filter(|(key, field)| in_sdist.get(*key) != in_wheel.get(*key) && !is_dynamic(field))
        .map(|(_, field)| {
            Finding::advice(format!(
                "`{field}` is not the same in the sdist and the wheel of this release, and the sdist does not call it dynamic"
            ))
        })
        .collect()
}

/// The fields that are compared. Descriptions differ in white space, and names and versions in
/// spelling.
const FIELDS: &[(&str, &str)] = &[
    ("summary", "Summary"),
    ("description_content_type", "Description-Content-Type"),
    ("keywords", "Keywords"),
    ("home_page", "Home-page"),
    ("download_url", "Download-URL"),
    ("author", "Author"),
    ("author_email", "Author-email"),
    ("maintainer", "Maintainer"),
    ("maintainer_email", "Maintainer-email"),
    ("license", "License"),
    ("license_expression", "License-Expression"),
    ("license_files", "License-File"),
    ("classifiers", "Classifier"),
    ("requires_python", "Requires-Python"),
    ("requires_dist", "Requires-Dist"),
    ("requires_external", "Requires-External"),
    ("provides_extra", "Provides-Extra"),
    ("project_urls", "Project-URL"),
    ("import_names", "Import-Name"),
    ("import_namespaces", "Import-Namespace"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(fields: &str) -> CoreMetadata {
        CoreMetadata::parse(format!("Name: demo\nVersion: 1.0\n{fields}\n").as_bytes())
            .expect("metadata")
    }

    #[test]
    fn what_an_sdist_promises_a_wheel_keeps() {
        let wheel = metadata("Metadata-Version: 2.4\nRequires-Dist: a\nSummary: x");
        for (sdist, expected) in [
            (
                "Metadata-Version: 2.4\nRequires-Dist: a\nSummary: x",
                &[][..],
            ),
            ("Metadata-Version: 2.4\nSummary: x", &["`Requires-Dist`"]),
            (
                "Metadata-Version: 2.4\nSummary: x\nDynamic: requires-dist",
                &[],
            ),
            ("Metadata-Version: 2.1\nSummary: x", &[]),
            (
                "Metadata-Version: 2.2\nKeywords: k\nSummary: x",
                &["`Keywords`", "`Requires-Dist`"],
            ),
        ] {
            let told = compare(&metadata(sdist), &wheel);
            assert_eq!(told.len(), expected.len(), "{sdist}: {told:?}");
            for (finding, words) in told.iter().zip(expected) {
                assert!(finding.message.starts_with(words), "{finding:?}");
            }
        }
    }
}
