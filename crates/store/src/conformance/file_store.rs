//! The promises of the port `FileStore`. [`file_store_promises!`] makes a test of each for a
//! backend; [`path_promises!`] and [`content_promises!`] make more, by who is the truth about
//! paths.

mod contents;
mod paths;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt;
use wheelhouse_index::identity::{Fingerprint, Timestamp};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{
    BroughtBack, Content, FileStore, MarksPlace, OpenError, OpenFile, PlaceError, PlaceMode,
    PlacedFile, StagedFile,
};
use wheelhouse_standards::digest::{Digester, Sha256Digest};

pub(crate) use contents::*;
pub(crate) use paths::*;

/// Makes a test of each promise that all stores keep. `$fresh` gives an empty file store and a
/// [`Traces`] of it.
macro_rules! file_store_promises {
    ($fresh:expr) => {
        $crate::conformance::file_store::promises! { $fresh;
            what_is_placed_is_read_back_with_its_digests
            nobody_sees_a_file_before_it_is_placed
            a_dropped_staging_leaves_nothing
            a_free_path_can_be_replaced
            an_open_file_stays_what_it_was
            what_was_discarded_long_ago_is_forgotten
            what_was_discarded_can_be_read_while_it_is_kept
            what_stands_beside_a_file_is_found_by_its_path
            marks_are_read_back_as_they_were_written_last
            a_missing_file_is_not_found
            each_content_has_a_fingerprint_of_its_own
            reading_stops_at_the_end
            a_stream_gives_the_same_bytes
            an_empty_file_is_a_file
            a_large_file_in_pieces_of_any_size_is_whole
            odd_names_are_names
            a_fresh_store_is_ready
        }
    };
}
pub(crate) use file_store_promises;

/// Makes a test of each promise that only those stores keep that are the truth about paths.
macro_rules! path_promises {
    ($fresh:expr) => {
        $crate::conformance::file_store::promises! { $fresh;
            a_taken_path_is_refused_and_keeps_its_bytes
            a_file_is_replaced_when_asked_for
            undo_takes_a_new_file_away
            undo_brings_a_replaced_file_back
            undo_leaves_alone_what_came_after
            a_dropped_placement_keeps_the_file_and_nothing_else
            of_many_who_want_a_path_one_gets_it
            readers_see_all_of_one_file_while_it_is_replaced
            a_removed_file_is_gone_and_may_be_removed_again
            a_discarded_file_is_gone_and_can_be_brought_back_once
            nothing_is_brought_back_over_another_file
        }
    };
}
pub(crate) use path_promises;

/// Makes a test of each promise that only those stores keep that leave paths to the catalog.
macro_rules! content_promises {
    ($fresh:expr) => {
        $crate::conformance::file_store::promises! { $fresh;
            a_path_has_what_was_recorded_of_it
            content_stays_while_another_path_has_it
            a_discarded_file_comes_back_as_it_was
            undo_takes_back_its_own_placement_alone
            content_is_opened_only_as_it_was_recorded
        }
    };
}
pub(crate) use content_promises;

