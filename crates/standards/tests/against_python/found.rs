//! File names as they are found in directories, and names of uploads.

use std::collections::BTreeMap;

use wheelhouse_standards::filename::WheelFilename;
use wheelhouse_standards::found::{FoundFile, UploadFilename};
use wheelhouse_standards::version::VersionText;

use super::{ask, assert_none, samples, spelled};

/// A file name, and the spelled name and version that it was made of.
struct Made {
    file: String,
    name: String,
    version: String,
}

#[test]
fn ordinary_files_belong_where_pypiserver_puts_them_or_where_they_should() {
    let made: Vec<Made> = samples()
        .flat_map(|sample| made(sample.name, sample.version))
        .collect();
    let texts: Vec<String> = made.iter().map(|made| made.file.clone()).collect();
    let mut differences = Vec::new();
    let mut reasons = BTreeMap::<&str, usize>::new();
    for (made, answer) in made.iter().zip(ask("found", &texts)) {
        let theirs = answer["guess"].as_array().map(|guess| {
            let text = |index: usize| guess[index].as_str().unwrap().to_owned();
            (text(0), text(1))
        });
        let ours = FoundFile::of(&made.file).map(|f| (f.spelled_name, f.version.to_string()));
        if ours == theirs {
            continue;
        }
        if let Some(reason) = reason(made, ours.as_ref(), theirs.as_ref()) {
            *reasons.entry(reason).or_default() += 1;
        } else {
            differences.push(format!("{}: {ours:?}, there {theirs:?}", made.file));
        }
    }
    assert_none(&differences);
    assert_eq!(reasons.len(), 6, "each reason is needed: {reasons:?}");
}

type Guess = (String, String);

/// Returns why a guess may differ from pypiserver's.
fn reason(made: &Made, ours: Option<&Guess>, theirs: Option<&Guess>) -> Option<&'static str> {
    let package = made.file.trim_end_matches(".asc");
    let is_wheel = package.strip_suffix(".whl").is_some();
    let ours = ours?;
    let is_glued =
        |theirs: &Guess| ours.0 == theirs.0 && theirs.1.starts_with(&format!("{}-", ours.1));
    if (&ours.0, &ours.1) == (&made.name, &made.version) {
        return Some("it is right");
    }
    // A name with a hyphen was written as it is, and by the standard the file says something else.
    if package.parse::<WheelFilename>().is_ok() {
        return Some("the standard says so");
    }
    let theirs = theirs?;
    if is_wheel && is_glued(theirs) {
        return Some("what may be a build tag is no part of the version");
    }
    if is_wheel && made.version.contains('-') {
        return Some("a wheel's version holds no hyphen");
    }
    if theirs.1.is_empty() && VersionText::from(&*ours.1).is_valid() {
        return Some("a version is better than none");
    }
    (ours.1.is_empty() && !theirs.1.contains(|c: char| c.is_ascii_digit()))
        .then_some("a word is no version")
}

#[test]
fn normal_names_of_valid_versions_are_always_understood() {
    let mut differences = Vec::new();
    for sample in samples().filter(|sample| VersionText::from(sample.version).is_valid()) {
        let name = spelled(sample.name, "_");
        let version = VersionText::from(sample.version).canonical();
        for file in [
            format!("{name}-{version}.tar.gz"),
            format!("{name}-{version}-py3-none-any.whl"),
            format!("{name}-{version}-3-py3-none-any.whl"),
        ] {
            let found = FoundFile::of(&file).expect("a package");
            if (&found.spelled_name, found.version.as_str()) != (&name, &version) {
                differences.push(format!("{file}: {found:?}"));
            }
        }
    }
    assert_none(&differences);
}

fn made(name: &str, version: &str) -> Vec<Made> {
    let mut all = Vec::new();
    for name in [name.to_owned(), spelled(name, "_"), spelled(name, ".")] {
        for after in [
            ".tar.gz",
            ".ZIP",
            ".tgz.asc",
            "-py2.7.egg",
            "-py3.11-linux-x86_64.egg",
            ".linux-x86_64.tar.bz2",
            ".win32-py2.7.exe",
            ".win-amd64-py3.5.msi.asc",
            "-py2.7-win32.exe",
            "-py3-none-any.whl",
            "-1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            "-cp35-none-win_amd64.whl.asc",
        ] {
            all.push(Made {
                file: format!("{name}-{version}{after}"),
                name: name.clone(),
                version: version.to_owned(),
            });
        }
    }
    all
}

