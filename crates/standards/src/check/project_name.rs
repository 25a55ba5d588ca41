//! Names that a new project should not have: those of Python's own modules, and those that look like
//! the name of another project.

use super::{Finding, Policy};
use crate::name::ProjectKey;

/// The modules of Python's standard library, of all versions since 3.8, one to a line.
const STANDARD_LIBRARY: &str = include_str!("standard_library.txt");

/// Checks the name of a project that is not there yet. `others` are the projects that are.
pub fn check_new_project<'k>(
    project: &ProjectKey,
    others: impl IntoIterator<Item = &'k ProjectKey>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let name = project.as_str();
    let is_module = STANDARD_LIBRARY
        .lines()
        .any(|module| module.replace('_', "-").eq_ignore_ascii_case(name));
    if is_module {
        findings.push(Finding::of(
            Policy::StandardLibraryName,
            format!("`{name}` is the name of a module of Python's standard library"),
        ));
    }
    let looks = looks_of(name);
    let alike = others
        .into_iter()
        .find(|other| *other != project && looks_of(other.as_str()) == looks);
    if let Some(other) = alike {
        findings.push(Finding::of(
            Policy::ConfusableName,
            format!("the name `{name}` is easily taken for `{other}`, which is here"),
        ));
    }
    findings
}

/// Returns what is left of a name for somebody who reads it in haste.
fn looks_of(name: &str) -> String {
    let seen = name.chars().filter(|c| !matches!(c, '-' | '_' | '.'));
    seen.map(|c| match c.to_ascii_lowercase() {
        'l' | 'i' => '1',
        'o' => '0',
        other => other,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> ProjectKey {
        ProjectKey::of(name).expect("a name")
    }

    fn said(name: &str, others: &[&str]) -> Vec<Finding> {
        let others: Vec<ProjectKey> = others.iter().map(|name| key(name)).collect();
        check_new_project(&key(name), &others)
    }

    #[test]
    fn name_05_names_of_pythons_own_modules_are_found() {
        for name in [
            "json",
            "Asyncio",
            "concurrent",
            "xml",
            "dummy-threading",
            "distutils",
        ] {
            let findings = said(name, &[]);
            assert_eq!(findings.len(), 1, "{name}");
            assert!(findings[0].message.contains("standard library"), "{name}");
        }
        for name in ["jsonx", "requests", "my-json"] {
            assert!(said(name, &[]).is_empty(), "{name}");
        }
    }

    #[test]
    fn name_05_names_that_look_like_another_are_found() {
        let others = ["flask-login", "pillow", "o0"];
        for name in [
            "flasklogin",
            "flask1ogin",
            "f1ask-log1n",
            "Pi11ow",
            "p-illow",
            "00",
        ] {
            let findings = said(name, &others);
            assert_eq!(findings.len(), 1, "{name}");
            assert!(findings[0].message.contains("easily taken"), "{name}");
        }
        for name in ["flask-login", "flask-logins", "willow"] {
            assert!(said(name, &others).is_empty(), "{name}");
        }
    }
}
