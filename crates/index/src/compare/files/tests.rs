use wheelhouse_testkit::zip_of;

use super::*;
use crate::compare::{HookKind, LineKind};

const OLD: &str = "demo-1.0-py3-none-any.whl";
const NEW: &str = "demo-2.0-py3-none-any.whl";

type Members<'m> = &'m [(&'m str, &'m [u8])];

fn zip(members: Members<'_>) -> Vec<u8> {
    let members: Vec<_> = members
        .iter()
        .map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec()))
        .collect();
    zip_of(&members)
}

fn compared(old: Members<'_>, new: Members<'_>) -> Comparison {
    compare((&zip(old), OLD), (&zip(new), NEW)).expect("bytes in memory can be read")
}

fn paths(comparison: &Comparison) -> Vec<(&str, WhatChanged)> {
    let files = comparison.files.iter();
    files.map(|file| (file.path.as_str(), file.what)).collect()
}

#[test]
fn files_are_new_gone_or_different_whatever_version_is_in_their_folder() {
    let found = compared(
        &[
            ("demo/a.py", b"a = 1\n"),
            ("demo/b.py", b"b\n"),
            ("demo/same.py", b"same\n"),
            ("demo-1.0.dist-info/METADATA", b"Name: demo\nVersion: 1.0\n"),
            ("demo-1.0.dist-info/RECORD", b"old"),
        ],
        &[
            ("demo/a.py", b"a = 2\n"),
            ("demo/c.py", b"c\n"),
            ("demo/same.py", b"same\n"),
            ("demo-2.0.dist-info/METADATA", b"Name: demo\nVersion: 2.0\n"),
            ("demo-2.0.dist-info/RECORD", b"new"),
        ],
    );
    assert_eq!(
        paths(&found),
        [
            ("*.dist-info/METADATA", WhatChanged::Changed),
            ("demo/a.py", WhatChanged::Changed),
            ("demo/b.py", WhatChanged::Removed),
            ("demo/c.py", WhatChanged::Added),
            ("*.dist-info/RECORD", WhatChanged::Changed),
        ]
    );
    assert_eq!((found.unchanged, found.notes.len()), (1, 0));
    let FileDiff::Lines {
        hunks,
        is_cut: false,
    } = &found.files[1].diff
    else {
        panic!("{:?}", found.files[1].diff);
    };
    let lines: Vec<_> = hunks[0]
        .lines
        .iter()
        .map(|line| (line.kind, line.text.as_str()))
        .collect();
    assert_eq!(
        lines,
        [(LineKind::Removed, "a = 1"), (LineKind::Added, "a = 2")]
    );
    assert!(
        matches!(found.files[3].diff, FileDiff::Lines { .. }),
        "a new file shows its lines"
    );
    assert_eq!(
        found.files[4].diff,
        FileDiff::NotShown("it lists the other files")
    );
}

#[test]
fn what_runs_by_itself_comes_first() {
    let found = compared(
        &[
            ("demo/a.py", b"1"),
            (
                "demo-1.0.dist-info/entry_points.txt",
                b"[console_scripts]\ndemo = demo:main\nold = demo:old\n",
            ),
            ("demo-1.0.data/scripts/run", b"#!/bin/sh\n"),
        ],
        &[
            ("demo/a.py", b"2"),
            ("demo/data.bin", b"\x7fELF\x02\x01\x01\0\0\0"),
            ("demo.pth", b"import demo"),
            (
                "demo-2.0.dist-info/entry_points.txt",
                b"[console_scripts]\ndemo = evil:main\nnew = demo:new\n",
            ),
            ("demo-2.0.data/scripts/run", b"#!/bin/sh\necho\n"),
        ],
    );
    let command = || HookKind::EntryPoint("console_scripts".to_owned());
    let hooks: Vec<_> = found
        .hooks
        .iter()
        .map(|hook| {
            (
                hook.kind.clone(),
                hook.name.as_str(),
                hook.old.is_some(),
                hook.new.is_some(),
            )
        })
        .collect();
    assert_eq!(
        hooks,
        [
            (
                HookKind::File(MemberMark::StartsWithPython),
                "demo.pth",
                false,
                true
            ),
            (
                HookKind::File(MemberMark::NativeLibrary),
                "demo/data.bin",
                false,
                true
            ),
            (command(), "new", false, true),
            (
                HookKind::File(MemberMark::Script),
                "*.data/scripts/run",
                true,
                true
            ),
            (command(), "demo", true, true),
            (command(), "old", true, false),
        ]
    );
    assert_eq!(found.files[0].path, "demo.pth");
    assert_eq!(found.files[1].diff, FileDiff::NotShown("it is not text"));
}

