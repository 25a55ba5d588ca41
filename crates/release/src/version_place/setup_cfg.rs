//! Versions in `setup.cfg`.

use std::ops::Range;

use super::{Files, PlaceFault, VersionPlace, Written, in_attribute, in_text};

/// Finds the version that `[metadata]` has.
pub(super) fn find(text: &str, files: &dyn Files) -> Result<Option<VersionPlace>, PlaceFault> {
    let Some(at) = place_of(text, "metadata", "version") else {
        return Ok(None);
    };
    let value = &text[at.clone()];
    if let Some(attribute) = directive(value, "attr:") {
        in_attribute(attribute, "src", files).map(Some)
    } else if let Some(file) = directive(value, "file:") {
        in_text(file, files).map(Some)
    } else {
        Written::found("setup.cfg", text, at).map(Some)
    }
}

/// Returns what a section says of a key.
pub(super) fn value(text: &str, section: &str, key: &str) -> Option<String> {
    Some(text[place_of(text, section, key)?].to_owned()).filter(|value| !value.is_empty())
}

/// Returns where the value of a key of a section stands, in bytes.
fn place_of(text: &str, wanted: &str, key: &str) -> Option<Range<usize>> {
    let mut section = "";
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let at = start;
        start += line.len();
        let trimmed = line.trim_end();
        if let Some(name) = trimmed
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            section = name;
        }
        let Some(mark) = trimmed.find(['=', ':']).filter(|_| section == wanted) else {
            continue;
        };
        if trimmed.starts_with([' ', '\t', '#', ';']) || trimmed[..mark].trim_end() != key {
            continue;
        }
        let value = &trimmed[mark + 1..];
        let blanks = value.len() - value.trim_start().len();
        return Some(at + mark + 1 + blanks..at + trimmed.len());
    }
    None
}

fn directive<'v>(value: &'v str, name: &str) -> Option<&'v str> {
    value.trim().strip_prefix(name).map(str::trim)
}
