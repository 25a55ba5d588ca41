//! What the kernel tells of, and what follows from it.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::time::{Duration, SystemTime};

use wheelhouse_index::ports::FileStore;

use super::super::{DirectoryOptions, DirectoryStore, WatchMode};
use super::fixture::{Observer, REST, Roots, options, whole_zip, write_old};
use crate::conformance::file_store::path;

/// A store for which only the kernel's word counts: nothing rests for long enough.
fn told_only(roots: &Roots) -> DirectoryStore {
    let options = DirectoryOptions {
        rest: Duration::from_hours(1),
        long_rest: Duration::from_hours(2),
        ..options(WatchMode::Auto)
    };
    DirectoryStore::new(vec![roots.one()], options).expect("a store")
}

#[tokio::test]
async fn a_file_is_listed_when_its_writer_closes_it_and_not_before() {
    let roots = Roots::new();
    let mut observer = Observer::of(told_only(&roots)).await;
    let mut file = fs::File::create(roots.one().join("a-1.0.zip")).unwrap();
    file.write_all(b"half").unwrap();
    fs::write(roots.one().join("b-1.0.zip"), b"b").unwrap();
    // What happened later is listed, so what happened before was seen.
    observer.until_listed(&["b-1.0.zip"]).await;
    assert!(!observer.is_settled("a-1.0.zip").await);
    file.write_all(b" and half").unwrap();
    drop(file);
    observer.until_listed(&["a-1.0.zip", "b-1.0.zip"]).await;
    assert_eq!(observer.listed[&path("a-1.0.zip")].size_bytes(), 13);
    assert!(observer.is_settled("a-1.0.zip").await);
}

#[tokio::test]
async fn a_file_is_listed_when_it_is_renamed_into_place() {
    let roots = Roots::new();
    let mut observer = Observer::of(told_only(&roots)).await;
    fs::write(roots.one().join(".a-1.0.zip.part"), b"a").unwrap();
    fs::rename(
        roots.one().join(".a-1.0.zip.part"),
        roots.one().join("a-1.0.zip"),
    )
    .unwrap();
    observer.until_listed(&["a-1.0.zip"]).await;
    fs::write(roots.outside("b"), b"b").unwrap();
    fs::rename(roots.outside("b"), roots.one().join("b-1.0.zip")).unwrap();
    observer.until_listed(&["a-1.0.zip", "b-1.0.zip"]).await;
}

#[tokio::test]
async fn a_file_that_is_written_in_place_is_unsettled_until_it_is_closed() {
    let roots = Roots::new();
    let place = roots.one().join("a-1.0.zip");
    write_old(&place, b"old");
    let mut observer = Observer::of(told_only(&roots)).await;
    let before = observer.listed[&path("a-1.0.zip")];
    let mut file = OpenOptions::new().append(true).open(&place).unwrap();
    file.write_all(b" and new").unwrap();
    // A stalled writer, whose last write is long ago.
    file.set_modified(SystemTime::now() - Duration::from_hours(2))
        .unwrap();
    fs::write(roots.one().join("b-1.0.zip"), b"b").unwrap();
    observer.until_listed(&["a-1.0.zip", "b-1.0.zip"]).await;
    assert!(!observer.is_settled("a-1.0.zip").await);
    assert_eq!(observer.listed[&path("a-1.0.zip")], before);
    drop(file);
    observer
        .until("the new content", |observer| {
            observer.listed[&path("a-1.0.zip")].size_bytes() == 11
        })
        .await;
}

