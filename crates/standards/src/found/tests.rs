use super::*;
use proptest::prelude::*;

fn parts(base_name: &str) -> Option<(FileKind, String, String)> {
    FoundFile::of(base_name)
        .map(|found| (found.kind, found.spelled_name, found.version.to_string()))
}

#[track_caller]
fn assert_parts(base_name: &str, kind: FileKind, name: &str, version: &str) {
    assert_eq!(
        parts(base_name),
        Some((kind, name.to_owned(), version.to_owned())),
        "{base_name:?}"
    );
}

#[test]
fn every_known_pattern_is_recognised() {
    use FileKind::{Egg, Sdist, Wheel, WindowsInstaller};
    for (base_name, kind, name, version) in [
        ("demo-1.0.zip", Sdist, "demo", "1.0"),
        ("demo-1.0.TAR.GZ", Sdist, "demo", "1.0"),
        ("demo-1.0.tgz", Sdist, "demo", "1.0"),
        ("demo-1.0.tar.bz2", Sdist, "demo", "1.0"),
        ("demo-1.0.Tar.Xz", Sdist, "demo", "1.0"),
        ("demo-1.0-py2.7.egg", Egg, "demo", "1.0"),
        ("demo-1.0-py3.10-linux-x86_64.egg", Egg, "demo", "1.0"),
        ("demo-1.0-py2.7-linux-x86_64.egg", Egg, "demo", "1.0"),
        ("a_b-1.0-py3-none-any.whl", Wheel, "a_b", "1.0"),
        ("demo-1.0.win32-py2.6.exe", WindowsInstaller, "demo", "1.0"),
        (
            "demo-1.0.win-amd64-py2.7.msi",
            WindowsInstaller,
            "demo",
            "1.0",
        ),
        ("demo-1.0-py2.7-win32.exe", WindowsInstaller, "demo", "1.0"),
        ("demo-1.0.linux-x86_64.tar.gz", Sdist, "demo", "1.0"),
        ("a-b-c-1.0.1.tar.gz", Sdist, "a-b-c", "1.0.1"),
        ("a.b-1.0rc1.zip", Sdist, "a.b", "1.0rc1"),
        ("demo-1.0-1.zip", Sdist, "demo", "1.0-1"),
        ("a-b-1.zip", Sdist, "a-b", "1"),
        ("a-b-1!2.0+l.o.zip", Sdist, "a-b", "1!2.0+l.o"),
    ] {
        assert_parts(base_name, kind, name, version);
        assert_parts(
            &format!("{base_name}.asc"),
            FileKind::Signature,
            name,
            version,
        );
    }
}

#[test]
fn other_files_are_not_packages() {
    for base_name in [
        "",
        ".asc",
        "notes.txt",
        "demo-1.0.tar",
        "demo-1.0.tar.Z",
        "demo_1.0_all.deb",
        "demo-1.0.rpm",
        "demo-1.0.exe",
        "demo-1.0.win-amd64-py3.10.exe",
        "demo-1.0-py3-none-any.WHL",
        "demo-1.0-none-any.whl",
        "demo-py3-none-any.whl",
        "demo-1.0-py3-none-any.whl.metadata",
        "demo-1.0-py2.7-linux.egg.metadata",
        "demo-1.0-py2.7-linux.egg.provenance",
        "demo-1.0.zip.ASC",
        "demo-1.0.zip.asc.asc",
        "demo-1.0.zip\n",
        ".demo-1.0.zip",
        ".zip",
        "dir/demo-1.0.zip",
        "demo\0-1.0.zip",
    ] {
        assert_eq!(FoundFile::of(base_name), None, "{base_name:?}");
    }
}

#[test]
fn a_file_without_a_version_belongs_to_a_project() {
    assert_parts("pkg.zip", FileKind::Sdist, "pkg", "");
    assert_parts("pkg-.zip", FileKind::Sdist, "pkg", "");
    assert_parts("_.zip", FileKind::Sdist, "_", "");
}

#[test]
fn odd_versions_are_kept_as_text() {
    assert_parts("pkg-r12beta.zip", FileKind::Sdist, "pkg", "r12beta");
    assert_parts(
        "pkg-1.0-SNAPSHOT-2020.zip",
        FileKind::Sdist,
        "pkg",
        "1.0-SNAPSHOT-2020",
    );
    assert_parts("a-b-1.0-r12-2.zip", FileKind::Sdist, "a-b", "1.0-r12-2");
    assert_parts("pkg-dev.zip", FileKind::Sdist, "pkg", "dev");
    assert_parts("a-b-Latest.zip", FileKind::Sdist, "a-b", "Latest");
    assert_parts("pkg-3.4f-0.9.zip", FileKind::Sdist, "pkg", "3.4f-0.9");
    assert_parts("pkg-1.0.py3k.zip", FileKind::Sdist, "pkg", "1.0.py3k");
    assert_parts("sp ace-1.0.zip", FileKind::Sdist, "sp ace", "1.0");
    assert_parts("ünï-1.0ß.zip", FileKind::Sdist, "ünï", "1.0ß");
}

// From here on each test is one place where `pypiserver` 2.4.2 guesses wrongly.

