//! A tar archive's members, from front to back.
//!
//! Paths are read as GNU tar, POSIX and Python write them. What else a header says is passed over.
//!
//! Standard: POSIX, `pax`, and the GNU tar manual.

use super::inflate::Inflated;
use super::{ArchiveError, Limits, ReadAt};

const BLOCK_BYTES: u64 = BLOCK_LEN as u64;
const BLOCK_LEN: usize = 512;

type Block = [u8; BLOCK_LEN];

/// A tar archive, with the compression taken off.
pub struct TarArchive<'s> {
    bytes: Inflated<'s>,
    limits: Limits,
    members: u64,
    /// What is left of the member that was returned last, with the padding behind it.
    unread: u64,
}

impl std::fmt::Debug for TarArchive<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TarArchive")
            .field("members", &self.members)
            .finish_non_exhaustive()
    }
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TarMember {
    /// The path, as stored; mostly UTF-8.
    pub name: Vec<u8>,
    /// The type: `0` is a file, `5` a folder.
    pub kind: u8,
    /// Size, in bytes.
    pub size_bytes: u64,
    /// What a link leads to; empty for other members.
    pub link: Vec<u8>,
    /// Whether parts of the file are left out of the archive.
    pub is_sparse: bool,
    /// The mode bits; 0 if there are none that can be read.
    pub mode: u32,
}

impl TarMember {
    /// Returns whether the member is a plain file.
    pub const fn is_file(&self) -> bool {
        matches!(self.kind, b'0' | b'7' | 0)
    }

    /// Returns the path as text, with a mark in place of what is not UTF-8.
    pub fn shown_name(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }
}

impl<'s> TarArchive<'s> {
    /// Reads an archive that is not compressed.
    pub fn plain(source: &'s dyn ReadAt, limits: &Limits) -> Self {
        Self::new(Inflated::plain(source, limits), limits)
    }

    /// Reads an archive that is compressed with gzip.
    pub fn gzip(source: &'s dyn ReadAt, limits: &Limits) -> Self {
        Self::new(Inflated::gzip(source, limits), limits)
    }

    fn new(bytes: Inflated<'s>, limits: &Limits) -> Self {
        Self {
            bytes,
            limits: *limits,
            members: 0,
            unread: 0,
        }
    }

    /// Returns the next member, or `None` at the archive's end.
    ///
    /// # Errors
    /// As [`ArchiveError`] says. There is no going on after one.
    pub fn next_member(&mut self) -> Result<Option<TarMember>, ArchiveError> {
        let (mut long_name, mut long_link) = (None, None);
        let mut pax = Pax::default();
        loop {
            self.bytes.skip(std::mem::take(&mut self.unread))?;
            let position = self.bytes.position();
            let mut block: Block = [0; BLOCK_LEN];
            if !self.bytes.fill(&mut block)? || block.iter().all(|&byte| byte == 0) {
                return Ok(None);
            }
            self.count()?;
            let header = Header::read(&block, position)?;
            match header.kind {
                kind @ (b'L' | b'K') => {
                    // A NUL ends the name.
                    if header.size_bytes > self.limits.name_bytes.saturating_add(1) {
                        return Err(self.too_long_name());
                    }
                    self.begin(header.size_bytes, position)?;
                    let mut name = self.take(header.size_bytes, header.size_bytes)?;
                    name.truncate(memchr::memchr(0, &name).unwrap_or(name.len()));
                    *(if kind == b'L' {
                        &mut long_name
                    } else {
                        &mut long_link
                    }) = Some(name);
                }
                b'x' | b'X' => {
                    self.begin(header.size_bytes, position)?;
                    let limit = self.limits.extended_header_bytes;
                    pax = Pax::read(&self.take(header.size_bytes, limit)?, position)?;
                }
                // What holds for the whole archive.
                b'g' => self.begin(header.size_bytes, position)?,
                kind => {
                    if kind == b'S' && block[482] != 0 {
                        self.skip_sparse_map()?;
                    }
                    let size_bytes = pax.size_bytes.unwrap_or(header.size_bytes);
                    // Links, folders and devices have no bytes, whatever their size says.
                    let has_bytes = !matches!(kind, b'1'..=b'6');
                    let size_bytes = if has_bytes { size_bytes } else { 0 };
                    self.begin(size_bytes, position)?;
                    let name = pax.path.or(long_name).unwrap_or(header.name);
                    if name.len() as u64 > self.limits.name_bytes {
                        return Err(self.too_long_name());
                    }
                    let is_link = matches!(kind, b'1' | b'2');
                    let link = pax.link.or(long_link).unwrap_or(header.link);
                    return Ok(Some(TarMember {
                        name,
                        kind,
                        size_bytes,
                        link: if is_link { link } else { Vec::new() },
                        is_sparse: kind == b'S' || pax.is_sparse,
                        mode: header.mode,
                    }));
                }
            }
        }
    }

