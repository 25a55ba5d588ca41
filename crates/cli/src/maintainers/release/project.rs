//! The project in the copy of a commit: its version, its name and its changelog.

use std::path::{Path, PathBuf};

use toml::{Table, Value};
use wheelhouse_release::changelog::Changelog;
use wheelhouse_release::version_place::{self, PlaceFault, VersionPlace};

use super::report::Trouble;
use crate::environment::settings_file;

/// The largest changelog that is read, in bytes.
const MAX_CHANGELOG_BYTES: u64 = 16 << 20;
/// What changelogs are called, without their endings.
const CHANGELOGS: &[&str] = &["changelog", "changes", "history", "news", "releases"];
/// The endings of changelogs.
const ENDINGS: &[&str] = &["", "md", "rst", "txt", "markdown"];

/// A project in a folder that is ours.
pub(in crate::maintainers) struct Project {
    folder: PathBuf,
    /// Its name: as it is written, or else that of its folder.
    pub(in crate::maintainers) name: String,
}

/// A changelog in a project.
pub(super) struct ChangelogFile {
    /// Where it is in the project.
    pub(super) file: String,
    pub(super) changelog: Changelog,
}

/// Fragments of a changelog that towncrier puts together.
pub(super) struct Towncrier {
    /// Where towncrier writes them.
    pub(super) file: Option<String>,
}

impl Project {
    /// Takes the project in a folder. `called` is its name if it gives none.
    pub(in crate::maintainers) fn new(folder: &Path, called: &str) -> Self {
        let read = |path: &str| settings_file(&folder.join(path));
        let name = version_place::name_of(&read).unwrap_or_else(|| called.to_owned());
        Self {
            folder: folder.to_owned(),
            name,
        }
    }

    /// Returns the text of a small file.
    pub(in crate::maintainers) fn read(&self, path: &str) -> Option<String> {
        settings_file(&self.folder.join(path))
    }

    /// Says whether there is such a file.
    pub(in crate::maintainers) fn has(&self, path: &str) -> bool {
        self.folder.join(path).is_file()
    }

    /// Writes a file anew.
    pub(super) fn write(&self, path: &str, text: &str) -> std::io::Result<()> {
        std::fs::write(self.folder.join(path), text)
    }

    /// Finds where its version comes from.
    pub(super) fn version_place(&self) -> Result<VersionPlace, Trouble> {
        VersionPlace::find(&|path: &str| self.read(path)).map_err(|fault| {
            let PlaceFault { file, line, .. } = &fault;
            Trouble::new(&fault.what, &fault.fix).at(file, *line)
        })
    }

    /// Says whether this is a project that can be built.
    pub(in crate::maintainers) fn is_there(&self) -> bool {
        ["pyproject.toml", "setup.py", "setup.cfg"]
            .iter()
            .any(|file| self.has(file))
    }

    /// Finds the changelog: the file that was named, that towncrier writes, or the first one with
    /// the name of a changelog in the project, its `docs` and its packages.
    pub(super) fn changelog(&self, named: Option<&str>) -> Option<ChangelogFile> {
        let of_towncrier = || self.towncrier().and_then(|settings| settings.file);
        let file = match named {
            Some(file) => Some(file.to_owned()),
            None => of_towncrier()
                .filter(|file| self.has(file))
                .or_else(|| self.changelog_by_name()),
        }?;
        let path = self.folder.join(&file);
        let size_bytes = std::fs::metadata(&path).ok()?.len();
        let text = (size_bytes <= MAX_CHANGELOG_BYTES).then(|| std::fs::read(&path).ok())??;
        Some(ChangelogFile {
            file,
            changelog: Changelog::parse(String::from_utf8_lossy(&text).into_owned()),
        })
    }

    fn changelog_by_name(&self) -> Option<String> {
        let mut folders = vec![String::new(), "docs".to_owned(), "doc".to_owned()];
        for base in ["", "src"] {
            let is_package = |name: &String| {
                let place = self.folder.join(base).join(name);
                place.join("__init__.py").is_file()
            };
            let packages = names_in(&self.folder.join(base));
            let packages = packages.into_iter().filter(is_package);
            folders.extend(packages.map(|name| joined(base, &name)));
        }
        folders.iter().find_map(|folder| {
            let is_one =
                |name: &String| is_changelog(name) && self.folder.join(folder).join(name).is_file();
            let mut found: Vec<String> = names_in(&self.folder.join(folder));
            found.retain(is_one);
            found.sort_by_key(|name| rank(name));
            found.first().map(|name| joined(folder, name))
        })
    }

    /// Returns how towncrier is set up, if it is.
    pub(super) fn towncrier(&self) -> Option<Towncrier> {
        let table = |file: &str| self.read(file)?.parse::<Table>().ok();
        let own = table("towncrier.toml").and_then(|table| table.get("tool").cloned());
        let tool = own.or_else(|| table("pyproject.toml")?.get("tool").cloned())?;
        let settings = tool.get("towncrier")?;
        let file = settings.get("filename").and_then(Value::as_str);
        // Without a name, towncrier writes this one.
        let file = file.map_or_else(|| Some("NEWS.rst".to_owned()), |file| Some(file.to_owned()));
        Some(Towncrier { file })
    }

