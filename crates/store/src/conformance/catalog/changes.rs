//! What a change does to the records.

use std::sync::Arc;

use wheelhouse_index::change::{Arrival, Departure, EventKind, FileChange};
use wheelhouse_index::identity::Serial;
use wheelhouse_index::ports::{Catalog, Committed, Counts};

use super::fixture::{
    NOW_SECONDS, apply, commit, contents, core, file, found, key, lost, main, path, record,
    uploaded,
};

pub(crate) async fn a_new_catalog_is_empty_and_begins_at_the_present_second(
    catalog: Arc<dyn Catalog>,
) {
    assert_eq!(catalog.head().await.unwrap(), Serial(NOW_SECONDS));
    let listing = catalog.projects(&main()).await.unwrap();
    assert_eq!(
        (listing.serial, listing.projects.len()),
        (Serial(NOW_SECONDS), 0)
    );
    assert_eq!(catalog.project(&main(), &key("a")).await.unwrap(), None);
    assert_eq!(file(&*catalog, "a-1.zip").await, None);
    assert_eq!(catalog.counts(&main()).await.unwrap(), Counts::default());
    assert_eq!(catalog.events_after(Serial(0), 10).await.unwrap(), []);
    catalog.ready().await.unwrap();
}

pub(crate) async fn a_change_is_all_or_nothing_to_readers_and_takes_one_serial(
    catalog: Arc<dyn Catalog>,
) {
    let names: Vec<String> = (0..40).map(|n| format!("p{n}-1.zip")).collect();
    let changes = |state| names.iter().map(|n| found(record(n, state))).collect();
    let before = apply(&*catalog, changes(1)).await.serial;
    let watcher = tokio::spawn({
        let catalog = Arc::clone(&catalog);
        async move {
            loop {
                let files = catalog.files_after(&main(), None, 100).await.unwrap();
                let states: Vec<_> = files.iter().map(|file| file.uploaded_at).collect();
                assert!(states.iter().all(|state| *state == states[0]), "{states:?}");
                if states[0].0 == 20 {
                    return;
                }
            }
        }
    });
    for state in 2..=20 {
        apply(&*catalog, changes(state)).await;
    }
    watcher.await.unwrap();
    assert_eq!(catalog.head().await.unwrap(), Serial(before.0 + 19));
}

pub(crate) async fn what_was_recorded_is_read_back_the_same(catalog: Arc<dyn Catalog>) {
    let mut demo = record("team/Demo_x-1.0.tar.gz", 9);
    demo.contents = Some(contents("A demo"));
    let change = FileChange::Add {
        kind: Arrival::Upload,
        record: demo.clone(),
        metadata: Some(core("A demo")),
    };
    let applied = apply(&*catalog, vec![change]).await;
    assert_eq!(catalog.head().await.unwrap(), applied.serial);
    assert_eq!(
        file(&*catalog, "team/Demo_x-1.0.tar.gz").await,
        Some(demo.clone())
    );
    let metadata = catalog.core_metadata(&main(), &demo.path).await.unwrap();
    assert_eq!(metadata, Some(*core("A demo")));
    let snapshot = catalog.project(&main(), &key("demo-x")).await.unwrap();
    let snapshot = snapshot.expect("a project");
    assert_eq!(snapshot.key, key("demo-x"));
    assert_eq!(snapshot.display_name, "Demo_x");
    assert_eq!(snapshot.last_serial, applied.serial);
    assert_eq!(snapshot.files, [demo]);
}

pub(crate) async fn the_same_record_again_changes_nothing(catalog: Arc<dyn Catalog>) {
    let demo = record("demo-1.zip", 1);
    let serial = apply(&*catalog, vec![uploaded(demo.clone())]).await.serial;
    assert_eq!(
        commit(&*catalog, vec![uploaded(demo.clone())]).await,
        Committed::Unchanged
    );
    assert_eq!(commit(&*catalog, vec![]).await, Committed::Unchanged);
    assert_eq!(catalog.head().await.unwrap(), serial);
    assert_eq!(catalog.events_after(Serial(0), 9).await.unwrap().len(), 1);

    let mixed = vec![uploaded(demo), uploaded(record("demo-2.zip", 1))];
    let applied = apply(&*catalog, mixed).await;
    assert_eq!(applied.paths, [path("demo-2.zip")]);
    let events = catalog.events_after(serial, 9).await.unwrap();
    assert_eq!(events.len(), 1, "what changes nothing makes no event");
}

pub(crate) async fn a_file_found_again_keeps_what_was_read_and_uploaded(catalog: Arc<dyn Catalog>) {
    let mut demo = record("demo-1.zip", 1);
    demo.contents = Some(contents("A demo"));
    apply(&*catalog, vec![uploaded(demo.clone())]).await;
    let mut seen = record("demo-1.zip", 1);
    seen.uploaded_at.0 += 50;
    for change in [
        found(seen.clone()),
        FileChange::Replace {
            kind: Arrival::Found,
            record: seen,
            metadata: None,
        },
    ] {
        assert_eq!(commit(&*catalog, vec![change]).await, Committed::Unchanged);
    }
    assert_eq!(file(&*catalog, "demo-1.zip").await, Some(demo.clone()));

    demo.uploaded_at.0 += 50;
    apply(&*catalog, vec![uploaded(demo.clone())]).await;
    assert_eq!(file(&*catalog, "demo-1.zip").await, Some(demo));
}

