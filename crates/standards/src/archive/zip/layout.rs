//! Whether a zip archive has one meaning: every byte belongs to one member or to the directory,
//! and both descriptions of a member agree. Lenient readers may be shown one thing by the front
//! and another by the end; here neither has anything of its own.

use super::super::ArchiveError;
use super::super::read_at::fill;
use super::{
    IN_EXTRA, LOCAL_BYTES, LOCAL_SIGNATURE, ZipArchive, ZipMember, u16_at, u32_at, u64_at,
};

/// The flag of sizes and check sum that follow the bytes.
const HAS_DESCRIPTOR: u16 = 1 << 3;
/// The flags that change what a member is: encrypted, described behind, named in UTF-8.
const FLAGS: u16 = 1 | HAS_DESCRIPTOR | 1 << 11;
const DESCRIPTOR_SIGNATURE: &[u8] = b"PK\x07\x08";

impl ZipArchive<'_> {
    /// Checks that the archive is its members and its directory and nothing else, and that each
    /// member's own header says what the directory says. `members` are all of them, in any order.
    ///
    /// # Errors
    /// [`ArchiveError::Damaged`] and [`ArchiveError::Ambiguous`], with what is wrong.
    pub fn check_layout(&self, members: &[ZipMember]) -> Result<(), ArchiveError> {
        if self.prepended_bytes() > 0 {
            return Err(ArchiveError::damaged(
                "something stands before the archive",
                0,
            ));
        }
        if self.trailing_bytes() > 0 {
            let end = self.source.len() - self.trailing_bytes();
            return Err(ArchiveError::damaged("something follows the archive", end));
        }
        if self.comment_bytes() > 0 {
            return Err(ArchiveError::damaged(
                "the archive has a comment",
                self.source.len() - u64::from(self.comment_bytes()),
            ));
        }
        let mut order: Vec<&ZipMember> = members.iter().collect();
        order.sort_unstable_by_key(|member| member.header_position);
        let ends = order
            .iter()
            .skip(1)
            .map(|member| member.header_position)
            .chain([self.end.directory_position]);
        let mut expected = 0;
        for (member, next) in order.iter().zip(ends) {
            if member.header_position != expected {
                return Err(ArchiveError::damaged(
                    "something stands between the members",
                    expected,
                ));
            }
            self.check_member(member, next)?;
            expected = next;
        }
        if expected != self.end.directory_position {
            return Err(ArchiveError::damaged(
                "something stands before the central directory",
                expected,
            ));
        }
        Ok(())
    }

    /// Checks one member, which must reach exactly to `next`.
    fn check_member(&self, member: &ZipMember, next: u64) -> Result<(), ArchiveError> {
        let ambiguous = |what: &str| ArchiveError::Ambiguous {
            name: member.shown_name(),
            what: what.to_owned(),
        };
        if member.comment_bytes > 0 {
            return Err(ambiguous("has a comment"));
        }
        if let Some(odd) = member.odd_extra {
            return Err(ambiguous(&format!("has {odd}")));
        }
        // Also finds a header with another name.
        let data = self.data_position(member)?;
        let mut header = [0; LOCAL_BYTES];
        fill(self.source, member.header_position, &mut header)?;
        debug_assert!(
            header.starts_with(LOCAL_SIGNATURE),
            "it was looked at before"
        );
        let mut extra = vec![0; usize::from(u16_at(&header, 28))];
        fill(self.source, data - extra.len() as u64, &mut extra)?;
        if let Some(odd) = super::odd_extra(&extra, &member.name) {
            return Err(ambiguous(&format!("has {odd} in its own header")));
        }
        if u16_at(&header, 8) != member.method || (u16_at(&header, 6) ^ member.flags) & FLAGS != 0 {
            return Err(ambiguous(
                "is packed in another way than the central directory says",
            ));
        }
        let mut wide = super::zip64_values(&extra);
        let mut widened = |value: u32| match value {
            IN_EXTRA => wide.next(),
            value => Some(value.into()),
        };
        let size_bytes = widened(u32_at(&header, 22));
        let compressed_bytes = widened(u32_at(&header, 18));
        let stated = (u32_at(&header, 14), size_bytes, compressed_bytes);
        let truth = (
            member.crc32,
            Some(member.size_bytes),
            Some(member.compressed_bytes),
        );
        let is_described_behind = member.flags & HAS_DESCRIPTOR != 0;
        let is_open = is_described_behind && matches!(stated, (0, Some(0), Some(0)));
        if stated != truth && !is_open {
            return Err(ambiguous(
                "has another size or check sum in its own header than in the central directory",
            ));
        }
        let end = data
            .checked_add(member.compressed_bytes)
            .filter(|&end| end <= next)
            .ok_or_else(|| ambiguous("overlaps with what follows it"))?;
        let behind = usize::try_from(next - end)
            .ok()
            .filter(|&bytes| bytes <= 24)
            .ok_or_else(|| ambiguous("is followed by something that belongs to no member"))?;
        let mut descriptor = vec![0; behind];
        fill(self.source, end, &mut descriptor)?;
        let fits = if is_described_behind {
            describes(&descriptor, member)
        } else {
            descriptor.is_empty()
        };
        if !fits {
            return Err(ambiguous(
                "is followed by something other than what the central directory says of it",
            ));
        }
        Ok(())
    }
}

/// Whether these bytes are the descriptor of a member: with or without a signature, with sizes of
/// 32 or 64 bits.
fn describes(descriptor: &[u8], member: &ZipMember) -> bool {
    let rest = match descriptor.len() {
        16 | 24 if descriptor.starts_with(DESCRIPTOR_SIGNATURE) => &descriptor[4..],
        12 | 20 => descriptor,
        _ => return false,
    };
    let sizes = if rest.len() == 12 {
        (u32_at(rest, 4).into(), u32_at(rest, 8).into())
    } else {
        (u64_at(rest, 4), u64_at(rest, 12))
    };
    u32_at(rest, 0) == member.crc32 && sizes == (member.compressed_bytes, member.size_bytes)
}