    /// Returns the indexes in `[[tool.uv.index]]` to which uv would publish: their pages and their
    /// addresses of uploads.
    pub(super) fn publishing_indexes(&self) -> Vec<(String, String)> {
        let table = self.read("pyproject.toml");
        let table = table.and_then(|text| text.parse::<Table>().ok());
        let indexes = table
            .as_ref()
            .and_then(|table| table.get("tool")?.get("uv")?.get("index")?.as_array());
        let read = |index: &Value| {
            let text = |key| index.get(key).and_then(Value::as_str).map(str::to_owned);
            Some((text("url")?, text("publish-url")?))
        };
        indexes.into_iter().flatten().filter_map(read).collect()
    }

    /// Returns the first of the files that say what the project needs in which a word stands, and
    /// its line.
    pub(super) fn place_of(&self, word: &str) -> Option<(String, usize)> {
        let files = [
            "pyproject.toml",
            "setup.cfg",
            "setup.py",
            "requirements.txt",
        ];
        let plain = |text: &str| text.to_ascii_lowercase().replace(['_', '.'], "-");
        let word = plain(word);
        files.iter().find_map(|file| {
            let text = self.read(file)?;
            let at = text.lines().position(|line| plain(line).contains(&word))?;
            Some(((*file).to_owned(), at + 1))
        })
    }

    /// Returns where in the project the file of an error message is.
    pub(super) fn own_file(&self, path: &str) -> Option<String> {
        let path = path.replace('\\', "/");
        let mut rest = path.trim_start_matches('/');
        loop {
            let name = Path::new(rest);
            let places = [name.to_owned(), Path::new("src").join(name)];
            let found = places
                .iter()
                .find(|place| self.folder.join(place).is_file());
            if let Some(found) = found {
                return found.to_str().map(str::to_owned);
            }
            rest = rest.split_once('/')?.1;
        }
    }
}

/// Returns the names in a folder, ordered.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

fn parts(name: &str) -> (String, String) {
    let (stem, ending) = name.split_once('.').unwrap_or((name, ""));
    (stem.to_ascii_lowercase(), ending.to_ascii_lowercase())
}

fn is_changelog(name: &str) -> bool {
    let (stem, ending) = parts(name);
    CHANGELOGS.contains(&stem.as_str()) && ENDINGS.contains(&ending.as_str())
}

fn rank(name: &str) -> (Option<usize>, String) {
    let (stem, _) = parts(name);
    let rank = CHANGELOGS.iter().position(|word| *word == stem);
    (rank, name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(files: &[(&str, &str)]) -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        let project = Project::new(folder.path(), "called");
        (folder, project)
    }

    #[test]
    fn changelog_is_the_named_one_or_the_nearest() {
        const INIT: (&str, &str) = ("helpers/__init__.py", "");
        for (files, named, found) in [
            (
                &[("CHANGES.rst", ""), ("CHANGELOG.md", "")][..],
                None,
                Some("CHANGELOG.md"),
            ),
            (
                &[("changes.txt", ""), ("docs/CHANGELOG.md", "")],
                None,
                Some("changes.txt"),
            ),
            (
                &[INIT, ("helpers/CHANGELOG", "")],
                None,
                Some("helpers/CHANGELOG"),
            ),
            (
                &[("src/a/__init__.py", ""), ("src/a/NEWS", "")],
                None,
                Some("src/a/NEWS"),
            ),
            (&[("other/CHANGELOG", "")], None, None),
            (&[("changelog.py", "")], None, None),
            (
                &[("CHANGELOG", ""), ("x.txt", "")],
                Some("x.txt"),
                Some("x.txt"),
            ),
            (&[("CHANGELOG", "")], Some("x.txt"), None),
            (
                &[
                    ("CHANGELOG", ""),
                    ("docs/told.rst", ""),
                    (
                        "pyproject.toml",
                        "[tool.towncrier]\nfilename = 'docs/told.rst'",
                    ),
                ],
                None,
                Some("docs/told.rst"),
            ),
        ] {
            let (_folder, project) = project(files);
            let changelog = project.changelog(named).map(|found| found.file);
            assert_eq!(changelog.as_deref(), found, "{files:?}");
        }
    }

    #[test]
    fn files_of_error_messages_are_found_again() {
        let (_folder, project) = project(&[
            ("setup.py", ""),
            ("src/x/a.py", ""),
            ("y/b.py", ""),
            ("setup.cfg", "install_requires =\n  My.Other>=2\n"),
        ]);
        for (path, found) in [
            ("/tmp/build-env-1/source/setup.py", Some("setup.py")),
            ("/v/lib/python3.11/site-packages/x/a.py", Some("src/x/a.py")),
            ("y/b.py", Some("y/b.py")),
            ("/usr/lib/python3.11/runpy.py", None),
            ("<string>", None),
        ] {
            assert_eq!(project.own_file(path).as_deref(), found, "{path}");
        }
        assert_eq!(
            project.place_of("my-other"),
            Some(("setup.cfg".to_owned(), 2))
        );
        assert_eq!(project.place_of("absent"), None);
    }
}
