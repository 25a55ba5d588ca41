use proptest::prelude::*;

use super::*;
use crate::archive::samples::{
    METADATA, RawMember, gzip, raw_zip, raw_zip_parts, sdist, tar_of, wheel, zip_end, zip_of,
};

const WHEEL: &str = "demo-1.0-py3-none-any.whl";
const SDIST: &str = "demo-1.0.tar.gz";

fn listed(bytes: &[u8], file_name: &str) -> Listing {
    list(&bytes, file_name, &Limits::LOOKING).expect("bytes in memory can be read")
}

fn read(bytes: &[u8], file_name: &str, place: usize) -> Result<(Vec<u8>, bool), ArchiveError> {
    let mut found = None;
    walk(&bytes, file_name, &Limits::LOOKING, &mut |member, bytes| {
        if member.place == place {
            found = Some(bytes.start(1 << 20)?);
            return Ok(ControlFlow::Break(()));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found.expect("there is such a member"))
}

#[test]
fn members_of_wheels_and_sdists_are_listed_and_read() {
    let found = listed(&wheel(), WHEEL);
    assert_eq!((found.is_cut, &found.stopped), (false, &None));
    let paths: Vec<_> = found.members.iter().map(|m| m.path.as_str()).collect();
    assert_eq!(paths[1], "demo-1.0.dist-info/METADATA");
    assert_eq!(found.members[1].size_bytes, METADATA.len() as u64);
    assert!(found.members[1].compressed_bytes.is_some());
    assert_eq!(
        read(&wheel(), WHEEL, 1).expect("read"),
        (METADATA.to_vec(), true)
    );

    let found = listed(&sdist(), SDIST);
    assert_eq!(found.members.len(), 4);
    assert_eq!(found.members[0].marks, [MemberMark::BuildCode]);
    assert_eq!(found.members[2].compressed_bytes, None);
    assert_eq!(
        read(&sdist(), SDIST, 2).expect("read"),
        (METADATA.to_vec(), true)
    );
}

#[test]
fn what_is_no_archive_that_is_read_says_so() {
    for name in [
        "demo-1.0.tar.bz2",
        "demo-1.0.tar.xz",
        "demo-1.0.whl.asc",
        "whl",
    ] {
        let error = list(&wheel(), name, &Limits::LOOKING).expect_err(name);
        assert!(matches!(error, ArchiveError::OtherKind), "{name}");
    }
}

#[test]
fn a_damaged_archive_shows_what_can_be_read_of_it() {
    let bytes = sdist();
    let found = listed(&bytes[..bytes.len() / 2], SDIST);
    assert!(found.stopped.is_some());
    let found = listed(b"not an archive", WHEEL);
    assert_eq!(found.members, []);
    assert!(found.stopped.expect("why").contains("damaged"));
}

#[test]
fn more_members_than_there_may_be_are_cut_off() {
    let members: Vec<_> = (0..300)
        .map(|n| RawMember::stored(&format!("f{n}"), b"x"))
        .collect();
    let limits = Limits {
        members: 100,
        ..Limits::LOOKING
    };
    let found = list(&raw_zip(&members), WHEEL, &limits).expect("a list");
    assert_eq!((found.members.len(), found.is_cut), (100, true));
    let names: Vec<_> = (0..300).map(|n| format!("f{n}")).collect();
    let members: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), &b"x"[..]))
        .collect();
    let found = list(&gzip(&tar_of(&members)), SDIST, &limits).expect("a list");
    assert_eq!((found.members.len(), found.is_cut), (100, true));
}

#[test]
fn paths_that_stand_twice_or_lead_out_are_marked() {
    let found = listed(
        &raw_zip(&[
            RawMember::stored("a.py", b"1"),
            RawMember::stored("../../etc/passwd", b"2"),
            RawMember::stored("a.py", b"3"),
        ]),
        WHEEL,
    );
    let marks: Vec<_> = found.members.iter().map(|m| m.marks.as_slice()).collect();
    let twice = &[MemberMark::Twice][..];
    assert_eq!(marks, [twice, &[MemberMark::OddPath], twice]);
    // Each of them can be read by its place.
    let bytes = raw_zip(&[RawMember::stored("a", b"1"), RawMember::stored("a", b"3")]);
    assert_eq!(read(&bytes, WHEEL, 1).expect("read").0, b"3");
}

