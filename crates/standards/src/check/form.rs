//! What the form of an upload says about its file: UP-1 and UP-11 to UP-12.
//!
//! The form is not the truth: only what every client writes right is compared with the file.

use super::{Finding, Policy, shown};
use crate::found::{FileKind, FoundFile};
use crate::name::{ProjectKey, ProjectName};
use crate::version::VersionText;

/// The fields of an upload's form that are looked at, without blanks around them. An empty field
/// is an absent one.
#[derive(Debug, Clone, Copy, Default)]
pub struct FormFields<'a> {
    /// `protocol_version`.
    pub protocol_version: Option<&'a str>,
    /// `name`.
    pub name: Option<&'a str>,
    /// `version`.
    pub version: Option<&'a str>,
    /// `metadata_version`.
    pub metadata_version: Option<&'a str>,
    /// `filetype`.
    pub filetype: Option<&'a str>,
    /// `pyversion`.
    pub pyversion: Option<&'a str>,
    /// Whether one of the digests is given.
    pub has_digest: bool,
    /// The media type of `content`.
    pub content_type: Option<&'a str>,
    /// A field that is given more than once and may not be.
    pub repeated: Option<&'a str>,
}

/// Checks what a form says against the name of its file.
pub fn check_form(form: &FormFields<'_>, file: &FoundFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(other) = form.protocol_version.filter(|&version| version != "1") {
        findings.push(Finding::broken(format!(
            "Unknown protocol version `{}` in the form; it must be 1",
            shown(other)
        )));
    }
    if let Some(name) = form.repeated {
        findings.push(Finding::broken(format!(
            "the form has `{}` more than once",
            shown(name)
        )));
    }
    check_name(form.name, file, &mut findings);
    check_version(form.version, file, &mut findings);
    check_type(form, file, &mut findings);
    if !form.has_digest {
        findings.push(Finding::broken(
            "the form has no digest; send `sha256_digest`, `blake2_256_digest` or `md5_digest`",
        ));
    }
    if form.metadata_version.is_none() {
        findings.push(missing("metadata_version"));
    }
    if let Some(image) = form.content_type.filter(|kind| kind.starts_with("image/")) {
        findings.push(Finding::of(
            Policy::LooseMetadata,
            format!("`content` has the type `{}`", shown(image)),
        ));
    }
    findings
}

fn missing(name: &str) -> Finding {
    Finding::of(
        Policy::LooseMetadata,
        format!("the form has no `{name}` field"),
    )
}

fn check_name(name: Option<&str>, file: &FoundFile, findings: &mut Vec<Finding>) {
    let Some(name) = name else {
        findings.push(Finding::broken("the form has no `name` field"));
        return;
    };
    if let Err(error) = name.parse::<ProjectName>() {
        findings.push(Finding::broken(format!(
            "`name` is `{}`: {error}",
            shown(name)
        )));
    } else if ProjectKey::of(name).as_ref() != Some(&file.key) {
        findings.push(Finding::broken(format!(
            "`name` is `{}`, but the file is called after `{}`",
            shown(name),
            file.key
        )));
    }
}

fn check_version(version: Option<&str>, file: &FoundFile, findings: &mut Vec<Finding>) {
    let Some(text) = version else {
        findings.push(Finding::broken("the form has no `version` field"));
        return;
    };
    let version = VersionText::new(text);
    if !version.is_valid() {
        findings.push(Finding::broken(format!(
            "`version` is `{}`, which is not a version; see the standard on version specifiers",
            shown(text)
        )));
    } else if version.key() != file.version.key() {
        findings.push(Finding::broken(format!(
            "`version` is `{}`, but the file is called after version `{}`",
            shown(text),
            shown(file.version.as_str())
        )));
    }
}

