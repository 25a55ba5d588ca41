//! Versions in `setup.cfg`.

use super::{Files, PlaceFault, VersionPlace, Written, in_attribute, in_text};

/// Finds the version that `[metadata]` has.
pub(super) fn find(text: &str, files: &dyn Files) -> Result<Option<VersionPlace>, PlaceFault> {
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
        let Some(mark) = trimmed.find(['=', ':']).filter(|_| section == "metadata") else {
            continue;
        };
        if trimmed.starts_with([' ', '\t', '#', ';']) || trimmed[..mark].trim_end() != "version" {
            continue;
        }
        let value = &trimmed[mark + 1..];
        let place = if let Some(attribute) = directive(value, "attr:") {
            in_attribute(attribute, "src", files)?
        } else if let Some(file) = directive(value, "file:") {
            in_text(file, files)?
        } else {
            let value_at = at + mark + 1 + (value.len() - value.trim_start().len());
            Written::found("setup.cfg", text, value_at..at + trimmed.len())?
        };
        return Ok(Some(place));
    }
    Ok(None)
}

fn directive<'v>(value: &'v str, name: &str) -> Option<&'v str> {
    value.trim().strip_prefix(name).map(str::trim)
}
