//! Taking compression off, within limits.

use std::io::{self, BufReader, Read};

use flate2::bufread::{DeflateDecoder, MultiGzDecoder};

use super::read_at::Section;
use super::{ArchiveError, Limits, ReadAt};

const BUFFER_BYTES: usize = 32 << 10;
/// What is wrong with a member that is longer or shorter than it claims.
pub(super) const WRONG_SIZE: &str = "a member has another size than it claims";

/// Inflates one zip member of known place and size. `data` is the place of its compressed bytes.
pub(super) fn inflate_member(
    data: Section<'_>,
    is_deflated: bool,
    size_bytes: u64,
) -> Result<Vec<u8>, ArchiveError> {
    let start = data.position();
    let reader = BufReader::with_capacity(BUFFER_BYTES, data);
    let mut bytes = Vec::new();
    // One byte more than there may be, to see that it is not there.
    let wanted = size_bytes.saturating_add(1);
    let result = if is_deflated {
        DeflateDecoder::new(reader)
            .take(wanted)
            .read_to_end(&mut bytes)
    } else {
        reader.take(wanted).read_to_end(&mut bytes)
    };
    result.map_err(|error| reading_error(error, start))?;
    if bytes.len() as u64 != size_bytes {
        return Err(ArchiveError::damaged(WRONG_SIZE, start));
    }
    Ok(bytes)
}

/// The bytes of a tar archive, with its compression taken off.
pub(super) struct Inflated<'s> {
    form: Form<'s>,
    limits: Limits,
    position: u64,
}

enum Form<'s> {
    Plain(Section<'s>),
    Gzip(Box<MultiGzDecoder<BufReader<Section<'s>>>>),
}

impl<'s> Inflated<'s> {
    /// Reads bytes as they are.
    pub(super) fn plain(source: &'s dyn ReadAt, limits: &Limits) -> Self {
        Self::new(Form::Plain(Section::new(source, 0, source.len())), limits)
    }

    /// Reads what was compressed with gzip, in any number of members.
    pub(super) fn gzip(source: &'s dyn ReadAt, limits: &Limits) -> Self {
        let section = Section::new(source, 0, source.len());
        let reader = BufReader::with_capacity(BUFFER_BYTES, section);
        Self::new(Form::Gzip(Box::new(MultiGzDecoder::new(reader))), limits)
    }

    fn new(form: Form<'s>, limits: &Limits) -> Self {
        Self {
            form,
            limits: *limits,
            position: 0,
        }
    }

    /// Returns how many inflated bytes were read.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Reads some bytes and returns how many; 0 at the end.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ArchiveError> {
        let (count, read_bytes) = loop {
            let (result, read_bytes) = match &mut self.form {
                Form::Plain(section) => (section.read(buffer), None),
                Form::Gzip(decoder) => {
                    let result = decoder.read(buffer);
                    (result, Some(decoder.get_ref().get_ref().position()))
                }
            };
            match result {
                Ok(count) => break (count, read_bytes),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(reading_error(error, self.position)),
            }
        };
        self.position += count as u64;
        if self.position > self.limits.inflated_bytes {
            return Err(ArchiveError::TooMuch {
                what: "size of the archive without its compression, in bytes",
                limit: self.limits.inflated_bytes,
            });
        }
        if let Some(read_bytes) = read_bytes {
            let allowed = read_bytes
                .saturating_mul(self.limits.inflation_ratio)
                .max(self.limits.inflation_free_bytes);
            if self.position > allowed {
                return Err(ArchiveError::TooMuch {
                    what: "size of the archive as a multiple of its compressed size",
                    limit: self.limits.inflation_ratio,
                });
            }
        }
        Ok(count)
    }

    /// Fills `buffer`, or returns `false` if there are no more bytes at all.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> Result<bool, ArchiveError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read(&mut buffer[filled..])? {
                0 if filled == 0 => return Ok(false),
                0 => {
                    return Err(ArchiveError::damaged(
                        "the archive ends here",
                        self.position,
                    ));
                }
                count => filled += count,
            }
        }
        Ok(true)
    }

    /// Passes over some bytes, all of which must be there.
    pub(super) fn skip(&mut self, mut count: u64) -> Result<(), ArchiveError> {
        let mut buffer = [0; 8 << 10];
        while count > 0 {
            let wanted = usize::try_from(count).map_or(buffer.len(), |n| n.min(buffer.len()));
            match self.read(&mut buffer[..wanted])? {
                0 => {
                    return Err(ArchiveError::damaged(
                        "the archive ends here",
                        self.position,
                    ));
                }
                read => count -= read as u64,
            }
        }
        Ok(())
    }
}

/// Tells a damaged archive from a source that fails.
pub(super) fn reading_error(error: io::Error, position: u64) -> ArchiveError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            ArchiveError::damaged("the compressed data ends here", position)
        }
        // What the decoders say about bytes that they cannot decode.
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            ArchiveError::damaged("the compressed data cannot be read", position)
        }
        _ => ArchiveError::Source(error),
    }
}
