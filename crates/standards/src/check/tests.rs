use super::Strictness::{Lenient, Standard, Strict};
use super::*;
use crate::archive::samples::{
    METADATA, RawMember, gzip, raw_zip, raw_zip_parts, tar_of, zip_end, zip_of,
};

const WHEEL: &str = "demo-1.0-py3-none-any.whl";
const SDIST: &str = "demo-1.0.tar.gz";
const INFO: &str = "demo-1.0.dist-info";

fn look(bytes: &[u8], file_name: &str) -> Vec<Finding> {
    check_file(&bytes, file_name).expect("memory can be read")
}

/// The findings about a name, whatever is in the file.
fn of_name(file_name: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    match file_name.parse() {
        Ok(name) => file_name::check(&name, &mut findings),
        Err(_) => findings = look(b"", file_name),
    }
    findings
}

fn texts(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|f| f.message.as_str()).collect()
}

/// The only finding about a file.
fn only(bytes: &[u8], file_name: &str) -> Finding {
    let findings = look(bytes, file_name);
    assert_eq!(findings.len(), 1, "{findings:?}");
    findings[0].clone()
}

/// A wheel with its listing right, and these members besides or in place of its own.
fn wheel_with(members: &[(&str, &[u8])]) -> Vec<u8> {
    let metadata = format!("{INFO}/METADATA");
    let wheel = format!("{INFO}/WHEEL");
    let record_path = format!("{INFO}/RECORD");
    let mut all: Vec<(&str, &[u8])> = vec![
        ("demo.py", b"x = 1\n"),
        (&metadata, METADATA),
        (&wheel, b"Wheel-Version: 1.0\n"),
    ];
    for &(path, bytes) in members {
        match all.iter_mut().find(|(known, _)| *known == path) {
            Some(own) => own.1 = bytes,
            None => all.push((path, bytes)),
        }
    }
    let listed = all.iter().map(|(path, bytes)| {
        format!(
            "{path},sha256=x,{}
",
            bytes.len()
        )
    });
    let record: String = listed
        .chain([format!(
            "{record_path},,
"
        )])
        .collect();
    if !members.iter().any(|(path, _)| *path == record_path) {
        all.push((&record_path, record.as_bytes()));
    }
    zip_of(&all)
}

fn wheel_saying(fields: &str) -> Vec<u8> {
    wheel_with(&[(&format!("{INFO}/METADATA"), fields.as_bytes())])
}

/// The findings about a wheel whose metadata begins well and has these fields.
fn about(version: &str, fields: &str) -> Vec<Finding> {
    look(
        &wheel_saying(&format!(
            "Metadata-Version: {version}\nName: demo\nVersion: 1.0\n{fields}\n"
        )),
        WHEEL,
    )
}

fn raw_wheel(change: impl FnOnce(&mut Vec<RawMember>)) -> Vec<RawMember> {
    let mut members = vec![
        RawMember::stored("demo.py", b"x = 1\n"),
        RawMember::stored(&format!("{INFO}/METADATA"), METADATA),
        RawMember::stored(&format!("{INFO}/WHEEL"), b"Wheel-Version: 1.0\n"),
        RawMember::stored(
            &format!("{INFO}/RECORD"),
            format!(
                "demo.py,,6\n{INFO}/METADATA,,{}\n{INFO}/WHEEL,,19\n{INFO}/RECORD,,\n",
                METADATA.len()
            )
            .as_bytes(),
        ),
    ];
    change(&mut members);
    members
}

#[test]
fn a_sound_wheel_and_a_sound_sdist_have_no_findings() {
    assert_eq!(look(&wheel_with(&[]), WHEEL), []);
    assert_eq!(look(&raw_zip(&raw_wheel(|_| {})), WHEEL), []);
    let sdist = gzip(&tar_of(&[
        ("demo-1.0/setup.py", b"x"),
        ("demo-1.0/PKG-INFO", METADATA),
    ]));
    assert_eq!(look(&sdist, SDIST), []);
}

