//! The end of a zip archive, from which everything else is found.

use super::super::read_at::fill;
use super::super::{ArchiveError, ReadAt};
use super::{u16_at, u32_at, u64_at};

const SIGNATURE: &[u8] = b"PK\x05\x06";
const BYTES: usize = 22;
const LONGEST_COMMENT: usize = u16::MAX as usize;

const LOCATOR_SIGNATURE: &[u8] = b"PK\x06\x07";
const LOCATOR_BYTES: usize = 20;
const END64_SIGNATURE: &[u8] = b"PK\x06\x06";
const END64_BYTES: usize = 56;

/// What the end of an archive says, checked against the archive's length.
#[derive(Debug, Clone)]
pub(super) struct End {
    /// Where the central directory is, from the start of the source.
    pub(super) directory_position: u64,
    pub(super) directory_bytes: u64,
    /// By how much all positions in the archive are too small.
    pub(super) prepended_bytes: u64,
    pub(super) trailing_bytes: u64,
    pub(super) comment_bytes: u16,
    members: u64,
    is_zip64: bool,
}

impl End {
    /// Returns whether this is the number of members. Without zip64 it is kept in 16 bits, and
    /// some writers let it overflow.
    pub(super) fn is_count(&self, members: u64) -> bool {
        if self.is_zip64 {
            members == self.members
        } else {
            members & u64::from(u16::MAX) == self.members
        }
    }
}

/// Finds the last end record, as Python's `zipfile` does.
pub(super) fn find(source: &dyn ReadAt) -> Result<End, ArchiveError> {
    let length = source.len();
    let tail_bytes = length.min((BYTES + LONGEST_COMMENT) as u64);
    let tail_start = length - tail_bytes;
    let mut tail = vec![0; usize::try_from(tail_bytes).expect("less than 66,000")];
    fill(source, tail_start, &mut tail)?;
    let found = tail
        .len()
        .checked_sub(BYTES - SIGNATURE.len())
        .and_then(|searched| memchr::memmem::rfind(&tail[..searched], SIGNATURE))
        .ok_or(ArchiveError::damaged(
            "no end of a zip archive before the end of the file",
            length,
        ))?;
    let position = tail_start + found as u64;
    let record = &tail[found..];
    let comment_bytes = u16_at(record, 20);
    let after_comment = position + BYTES as u64 + u64::from(comment_bytes);
    let trailing_bytes = length
        .checked_sub(after_comment)
        .ok_or(ArchiveError::damaged(
            "the archive's comment is longer than the file",
            position,
        ))?;
    if u16_at(record, 4) != u16_at(record, 6) || u16_at(record, 8) != u16_at(record, 10) {
        return Err(ArchiveError::damaged(
            "the archive is one part of several",
            position,
        ));
    }
    let short = Record {
        position,
        members: u16_at(record, 10).into(),
        directory_bytes: u32_at(record, 12).into(),
        directory_offset: u32_at(record, 16).into(),
    };
    let long = find_zip64(source, &short)?;
    let is_zip64 = long.is_some();
    let record = long.unwrap_or(short);

    let damaged = ArchiveError::damaged(
        "the central directory does not fit before the archive's end",
        record.position,
    );
    let Some(directory_position) = record.position.checked_sub(record.directory_bytes) else {
        return Err(damaged);
    };
    let Some(prepended_bytes) = directory_position.checked_sub(record.directory_offset) else {
        return Err(damaged);
    };
    Ok(End {
        directory_position,
        directory_bytes: record.directory_bytes,
        prepended_bytes,
        trailing_bytes,
        comment_bytes,
        members: record.members,
        is_zip64,
    })
}

/// One of the two records that end an archive.
struct Record {
    position: u64,
    members: u64,
    directory_bytes: u64,
    directory_offset: u64,
}

/// Finds the zip64 record, which stands before the locator, which stands before the short record.
fn find_zip64(source: &dyn ReadAt, short: &Record) -> Result<Option<Record>, ArchiveError> {
    let Some(locator_position) = short.position.checked_sub(LOCATOR_BYTES as u64) else {
        return Ok(None);
    };
    let mut locator = [0; LOCATOR_BYTES];
    fill(source, locator_position, &mut locator)?;
    if !locator.starts_with(LOCATOR_SIGNATURE) {
        return Ok(None);
    }
    let damaged = |what| ArchiveError::damaged(what, locator_position);
    // With data before the archive the locator is wrong, and the record is just before it.
    let before_locator = locator_position.checked_sub(END64_BYTES as u64);
    let mut record = [0; END64_BYTES];
    let mut found = None;
    for position in [Some(u64_at(&locator, 8)), before_locator]
        .into_iter()
        .flatten()
    {
        if position
            .checked_add(END64_BYTES as u64)
            .is_some_and(|end| end <= locator_position)
        {
            fill(source, position, &mut record)?;
            if record.starts_with(END64_SIGNATURE) {
                found = Some(position);
                break;
            }
        }
    }
    let position =
        found.ok_or_else(|| damaged("the zip64 end record is not where it should be"))?;
    let long = Record {
        position,
        members: u64_at(&record, 32),
        directory_bytes: u64_at(&record, 40),
        directory_offset: u64_at(&record, 48),
    };
    let agrees = |short: u64, sentinel: u64, long: u64| short == sentinel || short == long;
    if !agrees(short.members, u16::MAX.into(), long.members)
        || !agrees(short.directory_bytes, u32::MAX.into(), long.directory_bytes)
        || !agrees(
            short.directory_offset,
            u32::MAX.into(),
            long.directory_offset,
        )
    {
        return Err(damaged(
            "the archive's two end records contradict each other",
        ));
    }
    Ok(Some(long))
}
