//! What the value of each field has to be.

use std::str::FromStr as _;

use pep508_rs::{Requirement, VerbatimUrl, VersionOrUrl};

use super::super::classifier::{self, Known};
use super::super::{Finding, Policy, shown};
use super::field::{Field, MetadataVersion};
use crate::license;
use crate::name::ProjectName;
use crate::specifier::RequiresPython;

/// Longest summary and longest label that the public index takes, in characters.
const MAX_SUMMARY_CHARS: usize = 512;
const MAX_LABEL_CHARS: usize = 32;

/// Checks one field that the metadata's version has.
pub(super) fn check(
    name: &'static str,
    value: &str,
    version: MetadataVersion,
    findings: &mut Vec<Finding>,
) {
    let told = |finding: Result<(), Finding>, findings: &mut Vec<Finding>| {
        findings.extend(finding.err());
    };
    // Old tools write this for what they were not told.
    let value = value.trim();
    if matches!(value, "" | "UNKNOWN") {
        return;
    }
    let found = match name {
        "Summary" => summary(value),
        "Description-Content-Type" => content_type(value),
        "Author-email" | "Maintainer-email" => addresses(name, value),
        "Classifier" => classifier(value),
        "Requires-Python" => requires_python(value),
        "Requires-Dist" | "Provides-Dist" | "Obsoletes-Dist" => requirement(name, value),
        "Provides-Extra" => extra(value, version),
        "Project-URL" => project_url(value),
        "Home-page" | "Download-URL" => url(name, value),
        "License-Expression" => license_expression(value),
        "License-File" => license_file(value),
        "Dynamic" => dynamic(value),
        "Import-Name" | "Import-Namespace" => import_name(name, value),
        _ => Ok(()),
    };
    told(found, findings);
}

fn broken(name: &str, value: &str, reason: impl std::fmt::Display) -> Finding {
    Finding::broken(format!("`{name}` is `{}`: {reason}", shown(value)))
}

fn summary(value: &str) -> Result<(), Finding> {
    if value.contains(['\n', '\r']) {
        return Err(Finding::broken("`Summary` must be one line"));
    }
    let chars = value.chars().count();
    if chars > MAX_SUMMARY_CHARS {
        return Err(Finding::of(
            Policy::LooseMetadata,
            format!("`Summary` has {chars} characters; the public index takes {MAX_SUMMARY_CHARS}"),
        ));
    }
    Ok(())
}

fn content_type(value: &str) -> Result<(), Finding> {
    const NAME: &str = "Description-Content-Type";
    let mut parts = value.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
    let is_markdown = media_type == "text/markdown";
    if !is_markdown && !matches!(media_type.as_str(), "text/plain" | "text/x-rst") {
        return Err(broken(
            NAME,
            value,
            "must be text/plain, text/x-rst or text/markdown",
        ));
    }
    for parameter in parts.filter(|part| !part.is_empty()) {
        let (key, said) = parameter.split_once('=').unwrap_or((parameter, ""));
        let said = said.trim().trim_matches('"');
        match key.trim().to_ascii_lowercase().as_str() {
            "charset" if !said.eq_ignore_ascii_case("utf-8") => {
                return Err(broken(NAME, value, "the charset must be UTF-8"));
            }
            "variant" if is_markdown && !matches!(said, "GFM" | "CommonMark") => {
                return Err(broken(NAME, value, "the variant must be GFM or CommonMark"));
            }
            _ => {}
        }
    }
    Ok(())
}

fn addresses(name: &str, value: &str) -> Result<(), Finding> {
    // A comma may stand within a name in quotes.
    let mut is_quoted = false;
    let each = value.split(|c| {
        is_quoted ^= c == '"';
        c == ',' && !is_quoted
    });
    for one in each.map(str::trim).filter(|one| !one.is_empty()) {
        let address = one
            .strip_suffix('>')
            .and_then(|one| one.rsplit_once('<'))
            .map_or(one, |(_, address)| address);
        let is_address = address
            .rsplit_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty())
            && !address.contains(char::is_whitespace);
        if !is_address {
            return Err(Finding::advice(format!(
                "`{name}` holds `{}`, which is not an e-mail address",
                shown(one)
            )));
        }
    }
    Ok(())
}

fn classifier(value: &str) -> Result<(), Finding> {
    let said = match classifier::look_up(value) {
        Known::Yes => return Ok(()),
        Known::No => "is not in the list of classifiers".to_owned(),
        Known::NoLonger("") => "is no longer in use".to_owned(),
        Known::NoLonger(instead) => format!("is no longer in use; write `{instead}`"),
    };
    Err(Finding::of(
        Policy::UnknownClassifier,
        format!("the classifier `{}` {said}", shown(value)),
    ))
}

