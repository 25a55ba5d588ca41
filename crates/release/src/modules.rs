//! What a wheel lets one import.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use wheelhouse_standards::archive::zip::ZipArchive;
use wheelhouse_standards::archive::{ArchiveError, FileAt, Limits};

/// Returns the modules that a wheel brings, ordered: packages and modules at the top, and for what
/// is a namespace that others share, the packages within.
///
/// # Errors
/// [`ArchiveError`] if the wheel cannot be read.
pub fn modules_of(wheel: &Path) -> Result<Vec<String>, ArchiveError> {
    let file = File::open(wheel).map_err(ArchiveError::Source)?;
    let size_bytes = file.metadata().map_err(ArchiveError::Source)?.len();
    let source = FileAt::new(&file, size_bytes);
    let archive = ZipArchive::open(&source, &Limits::default())?;
    let mut names = Vec::new();
    for member in archive.members() {
        names.push(member?.shown_name());
    }
    Ok(in_names(names.iter().map(String::as_str)))
}

fn in_names<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut packages = BTreeSet::new();
    let mut modules = BTreeSet::new();
    for name in names {
        let Some(path) = installed(name) else {
            continue;
        };
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        let is_folder_a_package = folder
            .split('/')
            .all(|part| part.is_empty() || is_word(part));
        let Some(module) = module_of(file).filter(|_| is_folder_a_package) else {
            continue;
        };
        if module == "__init__" {
            packages.insert(folder.to_owned());
        } else if module != "__main__" {
            modules.insert((folder.to_owned(), module.to_owned()));
        }
    }
    // What is within a package comes with it.
    let is_within = |folder: &str| {
        let mut parents = folder.match_indices('/').map(|(at, _)| &folder[..at]);
        parents.any(|parent| packages.contains(parent))
    };
    let of_packages = packages.iter().filter(|folder| !is_within(folder));
    let of_modules = modules
        .iter()
        .filter(|(folder, _)| !packages.contains(folder) && !is_within(folder))
        .map(|(folder, module)| {
            if folder.is_empty() {
                module.clone()
            } else {
                format!("{folder}/{module}")
            }
        });
    let found: BTreeSet<String> = of_packages
        .cloned()
        .chain(of_modules)
        .map(|path| path.replace('/', "."))
        .collect();
    found.into_iter().collect()
}

/// Returns where a member is below `site-packages`, if it goes there.
fn installed(name: &str) -> Option<&str> {
    let (top, rest) = name.split_once('/').unwrap_or((name, ""));
    match top.rsplit_once('.').map(|(_, ending)| ending) {
        Some("dist-info") => None,
        Some("data") => {
            let (scheme, path) = rest.split_once('/')?;
            matches!(scheme, "purelib" | "platlib").then_some(path)
        }
        _ => Some(name),
    }
}

/// Returns the module that a file is: `x.py`, `x.cpython-311-x86_64-linux-gnu.so` or `x.pyd`.
fn module_of(file: &str) -> Option<&str> {
    let (stem, tags) = file.split_once('.')?;
    let ending = file.rsplit_once('.')?.1;
    let is_module = tags == "py" || matches!(ending, "so" | "pyd");
    (is_module && is_word(stem)).then_some(stem)
}

fn is_word(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_those_that_an_import_statement_can_name() {
        for (names, modules) in [
            (
                &[
                    "helpers/__init__.py",
                    "helpers/CHANGELOG",
                    "helpers/x/__init__.py",
                ][..],
                &["helpers"][..],
            ),
            (
                &["one.py", "two.py", "x-1.dist-info/METADATA"],
                &["one", "two"],
            ),
            (
                &[
                    "corp/tools/__init__.py",
                    "corp/tools/a.py",
                    "corp/other/b.py",
                ],
                &["corp.other.b", "corp.tools"],
            ),
            (
                &[
                    "_fast.cpython-311-x86_64-linux-gnu.so",
                    "win.cp311-win_amd64.pyd",
                    "abi.abi3.so",
                ],
                &["_fast", "abi", "win"],
            ),
            (
                &[
                    "x-1.data/purelib/pure/__init__.py",
                    "x-1.data/scripts/run.py",
                    "x-1.data/data/a.py",
                ],
                &["pure"],
            ),
            (
                &[
                    "x/__main__.py",
                    "bin/a-script.py",
                    "typed-stubs/__init__.py",
                    "x.libs/libc.so",
                ],
                &[],
            ),
            (&["x.pth", "data.txt", "é.py"], &["é"]),
        ] {
            assert_eq!(in_names(names.iter().copied()), modules, "{names:?}");
        }
    }
}
