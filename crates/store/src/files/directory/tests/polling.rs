//! What is found where the kernel tells of nothing.

use std::fs;
use std::io::Write;
use std::time::{Duration, Instant};

use super::super::{DirectoryOptions, DirectoryStore, WatchMode};
use super::fixture::{Observer, REST, Roots, options, whole_zip, write_old};
use crate::conformance::file_store::path;

fn polled(roots: &Roots) -> DirectoryStore {
    DirectoryStore::new(vec![roots.one()], options(WatchMode::Poll)).expect("a store")
}

#[tokio::test]
async fn a_file_is_listed_when_it_has_rested_and_reads_well() {
    let roots = Roots::new();
    let mut observer = Observer::of(polled(&roots)).await;
    let begun = Instant::now();
    fs::write(roots.one().join("a-1.0.zip"), whole_zip("a")).unwrap();
    observer.until_listed(&["a-1.0.zip"]).await;
    assert!(begun.elapsed() >= REST);
    assert!(observer.is_settled("a-1.0.zip").await);
}

#[tokio::test]
async fn an_old_file_that_comes_must_rest_as_well() {
    let roots = Roots::new();
    let mut observer = Observer::of(polled(&roots)).await;
    let begun = Instant::now();
    // A network's clock may be wrong, so that a time stamp says little.
    write_old(&roots.one().join("a-1.0.zip"), &whole_zip("a"));
    observer.until_listed(&["a-1.0.zip"]).await;
    assert!(begun.elapsed() >= REST);
}

#[tokio::test]
async fn a_copy_that_stalls_is_not_listed_until_it_is_whole() {
    let roots = Roots::new();
    let options = DirectoryOptions {
        long_rest: Duration::from_hours(1),
        ..options(WatchMode::Poll)
    };
    let store = DirectoryStore::new(vec![roots.one()], options).unwrap();
    let mut observer = Observer::of(store).await;
    let zip = whole_zip("some content");
    let mut file = fs::File::create(roots.one().join("a-1.0.zip")).unwrap();
    file.write_all(&zip[..40]).unwrap();
    observer.follow_for(REST * 4).await;
    assert!(observer.names().is_empty());
    assert!(!observer.is_settled("a-1.0.zip").await);
    file.write_all(&zip[40..]).unwrap();
    observer.until_listed(&["a-1.0.zip"]).await;
    assert_eq!(
        observer.listed[&path("a-1.0.zip")].size_bytes(),
        zip.len() as u64
    );
}

#[tokio::test]
async fn a_file_that_never_reads_well_is_listed_after_a_long_rest() {
    let roots = Roots::new();
    let mut observer = Observer::of(polled(&roots)).await;
    let begun = Instant::now();
    fs::write(roots.one().join("a-1.0.zip"), b"no archive").unwrap();
    observer.until_listed(&["a-1.0.zip"]).await;
    assert!(begun.elapsed() >= Duration::from_millis(1_500));
}

#[tokio::test]
async fn changes_moves_and_removals_are_found() {
    let roots = Roots::new();
    let one = roots.one();
    fs::create_dir(one.join("sub")).unwrap();
    write_old(&one.join("a-1.0.zip"), b"a");
    write_old(&one.join("sub/b-1.0.zip"), b"b");
    let mut observer = Observer::of(polled(&roots)).await;
    observer.until_listed(&["a-1.0.zip", "sub/b-1.0.zip"]).await;
    let before = observer.listed[&path("a-1.0.zip")];
    fs::write(one.join("a-1.0.zip"), whole_zip("other")).unwrap();
    observer
        .until("the new content", |observer| {
            observer
                .listed
                .get(&path("a-1.0.zip"))
                .is_some_and(|now| *now != before)
        })
        .await;
    fs::write(one.join("sub/b-1.0.zip"), whole_zip("b")).unwrap();
    fs::rename(one.join("sub"), one.join("other")).unwrap();
    observer
        .until_listed(&["a-1.0.zip", "other/b-1.0.zip"])
        .await;
    fs::remove_dir_all(one.join("other")).unwrap();
    observer.until_listed(&["a-1.0.zip"]).await;
}

#[tokio::test]
async fn a_file_that_is_being_written_anew_is_not_taken_for_gone() {
    let roots = Roots::new();
    write_old(&roots.one().join("a-1.0.zip"), b"a");
    let mut observer = Observer::of(polled(&roots)).await;
    let scans = observer.scans;
    let mut file = fs::File::create(roots.one().join("a-1.0.zip")).unwrap();
    file.write_all(b"half").unwrap();
    observer
        .until("another scan", |observer| observer.scans > scans)
        .await;
    assert_eq!(observer.unsettled, [path("a-1.0.zip")]);
    assert_eq!(observer.names(), ["a-1.0.zip"]);
}

#[tokio::test]
async fn nothing_is_told_while_nothing_happens() {
    let roots = Roots::new();
    write_old(&roots.one().join("a-1.0.zip"), b"a");
    let mut observer = Observer::of(polled(&roots)).await;
    observer.follow_for(Duration::from_millis(300)).await;
    assert_eq!(observer.scans, 1);
}