#[tokio::test]
async fn replaced_moved_and_removed_files_are_followed() {
    let roots = Roots::new();
    let one = roots.one();
    write_old(&one.join("a-1.0.zip"), b"a");
    write_old(&one.join("b-1.0.zip"), b"b");
    fs::create_dir(one.join("sub")).unwrap();
    let mut observer = Observer::of(told_only(&roots)).await;
    observer.until_listed(&["a-1.0.zip", "b-1.0.zip"]).await;
    fs::rename(one.join("a-1.0.zip"), one.join("sub/c-1.0.zip")).unwrap();
    observer.until_listed(&["b-1.0.zip", "sub/c-1.0.zip"]).await;
    fs::write(one.join(".new"), b"newer").unwrap();
    fs::rename(one.join(".new"), one.join("b-1.0.zip")).unwrap();
    observer
        .until("the new content", |observer| {
            observer.listed[&path("b-1.0.zip")].size_bytes() == 5
        })
        .await;
    fs::remove_file(one.join("b-1.0.zip")).unwrap();
    observer.until_listed(&["sub/c-1.0.zip"]).await;
    fs::rename(one.join("sub/c-1.0.zip"), roots.outside("c-1.0.zip")).unwrap();
    observer.until_listed(&[]).await;
    assert_eq!(observer.scans, 1, "single files need no scan");
}

#[tokio::test]
async fn folders_that_come_move_and_go_are_followed() {
    let roots = Roots::new();
    let one = roots.one();
    let mut observer = Observer::of(told_only(&roots)).await;
    let outside = roots.outside("team");
    fs::create_dir_all(outside.join("deep/er")).unwrap();
    write_old(&outside.join("a-1.0.zip"), b"a");
    write_old(&outside.join("deep/er/b-1.0.zip"), b"b");
    fs::rename(&outside, one.join("team")).unwrap();
    observer
        .until_listed(&["team/a-1.0.zip", "team/deep/er/b-1.0.zip"])
        .await;
    fs::rename(one.join("team"), one.join("group")).unwrap();
    observer
        .until_listed(&["group/a-1.0.zip", "group/deep/er/b-1.0.zip"])
        .await;
    // The folders are watched under their new names.
    fs::write(one.join("group/deep/er/c-1.0.zip"), b"c").unwrap();
    fs::remove_file(one.join("group/deep/er/b-1.0.zip")).unwrap();
    observer
        .until_listed(&["group/a-1.0.zip", "group/deep/er/c-1.0.zip"])
        .await;
    fs::rename(one.join("group/deep"), roots.outside("deep")).unwrap();
    observer.until_listed(&["group/a-1.0.zip"]).await;
    // What was moved away is not watched any more.
    fs::write(roots.outside("deep/er/d-1.0.zip"), b"d").unwrap();
    fs::remove_dir_all(one.join("group")).unwrap();
    observer.until_listed(&[]).await;
}

