//! A zip archive's members, as its central directory lists them.
//!
//! Standard: the zip application note; what installers make of it where it leaves room.

use std::io::{BufReader, Read};

use flate2::bufread::DeflateDecoder;

use super::inflate::{WRONG_SIZE, inflate_member, reading_error};
use super::read_at::{Section, fill};
use super::{ArchiveError, Limits, ReadAt};

mod end;
mod layout;

/// Members are stored as they are.
const STORED: u16 = 0;
/// Members are compressed with deflate.
const DEFLATED: u16 = 8;
/// The flag of an encrypted member.
const IS_ENCRYPTED: u16 = 1;
/// What a field of 32 bits holds whose value is in the zip64 extra field.
const IN_EXTRA: u32 = u32::MAX;

/// How much is inflated at a time, in bytes.
const PIECE_BYTES: usize = 32 << 10;

const CENTRAL_SIGNATURE: &[u8] = b"PK\x01\x02";
const CENTRAL_BYTES: usize = 46;
const LOCAL_SIGNATURE: &[u8] = b"PK\x03\x04";
const LOCAL_BYTES: usize = 30;

/// A zip archive whose end was found.
pub struct ZipArchive<'s> {
    source: &'s dyn ReadAt,
    limits: Limits,
    end: end::End,
}

impl std::fmt::Debug for ZipArchive<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ZipArchive")
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

/// One member, as the central directory has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZipMember {
    /// The path, as stored; mostly UTF-8.
    pub name: Vec<u8>,
    /// How it is compressed: 0 is not at all, 8 is deflate.
    pub method: u16,
    /// The general purpose flags.
    pub flags: u16,
    /// CRC-32 of the bytes.
    pub crc32: u32,
    /// Size in the archive, in bytes.
    pub compressed_bytes: u64,
    /// Size, in bytes.
    pub size_bytes: u64,
    /// Where the member's own header is, from the start of the source.
    pub header_position: u64,
    /// Length of the member's comment, in bytes.
    pub comment_bytes: u16,
    /// The mode bits that a Unix system gave the file, or 0.
    pub unix_mode: u16,
    /// What is odd about the member's extra fields, if anything is.
    pub odd_extra: Option<&'static str>,
}

impl ZipMember {
    /// Returns the path as text, with a mark in place of what is not UTF-8.
    pub fn shown_name(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }

    /// Returns whether the member is a folder.
    pub fn is_folder(&self) -> bool {
        self.name.ends_with(b"/")
    }

    /// Returns whether the member's bytes are encrypted.
    pub const fn is_encrypted(&self) -> bool {
        self.flags & IS_ENCRYPTED != 0
    }

    /// Returns whether the member is a symbolic link.
    pub const fn is_link(&self) -> bool {
        const TYPE: u16 = 0o170_000;
        const LINK: u16 = 0o120_000;
        self.unix_mode & TYPE == LINK
    }
}

impl<'s> ZipArchive<'s> {
    /// Finds the end of an archive and its central directory.
    ///
    /// # Errors
    /// [`ArchiveError::Damaged`] if there is none, or it does not fit into the archive;
    /// [`ArchiveError::TooMuch`] if it is too large.
    pub fn open(source: &'s dyn ReadAt, limits: &Limits) -> Result<Self, ArchiveError> {
        let end = end::find(source)?;
        if end.directory_bytes > limits.directory_bytes {
            return Err(ArchiveError::TooMuch {
                what: "size of the central directory, in bytes",
                limit: limits.directory_bytes,
            });
        }
        Ok(Self {
            source,
            limits: *limits,
            end,
        })
    }

    /// Returns how many bytes stand before the archive, such as a program that unpacks it.
    pub fn prepended_bytes(&self) -> u64 {
        self.end.prepended_bytes
    }

    /// Returns how many bytes follow the archive and its comment.
    pub fn trailing_bytes(&self) -> u64 {
        self.end.trailing_bytes
    }

    /// Returns the length of the archive's comment, in bytes.
    pub fn comment_bytes(&self) -> u16 {
        self.end.comment_bytes
    }

