//! Names, versions and specifiers.

use wheelhouse_standards::name::{ProjectKey, ProjectName};
use wheelhouse_standards::specifier::RequiresPython;
use wheelhouse_standards::version::VersionText;

use super::{ask, assert_none, samples, spelled};

#[test]
fn names_are_valid_and_normalized_as_there() {
    let mut texts: Vec<String> = samples()
        .flat_map(|sample| {
            let name = sample.name;
            [
                name.to_owned(),
                name.to_ascii_uppercase(),
                spelled(name, "_.-"),
                format!("{name}-"),
            ]
        })
        .collect();
    texts.extend(
        [
            "_a", "a_", "a..b", "a b", "a\n", "é", "É", "a/b", ".", "-", "1", "İ", "Σ", "aΣ",
        ]
        .map(str::to_owned),
    );
    texts.extend(short_names());
    let mut differences = Vec::new();
    for (text, answer) in texts.iter().zip(ask("names", &texts)) {
        let valid = text.parse::<ProjectName>().ok();
        let key = ProjectKey::of(text).expect("no sample is empty");
        // Letters are made small one by one here, so a final sigma is like any other.
        let there = answer["key"].as_str().map(|key| key.replace('ς', "σ"));
        if valid.as_ref().map(ProjectName::as_str) != answer["valid"].as_str()
            || Some(key.as_str()) != there.as_deref()
        {
            differences.push(format!("{text:?}: {valid:?} {key:?}, there {answer}"));
        }
    }
    assert_none(&differences);
}

/// All short texts over the characters that decide about names.
fn short_names() -> Vec<String> {
    let mut texts = vec![String::new()];
    for length in 1..=4 {
        let shorter: Vec<String> = texts
            .iter()
            .filter(|text| text.chars().count() == length - 1)
            .cloned()
            .collect();
        for text in shorter {
            texts.extend(
                ["a", "B", "7", "-", "_", ".", "é", " "].map(|piece| format!("{text}{piece}")),
            );
        }
    }
    texts.remove(0);
    texts
}

#[test]
fn versions_are_read_and_ordered_as_there() {
    let mut texts: Vec<String> = samples()
        .flat_map(|sample| {
            let version = sample.version;
            [
                version.to_owned(),
                format!(" v{}\u{a0}", version.to_ascii_uppercase()),
                format!("{version}.0.0"),
                format!("{version}-01"),
                format!("{version}_DEV"),
                format!("0{version}+Cu-001.x"),
            ]
        })
        .collect();
    texts.extend(odd_versions());
    let mut differences = Vec::new();
    let mut ranked = Vec::new();
    for (text, answer) in texts.iter().zip(ask("versions", &texts)) {
        let ours = VersionText::from(text.as_str());
        let strict = ours.to_version();
        if strict.is_some() == answer.is_null() {
            differences.push(format!("{text:?}: {strict:?}, there {answer}"));
        } else if let Some(strict) = strict {
            if answer["canonical"] != *ours.canonical()
                || answer["prerelease"] != ours.is_prerelease()
                || answer["local"] != strict.is_local()
                || VersionText::from(answer["trimmed"].as_str().unwrap()).key() != ours.key()
            {
                differences.push(format!("{text:?}: {}, there {answer}", ours.canonical()));
            }
            ranked.push((answer["rank"].as_u64().unwrap(), ours));
        } else {
            assert!(ours < VersionText::from("0.dev0"), "{text:?}");
        }
    }
    assert!(ranked.len() > 10_000, "most of the sample is valid");
    ranked.sort_by_key(|(rank, _)| *rank);
    for pair in ranked.windows(2) {
        let [(low_rank, low), (high_rank, high)] = pair else {
            unreachable!("windows of two")
        };
        if low_rank.cmp(high_rank) != low.key().cmp(high.key()) {
            differences.push(format!("{low:?} {low_rank}, {high:?} {high_rank}"));
        }
    }
    assert_none(&differences);
}

/// All short texts over the characters that versions are made of, and some long ones.
fn odd_versions() -> Vec<String> {
    let mut texts = vec![String::new()];
    let pieces = [
        "1", "0", ".", "-", "_", "+", "!", "a", "rc", "c", "pre", "post", "r", "rev", "dev", "v",
        " ", "alpha", "x",
    ];
    for length in 0..3 {
        let shorter: Vec<String> = texts
            .iter()
            .filter(|t| t.len() >= length)
            .cloned()
            .collect();
        for text in shorter {
            texts.extend(pieces.map(|piece| format!("{text}{piece}")));
        }
        texts.sort();
        texts.dedup();
    }
    let tails: Vec<String> = texts.iter().map(|text| format!("1.0{text}")).collect();
    texts.extend(tails);
    texts.extend(
        [
            "\u{1f}1.0",
            "1.0\u{85}",
            "1.0\u{200b}",
            "１.０",
            "1.0.poſt1",
            "1.0\n",
            "1.0\0",
            "99999999999999999999999999999999999999999.1",
            "1.0+00000000000000000000000000000001",
        ]
        .map(str::to_owned),
    );
    texts.push("1.".repeat(2_000) + "1");
    texts.push("9".repeat(300));
    texts.push("9".repeat(299));
    texts
}

#[test]
fn specifiers_are_readable_as_there() {
    /// Where we say no and `packaging` says yes, or the other way round.
    const KNOWN: [(&str, &str); 8] = [
        ("", "nothing is no specifier that a page should show"),
        (",", "nothing is no specifier that a page should show"),
        (
            ">=99999999999999999999",
            "other installers cannot read numbers over 64 bits, and no Python has such a version",
        ),
        (" ", "nothing is no specifier that a page should show"),
        ("===", "equality with nothing is never true"),
        ("=== ", "equality with nothing is never true"),
        (" === ,!=3.0.*,", "equality with nothing is never true"),
        (" ===  ,!=3.0.*,", "equality with nothing is never true"),
    ];
    let mut texts: Vec<String> = Vec::new();
    for operator in [
        "", "=", "==", "===", "!=", ">", ">=", "<", "<=", "~=", "=>", "><",
    ] {
        for version in [
            "3",
            "3.6",
            "3.6.1",
            "3.*",
            "3.6.*",
            "3.6+l",
            "3.6a1",
            "3.6.dev1",
            "*",
            "",
            "x",
            "v3",
            "3.6.post1",
            "3a*",
            "3.6a1.*",
            "1!3",
            "3 .6",
            "3.6 3.7",
            "3.6;",
            "3.6)",
            "03.06",
            "3.6+l.*",
            "3.6.dev1.*",
            "3.6-1",
            "3.",
            "3.6\u{a0}",
            "3..6",
        ] {
            for space in ["", " "] {
                texts.push(format!("{operator}{space}{version}"));
                texts.push(format!(" {operator}{space}{version} ,!=3.0.*,"));
            }
        }
    }
    texts.extend(KNOWN.map(|(text, _)| text.to_owned()));
    let mut differences = Vec::new();
    for (text, answer) in texts.iter().zip(ask("specifiers", &texts)) {
        let ours = text.parse::<RequiresPython>();
        let known = KNOWN.iter().any(|(known, _)| known == text);
        if (answer == ours.is_ok()) == known {
            differences.push(format!("{text:?}: {ours:?}, there {answer}"));
        }
        if let Ok(ours) = ours {
            assert!(
                texts
                    .iter()
                    .any(|text| text.contains(ours.as_str()) || text.contains(','))
            );
        }
    }
    assert_none(&differences);
}