#[test]
fn paths_of_any_encoding_are_text() {
    let (mut bytes, mut directory) = raw_zip_parts(&[RawMember::stored("n#.py", b"1")]);
    for part in [&mut bytes, &mut directory] {
        let place = memchr::memmem::find(part, b"n#.py").expect("the name");
        part[place + 1] = 0xe9;
    }
    let (offset, size) = (bytes.len(), directory.len());
    bytes.extend(directory);
    bytes.extend(zip_end(
        1,
        u32::try_from(size).unwrap(),
        u32::try_from(offset).unwrap(),
        b"",
    ));
    assert_eq!(listed(&bytes, WHEEL).members[0].path, "né.py");
}

#[test]
fn encrypted_members_are_listed_and_not_read() {
    let mut member = RawMember::stored("secret.py", b"????????????x");
    member.flags = 1;
    let bytes = raw_zip(&[member]);
    assert_eq!(
        listed(&bytes, WHEEL).members[0].marks,
        [MemberMark::Encrypted]
    );
    let error = read(&bytes, WHEEL, 0).expect_err("encrypted");
    assert!(error.to_string().contains("encryption"), "{error}");
}

#[test]
fn bytes_that_are_not_what_is_claimed_are_refused_in_pieces_too() {
    let mut other_sum = RawMember::stored("a", b"abc");
    other_sum.crc32 ^= 1;
    let mut too_long = RawMember::stored("a", b"abc");
    too_long.size_bytes = 2;
    let mut too_short = RawMember::stored("a", b"abc");
    too_short.size_bytes = 4;
    for member in [other_sum, too_long, too_short] {
        assert!(matches!(
            read(&raw_zip(&[member]), WHEEL, 0),
            Err(ArchiveError::Damaged { .. })
        ));
    }
}

#[test]
fn bombs_are_read_no_further_than_the_limit() {
    let zeros = vec![0; 4 << 20];
    let limits = Limits {
        inflated_bytes: 1 << 20,
        ..Limits::LOOKING
    };
    let mut seen = 0;
    let error = walk(
        &zip_of(&[("a", &zeros), ("b", b"x"), ("c", &zeros)]),
        WHEEL,
        &limits,
        &mut |_, bytes| {
            bytes.pieces(u64::MAX, &mut |piece| seen += piece.len())?;
            Ok(ControlFlow::Continue(()))
        },
    )
    .expect_err("too much");
    assert!(matches!(error, ArchiveError::TooMuch { .. }), "{error}");
    assert!(seen <= 1 << 20, "{seen}");
    let found = list(&gzip(&tar_of(&[("a", &zeros)])), SDIST, &limits).expect("a list");
    assert!(found.is_cut && found.stopped.is_some());
}

#[test]
fn links_show_where_they_lead() {
    let mut builder = tar::Builder::new(Vec::new());
    for kind in [tar::EntryType::Symlink, tar::EntryType::Link] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        builder
            .append_link(&mut header, "demo/a", "/etc/passwd")
            .expect("memory");
    }
    let bytes = gzip(&builder.into_inner().expect("memory"));
    for member in listed(&bytes, SDIST).members {
        assert_eq!(member.kind, MemberKind::Link("/etc/passwd".to_owned()));
    }
}

#[test]
fn code_for_machines_is_found_in_sdists_by_its_first_bytes() {
    let bytes = gzip(&tar_of(&[("demo/data.bin", b"\x7fELF\x02\x01\x01\0....")]));
    assert_eq!(
        listed(&bytes, SDIST).members[0].marks,
        [MemberMark::NativeLibrary]
    );
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        for name in [WHEEL, SDIST, "demo-1.0.tar"] {
            let found = listed(&bytes, name);
            prop_assert!(found.members.len() < 100);
        }
    }

    #[test]
    fn what_was_put_in_comes_out(
        members in prop::collection::btree_map("[a-z]{1,8}", prop::collection::vec(any::<u8>(), 0..50_000), 1..4),
        limit in 0_u64..60_000,
    ) {
        let parts: Vec<_> = members.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        for (archive, name) in [(zip_of(&parts), WHEEL), (gzip(&tar_of(&parts)), SDIST)] {
            let mut seen = Vec::new();
            walk(&archive, name, &Limits::LOOKING, &mut |member, bytes| {
                seen.push((member.path.clone(), bytes.start(limit)?));
                Ok(ControlFlow::Continue(()))
            }).expect("a sound archive");
            for ((path, (start, is_whole)), (name, bytes)) in seen.iter().zip(&parts) {
                let length = <[u8]>::len(bytes);
                let end = length.min(usize::try_from(limit).unwrap());
                prop_assert_eq!(path, name);
                prop_assert_eq!(start.as_slice(), &bytes[..end]);
                prop_assert_eq!(*is_whole, end == length);
            }
        }
    }
}
