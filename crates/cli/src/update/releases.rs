//! The newest release on another index's page.

use wheelhouse_standards::found::{FileKind, FoundFile};
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::Yanked;
use wheelhouse_standards::version::VersionText;
use wheelhouse_upstream::UpstreamPage;

/// Returns the newest version that has a file which is not yanked; a pre-release only if those are
/// allowed. Versions outside the standard are passed over, as pip does.
pub(super) fn newest(
    page: &UpstreamPage,
    project: &ProjectKey,
    allow_unstable: bool,
) -> Option<VersionText> {
    page.files
        .iter()
        .filter(|file| file.yanked == Yanked::No)
        .filter_map(|file| version_of(&file.filename, project))
        .filter(|version| version.is_valid() && (allow_unstable || !version.is_prerelease()))
        .max()
}

/// Returns whether the page offers any release at all, even if none that is wanted.
pub(super) fn has_any(page: &UpstreamPage, project: &ProjectKey) -> bool {
    !page.versions.is_empty()
        || page
            .files
            .iter()
            .any(|file| version_of(&file.filename, project).is_some())
}

/// Returns the version of a project's file.
///
/// The project is known here, so a name like `foo-2bar-1.0.tar.gz`, in which a version cannot be
/// told from the name alone, is read rightly.
fn version_of(filename: &str, project: &ProjectKey) -> Option<VersionText> {
    let found = FoundFile::of(filename).filter(|found| found.kind != FileKind::Signature)?;
    if found.key == *project && found.version.is_valid() {
        return Some(found.version);
    }
    let stem = [".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip"]
        .iter()
        .find_map(|ending| filename.strip_suffix(ending))?;
    stem.match_indices('-')
        .filter(|&(at, _)| ProjectKey::of(&stem[..at]).as_ref() == Some(project))
        .map(|(at, _)| VersionText::from(&stem[at + 1..]))
        .find(VersionText::is_valid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wheelhouse_upstream::UpstreamFile;

    fn page(files: &[(&str, bool)]) -> UpstreamPage {
        let files = files
            .iter()
            .map(|(name, is_yanked)| UpstreamFile {
                yanked: if *is_yanked {
                    Yanked::Yes(None)
                } else {
                    Yanked::No
                },
                ..UpstreamFile::new(
                    (*name).to_owned(),
                    "https://index.example/x".parse().expect("a URL"),
                )
            })
            .collect();
        UpstreamPage {
            files,
            ..UpstreamPage::default()
        }
    }

    fn newest_of(files: &[(&str, bool)], allow_unstable: bool) -> Option<String> {
        let demo = ProjectKey::of("demo").expect("a name");
        newest(&page(files), &demo, allow_unstable).map(|version| version.to_string())
    }

    #[test]
    fn prereleases_count_only_if_they_are_allowed() {
        let files = [
            ("demo-1.10.tar.gz", false),
            ("demo-1.9-py3-none-any.whl", false),
            ("demo-2.0rc1.tar.gz", false),
            ("demo-3.0.dev1.tar.gz", false),
        ];
        assert_eq!(newest_of(&files, false).as_deref(), Some("1.10"));
        assert_eq!(newest_of(&files, true).as_deref(), Some("3.0.dev1"));
        assert_eq!(newest_of(&files[2..], false), None);
        assert!(has_any(
            &page(&files[2..]),
            &ProjectKey::of("demo").unwrap()
        ));
    }

    #[test]
    fn yanked_release_counts_only_by_a_file_that_is_not() {
        let files = [
            ("demo-1.0.tar.gz", false),
            ("demo-2.0.tar.gz", true),
            ("demo-2.0-py3-none-any.whl", true),
        ];
        assert_eq!(newest_of(&files, true).as_deref(), Some("1.0"));
        let half = [("demo-2.0.tar.gz", true), ("demo-2.0.zip", false)];
        assert_eq!(newest_of(&half, true).as_deref(), Some("2.0"));
    }

    #[test]
    fn other_files_and_odd_versions_are_passed_over() {
        let files = [
            ("demo-1.0.tar.gz", false),
            ("demo-9.0.tar.gz.asc", false),
            ("other-9.0.tar.gz", false),
            ("demo-latest.tar.gz", false),
            ("notes.txt", false),
        ];
        assert_eq!(newest_of(&files, true).as_deref(), Some("1.0"));
        assert_eq!(newest_of(&[], true), None);
        assert!(!has_any(
            &page(&files[2..3]),
            &ProjectKey::of("demo").unwrap()
        ));
    }

    #[test]
    fn known_project_tells_where_its_version_begins() {
        for (project, filename, version) in [
            ("foo-2bar", "foo-2bar-1.0.tar.gz", Some("1.0")),
            ("foo-2", "foo_2-1.0.zip", Some("1.0")),
            ("foo", "foo-1.0.post1.tar.gz", Some("1.0.post1")),
            ("foo", "foo-bar-1.0.tar.gz", None),
        ] {
            let key = ProjectKey::of(project).unwrap();
            let found = version_of(filename, &key);
            assert_eq!(
                found.as_ref().map(VersionText::as_str),
                version,
                "{filename}"
            );
        }
    }
}
