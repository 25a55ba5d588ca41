//! What a file store promises that keeps contents by their digests and leaves paths to the
//! catalog.

use wheelhouse_index::identity::{Fingerprint, Timestamp};
use wheelhouse_index::ports::{BroughtBack, OpenError, PlaceMode, Truth};

use super::{Store, Traces, UPLOADED_AT, expect_traces, path, place, read, read_recorded, sha256};

/// The last moment of all.
const NEVER: Timestamp = Timestamp(i64::MAX);

async fn placed(store: &Store, at: &str, bytes: &[u8]) -> Fingerprint {
    let placed = place(store, at, bytes, PlaceMode::New).await;
    placed.expect("placed").fingerprint()
}

pub(crate) async fn a_path_has_what_was_recorded_of_it(store: Store, _: &dyn Traces) {
    assert_eq!(store.truth(), Truth::Catalog);
    // Both are there: which of them the path has is not for the store to say.
    let old = placed(&store, "demo-1.0.zip", b"old").await;
    let new = placed(&store, "demo-1.0.zip", b"new").await;
    for (recorded, bytes) in [(old, b"old"), (new, b"new")] {
        let expected = Fingerprint::Object {
            size_bytes: 3,
            sha256: sha256(bytes),
        };
        assert_eq!(recorded, expected);
        let read = read_recorded(&store, "demo-1.0.zip", Some(&recorded)).await;
        assert_eq!(read.as_deref(), Some(&bytes[..]));
    }
    assert_eq!(read(&store, "demo-1.0.zip").await, None);
}

pub(crate) async fn content_stays_while_another_path_has_it(store: Store, traces: &dyn Traces) {
    let recorded = placed(&store, "a-1.0.zip", b"abc").await;
    for at in ["b-1.0.zip", "team/a-1.0.zip", "c-1.0.zip"] {
        assert_eq!(placed(&store, at, b"abc").await, recorded);
    }
    store
        .remove(&path("a-1.0.zip"), Some(&recorded))
        .await
        .expect("removed");
    for at in ["b-1.0.zip", "c-1.0.zip"] {
        store
            .discard(&path(at), &sha256(b"abc"), Timestamp(5))
            .await
            .expect("discarded");
    }
    assert_eq!(store.forget_discarded(NEVER).await.expect("looked"), 2);
    expect_traces(traces, &["team/a-1.0.zip"]).await;
    let read = read_recorded(&store, "team/a-1.0.zip", Some(&recorded)).await;
    assert_eq!(read.as_deref(), Some(&b"abc"[..]));
}

pub(crate) async fn a_discarded_file_comes_back_as_it_was(store: Store, traces: &dyn Traces) {
    let at = path("a/demo-1.0.zip");
    let recorded = placed(&store, "a/demo-1.0.zip", b"abc").await;
    for _ in 0..2 {
        let discarded = store.discard(&at, &sha256(b"abc"), Timestamp(5)).await;
        discarded.expect("discarded, or gone already");
    }
    expect_traces(traces, &["discarded: a/demo-1.0.zip"]).await;
    let other = store.bring_back(&at, &sha256(b"abd")).await;
    assert_eq!(other.expect("an answer"), BroughtBack::NotKept);
    // The catalog may not hear of the first time.
    for _ in 0..2 {
        let back = store.bring_back(&at, &sha256(b"abc")).await;
        let expected = BroughtBack::Content {
            fingerprint: recorded,
            uploaded_at: UPLOADED_AT,
        };
        assert_eq!(back.expect("an answer"), expected);
        expect_traces(traces, &["a/demo-1.0.zip"]).await;
    }
    assert_eq!(store.forget_discarded(NEVER).await.expect("looked"), 0);
    let read = read_recorded(&store, "a/demo-1.0.zip", Some(&recorded)).await;
    assert_eq!(read.as_deref(), Some(&b"abc"[..]));
}

pub(crate) async fn undo_takes_back_its_own_placement_alone(store: Store, traces: &dyn Traces) {
    let first = place(&store, "demo-1.0.zip", b"abc", PlaceMode::New).await;
    let first = first.expect("placed");
    let second = place(&store, "demo-1.0.zip", b"abc", PlaceMode::New).await;
    let recorded = first.fingerprint();
    second.expect("placed").undo().await.expect("undone");
    store.forget_discarded(NEVER).await.expect("looked");
    let read = read_recorded(&store, "demo-1.0.zip", Some(&recorded)).await;
    assert_eq!(read.as_deref(), Some(&b"abc"[..]));
    expect_traces(traces, &["demo-1.0.zip"]).await;
    first.undo().await.expect("undone");
    expect_traces(traces, &[]).await;
}

pub(crate) async fn content_is_opened_only_as_it_was_recorded(store: Store, _: &dyn Traces) {
    placed(&store, "demo-1.0.zip", b"abc").await;
    let never_placed = Fingerprint::Object {
        size_bytes: 3,
        sha256: sha256(b"abd"),
    };
    let of_another_size = Fingerprint::Object {
        size_bytes: 4,
        sha256: sha256(b"abc"),
    };
    let of_a_folder = Fingerprint::File {
        size_bytes: 3,
        modified_ns: 1,
        inode: 1,
    };
    for recorded in [never_placed, of_another_size, of_a_folder] {
        let opened = store.open(&path("demo-1.0.zip"), Some(&recorded)).await;
        let error = opened.expect_err("not what was recorded");
        assert!(matches!(error, OpenError::Damaged(_)), "{error}");
    }
}
