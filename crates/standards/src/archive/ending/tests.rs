use proptest::prelude::*;

use super::*;
use crate::archive::samples::{gzip, sdist, tar_of, wheel};

/// An xz archive that holds nothing.
const XZ: &[u8] =
    b"\xfd7zXZ\0\x00\x04\xe6\xd6\xb4F\0\0\0\0\x1c\xdfD!\x1f\xb6\xf3}\x01\0\0\0\0\x04YZ";

const SIGNATURE: &[u8] =
    b"-----BEGIN PGP SIGNATURE-----\n\niQ==\n=abcd\n-----END PGP SIGNATURE-----\n";

fn ending(bytes: &[u8], file_name: &str) -> Result<Ending, String> {
    ends_well(&bytes, file_name).map_err(|error| error.to_string())
}

fn samples() -> Vec<(Vec<u8>, &'static str)> {
    vec![
        (wheel(), "demo-1.0-py3-none-any.whl"),
        (wheel(), "demo-1.0.zip"),
        (wheel(), "demo-1.0-py3.egg"),
        (sdist(), "demo-1.0.tar.gz"),
        (sdist(), "demo-1.0.TGZ"),
        (XZ.to_vec(), "demo-1.0.tar.xz"),
        (tar_of(&[("a", b"b")]), "demo-1.0.tar"),
        (SIGNATURE.to_vec(), "demo-1.0.tar.gz.asc"),
    ]
}

#[test]
fn whole_files_end_well() {
    for (bytes, name) in samples() {
        assert_eq!(ending(&bytes, name), Ok(Ending::Whole), "{name}");
    }
}

#[test]
fn a_file_that_is_cut_anywhere_does_not_end_well() {
    for (bytes, name) in samples() {
        // Line ends of a signature do not matter, and a tar archive ends in more zeros than needed.
        let whole = match name {
            "demo-1.0.tar" => 1536,
            _ => bytes.trim_ascii_end().len().max(bytes.len() - 1),
        };
        let shortest = if bytes == SIGNATURE { 10 } else { 0 };
        for length in shortest..whole {
            assert!(
                ending(&bytes[..length], name).is_err(),
                "{name} cut at {length}"
            );
        }
    }
}

#[test]
fn a_file_whose_rest_is_still_zeros_does_not_end_well() {
    // Programs that set a file's length before they write it.
    for (bytes, name) in samples() {
        if name == "demo-1.0.tar" {
            continue;
        }
        let mut half = bytes.clone();
        half[bytes.len() / 2..].fill(0);
        assert!(ending(&half, name).is_err(), "{name}");
    }
}

#[test]
fn something_behind_the_end_is_named() {
    for (bytes, name, why) in [
        (
            wheel(),
            "a-1-py3-none-any.whl",
            "something follows the archive",
        ),
        (sdist(), "a-1.tar.gz", "something follows the archive"),
    ] {
        let error = ending(&[&bytes[..], b"more"].concat(), name).expect_err("more");
        assert!(error.contains(why), "{error}");
    }
    let mut padded = sdist();
    padded.resize(padded.len() + 100_000, 0);
    assert_eq!(ending(&padded, "a-1.tar.gz"), Ok(Ending::Whole));
    padded.push(1);
    assert!(ending(&padded, "a-1.tar.gz").is_err());
    let padded = [XZ, &[0; 8]].concat();
    assert_eq!(ending(&padded, "a-1.tar.xz"), Ok(Ending::Whole));
}

#[test]
fn several_gzip_members_are_one_file() {
    let both = [gzip(b"a"), gzip(b"b")].concat();
    assert_eq!(ending(&both, "a-1.tar.gz"), Ok(Ending::Whole));
    assert!(ending(&both[..both.len() - 1], "a-1.tar.gz").is_err());
}

#[test]
fn a_changed_byte_of_gzip_is_found_by_its_check_sum() {
    let mut bytes = gzip(&[7; 1000]);
    let crc = bytes.len() - 8;
    bytes[crc] ^= 1;
    assert!(ending(&bytes, "a-1.tar.gz").is_err());
}

#[test]
fn every_byte_of_an_xz_footer_counts() {
    for place in XZ.len() - 12..XZ.len() {
        let mut bytes = XZ.to_vec();
        bytes[place] ^= 1;
        assert!(ending(&bytes, "a-1.tar.xz").is_err(), "byte {place}");
    }
}

#[test]
fn other_files_say_nothing_unless_they_are_empty() {
    for name in ["a-1.tar.bz2", "a-1.exe", "a-1.tar.Z", "noext", ""] {
        assert_eq!(ending(b"x", name), Ok(Ending::Unknown), "{name}");
        assert!(ending(b"", name).is_err(), "{name}");
    }
    assert_eq!(
        ending(b"\x88binary signature", "a-1.whl.asc"),
        Ok(Ending::Unknown)
    );
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let limits = Limits {
        inflated_bytes: 1 << 20,
        ..Limits::DEFAULT
    };
    let bomb = gzip(&vec![0; 8 << 20]);
    assert!(matches!(
        ends_well_within(&bomb, "a-1.tar.gz", &limits),
        Err(ArchiveError::TooMuch { .. })
    ));
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for (_, name) in samples() {
            let _ = ending(&bytes, name);
        }
        let _ = ending(&[b"\xfd7zXZ\0", &bytes[..]].concat(), "a-1.tar.xz");
    }
}
