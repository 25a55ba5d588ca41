//! What a file store promises that is itself the truth about which file is at a path.

use std::sync::Arc;

use wheelhouse_index::identity::Timestamp;
use wheelhouse_index::ports::{BroughtBack, PlaceError, PlaceMode};

use super::{Store, Traces, UPLOADED_AT, expect_traces, path, place, read, sha256, staged};

pub(crate) async fn a_taken_path_is_refused_and_keeps_its_bytes(store: Store, traces: &dyn Traces) {
    drop(place(&store, "demo-1.0.zip", b"old", PlaceMode::New).await);
    let refused = place(&store, "demo-1.0.zip", b"new", PlaceMode::New).await;
    assert!(matches!(refused, Err(PlaceError::Exists)));
    assert_eq!(
        read(&store, "demo-1.0.zip").await.as_deref(),
        Some(&b"old"[..])
    );
    expect_traces(traces, &["demo-1.0.zip"]).await;
}

pub(crate) async fn a_file_is_replaced_when_asked_for(store: Store, traces: &dyn Traces) {
    drop(place(&store, "demo-1.0.zip", b"old", PlaceMode::New).await);
    let placed = place(&store, "demo-1.0.zip", b"new", PlaceMode::Replace).await;
    assert_eq!(
        read(&store, "demo-1.0.zip").await.as_deref(),
        Some(&b"new"[..])
    );
    drop(placed.expect("placed"));
    expect_traces(traces, &["demo-1.0.zip"]).await;
    assert_eq!(
        read(&store, "demo-1.0.zip").await.as_deref(),
        Some(&b"new"[..])
    );
}

pub(crate) async fn undo_takes_a_new_file_away(store: Store, traces: &dyn Traces) {
    for mode in [PlaceMode::New, PlaceMode::Replace] {
        let placed = place(&store, "a/b/demo-1.0.zip", b"new", mode).await;
        placed.expect("placed").undo().await.expect("undone");
        assert_eq!(read(&store, "a/b/demo-1.0.zip").await, None);
        expect_traces(traces, &[]).await;
    }
}

pub(crate) async fn undo_brings_a_replaced_file_back(store: Store, traces: &dyn Traces) {
    let old = place(&store, "demo-1.0.zip", b"old", PlaceMode::New).await;
    let old = old.expect("placed").fingerprint();
    let placed = place(&store, "demo-1.0.zip", b"new", PlaceMode::Replace).await;
    placed.expect("placed").undo().await.expect("undone");
    assert_eq!(
        read(&store, "demo-1.0.zip").await.as_deref(),
        Some(&b"old"[..])
    );
    let file = store.open(&path("demo-1.0.zip"), None).await.expect("open");
    assert_eq!((file.fingerprint, file.settled), (old, true));
    expect_traces(traces, &["demo-1.0.zip"]).await;
}

pub(crate) async fn undo_leaves_alone_what_came_after(store: Store, traces: &dyn Traces) {
    let first = place(&store, "demo-1.0.zip", b"first", PlaceMode::New).await;
    let second = place(&store, "demo-1.0.zip", b"second", PlaceMode::Replace).await;
    drop(second.expect("placed"));
    first.expect("placed").undo().await.expect("undone");
    assert_eq!(
        read(&store, "demo-1.0.zip").await.as_deref(),
        Some(&b"second"[..])
    );
    expect_traces(traces, &["demo-1.0.zip"]).await;
}

pub(crate) async fn a_dropped_placement_keeps_the_file_and_nothing_else(
    store: Store,
    traces: &dyn Traces,
) {
    for bytes in [&b"one"[..], b"two"] {
        drop(place(&store, "a/demo-1.0.zip", bytes, PlaceMode::Replace).await);
        expect_traces(traces, &["a/demo-1.0.zip"]).await;
        assert_eq!(read(&store, "a/demo-1.0.zip").await.as_deref(), Some(bytes));
    }
}

pub(crate) async fn of_many_who_want_a_path_one_gets_it(store: Store, traces: &dyn Traces) {
    let mut contenders = Vec::new();
    for number in 0..8_u8 {
        let staged = staged(&store, &[number; 1_000]).await;
        contenders.push(tokio::spawn(async move {
            let placed = staged
                .place(&path("demo-1.0.zip"), PlaceMode::New, UPLOADED_AT)
                .await;
            match placed {
                Ok(_) => Some(number),
                Err(PlaceError::Exists) => None,
                Err(error) => panic!("{error}"),
            }
        }));
    }
    let mut winners = Vec::new();
    for contender in contenders {
        winners.extend(contender.await.expect("no panic"));
    }
    assert_eq!(winners.len(), 1, "{winners:?}");
    let expected = vec![winners[0]; 1_000];
    assert_eq!(read(&store, "demo-1.0.zip").await, Some(expected));
    expect_traces(traces, &["demo-1.0.zip"]).await;
}