#[test]
fn a_wheel_must_have_its_three_files() {
    let bytes = zip_of(&[("demo.py", b"x")]);
    let findings = look(&bytes, WHEEL);
    for file in ["METADATA", "WHEEL", "RECORD"] {
        assert!(
            findings
                .iter()
                .any(|f| f.message.contains(&format!("no `{INFO}/{file}`"))),
            "{file}: {findings:?}"
        );
    }
    assert!(
        only(b"not a zip", WHEEL)
            .message
            .contains("damaged archive")
    );
    // The folder must be that of the file name.
    let findings = look(&wheel_with(&[]), "demo-1.1-py3-none-any.whl");
    assert!(
        texts(&findings)
            .iter()
            .any(|text| text.contains("no `demo-1.1.dist-info/METADATA`"))
    );
}

#[test]
fn what_two_readers_may_see_differently_is_told() {
    let told = |change: fn(&mut Vec<RawMember>)| only(&raw_zip(&raw_wheel(change)), WHEEL).message;
    assert!(told(|m| m[0].local_name = "evil.py".into()).contains("another name"));
    assert!(
        told(|m| {
            let twin = m[0].clone();
            m.push(twin);
        })
        .contains("two members with the path `demo.py`")
    );
    assert!(told(|m| m[0].name = "de\u{1}mo.py".into()).contains("another name"));
    assert!(
        told(|m| {
            m[0].name = "a\u{1}b".into();
            m[0].local_name = m[0].name.clone();
        })
        .contains("control character")
    );
    assert!(
        told(|m| {
            m[0].name = "../evil.py".into();
            m[0].local_name = m[0].name.clone();
        })
        .contains("`..` in its path")
    );
    assert!(
        told(|m| {
            m[0].name = "/evil.py".into();
            m[0].local_name = m[0].name.clone();
        })
        .contains("absolute path")
    );
    assert!(told(|m| m[0].method = 12).contains("method 12"));
    assert!(told(|m| m[0].flags = 1).contains("encrypted"));

    let sound = raw_zip(&raw_wheel(|_| {}));
    let with_front = [b"#!".as_slice(), &sound].concat();
    assert!(
        only(&with_front, WHEEL)
            .message
            .contains("before the archive")
    );
    let with_rest = [&sound, b"rest".as_slice()].concat();
    assert!(
        only(&with_rest, WHEEL)
            .message
            .contains("follows the archive")
    );

    let (members, directory) = raw_zip_parts(&raw_wheel(|_| {}));
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).expect("small");
    let with_comment = [
        members.clone(),
        directory.clone(),
        zip_end(4, length(&directory), length(&members), b"a comment"),
    ]
    .concat();
    assert!(only(&with_comment, WHEEL).message.contains("a comment"));
    let with_gap = [
        [members.clone(), b"gap".to_vec()].concat(),
        directory.clone(),
        zip_end(4, length(&directory), length(&members) + 3, b""),
    ]
    .concat();
    assert!(
        only(&with_gap, WHEEL)
            .message
            .contains("followed by something")
    );

    let mut other_size = sound.clone();
    other_size[22] ^= 1;
    assert!(
        only(&other_size, WHEEL)
            .message
            .contains("another size or check sum")
    );
    let mut other_method = sound;
    other_method[8] = 8;
    assert!(
        only(&other_method, WHEEL)
            .message
            .contains("packed in another way")
    );
}

#[test]
fn a_wheel_that_is_a_tar_archive_too_is_told() {
    let mut member = RawMember::stored("demo.bin", &[0; 600]);
    member.bytes[257 - 30 - 8..][..5].copy_from_slice(b"ustar");
    member.crc32 = crc32fast::hash(&member.bytes);
    let bytes = raw_zip(&[member]);
    assert!(texts(&look(&bytes, WHEEL))[0].contains("tar archive"));
}

#[test]
fn a_wheel_that_would_grow_out_of_all_measure_is_told() {
    let mut member = RawMember::stored("zeros", b"packed");
    member.method = 8;
    member.size_bytes = 200 << 20;
    let bytes = raw_zip(&raw_wheel(|members| members.push(member)));
    assert!(only(&bytes, WHEEL).message.contains("50 times as much"));
}

