//! Roots that vanish and come back.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use wheelhouse_index::ports::{FileStore, OpenError, PlaceError, PlaceMode};

use super::super::{DirectoryStore, WatchMode};
use super::fixture::{Observer, Roots, options, write_old};
use crate::conformance::file_store::path;

async fn is_away(store: &DirectoryStore, at: &str) -> bool {
    match store.open(&path(at), None).await {
        Ok(_) => false,
        Err(OpenError::Away(reason)) => {
            assert!(reason.contains("one"), "names the folder: {reason}");
            true
        }
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_root_that_is_moved_away_is_no_mass_deletion() {
    for watch in [WatchMode::Auto, WatchMode::Poll] {
        let roots = Roots::new();
        write_old(&roots.one().join("a-1.0.zip"), b"a");
        write_old(&roots.two().join("b-1.0.zip"), b"b");
        let mut observer = Observer::of(roots.store_of_both(watch)).await;
        fs::rename(roots.one(), roots.outside("moved")).unwrap();
        assert!(is_away(&observer.store, "a-1.0.zip").await);
        assert!(!is_away(&observer.store, "b-1.0.zip").await);
        assert!(observer.store.ready().await.is_err());
        write_old(
            &roots.two().join("c-1.0.zip"),
            &super::fixture::whole_zip("c"),
        );
        observer
            .until_listed(&["a-1.0.zip", "b-1.0.zip", "c-1.0.zip"])
            .await;
        if watch == WatchMode::Poll {
            assert!(!observer.is_complete);
        }
        let refused = observer.store.stage().await.err();
        assert!(
            matches!(refused, Some(PlaceError::ReadOnly(_))),
            "{refused:?}"
        );

        fs::rename(roots.outside("moved"), roots.one()).unwrap();
        observer
            .until("a whole scan", |observer| observer.is_complete)
            .await;
        assert_eq!(observer.names(), ["a-1.0.zip", "b-1.0.zip", "c-1.0.zip"]);
        assert!(!is_away(&observer.store, "a-1.0.zip").await);
        assert!(observer.store.ready().await.is_ok());
        // It is followed as before.
        fs::write(
            roots.one().join("d-1.0.zip"),
            super::fixture::whole_zip("d"),
        )
        .unwrap();
        fs::remove_file(roots.one().join("a-1.0.zip")).unwrap();
        observer
            .until_listed(&["b-1.0.zip", "c-1.0.zip", "d-1.0.zip"])
            .await;
    }
}

#[tokio::test]
async fn a_root_that_is_removed_with_all_that_is_in_it_is_no_mass_deletion() {
    let roots = Roots::new();
    for number in 0..50 {
        write_old(&roots.one().join(format!("a-{number}.zip")), b"a");
    }
    let mut observer = Observer::of(roots.store()).await;
    fs::remove_dir_all(roots.one()).unwrap();
    // Well after the files would be told to be gone.
    observer
        .follow_for(options(WatchMode::Auto).gone_after * 6)
        .await;
    assert_eq!(observer.names().len(), 50);
    assert_eq!(observer.told_gone, []);
    assert!(is_away(&observer.store, "a-1.zip").await);
}

#[tokio::test]
async fn what_a_root_hid_does_not_come_to_light_while_it_is_away() {
    for watch in [WatchMode::Auto, WatchMode::Poll] {
        let roots = Roots::new();
        write_old(&roots.one().join("a-1.0.zip"), b"first");
        write_old(&roots.two().join("a-1.0.zip"), b"the second");
        let mut observer = Observer::of(roots.store_of_both(watch)).await;
        fs::rename(roots.one(), roots.outside("moved")).unwrap();
        observer
            .until("an incomplete scan", |observer| !observer.is_complete)
            .await;
        assert!(is_away(&observer.store, "a-1.0.zip").await);
        assert_eq!(observer.listed[&path("a-1.0.zip")].size_bytes(), 5);
    }
}

/// A small file system of its own, while it lives.
struct Mounted<'f>(&'f std::path::Path);

impl<'f> Mounted<'f> {
    /// `None` where this may not be done.
    fn at(folder: &'f std::path::Path, options: &str) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(folder);
        mount
            .output()
            .ok()?
            .status
            .success()
            .then_some(Self(folder))
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(self.0).output();
        let is_unmounted = unmounted.is_ok_and(|output| output.status.success());
        assert!(is_unmounted || std::thread::panicking());
    }
}

/// Whether tests may mount. What errors of the system mean is tested without it as well.
fn may_mount() -> bool {
    let folder = tempfile::tempdir().unwrap();
    let may_mount = Mounted::at(folder.path(), "size=64k").is_some();
    if !may_mount {
        println!("not tested: nothing can be mounted by this user");
    }
    may_mount
}

#[tokio::test]
async fn an_unmounted_volume_is_no_mass_deletion_and_takes_no_uploads() {
    if !may_mount() {
        return;
    }
    let roots = Roots::new();
    let one = roots.one();
    let mounted = Mounted::at(&one, "size=1m").expect("mounted");
    write_old(&one.join("a-1.0.zip"), b"a");
    let mut observer = Observer::of(roots.store()).await;
    drop(mounted);
    assert_eq!(one.read_dir().unwrap().count(), 0);
    assert!(is_away(&observer.store, "a-1.0.zip").await);
    assert!(observer.store.stage().await.is_err());
    observer
        .until("an incomplete scan", |observer| !observer.is_complete)
        .await;
    assert_eq!(observer.names(), ["a-1.0.zip"]);

    let _mounted = Mounted::at(&one, "size=1m").expect("mounted");
    write_old(&one.join("b-1.0.zip"), &super::fixture::whole_zip("b"));
    observer.until_listed(&["b-1.0.zip"]).await;
}

#[tokio::test]
async fn a_full_file_system_is_said_to_be_full_and_nothing_is_left() {
    if !may_mount() {
        return;
    }
    let roots = Roots::new();
    let one = roots.one();
    let _mounted = Mounted::at(&one, "size=1m").expect("mounted");
    let store = roots.store();
    let mut staging = store.stage().await.unwrap();
    let mut outcome = Ok(());
    for _ in 0..8 {
        outcome = staging.write(vec![1; 512 << 10].into()).await;
        if outcome.is_err() {
            break;
        }
    }
    assert!(matches!(outcome, Err(PlaceError::Full)), "{outcome:?}");
    drop(staging);
    // What was written is removed by another thread.
    let deadline = Instant::now() + Duration::from_secs(20);
    let staged = loop {
        let mut staging = store.stage().await.unwrap();
        staging.write(vec![1; 512 << 10].into()).await.unwrap();
        match staging.finish().await {
            Ok(staged) => break staged,
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    let at = wheelhouse_index::identity::Timestamp(0);
    let placed = staged.place(&path("a-1.0.zip"), PlaceMode::New, at).await;
    drop(placed.unwrap());
}

#[tokio::test]
async fn a_read_only_root_is_served_and_refuses_what_would_write() {
    if !may_mount() {
        return;
    }
    let roots = Roots::new();
    let one = roots.one();
    let _mounted = Mounted::at(&one, "size=1m").expect("mounted");
    write_old(&one.join("a-1.0.zip"), b"a");
    let remounted = Command::new("mount")
        .args(["-o", "remount,ro"])
        .arg(&one)
        .output();
    assert!(remounted.unwrap().status.success());
    let observer = Observer::of(roots.store()).await;
    assert_eq!(observer.names(), ["a-1.0.zip"]);
    for refused in [
        observer.store.stage().await.err(),
        observer.store.remove(&path("a-1.0.zip"), None).await.err(),
    ] {
        let Some(PlaceError::ReadOnly(reason)) = refused else {
            panic!("{refused:?}");
        };
        assert!(reason.contains(one.to_str().unwrap()), "{reason}");
        assert!(reason.contains("read-only"), "{reason}");
    }
    assert!(super::super::writable(&one).is_err());
}
