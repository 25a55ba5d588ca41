use std::io::Cursor;

use proptest::prelude::*;

use super::*;
use crate::archive::samples::{
    RawMember, raw_zip, raw_zip_parts, raw_zip64, wheel, zip_end, zip_of,
};

fn names(bytes: &[u8]) -> Result<Vec<String>, ArchiveError> {
    let archive = ZipArchive::open(&bytes, &Limits::DEFAULT)?;
    archive
        .members()
        .map(|member| Ok(member?.shown_name()))
        .collect()
}

fn why(bytes: &[u8]) -> String {
    let all = names(bytes).and_then(|_| {
        let archive = ZipArchive::open(&bytes, &Limits::DEFAULT)?;
        for member in archive.members() {
            archive.read(&member?, 1 << 20)?;
        }
        Ok(())
    });
    all.expect_err("the archive is wrong").to_string()
}

fn members() -> Vec<RawMember> {
    vec![
        RawMember::stored("a", b"first"),
        RawMember::stored("b/c", b"second"),
    ]
}

#[test]
fn members_are_those_that_the_zip_crate_sees() {
    let bytes = wheel();
    let archive = ZipArchive::open(&bytes, &Limits::DEFAULT).expect("an archive");
    let mut theirs = zip::ZipArchive::new(Cursor::new(&bytes)).expect("an archive");
    let mut count = 0;
    for (place, member) in archive.members().enumerate() {
        let member = member.expect("a member");
        let mut their = theirs.by_index(place).expect("a member");
        let mut their_bytes = Vec::new();
        their.read_to_end(&mut their_bytes).expect("bytes");
        assert_eq!(member.shown_name(), their.name());
        assert_eq!(member.size_bytes, their.size());
        assert_eq!(member.compressed_bytes, their.compressed_size());
        assert_eq!(member.crc32, their.crc32());
        assert_eq!(archive.read(&member, 1 << 20).expect("bytes"), their_bytes);
        count += 1;
    }
    assert_eq!(count, theirs.len());
}

#[test]
fn comments_prepended_and_trailing_bytes_do_not_matter() {
    let (bytes, directory) = raw_zip_parts(&members());
    let (offset, size) = (bytes.len(), directory.len());
    let end = |comment: &[u8]| {
        let size = u32::try_from(size).expect("small");
        zip_end(2, size, u32::try_from(offset).expect("small"), comment)
    };
    let with = |before: &[u8], comment: &[u8], after: &[u8]| {
        [before, &bytes, &directory, &end(comment), after].concat()
    };
    for (archive, prepended, trailing) in [
        (with(b"", b"", b""), 0, 0),
        (with(b"#!/bin/sh\n", b"", b""), 10, 0),
        (with(b"", &vec![b'x'; 65535], b""), 0, 0),
        (with(b"#!", b"PK", b"trailing"), 2, 8),
    ] {
        let opened = ZipArchive::open(&archive, &Limits::DEFAULT).expect("an archive");
        assert_eq!(opened.prepended_bytes(), prepended);
        assert_eq!(opened.trailing_bytes(), trailing);
        let read: Vec<_> = opened
            .members()
            .map(|member| opened.read(&member.expect("a member"), 100).expect("bytes"))
            .collect();
        assert_eq!(read, [&b"first"[..], b"second"]);
    }
}

#[test]
fn zip64_ends_are_read_also_behind_other_bytes() {
    let archive = raw_zip64(&members(), |_, _| ());
    assert_eq!(names(&archive).expect("an archive"), ["a", "b/c"]);
    let behind = [&b"#!/bin/sh\n"[..], &archive].concat();
    assert_eq!(names(&behind).expect("an archive"), ["a", "b/c"]);
}

#[test]
fn more_than_65535_members_are_read() {
    let names: Vec<String> = (0..70_000).map(|n| n.to_string()).collect();
    let members: Vec<(&str, &[u8])> = names.iter().map(|name| (&**name, &b""[..])).collect();
    let bytes = zip_of(&members);
    assert_eq!(super::tests::names(&bytes).expect("an archive"), names);
}

#[test]
fn lies_are_found() {
    let change = |change: fn(&mut RawMember)| {
        let mut members = members();
        change(&mut members[1]);
        raw_zip(&members)
    };
    for (archive, reason) in [
        (b"".to_vec(), "no end of a zip archive"),
        (vec![0; 100_000], "no end of a zip archive"),
        (zip_end(1, 0, 0, b""), "another number of members"),
        (zip_end(0, 1, 0, b""), "does not fit"),
        (zip_end(0, 0, 1, b""), "does not fit"),
        (change(|member| member.crc32 ^= 1), "check sum"),
        (change(|member| member.size_bytes += 1), "another size"),
        (change(|member| member.size_bytes -= 1), "another size"),
        (
            change(|member| member.local_name = "b/d".into()),
            "another name",
        ),
        (change(|member| member.method = 8), "the compressed data"),
        (change(|member| member.method = 12), "compression method 12"),
        (change(|member| member.flags = 1), "encryption"),
        (
            change(|member| member.size_bytes = u32::MAX),
            "zip64 field is too short",
        ),
        (
            raw_zip64(&members(), |record, _| record[32] += 1),
            "another number of members",
        ),
        (
            raw_zip64(&members(), |record, _| record[40] += 1),
            "does not fit",
        ),
        (
            raw_zip64(&members(), |record, _| record[40..56].fill(255)),
            "does not fit",
        ),
        (
            raw_zip64(&members(), |record, _| record[0] = 0),
            "zip64 end record is not where",
        ),
    ] {
        let why = why(&archive);
        assert!(why.contains(reason), "{why} instead of {reason}");
    }
}

