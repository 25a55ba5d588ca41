//! The mark: a small file beside the database with a serial that was never reached. It outlives
//! the database, so that a catalog that is begun anew goes on above the serials of the old one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How far ahead of use the mark is set.
const STEP: u64 = 1_000;

/// Greatest mark that is believed: beyond it, numbers lose their units in JSON readers.
const GREATEST: u64 = 1 << 53;

/// The mark, as it stands in its file.
#[derive(Debug)]
pub(super) struct SerialMark {
    path: Option<PathBuf>,
    mark: u64,
}

impl SerialMark {
    /// Reads the mark. Without a path it is kept nowhere; a file that is not there or holds no
    /// number is no mark.
    pub(super) fn read(path: Option<PathBuf>) -> io::Result<Self> {
        let mark = match &path {
            None => 0,
            Some(path) => read_from(path)?,
        };
        Ok(Self { path, mark })
    }

    /// Returns the serial at which a catalog goes on that has reached `proven`. A mark much further
    /// ahead than it is ever set tells that the database is an old copy.
    pub(super) fn resume(&self, proven: Option<u64>, now_seconds: u64) -> u64 {
        match proven {
            Some(head) if self.mark <= head.saturating_add(STEP) => head,
            Some(head) => head.max(self.mark).max(now_seconds),
            None => self.mark.max(now_seconds),
        }
    }

    /// Reads the mark once more.
    pub(super) fn read_again(&self) -> io::Result<Self> {
        Self::read(self.path.clone())
    }

    /// Returns whether serials up to `serial` may have been used though the mark says that none of
    /// them was: then they could go down if the database were lost. Without a file nothing is said.
    pub(super) fn is_behind(&self, serial: u64) -> bool {
        self.path.is_some() && self.mark <= serial
    }

    /// Makes sure that the mark is above `serial` before that is used.
    pub(super) fn keep_ahead_of(&mut self, serial: u64) -> io::Result<()> {
        let is_ahead = self.mark > serial && self.mark <= serial.saturating_add(STEP);
        let Some(path) = self.path.as_ref().filter(|_| !is_ahead) else {
            return Ok(());
        };
        let mark = serial.saturating_add(STEP);
        write_to(path, mark)?;
        self.mark = mark;
        Ok(())
    }
}

fn read_from(path: &Path) -> io::Result<u64> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        outcome => outcome?,
    };
    let mark = std::str::from_utf8(&bytes)
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .filter(|&mark| mark <= GREATEST);
    if mark.is_none() {
        tracing::warn!(file.path = %path.display(), "the mark of serials holds no number; it is left aside");
    }
    Ok(mark.unwrap_or(0))
}

fn write_to(path: &Path, mark: u64) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".serial-")
        .tempfile_in(folder)?;
    writeln!(file, "{mark}")?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_ahead_of_every_serial_that_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("serial");
        let mut mark = SerialMark::read(Some(path.clone())).unwrap();
        for serial in [5, 6, 1_004, 1_005, 1_006, 90_000] {
            mark.keep_ahead_of(serial).unwrap();
            let written = SerialMark::read(Some(path.clone())).unwrap().mark;
            assert!(written > serial && written <= serial + STEP, "{written}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_mark_that_is_no_number_is_left_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("serial");
        for bytes in [&b""[..], b"-1", b"\xff", b"99999999999999999", b"7 8"] {
            fs::write(&path, bytes).unwrap();
            let mark = SerialMark::read(Some(path.clone())).unwrap();
            assert_eq!(mark.resume(None, 9), 9, "{bytes:?}");
        }
        fs::write(&path, "12\n").unwrap();
        assert_eq!(SerialMark::read(Some(path)).unwrap().resume(None, 9), 12);
    }

    #[test]
    fn a_catalog_goes_on_where_it_was_unless_it_is_new_or_an_old_copy() {
        let mark = SerialMark {
            path: None,
            mark: 5_000,
        };
        for (proven, now, expected) in [
            (Some(4_500), 9_999, 4_500),
            (Some(5_000), 9_999, 5_000),
            (Some(6_000), 9_999, 6_000),
            (Some(3_999), 4_200, 5_000),
            (Some(3_999), 9_999, 9_999),
            (None, 4_200, 5_000),
            (None, 9_999, 9_999),
        ] {
            assert_eq!(mark.resume(proven, now), expected, "{proven:?} {now}");
        }
    }
}