#[test]
fn odd_files_are_recognised_as_there() {
    /// Names where we differ, by intent.
    const KNOWN: [(&str, &str); 10] = [
        (
            "demo-1.0-py2.7-x.egg.provenance",
            "it stands beside a package file",
        ),
        ("foo-bar.tar.gz", "a word is no version"),
        ("foo-bar-baz.zip", "a word is no version"),
        ("-1.0.zip", "every file belongs to a project"),
        (
            "foo-2bar-1.0.tar.gz",
            "`2bar-1.0` is no version and `1.0` is",
        ),
        (
            "zope.foo-bar-1.tar.gz",
            "a file without a guessed version has one",
        ),
        ("demo-1.0.zip.asc.asc", "a signature is not signed"),
        ("demo-1.0.zip\n", "a line end belongs to no extension"),
        (
            "foo-v1.0-py3-none-any.whl",
            "a wheel by the standard is one",
        ),
        (
            "foo-1.0-1-py3-none-any.whl",
            "a build tag is no part of the version",
        ),
    ];
    let mut texts: Vec<String> = [
        "",
        "demo",
        "demo.zip",
        "demo.whl",
        "demo-1.0",
        "demo-1.0.tar",
        "demo-1.0.tar.Z",
        "demo-1.0.exe",
        "demo_1.0_all.deb",
        "demo-1.0.rpm",
        "demo-1.0-py3-none-any.WHL",
        "demo-1.0-none-any.whl",
        "demo-1.0-py3-none-any.whl.metadata",
        "demo-1.0.win-amd64-py3.10.exe",
        "demo-1.0.win32-py2.7.exe",
        "demo-1.0.WIN32-PY2.7.EXE",
        "demo-1.0-py2.7-notes.txt",
        "demo-1.0-py2.7-x.zip",
        "demo-py2.7-x-1.0.zip",
        "demo-1.0.zip.ASC",
        "notes.asc",
        "demo-.zip",
        "sp ace-1.0.zip",
        "ünï-1.0ß.zip",
        "a-b.c-1.0.zip",
        "demo-1.0-1.zip",
        "demo-1.0-SNAPSHOT-2.zip",
        "a-1-b-2.zip",
        "a-1.0-b-2.0.zip",
        "1-2-3.zip",
        "demo-1.0-py2.7.zip",
        "demo-1.0-cpython.zip",
        "demo-1.0.py2.zip",
        "demo-dev.zip",
        "demo-1.0-win.zip",
        "a-b-1!2.0+l.o.zip",
        "a-b-1_0.zip",
        "demo-1.0--py3-none-any.whl",
        "demo--1.0-py3-none-any.whl",
        "de-mo-1.0-py3-none-any.whl",
        "de-mo-1.0-1-py3-none.whl",
        "demo-1.0-py3-none-.whl",
        "-1.0-py3-none-any.whl",
        "_.zip",
        "..zip",
        "a.zip.zip",
        "a-1.0.tar.gz.zip",
        "demo-1.0.egg.zip",
    ]
    .map(str::to_owned)
    .into();
    texts.extend(KNOWN.map(|(text, _)| text.to_owned()));
    let mut differences = Vec::new();
    for (text, answer) in texts.iter().zip(ask("found", &texts)) {
        let ours = FoundFile::of(text).map(|found| (found.spelled_name, found.version.to_string()));
        let same = serde_json::json!(ours) == answer["guess"];
        // Names with a leading dot never reach pypiserver's guess.
        let known = text.starts_with('.') || KNOWN.iter().any(|(known, _)| known == text);
        if same == known {
            differences.push(format!("{text:?}: {ours:?}, there {}", answer["guess"]));
        }
    }
    assert_none(&differences);
}

#[test]
fn uploads_may_be_called_what_pypiserver_accepts() {
    /// Names that pypiserver accepts and we refuse.
    const KNOWN: [(&str, &str); 4] = [
        (".demo-1.0.zip", "it would be invisible"),
        ("demo-1.0.zip\n", "a line end belongs to no name"),
        ("\u{212a}-1.0.zip", "only ASCII letters are letters here"),
        ("demo-1.0.zip.asc.asc", "a signature is not signed"),
    ];
    let mut texts: Vec<String> = samples()
        .flat_map(|sample| {
            let (name, version) = (sample.name, sample.version);
            [
                format!("{name}-{version}.tar.gz"),
                format!("{name}-{version}.zip.asc"),
                format!("{name}-{version}-py3-none-any.whl"),
                format!("{name}-{version}.exe"),
                format!("{name}/{version}.zip"),
            ]
        })
        .collect();
    texts.extend(
        [
            "",
            "a b.zip",
            "é.zip",
            "a~.zip",
            "a%20.zip",
            "../a-1.zip",
            "a\\b.zip",
        ]
        .map(str::to_owned),
    );
    texts.extend(KNOWN.map(|(text, _)| text.to_owned()));
    let mut differences = Vec::new();
    for (text, answer) in texts.iter().zip(ask("found", &texts)) {
        let ours = text.parse::<UploadFilename>();
        // A version may start with `v` in a wheel by the standard.
        let known = KNOWN.iter().any(|(known, _)| known == text)
            || (answer["guess"].is_null() && text.parse::<WheelFilename>().is_ok());
        if (answer["upload"] == ours.is_ok()) == known {
            differences.push(format!("{text:?}: {ours:?}, there {answer}"));
        }
    }
    assert_none(&differences);
}
