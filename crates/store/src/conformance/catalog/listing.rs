//! What lists of projects and counts show.

use std::sync::Arc;

use wheelhouse_index::identity::{IndexName, Serial};
use wheelhouse_index::ports::{Catalog, Counts, SearchTerms};

use super::fixture::{
    apply, change_in, contents, file, found, key, learned, lost, main, path, record, uploaded,
};

pub(crate) async fn a_projects_serial_survives_its_emptiness(catalog: Arc<dyn Catalog>) {
    apply(&*catalog, vec![found(record("demo-1.zip", 1))]).await;
    let emptied = apply(&*catalog, vec![lost("demo-1.zip")]).await;
    assert_eq!(emptied.projects, [key("demo")]);
    assert_eq!(catalog.project(&main(), &key("demo")).await.unwrap(), None);
    let listing = catalog.projects(&main()).await.unwrap();
    assert_eq!(
        (listing.serial, listing.projects.len()),
        (emptied.serial, 0)
    );

    let again = apply(&*catalog, vec![found(record("demo-1.zip", 1))]).await;
    assert!(again.serial > emptied.serial);
    let demo = catalog.project(&main(), &key("demo")).await.unwrap();
    assert_eq!(demo.expect("a project").last_serial, again.serial);
}

pub(crate) async fn only_what_a_change_touches_gets_its_serial(catalog: Arc<dyn Catalog>) {
    let first = apply(
        &*catalog,
        vec![found(record("b-1.zip", 1)), found(record("a-1.zip", 1))],
    );
    let first = first.await.serial;
    let second = apply(&*catalog, vec![found(record("B-2.zip", 2))])
        .await
        .serial;
    assert!(second > first);
    let listing = catalog.projects(&main()).await.unwrap();
    assert_eq!(listing.serial, second);
    let shown: Vec<_> = listing
        .projects
        .iter()
        .map(|entry| (entry.key.as_str(), &*entry.display_name, entry.last_serial))
        .collect();
    assert_eq!(shown, [("a", "a", first), ("b", "B", second)]);
}

pub(crate) async fn the_newest_file_spells_the_name(catalog: Arc<dyn Catalog>) {
    let name = || async {
        let snapshot = catalog.project(&main(), &key("a-b")).await.unwrap();
        snapshot.expect("a project").display_name
    };
    apply(&*catalog, vec![found(record("A.B-3.zip.asc", 99))]).await;
    assert_eq!(name().await, "A.B", "a signature if there is nothing else");
    apply(&*catalog, vec![found(record("a_b-1.zip", 5))]).await;
    assert_eq!(name().await, "a_b");
    apply(&*catalog, vec![found(record("a.b-2.zip", 4))]).await;
    assert_eq!(name().await, "a_b", "an older file says nothing");
    apply(&*catalog, vec![found(record("z/A-b-1.zip", 5))]).await;
    assert_eq!(name().await, "A-b", "the last path, of two as new");
    apply(&*catalog, vec![lost("z/A-b-1.zip"), lost("a_b-1.zip")]).await;
    assert_eq!(name().await, "a.b");
    apply(&*catalog, vec![found(record("a_b-1.zip", -5))]).await;
    assert_eq!(name().await, "a.b", "before 1970 is before 1970");
}

pub(crate) async fn indexes_are_kept_apart(catalog: Arc<dyn Catalog>) {
    let other: IndexName = "other".parse().unwrap();
    let first = apply(&*catalog, vec![found(record("demo-1.zip", 1))]).await;
    let change = change_in(other.clone(), vec![found(record("demo-1.zip", 2))]);
    catalog.commit(change).await.unwrap();

    assert_eq!(
        file(&*catalog, "demo-1.zip").await,
        Some(record("demo-1.zip", 1))
    );
    let demo = path("demo-1.zip");
    let there = catalog.file(&other, &demo).await.unwrap();
    assert_eq!(there, Some(record("demo-1.zip", 2)));
    let here = catalog.project(&main(), &key("demo")).await.unwrap();
    assert_eq!(here.expect("a project").last_serial, first.serial);
    let wrong = learned(&record("demo-1.zip", 2), "other's");
    assert_eq!(
        catalog.learn(&main(), vec![wrong.clone()]).await.unwrap(),
        0
    );
    assert_eq!(catalog.learn(&other, vec![wrong]).await.unwrap(), 1);
    assert_eq!(catalog.core_metadata(&main(), &demo).await.unwrap(), None);

    let third: IndexName = "third".parse().unwrap();
    for (index, files, unread) in [(main(), 1, 1), (other, 1, 0), (third, 0, 0)] {
        assert_eq!(
            catalog.files_after(&index, None, 9).await.unwrap().len(),
            files
        );
        assert_eq!(
            catalog.unread_after(&index, None, 9).await.unwrap().len(),
            unread
        );
        let named = catalog.files_named(&index, "demo-1.zip").await.unwrap();
        assert_eq!(named.len(), files);
        let hits = catalog.search(&index, &SearchTerms::default(), 9).await;
        assert_eq!(hits.unwrap().len(), files);
        let listing = catalog.projects(&index).await.unwrap();
        assert_eq!(listing.projects.len(), files);
        assert_eq!(listing.serial, Serial(first.serial.0 + 1));
    }
    let events = catalog.events_after(Serial(0), 9).await.unwrap();
    let names: Vec<_> = events.iter().map(|event| event.index.as_str()).collect();
    assert_eq!(names, ["main", "other"]);
}

pub(crate) async fn counts_follow_every_change(catalog: Arc<dyn Catalog>) {
    let mut read = record("b-1.zip", 1);
    read.contents = Some(contents("read"));
    let demo = record("a-1.zip", 1);
    let counts = |projects, files, unread| Counts {
        projects,
        files,
        unread,
    };
    let now = || async { catalog.counts(&main()).await.unwrap() };
    let bytes = || async { catalog.file_bytes(&main()).await.unwrap() };
    assert_eq!(bytes().await, 0);
    apply(
        &*catalog,
        vec![
            found(demo.clone()),
            found(record("a-1.zip.asc", 1)),
            uploaded(read),
        ],
    )
    .await;
    assert_eq!(now().await, counts(2, 3, 2));
    let size = demo.fingerprint.size_bytes();
    assert!(size > 0, "or nothing is proved");
    assert_eq!(bytes().await, 3 * size);
    for _ in 0..2 {
        catalog
            .learn(&main(), vec![learned(&demo, "a")])
            .await
            .unwrap();
        assert_eq!(now().await, counts(2, 3, 1), "read twice counts once");
    }
    apply(
        &*catalog,
        vec![found(record("a-1.zip", 2)), lost("b-1.zip")],
    )
    .await;
    assert_eq!(now().await, counts(1, 2, 2));
    assert_eq!(bytes().await, 2 * size);
    apply(&*catalog, vec![lost("a-1.zip"), lost("a-1.zip.asc")]).await;
    assert_eq!(now().await, counts(0, 0, 0));
    apply(
        &*catalog,
        vec![found(record("c-1.zip", 2)), lost("c-1.zip")],
    )
    .await;
    assert_eq!(now().await, counts(0, 0, 0));
}
