//! Zip archives of stored members.

/// Returns an archive with these members.
///
/// # Panics
/// For more than the old form of zip archives can hold.
pub fn archive(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    for (name, bytes) in members {
        let offset = size(archive.len());
        let mut common = Vec::new();
        // Version 2.0, UTF-8 names, stored, 1 January 1980.
        common.extend_from_slice(&[20, 0, 0, 8, 0, 0, 0, 0, 0x21, 0]);
        common.extend_from_slice(&crc32fast::hash(bytes).to_le_bytes());
        common.extend_from_slice(&size(bytes.len()));
        common.extend_from_slice(&size(bytes.len()));
        common.extend_from_slice(&short(name.len()));
        common.extend_from_slice(&[0, 0]);
        archive.extend_from_slice(b"PK\x03\x04");
        archive.extend_from_slice(&common);
        archive.extend_from_slice(name.as_bytes());
        archive.extend_from_slice(bytes);
        directory.extend_from_slice(b"PK\x01\x02\x14\x00");
        directory.extend_from_slice(&common);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&offset);
        directory.extend_from_slice(name.as_bytes());
    }
    let start = size(archive.len());
    archive.extend_from_slice(&directory);
    archive.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    archive.extend_from_slice(&short(members.len()));
    archive.extend_from_slice(&short(members.len()));
    archive.extend_from_slice(&size(directory.len()));
    archive.extend_from_slice(&start);
    archive.extend_from_slice(&[0, 0]);
    archive
}

fn size(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes)
        .expect("test data is small")
        .to_le_bytes()
}

fn short(count: usize) -> [u8; 2] {
    u16::try_from(count)
        .expect("test data is small")
        .to_le_bytes()
}
