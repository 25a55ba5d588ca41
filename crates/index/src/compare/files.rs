//! Two archives, file by file. Every byte of both is read, so that nothing hides behind a check sum
//! or a size; that has a limit, which the result tells of.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use wheelhouse_standards::archive::{
    ArchiveError, Limits, MemberKind, MemberMark, ReadAt, is_code, walk,
};
use wheelhouse_standards::found::{FileKind, FoundFile};
use wheelhouse_standards::inside::text::{Decoded, decode};
use wheelhouse_standards::name::ProjectKey;

use super::lines::{self, Hunk};
use super::{Comparison, described, hooks};

/// How long a comparison may take. What has not been read by then is left out, and that is said.
const PATIENCE: Duration = Duration::from_secs(20);
/// Largest file whose lines are compared, in bytes.
const MAX_TEXT_BYTES: u64 = 512 << 10;
/// How many bytes of text are compared of one side.
const MAX_TEXTS_BYTES: u64 = 8 << 20;
/// Most lines of one file that are shown, and of all.
const MAX_FILE_LINES: usize = 2_000;
const MAX_ALL_LINES: usize = 10_000;
/// Most files that are told.
const MAX_FILES: usize = 5_000;
/// Largest file that describes a distribution and is read for that, in bytes.
const MAX_DESCRIBED_BYTES: u64 = 1 << 20;

/// A file that is new, gone or different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Its path, without what differs between all releases: the folder of an sdist, and the
    /// version in the name of a wheel's own folders, which is `*`.
    pub path: String,
    /// What happened to it.
    pub what: WhatChanged,
    /// Its size before, in bytes.
    pub old_bytes: Option<u64>,
    /// Its size now.
    pub new_bytes: Option<u64>,
    /// Why it deserves a look.
    pub marks: Vec<MemberMark>,
    /// Its lines.
    pub diff: FileDiff,
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WhatChanged {
    /// It is new.
    Added,
    /// It has other bytes.
    Changed,
    /// It is gone.
    Removed,
    /// It could not be read, so nobody knows.
    Unknown,
}

/// How a file's lines changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileDiff {
    /// The lines.
    Lines {
        /// Those that changed, and what stands around them.
        hunks: Vec<Hunk>,
        /// Whether there are more.
        is_cut: bool,
    },
    /// They are not shown, for this reason.
    NotShown(&'static str),
}

impl FileChange {
    pub(super) fn weight(&self) -> usize {
        let lines = match &self.diff {
            FileDiff::Lines { hunks, .. } => hunks
                .iter()
                .flat_map(|hunk| &hunk.lines)
                .map(|line| line.text.len() + 64)
                .sum(),
            FileDiff::NotShown(_) => 0,
        };
        self.path.len() + lines + 160
    }
}

/// One of the two archives.
pub(super) struct Side {
    /// Its files by their path as it is compared.
    pub(super) files: BTreeMap<String, SideFile>,
    /// The bytes of the files that describe it.
    pub(super) described: BTreeMap<String, Vec<u8>>,
    notes: Vec<String>,
}

/// One file of an archive.
pub(super) struct SideFile {
    place: usize,
    pub(super) size_bytes: u64,
    /// The digest of its bytes, or of what a link leads to; `None` if it could not be read.
    pub(super) digest: Option<[u8; 32]>,
    pub(super) marks: Vec<MemberMark>,
    is_link: bool,
}

/// Compares two archives. Blocks: not for request threads.
pub(super) fn compare(
    (old, old_name): (&dyn ReadAt, &str),
    (new, new_name): (&dyn ReadAt, &str),
) -> Result<Comparison, ArchiveError> {
    let deadline = Instant::now() + PATIENCE;
    let before = Side::read(old, old_name, deadline)?;
    let now = Side::read(new, new_name, deadline)?;
    let mut comparison = Comparison {
        hooks: hooks::compare(&before, &now),
        ..Comparison::default()
    };
    if let (Some(old), Some(new)) = (before.metadata(), now.metadata()) {
        (comparison.dependencies, comparison.metadata) = described::compare(old, new);
    }
    let paths: BTreeSet<&String> = before.files.keys().chain(now.files.keys()).collect();
    for path in paths {
        match change(path, before.files.get(path), now.files.get(path)) {
            Some(change) => comparison.files.push(change),
            None => comparison.unchanged += 1,
        }
    }
    // What deserves a look comes first, and gets its lines before the limits are reached.
    comparison.files.sort_by_key(|file| {
        let weight = file.marks.first().map_or(usize::MAX, |mark| *mark as usize);
        (weight, is_record(&file.path))
    });
    comparison.notes.extend(before.notes.iter().cloned());
    comparison.notes.extend(now.notes.iter().cloned());
    if comparison.files.len() > MAX_FILES {
        let rest = comparison.files.len() - MAX_FILES;
        comparison.notes.push(format!("{rest} more files changed"));
        comparison.files.truncate(MAX_FILES);
    }
    let wanted = wanted_texts(&comparison.files);
    let old_texts = before.texts(old, old_name, &wanted, deadline)?;
    let new_texts = now.texts(new, new_name, &wanted, deadline)?;
    let mut left = MAX_ALL_LINES;
    for file in &mut comparison.files {
        if !wanted.contains(&file.path) {
            continue;
        }
        if left == 0 || Instant::now() > deadline {
            file.diff = FileDiff::NotShown("too much changed to show all of it");
            continue;
        }
        let text =
            |texts: &BTreeMap<String, Vec<u8>>, size: Option<u64>| match texts.get(&file.path) {
                Some(bytes) => Some(decode(bytes, false)),
                None if size.is_none() => Some(Decoded::Text {
                    text: String::new(),
                    encoding: wheelhouse_standards::inside::text::Encoding::Utf8,
                }),
                None => None,
            };
        let texts = (
            text(&old_texts, file.old_bytes),
            text(&new_texts, file.new_bytes),
        );
        file.diff = match texts {
            (Some(Decoded::Text { text: old, .. }), Some(Decoded::Text { text: new, .. })) => {
                match lines::compare(&old, &new, left.min(MAX_FILE_LINES)) {
                    Some((hunks, is_cut)) => {
                        left -= hunks.iter().map(|hunk| hunk.lines.len()).sum::<usize>();
                        FileDiff::Lines { hunks, is_cut }
                    }
                    None => FileDiff::NotShown("it has too many lines"),
                }
            }
            (None, _) | (_, None) => FileDiff::NotShown("too much changed to show all of it"),
            _ => FileDiff::NotShown("it is not text"),
        };
    }
    Ok(comparison)
}

