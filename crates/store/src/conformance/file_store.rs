//! The promises of the port `FileStore`. [`file_store_promises!`] makes a test of each for a
//! backend.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use wheelhouse_index::identity::{Fingerprint, Timestamp};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{
    Content, FileStore, MarksPlace, OpenError, PlaceError, PlaceMode, PlacedFile, StagedFile,
};
use wheelhouse_standards::digest::Sha256Digest;

/// Makes a test of each promise. `$fresh` gives an empty file store and a [`Traces`] of it.
macro_rules! file_store_promises {
    ($fresh:expr) => {
        $crate::conformance::file_store::file_store_promises! { @each $fresh;
            what_is_placed_is_read_back_with_its_digests
            nobody_sees_a_file_before_it_is_placed
            a_dropped_staging_leaves_nothing
            a_taken_path_is_refused_and_keeps_its_bytes
            a_file_is_replaced_when_asked_for
            a_free_path_can_be_replaced
            undo_takes_a_new_file_away
            undo_brings_a_replaced_file_back
            undo_leaves_alone_what_came_after
            a_dropped_placement_keeps_the_file_and_nothing_else
            of_many_who_want_a_path_one_gets_it
            readers_see_all_of_one_file_while_it_is_replaced
            an_open_file_stays_what_it_was
            a_removed_file_is_gone_and_may_be_removed_again
            a_discarded_file_is_gone_and_can_be_brought_back_once
            nothing_is_brought_back_over_another_file
            what_was_discarded_long_ago_is_forgotten
            marks_are_read_back_as_they_were_written_last
            a_missing_file_is_not_found
            each_content_has_a_fingerprint_of_its_own
            reading_stops_at_the_end
            an_empty_file_is_a_file
            a_large_file_in_pieces_of_any_size_is_whole
            odd_names_are_names
            a_fresh_store_is_ready
        }
    };
    (@each $fresh:expr; $($promise:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let (store, traces) = $fresh;
                let store: std::sync::Arc<dyn wheelhouse_index::ports::FileStore> = store;
                $crate::conformance::file_store::$promise(store, &traces).await;
            }
        )*
    };
}
pub(crate) use file_store_promises;

/// Shows everything that a store keeps, hidden or not.
pub(crate) trait Traces {
    /// Returns a name for each thing that holds bytes.
    fn traces(&self) -> Vec<String>;
}

/// A time of modification with a part of a second.
pub(crate) const UPLOADED_AT: Timestamp = Timestamp(1_700_000_000_123_456);

type Store = Arc<dyn FileStore>;

/// Parses a path.
pub(crate) fn path(text: &str) -> FilePath {
    text.parse().expect("a path")
}

/// Stages some bytes.
pub(crate) async fn staged(store: &Store, bytes: &[u8]) -> Box<dyn StagedFile> {
    let mut staging = store.stage().await.expect("a staging");
    staging
        .write(Bytes::copy_from_slice(bytes))
        .await
        .expect("written");
    staging.finish().await.expect("staged")
}

/// Places some bytes.
pub(crate) async fn place(
    store: &Store,
    at: &str,
    bytes: &[u8],
    mode: PlaceMode,
) -> Result<Box<dyn PlacedFile>, PlaceError> {
    let staged = staged(store, bytes).await;
    staged.place(&path(at), mode, UPLOADED_AT).await
}

/// Reads the whole file at a path.
pub(crate) async fn read(store: &Store, at: &str) -> Option<Vec<u8>> {
    match store.open(&path(at)).await {
        Ok(file) => Some(read_all(&*file.content)),
        Err(OpenError::NotFound) => None,
        Err(error) => panic!("{error}"),
    }
}

fn read_all(content: &dyn Content) -> Vec<u8> {
    let mut all = Vec::new();
    let mut buffer = vec![0; 60_000];
    loop {
        let count = content
            .read_at(all.len() as u64, &mut buffer)
            .expect("readable");
        if count == 0 {
            return all;
        }
        all.extend_from_slice(&buffer[..count]);
    }
}