#[tokio::test]
async fn files_in_folders_made_a_moment_ago_are_not_missed() {
    let roots = Roots::new();
    let mut observer = Observer::of(roots.store()).await;
    let mut expected = Vec::new();
    for number in 0..40 {
        let folder = roots.one().join(format!("f{number:02}/a/b"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("a-1.0.zip"), whole_zip("a")).unwrap();
        expected.push(format!("f{number:02}/a/b/a-1.0.zip"));
    }
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    observer.until_listed(&expected).await;
}

#[tokio::test]
async fn a_second_name_of_a_file_is_listed_when_it_has_rested_and_reads_well() {
    let roots = Roots::new();
    let mut observer = Observer::of(roots.store()).await;
    fs::write(roots.outside("whole"), whole_zip("a")).unwrap();
    fs::write(roots.outside("cut"), &whole_zip("a")[..60]).unwrap();
    fs::hard_link(roots.outside("whole"), roots.one().join("a-1.0.zip")).unwrap();
    symlink(roots.outside("whole"), roots.one().join("b-1.0.zip")).unwrap();
    fs::hard_link(roots.outside("cut"), roots.one().join("c-1.0.zip")).unwrap();
    let begun = std::time::Instant::now();
    observer.until_listed(&["a-1.0.zip", "b-1.0.zip"]).await;
    assert!(begun.elapsed() >= REST.mul_f32(0.9));
    observer
        .until_listed(&["a-1.0.zip", "b-1.0.zip", "c-1.0.zip"])
        .await;
    assert!(begun.elapsed() >= Duration::from_millis(1_400));
}

#[tokio::test]
async fn a_copy_that_stalls_is_not_listed_until_it_is_closed() {
    let roots = Roots::new();
    let mut observer = Observer::of(roots.store()).await;
    let zip = whole_zip("some content");
    let mut file = fs::File::create(roots.one().join("a-1.0.zip")).unwrap();
    file.write_all(&zip[..40]).unwrap();
    observer.follow_for(REST * 3).await;
    assert!(observer.names().is_empty());
    assert!(!observer.is_settled("a-1.0.zip").await);
    file.write_all(&zip[40..]).unwrap();
    drop(file);
    observer.until_listed(&["a-1.0.zip"]).await;
}

#[tokio::test]
async fn a_new_time_of_modification_is_noticed() {
    let roots = Roots::new();
    write_old(&roots.one().join("a-1.0.zip"), b"a");
    let mut observer = Observer::of(told_only(&roots)).await;
    let before = observer.listed[&path("a-1.0.zip")];
    let at = rustix::fs::Timestamps {
        last_access: rustix::fs::Timespec {
            tv_sec: 1_000,
            tv_nsec: 0,
        },
        last_modification: rustix::fs::Timespec {
            tv_sec: 1_000,
            tv_nsec: 0,
        },
    };
    let place = roots.one().join("a-1.0.zip");
    let flags = rustix::fs::AtFlags::empty();
    rustix::fs::utimensat(rustix::fs::CWD, &place, &at, flags).unwrap();
    observer
        .until("the new time", |observer| {
            observer.listed[&path("a-1.0.zip")] != before
        })
        .await;
}

#[tokio::test]
async fn at_the_start_rested_files_are_listed_at_once_and_young_ones_when_they_have_rested() {
    let roots = Roots::new();
    write_old(&roots.one().join("old-1.0.zip"), b"not read at all");
    fs::write(roots.one().join("young-1.0.zip"), whole_zip("y")).unwrap();
    let store = DirectoryStore::new(
        vec![roots.one()],
        DirectoryOptions {
            rest: Duration::from_secs(2),
            ..options(WatchMode::Auto)
        },
    );
    let mut observer = Observer::of(store.unwrap()).await;
    assert_eq!(observer.names(), ["old-1.0.zip"]);
    assert_eq!(observer.unsettled, [path("young-1.0.zip")]);
    observer
        .until_listed(&["old-1.0.zip", "young-1.0.zip"])
        .await;
}

#[tokio::test]
async fn an_observer_who_is_slow_misses_nothing_in_the_end() {
    const FILES: usize = 3_000;
    let roots = Roots::new();
    let mut observer = Observer::of(told_only(&roots)).await;
    for number in 0..FILES {
        fs::write(roots.one().join(format!("a-{number}.zip")), b"x").unwrap();
        if number % 20 == 0 {
            // As many pieces of news as possible, and nobody takes them.
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    observer
        .until("all files", |observer| observer.listed.len() == FILES)
        .await;
}

#[tokio::test]
async fn uploads_are_settled_and_told_to_nobody_twice() {
    let roots = Roots::new();
    let mut observer = Observer::of(told_only(&roots)).await;
    let mut staging = observer.store.stage().await.unwrap();
    staging.write("abc".into()).await.unwrap();
    let staged = staging.finish().await.unwrap();
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    let now = wheelhouse_index::identity::Timestamp(i64::try_from(now.as_micros()).unwrap());
    let mode = wheelhouse_index::ports::PlaceMode::New;
    drop(staged.place(&path("a-1.0.zip"), mode, now).await.unwrap());
    assert!(observer.is_settled("a-1.0.zip").await);
    fs::write(roots.one().join("b-1.0.zip"), b"b").unwrap();
    observer
        .until("a later file", |observer| {
            observer.listed.contains_key(&path("b-1.0.zip"))
        })
        .await;
    assert!(observer.is_settled("a-1.0.zip").await);
}

#[tokio::test]
async fn a_store_that_is_dropped_tells_no_more() {
    let roots = Roots::new();
    let store = roots.store();
    let mut observations = store.observe();
    drop(store);
    let ended = async { while observations.recv().await.is_some() {} };
    tokio::time::timeout(Duration::from_secs(10), ended)
        .await
        .expect("the watcher ends");
}