    /// Returns the members one by one, from the central directory alone.
    ///
    /// The last item is an error if the central directory is damaged, or has another number of
    /// members than the archive's end says.
    pub fn members(&self) -> impl Iterator<Item = Result<ZipMember, ArchiveError>> + use<'s> {
        let start = self.end.directory_position;
        let section = Section::new(self.source, start, start + self.end.directory_bytes);
        let mut directory = Directory {
            reader: BufReader::with_capacity(64 << 10, section),
            position: start,
            end: self.end.clone(),
            limits: self.limits,
            count: 0,
        };
        let mut is_over = false;
        std::iter::from_fn(move || {
            if is_over {
                return None;
            }
            let member = directory.next().transpose();
            is_over = !matches!(member, Some(Ok(_)));
            member
        })
    }

    /// Reads one member's bytes: of `limit_bytes` at most.
    ///
    /// # Errors
    /// As [`ArchiveError`] says; also if the member's own header names another member, or the
    /// bytes do not have the check sum.
    pub fn read(&self, member: &ZipMember, limit_bytes: u64) -> Result<Vec<u8>, ArchiveError> {
        if member.size_bytes > limit_bytes {
            return Err(ArchiveError::TooMuch {
                what: "size of a metadata file, in bytes",
                limit: limit_bytes,
            });
        }
        let data = self.data(member)?;
        let start = data.position();
        let bytes = inflate_member(data, member.method == DEFLATED, member.size_bytes)?;
        if crc32fast::hash(&bytes) != member.crc32 {
            return Err(no_check_sum(start));
        }
        Ok(bytes)
    }

    /// Hands over one member's bytes in pieces, of `limit_bytes` at most, and returns whether
    /// those were all. Only then the check sum is looked at.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn pieces(
        &self,
        member: &ZipMember,
        limit_bytes: u64,
        take: &mut dyn FnMut(&[u8]),
    ) -> Result<bool, ArchiveError> {
        let data = self.data(member)?;
        let start = data.position();
        let reader = BufReader::with_capacity(PIECE_BYTES, data);
        let mut reader: Box<dyn Read + '_> = if member.method == DEFLATED {
            Box::new(DeflateDecoder::new(reader))
        } else {
            Box::new(reader)
        };
        let wrong_size = || ArchiveError::damaged(WRONG_SIZE, start);
        let mut check_sum = crc32fast::Hasher::new();
        let mut buffer = vec![0; PIECE_BYTES];
        let mut read_bytes: u64 = 0;
        loop {
            let left = limit_bytes.saturating_sub(read_bytes);
            if left == 0 && read_bytes < member.size_bytes {
                return Ok(false);
            }
            // One byte more than there may be, to see that it is not there.
            let wanted = (member.size_bytes - read_bytes).saturating_add(1);
            let wanted = wanted.min(left.max(1));
            let wanted = usize::try_from(wanted).map_or(buffer.len(), |n| n.min(buffer.len()));
            let count = match reader.read(&mut buffer[..wanted]) {
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(reading_error(error, start)),
            };
            read_bytes += count as u64;
            if read_bytes > member.size_bytes {
                return Err(wrong_size());
            }
            check_sum.update(&buffer[..count]);
            take(&buffer[..count]);
            if count == 0 {
                break;
            }
        }
        if read_bytes != member.size_bytes {
            return Err(wrong_size());
        }
        if check_sum.finalize() != member.crc32 {
            return Err(no_check_sum(start));
        }
        Ok(true)
    }

    /// Returns the place of a member's bytes, if they can be read.
    fn data(&self, member: &ZipMember) -> Result<Section<'s>, ArchiveError> {
        let unsupported = |what: &str| ArchiveError::Unsupported {
            name: member.shown_name(),
            what: what.to_owned(),
        };
        if member.is_encrypted() {
            return Err(unsupported("encryption"));
        }
        if !matches!(member.method, STORED | DEFLATED) {
            return Err(unsupported(&format!(
                "compression method {}",
                member.method
            )));
        }
        let start = self.data_position(member)?;
        let end = start
            .checked_add(member.compressed_bytes)
            .filter(|&end| end <= self.end.directory_position)
            .ok_or(ArchiveError::damaged(
                "a member runs into the central directory",
                start,
            ))?;
        Ok(Section::new(self.source, start, end))
    }

    /// Returns where a member's bytes begin, after its own header.
    fn data_position(&self, member: &ZipMember) -> Result<u64, ArchiveError> {
        let position = member.header_position;
        let mut header = [0; LOCAL_BYTES];
        fill(self.source, position, &mut header)?;
        if !header.starts_with(LOCAL_SIGNATURE) {
            return Err(ArchiveError::damaged(
                "a member's header is not here",
                position,
            ));
        }
        let (name_bytes, extra_bytes) = (u16_at(&header, 26), u16_at(&header, 28));
        let mut name = vec![0; usize::from(name_bytes)];
        fill(self.source, position + LOCAL_BYTES as u64, &mut name)?;
        if name != member.name {
            return Err(ArchiveError::damaged(
                "a member's header has another name than the central directory",
                position,
            ));
        }
        Ok(position + LOCAL_BYTES as u64 + u64::from(name_bytes) + u64::from(extra_bytes))
    }
}

const fn no_check_sum(position: u64) -> ArchiveError {
    ArchiveError::damaged("a member does not have its check sum", position)
}

/// The central directory, while it is read.
struct Directory<'s> {
    reader: BufReader<Section<'s>>,
    position: u64,
    end: end::End,
    limits: Limits,
    count: u64,
}

