//! Values that a careless backend would bend.

use std::sync::Arc;

use wheelhouse_index::change::{Arrival, FileChange};
use wheelhouse_index::identity::{Fingerprint, Timestamp};
use wheelhouse_index::ports::Catalog;
use wheelhouse_index::record::{Contents, FileRecord, MetadataSummary};
use wheelhouse_standards::digest::{Digester, Digests, HashAlgorithm};
use wheelhouse_standards::metadata::CoreMetadata;

use super::fixture::{apply, digests, file, main, record, sha256, uploaded};

/// Records a file and checks that it is the same in every place it is read from.
async fn keeps(catalog: &dyn Catalog, record: FileRecord) {
    let head = catalog.head().await.unwrap();
    apply(catalog, vec![uploaded(record.clone())]).await;
    let path = record.path.clone();
    assert_eq!(file(catalog, path.as_str()).await.as_ref(), Some(&record));
    let snapshot = catalog.project(&main(), record.project()).await.unwrap();
    let snapshot = snapshot.unwrap_or_else(|| panic!("no project {:?}", record.project()));
    assert!(snapshot.files.contains(&record), "{record:?}");
    let events = catalog.events_after(head, 9).await.unwrap();
    assert_eq!(events[0].after(), Some(&record));
    assert_eq!(&events[0].project, record.project());
}

pub(crate) async fn odd_texts_and_numbers_are_kept_as_they_are(catalog: Arc<dyn Catalog>) {
    for (size_bytes, modified_ns, inode) in [
        (0, 0, 0),
        (u64::MAX, i64::MIN, u64::MAX),
        (1 << 63, i64::MAX, 1 << 63),
    ] {
        let mut odd = record("demo-1.zip", 1);
        odd.fingerprint = Fingerprint::File {
            size_bytes,
            modified_ns,
            inode,
        };
        odd.uploaded_at = Timestamp(modified_ns);
        keeps(&*catalog, odd).await;
    }
    let mut object = record("demo-2.zip", 1);
    object.fingerprint = Fingerprint::Object {
        size_bytes: u64::MAX,
        sha256: sha256("object"),
    };
    keeps(&*catalog, object).await;

    let mut no_version = record("demo-3.zip", 1);
    no_version.named.version = "".into();
    keeps(&*catalog, no_version).await;
    let long = format!("{}demo-{}.zip", "folder/".repeat(500), "9".repeat(500));
    keeps(&*catalog, record(&long, 1)).await;
    for text in [
        "\u{1f389}\u{301}-1.zip",
        "a'b\"c;--1-1.zip",
        "%_\\-1.zip",
        " x\u{7f} -1.zip",
    ] {
        keeps(&*catalog, record(text, 1)).await;
    }
}

pub(crate) async fn every_form_of_contents_is_kept(catalog: Arc<dyn Catalog>) {
    let read =
        |offered, requires_python: Option<&str>, summary: Option<&str>| MetadataSummary::Read {
            offered,
            requires_python: requires_python.map(str::to_owned),
            summary: summary.map(str::to_owned),
        };
    let forms = [
        MetadataSummary::None,
        MetadataSummary::Unreadable(String::new()),
        MetadataSummary::Unreadable("not a zip\n\u{1f389}".into()),
        read(None, None, None),
        read(Some(sha256("metadata")), Some(""), Some("")),
        read(None, Some(">=3.9,<4"), Some("nul \0 and \u{2028}")),
    ];
    for (state, metadata) in (1..).zip(forms) {
        for digests in [digests("content"), listed_digests()] {
            let mut demo = record("demo-1.zip", state);
            demo.contents = Some(Contents {
                digests,
                metadata: metadata.clone(),
                has_provenance: matches!(metadata, MetadataSummary::None),
            });
            keeps(&*catalog, demo).await;
        }
    }
    let metadata = CoreMetadata {
        name: Some("demo".into()),
        description: Some("\u{1f389}\r\n\0 ".repeat(10_000)),
        classifiers: vec![String::new(), "Topic :: X".into()],
        ..CoreMetadata::default()
    };
    let change = FileChange::Add {
        kind: Arrival::Upload,
        record: record("demo-2.zip", 1),
        metadata: Some(Box::new(metadata.clone())),
    };
    let applied = apply(&*catalog, vec![change]).await;
    let kept = catalog.core_metadata(&main(), &applied.paths[0]).await;
    assert_eq!(kept.unwrap(), Some(metadata));
}

fn listed_digests() -> Digests {
    let mut digester = Digester::new(Some(HashAlgorithm::Blake2b));
    digester.update(b"listed");
    digester.finish()
}