#[test]
fn a_record_that_lists_something_else_is_a_matter_of_policy() {
    let bytes = wheel_with(&[(
        &format!("{INFO}/RECORD"),
        b"demo.py,,7\nghost.py,,1\n\"quoted, \"\"path\"\".py\",,1\n",
    )]);
    let finding = only(&bytes, WHEEL);
    assert_eq!(finding.gravity, Gravity::Policy(Policy::RecordMismatch));
    for words in ["another size for `demo.py`", "does not list", "and 2 more"] {
        assert!(finding.message.contains(words), "{finding:?}");
    }
    let sealed = raw_zip(&raw_wheel(|m| {
        m.push(RawMember::stored(&format!("{INFO}/RECORD.jws"), b"{}"));
    }));
    assert_eq!(
        look(&sealed, WHEEL),
        [],
        "what signs the listing is not in it"
    );
}

#[test]
fn entry_points_must_be_readable() {
    let path = format!("{INFO}/entry_points.txt");
    let bytes = wheel_with(&[(&path, b"[console_scripts]\n../x = demo:main\n")]);
    assert!(only(&bytes, WHEEL).message.contains("`../x`"));
}

fn tar_entry(kind: u8, name: &str, link: &str) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
    header.set_entry_type(tar::EntryType::new(kind));
    header.set_size(0);
    header.set_mode(0o644);
    header.set_cksum();
    header.as_bytes().to_vec()
}

#[test]
fn an_sdist_is_one_folder_of_plain_files() {
    let sound = tar_of(&[("demo-1.0/PKG-INFO", METADATA)]);
    for (kind, name, link, words) in [
        (b'0', "/etc/passwd", "", "absolute path"),
        (b'0', "demo-1.0/../../x", "", "`..` in its path"),
        (b'0', "other/x", "", "one folder"),
        (b'0', "x", "", "one folder"),
        (b'0', "demo-1.0/PKG-INFO", "", "two members"),
        (
            b'2',
            "demo-1.0/a/x",
            "../../../etc/passwd",
            "outside the sdist",
        ),
        (b'2', "demo-1.0/x", "/etc/passwd", "outside the sdist"),
        (
            b'2',
            "demo-1.0/x",
            "../other/../demo-1.0/y",
            "outside the sdist",
        ),
        (b'1', "demo-1.0/x", "../x", "outside the sdist"),
        (b'3', "demo-1.0/x", "", "device"),
        (b'6', "demo-1.0/x", "", "pipe"),
        (b'S', "demo-1.0/x", "", "sparse"),
        (b'W', "demo-1.0/x", "", "type `W`"),
    ] {
        let mut bytes = sound[..1024].to_vec();
        bytes.extend(tar_entry(kind, name, link));
        bytes.extend([0; 1024]);
        let finding = only(&gzip(&bytes), SDIST);
        assert!(finding.message.contains(words), "{name}: {finding:?}");
        assert_eq!(finding.gravity, Gravity::Broken);
    }
    let mut bytes = sound[..1024].to_vec();
    bytes.extend(tar_entry(b'2', "demo-1.0/a/x", "../y"));
    bytes.extend(tar_entry(b'1', "demo-1.0/z", "demo-1.0/PKG-INFO"));
    bytes.extend(tar_entry(b'5', "demo-1.0/a/", ""));
    bytes.extend([0; 1024]);
    assert_eq!(look(&gzip(&bytes), SDIST), [], "links within are fine");

    assert!(
        only(&gzip(&tar_of(&[("demo-1.0/x", b"x")])), SDIST)
            .message
            .contains("no `demo-1.0/PKG-INFO`")
    );
    assert!(only(b"no gzip", SDIST).message.contains("damaged"));
    let zeros = gzip(&tar_of(&[("demo-1.0/zeros", &vec![0; 80 << 20])]));
    assert!(!look(&zeros, SDIST).is_empty(), "a bomb");
}