#[test]
fn members_that_are_not_before_the_directory_are_refused() {
    let archive = raw_zip(&members());
    let second_local = 30 + 1 + 5;
    let second_central = archive.len() - 22 - 46 - 3;
    let changed = |place: usize, value: u32| {
        let mut archive = archive.clone();
        archive[place..place + 4].copy_from_slice(&value.to_le_bytes());
        archive
    };
    for (archive, reason) in [
        // The last two bytes of a local header are the length of what is before the data.
        (changed(second_local + 26, 3 + (1 << 16)), "runs into"),
        (changed(second_central + 20, 10), "not before"),
        (changed(second_central + 42, 1000), "not before"),
        (changed(second_central + 42, u32::MAX - 1), "not before"),
        (changed(second_central + 42, 1), "header is not here"),
    ] {
        let why = why(&archive);
        assert!(why.contains(reason), "{why} instead of {reason}");
    }
}

/// Counts how much is read.
struct Counting(Vec<u8>, std::cell::Cell<usize>);

impl ReadAt for Counting {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.0.read_at(offset, buffer)?;
        self.1.set(self.1.get() + count);
        Ok(count)
    }

    fn len(&self) -> u64 {
        ReadAt::len(&self.0)
    }
}

#[test]
fn what_is_larger_than_it_claims_is_not_read_to_its_end() {
    // A deflate block of stored bytes, over and over.
    let block = [&[0, 0xff, 0x7f, 0x00, 0x80][..], &vec![7; 0x7fff]].concat();
    for method in [0, 8] {
        let mut member = RawMember::stored("a", &block.repeat(100));
        (member.method, member.size_bytes) = (method, 100);
        let source = Counting(raw_zip(&[member]), std::cell::Cell::new(0));
        let archive = ZipArchive::open(&source, &Limits::DEFAULT).expect("an archive");
        let member = archive.members().next().expect("one").expect("a member");
        source.1.set(0);
        assert!(archive.read(&member, 1 << 20).is_err());
        assert!(source.1.get() < 200_000, "{} bytes read", source.1.get());
    }
}

#[test]
fn two_ends_that_contradict_each_other_are_refused() {
    let mut archive = raw_zip64(&members(), |_, _| ());
    let end = archive.len() - 22;
    archive[end + 8..end + 12].copy_from_slice(&[1, 0, 1, 0]);
    assert!(why(&archive).contains("contradict"));
}

#[test]
fn limits_hold() {
    let bytes = wheel();
    let limits = Limits::DEFAULT;
    for (limits, reason) in [
        (
            Limits {
                members: 3,
                ..limits
            },
            "number of members: more than 3",
        ),
        (
            Limits {
                name_bytes: 20,
                ..limits
            },
            "path, in bytes: more than 20",
        ),
        (
            Limits {
                directory_bytes: 99,
                ..limits
            },
            "directory, in bytes: more than 99",
        ),
    ] {
        let error = ZipArchive::open(&bytes, &limits)
            .and_then(|archive| archive.members().collect::<Result<Vec<_>, _>>())
            .expect_err("too much");
        assert!(error.to_string().contains(reason), "{error}");
    }
    assert!(
        ZipArchive::open(&bytes, &limits)
            .expect("an archive")
            .members()
            .count()
            == 4
    );
}

/// Reads all that can be read, which must never panic.
fn read_all(bytes: &[u8]) {
    let Ok(archive) = ZipArchive::open(&bytes, &Limits::DEFAULT) else {
        return;
    };
    for member in archive.members() {
        let Ok(member) = member else { return };
        let read = archive.read(&member, 1 << 16);
        assert!(read.is_err_and(|_| true) || member.size_bytes <= 1 << 16);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_all(&bytes);
        read_all(&[&bytes[..], &zip_end(1, 46, 0, b"")].concat());
    }

    #[test]
    fn cut_and_changed_archives_are_survived(
        cut in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        is_zip64: bool,
    ) {
        let mut bytes = if is_zip64 { raw_zip64(&members(), |_, _| ()) } else { wheel() };
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        read_all(&bytes);
        read_all(&bytes[..cut.index(bytes.len())]);
        read_all(&bytes[cut.index(bytes.len())..]);
    }

    #[test]
    fn any_generated_archive_is_read_as_the_zip_crate_reads_it(
        files in prop::collection::btree_map("[a-zé]{1,9}", any::<Vec<u8>>(), 0..6),
    ) {
        let members: Vec<(&str, &[u8])> =
            files.iter().map(|(name, bytes)| (&**name, &**bytes)).collect();
        let bytes = zip_of(&members);
        let archive = ZipArchive::open(&bytes, &Limits::DEFAULT).expect("an archive");
        let read: Vec<(String, Vec<u8>)> = archive
            .members()
            .map(|member| {
                let member = member.expect("a member");
                (member.shown_name(), archive.read(&member, 1 << 20).expect("bytes"))
            })
            .collect();
        prop_assert_eq!(read, files.into_iter().collect::<Vec<_>>());
    }
}