macro_rules! promises {
    ($fresh:expr; $($promise:ident)*) => {
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
pub(crate) use promises;

/// Shows everything that a store keeps, hidden or not.
pub(crate) trait Traces {
    /// Returns a name for each thing that holds bytes.
    fn traces(&self) -> Vec<String>;
}

/// A time of modification with a part of a second.
pub(crate) const UPLOADED_AT: Timestamp = Timestamp(1_700_000_000_123_456);

pub(super) type Store = Arc<dyn FileStore>;

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

/// Reads the whole file at a path, as a store sees it that is the truth.
pub(crate) async fn read(store: &Store, at: &str) -> Option<Vec<u8>> {
    read_recorded(store, at, None).await
}

/// Reads the whole file at a path, of which this was recorded.
pub(crate) async fn read_recorded(
    store: &Store,
    at: &str,
    recorded: Option<&Fingerprint>,
) -> Option<Vec<u8>> {
    match store.open(&path(at), recorded).await {
        Ok(file) => Some(read_all(&*file.content)),
        Err(OpenError::NotFound) => None,
        Err(error) => panic!("{error}"),
    }
}

pub(super) fn read_all(content: &dyn Content) -> Vec<u8> {
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
pub(super) async fn expect_traces(traces: &dyn Traces, expected: &[&str]) {
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
    let recorded = placed.fingerprint();
    let file = store
        .open(&path("team/demo-1.0.zip"), Some(&recorded))
        .await
        .expect("open");
    assert!(file.settled);
    assert_eq!(file.fingerprint, recorded);
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

pub(crate) async fn a_free_path_can_be_replaced(store: Store, traces: &dyn Traces) {
    let placed = place(&store, "demo-1.0.zip", b"new", PlaceMode::Replace).await;
    let recorded = placed.expect("placed").fingerprint();
    assert_eq!(
        read_recorded(&store, "demo-1.0.zip", Some(&recorded))
            .await
            .as_deref(),
        Some(&b"new"[..])
    );
    expect_traces(traces, &["demo-1.0.zip"]).await;
}

pub(crate) async fn an_open_file_stays_what_it_was(store: Store, _: &dyn Traces) {
    let (file, recorded) = placed_and_open(&store, "demo-1.0.zip", b"old").await;
    drop(place(&store, "demo-1.0.zip", b"newer", PlaceMode::Replace).await);
    assert_eq!(read_all(&*file.content), b"old");
    store
        .remove(&path("demo-1.0.zip"), Some(&recorded))
        .await
        .expect("removed");
    assert_eq!(read_all(&*file.content), b"old");
    assert_eq!(file.content.fingerprint().expect("asked"), file.fingerprint);
}

/// Places a file and opens it.
async fn placed_and_open(store: &Store, at: &str, bytes: &[u8]) -> (OpenFile, Fingerprint) {
    let placed = place(store, at, bytes, PlaceMode::New).await;
    let recorded = placed.expect("placed").fingerprint();
    let file = store.open(&path(at), Some(&recorded)).await.expect("open");
    (file, recorded)
}

/// Returns the digest of some bytes.
pub(crate) fn sha256(bytes: &[u8]) -> Sha256Digest {
    let mut digester = Digester::new(None);
    digester.update(bytes);
    digester.finish().sha256
}

pub(crate) async fn what_was_discarded_long_ago_is_forgotten(store: Store, traces: &dyn Traces) {
    let mut recorded = None;
    for (at, seconds) in [("a-1.0.zip", 100), ("b-1.0.zip", 200)] {
        let placed = place(&store, at, b"abc", PlaceMode::New).await;
        recorded = Some(placed.expect("placed").fingerprint());
        let moment = Timestamp(seconds * 1_000_000);
        store
            .discard(&path(at), &sha256(b"abc"), moment)
            .await
            .expect("discarded");
    }
    let forget = |seconds: i64| store.forget_discarded(Timestamp(seconds * 1_000_000));
    assert_eq!(forget(100).await.expect("looked"), 0);
    assert_eq!(forget(200).await.expect("looked"), 1);
    for (at, is_kept) in [("a-1.0.zip", false), ("b-1.0.zip", true)] {
        let back = store.bring_back(&path(at), &sha256(b"abc")).await;
        let back = back.expect("an answer");
        assert_eq!(back != BroughtBack::NotKept, is_kept, "{at}: {back:?}");
    }
    assert_eq!(
        read_recorded(&store, "b-1.0.zip", recorded.as_ref())
            .await
            .as_deref(),
        Some(&b"abc"[..])
    );
    store
        .remove(&path("b-1.0.zip"), recorded.as_ref())
        .await
        .expect("removed");
    expect_traces(traces, &[]).await;
}

pub(crate) async fn what_was_discarded_can_be_read_while_it_is_kept(store: Store, _: &dyn Traces) {
    let at = path("a-1.0.zip");
    let digest = sha256(b"abc");
    let kept = async || {
        let kept = store.open_discarded(&at, &digest).await.expect("looked");
        kept.map(|file| read_all(&*file.content))
    };
    assert_eq!(kept().await, None);
    drop(place(&store, "a-1.0.zip", b"abc", PlaceMode::New).await);
    assert_eq!(kept().await, None, "it is not discarded");
    let moment = Timestamp(100_000_000);
    store
        .discard(&at, &digest, moment)
        .await
        .expect("discarded");
    for _ in 0..2 {
        assert_eq!(kept().await.as_deref(), Some(&b"abc"[..]));
    }
    for (other, digest) in [("a-1.0.zip", sha256(b"abd")), ("b-1.0.zip", digest)] {
        let kept = store.open_discarded(&path(other), &digest).await;
        assert!(kept.expect("looked").is_none(), "{other} {digest}");
    }
    let back = store.bring_back(&at, &digest).await.expect("an answer");
    assert_ne!(back, BroughtBack::NotKept, "reading takes nothing away");
    assert_eq!(kept().await, None, "it is back");
    let moment = Timestamp(200_000_000);
    store
        .discard(&at, &digest, moment)
        .await
        .expect("discarded");
    let later = Timestamp(300_000_000);
    store.forget_discarded(later).await.expect("forgotten");
    assert_eq!(kept().await, None, "it is forgotten");
}

pub(crate) async fn what_stands_beside_a_file_is_found_by_its_path(store: Store, _: &dyn Traces) {
    let at = "demo-1.0.zip.provenance";
    assert!(path(at).is_beside());
    assert_eq!(read(&store, at).await, None);
    let first = place(&store, at, b"one", PlaceMode::Replace).await;
    first.expect("placed").undo().await.expect("undone");
    assert_eq!(read(&store, at).await, None);
    drop(place(&store, at, b"one", PlaceMode::Replace).await);
    let second = place(&store, at, b"two", PlaceMode::Replace).await;
    assert_eq!(read(&store, at).await.as_deref(), Some(&b"two"[..]));
    second.expect("placed").undo().await.expect("undone");
    assert_eq!(read(&store, at).await.as_deref(), Some(&b"one"[..]));
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
        let error = store.open(&path(missing), None).await.expect_err(missing);
        assert!(matches!(error, OpenError::NotFound), "{missing}: {error}");
    }
    let too_long = format!("{}-1.zip", "a".repeat(300));
    let error = store
        .open(&path(&too_long), None)
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
    let (file, _) = placed_and_open(&store, "demo-1.0.zip", b"abc").await;
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

pub(crate) async fn a_stream_gives_the_same_bytes(store: Store, _: &dyn Traces) {
    let bytes: Vec<u8> = (0_u32..100_000).flat_map(u32::to_le_bytes).collect();
    let (file, _) = placed_and_open(&store, "demo-1.0.zip", &bytes).await;
    for range in [0..400_000_u64, 0..1, 399_999..400_000, 1_000..300_001, 7..7] {
        // A store may always leave it to `read_at`.
        let Some(mut stream) = file.content.stream(range.clone()) else {
            continue;
        };
        let mut read = Vec::new();
        while let Some(piece) = stream.next().await {
            read.extend_from_slice(&piece.expect("read"));
        }
        let place = |offset| usize::try_from(offset).expect("a place");
        let expected = &bytes[place(range.start)..place(range.end)];
        assert!(read == expected, "{range:?}");
    }
}

pub(crate) async fn an_empty_file_is_a_file(store: Store, traces: &dyn Traces) {
    let staging = store.stage().await.expect("a staging");
    let staged = staging.finish().await.expect("staged");
    assert_eq!(staged.size_bytes(), 0);
    let placed = staged
        .place(&path("demo-1.0.zip"), PlaceMode::New, UPLOADED_AT)
        .await;
    let recorded = placed.expect("placed").fingerprint();
    assert_eq!(
        read_recorded(&store, "demo-1.0.zip", Some(&recorded)).await,
        Some(Vec::new())
    );
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
    let mut digester = Digester::new(None);
    digester.update(&bytes);
    assert_eq!(staged.digests(), &digester.finish());
    let placed = staged
        .place(&path("demo-1.0.zip"), PlaceMode::New, UPLOADED_AT)
        .await;
    let recorded = placed.expect("placed").fingerprint();
    assert!(read_recorded(&store, "demo-1.0.zip", Some(&recorded)).await == Some(bytes));
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
    let mut placed = Vec::new();
    for name in names {
        let file = place(&store, name, name.as_bytes(), PlaceMode::New).await;
        let file = file.unwrap_or_else(|error| panic!("{name:?}: {error}"));
        placed.push((name, file.fingerprint()));
    }
    for (name, recorded) in placed {
        assert_eq!(
            read_recorded(&store, name, Some(&recorded))
                .await
                .as_deref(),
            Some(name.as_bytes()),
            "{name:?}"
        );
    }
}

pub(crate) async fn a_fresh_store_is_ready(store: Store, _: &dyn Traces) {
    store.ready().await.expect("ready");
}
