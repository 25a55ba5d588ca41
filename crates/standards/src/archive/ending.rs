//! Whether a file is all there: asked of files that somebody is copying in.

use std::io::{BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

use super::inflate::reading_error;
use super::metadata::has_ending;
use super::read_at::{Section, fill};
use super::zip::ZipArchive;
use super::{ArchiveError, Limits, ReadAt};

/// What the end of a file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The file ends as its kind should.
    Whole,
    /// Files of this kind look the same wherever they are cut.
    Unknown,
}

/// Tells whether a file ends as its kind should; `file_name` says which kind it is.
///
/// A zip archive (`.whl`, `.egg`, `.zip`) is whole if nothing follows its central directory's end
/// and all members fit before it; what is compressed with gzip, if all of it can be read and has
/// its check sums; with xz, if its footer has its check sum; a tar archive, if it ends with zeros;
/// a signature in letters, if its last line is there. An empty file is never whole.
///
/// This reads all of a file that is compressed with gzip: not for request threads.
///
/// # Errors
/// What is wrong with the end, or with the source.
pub fn ends_well(source: &dyn ReadAt, file_name: &str) -> Result<Ending, ArchiveError> {
    ends_well_within(source, file_name, &Limits::DEFAULT)
}

pub(super) fn ends_well_within(
    source: &dyn ReadAt,
    file_name: &str,
    limits: &Limits,
) -> Result<Ending, ArchiveError> {
    const KINDS: [(&str, EndReader); 9] = [
        (".whl", zip_end),
        (".egg", zip_end),
        (".zip", zip_end),
        (".tar.gz", gzip_end),
        (".tgz", gzip_end),
        (".tar.xz", xz_end),
        (".txz", xz_end),
        (".tar", tar_end),
        (".asc", signature_end),
    ];
    if source.is_empty() {
        return Err(ArchiveError::damaged("the file is empty", 0));
    }
    KINDS
        .iter()
        .find(|(ending, _)| has_ending(file_name, ending))
        .map_or(Ok(Ending::Unknown), |(_, read_end)| {
            read_end(source, limits)
        })
}

type EndReader = fn(&dyn ReadAt, &Limits) -> Result<Ending, ArchiveError>;

fn zip_end(source: &dyn ReadAt, limits: &Limits) -> Result<Ending, ArchiveError> {
    let archive = ZipArchive::open(source, limits)?;
    if archive.trailing_bytes() > 0 {
        let position = source.len() - archive.trailing_bytes();
        return Err(ArchiveError::damaged(
            "something follows the archive",
            position,
        ));
    }
    for member in archive.members() {
        member?;
    }
    Ok(Ending::Whole)
}

fn gzip_end(source: &dyn ReadAt, limits: &Limits) -> Result<Ending, ArchiveError> {
    let mut reader = BufReader::with_capacity(64 << 10, Section::new(source, 0, source.len()));
    let mut inflated: u64 = 0;
    let mut buffer = vec![0; 64 << 10];
    loop {
        let mut member = GzDecoder::new(reader);
        loop {
            let position = member.get_ref().get_ref().position();
            match member.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => inflated += count as u64,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(reading_error(error, position)),
            }
            if inflated > limits.inflated_bytes {
                return Err(ArchiveError::TooMuch {
                    what: "size of the archive without its compression, in bytes",
                    limit: limits.inflated_bytes,
                });
            }
        }
        reader = member.into_inner();
        let rest = reader.fill_buf().map_err(ArchiveError::Source)?;
        if rest.is_empty() {
            return Ok(Ending::Whole);
        }
        // Another member begins with this byte. Zeros are padding, as tapes have it.
        if rest[0] != 0x1f {
            return only_zeros(reader);
        }
    }
}

fn only_zeros(mut reader: BufReader<Section<'_>>) -> Result<Ending, ArchiveError> {
    loop {
        let rest = reader.fill_buf().map_err(ArchiveError::Source)?;
        let count = rest.len();
        if count == 0 {
            return Ok(Ending::Whole);
        }
        if rest.iter().any(|&byte| byte != 0) {
            let position = reader.get_ref().position();
            return Err(ArchiveError::damaged(
                "something follows the archive",
                position,
            ));
        }
        reader.consume(count);
    }
}

/// Standard: "The .xz File Format", stream header and footer.
fn xz_end(source: &dyn ReadAt, _: &Limits) -> Result<Ending, ArchiveError> {
    const HEADER: &[u8] = b"\xfd7zXZ\0";
    const FOOTER_BYTES: usize = 12;
    let mut header = [0; HEADER.len() + 2];
    fill(source, 0, &mut header)?;
    if !header.starts_with(HEADER) {
        return Err(ArchiveError::damaged("this is not an xz archive", 0));
    }
    // Zeros in fours may follow.
    let mut end = source.len();
    let mut footer = [0; FOOTER_BYTES];
    loop {
        let position = end
            .checked_sub(FOOTER_BYTES as u64)
            .ok_or(ArchiveError::damaged("the xz archive has no footer", end))?;
        fill(source, position, &mut footer)?;
        if footer[8..] != [0; 4] {
            break;
        }
        end -= 4;
        if source.len() - end > 1 << 20 {
            return Err(ArchiveError::damaged("the xz archive ends in zeros", end));
        }
    }
    let check_sum = u32::from_le_bytes([footer[0], footer[1], footer[2], footer[3]]);
    let is_footer = footer.ends_with(b"YZ")
        && crc32fast::hash(&footer[4..10]) == check_sum
        && footer[8..10] == header[6..8];
    if is_footer {
        Ok(Ending::Whole)
    } else {
        Err(ArchiveError::damaged("the xz archive has no footer", end))
    }
}

fn tar_end(source: &dyn ReadAt, _: &Limits) -> Result<Ending, ArchiveError> {
    let mut end = [1; 1024];
    let position = source
        .len()
        .checked_sub(end.len() as u64)
        .ok_or(ArchiveError::damaged(
            "the tar archive has no end",
            source.len(),
        ))?;
    fill(source, position, &mut end)?;
    if source.len().is_multiple_of(512) && end.iter().all(|&byte| byte == 0) {
        Ok(Ending::Whole)
    } else {
        Err(ArchiveError::damaged(
            "the tar archive has no end",
            source.len(),
        ))
    }
}

fn signature_end(source: &dyn ReadAt, _: &Limits) -> Result<Ending, ArchiveError> {
    const BEGIN: &[u8] = b"-----BEGIN";
    const END: &[u8] = b"-----END";
    let mut start = [0; BEGIN.len()];
    if source.len() < start.len() as u64 {
        return Ok(Ending::Unknown);
    }
    fill(source, 0, &mut start)?;
    if start != BEGIN {
        return Ok(Ending::Unknown);
    }
    let tail_bytes = source.len().min(256);
    let mut tail = vec![0; usize::try_from(tail_bytes).expect("256 at most")];
    fill(source, source.len() - tail_bytes, &mut tail)?;
    match memchr::memmem::rfind(&tail, END) {
        Some(place) if tail[place + END.len()..].trim_ascii().ends_with(b"-----") => {
            Ok(Ending::Whole)
        }
        _ => Err(ArchiveError::damaged(
            "the signature has no last line",
            source.len(),
        )),
    }
}

#[cfg(test)]
mod tests;