    /// Reads the bytes of the member that was returned last, of `limit_bytes` at most. They can
    /// be read once.
    ///
    /// # Errors
    /// As [`ArchiveError`] says.
    pub fn read(&mut self, member: &TarMember, limit_bytes: u64) -> Result<Vec<u8>, ArchiveError> {
        self.take(member.size_bytes, limit_bytes)
    }

    /// Hands over the bytes of the member that was returned last in pieces, of `limit_bytes` at
    /// most, and returns whether those were all. They can be read once.
    ///
    /// # Errors
    /// As [`ArchiveError`] says.
    pub fn pieces(
        &mut self,
        member: &TarMember,
        limit_bytes: u64,
        take: &mut dyn FnMut(&[u8]),
    ) -> Result<bool, ArchiveError> {
        let mut left = member.size_bytes.min(limit_bytes);
        let mut buffer = vec![0; 16 * BLOCK_LEN];
        while left > 0 {
            let blocks = left.next_multiple_of(BLOCK_BYTES).min(self.unread);
            let wanted = usize::try_from(blocks).map_or(buffer.len(), |n| n.min(buffer.len()));
            if wanted == 0 || !self.bytes.fill(&mut buffer[..wanted])? {
                let position = self.bytes.position();
                return Err(ArchiveError::damaged("a member's bytes end here", position));
            }
            self.unread -= wanted as u64;
            let count = usize::try_from(left).map_or(wanted, |left| left.min(wanted));
            take(&buffer[..count]);
            left -= count as u64;
        }
        Ok(member.size_bytes <= limit_bytes)
    }

    fn count(&mut self) -> Result<(), ArchiveError> {
        self.members += 1;
        if self.members > self.limits.members {
            return Err(ArchiveError::TooMuch {
                what: "number of members",
                limit: self.limits.members,
            });
        }
        Ok(())
    }

    fn too_long_name(&self) -> ArchiveError {
        ArchiveError::TooMuch {
            what: "length of a member's path, in bytes",
            limit: self.limits.name_bytes,
        }
    }

    fn begin(&mut self, size_bytes: u64, position: u64) -> Result<(), ArchiveError> {
        self.unread =
            size_bytes
                .checked_next_multiple_of(BLOCK_BYTES)
                .ok_or(ArchiveError::damaged(
                    "a member's size is impossible",
                    position,
                ))?;
        Ok(())
    }

    /// Reads `size_bytes` of the member that was begun. Memory grows with what is there, not with
    /// what is claimed.
    fn take(&mut self, size_bytes: u64, limit_bytes: u64) -> Result<Vec<u8>, ArchiveError> {
        if size_bytes > limit_bytes {
            return Err(ArchiveError::TooMuch {
                what: "size of a metadata file or header, in bytes",
                limit: limit_bytes,
            });
        }
        let mut bytes = Vec::new();
        let mut block: Block = [0; BLOCK_LEN];
        while (bytes.len() as u64) < size_bytes {
            let wanted = size_bytes - bytes.len() as u64;
            let wanted = usize::try_from(wanted).map_or(block.len(), |n| n.min(block.len()));
            if self.unread == 0 || !self.bytes.fill(&mut block)? {
                let position = self.bytes.position();
                return Err(ArchiveError::damaged("a member's bytes end here", position));
            }
            self.unread -= BLOCK_BYTES;
            bytes.extend_from_slice(&block[..wanted]);
        }
        Ok(bytes)
    }

    /// Passes over the blocks that go on with a sparse file's map.
    fn skip_sparse_map(&mut self) -> Result<(), ArchiveError> {
        let mut block: Block = [0; BLOCK_LEN];
        loop {
            self.count()?;
            if !self.bytes.fill(&mut block)? {
                let position = self.bytes.position();
                return Err(ArchiveError::damaged(
                    "a sparse file's map ends here",
                    position,
                ));
            }
            if block[504] == 0 {
                return Ok(());
            }
        }
    }
}

