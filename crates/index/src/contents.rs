//! What reading a file shows: its digests and what it says about itself.

use std::io;

use wheelhouse_standards::archive::{self, ReadAt};
use wheelhouse_standards::digest::{Digester, HashAlgorithm, Sha256Digest};
use wheelhouse_standards::found::{FileKind, FoundFile};
use wheelhouse_standards::metadata::CoreMetadata;

use crate::ports::Content;
use crate::record::{Contents, MetadataSummary};

/// How much is read at a time, in bytes.
const CHUNK_BYTES: usize = 256 * 1024;

/// Reads a whole file. Blocks: not for request threads.
///
/// A file whose metadata cannot be read is not an error: it is kept, and named in the log.
///
/// # Errors
/// What the system says when the bytes cannot be read.
pub(crate) fn read_contents(
    content: &dyn Content,
    named: &FoundFile,
    file_name: &str,
    listed: Option<HashAlgorithm>,
) -> io::Result<(Contents, Option<CoreMetadata>)> {
    let mut digester = Digester::new(listed);
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut offset = 0;
    loop {
        match content.read_at(offset, &mut buffer)? {
            0 => break,
            count => {
                digester.update(&buffer[..count]);
                offset += count as u64;
            }
        }
    }
    let (metadata, whole) = read_metadata(content, named, file_name);
    let digests = digester.finish();
    let contents = Contents {
        digests,
        metadata,
        has_provenance: false,
    };
    Ok((contents, whole))
}

/// Reads what a file says about itself. Blocks: not for request threads.
pub(crate) fn read_metadata(
    content: &dyn Content,
    named: &FoundFile,
    file_name: &str,
) -> (MetadataSummary, Option<CoreMetadata>) {
    let read = match raw_metadata(content, named, file_name) {
        None => return (MetadataSummary::None, None),
        Some(Err(error)) => Err(error.to_string()),
        Some(Ok(bytes)) => CoreMetadata::parse(&bytes)
            .map(|metadata| (sha256(&bytes), metadata))
            .map_err(|error| error.to_string()),
    };
    match read {
        Ok((digest, metadata)) => {
            let summary = MetadataSummary::Read {
                offered: (named.kind == FileKind::Wheel).then_some(digest),
                requires_python: metadata.requires_python().map(|wanted| wanted.to_string()),
                summary: metadata.summary.clone(),
            };
            (summary, Some(metadata))
        }
        Err(reason) => {
            tracing::warn!(
                file.name = file_name,
                "cannot read the core metadata of a file: {reason}"
            );
            (MetadataSummary::Unreadable(reason), None)
        }
    }
}

/// Returns the unmodified bytes of a file's metadata file, or `None` if its kind has none.
pub(crate) fn raw_metadata(
    content: &dyn Content,
    named: &FoundFile,
    file_name: &str,
) -> Option<Result<Vec<u8>, archive::ArchiveError>> {
    let source = Source(content);
    match named.kind {
        FileKind::Wheel => Some(archive::wheel_metadata(&source, file_name).map(|m| m.metadata)),
        FileKind::Sdist => archive::sdist_metadata(&source, file_name).transpose(),
        FileKind::Egg => archive::egg_metadata(&source, file_name).transpose(),
        FileKind::WindowsInstaller | FileKind::Signature => None,
    }
}

fn sha256(bytes: &[u8]) -> Sha256Digest {
    let mut digester = Digester::new(None);
    digester.update(bytes);
    digester.finish().sha256
}

/// Lends a store's content to the archive readers.
pub(crate) struct Source<'c>(pub(crate) &'c dyn Content);

impl ReadAt for Source<'_> {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(offset, buffer)
    }

    fn len(&self) -> u64 {
        self.0.size_bytes()
    }
}
