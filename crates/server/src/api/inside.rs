//! The forms of what is inside a file, and of what changed between releases.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is inside a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InsideList {
    /// The project, in normal form.
    pub project: String,
    /// The file's name.
    pub file: String,
    /// Its size, in bytes.
    pub size: u64,
    /// Its members, in their order.
    pub members: Vec<InsideMember>,
    /// Whether there are more than are listed.
    pub cut: bool,
    /// Why the rest of the file could not be read; `null` if all of it could.
    pub stopped: Option<String>,
}

/// One member of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InsideMember {
    /// Which one it is, from 0.
    pub place: usize,
    /// Its path.
    pub path: String,
    /// What it is.
    pub kind: InsideKind,
    /// Where it leads, if it is a link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Its size, in bytes.
    pub size: u64,
    /// Its size in the file, where the file says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packed: Option<u64>,
    /// Why it deserves a look, such as `native-library`.
    pub marks: Vec<String>,
}

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum InsideKind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A link.
    Link,
    /// A device or a pipe.
    Other,
}

/// What changed between two releases, as two of their files show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangesReport {
    /// The project, in normal form.
    pub project: String,
    /// The older version.
    pub from: String,
    /// The newer version.
    pub to: String,
    /// The file of the older release that was compared.
    pub old_file: String,
    /// The file of the newer release.
    pub new_file: String,
    /// Other files of the newer release that can be compared.
    pub others: Vec<String>,
    /// What could not be read or was left out.
    pub notes: Vec<String>,
    /// What runs, or can be run, without anybody importing it; what is new first.
    pub hooks: Vec<HookReport>,
    /// What is needed.
    pub dependencies: Vec<DifferenceReport>,
    /// What the metadata says.
    pub metadata: Vec<DifferenceReport>,
    /// The files that are new, gone or different.
    pub files: Vec<ChangedFile>,
    /// How many files are the same.
    pub unchanged: usize,
}

/// A hook that is new, gone or different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HookReport {
    /// What it is, such as `entry-point`.
    pub kind: String,
    /// The group, if it is an entry point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Its name, or the path of the file.
    pub name: String,
    /// What it was before; `null` if it is new.
    pub old: Option<String>,
    /// What it is now; `null` if it is gone.
    pub new: Option<String>,
}

/// Something that is said in another way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DifferenceReport {
    /// What it is about.
    pub what: String,
    /// What was said before; `null` if nothing was.
    pub old: Option<String>,
    /// What is said now; `null` if nothing is.
    pub new: Option<String>,
}

/// A file that is new, gone or different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangedFile {
    /// Its path, with `*` in place of the version in the names of a wheel's own folders.
    pub path: String,
    /// What happened to it.
    pub what: FileChangeKind,
    /// Its size before, in bytes.
    pub old_size: Option<u64>,
    /// Its size now.
    pub new_size: Option<u64>,
    /// Why it deserves a look.
    pub marks: Vec<String>,
    /// A unified diff of its lines, if they are shown.
    pub diff: Option<String>,
    /// Whether the diff goes on.
    pub cut: bool,
    /// Why there is no diff.
    pub reason: Option<String>,
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FileChangeKind {
    /// It is new.
    Added,
    /// It has other bytes.
    Changed,
    /// It is gone.
    Removed,
    /// It could not be read, so nobody knows.
    Unknown,
}
