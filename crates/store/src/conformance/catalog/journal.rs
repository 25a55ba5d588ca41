//! What the journal holds.

use std::sync::Arc;

use wheelhouse_index::actor::{Actor, UserName};
use wheelhouse_index::change::{Attribution, Departure, Event, EventKind, FileChange};
use wheelhouse_index::identity::{Serial, Timestamp};
use wheelhouse_index::ports::Catalog;

use super::fixture::{
    apply, change_in, contents, found, key, learned, main, path, record, uploaded,
};

pub(crate) async fn events_hold_the_records_before_and_after(catalog: Arc<dyn Catalog>) {
    let first = record("demo-1.zip", 1);
    let mut second = record("demo-1.zip", 2);
    second.contents = Some(contents("second"));
    apply(&*catalog, vec![found(first.clone())]).await;
    catalog
        .learn(&main(), vec![learned(&first, "first")])
        .await
        .unwrap();
    apply(&*catalog, vec![uploaded(second.clone())]).await;
    let removal = FileChange::Remove {
        kind: Departure::Removal,
        path: path("demo-1.zip"),
    };
    apply(&*catalog, vec![removal]).await;

    let mut first_read = first.clone();
    first_read.contents = Some(contents("first"));
    let events = catalog.events_after(Serial(0), 9).await.unwrap();
    let told: Vec<_> = events
        .into_iter()
        .map(|event| (event.kind, event.before().cloned(), event.after().cloned()))
        .collect();
    let expected = [
        (EventKind::Found, None, Some(first)),
        (
            EventKind::Overwritten,
            Some(first_read),
            Some(second.clone()),
        ),
        (EventKind::Removed, Some(second), None),
    ];
    assert_eq!(told, expected);
}

pub(crate) async fn events_tell_who_and_how(catalog: Arc<dyn Catalog>) {
    let by = |actor, detail: Option<&str>| Attribution {
        actor,
        address: detail.map(str::to_owned),
        agent: detail.map(|text| format!("{text} \u{1f389}\n")),
        request_id: detail.map(str::to_owned),
        at: Timestamp(-1),
    };
    let all = [
        by(Actor::Anonymous, None),
        by(Actor::System, Some("::1")),
        by(Actor::User(UserName::new("ada")), Some("")),
        by(Actor::User(UserName::new("system:\u{e9}")), None),
    ];
    for (state, by) in (1..).zip(&all) {
        let mut change = change_in(main(), vec![uploaded(record("Demo_x-1.zip", state))]);
        change.by = by.clone();
        catalog.commit(change).await.unwrap();
    }
    let events = catalog.events_after(Serial(0), 9).await.unwrap();
    let told: Vec<_> = events.iter().map(|event| event.by.clone()).collect();
    assert_eq!(told, all);
    for event in events {
        assert_eq!(event.index, main());
        assert_eq!(event.project, key("demo-x"));
        assert_eq!(event.path(), Some(&path("Demo_x-1.zip")));
    }
}

pub(crate) async fn a_serial_is_never_split(catalog: Arc<dyn Catalog>) {
    let mut serials = Vec::new();
    for (number, size) in [2, 3, 1].into_iter().enumerate() {
        let names = (0..size).map(|n| format!("p{number}-{n}.zip"));
        let changes = names.map(|name| found(record(&name, 1))).collect();
        serials.push(apply(&*catalog, changes).await.serial);
    }
    let after = |serial: Serial, limit| {
        let catalog = Arc::clone(&catalog);
        async move {
            let events = catalog.events_after(serial, limit).await.unwrap();
            let order: Vec<_> = events
                .iter()
                .map(|e: &Event| (e.serial, e.path().cloned()))
                .collect();
            assert!(order.is_sorted(), "{order:?}");
            events.len()
        }
    };
    let start = Serial(0);
    for (limit, count) in [
        (1, 2),
        (2, 2),
        (3, 2),
        (4, 2),
        (5, 5),
        (6, 6),
        (7, 6),
        (0, 0),
    ] {
        assert_eq!(after(start, limit).await, count, "limit {limit}");
    }
    for (limit, count) in [(1, 3), (3, 3), (4, 4), (usize::MAX, 4)] {
        assert_eq!(after(serials[0], limit).await, count, "limit {limit}");
    }
    assert_eq!(after(serials[1], 1).await, 1);
    assert_eq!(after(serials[2], 1).await, 0);
    assert_eq!(after(Serial(u64::MAX), 1).await, 0);
}

pub(crate) async fn the_last_events_of_a_project_are_told(catalog: Arc<dyn Catalog>) {
    for name in ["demo-1.zip", "other-1.zip", "demo-2.zip", "demo-3.zip"] {
        apply(&*catalog, vec![uploaded(record(name, 1))]).await;
    }
    let last = async |index, limit| {
        let events = catalog.last_events_of(&index, &key("demo"), limit).await;
        let events = events.unwrap().into_iter();
        events
            .map(|event| event.path().unwrap().to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(last(main(), 2).await, ["demo-3.zip", "demo-2.zip"]);
    assert_eq!(last(main(), 9).await.len(), 3);
    assert!(last("elsewhere".parse().unwrap(), 9).await.is_empty());
    assert!(last(main(), 0).await.is_empty());
}
