//! The newest file of each project in the folders.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use wheelhouse_standards::found::{FileKind, FoundFile};
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::version::VersionText;

/// A project in the folders, by its newest file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LocalProject {
    pub(super) key: ProjectKey,
    /// The project's name as the newest file spells it.
    pub(super) spelled_name: String,
    /// The newest file's version, which may be no version by the standard.
    pub(super) version: VersionText,
    /// The folder that the newest file lies in.
    pub(super) folder: PathBuf,
}

/// Returns the projects below the roots in the order of their names, without the ignored ones.
///
/// What cannot be read is passed over with a line in the log. Hidden files and folders and links
/// to folders are passed over as everywhere. Where several files have the newest version, the
/// first in the order of the roots and paths counts.
pub(super) fn newest_local(roots: &[PathBuf], ignored: &BTreeSet<ProjectKey>) -> Vec<LocalProject> {
    let mut projects: BTreeMap<ProjectKey, LocalProject> = BTreeMap::new();
    for root in roots {
        // A stack, so that deep folders do not use up the thread's own.
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            let (files, inner) = entries(&folder);
            folders.extend(inner.into_iter().rev());
            for found in files {
                if found.kind == FileKind::Signature || ignored.contains(&found.key) {
                    continue;
                }
                let is_newest = projects
                    .get(&found.key)
                    .is_none_or(|known| found.version.key() > known.version.key());
                if is_newest {
                    let project = LocalProject {
                        key: found.key.clone(),
                        spelled_name: found.spelled_name,
                        version: found.version,
                        folder: folder.clone(),
                    };
                    projects.insert(found.key, project);
                }
            }
        }
    }
    projects.into_values().collect()
}

/// Returns the package files in a folder, and its folders, each in the order of their names.
fn entries(folder: &Path) -> (Vec<FoundFile>, Vec<PathBuf>) {
    let (mut files, mut folders) = (BTreeMap::new(), Vec::new());
    let list = match fs::read_dir(folder) {
        Ok(list) => list,
        Err(error) => {
            tracing::warn!(folder = %folder.display(), %error, "a folder cannot be read");
            return (Vec::new(), folders);
        }
    };
    for entry in list.flatten() {
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else {
            continue;
        };
        if kind.is_dir() {
            folders.push(entry.path());
        } else if kind.is_file() || fs::metadata(entry.path()).is_ok_and(|it| it.is_file()) {
            // The second asks where a link leads to.
            files.extend(FoundFile::of(name).map(|found| (name.to_owned(), found)));
        }
    }
    folders.sort();
    (files.into_values().collect(), folders)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_file_of_each_project_counts_over_all_folders() {
        let root = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("a/b")).unwrap();
        fs::create_dir_all(root.path().join(".hidden")).unwrap();
        for path in [
            "Demo_Pkg-1.9.tar.gz",
            "a/b/demo.pkg-1.10.zip",
            "a/b/demo.pkg-1.11.zip.asc",
            ".hidden/demo-pkg-3.0.zip",
            "private-1.0.zip",
            "notes.txt",
        ] {
            fs::write(root.path().join(path), "").unwrap();
        }
        fs::write(other.path().join("demo_pkg-1.10.0.zip"), "").unwrap();
        fs::write(other.path().join("zeta-1.0-py3-none-any.whl"), "").unwrap();
        std::os::unix::fs::symlink(other.path(), root.path().join("link")).unwrap();

        let roots = [root.path().to_owned(), other.path().to_owned()];
        let ignored = BTreeSet::from([ProjectKey::of("Private").unwrap()]);
        let projects = newest_local(&roots, &ignored);
        let shown: Vec<_> = projects
            .iter()
            .map(|it| (it.spelled_name.as_str(), it.version.as_str(), &*it.folder))
            .collect();
        assert_eq!(
            shown,
            [
                ("demo.pkg", "1.10", &*root.path().join("a/b")),
                ("zeta", "1.0", other.path()),
            ]
        );
    }

    #[test]
    fn missing_folder_has_no_projects() {
        let root = tempfile::tempdir().unwrap();
        let missing = [root.path().join("none")];
        assert_eq!(newest_local(&missing, &BTreeSet::new()), []);
    }
}
