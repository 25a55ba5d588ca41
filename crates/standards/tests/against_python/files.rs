//! File names by the standards.

use serde_json::{Value, json};
use wheelhouse_standards::filename::{SdistFilename, WheelFilename};

use super::{ask, assert_none, samples, spelled};

#[test]
fn wheel_names_are_read_as_there() {
    /// Names that `packaging` reads and we refuse.
    const KNOWN: [(&str, &str); 8] = [
        (
            "_demo-1.0-py3-none-any.whl",
            "no project name ends or starts with a separator",
        ),
        (
            "demo.-1.0-py3-none-any.whl",
            "no project name ends or starts with a separator",
        ),
        ("démo-1.0-py3-none-any.whl", "project names are ASCII"),
        ("demo- 1.0-py3-none-any.whl", "no part holds a blank"),
        ("demo-1.0-1 -py3-none-any.whl", "no part holds a blank"),
        ("demo-1.0-py3-none-a/b.whl", "a file name is no path"),
        (
            "demo-1.0-py3-none-a\nb.whl",
            "no part holds a control character",
        ),
        (
            "demo-1.0-py3-none-a+b.whl",
            "tags are letters, digits and `_`",
        ),
    ];
    let mut texts: Vec<String> = samples()
        .flat_map(|sample| {
            let (name, version) = (sample.name, sample.version);
            let escaped = spelled(name, "_");
            [
                format!("{escaped}-{version}-py3-none-any.whl"),
                format!("{escaped}-{version}-1-py2.py3-none-any.whl"),
                format!("{}-{version}-2local.x-cp311-cp311.abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", spelled(name, ".")),
                format!("{name}-{version}-py3-none-any.whl"),
                format!("{escaped}-{version}-b1-py3-none-any.whl"),
            ]
        })
        .collect();
    texts.extend(
        [
            "",
            ".whl",
            "-.whl",
            "----.whl",
            "a-1-py3-none-any.WHL",
            "a-1-3-none-any.whl",
            "a-1--none-any.whl",
            "a-1-py3--any.whl",
            "a-1-py3-none-.whl",
            "a-1-py3.-none-any.whl",
            "a__b-1-py3-none-any.whl",
            "-1-py3-none-any.whl",
            "a--py3-none-any.whl",
            "a-1-00-py3-none-any.whl",
        ]
        .map(str::to_owned),
    );
    texts.extend(KNOWN.map(|(text, _)| text.to_owned()));
    compare("wheels", &texts, &KNOWN, |text| {
        let wheel: WheelFilename = text.parse().ok()?;
        let mut tags = Vec::new();
        for python in wheel.python_tags() {
            for abi in wheel.abi_tags() {
                // `packaging` shows tags in lower case.
                let sets = wheel
                    .platform_tags()
                    .map(|platform| format!("{python}-{abi}-{platform}"));
                tags.extend(sets.map(|set| set.to_lowercase()));
            }
        }
        tags.sort();
        // `packaging` reads the digits of a build tag as a number.
        let build = wheel.build().map(|build| {
            let letters = build.trim_start_matches(|c: char| c.is_ascii_digit());
            let number: u64 = build[..build.len() - letters.len()].parse().unwrap();
            format!("{number}{letters}")
        });
        Some(json!({
            "project": wheel.project().as_str(),
            "version": wheel.version().canonical(),
            "build": build.unwrap_or_default(),
            "tags": tags,
        }))
    });
}

#[test]
fn sdist_names_are_read_as_there() {
    /// Names that `packaging` reads and we refuse.
    const KNOWN: [(&str, &str); 5] = [
        (
            "_demo-1.0.tar.gz",
            "no project name ends or starts with a separator",
        ),
        (
            "demo--1.0.tar.gz",
            "no project name ends or starts with a separator",
        ),
        ("a b-1.0.tar.gz", "no part holds a blank"),
        ("a/b-1.0.tar.gz", "a file name is no path"),
        ("démo-1.0.tar.gz", "project names are ASCII"),
    ];
    let mut texts: Vec<String> = samples()
        .flat_map(|sample| {
            let (name, version) = (sample.name, sample.version);
            [
                format!("{}-{version}.tar.gz", spelled(name, "_")),
                format!("{name}-{version}.zip"),
                format!(
                    "{}-{version}.tar.gz",
                    spelled(name, ".").to_ascii_uppercase()
                ),
                format!("{name}-{version}.tar.bz2"),
                format!("{name}-{version}-linux.tar.gz"),
            ]
        })
        .collect();
    texts.extend(["", ".tar.gz", "a.zip", "-1.zip", "a-.zip", "a-1.ZIP"].map(str::to_owned));
    texts.extend(KNOWN.map(|(text, _)| text.to_owned()));
    compare("sdists", &texts, &KNOWN, |text| {
        let sdist: SdistFilename = text.parse().ok()?;
        Some(json!({
            "project": sdist.project().as_str(),
            "version": sdist.version().canonical(),
        }))
    });
}

fn compare(
    subject: &str,
    texts: &[String],
    known: &[(&str, &str)],
    ours: impl Fn(&str) -> Option<Value>,
) {
    let mut differences = Vec::new();
    let mut read = 0;
    for (text, answer) in texts.iter().zip(ask(subject, texts)) {
        let ours = ours(text).unwrap_or(Value::Null);
        let is_known = known.iter().any(|(known, _)| known == text);
        read += usize::from(!ours.is_null());
        if (answer == ours) == is_known {
            differences.push(format!("{text:?}: {ours}, there {answer}"));
        }
    }
    assert!(
        read > texts.len() / 3,
        "only {read} of {} are read",
        texts.len()
    );
    assert_none(&differences);
}