fn check_type(form: &FormFields<'_>, file: &FoundFile, findings: &mut Vec<Finding>) {
    let expected = match file.kind {
        FileKind::Wheel => "bdist_wheel",
        FileKind::Sdist => "sdist",
        // The file's name is told as the fault.
        FileKind::Egg | FileKind::WindowsInstaller | FileKind::Signature => return,
    };
    match form.filetype {
        None => findings.push(missing("filetype")),
        Some(kind) if kind == expected => {}
        Some(kind) => findings.push(Finding::broken(format!(
            "Use a known file type: `filetype` is `{}`, but it must be `{expected}` for this file",
            shown(kind)
        ))),
    }
    match (file.kind, form.pyversion) {
        (FileKind::Wheel, None) => findings.push(missing("pyversion")),
        (FileKind::Sdist, Some(other)) if other != "source" => {
            findings.push(Finding::broken(format!(
                "`pyversion` is `{}`, but for an sdist it must be `source` or absent",
                shown(other)
            )));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::Gravity;
    use super::*;

    const GOOD: FormFields<'static> = FormFields {
        protocol_version: Some("1"),
        name: Some("Demo.Pkg"),
        version: Some("1.0.0"),
        metadata_version: Some("2.1"),
        filetype: Some("bdist_wheel"),
        pyversion: Some("py3"),
        has_digest: true,
        content_type: Some("application/octet-stream"),
        repeated: None,
    };

    fn look(form: FormFields<'_>, file: &str) -> Vec<Finding> {
        check_form(&form, &FoundFile::of(file).expect("a package file"))
    }

    #[test]
    fn a_form_of_any_client_fits_its_file() {
        assert_eq!(look(GOOD, "demo_pkg-1.0-py3-none-any.whl"), []);
        let sdist = FormFields {
            filetype: Some("sdist"),
            pyversion: None,
            protocol_version: None,
            ..GOOD
        };
        assert_eq!(look(sdist, "demo_pkg-1.0.tar.gz"), []);
        let sdist = FormFields {
            pyversion: Some("source"),
            ..sdist
        };
        assert_eq!(look(sdist, "demo_pkg-1.0.tar.gz"), []);
    }

    fn told(change: impl FnOnce(&mut FormFields<'static>)) -> Finding {
        let mut form = GOOD;
        change(&mut form);
        let findings = look(form, "demo_pkg-1.0-py3-none-any.whl");
        assert_eq!(findings.len(), 1, "{form:?}: {findings:?}");
        findings[0].clone()
    }

    #[test]
    fn what_contradicts_the_file_is_broken() {
        type Change = fn(&mut FormFields<'static>);
        let changes: [(Change, &str); 9] = [
            (|form| form.protocol_version = Some("2"), "protocol version"),
            (
                |form| form.repeated = Some("summary"),
                "`summary` more than once",
            ),
            (|form| form.name = None, "no `name`"),
            (|form| form.name = Some("-x"), "`name` is `-x`"),
            (|form| form.name = Some("other"), "called after `demo-pkg`"),
            (|form| form.version = Some("one"), "not a version"),
            (
                |form| form.version = Some("1.1"),
                "called after version `1.0`",
            ),
            (|form| form.filetype = Some("sdist"), "known file type"),
            (|form| form.has_digest = false, "no digest"),
        ];
        for (change, words) in changes {
            let finding = told(change);
            assert!(finding.message.contains(words), "{finding:?}");
            assert_eq!(finding.gravity, Gravity::Broken, "{words}");
        }
        let sdist = FormFields {
            filetype: Some("sdist"),
            ..GOOD
        };
        let findings = look(sdist, "demo_pkg-1.0.tar.gz");
        assert!(findings[0].message.contains("`source`"), "{findings:?}");
    }

    #[test]
    fn what_the_file_says_better_is_policy() {
        for finding in [
            told(|form| form.filetype = None),
            told(|form| form.pyversion = None),
            told(|form| form.metadata_version = None),
            told(|form| form.content_type = Some("image/png")),
        ] {
            let gravity = Gravity::Policy(Policy::LooseMetadata);
            assert_eq!(finding.gravity, gravity, "{finding:?}");
        }
    }
}
