use super::*;
use proptest::prelude::*;

fn parse(text: &str) -> CoreMetadata {
    CoreMetadata::parse(text.as_bytes()).expect("metadata")
}

#[test]
fn every_field_of_the_standard_is_read() {
    let text = "\
Metadata-Version: 2.6
Name: Friendly.Bard
Version: 1.0
Dynamic: Classifier
Platform: any
Supported-Platform: linux
Summary: Sings
Description-Content-Type: text/markdown; charset=UTF-8
Keywords: song,bard
Home-page: https://bard.example/
Download-URL: https://bard.example/get
Author: A
Author-email: A <a@bard.example>
Maintainer: M
Maintainer-email: m@bard.example
License: MIT
License-Expression: MIT
License-File: LICENSE
License-File: doc/NOTICE
Classifier: Private :: Do Not Upload
Classifier: Typing :: Typed
Requires-Python: >=3.9
Requires-Dist: lute>=2; extra == 'loud'
Requires-External: libharp
Provides-Extra: loud
Provides-Dist: bard
Obsoletes-Dist: minstrel
Project-URL: Source, https://bard.example/source
Import-Name: bard
Import-Namespace: friendly
Requires: old1
Provides: old2
Obsoletes: old3
Unheard-Of: yes

# Bard
";
    let read = serde_json::to_value(parse(text)).unwrap();
    let expected = serde_json::json!({
        "metadata_version": "2.6", "name": "Friendly.Bard", "version": "1.0",
        "dynamic": ["Classifier"], "platform": ["any"], "supported_platform": ["linux"],
        "summary": "Sings", "description": "# Bard\n",
        "description_content_type": "text/markdown; charset=UTF-8", "keywords": "song,bard",
        "home_page": "https://bard.example/", "download_url": "https://bard.example/get",
        "author": "A", "author_email": "A <a@bard.example>",
        "maintainer": "M", "maintainer_email": "m@bard.example",
        "license": "MIT", "license_expression": "MIT", "license_files": ["LICENSE", "doc/NOTICE"],
        "classifiers": ["Private :: Do Not Upload", "Typing :: Typed"],
        "requires_python": ">=3.9", "requires_dist": ["lute>=2; extra == 'loud'"],
        "requires_external": ["libharp"], "provides_extra": ["loud"], "provides_dist": ["bard"],
        "obsoletes_dist": ["minstrel"], "project_urls": ["Source, https://bard.example/source"],
        "import_names": ["bard"], "import_namespaces": ["friendly"],
        "requires": ["old1"], "provides": ["old2"], "obsoletes": ["old3"],
    });
    assert_eq!(read, expected);
}

#[test]
fn names_of_fields_are_read_in_any_case_and_the_first_value_counts() {
    let metadata = parse("NAME: one\nname: two\nmetadata-version:2.1\n");
    assert_eq!(metadata.name.as_deref(), Some("one"));
    assert_eq!(metadata.metadata_version.as_deref(), Some("2.1"));
}

#[test]
fn what_old_tools_did_not_know_is_absent() {
    let metadata = parse(
        "Name: demo\nSummary: UNKNOWN\nLicense: UNKNOWN\nPlatform: UNKNOWN\nAuthor:\n\nUNKNOWN\n",
    );
    assert_eq!(metadata, parse("Name: demo\n"));
}

#[test]
fn folded_lines_are_joined() {
    for end in ["\n", "\r\n", "\r"] {
        let text = "Name: demo\nSummary: one\n  two\n\tthree\nKeywords:\n a b\nAuthor: x\n\nbody\n"
            .replace('\n', end);
        let metadata = parse(&text);
        assert_eq!(metadata.summary.as_deref(), Some("one two three"));
        assert_eq!(metadata.keywords.as_deref(), Some("a b"));
        assert_eq!(metadata.author.as_deref(), Some("x"));
        assert_eq!(metadata.description, Some(format!("body{end}")));
    }
}