impl Directory<'_> {
    fn next(&mut self) -> Result<Option<ZipMember>, ArchiveError> {
        let position = self.position;
        if position == self.end.directory_position + self.end.directory_bytes {
            return if self.end.is_count(self.count) {
                Ok(None)
            } else {
                Err(ArchiveError::damaged(
                    "the central directory has another number of members than it should",
                    position,
                ))
            };
        }
        let mut header = [0; CENTRAL_BYTES];
        self.take(&mut header)?;
        if !header.starts_with(CENTRAL_SIGNATURE) {
            return Err(ArchiveError::damaged(
                "the central directory has no member here",
                position,
            ));
        }
        self.count += 1;
        if self.count > self.limits.members {
            return Err(ArchiveError::TooMuch {
                what: "number of members",
                limit: self.limits.members,
            });
        }
        let name_bytes = u16_at(&header, 28);
        if u64::from(name_bytes) > self.limits.name_bytes {
            return Err(ArchiveError::TooMuch {
                what: "length of a member's path, in bytes",
                limit: self.limits.name_bytes,
            });
        }
        let mut name = vec![0; usize::from(name_bytes)];
        self.take(&mut name)?;
        let mut extra = vec![0; usize::from(u16_at(&header, 30))];
        self.take(&mut extra)?;
        let mut comment = vec![0; usize::from(u16_at(&header, 32))];
        self.take(&mut comment)?;
        self.member(&header, name, &extra, position).map(Some)
    }

    fn take(&mut self, buffer: &mut [u8]) -> Result<(), ArchiveError> {
        self.reader.read_exact(buffer).map_err(|error| {
            match reading_error(error, self.position) {
                ArchiveError::Damaged { position, .. } => {
                    ArchiveError::damaged("the central directory ends within a member", position)
                }
                other => other,
            }
        })?;
        self.position += buffer.len() as u64;
        Ok(())
    }

    fn member(
        &self,
        header: &[u8; CENTRAL_BYTES],
        name: Vec<u8>,
        extra: &[u8],
        position: u64,
    ) -> Result<ZipMember, ArchiveError> {
        // Values that do not fit are in the zip64 extra field, in this order.
        let mut in_extra = zip64_values(extra);
        let mut wide = |value: u32| {
            if value == IN_EXTRA {
                in_extra.next().ok_or(ArchiveError::damaged(
                    "a member's zip64 field is too short",
                    position,
                ))
            } else {
                Ok(u64::from(value))
            }
        };
        let size_bytes = wide(u32_at(header, 24))?;
        let compressed_bytes = wide(u32_at(header, 20))?;
        let header_position = wide(u32_at(header, 42))?
            .checked_add(self.end.prepended_bytes)
            .filter(|&start| {
                let rest = self.end.directory_position.saturating_sub(start);
                rest >= LOCAL_BYTES as u64 && rest - LOCAL_BYTES as u64 >= compressed_bytes
            })
            .ok_or(ArchiveError::damaged(
                "a member is not before the central directory",
                position,
            ))?;
        Ok(ZipMember {
            method: u16_at(header, 10),
            flags: u16_at(header, 8),
            crc32: u32_at(header, 16),
            compressed_bytes,
            size_bytes,
            header_position,
            comment_bytes: u16_at(header, 32),
            unix_mode: u16_at(header, 40),
            odd_extra: odd_extra(extra, &name),
            name,
        })
    }
}

/// What is odd about extra fields: one that stands twice, or another name for the member.
fn odd_extra(mut extra: &[u8], name: &[u8]) -> Option<&'static str> {
    const ZIP64: u16 = 1;
    const UNICODE_PATH: u16 = 0x7075;
    let (mut zip64, mut paths) = (0, 0);
    while extra.len() >= 4 {
        let (kind, length) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let Some(value) = extra.get(4..4 + length) else {
            return Some("an extra field that is cut off");
        };
        match kind {
            ZIP64 => zip64 += 1,
            UNICODE_PATH => {
                paths += 1;
                // A version, a check sum, the path.
                if value.get(5..) != Some(name) {
                    return Some("another path in an extra field");
                }
            }
            _ => {}
        }
        extra = &extra[4 + length..];
    }
    if zip64 > 1 {
        Some("two zip64 fields")
    } else if paths > 1 {
        Some("two extra fields with its path")
    } else {
        None
    }
}

/// The values of the first zip64 extra field.
fn zip64_values(mut extra: &[u8]) -> impl Iterator<Item = u64> {
    const ZIP64: u16 = 1;
    let mut found: &[u8] = &[];
    while extra.len() >= 4 {
        let (kind, length) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let Some(value) = extra.get(4..4 + length) else {
            break;
        };
        if kind == ZIP64 {
            found = value;
            break;
        }
        extra = &extra[4 + length..];
    }
    found.chunks_exact(8).map(|value| u64_at(value, 0))
}

fn u16_at(bytes: &[u8], place: usize) -> u16 {
    u16::from_le_bytes([bytes[place], bytes[place + 1]])
}

fn u32_at(bytes: &[u8], place: usize) -> u32 {
    u32::from(u16_at(bytes, place)) | u32::from(u16_at(bytes, place + 2)) << 16
}

fn u64_at(bytes: &[u8], place: usize) -> u64 {
    u64::from(u32_at(bytes, place)) | u64::from(u32_at(bytes, place + 4)) << 32
}

#[cfg(test)]
mod tests;
