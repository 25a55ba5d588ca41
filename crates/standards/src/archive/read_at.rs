//! Where archives are read from.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

use super::ArchiveError;

/// Bytes that can be read at any place: in memory, or in a file that somebody opened.
pub trait ReadAt {
    /// Reads some bytes from `offset` on and returns how many; 0 at the end.
    ///
    /// # Errors
    /// What the source says.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Returns the number of bytes.
    fn len(&self) -> u64;

    /// Returns whether there are no bytes.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl ReadAt for [u8] {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset)
            .ok()
            .and_then(|offset| self.get(offset..))
            .unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }
}

impl ReadAt for &[u8] {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        (**self).read_at(offset, buffer)
    }

    fn len(&self) -> u64 {
        ReadAt::len(*self)
    }
}

impl ReadAt for Vec<u8> {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.as_slice().read_at(offset, buffer)
    }

    fn len(&self) -> u64 {
        ReadAt::len(self.as_slice())
    }
}

/// An open file and the length that it had when it was handed in.
#[derive(Debug)]
pub struct FileAt<'f> {
    file: &'f File,
    length: u64,
}

impl<'f> FileAt<'f> {
    /// Takes a file and its length in bytes. Its position does not matter and stays.
    pub const fn new(file: &'f File, length: u64) -> Self {
        Self { file, length }
    }
}

impl ReadAt for FileAt<'_> {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        FileExt::read_at(self.file, buffer, offset)
    }

    fn len(&self) -> u64 {
        self.length
    }
}

/// Fills `buffer` from `offset` on.
pub(super) fn fill(
    source: &dyn ReadAt,
    offset: u64,
    mut buffer: &mut [u8],
) -> Result<(), ArchiveError> {
    let mut position = offset;
    while !buffer.is_empty() {
        match source.read_at(position, buffer) {
            Ok(0) => return Err(ArchiveError::damaged("the archive ends here", position)),
            Ok(count) => {
                buffer = &mut buffer[count..];
                position += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(ArchiveError::Source(error)),
        }
    }
    Ok(())
}

/// Some of a source's bytes, from front to back.
#[derive(Clone)]
pub(super) struct Section<'s> {
    source: &'s dyn ReadAt,
    position: u64,
    end: u64,
}

impl<'s> Section<'s> {
    /// Takes the bytes from `start` to just before `end`.
    pub(super) fn new(source: &'s dyn ReadAt, start: u64, end: u64) -> Self {
        Self {
            source,
            position: start,
            end,
        }
    }

    /// Returns where in the source the next byte is.
    pub(super) fn position(&self) -> u64 {
        self.position
    }
}

impl Read for Section<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.end.saturating_sub(self.position);
        let count = usize::try_from(rest).map_or(buffer.len(), |rest| rest.min(buffer.len()));
        let count = self.source.read_at(self.position, &mut buffer[..count])?;
        self.position += count as u64;
        Ok(count)
    }
}
