//! What becomes of content that nothing needs.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use object_store::ObjectStoreExt as _;
use wheelhouse_index::identity::Fingerprint;
use wheelhouse_index::ports::{FileStore, ListedContents, OpenError, PlaceMode, StoreError};
use wheelhouse_standards::digest::Sha256Digest;

use super::Bucket;
use crate::conformance::file_store::{path, place, read_recorded, sha256};
use crate::files::objects::{Access, ObjectFileStore, sweeping};

/// The contents that some catalog lists.
#[derive(Debug, Default)]
struct Listed(HashSet<Sha256Digest>);

#[async_trait]
impl ListedContents for Listed {
    async fn listed_among(
        &self,
        contents: &HashSet<Sha256Digest>,
    ) -> Result<HashSet<Sha256Digest>, StoreError> {
        Ok(self.0.intersection(contents).copied().collect())
    }
}

fn of(bytes: &[u8]) -> Fingerprint {
    Fingerprint::Object {
        size_bytes: bytes.len() as u64,
        sha256: sha256(bytes),
    }
}

async fn placed(store: &Arc<dyn FileStore>, at: &str, bytes: &[u8]) {
    let placed = place(store, at, bytes, PlaceMode::New).await;
    drop(placed.expect("placed"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn content_that_nothing_names_goes_aside_first_and_then_for_good() {
    let (store, bucket) = Bucket::in_memory();
    let store: Arc<dyn FileStore> = store;
    placed(&store, "a-1.zip", b"abc").await;
    placed(&store, "b-1.zip", b"xyz").await;
    store
        .remove(&path("a-1.zip"), Some(&of(b"abc")))
        .await
        .expect("removed");
    assert_eq!(bucket.keys("sha256").await.len(), 2);
    store.sweep(&Listed::default()).await.expect("swept");
    assert_eq!(bucket.keys("sha256").await.len(), 1);
    assert_eq!(bucket.keys("retired").await.len(), 1);
    store.sweep(&Listed::default()).await.expect("swept");
    assert_eq!(bucket.keys("retired").await, Vec::<String>::new());
    let read = read_recorded(&store, "b-1.zip", Some(&of(b"xyz"))).await;
    assert_eq!(read.as_deref(), Some(&b"xyz"[..]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn content_of_a_listed_file_stays_when_its_record_is_lost() {
    for is_aside in [false, true] {
        let (store, bucket) = Bucket::in_memory();
        let store: Arc<dyn FileStore> = store;
        placed(&store, "a-1.zip", b"abc").await;
        let (keys, digest) = (&bucket.shared.keys, sha256(b"abc"));
        for record in bucket.keys("records").await {
            let key = format!("team/{record}").into();
            bucket.shared.store.delete(&key).await.expect("lost");
        }
        if is_aside {
            let (from, to) = (keys.content(&digest), keys.retired(&digest));
            let moved = bucket.shared.store.rename(&from, &to).await;
            moved.expect("moved");
        }
        let listed = Listed(HashSet::from([digest]));
        for _ in 0..3 {
            store.sweep(&listed).await.expect("swept");
        }
        let read = read_recorded(&store, "a-1.zip", Some(&of(b"abc"))).await;
        assert_eq!(read.as_deref(), Some(&b"abc"[..]), "aside: {is_aside}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn content_that_was_placed_a_moment_ago_is_left_alone() {
    let (_, bucket) = Bucket::in_memory();
    let mut options = bucket.shared.options.clone();
    options.rest = Duration::from_hours(1);
    let access = Access {
        store: Arc::clone(&bucket.shared.store),
        ..Access::in_memory()
    };
    let store = ObjectFileStore::over(access, options);
    let shared = Arc::clone(&store.shared);
    let store: Arc<dyn FileStore> = Arc::new(store);
    let undone = place(&store, "a-1.zip", b"abc", PlaceMode::New).await;
    undone.expect("placed").undo().await.expect("undone");
    assert_eq!(
        sweeping::sweep(&shared, &Listed::default())
            .await
            .expect("swept"),
        0
    );
    assert_eq!(bucket.keys("sha256").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn content_that_is_aside_is_found_by_readers_and_uploads() {
    for upload_first in [false, true] {
        let (store, bucket) = Bucket::in_memory();
        let store: Arc<dyn FileStore> = store;
        placed(&store, "a-1.zip", b"abc").await;
        // As a server leaves it that ends in the middle.
        let keys = &bucket.shared.keys;
        let digest = sha256(b"abc");
        bucket
            .shared
            .store
            .rename(&keys.content(&digest), &keys.retired(&digest))
            .await
            .expect("moved");
        if upload_first {
            placed(&store, "b-1.zip", b"abc").await;
        }
        let read = read_recorded(&store, "a-1.zip", Some(&of(b"abc"))).await;
        assert_eq!(read.as_deref(), Some(&b"abc"[..]));
        store.sweep(&Listed::default()).await.expect("swept");
        let read = read_recorded(&store, "a-1.zip", Some(&of(b"abc"))).await;
        assert_eq!(read.as_deref(), Some(&b"abc"[..]));
    }
}

/// Looks for content that nothing but sweeps touches. Without any rest between two sweeps, which
/// no real store has, it may be on its way back at one look.
async fn is_there(store: &ObjectFileStore, bytes: &[u8]) -> bool {
    for _ in 0..50 {
        if store.open(&path("a-1.zip"), Some(&of(bytes))).await.is_ok() {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploads_and_sweeps_at_one_time_lose_nothing() {
    const ROUNDS: usize = 300;
    let (objects, bucket) = Bucket::in_memory();
    let store: Arc<dyn FileStore> = Arc::clone(&objects) as _;
    let is_over = Arc::new(AtomicBool::new(false));
    let aside = Arc::new(AtomicUsize::new(0));
    let sweeper = {
        let (shared, is_over) = (Arc::clone(&bucket.shared), Arc::clone(&is_over));
        let aside = Arc::clone(&aside);
        tokio::spawn(async move {
            while !is_over.load(Ordering::Relaxed) {
                let count = sweeping::sweep(&shared, &Listed::default())
                    .await
                    .expect("swept");
                aside.fetch_add(count, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        })
    };
    let mut round = 0;
    // On until some went aside in between, however busy the machine is.
    while round < ROUNDS || aside.load(Ordering::Relaxed) == 0 {
        round += 1;
        // One content, which is needed, needless and needed again.
        placed(&store, "a-1.zip", b"abc").await;
        assert!(is_there(&objects, b"abc").await, "round {round}");
        let removed = store.remove(&path("a-1.zip"), Some(&of(b"abc"))).await;
        removed.expect("removed");
        if round % 10 == 0 {
            // A sweep looks at much else before it comes here.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    is_over.store(true, Ordering::Relaxed);
    sweeper.await.expect("no panic");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_altered_object_of_the_same_size_is_written_anew_when_it_is_replaced() {
    let (store, bucket) = Bucket::in_memory();
    let store: Arc<dyn FileStore> = store;
    placed(&store, "a-1.zip", b"abc").await;
    let key = bucket.shared.keys.content(&sha256(b"abc"));
    bucket
        .shared
        .store
        .put(&key, "abd".into())
        .await
        .expect("altered");
    let mended = place(&store, "a-1.zip", b"abc", PlaceMode::Replace).await;
    drop(mended.expect("placed"));
    let read = read_recorded(&store, "a-1.zip", Some(&of(b"abc"))).await;
    assert_eq!(read.as_deref(), Some(&b"abc"[..]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_was_deleted_is_damage_and_not_a_missing_file() {
    let (store, bucket) = Bucket::in_memory();
    let store: Arc<dyn FileStore> = store;
    placed(&store, "a-1.zip", b"abc").await;
    let key = bucket.shared.keys.content(&sha256(b"abc"));
    bucket.shared.store.delete(&key).await.expect("deleted");
    let opened = store.open(&path("a-1.zip"), Some(&of(b"abc"))).await;
    let error = opened.expect_err("it is gone");
    assert!(matches!(error, OpenError::Damaged(_)), "{error}");
}
