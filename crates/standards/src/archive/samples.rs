//! Archives for the tests, built on the spot.

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

pub(crate) const METADATA: &[u8] = b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n";

/// Builds a zip archive with the `zip` crate; every second member is stored, the others deflated.
pub(crate) fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (place, (name, bytes)) in members.iter().enumerate() {
        let method = if place % 2 == 0 {
            CompressionMethod::Deflated
        } else {
            CompressionMethod::Stored
        };
        let options = SimpleFileOptions::default().compression_method(method);
        writer.start_file(*name, options).expect("a new member");
        writer.write_all(bytes).expect("memory takes bytes");
    }
    writer.finish().expect("memory takes bytes").into_inner()
}

pub(crate) fn wheel() -> Vec<u8> {
    zip_of(&[
        ("demo/__init__.py", b"x = 1\n"),
        ("demo-1.0.dist-info/METADATA", METADATA),
        ("demo-1.0.dist-info/WHEEL", b"Wheel-Version: 1.0\n"),
        ("demo-1.0.dist-info/RECORD", b""),
    ])
}

/// One member of a [`raw_zip`], with what its headers claim.
#[derive(Clone)]
pub(crate) struct RawMember {
    pub(crate) name: String,
    pub(crate) local_name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) method: u16,
    pub(crate) flags: u16,
    pub(crate) size_bytes: u32,
    pub(crate) crc32: u32,
}

impl RawMember {
    /// A stored member that claims the truth.
    pub(crate) fn stored(name: &str, bytes: &[u8]) -> Self {
        Self {
            name: name.to_owned(),
            local_name: name.to_owned(),
            bytes: bytes.to_owned(),
            method: 0,
            flags: 0,
            size_bytes: u32::try_from(bytes.len()).expect("small"),
            crc32: crc32fast::hash(bytes),
        }
    }

    fn header(&self, start: &[u8], name: &str) -> Vec<u8> {
        let mut header = start.to_vec();
        header.extend_from_slice(&20_u16.to_le_bytes());
        header.extend_from_slice(&self.flags.to_le_bytes());
        header.extend_from_slice(&self.method.to_le_bytes());
        header.extend_from_slice(&[0; 4]);
        header.extend_from_slice(&self.crc32.to_le_bytes());
        header.extend_from_slice(&len32(&self.bytes).to_le_bytes());
        header.extend_from_slice(&self.size_bytes.to_le_bytes());
        header.extend_from_slice(&len16(name.as_bytes()).to_le_bytes());
        header.extend_from_slice(&[0; 2]);
        header
    }
}

fn len32(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("small")
}

fn len16(bytes: &[u8]) -> u16 {
    u16::try_from(bytes.len()).expect("small")
}

/// A zip archive without its end: the members, the central directory, and where that starts.
pub(crate) fn raw_zip_parts(members: &[RawMember]) -> (Vec<u8>, Vec<u8>) {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for member in members {
        let position = len32(&bytes);
        bytes.extend(member.header(b"PK\x03\x04", &member.local_name));
        bytes.extend_from_slice(member.local_name.as_bytes());
        bytes.extend_from_slice(&member.bytes);
        directory.extend(member.header(b"PK\x01\x02\x14\x00", &member.name));
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&position.to_le_bytes());
        directory.extend_from_slice(member.name.as_bytes());
    }
    (bytes, directory)
}

/// The record that ends a zip archive.
pub(crate) fn zip_end(members: u16, directory_bytes: u32, offset: u32, comment: &[u8]) -> Vec<u8> {
    let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
    end.extend_from_slice(&members.to_le_bytes());
    end.extend_from_slice(&members.to_le_bytes());
    end.extend_from_slice(&directory_bytes.to_le_bytes());
    end.extend_from_slice(&offset.to_le_bytes());
    end.extend_from_slice(&len16(comment).to_le_bytes());
    end.extend_from_slice(comment);
    end
}

/// Builds a zip archive that may lie.
pub(crate) fn raw_zip(members: &[RawMember]) -> Vec<u8> {
    let (mut bytes, directory) = raw_zip_parts(members);
    let count = u16::try_from(members.len()).expect("few");
    let end = zip_end(count, len32(&directory), len32(&bytes), b"");
    bytes.extend(directory);
    bytes.extend(end);
    bytes
}

/// The same, with a zip64 end whose record and locator may be changed.
pub(crate) fn raw_zip64(
    members: &[RawMember],
    change: impl FnOnce(&mut Vec<u8>, &mut Vec<u8>),
) -> Vec<u8> {
    let (mut bytes, directory) = raw_zip_parts(members);
    let offset = bytes.len() as u64;
    bytes.extend_from_slice(&directory);
    let mut record = b"PK\x06\x06".to_vec();
    record.extend_from_slice(&44_u64.to_le_bytes());
    record.extend_from_slice(&[45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for value in [
        members.len() as u64,
        members.len() as u64,
        directory.len() as u64,
        offset,
    ] {
        record.extend_from_slice(&value.to_le_bytes());
    }
    let mut locator = b"PK\x06\x07\0\0\0\0".to_vec();
    locator.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    locator.extend_from_slice(&1_u32.to_le_bytes());
    change(&mut record, &mut locator);
    bytes.extend(record);
    bytes.extend(locator);
    bytes.extend(zip_end(u16::MAX, u32::MAX, u32::MAX, b""));
    bytes
}

/// Builds a tar archive with the `tar` crate.
pub(crate) fn tar_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder
            .append_data(&mut header, name, *bytes)
            .expect("memory takes bytes");
    }
    builder.into_inner().expect("memory takes bytes")
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory takes bytes");
    encoder.finish().expect("memory takes bytes")
}

pub(crate) fn sdist() -> Vec<u8> {
    gzip(&tar_of(&[
        ("demo-1.0/setup.py", b"import setuptools\n"),
        ("demo-1.0/demo.egg-info/PKG-INFO", b"not this one"),
        ("demo-1.0/PKG-INFO", METADATA),
        ("demo-1.0/demo.py", b"x = 1\n"),
    ]))
}