fn requires_python(value: &str) -> Result<(), Finding> {
    match RequiresPython::from_str(value) {
        Ok(_) => Ok(()),
        Err(error) => Err(broken("Requires-Python", value, error)),
    }
}

fn requirement(name: &str, value: &str) -> Result<(), Finding> {
    match Requirement::<VerbatimUrl>::from_str(value) {
        Ok(requirement) => match requirement.version_or_url {
            Some(VersionOrUrl::Url(_)) => Err(Finding::of(
                Policy::DirectReference,
                format!(
                    "`{name}` has an address in place of a version: `{}`",
                    shown(value)
                ),
            )),
            _ => Ok(()),
        },
        // The reader does not know comparisons of versions as text, which the standard has.
        Err(_) if value.contains("===") => Ok(()),
        Err(error) => {
            let reason = error.message.to_string();
            let reason = reason.lines().next().unwrap_or_default().to_owned();
            Err(broken(name, value, reason))
        }
    }
}

fn extra(value: &str, version: MetadataVersion) -> Result<(), Finding> {
    const NAME: &str = "Provides-Extra";
    let name: ProjectName = value.parse().map_err(|error| broken(NAME, value, error))?;
    if version >= MetadataVersion::V2_3 && name.as_str() != value {
        let normal = name.as_str();
        return Err(broken(NAME, value, format!("must be written `{normal}`")));
    }
    Ok(())
}

fn project_url(value: &str) -> Result<(), Finding> {
    const NAME: &str = "Project-URL";
    let (label, address) = value
        .split_once(',')
        .map(|(label, address)| (label.trim(), address.trim()))
        .ok_or_else(|| broken(NAME, value, "must be a label, a comma and an address"))?;
    if label.is_empty() || label.chars().count() > MAX_LABEL_CHARS {
        return Err(broken(
            NAME,
            value,
            format!("the label must have 1 to {MAX_LABEL_CHARS} characters"),
        ));
    }
    url(NAME, address)
}

fn url(name: &str, value: &str) -> Result<(), Finding> {
    let is_address = url::Url::parse(value)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if is_address {
        return Ok(());
    }
    Err(Finding::of(
        Policy::LooseMetadata,
        format!(
            "`{name}` has `{}`, which is not an http or https address",
            shown(value)
        ),
    ))
}

fn license_expression(value: &str) -> Result<(), Finding> {
    match license::canonical(value) {
        Some(_) => Ok(()),
        None => Err(broken(
            "License-Expression",
            value,
            "must be an SPDX licence expression, such as `MIT OR Apache-2.0`",
        )),
    }
}

fn license_file(value: &str) -> Result<(), Finding> {
    let reason = if value.starts_with('/') {
        "must be a relative path"
    } else if value.contains('\\') {
        "must have `/` between its parts"
    } else if value.split('/').any(|part| part == "..") {
        "must not have `..` in it"
    } else if value.contains('*') {
        "must be a path, not a pattern"
    } else {
        return Ok(());
    };
    Err(broken("License-File", value, reason))
}

fn dynamic(value: &str) -> Result<(), Finding> {
    match Field::of(value).map(|field| field.name) {
        None => Err(broken("Dynamic", value, "is not a field of core metadata")),
        Some("Name" | "Version" | "Metadata-Version") => {
            Err(broken("Dynamic", value, "this field can never be dynamic"))
        }
        Some(_) => Ok(()),
    }
}

fn import_name(name: &str, value: &str) -> Result<(), Finding> {
    let (path, flag) = value.split_once(';').unwrap_or((value, "private"));
    if flag.trim() != "private" {
        return Err(broken(name, value, "only `private` may follow a `;`"));
    }
    let path = path.trim();
    if let Some(part) = path.split('.').find(|part| !is_identifier(part)) {
        return Err(broken(
            name,
            value,
            format!("`{}` is not a Python identifier", shown(part)),
        ));
    }
    Ok(())
}

fn is_identifier(text: &str) -> bool {
    const KEYWORDS: &[&str] = &[
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class",
        "continue", "def", "del", "elif", "else", "except", "finally", "for", "from", "global",
        "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return",
        "try", "while", "with", "yield",
    ];
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c == '_' || c.is_alphabetic())
        && chars.all(|c| c == '_' || c.is_alphanumeric())
        && !KEYWORDS.contains(&text)
}
