//! The file with the lines of a snapshot: compressed, perhaps encrypted, and digested as it is
//! written and read.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use wheelhouse_standards::digest::Sha256Digest;
use wheelhouse_store::catalog::rows::MAX_LINE_BYTES;

use super::error::BackupError;
use super::manifest::Written;
use super::sealing::{Identities, Opening, Recipients, Sealing};

/// How hard rows are compressed: more makes them hardly smaller.
const LEVEL: i32 = 3;

/// A file of lines that is being written.
pub(super) struct LinesWriter<W: Write> {
    output: zstd::Encoder<'static, Sealing<Digesting<BufWriter<W>>>>,
    path: PathBuf,
}

impl<W: Write> LinesWriter<W> {
    /// Begins a file. `path` is what it is called in errors.
    pub(super) fn begin(
        file: W,
        recipients: &Recipients,
        path: &Path,
    ) -> Result<Self, BackupError> {
        let failed = |error| BackupError::io("write", path, error);
        let digesting = Digesting::over(BufWriter::new(file));
        let sealing = recipients.sealing(digesting).map_err(failed)?;
        Ok(Self {
            output: zstd::Encoder::new(sealing, LEVEL).map_err(failed)?,
            path: path.to_owned(),
        })
    }

    pub(super) fn write(&mut self, line: &str) -> Result<(), BackupError> {
        let written = self.output.write_all(line.as_bytes());
        written
            .and_then(|()| self.output.write_all(b"\n"))
            .map_err(|error| BackupError::io("write", &self.path, error))
    }

    /// Ends the file, whose bytes are not synced yet.
    pub(super) fn finish(self) -> Result<(W, Written), BackupError> {
        let Self { output, path } = self;
        let failed = |error| BackupError::io("write", &path, error);
        let digesting = output.finish().and_then(Sealing::finish).map_err(failed)?;
        let (buffer, written) = digesting.finish();
        let file = buffer
            .into_inner()
            .map_err(|error| failed(error.into_error()))?;
        Ok((file, written))
    }
}

/// A file of lines with a name to come.
pub(super) type NewLines = LinesWriter<NamedTempFile>;

/// A file of lines that is being read.
pub(super) struct LinesReader {
    input: Box<dyn BufRead + Send>,
    path: PathBuf,
    buffer: Vec<u8>,
}

impl LinesReader {
    /// Begins to read a file. `path` is what it is called in errors.
    pub(super) fn begin(
        file: File,
        is_sealed: bool,
        identities: &Identities,
        path: &Path,
    ) -> Result<Self, BackupError> {
        let opening: Opening<_> = identities.opening(is_sealed, BufReader::new(file), path)?;
        let decoder = zstd::Decoder::with_buffer(BufReader::new(opening))
            .map_err(|error| BackupError::io("read", path, error))?;
        Ok(Self {
            input: Box::new(BufReader::with_capacity(1 << 17, decoder)),
            path: path.to_owned(),
            buffer: Vec::new(),
        })
    }

    /// Opens a file by its path, and begins to read it.
    pub(super) fn open(
        path: &Path,
        is_sealed: bool,
        identities: &Identities,
    ) -> Result<Self, BackupError> {
        Self::begin(open(path)?, is_sealed, identities, path)
    }

    /// Returns the next line, or nothing at the end.
    pub(super) fn next_line(&mut self) -> Result<Option<&str>, BackupError> {
        self.buffer.clear();
        let mut limited = (&mut self.input).take(MAX_LINE_BYTES as u64 + 1);
        let damaged = |why: &dyn ToString| BackupError::damaged(&self.path, &why.to_string());
        let count = limited
            .read_until(b'\n', &mut self.buffer)
            .map_err(|error| damaged(&error))?;
        if count == 0 {
            return Ok(None);
        }
        if self.buffer.pop() != Some(b'\n') {
            return Err(damaged(&"a line is cut short, or far too long"));
        }
        std::str::from_utf8(&self.buffer)
            .map(Some)
            .map_err(|error| damaged(&error))
    }
}

/// Opens a file that should be there.
pub(super) fn open(path: &Path) -> Result<File, BackupError> {
    File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => BackupError::damaged(path, &"it is not there"),
        _ => BackupError::io("read", path, error),
    })
}

/// Makes sure that a file is as it was written.
pub(super) fn check_written(path: &Path, expected: &Written) -> Result<(), BackupError> {
    let mut digesting = Digesting::over(io::sink());
    io::copy(&mut open(path)?, &mut digesting)
        .map_err(|error| BackupError::io("read", path, error))?;
    let (_, found) = digesting.finish();
    if found == *expected {
        return Ok(());
    }
    let why = if found.size_bytes == expected.size_bytes {
        "it was altered after it was written".to_owned()
    } else {
        format!(
            "it has {} bytes and not {}",
            found.size_bytes, expected.size_bytes
        )
    };
    Err(BackupError::damaged(path, &why))
}

/// Digests what goes through.
pub(super) struct Digesting<W> {
    inner: W,
    digest: Sha256,
    size_bytes: u64,
}

impl<W> Digesting<W> {
    pub(super) fn over(inner: W) -> Self {
        Self {
            inner,
            digest: Sha256::new(),
            size_bytes: 0,
        }
    }

    pub(super) fn finish(self) -> (W, Written) {
        let sha256 = Sha256Digest::new(self.digest.finalize().into());
        let written = Written {
            size_bytes: self.size_bytes,
            sha256: sha256.to_string(),
        };
        (self.inner, written)
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.digest.update(&bytes[..count]);
        self.size_bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