#[test]
fn identity_is_what_the_file_is_called() {
    for (metadata, words) in [
        (
            "Name: demo\nVersion: 1.0\n",
            "`Metadata-Version` is missing",
        ),
        ("Metadata-Version: 1.3\nName: demo\nVersion: 1.0\n", "`1.3`"),
        ("Metadata-Version: 2.1\nVersion: 1.0\n", "`Name` is missing"),
        (
            "Metadata-Version: 2.1\nName: d\u{e9}mo\nVersion: 1.0\n",
            "`Name` is `d\u{e9}mo`",
        ),
        (
            "Metadata-Version: 2.1\nName: other\nVersion: 1.0\n",
            "called after `demo`",
        ),
        (
            "Metadata-Version: 2.1\nName: demo\n",
            "`Version` is missing",
        ),
        (
            "Metadata-Version: 2.1\nName: demo\nVersion: one\n",
            "`Version` is `one`",
        ),
        (
            "Metadata-Version: 2.1\nName: demo\nVersion: 1.1\n",
            "called after version `1.0`",
        ),
    ] {
        let findings = look(&wheel_saying(metadata), WHEEL);
        assert!(texts(&findings)[0].contains(words), "{words}: {findings:?}");
    }
    let other_spelling = "Metadata-Version: 2.1\nName: DEMO\nVersion: 1.0.0\n";
    assert_eq!(look(&wheel_saying(other_spelling), WHEEL), []);
    for version in [
        "1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6",
    ] {
        assert_eq!(about(version, ""), [], "{version}");
    }
}

#[test]
fn values_are_judged_field_by_field() {
    for (version, field, words) in [
        ("2.1", "Summary: a\nSummary: b", "more than once"),
        ("2.1", "Summary: a\n b", "one line"),
        (
            "2.1",
            "Description-Content-Type: text/html",
            "text/markdown",
        ),
        (
            "2.1",
            "Description-Content-Type: text/plain; charset=latin-1",
            "UTF-8",
        ),
        (
            "2.1",
            "Description-Content-Type: text/markdown; variant=Mine",
            "GFM",
        ),
        (
            "2.1",
            "Requires-Python: three",
            "`Requires-Python` is `three`",
        ),
        ("2.1", "Requires-Dist: a b c", "`Requires-Dist` is `a b c`"),
        ("2.1", "Provides-Extra: a b", "`Provides-Extra`"),
        ("2.3", "Provides-Extra: A_b", "must be written `a-b`"),
        ("2.1", "Project-URL: no address", "a comma"),
        ("2.1", "Project-URL: , https://a.example", "1 to 32"),
        ("2.4", "License-Expression: free for all", "SPDX"),
        ("2.4", "License-Expression: MIT\nLicense: MIT", "both given"),
        (
            "2.4",
            "License-File: LICENSE",
            "has no `demo-1.0.dist-info/licenses/LICENSE`",
        ),
        ("2.4", "License-File: ../LICENSE", "`..`"),
        ("2.4", "License-File: LICEN*", "not a pattern"),
        ("2.2", "Dynamic: Version", "never be dynamic"),
        ("2.2", "Dynamic: Colour", "not a field"),
        ("2.5", "Import-Name: a.class", "`class`"),
        ("2.5", "Import-Name: a; secret", "only `private`"),
        ("2.5", "Import-Name: a\nImport-Namespace: a", "both an"),
        ("1.2", "Dynamic: Summary", "metadata version 2.2"),
        ("2.3", "License-Expression: MIT", "metadata version 2.4"),
    ] {
        let findings = about(version, field);
        assert!(
            findings
                .iter()
                .any(|f| f.message.contains(words) && f.gravity == Gravity::Broken),
            "{field}: {findings:?}"
        );
    }
}

#[test]
fn what_indexes_differ_about_is_policy_or_advice() {
    for (field, gravity) in [
        (
            format!("Summary: {}", "x".repeat(513)),
            Gravity::Policy(Policy::LooseMetadata),
        ),
        (
            "Home-page: nowhere".into(),
            Gravity::Policy(Policy::LooseMetadata),
        ),
        (
            "Project-URL: Home, ftp://a.example".into(),
            Gravity::Policy(Policy::LooseMetadata),
        ),
        ("Colour: red".into(), Gravity::Policy(Policy::LooseMetadata)),
        (
            "Classifier: Topic :: Nonsense".into(),
            Gravity::Policy(Policy::UnknownClassifier),
        ),
        (
            "Classifier: Topic :: Communications :: Chat :: AOL Instant Messenger".into(),
            Gravity::Policy(Policy::UnknownClassifier),
        ),
        (
            "Requires-Dist: a @ https://a.example/a.whl".into(),
            Gravity::Policy(Policy::DirectReference),
        ),
        ("Author-email: nobody".into(), Gravity::Advice),
    ] {
        let findings = about("2.1", &field);
        assert_eq!(findings.len(), 1, "{field}: {findings:?}");
        assert_eq!(findings[0].gravity, gravity, "{field}");
    }
    for sound in [
        "Summary: UNKNOWN",
        "License-File: LICENSE",
        "Requires-Python: >=3.8,",
        "Requires-Dist: a (>=1.0) ; extra == 'b'",
        "Requires-Dist: a===anything",
        "Classifier: Private :: Ours",
        "Author-email: \"A, B\" <a@b.example>, c@d.example",
        "Description-Content-Type: text/markdown; charset=UTF-8; variant=GFM",
    ] {
        assert_eq!(about("2.1", sound), [], "{sound}");
    }
    for sound in [
        "Import-Name: a.b ; private",
        "License-Expression: mit or LicenseRef-Ours",
        "Import-Name:",
    ] {
        assert_eq!(about("2.5", sound), [], "{sound}");
    }
}

