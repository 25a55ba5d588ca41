use jiff::civil::date;

use super::*;

const KEPT: &str = "# Changelog

All notable changes to this project.

## [Unreleased]

### Added

- A thing.

## [1.2.0](https://git.example/compare/1.1...1.2) - 2026-01-31

- Older.

## [1.1.0] - 2025-12-24 [YANKED]

[Unreleased]: https://git.example/compare/1.2...HEAD
";

const PLAIN: &str = "1.3 (unreleased)
- new

1.2 (2016-05-01)
- older
  1.0 (2015-01-01) was the first

1.1 (2016-04-01)
";

const CRIED: &str = "Release notes
=============

.. towncrier release notes start

demo 1.2.0 (2026-02-03)
=======================

Features
--------

- A thing. (#12)

demo 1.1.0 (2026-01-02)
=======================

No significant changes.
";

fn version(text: &str) -> Version {
    text.parse().expect(text)
}

fn told(text: &str) -> Vec<(usize, String, Dated, bool)> {
    let changelog = Changelog::parse(text);
    let each = changelog.entries().iter().map(|entry| {
        let version = entry.version.as_ref();
        let version = version.map_or_else(|| "-".to_owned(), ToString::to_string);
        (entry.line, version, entry.date.clone(), entry.has_changes)
    });
    each.collect()
}

fn on(year: i16, month: i8, day: i8) -> Dated {
    Dated::On(date(year, month, day))
}

#[test]
fn keep_a_changelog_is_read() {
    assert_eq!(
        told(KEPT),
        [
            (5, "-".into(), Dated::Pending, true),
            (11, "1.2.0".into(), on(2026, 1, 31), true),
            (15, "1.1.0".into(), on(2025, 12, 24), false),
        ]
    );
}

#[test]
fn plain_lines_are_read() {
    assert_eq!(
        told(PLAIN),
        [
            (1, "1.3".into(), Dated::Pending, true),
            (4, "1.2".into(), on(2016, 5, 1), true),
            (8, "1.1".into(), on(2016, 4, 1), false),
        ]
    );
}

#[test]
fn what_towncrier_writes_is_read() {
    assert_eq!(
        told(CRIED),
        [
            (6, "1.2.0".into(), on(2026, 2, 3), true),
            (14, "1.1.0".into(), on(2026, 1, 2), true),
        ]
    );
}

#[test]
fn other_forms_are_read() {
    for (text, expected) in [
        ("## v2.0.0 (2026-01-02)\n- x\n", ("2.0.0", on(2026, 1, 2))),
        (
            "Version 2.0 - 2026/01/02\n----\n- x\n",
            ("2.0", on(2026, 1, 2)),
        ),
        ("# 2.0rc1 — 2026.01.02\n- x\n", ("2.0rc1", on(2026, 1, 2))),
        ("## 2.0\n- x\n", ("2.0", Dated::Missing)),
        ("2.0\n\n- x\n", ("2.0", Dated::Missing)),
        ("2.0 - TBD\n- x\n", ("2.0", Dated::Pending)),
        (
            "## 2.0 (May 1st, 2016)\n- x\n",
            ("2.0", Dated::Unreadable("May 1st, 2016".into())),
        ),
        (
            "## 2.0 (2026-02-30)\n- x\n",
            ("2.0", Dated::Unreadable("2026-02-30".into())),
        ),
        (
            "=======\nDemo 2.0\n=======\n\n- x\n",
            ("2.0", Dated::Missing),
        ),
        ("\u{feff}## 2.0\r\n\r\n- x\r\n", ("2.0", Dated::Missing)),
    ] {
        let told = told(text);
        assert_eq!(told.len(), 1, "{text:?}");
        assert_eq!(
            (told[0].1.as_str(), &told[0].2),
            (expected.0, &expected.1),
            "{text:?}"
        );
        assert!(told[0].3, "{text:?}");
    }
}

#[test]
fn text_is_no_heading() {
    for text in [
        "2.0 is coming soon\n",
        "- 2.0 (2026-01-01)\n",
        "  2.0 (2026-01-01)\n",
        "# Changelog of the v2 API\n",
        "```\n## 2.0 - 2026-01-01\n```\n",
        "<!--\n## 2.0 - 2026-01-01\n-->\n",
        "2026\n",
        "see\n2.0\n",
        "",
        "\n\n",
    ] {
        assert_eq!(told(text), [], "{text:?}");
    }
}

#[test]
fn what_is_missing_is_told_with_what_to_write() {
    let today = date(2026, 11, 23);
    let fault = |text: &str, wanted: &str| {
        let changelog = Changelog::parse(text);
        let fault = changelog
            .released(&version(wanted), today)
            .expect_err(wanted);
        (fault.line, fault.to_string(), fault.fix)
    };
    let (line, what, fix) = fault(KEPT, "1.3.0");
    assert_eq!(line, 5);
    assert!(what.contains("1.3.0") && what.contains("wait"), "{what}");
    assert!(
        fix.contains("## [1.3.0] - 2026-11-23") && fix.contains("--bump 1.3.0"),
        "{fix}"
    );
    let (line, what, fix) = fault(KEPT, "1.1.0");
    assert_eq!(
        (line, what.as_str()),
        (15, "the entry of 1.1.0 says nothing")
    );
    assert!(fix.contains("below it"));
    let (line, what, fix) = fault(PLAIN, "1.3");
    assert_eq!(
        (line, what.as_str()),
        (1, "the entry of 1.3 is not released yet")
    );
    assert_eq!(fix, "write `1.3 (2026-11-23)`");
    let (line, what, fix) = fault(CRIED, "1.3");
    assert_eq!(
        (line, what.as_str()),
        (6, "there is no entry of 1.3; the first is that of 1.2.0")
    );
    assert!(
        fix.starts_with("write `demo 1.3 (2026-11-23)` in line 6"),
        "{fix}"
    );
    assert_eq!(
        fault("", "1.0").2,
        "write `## 1.0 - 2026-11-23` in line 1 and what has changed below it"
    );
    let (_, what, _) = fault("## 1.0 (May 1st 2016)\n- x\n", "1.0");
    assert_eq!(what, "`May 1st 2016` is no date such as 2026-11-23");
    let good = Changelog::parse(KEPT).released(&version("1.2"), today);
    assert_eq!(good.expect("1.2.0 is 1.2"), date(2026, 1, 31));
}

#[test]
fn release_is_written_in_the_form_of_the_changelog() {
    let today = date(2026, 11, 23);
    let written = |text: &str, wanted: &str| {
        Changelog::parse(text)
            .with_release(&version(wanted), today)
            .expect(wanted)
    };
    let kept = written(KEPT, "1.3.0");
    assert_eq!(
        kept.text,
        KEPT.replace(
            "## [Unreleased]\n",
            "## [Unreleased]\n\n## [1.3.0] - 2026-11-23\n"
        )
    );
    assert_eq!(
        (kept.line, kept.heading.as_str()),
        (7, "## [1.3.0] - 2026-11-23")
    );
    for (wanted, heading) in [("1.3", "1.3 (2026-11-23)"), ("2.0", "2.0 (2026-11-23)")] {
        let plain = written(PLAIN, wanted);
        assert_eq!(plain.text, PLAIN.replace("1.3 (unreleased)", heading));
        assert_eq!(plain.line, 1);
    }
    let underlined = "Version 1.10 (unreleased)\n=========================\n- x\n\nVersion 1.9 (2025.01.01)\n====\n";
    let done = written(underlined, "1.10");
    assert!(
        done.text
            .starts_with("Version 1.10 (2026.11.23)\n=========================\n- x\n"),
        "{}",
        done.text
    );
    let dated = written(PLAIN, "1.2");
    assert_eq!((dated.text.as_str(), dated.line), (PLAIN, 4));
    let windows = KEPT.replace('\n', "\r\n");
    let expected = kept.text.replace('\n', "\r\n");
    assert_eq!(written(&windows, "1.3.0").text, expected);
    for text in [KEPT, PLAIN, CRIED, &windows] {
        let changelog = Changelog::parse(text);
        for wanted in ["1.3", "9.0"] {
            if let Ok(written) = changelog.with_release(&version(wanted), today) {
                let again = Changelog::parse(written.text);
                assert_eq!(again.released(&version(wanted), today), Ok(today));
                assert_eq!(
                    again.entry(&version(wanted)).expect("it").line,
                    written.line
                );
            }
        }
    }
}

#[test]
fn release_that_nothing_is_said_about_is_not_written() {
    let today = date(2026, 11, 23);
    for text in [
        CRIED,
        "",
        "## [Unreleased]\n\n## [1.0.0] - 2025-01-01\n- x\n",
    ] {
        let fault = Changelog::parse(text).with_release(&version("3.0"), today);
        let fault = fault.expect_err(text);
        assert!(!fault.fix.is_empty());
    }
}
