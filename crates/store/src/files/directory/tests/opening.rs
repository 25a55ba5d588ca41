//! Which files a store has.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use wheelhouse_index::ports::{FileStore, OpenError};

use super::super::{DirectoryOptions, DirectoryStore, WatchMode};
use super::fixture::{Observer, Roots, write_old};
use crate::conformance::file_store::path;

async fn is_found(store: &DirectoryStore, at: &str) -> bool {
    match store.open(&path(at), None).await {
        Ok(_) => true,
        Err(OpenError::NotFound) => false,
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn package_files_in_all_folders_are_listed_and_hidden_ones_are_not() {
    let roots = Roots::new();
    for folder in ["a/b", ".git", "a/.cache"] {
        fs::create_dir_all(roots.one().join(folder)).unwrap();
    }
    for file in [
        "top-1.0.zip",
        "a/b/deep-1.0.tar.gz",
        "a/b/deep-1.0.tar.gz.asc",
        "notes.txt",
        ".hidden-1.0.zip",
        ".git/a-1.0.zip",
        "a/.cache/b-1.0.zip",
    ] {
        write_old(&roots.one().join(file), b"x");
    }
    fs::create_dir(roots.one().join("folder-1.0.zip")).unwrap();
    let observer = Observer::of(roots.store()).await;
    assert_eq!(
        observer.names(),
        [
            "a/b/deep-1.0.tar.gz",
            "a/b/deep-1.0.tar.gz.asc",
            "top-1.0.zip"
        ]
    );
    assert!(observer.is_complete);
    assert!(!is_found(&observer.store, "folder-1.0.zip").await);
}

#[tokio::test]
async fn links_to_files_are_followed_and_links_to_folders_are_not() {
    let roots = Roots::new();
    let outside = roots.outside("elsewhere");
    fs::create_dir(&outside).unwrap();
    write_old(&outside.join("linked-1.0.zip"), b"linked");
    fs::create_dir(roots.one().join("sub")).unwrap();
    symlink(
        outside.join("linked-1.0.zip"),
        roots.one().join("sub/link-1.0.zip"),
    )
    .unwrap();
    symlink(
        outside.join("missing"),
        roots.one().join("dangling-1.0.zip"),
    )
    .unwrap();
    symlink(&outside, roots.one().join("linked")).unwrap();
    symlink(roots.one(), roots.one().join("sub/loop")).unwrap();
    let observer = Observer::of(roots.store()).await;
    assert_eq!(observer.names(), ["sub/link-1.0.zip"]);
    let store = &observer.store;
    assert!(is_found(store, "sub/link-1.0.zip").await);
    assert!(!is_found(store, "linked/linked-1.0.zip").await);
    assert!(!is_found(store, "sub/loop/sub/link-1.0.zip").await);
    assert!(!is_found(store, "dangling-1.0.zip").await);
}

#[tokio::test]
async fn a_root_may_be_a_link_to_a_folder() {
    let roots = Roots::new();
    write_old(&roots.one().join("a-1.0.zip"), b"x");
    let link = roots.outside("link");
    symlink(roots.one(), &link).unwrap();
    let store = DirectoryStore::new(vec![link], DirectoryOptions::default()).unwrap();
    assert_eq!(Observer::of(store).await.names(), ["a-1.0.zip"]);
}

#[tokio::test]
async fn what_is_no_plain_file_is_not_found_and_does_not_block() {
    let roots = Roots::new();
    let pipe = roots.one().join("pipe-1.0.zip");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let observer = Observer::of(roots.store()).await;
    assert!(observer.names().is_empty());
    assert!(!is_found(&observer.store, "pipe-1.0.zip").await);
}

#[tokio::test]
async fn names_that_are_not_utf_8_are_left_out() {
    let roots = Roots::new();
    let name = OsStr::from_bytes(b"b\xFFd-1.0.zip");
    write_old(&roots.one().join(name), b"x");
    fs::create_dir(roots.one().join(OsStr::from_bytes(b"f\xFF"))).unwrap();
    write_old(&roots.one().join("good-1.0.zip"), b"x");
    let observer = Observer::of(roots.store()).await;
    assert_eq!(observer.names(), ["good-1.0.zip"]);
    assert!(observer.is_complete);
}

#[tokio::test]
async fn a_path_in_two_roots_belongs_to_the_first_and_then_to_the_second() {
    for watch in [WatchMode::Auto, WatchMode::Poll] {
        let roots = Roots::new();
        write_old(&roots.one().join("a-1.0.zip"), b"first");
        write_old(&roots.two().join("a-1.0.zip"), b"the second");
        write_old(&roots.two().join("b-1.0.zip"), b"other");
        let mut observer = Observer::of(roots.store_of_both(watch)).await;
        assert_eq!(observer.names(), ["a-1.0.zip", "b-1.0.zip"]);
        let a = path("a-1.0.zip");
        assert_eq!(observer.listed[&a].size_bytes(), 5);
        assert_eq!(
            observer
                .store
                .open(&a, None)
                .await
                .unwrap()
                .fingerprint
                .size_bytes(),
            5
        );
        fs::remove_file(roots.one().join("a-1.0.zip")).unwrap();
        observer
            .until("the second file", |observer| {
                observer
                    .listed
                    .get(&a)
                    .is_some_and(|found| found.size_bytes() == 10)
            })
            .await;
        assert_eq!(
            observer
                .store
                .open(&a, None)
                .await
                .unwrap()
                .fingerprint
                .size_bytes(),
            10
        );
    }
}

#[test]
fn a_root_that_cannot_be_read_is_named() {
    let roots = Roots::new();
    let file = roots.outside("file");
    fs::write(&file, "x").unwrap();
    for root in [roots.outside("missing"), file] {
        let error = DirectoryStore::new(vec![root.clone()], DirectoryOptions::default());
        let error = error.unwrap_err().to_string();
        assert!(error.contains(root.to_str().unwrap()), "{error}");
    }
    assert!(DirectoryStore::new(Vec::new(), DirectoryOptions::default()).is_err());
}

#[tokio::test]
async fn many_files_in_many_folders_are_found_in_one_scan() {
    const FOLDERS: usize = 100;
    const FILES: usize = 200;
    let roots = Roots::new();
    for folder in 0..FOLDERS {
        let folder = roots.one().join(format!("f{folder:03}"));
        fs::create_dir(&folder).unwrap();
        // Names of one file are enough to be read.
        write_old(&folder.join("a-0.zip"), b"x");
        for file in 1..FILES {
            fs::hard_link(folder.join("a-0.zip"), folder.join(format!("a-{file}.zip"))).unwrap();
        }
    }
    let store = roots.store();
    let begun = Instant::now();
    let observer = Observer::of(store).await;
    let took = begun.elapsed();
    assert_eq!(observer.names().len(), FOLDERS * FILES);
    // Far more than it takes: other tests run at the same time.
    println!("{} files in {took:?}", FOLDERS * FILES);
    assert!(took < Duration::from_secs(10), "{took:?}");
}