#[test]
fn the_same_size_and_check_sum_hide_nothing() {
    // Two texts of one CRC-32.
    let (old, new) = (b"plumless", b"buckeroo");
    assert_eq!(old.len(), new.len());
    let found = compared(&[("demo/a.py", old)], &[("demo/a.py", new)]);
    assert_eq!(paths(&found), [("demo/a.py", WhatChanged::Changed)]);
}

#[test]
fn sdists_are_compared_below_their_folder() {
    let old = zip(&[
        (
            "demo-1.0/PKG-INFO",
            b"Name: demo\nVersion: 1.0\nRequires-Dist: a\n",
        ),
        (
            "demo-1.0/pyproject.toml",
            b"[build-system]\nbuild-backend = \"hatchling.build\"\n",
        ),
    ]);
    let new = zip(&[
        (
            "demo-2.0/PKG-INFO",
            b"Name: demo\nVersion: 2.0\nRequires-Dist: a>=2\n",
        ),
        (
            "demo-2.0/pyproject.toml",
            b"[build-system]\nbuild-backend = \"local\"\nbackend-path = [\".\"]\n",
        ),
        ("demo-2.0/setup.py", b"import os\n"),
    ]);
    let found = compare((&old, "demo-1.0.zip"), (&new, "demo-2.0.zip")).expect("a comparison");
    let hooks: Vec<_> = found.hooks.iter().map(|hook| hook.name.as_str()).collect();
    assert_eq!(hooks, ["setup.py", "backend-path", "build-backend"]);
    assert_eq!(found.dependencies.len(), 1);
    assert_eq!(found.files[0].path, "setup.py");
}

#[test]
fn damaged_files_are_compared_as_far_as_they_go() {
    let sound = zip(&[("demo/a.py", b"1"), ("demo/b.py", b"2")]);
    let found = compare((&sound, OLD), (&b"nothing".to_vec(), NEW)).expect("a comparison");
    assert_eq!(found.files.len(), 2);
    assert!(
        found.notes[0].contains("was not read to its end"),
        "{:?}",
        found.notes
    );
}

proptest::proptest! {
    #[test]
    fn any_members_and_any_bytes_are_compared(
        old in proptest::collection::vec((".{0,20}", proptest::collection::vec(proptest::num::u8::ANY, 0..100)), 0..6),
        new in proptest::collection::vec((".{0,20}", proptest::collection::vec(proptest::num::u8::ANY, 0..100)), 0..6),
        cut in 0_usize..200,
    ) {
        let (old, mut new) = (zip_of(&old), zip_of(&new));
        for (old_name, new_name) in [(OLD, NEW), ("demo-1.0.zip", "demo-2.0.tar.gz"), ("demo-1.0.egg", OLD)] {
            compare((&old, old_name), (&new, new_name)).expect("bytes in memory can be read");
        }
        // A file that is the same as itself has not changed.
        let same = compare((&old, OLD), (&old, OLD)).expect("bytes in memory can be read");
        proptest::prop_assert!(same.files.is_empty() && same.hooks.is_empty());
        new.truncate(new.len().saturating_sub(cut));
        compare((&old, OLD), (&new, NEW)).expect("bytes in memory can be read");
    }
}
