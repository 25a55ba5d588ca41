use serde_json::{Value, json};
use time::macros::datetime;

use super::*;
use crate::digest::Digester;
use crate::found::FileKind;

fn file(filename: &str, yanked: Yanked) -> ReleaseFile {
    let mut digester = Digester::new(None);
    digester.update(b"bytes");
    let digests = digester.finish();
    ReleaseFile {
        filename: filename.to_owned(),
        kind: FileKind::Wheel,
        url: format!("https://index.example/packages/{filename}"),
        size_bytes: 5,
        upload_time: datetime!(2026-11-23 06:00:00.001002 UTC),
        core_metadata: Some(digests.sha256),
        digests: Some(digests),
        requires_python: Some(">=3.9".to_owned()),
        is_signed: false,
        yanked,
    }
}

fn document(metadata: CoreMetadata) -> ReleaseDocument {
    let demo = file("demo-1.0-py3-none-any.whl", Yanked::No);
    ReleaseDocument {
        key: ProjectKey::of("Demo.Pkg").expect("a name"),
        display_name: "Demo.Pkg".to_owned(),
        last_serial: 7,
        roles: Vec::new(),
        shown: ShownRelease {
            version: "1.0".to_owned(),
            metadata,
            yanked: Yanked::No,
            files: vec![demo.clone()],
        },
        releases: Some(vec![
            ("1.0".to_owned(), vec![demo]),
            ("0.9".to_owned(), Vec::new()),
        ]),
    }
}

fn rendered(document: &ReleaseDocument) -> Value {
    serde_json::from_slice(&render(document, "https://index.example/team")).expect("JSON")
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}

#[test]
fn json_04_a_release_has_no_releases() {
    let mut document = document(CoreMetadata::default());
    let whole = rendered(&document);
    let common = [
        "info",
        "last_serial",
        "ownership",
        "urls",
        "vulnerabilities",
    ];
    assert_eq!(
        keys(&whole),
        [
            "info",
            "last_serial",
            "ownership",
            "releases",
            "urls",
            "vulnerabilities"
        ]
    );
    assert_eq!(keys(&whole["releases"]), ["0.9", "1.0"]);
    assert_eq!(whole["releases"]["0.9"], json!([]));
    document.releases = None;
    assert_eq!(keys(&rendered(&document)), common);
}

#[test]
fn json_05_every_key_of_info_is_there_when_nothing_is_known() {
    let info = rendered(&document(CoreMetadata::default()))["info"].take();
    let expected = json!({
        "author": null, "author_email": null, "bugtrack_url": null, "classifiers": [],
        "description": null, "description_content_type": null, "docs_url": null,
        "download_url": null,
        "downloads": {"last_day": -1, "last_week": -1, "last_month": -1},
        "dynamic": null, "home_page": null, "keywords": "", "license": null,
        "license_expression": null, "license_files": null, "maintainer": null,
        "maintainer_email": null, "name": "Demo.Pkg",
        "package_url": "https://index.example/team/simple/demo-pkg/",
        "platform": null, "project_url": "https://index.example/team/simple/demo-pkg/",
        "project_urls": null, "provides_extra": null,
        "release_url": "https://index.example/team/simple/demo-pkg/",
        "requires_dist": null, "requires_python": null, "summary": null, "version": "1.0",
        "yanked": false, "yanked_reason": null,
    });
    assert_eq!(info, expected);
}

#[test]
fn json_05_info_holds_what_the_metadata_says() {
    let metadata = CoreMetadata::parse(
        b"Metadata-Version: 2.4\nName: Demo.Pkg\nVersion: 1.0\nSummary: A \"demo\"\n\
          Home-page: https://home.example\nProject-URL: Docs, https://docs.example\n\
          Classifier: A :: B\nRequires-Dist: other>=1\nProvides-Extra: x\nLicense-File: L\n\
          Platform: any\nPlatform: linux\nKeywords: a,b\nRequires-Python: >=3.9\n\
          Dynamic: Summary\nAuthor-email: A <a@b.example>\n\n# Readme\n",
    )
    .expect("metadata");
    let mut document = document(metadata);
    document.shown.yanked = Yanked::Yes(Some("broken".to_owned()));
    let info = rendered(&document)["info"].take();
    for (key, value) in [
        ("summary", json!("A \"demo\"")),
        (
            "project_urls",
            json!({"Homepage": "https://home.example", "Docs": "https://docs.example"}),
        ),
        ("classifiers", json!(["A :: B"])),
        ("requires_dist", json!(["other>=1"])),
        ("provides_extra", json!(["x"])),
        ("license_files", json!(["L"])),
        ("platform", json!("any, linux")),
        ("keywords", json!("a,b")),
        ("requires_python", json!(">=3.9")),
        ("dynamic", json!(["Summary"])),
        ("author_email", json!("A <a@b.example>")),
        ("description", json!("# Readme\n")),
        ("yanked", json!(true)),
        ("yanked_reason", json!("broken")),
    ] {
        assert_eq!(info[key], value, "{key}");
    }
}

#[test]
fn json_06_a_file_has_every_key() {
    let mut demo = file("demo-1.0-py3-none-any.whl", Yanked::Yes(None));
    let shown = serde_json::to_value(&demo).expect("JSON");
    let digests = demo.digests.clone().expect("digests");
    assert_eq!(
        shown,
        json!({
            "comment_text": "",
            "core-metadata": {"sha256": digests.sha256.to_string()},
            "digests": {
                "blake2b_256": digests.blake2b_256.to_string(),
                "md5": digests.md5.to_string(),
                "sha256": digests.sha256.to_string(),
            },
            "downloads": -1,
            "filename": "demo-1.0-py3-none-any.whl",
            "has_sig": false,
            "md5_digest": digests.md5.to_string(),
            "packagetype": "bdist_wheel",
            "python_version": "py3",
            "requires_python": ">=3.9",
            "size": 5,
            "upload_time": "2026-11-23T06:00:00",
            "upload_time_iso_8601": "2026-11-23T06:00:00.001002Z",
            "url": "https://index.example/packages/demo-1.0-py3-none-any.whl",
            "yanked": true,
            "yanked_reason": null,
        })
    );
    demo.digests = None;
    demo.core_metadata = None;
    let unread = serde_json::to_value(&demo).expect("JSON");
    assert_eq!(unread["digests"], json!({}));
    assert_eq!(unread["core-metadata"], json!(false));
    assert_eq!(unread["md5_digest"], Value::Null);
}

#[test]
fn json_07_and_08_owners_are_named_and_no_feed_warns() {
    let mut owned = document(CoreMetadata::default());
    owned.roles.push(("Owner".to_owned(), "ada".to_owned()));
    assert_eq!(
        rendered(&owned)["ownership"],
        json!({"organization": null, "roles": [{"role": "Owner", "user": "ada"}]})
    );
    let whole = rendered(&document(CoreMetadata::default()));
    assert_eq!(
        whole["ownership"],
        json!({"organization": null, "roles": []})
    );
    assert_eq!(whole["vulnerabilities"], json!([]));
}
