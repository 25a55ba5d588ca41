//! What the core metadata of a release says, in words.

use wheelhouse_index::finding::{licence, name_of};
use wheelhouse_index::origin::Origin;
use wheelhouse_index::permission::Sight;
use wheelhouse_index::ports::{ProjectFinder, StoreError};
use wheelhouse_standards::metadata::CoreMetadata;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_ui::project::{Dependency, Fact, Link};

/// Dependencies that are shown.
const MAX_DEPENDENCIES: usize = 200;

/// Says where a file was built from.
pub(super) fn sentence(origin: &Origin) -> String {
    let part = |before: &str, text: Option<&str>| {
        text.map_or_else(String::new, |text| format!(" {before} {text}"))
    };
    let commit = origin.commit.as_deref();
    format!(
        "Built{}{}{}, says {}.",
        part("by the workflow", origin.workflow.as_deref()),
        part("of", origin.repository.as_deref()),
        part(
            "at the commit",
            commit.map(|commit| &commit[..commit.len().min(12)])
        ),
        origin.system
    )
}

/// Returns what a release needs, and whether it is here.
pub(super) fn dependencies(
    finder: &dyn ProjectFinder,
    sight: &Sight,
    metadata: &CoreMetadata,
) -> Result<Vec<Dependency>, StoreError> {
    let needs: Vec<_> = metadata
        .requires_dist
        .iter()
        .take(MAX_DEPENDENCIES)
        .filter_map(|text| Some((ProjectKey::of(name_of(text))?, text)))
        .collect();
    let keys: Vec<_> = needs.iter().map(|(key, _)| key.clone()).collect();
    let here = finder.here(&keys, sight)?;
    let dependency = |(key, text): (ProjectKey, &String)| Dependency {
        is_here: here.contains(&key),
        project: key.to_string(),
        extra: extra_of(text),
        text: without_extra(text).to_owned(),
    };
    Ok(needs.into_iter().map(dependency).collect())
}

/// Returns the extra that a requirement is for, if its marker asks for one.
fn extra_of(requirement: &str) -> Option<String> {
    let (_, marker) = requirement.split_once(';')?;
    let (_, rest) = marker.split_once("extra")?;
    let rest = rest.trim_start().strip_prefix("==")?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (extra, _) = rest[1..].split_once(quote)?;
    (!extra.is_empty()).then(|| extra.to_owned())
}

/// Returns a requirement without a marker that only asks for an extra.
fn without_extra(requirement: &str) -> &str {
    match requirement.split_once(';') {
        Some((text, marker))
            if marker.trim_start().starts_with("extra") && !marker.contains(" and ") =>
        {
            text.trim_end()
        }
        _ => requirement,
    }
}

/// Returns facts about a release.
pub(super) fn facts(metadata: &CoreMetadata) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut add = |label: &str, text: Option<String>, url: Option<String>| {
        if let Some(text) = text {
            facts.push(Fact {
                label: label.to_owned(),
                text,
                url,
            });
        }
    };
    add("Licence", licence(metadata), None);
    add("Python", metadata.requires_python.clone(), None);
    for (label, name, address) in [
        ("Author", &metadata.author, &metadata.author_email),
        (
            "Maintainer",
            &metadata.maintainer,
            &metadata.maintainer_email,
        ),
    ] {
        let (text, url) = person(name.as_deref(), address.as_deref());
        add(label, text, url);
    }
    if !metadata.provides_extra.is_empty() {
        add("Extras", Some(metadata.provides_extra.join(", ")), None);
    }
    if !metadata.requires_external.is_empty() {
        add(
            "Needs besides",
            Some(metadata.requires_external.join(", ")),
            None,
        );
    }
    facts
}

/// Returns how somebody is called, and an address to write to.
fn person(name: Option<&str>, address: Option<&str>) -> (Option<String>, Option<String>) {
    let Some(address) = address else {
        return (name.map(str::to_owned), None);
    };
    let (given, mail) = match address.split_once('<') {
        Some((given, rest)) => (
            Some(given.trim().trim_matches('"')).filter(|given| !given.is_empty()),
            rest.split('>').next().unwrap_or_default().trim(),
        ),
        None => (None, address.trim()),
    };
    let is_plain = mail.contains('@')
        && mail
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"<>\"',?&%".contains(&b));
    let url = is_plain.then(|| format!("mailto:{mail}"));
    let url = url.filter(|url| Link::of("", url).is_some());
    let text = name.or(given).unwrap_or(mail).to_owned();
    (Some(text).filter(|text| !text.is_empty()), url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_is_a_name_an_extra_and_the_rest() {
        for (text, name, extra, rest) in [
            ("demo", "demo", None, "demo"),
            (
                "demo.x>=1; extra == \"tests\"",
                "demo.x",
                Some("tests"),
                "demo.x>=1",
            ),
            ("demo[a]~=1 ; extra=='t'", "demo", Some("t"), "demo[a]~=1"),
            (
                "demo; python_version < \"3.9\" and extra == 'x'",
                "demo",
                Some("x"),
                "demo; python_version < \"3.9\" and extra == 'x'",
            ),
            (
                "demo @ https://example.org/a",
                "demo",
                None,
                "demo @ https://example.org/a",
            ),
            ("<b>", "", None, "<b>"),
        ] {
            assert_eq!(name_of(text), name, "{text}");
            assert_eq!(extra_of(text).as_deref(), extra, "{text}");
            assert_eq!(without_extra(text), rest, "{text}");
        }
    }

    #[test]
    fn a_person_is_a_name_and_perhaps_an_address() {
        for (name, address, text, url) in [
            (Some("Ada"), None, Some("Ada"), None),
            (
                None,
                Some("Ada <ada@example.org>"),
                Some("Ada"),
                Some("mailto:ada@example.org"),
            ),
            (
                None,
                Some("ada@example.org"),
                Some("ada@example.org"),
                Some("mailto:ada@example.org"),
            ),
            (Some("A"), Some("x@y?subject=z"), Some("A"), None),
            (None, None, None, None),
        ] {
            let found = person(name, address);
            assert_eq!(
                (found.0.as_deref(), found.1.as_deref()),
                (text, url),
                "{address:?}"
            );
        }
    }
}
