//! Where uploads go, and what becomes of what was there.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::sync::Arc;

use wheelhouse_index::ports::{FileStore, PlaceError, PlaceMode};

use super::super::WatchMode;
use super::fixture::{Roots, write_old};
use crate::conformance::file_store::{Traces, UPLOADED_AT, path, place, read};

#[tokio::test]
async fn an_upload_is_readable_for_others_and_dated() {
    let roots = Roots::new();
    let store: Arc<dyn FileStore> = Arc::new(roots.store());
    drop(
        place(&store, "a-1.0.zip", b"abc", PlaceMode::New)
            .await
            .unwrap(),
    );
    let metadata = roots.one().join("a-1.0.zip").metadata().unwrap();
    // The mask of the process may take more away.
    assert_eq!(metadata.mode() & 0o777 & !0o044, 0o600);
    assert_eq!(
        metadata.mtime() * 1_000_000 + metadata.mtime_nsec() / 1_000,
        UPLOADED_AT.0
    );
}

#[tokio::test]
async fn a_path_that_only_the_second_root_has_is_taken_and_replaced_in_the_first() {
    let roots = Roots::new();
    fs::create_dir(roots.two().join("sub")).unwrap();
    write_old(&roots.two().join("sub/a-1.0.zip"), b"old");
    let store: Arc<dyn FileStore> = Arc::new(roots.store_of_both(WatchMode::Auto));
    let refused = place(&store, "sub/a-1.0.zip", b"new", PlaceMode::New).await;
    assert!(matches!(refused, Err(PlaceError::Exists)));
    assert!(!roots.one().join("sub").exists());
    let placed = place(&store, "sub/a-1.0.zip", b"new", PlaceMode::Replace)
        .await
        .unwrap();
    assert_eq!(fs::read(roots.one().join("sub/a-1.0.zip")).unwrap(), b"new");
    assert_eq!(fs::read(roots.two().join("sub/a-1.0.zip")).unwrap(), b"old");
    assert_eq!(read(&store, "sub/a-1.0.zip").await.unwrap(), b"new");
    placed.undo().await.unwrap();
    assert_eq!(read(&store, "sub/a-1.0.zip").await.unwrap(), b"old");
    assert!(!roots.one().join("sub").exists());
}

#[tokio::test]
async fn a_removed_file_leaves_no_copy_in_another_root() {
    let roots = Roots::new();
    write_old(&roots.one().join("a-1.0.zip"), b"first");
    write_old(&roots.two().join("a-1.0.zip"), b"second");
    let store: Arc<dyn FileStore> = Arc::new(roots.store_of_both(WatchMode::Auto));
    store.remove(&path("a-1.0.zip"), None).await.unwrap();
    assert_eq!(read(&store, "a-1.0.zip").await, None);
    assert!(!roots.two().join("a-1.0.zip").exists());
}

#[tokio::test]
async fn a_removed_link_leaves_what_it_points_to() {
    let roots = Roots::new();
    let target = roots.outside("target");
    write_old(&target, b"kept");
    symlink(&target, roots.one().join("a-1.0.zip")).unwrap();
    let store: Arc<dyn FileStore> = Arc::new(roots.store());
    store.remove(&path("a-1.0.zip"), None).await.unwrap();
    assert_eq!(read(&store, "a-1.0.zip").await, None);
    assert_eq!(fs::read(&target).unwrap(), b"kept");
}

#[tokio::test]
async fn nothing_is_placed_or_removed_through_a_link_to_a_folder() {
    let roots = Roots::new();
    let outside = roots.outside("elsewhere");
    fs::create_dir(&outside).unwrap();
    write_old(&outside.join("a-1.0.zip"), b"kept");
    symlink(&outside, roots.one().join("link")).unwrap();
    let store: Arc<dyn FileStore> = Arc::new(roots.store());
    for mode in [PlaceMode::New, PlaceMode::Replace] {
        let refused = place(&store, "link/a-1.0.zip", b"new", mode).await;
        assert!(refused.is_err());
    }
    store.remove(&path("link/a-1.0.zip"), None).await.unwrap();
    assert_eq!(fs::read(outside.join("a-1.0.zip")).unwrap(), b"kept");
    assert_eq!(outside.read_dir().unwrap().count(), 1);
    assert_eq!(roots.traces(), ["link/a-1.0.zip"]);
}

#[tokio::test]
async fn a_folder_with_the_name_of_an_upload_is_left_alone() {
    let roots = Roots::new();
    fs::create_dir(roots.one().join("a-1.0.zip")).unwrap();
    let store: Arc<dyn FileStore> = Arc::new(roots.store());
    for mode in [PlaceMode::New, PlaceMode::Replace] {
        assert!(place(&store, "a-1.0.zip", b"new", mode).await.is_err());
    }
    store.remove(&path("a-1.0.zip"), None).await.unwrap();
    assert!(roots.one().join("a-1.0.zip").is_dir());
}

#[tokio::test]
async fn a_file_changed_by_hand_after_it_was_placed_is_not_taken_back() {
    let roots = Roots::new();
    let store: Arc<dyn FileStore> = Arc::new(roots.store());
    let placed = place(&store, "a-1.0.zip", b"new", PlaceMode::New)
        .await
        .unwrap();
    fs::write(roots.one().join("a-1.0.zip"), b"by hand").unwrap();
    placed.undo().await.unwrap();
    assert_eq!(read(&store, "a-1.0.zip").await.unwrap(), b"by hand");
}

#[tokio::test]
async fn a_file_in_the_place_of_the_state_folder_does_not_hinder_uploads() {
    let roots = Roots::new();
    fs::write(roots.one().join(".wheelhouse"), "a file").unwrap();
    let store: Arc<dyn FileStore> = Arc::new(roots.store());
    drop(
        place(&store, "a-1.0.zip", b"new", PlaceMode::New)
            .await
            .unwrap(),
    );
    assert_eq!(roots.traces(), [".wheelhouse", "a-1.0.zip"]);
}
