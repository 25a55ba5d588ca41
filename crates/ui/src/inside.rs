//! The page of what is inside a file.

use serde::Serialize;

use crate::Page;

/// How many files may be in sight when the page is opened; more are one step away.
const OPEN_FILES: usize = 100;

/// The page of what is inside a file.
#[derive(Debug, Clone, Serialize)]
pub struct InsidePage {
    /// The project, in normal form.
    pub project: String,
    /// The version.
    pub version: String,
    /// The file's name.
    pub file: String,
    /// Where to get the file.
    pub file_url: String,
    /// Its size, in bytes.
    pub size: u64,
    /// How many members are shown, without folders.
    pub count: usize,
    /// How large they are together, in bytes.
    pub inner_size: u64,
    /// What is not shown, and why.
    pub notes: Vec<String>,
    /// The command that asks for the same.
    pub command: String,
    /// The members that deserve a look, the weightiest first.
    pub marked: Vec<Entry>,
    /// All members, folder by folder.
    pub folders: Vec<Folder>,
}

/// The members that are in one folder, without those in folders below it.
#[derive(Debug, Clone, Serialize)]
pub struct Folder {
    /// The folder's path; empty for what is in none.
    pub path: String,
    /// Its members, ordered by name.
    pub entries: Vec<Entry>,
    /// How large they are together, in bytes.
    pub size: u64,
    /// Whether it is open when the page is.
    pub is_open: bool,
}

/// One member.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// The whole path.
    pub path: String,
    /// What it is called in its folder.
    pub name: String,
    /// Where to read it.
    pub url: String,
    /// Its size, in bytes.
    pub size: u64,
    /// Its size in the archive, if that is known.
    pub packed: Option<u64>,
    /// Where it leads, if it is a link.
    pub target: Option<String>,
    /// Why it deserves a look.
    pub marks: Vec<Mark>,
}

/// Why something deserves a look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// In a few words.
    pub words: &'static str,
    /// Whether it may run, or mislead, by itself.
    pub is_grave: bool,
}

impl Folder {
    /// Puts members into folders, ordered by path.
    pub fn all(mut entries: Vec<Entry>) -> Vec<Self> {
        entries.sort_by(|a, b| {
            let key = |entry: &Entry| (folder_of(&entry.path).to_owned(), entry.name.clone());
            key(a).cmp(&key(b))
        });
        let is_open = entries.len() <= OPEN_FILES;
        let mut folders: Vec<Self> = Vec::new();
        for entry in entries {
            let path = folder_of(&entry.path);
            if folders.last().is_none_or(|last| last.path != path) {
                folders.push(Self {
                    path: path.to_owned(),
                    entries: Vec::new(),
                    size: 0,
                    is_open: is_open || folders.is_empty(),
                });
            }
            let folder = folders.last_mut().expect("one was pushed");
            folder.size = folder.size.saturating_add(entry.size);
            folder.entries.push(entry);
        }
        folders
    }
}

/// Returns the part of a path before its last slash.
fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

impl Page for InsidePage {
    const TEMPLATE: &'static str = "inside.html";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, size: u64) -> Entry {
        Entry {
            path: path.to_owned(),
            name: path.rsplit('/').next().unwrap_or_default().to_owned(),
            url: String::new(),
            size,
            packed: None,
            target: None,
            marks: Vec::new(),
        }
    }

    #[test]
    fn members_stand_in_their_folders() {
        let paths = ["b/z.py", "a.py", "b/c/d.py", "b/y.py", "/etc/x"];
        let folders = Folder::all(paths.into_iter().map(|path| entry(path, 2)).collect());
        let found: Vec<_> = folders
            .iter()
            .map(|f| (f.path.as_str(), f.entries.len(), f.size, f.is_open))
            .collect();
        assert_eq!(
            found,
            [
                ("", 1, 2, true),
                ("/etc", 1, 2, true),
                ("b", 2, 4, true),
                ("b/c", 1, 2, true)
            ]
        );
        assert_eq!(folders[2].entries[0].name, "y.py");
        let many = (0..=OPEN_FILES).map(|n| entry(&format!("{n}/a"), u64::MAX));
        let folders = Folder::all(many.collect());
        assert!(folders[0].is_open && !folders[1].is_open);
    }
}
