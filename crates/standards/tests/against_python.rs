//! Names, versions, file names and metadata, compared with what installers (`packaging`) and
//! `pypiserver` 2.4.2 make of the same texts. Each place where we differ stands here with its
//! reason; a difference that has gone away fails too.

use serde_json::Value;
use std::io::Write;
use std::process::{Command, Stdio};

#[path = "against_python/files.rs"]
mod files;
#[path = "against_python/found.rs"]
mod found;
#[path = "against_python/metadata.rs"]
mod metadata;
#[path = "against_python/texts.rs"]
mod texts;

/// One name and one version of the public index, as its listing has them.
struct Sample {
    name: &'static str,
    version: &'static str,
}

/// The sample: all odd versions and very large numbers of the listing, and by chance others, most
/// of them with a pre-release, a local part, or a digit or platform within the name.
fn samples() -> impl Iterator<Item = Sample> {
    include_str!("data/names_and_versions.tsv")
        .lines()
        .map(|line| {
            let (name, version) = line.split_once('\t').expect("two columns");
            Sample { name, version }
        })
}

/// Asks Python about texts of one subject. Answers come in the same order.
fn ask(subject: &str, texts: &[String]) -> Vec<Value> {
    let python = std::env::var_os("WHEELHOUSE_TEST_PYTHON").expect(
        "WHEELHOUSE_TEST_PYTHON must name a Python with `packaging` and `pypiserver`; run ./ci/test, which makes one",
    );
    let mut child = Command::new(python)
        .args(["-I", "-X", "utf8"])
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/against_python.py"
        ))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the Python of WHEELHOUSE_TEST_PYTHON must start");
    let question = serde_json::json!({ subject: texts }).to_string();
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin
        .write_all(question.as_bytes())
        .expect("Python reads all that is asked");
    drop(stdin);
    let output = child
        .wait_with_output()
        .expect("Python ends when it has answered");
    assert!(output.status.success(), "Python failed: {}", output.status);
    let answers: Value = serde_json::from_slice(&output.stdout).expect("Python answers in JSON");
    let answers = answers[subject].as_array().expect("a list").clone();
    assert_eq!(answers.len(), texts.len(), "one answer for each text");
    answers
}

/// Fails with all differences at once, so that one run shows the whole picture.
#[track_caller]
fn assert_none(differences: &[String]) {
    assert!(
        differences.is_empty(),
        "{} differences, of which the first are:\n{}",
        differences.len(),
        differences[..differences.len().min(40)].join("\n")
    );
}

/// Writes a name as its publisher might.
fn spelled(name: &str, separator: &str) -> String {
    name.replace('-', separator)
}
