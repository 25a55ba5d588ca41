//! The members of a distribution, whatever kind of archive it is, for somebody who looks inside.

use std::collections::HashMap;
use std::ops::ControlFlow;

use super::mark::{MemberMark, is_native, marks_of};
use super::metadata::has_ending;
use super::tar::{TarArchive, TarMember};
use super::zip::{ZipArchive, ZipMember};
use super::{ArchiveError, Limits, ReadAt};

/// How many bytes the paths in a list may have together.
const MAX_PATHS_BYTES: usize = 8 << 20;
/// Longest target of a symbolic link that is read, in bytes.
const MAX_TARGET_BYTES: u64 = 4 << 10;
/// How many links in a zip archive are followed to their target: each is a read of its own.
const MAX_TARGETS: u32 = 1_000;
/// How much of a file is looked at to tell what it is, in bytes.
const MAGIC_BYTES: u64 = 8;

/// One member of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Which one it is, from 0.
    pub place: usize,
    /// The path as text. Where it is not UTF-8, each byte is a letter of Latin-1.
    pub path: String,
    /// What it is.
    pub kind: MemberKind,
    /// Size, in bytes.
    pub size_bytes: u64,
    /// Size in the archive, in bytes, where the archive says it of each member.
    pub compressed_bytes: Option<u64>,
    /// The check sum of the bytes, where the archive has one of each member.
    pub crc32: Option<u32>,
    /// Why it deserves a look, the weightiest first.
    pub marks: Vec<MemberMark>,
}

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum MemberKind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A link, and what it leads to; empty if that cannot be read.
    Link(String),
    /// A device or a pipe.
    Other,
}

impl Member {
    /// Returns whether the member has this mark.
    pub fn has(&self, mark: MemberMark) -> bool {
        self.marks.contains(&mark)
    }

    fn mark(&mut self, mark: MemberMark) {
        if !self.has(mark) {
            self.marks.push(mark);
            self.marks.sort_unstable();
        }
    }
}

/// The members of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The members, in the order of the archive.
    pub members: Vec<Member>,
    /// Whether there are more than are listed.
    pub is_cut: bool,
    /// Why the rest of the archive could not be read.
    pub stopped: Option<String>,
}

/// The bytes of the member that is visited.
pub trait MemberBytes {
    /// Hands them over in pieces, `limit_bytes` at most, and returns whether those were all. They
    /// can be read once.
    ///
    /// # Errors
    /// As [`ArchiveError`] says.
    fn pieces(
        &mut self,
        limit_bytes: u64,
        take: &mut dyn FnMut(&[u8]),
    ) -> Result<bool, ArchiveError>;
}

impl dyn MemberBytes + '_ {
    /// Returns the first bytes, `limit_bytes` at most, and whether those are all.
    ///
    /// # Errors
    /// As [`ArchiveError`] says.
    pub fn start(&mut self, limit_bytes: u64) -> Result<(Vec<u8>, bool), ArchiveError> {
        let mut bytes = Vec::new();
        let is_whole = self.pieces(limit_bytes, &mut |piece| bytes.extend_from_slice(piece))?;
        Ok((bytes, is_whole))
    }
}

/// What a visitor of members answers.
pub type Visit = Result<ControlFlow<()>, ArchiveError>;

/// Shows the members of a distribution one by one, until `visit` has seen enough. The ending of
/// `file_name` says which kind of archive it is. All bytes that are read count for the limits.
///
/// # Errors
/// [`ArchiveError::OtherKind`] for what is no archive or none that is read, and whatever is wrong
/// with the archive.
pub fn walk(
    source: &dyn ReadAt,
    file_name: &str,
    limits: &Limits,
    visit: &mut dyn FnMut(Member, &mut dyn MemberBytes) -> Visit,
) -> Result<(), ArchiveError> {
    match Form::of(file_name).ok_or(ArchiveError::OtherKind)? {
        Form::Zip => walk_zip(source, limits, visit),
        Form::Gzip => walk_tar(TarArchive::gzip(source, limits), visit),
        Form::Tar => walk_tar(TarArchive::plain(source, limits), visit),
    }
}