pub(crate) async fn adding_what_is_there_replaces_it_and_the_reverse(catalog: Arc<dyn Catalog>) {
    let replace = |state| FileChange::Replace {
        kind: Arrival::Upload,
        record: record("demo-1.zip", state),
        metadata: None,
    };
    apply(&*catalog, vec![replace(1)]).await;
    apply(&*catalog, vec![uploaded(record("demo-1.zip", 2))]).await;
    apply(&*catalog, vec![found(record("demo-1.zip", 3))]).await;
    let events = catalog.events_after(Serial(0), 9).await.unwrap();
    let kinds: Vec<_> = events.iter().map(|event| event.kind).collect();
    assert_eq!(
        kinds,
        [
            EventKind::Uploaded,
            EventKind::Overwritten,
            EventKind::FoundChanged
        ]
    );
    let files = catalog.files_after(&main(), None, 9).await.unwrap();
    assert_eq!(files, [record("demo-1.zip", 3)]);
}

pub(crate) async fn removing_what_is_not_there_changes_nothing(catalog: Arc<dyn Catalog>) {
    assert_eq!(
        commit(&*catalog, vec![lost("demo-1.zip")]).await,
        Committed::Unchanged
    );
    apply(&*catalog, vec![found(record("demo-1.zip", 1))]).await;
    apply(&*catalog, vec![lost("demo-1.zip")]).await;
    assert_eq!(
        commit(&*catalog, vec![lost("demo-1.zip")]).await,
        Committed::Unchanged
    );
    assert_eq!(file(&*catalog, "demo-1.zip").await, None);
    assert_eq!(catalog.head().await.unwrap(), Serial(NOW_SECONDS + 2));
}

pub(crate) async fn file_changes_of_one_change_happen_in_order(catalog: Arc<dyn Catalog>) {
    let applied = apply(
        &*catalog,
        vec![
            found(record("demo-1.zip", 1)),
            FileChange::Remove {
                kind: Departure::Removal,
                path: path("demo-1.zip"),
            },
            uploaded(record("demo-1.zip", 2)),
            uploaded(record("demo-1.zip", 3)),
            found(record("demo-1.zip", 3)),
        ],
    )
    .await;
    assert_eq!(
        file(&*catalog, "demo-1.zip").await,
        Some(record("demo-1.zip", 3))
    );
    let events = catalog.events_after(Serial(0), 1).await.unwrap();
    let kinds: Vec<_> = events.iter().map(|event| event.kind).collect();
    assert_eq!(
        kinds,
        [
            EventKind::Found,
            EventKind::Removed,
            EventKind::Uploaded,
            EventKind::Overwritten
        ]
    );
    assert!(events.iter().all(|event| event.serial == applied.serial));
}

pub(crate) async fn a_change_names_each_project_and_path_once(catalog: Arc<dyn Catalog>) {
    apply(&*catalog, vec![found(record("old-1.zip", 1))]).await;
    let applied = apply(
        &*catalog,
        vec![
            found(record("demo-2.zip", 1)),
            found(record("demo-1.zip", 1)),
            found(record("Demo-1.zip", 1)),
            lost("old-1.zip"),
            lost("demo-2.zip"),
        ],
    )
    .await;
    let mut projects = applied.projects;
    projects.sort();
    assert_eq!(projects, [key("demo"), key("old")]);
    let mut paths = applied.paths;
    paths.sort();
    let expected = ["Demo-1.zip", "demo-1.zip", "demo-2.zip", "old-1.zip"];
    assert_eq!(paths, expected.map(path));
}

pub(crate) async fn a_path_can_move_to_another_project(catalog: Arc<dyn Catalog>) {
    let first = record("demo-1.zip", 1);
    let mut second = record("demo-1.zip", 2);
    second.named = record("other-1.zip", 2).named;
    apply(&*catalog, vec![found(first)]).await;
    let mut applied = apply(&*catalog, vec![found(second.clone())]).await;
    applied.projects.sort();
    assert_eq!(applied.projects, [key("demo"), key("other")]);
    assert_eq!(catalog.project(&main(), &key("demo")).await.unwrap(), None);
    let other = catalog.project(&main(), &key("other")).await.unwrap();
    assert_eq!(other.expect("a project").files, [second]);
    assert_eq!(catalog.counts(&main()).await.unwrap().projects, 1);
}

pub(crate) async fn replacing_a_file_forgets_its_core_metadata(catalog: Arc<dyn Catalog>) {
    let mut demo = record("demo-1.zip", 1);
    demo.contents = Some(contents("old"));
    let change = FileChange::Add {
        kind: Arrival::Upload,
        record: demo,
        metadata: Some(core("old")),
    };
    apply(&*catalog, vec![change.clone()]).await;
    apply(&*catalog, vec![found(record("demo-1.zip", 2))]).await;
    let demo = path("demo-1.zip");
    assert_eq!(catalog.core_metadata(&main(), &demo).await.unwrap(), None);

    apply(&*catalog, vec![change]).await;
    apply(&*catalog, vec![lost("demo-1.zip")]).await;
    assert_eq!(catalog.core_metadata(&main(), &demo).await.unwrap(), None);
}