/// Returns what happened to a file, if anything did.
fn change(path: &str, old: Option<&SideFile>, new: Option<&SideFile>) -> Option<FileChange> {
    let what = match (old, new) {
        (None, Some(_)) => WhatChanged::Added,
        (Some(_), None) => WhatChanged::Removed,
        (Some(old), Some(new)) => match (old.digest, new.digest) {
            (Some(before), Some(now)) if before == now && old.marks == new.marks => return None,
            (None, _) | (_, None) if old.size_bytes == new.size_bytes => WhatChanged::Unknown,
            _ => WhatChanged::Changed,
        },
        (None, None) => return None,
    };
    let sides = || [old, new].into_iter().flatten();
    let reason = if sides().any(|file| file.digest.is_none()) {
        "it cannot be read"
    } else if sides().any(|file| file.is_link) {
        "it is a link"
    } else if sides().any(|file| file.size_bytes > MAX_TEXT_BYTES) {
        "it is too large"
    } else if is_record(path) {
        "it lists the other files"
    } else {
        TO_BE_READ
    };
    Some(FileChange {
        path: path.to_owned(),
        what,
        old_bytes: old.map(|file| file.size_bytes),
        new_bytes: new.map(|file| file.size_bytes),
        marks: new.or(old).map_or_else(Vec::new, |file| file.marks.clone()),
        diff: FileDiff::NotShown(reason),
    })
}

/// Stands for a reason until the lines are compared.
const TO_BE_READ: &str = "too much changed to show all of it";

fn is_record(path: &str) -> bool {
    path.ends_with(".dist-info/RECORD")
}

/// Returns the paths of the files whose lines are compared, the first ones that fit the limit.
fn wanted_texts(files: &[FileChange]) -> BTreeSet<String> {
    let (mut old_bytes, mut new_bytes) = (0, 0);
    files
        .iter()
        .filter(|file| file.diff == FileDiff::NotShown(TO_BE_READ))
        .take_while(|file| {
            old_bytes += file.old_bytes.unwrap_or(0);
            new_bytes += file.new_bytes.unwrap_or(0);
            old_bytes.max(new_bytes) <= MAX_TEXTS_BYTES
        })
        .map(|file| file.path.clone())
        .collect()
}

