use proptest::prelude::*;

use super::*;
use crate::archive::samples::{METADATA, RawMember, gzip, raw_zip, sdist, tar_of, wheel, zip_of};

const WHEEL: &str = "demo-1.0-py3-none-any.whl";

#[test]
fn a_wheel_s_metadata_is_returned_unmodified() {
    let read = wheel_metadata(&wheel(), WHEEL).expect("a wheel");
    assert_eq!(read.metadata, METADATA);
    assert_eq!(read.directory, "demo-1.0.dist-info");
}

#[test]
fn an_open_file_is_read_as_bytes_in_memory_are() {
    let path = std::env::temp_dir().join(format!("wheelhouse-read-at-{}", std::process::id()));
    let bytes = wheel();
    std::fs::write(&path, &bytes).expect("a temporary file");
    let file = std::fs::File::open(&path).expect("it was just written");
    std::fs::remove_file(&path).expect("it was just written");
    let source = crate::archive::FileAt::new(&file, bytes.len() as u64);
    assert_eq!(
        wheel_metadata(&source, WHEEL).expect("a wheel").metadata,
        METADATA
    );
    // A file that has become shorter than it was said to be.
    let source = crate::archive::FileAt::new(&file, bytes.len() as u64 + 1000);
    assert!(wheel_metadata(&source, WHEEL).is_err());
}

#[test]
fn the_folder_need_not_be_called_like_the_file_unless_there_are_two() {
    let odd = zip_of(&[("Other_Name-2.dist-info/METADATA", METADATA)]);
    let read = wheel_metadata(&odd, WHEEL).expect("a wheel");
    assert_eq!(read.directory, "Other_Name-2.dist-info");

    let two = zip_of(&[
        ("other-2.dist-info/METADATA", b"other"),
        ("Demo-1.0.dist-info/METADATA", METADATA),
        ("vendored/demo-1.0.dist-info/METADATA", b"deeper"),
    ]);
    assert_eq!(
        wheel_metadata(&two, WHEEL).expect("a wheel").metadata,
        METADATA
    );
    for file_name in ["third-1-py3-none-any.whl", "odd.whl", ""] {
        let error = wheel_metadata(&two, file_name).expect_err("which one?");
        assert_eq!(
            error.to_string(),
            "archive holds both `other-2.dist-info/METADATA` and `Demo-1.0.dist-info/METADATA`"
        );
    }
}

#[test]
fn one_path_twice_is_refused() {
    let member = RawMember::stored("demo-1.0.dist-info/METADATA", METADATA);
    let twice = raw_zip(&[member.clone(), member]);
    assert!(matches!(
        wheel_metadata(&twice, WHEEL),
        Err(ArchiveError::SeveralMetadata { .. })
    ));
}

#[test]
fn a_wheel_without_metadata_is_named_as_such() {
    for members in [
        &[("demo/METADATA", METADATA)][..],
        &[("demo-1.0.dist-info/metadata", METADATA)],
        &[("a/demo-1.0.dist-info/METADATA", METADATA)],
        &[],
    ] {
        let error = wheel_metadata(&zip_of(members), WHEEL).expect_err("nothing there");
        assert_eq!(error.to_string(), "archive holds no `*.dist-info/METADATA`");
    }
}

#[test]
fn an_sdist_s_pkg_info_is_the_one_on_top() {
    let names = ["demo-1.0.tar.gz", "demo-1.0.tgz", "DEMO-1.0.TAR.GZ"];
    for name in names {
        assert_eq!(
            sdist_metadata(&sdist(), name).expect("an sdist").as_deref(),
            Some(METADATA)
        );
    }
    let members: &[(&str, &[u8])] = &[
        ("demo-1.0/demo.egg-info/PKG-INFO", b"not this one"),
        ("PKG-INFO", b"nor this one"),
        ("demo-1.0/PKG-INFO", METADATA),
    ];
    for (bytes, name) in [
        (zip_of(members), "demo-1.0.zip"),
        (tar_of(members), "demo-1.0.tar"),
    ] {
        assert_eq!(
            sdist_metadata(&bytes, name).expect("an sdist").as_deref(),
            Some(METADATA)
        );
    }
    for name in [
        "demo-1.0.tar.bz2",
        "demo-1.0.tar.xz",
        "demo-1.0.tar.Z",
        "",
        ".zip",
        "é",
    ] {
        assert_eq!(
            sdist_metadata(&sdist(), name).expect("not read"),
            None,
            "{name}"
        );
    }
}

#[test]
fn a_path_may_begin_with_this_folder() {
    assert!(is_top_pkg_info(b"./demo-1.0/PKG-INFO"));
    for path in [
        "PKG-INFO",
        "./PKG-INFO",
        "/PKG-INFO",
        "a/b/PKG-INFO",
        "a/pkg-info",
    ] {
        assert!(!is_top_pkg_info(path.as_bytes()), "{path}");
    }
}

#[test]
fn a_folder_or_link_called_pkg_info_is_passed_over() {
    for kind in [tar::EntryType::Symlink, tar::EntryType::Directory] {
        let mut header = tar::Header::new_gnu();
        header.set_path("demo-1.0/PKG-INFO").expect("short");
        header.set_entry_type(kind);
        header.set_size(0);
        header.set_cksum();
        let file = tar_of(&[("demo-1.0/PKG-INFO", METADATA)]);
        let bytes = gzip(&[header.as_bytes(), &file[..]].concat());
        let read = sdist_metadata(&bytes, "demo-1.0.tar.gz").expect("an sdist");
        assert_eq!(read.as_deref(), Some(METADATA), "{kind:?}");
    }
}