/// Returns whether files with this ending are looked into.
pub fn is_looked_into(file_name: &str) -> bool {
    Form::of(file_name).is_some()
}

/// Which kind of archive a distribution is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Zip,
    Gzip,
    Tar,
}

impl Form {
    fn of(file_name: &str) -> Option<Self> {
        const ENDINGS: [(&str, Form); 7] = [
            (".whl", Form::Zip),
            (".egg", Form::Zip),
            (".zip", Form::Zip),
            (".exe", Form::Zip),
            (".tar.gz", Form::Gzip),
            (".tgz", Form::Gzip),
            (".tar", Form::Tar),
        ];
        let mut endings = ENDINGS.iter();
        let found = endings.find(|(ending, _)| has_ending(file_name, ending));
        found.map(|(_, form)| *form)
    }
}

/// Lists the members of a distribution. What is wrong with the archive ends the list, which says
/// so.
///
/// # Errors
/// [`ArchiveError::Source`] if the bytes cannot be had, [`ArchiveError::OtherKind`] as for
/// [`walk`].
pub fn list(
    source: &dyn ReadAt,
    file_name: &str,
    limits: &Limits,
) -> Result<Listing, ArchiveError> {
    let mut listing = Listing {
        members: Vec::new(),
        is_cut: false,
        stopped: None,
    };
    let mut paths_bytes = 0;
    let is_zip = Form::of(file_name) == Some(Form::Zip);
    let walked = walk(source, file_name, limits, &mut |mut member, bytes| {
        paths_bytes += member.path.len();
        if paths_bytes > MAX_PATHS_BYTES {
            listing.is_cut = true;
            return Ok(ControlFlow::Break(()));
        }
        // In a zip archive each look is a read of its own, which may go a long way.
        if !is_zip && member.kind == MemberKind::File && member.size_bytes >= MAGIC_BYTES {
            let (start, _) = bytes.start(MAGIC_BYTES)?;
            if is_native(&start) {
                member.mark(MemberMark::NativeLibrary);
            }
        }
        listing.members.push(member);
        Ok(ControlFlow::Continue(()))
    });
    match walked {
        Ok(()) => {}
        Err(error @ (ArchiveError::Source(_) | ArchiveError::OtherKind)) => return Err(error),
        Err(error) => {
            listing.is_cut |= matches!(error, ArchiveError::TooMuch { .. });
            listing.stopped = Some(error.to_string());
        }
    }
    mark_twice(&mut listing.members);
    Ok(listing)
}

/// Returns whether these are the first bytes of code for a machine.
pub fn is_code(start: &[u8]) -> bool {
    is_native(&start[..start.len().min(8)])
}

/// Returns a path as text.
fn shown(path: &[u8]) -> String {
    match std::str::from_utf8(path) {
        Ok(text) => text.to_owned(),
        Err(_) => path.iter().copied().map(char::from).collect(),
    }
}

fn mark_twice(members: &mut [Member]) {
    let mut first: HashMap<String, usize> = HashMap::with_capacity(members.len());
    for place in 0..members.len() {
        if members[place].kind == MemberKind::Folder {
            continue;
        }
        if let Some(&other) = first.get(&members[place].path) {
            members[other].mark(MemberMark::Twice);
            members[place].mark(MemberMark::Twice);
        } else {
            first.insert(members[place].path.clone(), place);
        }
    }
}

struct ZipBytes<'z, 's> {
    archive: &'z ZipArchive<'s>,
    member: &'z ZipMember,
    limits: Limits,
    /// What may still be read of the whole archive.
    left_bytes: &'z mut u64,
}

