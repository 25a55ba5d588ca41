//! Python and ABI tags in words.

use super::listed;

/// Returns which Pythons the tags stand for.
pub(super) fn words(pythons: &[&str], abis: &[&str]) -> String {
    let lower = |tags: &[&str]| {
        tags.iter()
            .map(|tag| tag.to_ascii_lowercase())
            .collect::<Vec<_>>()
    };
    let (pythons, abis) = (lower(pythons), lower(abis));
    let mut majors: Vec<&str> = pythons.iter().filter_map(|tag| any_of_major(tag)).collect();
    majors.sort_unstable();
    if majors.len() == pythons.len() && abis.iter().all(|abi| abi == "none") {
        return format!("any Python {}", majors.join(" or "));
    }
    if abis.iter().any(|abi| abi == "abi3" || abi == "abi3t") {
        // The oldest counts: newer ones take it anyway.
        if let Some(oldest) = pythons.iter().filter_map(|tag| version_key(tag)).min() {
            let threads = if abis.iter().any(|abi| abi == "abi3t") {
                ", also free-threaded,"
            } else {
                ""
            };
            return format!("CPython {}.{} or newer{threads}", oldest.0, oldest.1);
        }
    }
    let mut words: Vec<String> = Vec::new();
    for tag in &pythons {
        let word = one(tag, &abis);
        if !words.contains(&word) {
            words.push(word);
        }
    }
    let is_free = abis
        .iter()
        .any(|abi| abi.starts_with("cp") && abi.ends_with(['t']) || abi.ends_with("td"));
    let is_debug = abis
        .iter()
        .any(|abi| abi.starts_with("cp") && abi.ends_with('d'));
    let mut text = listed(&words);
    if is_free {
        text.push_str(", free-threaded,");
    }
    if is_debug {
        text.push_str(" with debug checks");
    }
    text
}

/// Returns the major version of a tag such as `py3`.
fn any_of_major(tag: &str) -> Option<&str> {
    tag.strip_prefix("py")
        .filter(|version| version.len() == 1 && version.bytes().all(|b| b.is_ascii_digit()))
}

/// Returns the version in a tag such as `cp311`.
fn version_key(tag: &str) -> Option<(u32, u32)> {
    let digits = tag.strip_prefix("cp")?;
    let (major, minor) = digits.split_at_checked(1)?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn one(tag: &str, abis: &[String]) -> String {
    let name_end = tag.find(|c: char| c.is_ascii_digit()).unwrap_or(tag.len());
    let (name, digits) = tag.split_at(name_end);
    let is_version = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let version = match digits.len() {
        _ if !is_version => None,
        1 => Some(digits.to_owned()),
        _ => Some(format!("{}.{}", &digits[..1], &digits[1..])),
    };
    match (name, version) {
        ("py", Some(version)) if digits.len() > 1 => format!("Python {version} or newer"),
        ("py", Some(version)) => format!("any Python {version}"),
        ("cp", Some(version)) => format!("CPython {version}"),
        ("pp", Some(version)) => format!("PyPy {version}"),
        ("graalpy", Some(version)) => format!("GraalPy {version}"),
        ("ip", Some(version)) => format!("IronPython {version}"),
        ("jy", Some(version)) => format!("Jython {version}"),
        _ => match abis {
            [abi] if abi != "none" => format!("{tag} ({abi})"),
            _ => tag.to_owned(),
        },
    }
}
