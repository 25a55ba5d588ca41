//! What the tag of a release is called: as those before it are.

use wheelhouse_standards::version::Version;

/// Returns the tag of a version of a project, in the form that the newest tag of a version has, or
/// else `v1.2`. Tags of other projects, in a repository of several, do not count.
///
/// # Examples
/// ```
/// use wheelhouse_release::tag::tag_of;
///
/// let version = "1.3".parse()?;
/// assert_eq!(tag_of(&version, "helpers", ["1.1", "1.2", "nightly"]), "1.3");
/// assert_eq!(tag_of(&version, "helpers", ["helpers-1.2", "v7.0"]), "helpers-1.3");
/// # Ok::<(), wheelhouse_standards::version::VersionError>(())
/// ```
pub fn tag_of<'t>(
    version: &Version,
    project: &str,
    tags: impl IntoIterator<Item = &'t str>,
) -> String {
    let prefix = highest(project, tags).map_or("v", |taken| taken.prefix);
    format!("{prefix}{}", version.as_str())
}

/// Returns the highest version of a project that a tag names, own tags before those of anybody.
pub fn tagged<'t>(project: &str, tags: impl IntoIterator<Item = &'t str>) -> Option<Version> {
    highest(project, tags).map(|taken| taken.version)
}

fn highest<'t>(project: &str, tags: impl IntoIterator<Item = &'t str>) -> Option<Taken<'t>> {
    let taken = tags.into_iter().filter_map(|tag| taken_apart(tag, project));
    taken.max_by(|one, other| (one.is_own, &one.version).cmp(&(other.is_own, &other.version)))
}

struct Taken<'t> {
    prefix: &'t str,
    version: Version,
    /// Whether the tag names the project.
    is_own: bool,
}

fn taken_apart<'t>(tag: &'t str, project: &str) -> Option<Taken<'t>> {
    let plain = |text: &str| text.to_ascii_lowercase().replace(['_', '.'], "-");
    // `helpers-v1.2`, `helpers/1.2`, `release-1.2`, `v1.2` or `1.2`.
    let rest = tag.rfind(['-', '/', '@', '=', '_']);
    let named = rest.map_or("", |at| &tag[..at]);
    let behind = rest.map_or(tag, |at| &tag[at + 1..]);
    let number = behind.strip_prefix('v').unwrap_or(behind);
    if !number.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let version: Version = number.parse().ok()?;
    let named = named.trim_end_matches('=');
    let is_own = plain(named) == plain(project);
    let is_anybodys = matches!(named, "" | "release" | "rel" | "version");
    (is_own || is_anybodys).then(|| Taken {
        prefix: &tag[..tag.len() - number.len()],
        version,
        is_own,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_as_those_before() {
        for (tags, expected) in [
            (&[][..], "v1.3"),
            (&["v1.1", "v1.2"], "v1.3"),
            (&["1.1", "v1.0"], "1.3"),
            (&["v1.1", "2.0"], "1.3"),
            (&["release-1.2"], "release-1.3"),
            (&["release/v1.2"], "release/v1.3"),
            (&["my-helpers-1.2", "v9"], "my-helpers-1.3"),
            (&["My_Helpers==1.2"], "My_Helpers==1.3"),
            (&["my-helpers/v1.2rc1", "other/v3.0"], "my-helpers/v1.3"),
            (
                &["other-3.0", "nightly", "vx", "v", "-", "2026-11-23x"],
                "v1.3",
            ),
        ] {
            let version = "1.3".parse().expect("a version");
            let found = tag_of(&version, "my.helpers", tags.iter().copied());
            assert_eq!(found, expected, "{tags:?}");
        }
    }
}