#[test]
fn an_sdist_without_pkg_info_is_named_as_such() {
    let bytes = gzip(&tar_of(&[("demo-1.0/setup.py", b"")]));
    let error = sdist_metadata(&bytes, "demo-1.0.tar.gz").expect_err("nothing there");
    assert_eq!(error.to_string(), "archive holds no `*/PKG-INFO`");
}

#[test]
fn reading_an_sdist_stops_at_the_file() {
    let bytes = sdist();
    let cut = gzip(&tar_of(&[("demo-1.0/PKG-INFO", METADATA)])[..1024]);
    let mut damaged = cut.clone();
    damaged.extend(b"rubbish");
    for bytes in [&bytes, &cut, &damaged] {
        let read = sdist_metadata(bytes, "demo-1.0.tar.gz").expect("an sdist");
        assert_eq!(read.as_deref(), Some(METADATA));
    }
}

#[test]
fn an_egg_s_pkg_info_is_read() {
    let egg = zip_of(&[("EGG-INFO/PKG-INFO", METADATA), ("demo.py", b"")]);
    let read = egg_metadata(&egg, "demo-1.0-py2.7.egg").expect("an egg");
    assert_eq!(read.as_deref(), Some(METADATA));
    assert_eq!(egg_metadata(&egg, "demo").expect("not read"), None);
    assert!(matches!(
        egg_metadata(&wheel(), "demo-1.0-py2.7.egg"),
        Err(ArchiveError::NoMetadata("EGG-INFO/PKG-INFO"))
    ));
}

fn stops(why: &str, read: impl FnOnce() -> Result<(), ArchiveError>) {
    let error = read().expect_err("too much").to_string();
    assert!(error.contains(why), "{error} instead of {why}");
}

#[test]
fn bombs_stop_at_the_limits() {
    let limits = Limits {
        inflation_free_bytes: 1 << 20,
        ..Limits::DEFAULT
    };
    let zeros = vec![0; 16 << 20];

    let honest = zip_of(&[("demo-1.0.dist-info/METADATA", &zeros)]);
    stops("metadata file", || wheel_metadata(&honest, WHEEL).map(drop));

    // What inflates to more than it claims is not inflated to its end.
    let deflated = {
        let mut encoder =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, &zeros).expect("memory takes bytes");
        encoder.finish().expect("memory takes bytes")
    };
    let mut liar = RawMember::stored("demo-1.0.dist-info/METADATA", &deflated);
    (liar.method, liar.size_bytes) = (8, 100);
    let liar = raw_zip(&[liar]);
    stops("another size", || wheel_metadata(&liar, WHEEL).map(drop));

    let before = gzip(&tar_of(&[("a", &zeros), ("demo-1.0/PKG-INFO", METADATA)]));
    stops("multiple of its compressed size", || {
        sdist_metadata_within(&before, "demo-1.0.tar.gz", &limits).map(drop)
    });
    let within = gzip(&tar_of(&[("demo-1.0/PKG-INFO", &zeros)]));
    stops("metadata file", || {
        sdist_metadata(&within, "demo-1.0.tar.gz").map(drop)
    });
    let limits = Limits {
        inflated_bytes: 1 << 20,
        ..Limits::DEFAULT
    };
    stops("without its compression", || {
        sdist_metadata_within(&before, "demo-1.0.tar.gz", &limits).map(drop)
    });

    let many: Vec<String> = (0..5_000).map(|n| format!("{n}")).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (&**name, &b""[..])).collect();
    let limits = Limits {
        members: 4_999,
        ..Limits::DEFAULT
    };
    stops("number of members", || {
        wheel_metadata_within(&zip_of(&many), WHEEL, &limits).map(drop)
    });
    stops("number of members", || {
        sdist_metadata_within(&gzip(&tar_of(&many)), "demo-1.0.tar.gz", &limits).map(drop)
    });
}

#[test]
fn small_archives_of_zeros_are_no_bombs() {
    let bytes = gzip(&tar_of(&[
        ("a", &vec![0; 16 << 20]),
        ("demo-1.0/PKG-INFO", METADATA),
    ]));
    let read = sdist_metadata(&bytes, "demo-1.0.tar.gz").expect("an sdist");
    assert_eq!(read.as_deref(), Some(METADATA));
}

proptest! {
    #[test]
    fn any_bytes_under_any_name_are_survived(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        name in "(demo-1|é|){1}\\.(whl|zip|egg|tar\\.gz|tar|tgz)",
    ) {
        let _ = wheel_metadata(&bytes, &name);
        let _ = sdist_metadata(&bytes, &name);
        let _ = egg_metadata(&bytes, &name);
    }

    #[test]
    fn a_changed_wheel_never_yields_other_metadata(
        place in any::<prop::sample::Index>(),
        bit in 0..8_u8,
    ) {
        let mut bytes = wheel();
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        if let Ok(read) = wheel_metadata(&bytes, WHEEL) {
            prop_assert_eq!(read.metadata, METADATA);
        }
    }
}
