//! Pages of files, and what was learned from reading them.

use std::sync::Arc;

use wheelhouse_index::identity::Serial;
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::Catalog;
use wheelhouse_index::record::{Contents, FileRecord, MetadataSummary};

use super::fixture::{
    apply, contents, core, digests, file, found, learned, lost, main, path, record,
};

/// Paths in the order of their bytes, which is neither that of letters nor that of UTF-16.
const ORDERED: [&str; 9] = [
    "A-1.zip",
    "a b/a-1.zip",
    "a-1.zip",
    "a/a-1.zip",
    "a~/a-1.zip",
    "z/a-1.zip",
    "\u{e9}/a-1.zip",
    "\u{ff5e}/a-1.zip",
    "\u{1f389}/a-1.zip",
];

pub(crate) async fn files_are_paged_in_the_order_of_bytes(catalog: Arc<dyn Catalog>) {
    let changes = ORDERED.iter().rev().map(|text| found(record(text, 1)));
    apply(&*catalog, changes.collect()).await;
    for size in [1, 2, 9, 10] {
        let (mut seen, mut after): (Vec<FilePath>, Option<FilePath>) = (Vec::new(), None);
        loop {
            let page = catalog.files_after(&main(), after.as_ref(), size).await;
            let page: Vec<_> = page.unwrap().into_iter().map(|file| file.path).collect();
            assert!(page.len() <= size);
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            seen.extend(page);
        }
        assert_eq!(seen, ORDERED.map(path), "pages of {size}");
    }
    let between = path("b");
    let rest = catalog
        .files_after(&main(), Some(&between), 1)
        .await
        .unwrap();
    assert_eq!(rest[0].path, path("z/a-1.zip"), "a path that is not there");
    assert!(
        catalog
            .files_after(&main(), None, 0)
            .await
            .unwrap()
            .is_empty()
    );
    let snapshot = catalog
        .project(&main(), record("a-1.zip", 1).project())
        .await;
    let files = snapshot.unwrap().expect("a project").files;
    let paths: Vec<_> = files.into_iter().map(|file| file.path).collect();
    assert_eq!(paths, ORDERED.map(path));
}

pub(crate) async fn unread_files_are_paged_in_the_order_of_bytes(catalog: Arc<dyn Catalog>) {
    let changes = ORDERED.iter().rev().map(|text| found(record(text, 1)));
    apply(&*catalog, changes.collect()).await;
    let read: Vec<_> = ORDERED[..4]
        .iter()
        .map(|text| learned(&record(text, 1), "read"))
        .collect();
    assert_eq!(catalog.learn(&main(), read).await.unwrap(), 4);
    let unread = |after: Option<FilePath>, limit| {
        let catalog = Arc::clone(&catalog);
        async move {
            let files = catalog.unread_after(&main(), after.as_ref(), limit).await;
            let paths = files.unwrap().into_iter().map(|file: FileRecord| file.path);
            paths.collect::<Vec<_>>()
        }
    };
    let expected = ORDERED.map(path);
    assert_eq!(unread(None, 100).await, expected[4..]);
    assert_eq!(unread(None, 2).await, expected[4..6]);
    assert_eq!(unread(Some(expected[5].clone()), 2).await, expected[6..8]);
    assert!(unread(Some(expected[8].clone()), 2).await.is_empty());
}

pub(crate) async fn files_are_found_by_name_in_any_folder(catalog: Arc<dyn Catalog>) {
    let paths = ["b/demo-1.zip", "a/b/demo-1.zip", "demo-1.zip"];
    let mut changes: Vec<_> = paths.map(|text| found(record(text, 1))).into();
    changes.push(found(record("Demo-1.zip", 1)));
    changes.push(found(record("b/xdemo-1.zip", 1)));
    apply(&*catalog, changes).await;
    let named = || async {
        let files = catalog.files_named(&main(), "demo-1.zip").await.unwrap();
        files.into_iter().map(|file| file.path).collect::<Vec<_>>()
    };
    assert_eq!(
        named().await,
        ["a/b/demo-1.zip", "b/demo-1.zip", "demo-1.zip"].map(path)
    );
    apply(&*catalog, vec![lost("b/demo-1.zip")]).await;
    assert_eq!(named().await, ["a/b/demo-1.zip", "demo-1.zip"].map(path));
    for name in ["", "a/b/demo-1.zip", "demo%", "DEMO-1.ZIP"] {
        assert_eq!(
            catalog.files_named(&main(), name).await.unwrap(),
            [],
            "{name:?}"
        );
    }
}

pub(crate) async fn what_was_read_is_added_without_a_serial_or_an_event(catalog: Arc<dyn Catalog>) {
    let mut demo = record("demo-1.zip", 1);
    let serial = apply(&*catalog, vec![found(demo.clone())]).await.serial;
    let known = catalog.learn(&main(), vec![learned(&demo, "first")]).await;
    assert_eq!(known.unwrap(), 1);
    demo.contents = Some(contents("first"));
    assert_eq!(file(&*catalog, "demo-1.zip").await, Some(demo.clone()));
    let metadata = catalog.core_metadata(&main(), &demo.path).await.unwrap();
    assert_eq!(metadata, Some(*core("first")));

    let mut unreadable = learned(&demo, "second");
    unreadable.contents = Contents {
        digests: digests("second"),
        metadata: MetadataSummary::Unreadable("no end of archive".into()),
        has_provenance: true,
    };
    unreadable.metadata = None;
    assert_eq!(
        catalog
            .learn(&main(), vec![unreadable.clone()])
            .await
            .unwrap(),
        1
    );
    demo.contents = Some(unreadable.contents);
    assert_eq!(file(&*catalog, "demo-1.zip").await, Some(demo.clone()));
    assert_eq!(
        catalog.core_metadata(&main(), &demo.path).await.unwrap(),
        None
    );

    assert_eq!(catalog.head().await.unwrap(), serial);
    assert_eq!(catalog.events_after(Serial(0), 9).await.unwrap().len(), 1);
    let snapshot = catalog.project(&main(), demo.project()).await.unwrap();
    assert_eq!(snapshot.expect("a project").last_serial, serial);
}

pub(crate) async fn what_was_read_of_another_content_is_left_out(catalog: Arc<dyn Catalog>) {
    let names = ["a-1.zip", "b-1.zip", "c-1.zip"];
    apply(&*catalog, names.map(|name| found(record(name, 2))).into()).await;
    let read = vec![
        learned(&record("a-1.zip", 1), "an older content"),
        learned(&record("b-1.zip", 2), "the content"),
        learned(&record("gone-1.zip", 2), "no file"),
    ];
    assert_eq!(catalog.learn(&main(), read).await.unwrap(), 1);
    assert_eq!(catalog.learn(&main(), vec![]).await.unwrap(), 0);
    let unread = catalog.unread_after(&main(), None, 9).await.unwrap();
    assert_eq!(unread, [record("a-1.zip", 2), record("c-1.zip", 2)]);
    let metadata = catalog.core_metadata(&main(), &path("a-1.zip")).await;
    assert_eq!(metadata.unwrap(), None);
    assert_eq!(file(&*catalog, "gone-1.zip").await, None);
}