#[test]
fn mended_a_part_of_the_name_that_starts_with_a_digit() {
    assert_parts("foo-2bar-1.0.tar.gz", FileKind::Sdist, "foo-2bar", "1.0");
    assert_parts("foo-2b-1.0.tar.gz", FileKind::Sdist, "foo-2b", "1.0");
    assert_parts(
        "py-3d-tools-0.1.dev1.zip",
        FileKind::Sdist,
        "py-3d-tools",
        "0.1.dev1",
    );
}

#[test]
fn mended_build_tags_are_not_glued_to_the_version() {
    assert_parts("foo-217-55-py3-none-any.whl", FileKind::Wheel, "foo", "217");
    // Not by the standard, but plain enough.
    assert_parts(
        "foo-bar-1.0-1-py3-none-any.whl",
        FileKind::Wheel,
        "foo-bar",
        "1.0",
    );
}

#[test]
fn mended_wheels_of_names_with_hyphens() {
    for (base_name, name, version) in [
        ("foo-2bar-1.0-py3-none-any.whl", "foo-2bar", "1.0"),
        ("a-2048-0.1-1-py3-none-any.whl", "a-2048", "0.1"),
        ("foo-bar-1.0.odd-1-py3-none-any.whl", "foo-bar", "1.0.odd"),
    ] {
        assert_parts(base_name, FileKind::Wheel, name, version);
    }
}

#[test]
fn mended_a_word_is_not_a_version() {
    assert_parts("foo-bar.tar.gz", FileKind::Sdist, "foo-bar", "");
    assert_parts("foo-bar-baz.zip", FileKind::Sdist, "foo-bar-baz", "");
}

#[test]
fn mended_a_version_without_a_dot_after_a_name_with_one() {
    assert_parts(
        "zope.foo-bar-1.tar.gz",
        FileKind::Sdist,
        "zope.foo-bar",
        "1",
    );
    assert_parts("foo-1-py2.7.egg", FileKind::Egg, "foo", "1");
}

#[test]
fn mended_no_name_is_empty() {
    assert_parts("-1.0.zip", FileKind::Sdist, "-1.0", "");
    assert_parts("-1.0-2.0.zip", FileKind::Sdist, "-1.0-2.0", "");
}

#[test]
fn mended_wheels_of_versions_that_start_with_v() {
    assert_parts("foo-v1.0-py3-none-any.whl", FileKind::Wheel, "foo", "v1.0");
}

#[test]
fn upload_names_are_plain_recognised_and_visible() {
    use UploadFilenameReason as R;
    for name in [
        "demo-1.0.zip",
        "Demo_x-1!1.0+l.tar.gz",
        "demo-1.0.zip.asc",
        "pkg.zip",
    ] {
        let upload: UploadFilename = name.parse().expect(name);
        assert_eq!(upload.as_str(), name);
        assert_eq!(Some(upload.found()), FoundFile::of(name).as_ref());
    }
    for (name, reason) in [
        ("", R::Empty),
        (".demo-1.0.zip", R::Hidden),
        ("..", R::Hidden),
        ("../demo-1.0.zip", R::Character('/')),
        ("a\\demo-1.0.zip", R::Character('\\')),
        ("demo-1.0.zip\n", R::Character('\n')),
        ("sp ace-1.0.zip", R::Character(' ')),
        ("dém-1.0.zip", R::Character('é')),
        ("\u{212a}-1.0.zip", R::Character('\u{212a}')),
        ("demo-1.0.exe", R::Unrecognised),
        ("demo.whl", R::Unrecognised),
    ] {
        let error = name.parse::<UploadFilename>().expect_err(name);
        assert_eq!(error.reason, reason, "{name:?}");
    }
    let long = format!("{}-1.0.zip", "a".repeat(248));
    let error = long.parse::<UploadFilename>().expect_err("256 bytes");
    assert_eq!(error.reason, R::TooLong);
    assert!(long[1..].parse::<UploadFilename>().is_ok());
}

#[test]
fn an_upload_error_is_one_line_that_begins_with_the_name() {
    let error = "a\r\nb".parse::<UploadFilename>().expect_err("two lines");
    assert_eq!(
        format!("Bad filename: {error}"),
        r"Bad filename: a\r\nb (contains '\r'; use ASCII letters, digits, `_`, `.`, `!`, `+`, `-`)"
    );
    let error = "x"
        .repeat(3_000)
        .parse::<UploadFilename>()
        .expect_err("long");
    assert!(error.to_string().len() < 150);
}

proptest! {
    #[test]
    fn a_found_file_always_belongs_to_a_project(
        base_name in prop_oneof![
            ".*",
            ".*(\\.zip|\\.whl|\\.egg|-py2\\.7-|\\.win32-py2\\.7\\.)(\\.asc)?",
            "[a1é._+-]{0,9}(\\.zip|\\.whl|\\.egg|-py2\\.7-x|\\.win32-py2\\.7\\.x)",
        ]
    ) {
        if let Some(found) = FoundFile::of(&base_name) {
            prop_assert!(!found.spelled_name.is_empty());
            prop_assert!(base_name.starts_with(&found.spelled_name));
            prop_assert!(base_name.contains(found.version.as_str()));
            prop_assert_eq!(Some(found.key), crate::name::ProjectKey::of(&found.spelled_name));
        }
    }
}
