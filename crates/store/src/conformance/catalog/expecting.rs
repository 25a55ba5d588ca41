//! What a change expects of paths before it is recorded: this is how one of many servers gets a
//! file name.

use std::sync::Arc;

use wheelhouse_index::change::{Change, Expectation, MarkChange};
use wheelhouse_index::identity::Timestamp;
use wheelhouse_index::mark::{Mark, ProjectMark};
use wheelhouse_index::ports::{Catalog, Committed};

use super::fixture::{change_in, file, found, key, lost, main, path, record, sha256};

const CONTENDERS: i64 = 16;

/// A change that expects `holds` of the path `demo-1.zip`: the state of a record, or none.
fn expecting(holds: Option<i64>, change: Change) -> Change {
    Change {
        expects: vec![Expectation {
            path: path("demo-1.zip"),
            holds: holds.map(|state| record("demo-1.zip", state).fingerprint),
            unused_in: None,
        }],
        ..change
    }
}

fn put(state: i64) -> Change {
    change_in(main(), vec![found(record("demo-1.zip", state))])
}

pub(crate) async fn a_change_is_recorded_only_if_what_it_expects_is_so(catalog: Arc<dyn Catalog>) {
    let commit = |change| {
        let catalog = Arc::clone(&catalog);
        async move { catalog.commit(change).await.expect("an answer") }
    };
    let unexpected = Committed::Unexpected(path("demo-1.zip"));
    // Of an index that nobody has written to, too.
    assert_eq!(commit(expecting(Some(1), put(2))).await, unexpected);
    assert_eq!(file(&*catalog, "demo-1.zip").await, None);
    let first = commit(expecting(None, put(1))).await;
    assert!(matches!(first, Committed::Applied(_)), "{first:?}");

    let head = catalog.head().await.expect("a head");
    for refused in [
        expecting(None, put(2)),
        // Even where nothing would change.
        expecting(None, put(1)),
        expecting(Some(2), put(3)),
        expecting(Some(2), change_in(main(), vec![lost("demo-1.zip")])),
        // What it says of another path is not recorded either.
        expecting(
            None,
            change_in(main(), vec![found(record("other-1.zip", 1))]),
        ),
    ] {
        assert_eq!(commit(refused).await, unexpected);
    }
    assert_eq!(catalog.head().await.expect("a head"), head);
    let there = file(&*catalog, "demo-1.zip").await;
    assert_eq!(there, Some(record("demo-1.zip", 1)));
    assert_eq!(file(&*catalog, "other-1.zip").await, None);

    let replaced = commit(expecting(Some(1), put(2))).await;
    assert!(matches!(replaced, Committed::Applied(_)), "{replaced:?}");
    let removal = change_in(main(), vec![lost("demo-1.zip")]);
    let removed = commit(expecting(Some(2), removal)).await;
    assert!(matches!(removed, Committed::Applied(_)), "{removed:?}");
    let again = commit(expecting(None, put(3))).await;
    assert!(matches!(again, Committed::Applied(_)), "{again:?}");
}

pub(crate) async fn a_name_that_must_be_unused_was_not_deleted(catalog: Arc<dyn Catalog>) {
    let deleted = |name: &str, path_text: &str| ProjectMark {
        project: key(name),
        mark: Mark::Deleted {
            path: path(path_text),
            sha256: sha256("what was there"),
        },
        since: Timestamp(1),
    };
    let marking = |marks| Change {
        marks,
        ..change_in(main(), Vec::new())
    };
    let upload = |state| {
        let mut change = expecting(None, put(state));
        change.expects[0].unused_in = Some(key("demo"));
        change
    };
    let commit = |change| {
        let catalog = Arc::clone(&catalog);
        async move { catalog.commit(change).await.expect("an answer") }
    };
    // Of another name of the project, and of another project.
    let others = vec![
        MarkChange::Set(deleted("demo", "demo-2.zip")),
        MarkChange::Set(deleted("other", "demo-1.zip")),
    ];
    commit(marking(others)).await;
    let first = commit(upload(1)).await;
    assert!(matches!(first, Committed::Applied(_)), "{first:?}");

    let deletion = Change {
        files: vec![lost("demo-1.zip")],
        ..marking(vec![MarkChange::Set(deleted("demo", "sub/demo-1.zip"))])
    };
    commit(deletion).await;
    let unexpected = Committed::Unexpected(path("demo-1.zip"));
    assert_eq!(commit(upload(2)).await, unexpected);
    assert_eq!(file(&*catalog, "demo-1.zip").await, None);
    let other = commit(expecting(None, put(2))).await;
    assert!(matches!(other, Committed::Applied(_)), "{other:?}");
}

pub(crate) async fn of_many_changes_that_expect_the_same_one_is_recorded(
    catalog: Arc<dyn Catalog>,
) {
    let mut before = None;
    for round in 0..10 {
        let contenders: Vec<_> = (1..=CONTENDERS)
            .map(|number| {
                let catalog = Arc::clone(&catalog);
                let state = round * CONTENDERS + number;
                tokio::spawn(async move {
                    let committed = catalog.commit(expecting(before, put(state))).await;
                    match committed.expect("an answer") {
                        Committed::Applied(_) => Some(state),
                        Committed::Unexpected(_) => None,
                        Committed::Unchanged => panic!("each wants another content"),
                    }
                })
            })
            .collect();
        let mut winners = Vec::new();
        for contender in contenders {
            winners.extend(contender.await.expect("no panic"));
        }
        assert_eq!(winners.len(), 1, "{winners:?}");
        let there = file(&*catalog, "demo-1.zip").await;
        assert_eq!(there, Some(record("demo-1.zip", winners[0])));
        before = Some(winners[0]);
    }
}