#[test]
fn old_descriptions_and_licences_keep_their_lines() {
    let metadata = parse(
        "Name: demo\nDescription: # Demo\n        \n            code\n        end\nLicense: one\n       |two\n       | three\n",
    );
    assert_eq!(
        metadata.description.as_deref(),
        Some("# Demo\n\n    code\nend")
    );
    assert_eq!(metadata.license.as_deref(), Some("one\ntwo\n three"));
}

#[test]
fn the_body_wins_over_the_field_description() {
    let metadata = parse("Name: demo\nDescription: field\n\nbody: not a field\n");
    assert_eq!(metadata.description.as_deref(), Some("body: not a field\n"));
}

#[test]
fn a_line_that_is_no_header_begins_the_body() {
    let metadata = parse("Name: demo\nno header here\nVersion: 1.0\n");
    assert_eq!(metadata.version, None);
    assert_eq!(
        metadata.description.as_deref(),
        Some("no header here\nVersion: 1.0\n")
    );
}

#[test]
fn bytes_that_are_no_text_are_replaced_and_a_mark_is_passed_over() {
    let metadata = CoreMetadata::parse(b"\xef\xbb\xbfName: d\xffmo\nAuthor: \xc3\xa9").unwrap();
    assert_eq!(metadata.name.as_deref(), Some("d\u{fffd}mo"));
    assert_eq!(metadata.author.as_deref(), Some("é"));
}

#[test]
fn what_is_no_metadata_or_too_much_is_refused() {
    for bytes in [&b""[..], b"\n\n", b"hello", b"Version: 1\n", b"\0\xff"] {
        assert_eq!(
            CoreMetadata::parse(bytes),
            Err(MetadataError::NotMetadata),
            "{bytes:?}"
        );
    }
    let mut large = b"Name: demo\n\n".to_vec();
    large.resize(CoreMetadata::MAX_BYTES, b'x');
    assert!(CoreMetadata::parse(&large).is_ok());
    large.push(b'x');
    assert_eq!(CoreMetadata::parse(&large), Err(MetadataError::TooLarge));

    let fields = |count| "Name: a\n".repeat(count).into_bytes();
    assert!(CoreMetadata::parse(&fields(CoreMetadata::MAX_FIELDS)).is_ok());
    assert_eq!(
        CoreMetadata::parse(&fields(CoreMetadata::MAX_FIELDS + 1)),
        Err(MetadataError::TooManyFields)
    );
}

#[test]
fn only_a_readable_requires_python_is_offered() {
    let offered = |value: &str| {
        parse(&format!("Name: demo\nRequires-Python: {value}\n"))
            .requires_python()
            .map(|specifiers| specifiers.to_string())
    };
    assert_eq!(offered(">=2.6, !=3.0.*,").as_deref(), Some(">=2.6,!=3.0.*"));
    assert_eq!(offered("3.6"), None);
    assert_eq!(parse("Name: demo").requires_python(), None);
}

#[test]
fn labels_and_keywords_are_split_as_they_were_meant() {
    let metadata = parse(
        "Name: demo\nProject-URL: Docs , https://a.example/?x=1,2\nProject-URL: https://b.example/\nKeywords: a b, c,, d\n",
    );
    assert!(metadata.labelled_urls().eq([
        ("Docs", "https://a.example/?x=1,2"),
        ("", "https://b.example/")
    ]));
    assert!(metadata.keyword_list().eq(["a b", "c", "d"]));
    assert!(
        parse("Name: demo\nKeywords: a  b c")
            .keyword_list()
            .eq(["a", "b", "c"])
    );
    assert_eq!(parse("Name: demo").keyword_list().count(), 0);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = CoreMetadata::parse(&bytes);
    }

    #[test]
    fn what_was_read_can_be_kept_as_json(
        text in "(Name|Summary|License|Description|Keywords|Project-URL): [ -é\t]{0,9}(\r?\n|\r)([ \t]{1,9}[|a-e ]{0,9}\n){0,3}\n?(.|\n){0,20}"
    ) {
        if let Ok(metadata) = CoreMetadata::parse(text.as_bytes()) {
            let json = serde_json::to_string(&metadata).unwrap();
            let again: CoreMetadata = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(&again, &metadata);
            prop_assert!(metadata.name.is_none_or(|name| name.trim() == name));
        }
    }
}
