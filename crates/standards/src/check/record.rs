//! A wheel's `RECORD`: META-2.
//!
//! Standard: PyPA specifications, "Recording installed projects" and "Binary distribution format".

use std::collections::HashMap;

use super::{Finding, Policy, shown};
use crate::archive::zip::ZipMember;

/// Most differences that are told one by one.
const MAX_TOLD: usize = 3;

/// Compares what a `RECORD` lists with what is in the archive.
pub(super) fn check(
    bytes: &[u8],
    folder: &str,
    members: &[ZipMember],
    findings: &mut Vec<Finding>,
) {
    let mismatch = |message: String| {
        Finding::of(
            Policy::RecordMismatch,
            format!("`{folder}/RECORD` {message}"),
        )
    };
    let Ok(text) = std::str::from_utf8(bytes) else {
        findings.push(mismatch("is not UTF-8".to_owned()));
        return;
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut listed: HashMap<String, Option<u64>> = HashMap::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let Some((path, rest)) = first_field(line) else {
            findings.push(mismatch(format!(
                "has a line that is no record: `{}`",
                shown(line)
            )));
            return;
        };
        let size = rest
            .rsplit(',')
            .next()
            .and_then(|size| size.trim().parse().ok());
        if listed.insert(path.clone(), size).is_some() {
            findings.push(mismatch(format!("lists `{}` twice", shown(&path))));
            return;
        }
    }
    // What signs the `RECORD`, or is it, need not be in it.
    let is_exempt = |path: &str| {
        path.strip_prefix(folder)
            .is_some_and(|file| matches!(file, "/RECORD" | "/RECORD.jws" | "/RECORD.p7s"))
    };
    let mut told = Vec::new();
    for member in members.iter().filter(|member| !member.is_folder()) {
        let path = member.shown_name();
        match listed.remove(&path) {
            None if is_exempt(&path) => {}
            None => told.push(format!("does not list `{}`", shown(&path))),
            Some(Some(size)) if size != member.size_bytes => {
                told.push(format!("has another size for `{}`", shown(&path)));
            }
            Some(_) => {}
        }
    }
    let mut missing: Vec<String> = listed.into_keys().filter(|path| !is_exempt(path)).collect();
    missing.sort_unstable();
    told.extend(
        missing
            .iter()
            .map(|path| format!("lists `{}`, which is not in the wheel", shown(path))),
    );
    if told.is_empty() {
        return;
    }
    let more = told.len().saturating_sub(MAX_TOLD);
    told.truncate(MAX_TOLD);
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    findings.push(mismatch(told.join(", ")));
}

/// Splits a line of comma separated values after its first one, which may be in quotes.
pub(crate) fn first_field(line: &str) -> Option<(String, &str)> {
    let Some(quoted) = line.strip_prefix('"') else {
        let (path, rest) = line.split_once(',')?;
        return Some((path.to_owned(), rest));
    };
    let mut path = String::new();
    let mut rest = quoted;
    loop {
        let (part, after) = rest.split_once('"')?;
        path.push_str(part);
        match after.strip_prefix('"') {
            Some(more) => {
                path.push('"');
                rest = more;
            }
            None => return Some((path, after.strip_prefix(',')?)),
        }
    }
}
