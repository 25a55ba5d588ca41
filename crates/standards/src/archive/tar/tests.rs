use proptest::prelude::*;

use super::*;
use crate::archive::samples::{gzip, tar_of};

type Members = Vec<(String, Vec<u8>)>;

fn ours(bytes: &[u8], limits: &Limits) -> Result<Members, ArchiveError> {
    let mut archive = TarArchive::plain(&bytes, limits);
    let mut members = Vec::new();
    while let Some(member) = archive.next_member()? {
        let bytes = archive.read(&member, 1 << 20)?;
        members.push((member.shown_name(), bytes));
    }
    Ok(members)
}

fn theirs(bytes: &[u8]) -> Members {
    let mut archive = tar::Archive::new(bytes);
    let entries = archive.entries().expect("an archive");
    entries
        .map(|entry| {
            let mut entry = entry.expect("a member");
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut entry, &mut bytes).expect("bytes");
            (name, bytes)
        })
        .collect()
}

/// One member with a header of the given type.
fn raw(kind: u8, name: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_entry_type(tar::EntryType::new(kind));
    header.set_size(bytes.len() as u64);
    header.set_cksum();
    let mut member = header.as_bytes().to_vec();
    member.extend_from_slice(bytes);
    member.resize(member.len().next_multiple_of(512), 0);
    member
}

#[test]
fn long_names_of_every_kind_are_read() {
    let long = "folder/".repeat(40) + "file";
    let split = format!("{}/{}", "p".repeat(120), "n".repeat(90));
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_path(&split).expect("fits a prefix");
    header.set_size(1);
    header.set_cksum();
    builder.append(&header, &b"u"[..]).expect("memory");
    let mut header = tar::Header::new_gnu();
    header.set_size(1);
    builder
        .append_data(&mut header, &long, &b"g"[..])
        .expect("memory");
    builder
        .append_pax_extensions([("path", "pax/é".as_bytes()), ("mtime", b"1.5")])
        .expect("memory");
    let mut header = tar::Header::new_ustar();
    header.set_path("short").expect("fits");
    header.set_size(1);
    header.set_cksum();
    builder.append(&header, &b"p"[..]).expect("memory");
    let bytes = builder.into_inner().expect("memory");
    let expected: Members = [(split, "u"), (long, "g"), ("pax/é".to_owned(), "p")]
        .map(|(name, bytes)| (name, bytes.as_bytes().to_vec()))
        .to_vec();
    assert_eq!(
        ours(&bytes, &Limits::DEFAULT).expect("an archive"),
        expected
    );
    assert_eq!(theirs(&bytes), expected);
}

#[test]
fn links_and_folders_have_no_bytes_whatever_they_claim() {
    let mut link = raw(b'2', b"link", b"");
    link.truncate(512);
    let mut header = tar::Header::from_byte_slice(&link).clone();
    header.set_size(512);
    header.set_cksum();
    let bytes = [header.as_bytes(), &raw(b'0', b"file", b"x")[..]].concat();
    let members = ours(&bytes, &Limits::DEFAULT).expect("an archive");
    assert_eq!(
        members,
        [
            ("link".to_owned(), vec![]),
            ("file".to_owned(), b"x".to_vec())
        ]
    );
}

#[test]
fn sizes_beyond_octal_are_read_in_binary() {
    let mut block = raw(b'0', b"big", b"");
    block.truncate(512);
    block[124..136].copy_from_slice(&[0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1]);
    let mut header = tar::Header::from_byte_slice(&block).clone();
    header.set_cksum();
    let bytes = header.as_bytes().to_vec();
    let member = TarArchive::plain(&bytes, &Limits::DEFAULT)
        .next_member()
        .expect("a header")
        .expect("a member");
    assert_eq!(member.size_bytes, (2 << 32) + 1);
}

#[test]
fn damage_is_named() {
    let whole = tar_of(&[("a", b"first"), ("b", b"second")]);
    let changed = |place: usize| {
        let mut bytes = whole.clone();
        bytes[place] ^= 1;
        bytes
    };
    for (bytes, reason) in [
        (changed(0), "check sum (at byte 0)"),
        (changed(1024), "check sum (at byte 1024)"),
        (whole[..700].to_vec(), "ends here (at byte 700)"),
        (whole[..1100].to_vec(), "ends here (at byte 1100)"),
        (raw(b'x', b"x", b"99 path=a\n"), "extended header"),
        (raw(b'x', b"x", b"path"), "extended header"),
        (raw(b'x', b"x", b"9 size=x\n"), "extended header"),
        (
            raw(b'x', b"x", b"9999999999999999999999 path=a\n"),
            "extended header",
        ),
        (raw(b'x', b"x", b"1 path=a\n"), "extended header"),
    ] {
        let why = ours(&bytes, &Limits::DEFAULT)
            .expect_err("damaged")
            .to_string();
        assert!(why.contains(reason), "{why} instead of {reason}");
    }
    let negative = {
        let mut block = raw(b'0', b"a", b"");
        block[124..136].fill(0xff);
        let mut header = tar::Header::from_byte_slice(&block[..512]).clone();
        header.set_cksum();
        header.as_bytes().to_vec()
    };
    let why = ours(&negative, &Limits::DEFAULT)
        .expect_err("damaged")
        .to_string();
    assert!(why.contains("not a number"), "{why}");
}