/// Waits until a store keeps nothing but this.
async fn expect_traces(traces: &dyn Traces, expected: &[&str]) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while traces.traces() != expected {
        assert!(
            Instant::now() < deadline,
            "{:?} is there, and not {expected:?}",
            traces.traces()
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) async fn what_is_placed_is_read_back_with_its_digests(store: Store, _: &dyn Traces) {
    let staged = staged(&store, b"abc").await;
    assert_eq!(staged.size_bytes(), 3);
    assert_eq!(
        staged.digests().sha256.to_string(),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert_eq!(read_all(&*staged.content()), b"abc");
    let placed = staged
        .place(&path("team/demo-1.0.zip"), PlaceMode::New, UPLOADED_AT)
        .await
        .expect("placed");
    let file = store.open(&path("team/demo-1.0.zip")).await.expect("open");
    assert!(file.settled);
    assert_eq!(file.fingerprint, placed.fingerprint());
    assert_eq!(file.content.fingerprint().expect("asked"), file.fingerprint);
    if let Fingerprint::File { modified_ns, .. } = file.fingerprint {
        assert_eq!(Timestamp::from_nanoseconds(modified_ns), UPLOADED_AT);
    }
    assert_eq!(file.content.size_bytes(), 3);
    assert_eq!(read_all(&*file.content), b"abc");
}

pub(crate) async fn nobody_sees_a_file_before_it_is_placed(store: Store, _: &dyn Traces) {
    let staged = staged(&store, b"abc").await;
    assert_eq!(read(&store, "demo-1.0.zip").await, None);
    drop(staged);
}

pub(crate) async fn a_dropped_staging_leaves_nothing(store: Store, traces: &dyn Traces) {
    let mut staging = store.stage().await.expect("a staging");
    staging
        .write(Bytes::from(vec![1; 3 << 20]))
        .await
        .expect("written");
    drop(staging);
    expect_traces(traces, &[]).await;
    drop(staged(&store, b"abc").await);
    expect_traces(traces, &[]).await;
}

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

pub(crate) async fn a_free_path_can_be_replaced(store: Store, traces: &dyn Traces) {
    let placed = place(&store, "demo-1.0.zip", b"new", PlaceMode::Replace).await;
    drop(placed.expect("placed"));
    assert_eq!(
        read(&store, "demo-1.0.zip").await.as_deref(),
        Some(&b"new"[..])
    );
    expect_traces(traces, &["demo-1.0.zip"]).await;
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
    let file = store.open(&path("demo-1.0.zip")).await.expect("open");
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

pub(crate) async fn an_open_file_stays_what_it_was(store: Store, _: &dyn Traces) {
    drop(place(&store, "demo-1.0.zip", b"old", PlaceMode::New).await);
    let file = store.open(&path("demo-1.0.zip")).await.expect("open");
    drop(place(&store, "demo-1.0.zip", b"newer", PlaceMode::Replace).await);
    assert_eq!(read_all(&*file.content), b"old");
    store.remove(&path("demo-1.0.zip")).await.expect("removed");
    assert_eq!(read_all(&*file.content), b"old");
    assert_eq!(file.content.fingerprint().expect("asked"), file.fingerprint);
}

pub(crate) async fn a_removed_file_is_gone_and_may_be_removed_again(
    store: Store,
    traces: &dyn Traces,
) {
    drop(place(&store, "a/demo-1.0.zip", b"abc", PlaceMode::New).await);
    for _ in 0..2 {
        store
            .remove(&path("a/demo-1.0.zip"))
            .await
            .expect("removed");
        assert_eq!(read(&store, "a/demo-1.0.zip").await, None);
    }
    expect_traces(traces, &[]).await;
    let placed = place(&store, "a/demo-1.0.zip", b"abd", PlaceMode::New).await;
    assert!(placed.is_ok());
}

fn sha256(digit: char) -> Sha256Digest {
    let digits = digit.to_string().repeat(64);
    digits.parse().expect("a digest")
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
            let discarded = store.discard(&path(at), &sha256('1'), Timestamp(5)).await;
            discarded.expect("discarded, or gone already");
        }
        assert_eq!(read(&store, at).await, None);
        let bring_back = |digit| {
            let (store, digest) = (store.clone(), sha256(digit));
            async move {
                store
                    .bring_back(&path(at), &digest)
                    .await
                    .expect("an answer")
            }
        };
        assert!(!bring_back('2').await, "other bytes");
        assert!(bring_back('1').await);
        assert!(!bring_back('1').await, "it is back");
        let back = store.open(&path(at)).await.expect("it is back");
        assert_eq!(back.fingerprint, before);
        assert!(back.settled);
        assert_eq!(read(&store, at).await.as_deref(), Some(&b"abc"[..]));
        store.remove(&path(at)).await.expect("removed");
    }
}

pub(crate) async fn nothing_is_brought_back_over_another_file(store: Store, _: &dyn Traces) {
    drop(place(&store, "demo-1.0.zip", b"old", PlaceMode::New).await);
    let at = path("demo-1.0.zip");
    store
        .discard(&at, &sha256('1'), Timestamp(5))
        .await
        .expect("discarded");
    drop(place(&store, "demo-1.0.zip", b"new", PlaceMode::New).await);
    let refused = store.bring_back(&at, &sha256('1')).await;
    assert!(matches!(refused, Err(PlaceError::Exists)), "{refused:?}");
    assert_eq!(
        read(&store, "demo-1.0.zip").await.as_deref(),
        Some(&b"new"[..])
    );
    store.remove(&at).await.expect("removed");
    assert!(store.bring_back(&at, &sha256('1')).await.expect("free now"));
    assert_eq!(
        read(&store, "demo-1.0.zip").await.as_deref(),
        Some(&b"old"[..])
    );
}

pub(crate) async fn what_was_discarded_long_ago_is_forgotten(store: Store, traces: &dyn Traces) {
    for (at, seconds) in [("a-1.0.zip", 100), ("b-1.0.zip", 200)] {
        drop(place(&store, at, b"abc", PlaceMode::New).await);
        let moment = Timestamp(seconds * 1_000_000);
        store
            .discard(&path(at), &sha256('1'), moment)
            .await
            .expect("discarded");
    }
    let forget = |seconds: i64| store.forget_discarded(Timestamp(seconds * 1_000_000));
    assert_eq!(forget(100).await.expect("looked"), 0);
    assert_eq!(forget(200).await.expect("looked"), 1);
    for (at, is_kept) in [("a-1.0.zip", false), ("b-1.0.zip", true)] {
        let back = store.bring_back(&path(at), &sha256('1')).await;
        assert_eq!(back.expect("an answer"), is_kept);
    }
    store.remove(&path("b-1.0.zip")).await.expect("removed");
    expect_traces(traces, &[]).await;
}

pub(crate) async fn marks_are_read_back_as_they_were_written_last(store: Store, _: &dyn Traces) {
    assert_eq!(store.read_marks().await.expect("looked"), None);
    for written in [&b"one"[..], b"", b"three"] {
        let place = store.write_marks(Bytes::copy_from_slice(written)).await;
        assert_eq!(place.expect("written"), MarksPlace::WithFiles);
        let read = store.read_marks().await.expect("looked");
        assert_eq!(read.expect("it was written").bytes, written);
    }
}

pub(crate) async fn a_missing_file_is_not_found(store: Store, _: &dyn Traces) {
    drop(place(&store, "a/demo-1.0.zip", b"abc", PlaceMode::New).await);
    for missing in [
        "b-1.zip",
        "a/b-1.zip",
        "b/demo-1.0.zip",
        "a",
        "a/demo-1.0.zip/b-1.zip",
    ] {
        let error = store.open(&path(missing)).await.expect_err(missing);
        assert!(matches!(error, OpenError::NotFound), "{missing}: {error}");
    }
    let too_long = format!("{}-1.zip", "a".repeat(300));
    let error = store
        .open(&path(&too_long))
        .await
        .expect_err("no such file");
    assert!(matches!(error, OpenError::NotFound), "{error}");
}

pub(crate) async fn each_content_has_a_fingerprint_of_its_own(store: Store, _: &dyn Traces) {
    let one = place(&store, "demo-1.0.zip", b"one", PlaceMode::New).await;
    let one = one.expect("placed").fingerprint();
    let two = place(&store, "demo-1.0.zip", b"two", PlaceMode::Replace).await;
    let two = two.expect("placed").fingerprint();
    assert_ne!(one, two);
    assert_eq!((one.size_bytes(), two.size_bytes()), (3, 3));
}

pub(crate) async fn reading_stops_at_the_end(store: Store, _: &dyn Traces) {
    drop(place(&store, "demo-1.0.zip", b"abc", PlaceMode::New).await);
    let file = store.open(&path("demo-1.0.zip")).await.expect("open");
    for (offset, expected) in [(0, &b"abc"[..]), (2, b"c"), (3, b""), (1 << 40, b"")] {
        let mut buffer = [0; 10];
        let count = file.content.read_at(offset, &mut buffer).expect("read");
        assert_eq!(&buffer[..count], expected, "from {offset}");
        // A store may always say that it does not know without waiting.
        if let Some(count) = file.content.try_read_at(offset, &mut buffer) {
            let count = count.expect("read");
            assert!(expected.starts_with(&buffer[..count]), "from {offset}");
        }
    }
}

pub(crate) async fn an_empty_file_is_a_file(store: Store, traces: &dyn Traces) {
    let staging = store.stage().await.expect("a staging");
    let staged = staging.finish().await.expect("staged");
    assert_eq!(staged.size_bytes(), 0);
    let placed = staged
        .place(&path("demo-1.0.zip"), PlaceMode::New, UPLOADED_AT)
        .await;
    drop(placed.expect("placed"));
    assert_eq!(read(&store, "demo-1.0.zip").await, Some(Vec::new()));
    expect_traces(traces, &["demo-1.0.zip"]).await;
}

pub(crate) async fn a_large_file_in_pieces_of_any_size_is_whole(store: Store, _: &dyn Traces) {
    let bytes: Vec<u8> = (0_u32..6 << 18).flat_map(u32::to_le_bytes).collect();
    let mut staging = store.stage().await.expect("a staging");
    let mut rest = Bytes::from(bytes.clone());
    for size in [1, 0, 700_000, 1 << 20, 3 << 20, 17].into_iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let piece = rest.split_to(size.min(rest.len()));
        staging.write(piece).await.expect("written");
    }
    let staged = staging.finish().await.expect("staged");
    assert_eq!(staged.size_bytes(), bytes.len() as u64);
    let mut digester = wheelhouse_standards::digest::Digester::new(None);
    digester.update(&bytes);
    assert_eq!(staged.digests(), &digester.finish());
    let placed = staged
        .place(&path("demo-1.0.zip"), PlaceMode::New, UPLOADED_AT)
        .await;
    drop(placed.expect("placed"));
    assert!(read(&store, "demo-1.0.zip").await == Some(bytes));
}

pub(crate) async fn odd_names_are_names(store: Store, _: &dyn Traces) {
    let names = [
        "sp ace-1.0.zip",
        "per%25cent-1.0.zip",
        "quote\"'-1.0.zip",
        "new\nline-1.0.zip",
        "ümlaut-1.0.zip",
        "u\u{308}mlaut-1.0.zip",
        "雪/☃-1.0.zip",
        "back\\slash-1.0.zip",
        "a+b!1.0&c=d#e?f-1.0.zip",
    ];
    for name in names {
        let placed = place(&store, name, name.as_bytes(), PlaceMode::New).await;
        drop(placed.unwrap_or_else(|error| panic!("{name:?}: {error}")));
    }
    for name in names {
        assert_eq!(
            read(&store, name).await.as_deref(),
            Some(name.as_bytes()),
            "{name:?}"
        );
    }
}

pub(crate) async fn a_fresh_store_is_ready(store: Store, _: &dyn Traces) {
    store.ready().await.expect("ready");
}