impl Side {
    /// Reads all of an archive.
    fn read(source: &dyn ReadAt, file_name: &str, deadline: Instant) -> Result<Self, ArchiveError> {
        let mut side = Self {
            files: BTreeMap::new(),
            described: BTreeMap::new(),
            notes: Vec::new(),
        };
        let mut raw: Vec<(String, SideFile, Option<Vec<u8>>)> = Vec::new();
        let mut is_late = false;
        let walked = walk(source, file_name, &Limits::LOOKING, &mut |member, bytes| {
            if Instant::now() > deadline {
                is_late = true;
                return Ok(ControlFlow::Break(()));
            }
            let mut file = SideFile {
                place: member.place,
                size_bytes: member.size_bytes,
                digest: None,
                marks: member.marks,
                is_link: false,
            };
            let mut kept = None;
            match member.kind {
                MemberKind::Folder => return Ok(ControlFlow::Continue(())),
                MemberKind::Link(target) => {
                    file.is_link = true;
                    file.digest = Some(Sha256::digest(format!("link to {target}")).into());
                }
                MemberKind::Other => file.digest = Some([0; 32]),
                MemberKind::File => {
                    let is_kept =
                        describes(&member.path) && member.size_bytes <= MAX_DESCRIBED_BYTES;
                    let (mut digest, mut start) = (Sha256::new(), Vec::new());
                    let read = bytes.pieces(u64::MAX, &mut |piece| {
                        digest.update(piece);
                        let room = if is_kept {
                            usize::MAX
                        } else {
                            8_usize.saturating_sub(start.len())
                        };
                        start.extend_from_slice(&piece[..piece.len().min(room)]);
                    });
                    match read {
                        Ok(_) => file.digest = Some(digest.finalize().into()),
                        // One member alone; the others can be read.
                        Err(ArchiveError::Unsupported { .. } | ArchiveError::Damaged { .. })
                            if member.crc32.is_some() => {}
                        Err(error) => return Err(error),
                    }
                    if is_code(&start) && !file.marks.contains(&MemberMark::NativeLibrary) {
                        file.marks.push(MemberMark::NativeLibrary);
                        file.marks.sort_unstable();
                    }
                    kept = is_kept.then_some(start);
                }
            }
            raw.push((member.path, file, kept));
            Ok(ControlFlow::Continue(()))
        });
        match walked {
            Ok(()) => {}
            Err(error @ ArchiveError::Source(_)) => return Err(error),
            Err(error) => side
                .notes
                .push(format!("{file_name} was not read to its end: {error}")),
        }
        if is_late {
            side.notes.push(format!(
                "{file_name} was not read to its end: it took too long"
            ));
        }
        let top = common_top(raw.iter().map(|(path, ..)| path.as_str()), file_name);
        let unread = raw
            .iter()
            .filter(|(_, file, _)| file.digest.is_none())
            .count();
        if unread > 0 {
            side.notes
                .push(format!("{unread} files in {file_name} cannot be read"));
        }
        for (path, file, kept) in raw {
            let path = compared_path(&path, top.as_deref(), file_name);
            if let Some(bytes) = kept {
                side.described.insert(path.clone(), bytes);
            }
            // Of two files with one path the last one counts: installers leave it behind.
            side.files.insert(path, file);
        }
        Ok(side)
    }

    /// Returns the bytes of the metadata file.
    fn metadata(&self) -> Option<&Vec<u8>> {
        ["*.dist-info/METADATA", "PKG-INFO", "EGG-INFO/PKG-INFO"]
            .iter()
            .find_map(|path| self.described.get(*path))
    }

    /// Reads the files that are wanted.
    fn texts(
        &self,
        source: &dyn ReadAt,
        file_name: &str,
        wanted: &BTreeSet<String>,
        deadline: Instant,
    ) -> Result<BTreeMap<String, Vec<u8>>, ArchiveError> {
        let mut places: BTreeMap<usize, &String> = self
            .files
            .iter()
            .filter(|(path, _)| wanted.contains(*path))
            .map(|(path, file)| (file.place, path))
            .collect();
        let mut texts = BTreeMap::new();
        if places.is_empty() {
            return Ok(texts);
        }
        let walked = walk(source, file_name, &Limits::LOOKING, &mut |member, bytes| {
            if let Some(path) = places.remove(&member.place) {
                let (bytes, _) = bytes.start(MAX_TEXT_BYTES)?;
                texts.insert(path.clone(), bytes);
            }
            if places.is_empty() || Instant::now() > deadline {
                return Ok(ControlFlow::Break(()));
            }
            Ok(ControlFlow::Continue(()))
        });
        match walked {
            Err(error @ ArchiveError::Source(_)) => Err(error),
            // What is wrong with it was told when it was read the first time.
            _ => Ok(texts),
        }
    }
}

/// Returns whether a member describes its distribution.
fn describes(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    let file_name = parts.next().unwrap_or_default();
    matches!(
        file_name,
        "METADATA" | "PKG-INFO" | "entry_points.txt" | "pyproject.toml"
    ) && parts.count() <= 3
}

/// Returns the folder that everything in an sdist is in, with its slash.
fn common_top<'p>(mut paths: impl Iterator<Item = &'p str>, file_name: &str) -> Option<String> {
    FoundFile::of(file_name).filter(|found| found.kind == FileKind::Sdist)?;
    let without_dot = |path: &'p str| path.strip_prefix("./").unwrap_or(path);
    let first = without_dot(paths.next()?);
    let top = &first[..=first.find('/')?];
    paths
        .all(|path| without_dot(path).starts_with(top))
        .then(|| top.to_owned())
}

/// Returns a path without what differs between all releases.
fn compared_path(path: &str, top: Option<&str>, file_name: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let path = top.and_then(|top| path.strip_prefix(top)).unwrap_or(path);
    let Some((folder, rest)) = path.split_once('/') else {
        return path.to_owned();
    };
    let mut parts = file_name.split('-');
    let own = parts.next().zip(parts.next());
    let own = own.and_then(|(name, version)| ProjectKey::of(&format!("{name}-{version}")));
    for end in [".dist-info", ".data"] {
        let stem = folder.strip_suffix(end);
        if own.is_some() && stem.and_then(ProjectKey::of) == own {
            return format!("*{end}/{rest}");
        }
    }
    path.to_owned()
}

#[cfg(test)]
mod tests;