impl MemberBytes for ZipBytes<'_, '_> {
    fn pieces(
        &mut self,
        limit_bytes: u64,
        take: &mut dyn FnMut(&[u8]),
    ) -> Result<bool, ArchiveError> {
        let limit = limit_bytes.min(*self.left_bytes);
        let mut read_bytes = 0;
        let is_whole = self.archive.pieces(self.member, limit, &mut |piece| {
            read_bytes += piece.len() as u64;
            take(piece);
        });
        *self.left_bytes = self.left_bytes.saturating_sub(read_bytes);
        let is_whole = is_whole?;
        if !is_whole && limit < limit_bytes {
            return Err(ArchiveError::TooMuch {
                what: "size of the members without their compression, in bytes",
                limit: self.limits.inflated_bytes,
            });
        }
        Ok(is_whole)
    }
}

fn walk_zip(
    source: &dyn ReadAt,
    limits: &Limits,
    visit: &mut dyn FnMut(Member, &mut dyn MemberBytes) -> Visit,
) -> Result<(), ArchiveError> {
    let archive = ZipArchive::open(source, limits)?;
    let (mut left_bytes, mut targets) = (limits.inflated_bytes, 0);
    for (place, found) in archive.members().enumerate() {
        let found = found?;
        let mut bytes = ZipBytes {
            archive: &archive,
            member: &found,
            limits: *limits,
            left_bytes: &mut left_bytes,
        };
        let kind = if found.is_folder() {
            MemberKind::Folder
        } else if found.is_link() {
            targets += 1;
            let bytes: &mut dyn MemberBytes = &mut bytes;
            let target = match bytes.start(if targets > MAX_TARGETS {
                0
            } else {
                MAX_TARGET_BYTES
            }) {
                Ok((target, _)) => shown(&target),
                Err(error @ ArchiveError::Source(_)) => return Err(error),
                Err(_) => String::new(),
            };
            MemberKind::Link(target)
        } else {
            MemberKind::File
        };
        let path = shown(&found.name);
        let mut member = Member {
            place,
            marks: marks_of(&path, &kind, found.unix_mode.into()),
            path,
            kind,
            size_bytes: found.size_bytes,
            compressed_bytes: Some(found.compressed_bytes),
            crc32: Some(found.crc32),
        };
        if found.is_encrypted() {
            member.mark(MemberMark::Encrypted);
        }
        if visit(member, &mut bytes)?.is_break() {
            break;
        }
    }
    Ok(())
}

struct TarBytes<'t, 's> {
    archive: &'t mut TarArchive<'s>,
    member: &'t TarMember,
}

impl MemberBytes for TarBytes<'_, '_> {
    fn pieces(
        &mut self,
        limit_bytes: u64,
        take: &mut dyn FnMut(&[u8]),
    ) -> Result<bool, ArchiveError> {
        self.archive.pieces(self.member, limit_bytes, take)
    }
}

fn walk_tar(
    mut archive: TarArchive<'_>,
    visit: &mut dyn FnMut(Member, &mut dyn MemberBytes) -> Visit,
) -> Result<(), ArchiveError> {
    let mut place = 0;
    while let Some(found) = archive.next_member()? {
        let kind = match found.kind {
            b'5' => MemberKind::Folder,
            b'1' | b'2' => MemberKind::Link(shown(&found.link)),
            b'3' | b'4' | b'6' => MemberKind::Other,
            // Old archives have folders that are known by their name alone.
            _ if found.name.ends_with(b"/") && found.size_bytes == 0 => MemberKind::Folder,
            _ => MemberKind::File,
        };
        let path = shown(&found.name);
        let member = Member {
            place,
            marks: marks_of(&path, &kind, found.mode),
            path,
            kind,
            size_bytes: found.size_bytes,
            compressed_bytes: None,
            crc32: None,
        };
        place += 1;
        let mut bytes = TarBytes {
            archive: &mut archive,
            member: &found,
        };
        if visit(member, &mut bytes)?.is_break() {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