/// What is needed of one header block.
struct Header {
    name: Vec<u8>,
    link: Vec<u8>,
    kind: u8,
    size_bytes: u64,
    mode: u32,
}

impl Header {
    fn read(block: &Block, position: u64) -> Result<Self, ArchiveError> {
        const CHECK_SUM: std::ops::Range<usize> = 148..156;
        let stated = octal(&block[CHECK_SUM]);
        // The sum is taken as if blanks stood in its own place. Some old writers took the bytes
        // for signed ones.
        let (mut sum, mut signed_sum) = (8 * u64::from(b' '), 8 * i64::from(b' '));
        for (place, &byte) in block.iter().enumerate() {
            if !CHECK_SUM.contains(&place) {
                sum += u64::from(byte);
                signed_sum += i64::from(byte.cast_signed());
            }
        }
        if stated != Some(sum) && stated.map(u64::cast_signed) != Some(signed_sum) {
            return Err(ArchiveError::damaged(
                "a member's header does not have its check sum",
                position,
            ));
        }
        let size_bytes = number(&block[124..136]).ok_or(ArchiveError::damaged(
            "a member's size is not a number",
            position,
        ))?;
        let mut name = Vec::new();
        if &block[257..263] == b"ustar\0" {
            let prefix = text(&block[345..500]);
            if !prefix.is_empty() {
                name.extend_from_slice(prefix);
                name.push(b'/');
            }
        }
        name.extend_from_slice(text(&block[..100]));
        Ok(Self {
            name,
            link: text(&block[157..257]).to_vec(),
            kind: block[156],
            size_bytes,
            mode: octal(&block[100..108])
                .and_then(|mode| u32::try_from(mode).ok())
                .unwrap_or(0),
        })
    }
}

/// What is needed of an extended header.
#[derive(Default)]
struct Pax {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size_bytes: Option<u64>,
    is_sparse: bool,
}

impl Pax {
    /// Reads records of the form `LENGTH KEY=VALUE\n`, where the length counts the whole record.
    fn read(records: &[u8], position: u64) -> Result<Self, ArchiveError> {
        let damaged = || ArchiveError::damaged("an extended header cannot be read", position);
        let mut found = Self::default();
        let mut rest = records;
        while !rest.is_empty() && rest[0] != 0 {
            let blank = memchr::memchr(b' ', rest).ok_or_else(damaged)?;
            let length = decimal(&rest[..blank]).ok_or_else(damaged)?;
            let record = usize::try_from(length)
                .ok()
                .and_then(|length| rest.get(blank + 1..length))
                .and_then(|record| record.strip_suffix(b"\n"))
                .ok_or_else(damaged)?;
            rest = &rest[blank + 1 + record.len() + 1..];
            let equals = memchr::memchr(b'=', record).ok_or_else(damaged)?;
            let (key, value) = (&record[..equals], &record[equals + 1..]);
            match key {
                b"path" => found.path = Some(value.to_vec()),
                b"linkpath" => found.link = Some(value.to_vec()),
                b"size" => found.size_bytes = Some(decimal(value).ok_or_else(damaged)?),
                key if key.starts_with(b"GNU.sparse.") => found.is_sparse = true,
                _ => {}
            }
        }
        Ok(found)
    }
}

/// The bytes before the first NUL.
fn text(field: &[u8]) -> &[u8] {
    &field[..memchr::memchr(0, field).unwrap_or(field.len())]
}

/// Reads a number in octal digits, or in binary where its first bit is set.
fn number(field: &[u8]) -> Option<u64> {
    match field {
        [0x80, rest @ ..] => rest.iter().try_fold(0_u64, |number, &byte| {
            Some(number.checked_mul(256)? + u64::from(byte))
        }),
        _ => octal(field),
    }
}

fn octal(field: &[u8]) -> Option<u64> {
    let digits = text(field).trim_ascii();
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.checked_sub(b'0').filter(|&digit| digit < 8)?;
        Some(number.checked_mul(8)? + u64::from(digit))
    })
}

fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.checked_sub(b'0').filter(|&digit| digit < 10)?;
        number.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

#[cfg(test)]
mod tests;
