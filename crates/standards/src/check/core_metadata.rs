//! What core metadata has to say, and how: META-4 to META-18.
//!
//! Standard: PyPA specifications, "Core metadata specifications", versions 1.0 to 2.6.

use std::collections::HashSet;

use super::{Finding, Opened, Policy, shown};
use crate::filename::DistributionFilename;
use crate::metadata::{RawMetadata, raw_fields};
use crate::name::ProjectName;
use crate::version::Version;

mod field;
mod value;

use field::{Field, MetadataVersion};

/// Checks the metadata of a distribution against the standard and the file's own name. What is
/// found is told in the order of importance: the metadata's version, name, version, the rest.
pub(super) fn check(
    opened: &Opened,
    file_name: &DistributionFilename,
    findings: &mut Vec<Finding>,
) {
    let Ok(text) = std::str::from_utf8(&opened.metadata) else {
        findings.push(Finding::broken(format!("`{}` is not UTF-8", opened.path)));
        return;
    };
    let raw = match raw_fields(text) {
        Ok(raw) => raw,
        Err(error) => {
            findings.push(Finding::broken(format!("`{}`: {error}", opened.path)));
            return;
        }
    };
    let Some(version) = check_metadata_version(&raw, findings) else {
        return;
    };
    check_identity(&raw, file_name, findings);
    let mut seen = HashSet::new();
    for (name, value) in &raw.fields {
        let Some(field) = Field::of(name) else {
            findings.push(Finding::of(
                Policy::LooseMetadata,
                format!("`{}` is not a field of core metadata", shown(name)),
            ));
            continue;
        };
        if !seen.insert(field.name) && !field.is_repeated {
            findings.push(Finding::broken(format!(
                "`{}` is given more than once",
                field.name
            )));
            continue;
        }
        if version < field.since {
            // One build tool writes this field under versions that do not have it.
            if field.name != "License-File" {
                findings.push(Finding::broken(format!(
                    "`{}` is a field of metadata version {}, but the file's `Metadata-Version` is {version}",
                    field.name, field.since
                )));
            }
            continue;
        }
        value::check(field.name, value, version, findings);
    }
    check_together(&raw, version, opened, findings);
}

fn check_metadata_version(
    raw: &RawMetadata,
    findings: &mut Vec<Finding>,
) -> Option<MetadataVersion> {
    let Some(text) = raw.first("metadata-version") else {
        findings.push(Finding::broken("`Metadata-Version` is missing"));
        return None;
    };
    let version = MetadataVersion::of(text);
    if version.is_none() {
        findings.push(Finding::broken(format!(
            "`Metadata-Version` is `{}`, which is not a version of the standard; it has {}",
            shown(text),
            MetadataVersion::ALL.map(MetadataVersion::as_str).join(", ")
        )));
    }
    version
}

/// Checks that the metadata is about the project and version that the file is called after.
fn check_identity(
    raw: &RawMetadata,
    file_name: &DistributionFilename,
    findings: &mut Vec<Finding>,
) {
    match raw
        .first("name")
        .map(|text| (text, text.parse::<ProjectName>()))
    {
        None => findings.push(Finding::broken("`Name` is missing")),
        Some((text, Err(error))) => findings.push(Finding::broken(format!(
            "`Name` is `{}`: {error}",
            shown(text)
        ))),
        Some((text, Ok(name))) if name != *file_name.project() => {
            findings.push(Finding::broken(format!(
                "`Name` is `{}`, but the file is called after `{}`",
                shown(text),
                file_name.project().as_str()
            )));
        }
        Some((_, Ok(_))) => {}
    }
    match raw
        .first("version")
        .map(|text| (text, text.parse::<Version>()))
    {
        None => findings.push(Finding::broken("`Version` is missing")),
        Some((text, Err(error))) => findings.push(Finding::broken(format!(
            "`Version` is `{}`: {error}",
            shown(text)
        ))),
        Some((text, Ok(version))) if version != *file_name.version() => {
            findings.push(Finding::broken(format!(
                "`Version` is `{}`, but the file is called after version `{}`",
                shown(text),
                file_name.version()
            )));
        }
        Some((_, Ok(_))) => {}
    }
}

/// Checks what one field means for another, and for the archive.
fn check_together(
    raw: &RawMetadata,
    version: MetadataVersion,
    opened: &Opened,
    findings: &mut Vec<Finding>,
) {
    if version >= MetadataVersion::V2_4 {
        if raw.first("license").is_some() && raw.first("license-expression").is_some() {
            findings.push(Finding::broken(
                "`License` and `License-Expression` are both given; the second one is enough",
            ));
        }
        let files = &opened.license_files;
        for path in raw.all("license-file") {
            let whole = format!("{}{path}", files.folder);
            if !files.paths.contains(whole.as_bytes()) {
                findings.push(Finding::broken(format!(
                    "`License-File` names `{}`, but the archive has no `{}`",
                    shown(path),
                    shown(&whole)
                )));
            }
        }
    }
    let (mut names, mut spaces) = (raw.all("import-name"), raw.all("import-namespace"));
    if let Some(both) = names.find(|name| spaces.any(|space| space == *name)) {
        findings.push(Finding::broken(format!(
            "`{}` is both an `Import-Name` and an `Import-Namespace`",
            shown(both)
        )));
    }
}