#[test]
fn licence_files_are_where_the_standard_puts_them() {
    let metadata = b"Metadata-Version: 2.4\nName: demo\nVersion: 1.0\nLicense-File: a/LICENSE\n";
    let wheel = wheel_with(&[
        (&format!("{INFO}/METADATA"), metadata),
        (&format!("{INFO}/licenses/a/LICENSE"), b"free"),
    ]);
    assert_eq!(look(&wheel, WHEEL), []);
    let sdist = gzip(&tar_of(&[
        ("demo-1.0/PKG-INFO", metadata),
        ("demo-1.0/a/LICENSE", b"free"),
    ]));
    assert_eq!(look(&sdist, SDIST), []);
    let without = gzip(&tar_of(&[("demo-1.0/PKG-INFO", metadata)]));
    assert!(
        only(&without, SDIST)
            .message
            .contains("no `demo-1.0/a/LICENSE`")
    );
}

#[test]
fn file_names_are_spelled_as_the_standard_has_them() {
    for (name, words) in [
        ("demo-1.0.exe", "Bad filename"),
        (
            "Foo.Bar-1.0-py3-none-any.whl",
            "`foo_bar-1.0-py3-none-any.whl`",
        ),
        ("foo-bar-1.0.tar.gz", "`foo_bar-1.0.tar.gz`"),
        ("demo-1.0.zip", "`.tar.gz`"),
        ("demo-1.0-py3-none-any.egg", "Bad filename"),
    ] {
        let findings = of_name(name);
        assert!(texts(&findings)[0].contains(words), "{name}: {findings:?}");
        assert_eq!(findings[0].gravity, Gravity::Broken);
    }
    let gravities = |name: &str| of_name(name).iter().map(|f| f.gravity).collect::<Vec<_>>();
    assert_eq!(gravities("demo-1.0-py3-none-any.whl"), []);
    assert_eq!(
        gravities("demo-1.0+cu126.tar.gz"),
        [Gravity::Policy(Policy::LocalVersion)]
    );
    assert_eq!(
        gravities("demo-1.0-py3-none-linux_x86_64.whl"),
        [Gravity::Policy(Policy::PlatformTag)]
    );
}

#[test]
fn a_policy_says_what_is_refused() {
    let refuses = |strictness, refused: &[Policy], gravity| {
        let policy = CheckPolicy {
            strictness,
            refused: refused.to_vec(),
        };
        policy.refuses(&Finding::new(gravity, "x"))
    };
    let local = Gravity::Policy(Policy::LocalVersion);
    let record = Gravity::Policy(Policy::RecordMismatch);
    for (strictness, refused, gravity, expected) in [
        (Lenient, &[][..], Gravity::Broken, false),
        (Standard, &[], Gravity::Broken, true),
        (Strict, &[], Gravity::Broken, true),
        (Strict, &[], Gravity::Advice, false),
        (Lenient, &[], local, false),
        (Standard, &[], local, false),
        (Strict, &[], local, true),
        (Lenient, &[Policy::LocalVersion], local, true),
        (Strict, &[], record, false),
        (Standard, &[Policy::RecordMismatch], record, true),
    ] {
        assert_eq!(
            refuses(strictness, refused, gravity),
            expected,
            "{strictness:?} {gravity:?}"
        );
    }
    for &policy in Policy::ALL {
        assert_eq!(Policy::from_name(policy.name()), Some(policy));
    }
    assert_eq!(Policy::from_name("everything"), None);
}