pub(crate) async fn readers_see_all_of_one_file_while_it_is_replaced(store: Store, _: &dyn Traces) {
    const SIZE: usize = 200_000;
    drop(place(&store, "demo-1.0.zip", &vec![0; SIZE], PlaceMode::New).await);
    let writer = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for number in 1..20 {
                drop(
                    place(
                        &store,
                        "demo-1.0.zip",
                        &vec![number; SIZE],
                        PlaceMode::Replace,
                    )
                    .await,
                );
            }
        })
    };
    while !writer.is_finished() {
        let bytes = read(&store, "demo-1.0.zip").await.expect("always there");
        assert_eq!(bytes.len(), SIZE);
        assert!(bytes.iter().all(|&byte| byte == bytes[0]), "a mixture");
        tokio::task::yield_now().await;
    }
    writer.await.expect("no panic");
}

pub(crate) async fn a_removed_file_is_gone_and_may_be_removed_again(
    store: Store,
    traces: &dyn Traces,
) {
    drop(place(&store, "a/demo-1.0.zip", b"abc", PlaceMode::New).await);
    for _ in 0..2 {
        store
            .remove(&path("a/demo-1.0.zip"), None)
            .await
            .expect("removed");
        assert_eq!(read(&store, "a/demo-1.0.zip").await, None);
    }
    expect_traces(traces, &[]).await;
    let placed = place(&store, "a/demo-1.0.zip", b"abd", PlaceMode::New).await;
    assert!(placed.is_ok());
}

pub(crate) async fn a_discarded_file_is_gone_and_can_be_brought_back_once(
    store: Store,
    _: &dyn Traces,
) {
    let long = format!("{}demo-1.0.zip", "x".repeat(243));
    for at in ["a/demo-1.0.zip", "demo-1.0.zip", &long] {
        let before = place(&store, at, b"abc", PlaceMode::New).await;
        let before = before.expect("placed").fingerprint();
        for _ in 0..2 {
            let discarded = store
                .discard(&path(at), &sha256(b"abc"), Timestamp(5))
                .await;
            discarded.expect("discarded, or gone already");
        }
        assert_eq!(read(&store, at).await, None);
        let bring_back = |bytes| {
            let (store, digest) = (store.clone(), sha256(bytes));
            async move {
                let back = store.bring_back(&path(at), &digest).await;
                back.expect("an answer") == BroughtBack::AtItsPath
            }
        };
        assert!(!bring_back(b"abd").await, "other bytes");
        assert!(bring_back(b"abc").await);
        assert!(!bring_back(b"abc").await, "it is back");
        let back = store.open(&path(at), None).await.expect("it is back");
        assert_eq!(back.fingerprint, before);
        assert!(back.settled);
        assert_eq!(read(&store, at).await.as_deref(), Some(&b"abc"[..]));
        store.remove(&path(at), None).await.expect("removed");
    }
}

pub(crate) async fn nothing_is_brought_back_over_another_file(store: Store, _: &dyn Traces) {
    drop(place(&store, "demo-1.0.zip", b"old", PlaceMode::New).await);
    let at = path("demo-1.0.zip");
    store
        .discard(&at, &sha256(b"old"), Timestamp(5))
        .await
        .expect("discarded");
    drop(place(&store, "demo-1.0.zip", b"new", PlaceMode::New).await);
    let refused = store.bring_back(&at, &sha256(b"old")).await;
    assert!(matches!(refused, Err(PlaceError::Exists)), "{refused:?}");
    assert_eq!(
        read(&store, "demo-1.0.zip").await.as_deref(),
        Some(&b"new"[..])
    );
    store.remove(&at, None).await.expect("removed");
    let back = store.bring_back(&at, &sha256(b"old")).await;
    assert_eq!(back.expect("free now"), BroughtBack::AtItsPath);
    assert_eq!(
        read(&store, "demo-1.0.zip").await.as_deref(),
        Some(&b"old"[..])
    );
}
