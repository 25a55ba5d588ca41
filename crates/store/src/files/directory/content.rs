//! The bytes of an open file.

use std::fs::File;
use std::io::{self, IoSliceMut};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::{Errno, ReadWriteFlags, preadv2};
use wheelhouse_index::identity::Fingerprint;
use wheelhouse_index::ports::Content;

use super::root::fingerprint_of;

/// The bytes of an open file.
#[derive(Debug)]
pub(super) struct FileContent {
    file: Arc<File>,
    size_bytes: u64,
    /// Whether the file system cannot tell what would need waiting.
    cannot_try: AtomicBool,
}

impl FileContent {
    pub(super) fn new(file: impl Into<Arc<File>>, size_bytes: u64) -> Self {
        Self {
            file: file.into(),
            size_bytes,
            cannot_try: AtomicBool::new(false),
        }
    }
}

impl Content for FileContent {
    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.file.read_at(buffer, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    fn try_read_at(&self, offset: u64, buffer: &mut [u8]) -> Option<io::Result<usize>> {
        if self.cannot_try.load(Ordering::Relaxed) {
            return None;
        }
        let mut buffers = [IoSliceMut::new(buffer)];
        match preadv2(&self.file, &mut buffers, offset, ReadWriteFlags::NOWAIT) {
            Ok(count) => Some(Ok(count)),
            Err(Errno::AGAIN | Errno::INTR) => None,
            Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL | Errno::PERM) => {
                self.cannot_try.store(true, Ordering::Relaxed);
                None
            }
            Err(error) => Some(Err(error.into())),
        }
    }

    fn fingerprint(&self) -> io::Result<Fingerprint> {
        Ok(fingerprint_of(&self.file.metadata()?))
    }
}