#[test]
fn limits_hold() {
    let defaults = Limits::DEFAULT;
    let long = "x".repeat(300);
    let bytes = tar_of(&[("a", b"first"), (&long, b"second")]);
    for (limits, reason) in [
        (
            Limits {
                members: 2,
                ..defaults
            },
            "number of members: more than 2",
        ),
        (
            Limits {
                name_bytes: 200,
                ..defaults
            },
            "more than 200",
        ),
        (
            Limits {
                name_bytes: 299,
                ..defaults
            },
            "more than 299",
        ),
        (
            Limits {
                inflated_bytes: 1024,
                ..defaults
            },
            "more than 1024",
        ),
    ] {
        let why = ours(&bytes, &limits).expect_err("too much").to_string();
        assert!(why.contains(reason), "{why} instead of {reason}");
    }
    let header = raw(
        b'x',
        b"x",
        format!("312 path={}\n", "y".repeat(302)).as_bytes(),
    );
    let limits = Limits {
        extended_header_bytes: 311,
        ..defaults
    };
    assert!(matches!(
        ours(&header, &limits),
        Err(ArchiveError::TooMuch { limit: 311, .. })
    ));
}

#[test]
fn what_a_header_claims_is_not_allocated() {
    let mut header = tar::Header::new_gnu();
    header.set_size(u64::MAX >> 1);
    header.set_entry_type(tar::EntryType::new(b'L'));
    header.set_cksum();
    assert!(ours(header.as_bytes(), &Limits::DEFAULT).is_err());
}

#[test]
fn gzip_members_follow_each_other() {
    let bytes = tar_of(&[("a", b"first"), ("b", b"second")]);
    let (first, second) = bytes.split_at(600);
    let compressed = [gzip(first), gzip(second)].concat();
    let mut archive = TarArchive::gzip(&compressed, &Limits::DEFAULT);
    let mut names = Vec::new();
    while let Some(member) = archive.next_member().expect("a member") {
        names.push(member.shown_name());
    }
    assert_eq!(names, ["a", "b"]);
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let _ = ours(&bytes, &Limits::DEFAULT);
        let _ = ours(&raw(b'x', b"x", &bytes), &Limits::DEFAULT);
        let _ = ours(&raw(b'L', b"x", &bytes), &Limits::DEFAULT);
        let _ = TarArchive::gzip(&bytes, &Limits::DEFAULT).next_member();
    }

    #[test]
    fn any_extended_header_is_survived(text in "([0-9]{1,2} (path|size)=[a0-9]{0,5}\n){0,4}") {
        let _ = ours(&raw(b'x', b"x", text.as_bytes()), &Limits::DEFAULT);
    }

    #[test]
    fn cut_and_changed_archives_are_survived(
        cut in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut bytes = tar_of(&[("a", b"first"), (&"x".repeat(300), b"second")]);
        let mut compressed = gzip(&bytes);
        for (place, byte) in changes {
            let (plain, packed) = (place.index(bytes.len()), place.index(compressed.len()));
            bytes[plain] = byte;
            compressed[packed] = byte;
        }
        let _ = ours(&bytes[..cut.index(bytes.len())], &Limits::DEFAULT);
        let compressed = &compressed[..cut.index(compressed.len())];
        let mut archive = TarArchive::gzip(&compressed, &Limits::DEFAULT);
        while let Ok(Some(_)) = archive.next_member() {}
    }

    #[test]
    fn any_generated_archive_is_read_as_the_tar_crate_reads_it(
        files in prop::collection::vec(("[a-zé]{1,150}", any::<Vec<u8>>()), 0..6),
    ) {
        let members: Vec<(&str, &[u8])> =
            files.iter().map(|(name, bytes)| (&**name, &**bytes)).collect();
        let bytes = tar_of(&members);
        let ours = ours(&bytes, &Limits::DEFAULT).expect("an archive");
        prop_assert_eq!(&ours, &theirs(&bytes));
        prop_assert_eq!(ours, files);
    }
}
