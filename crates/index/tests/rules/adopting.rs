//! How what people do to a directory by hand becomes visible.

use wheelhouse_index::change::EventKind;
use wheelhouse_index::download::DownloadError;
use wheelhouse_index::ports::{Observation, Scan};
use wheelhouse_testkit::{Sdist, Wheel};

use crate::house::House;

#[tokio::test]
async fn a_file_that_was_copied_in_is_listed_and_read_for_its_page() {
    let house = House::new();
    let wheel = Wheel::named("demo");
    let (path, fingerprint) = house.copy_in("sub/demo-1.0-py3-none-any.whl", &wheel.bytes());
    house.see(&[(&path, Some(fingerprint))]).await;
    let page = house.page("demo").await.expect("a page");
    assert_eq!(page.files[0].url, "/packages/sub/demo-1.0-py3-none-any.whl");
    assert!(page.files[0].sha256.is_some());
}

#[tokio::test]
async fn many_files_of_one_scan_cost_one_serial() {
    let house = House::new();
    for version in 1..=50 {
        house.copy_in(&format!("demo-{version}.tar.gz"), b"x");
    }
    house.scan().await;
    let events = house.events().await;
    assert_eq!(events.len(), 50);
    assert!(events.iter().all(|event| event.serial == events[0].serial));
}

#[tokio::test]
async fn a_scan_that_shows_nothing_new_changes_nothing() {
    let house = House::new();
    house.copy_in("demo-1.tar.gz", b"x");
    house
        .publish("demo-2.tar.gz", &Sdist::named("demo").version("2").bytes())
        .await;
    house.scan().await;
    let before = house.events().await.len();
    house.scan().await;
    assert_eq!(house.events().await.len(), before);
    let page = house.page("demo").await.expect("a page");
    assert!(page.files.iter().all(|file| file.sha256.is_some()));
}

#[tokio::test]
async fn a_replaced_file_is_read_anew() {
    let house = House::new();
    house.copy_in("demo-1.0.tar.gz", b"old");
    house.scan().await;
    let old = house.page("demo").await.expect("a page").files[0].sha256;
    let (path, fingerprint) = house.copy_in("demo-1.0.tar.gz", b"new");
    house.see(&[(&path, Some(fingerprint))]).await;
    let new = house.page("demo").await.expect("a page").files[0].sha256;
    assert!(new.is_some());
    assert_ne!(old, new);
    assert_eq!(house.events().await[1].kind, EventKind::FoundChanged);
}

#[tokio::test]
async fn a_deleted_file_is_gone_with_its_project() {
    let house = House::new();
    let (path, _) = house.copy_in("demo-1.0.tar.gz", b"x");
    house.scan().await;
    house.take_out(&path).await;
    house.see(&[(&path, None)]).await;
    assert_eq!(house.page("demo").await, None);
    assert_eq!(house.events().await[1].kind, EventKind::Lost);
}

#[tokio::test]
async fn a_scan_that_was_not_complete_takes_nothing_for_gone() {
    let house = House::new();
    let (path, _) = house.copy_in("demo-1.0.tar.gz", b"x");
    house.scan().await;
    house.take_out(&path).await;
    house
        .observe(vec![Observation::Scan(Scan::default())])
        .await;
    assert_eq!(house.listed("demo").await, ["demo-1.0.tar.gz"]);
    let complete = Scan {
        complete: true,
        ..Scan::default()
    };
    house.observe(vec![Observation::Scan(complete)]).await;
    assert_eq!(house.listed("demo").await, Vec::<String>::new());
}

#[tokio::test]
async fn an_upload_that_is_younger_than_a_scan_is_not_taken_for_gone() {
    let house = House::new();
    let stale = Scan {
        complete: true,
        ..Scan::default()
    };
    house
        .publish("demo-1.0.tar.gz", &Sdist::named("demo").bytes())
        .await;
    house.observe(vec![Observation::Scan(stale)]).await;
    assert_eq!(house.listed("demo").await, ["demo-1.0.tar.gz"]);
}

#[tokio::test]
async fn a_file_that_went_after_the_scan_saw_it_is_not_listed() {
    let house = House::new();
    let (path, fingerprint) = house.copy_in("demo-1.0.tar.gz", b"x");
    let scan = Scan {
        files: vec![(path.clone(), fingerprint)],
        complete: true,
        ..Scan::default()
    };
    house.take_out(&path).await;
    house.observe(vec![Observation::Scan(scan)]).await;
    assert_eq!(house.page("demo").await, None);
}

#[tokio::test]
async fn a_file_that_somebody_is_writing_anew_is_not_taken_for_gone() {
    let house = House::new();
    let (path, _) = house.copy_in("demo-1.0.tar.gz", b"x");
    house.scan().await;
    house.take_out(&path).await;
    let scan = Scan {
        unsettled: vec![path],
        complete: true,
        ..Scan::default()
    };
    house.observe(vec![Observation::Scan(scan)]).await;
    assert_eq!(house.listed("demo").await, ["demo-1.0.tar.gz"]);
}

#[tokio::test]
async fn other_files_than_package_files_are_passed_over() {
    let house = House::new();
    for path in ["notes.txt", "demo.deb", "a/readme.md"] {
        house.copy_in(path, b"x");
    }
    house.scan().await;
    assert!(house.events().await.is_empty());
}

#[tokio::test]
async fn a_download_never_has_old_digests_with_new_bytes() {
    let house = House::new();
    let (path, _) = house.copy_in("demo-1.0.tar.gz", b"old");
    house.scan().await;
    let old = house.index.download(&path).await.expect("a file");
    house.copy_in("demo-1.0.tar.gz", b"newer");
    let new = house.index.download(&path).await.expect("a file");
    assert_ne!(old.contents.digests, new.contents.digests);
    assert_eq!(new.record.fingerprint.size_bytes(), 5);
    assert_eq!(new.content.size_bytes(), 5);
}

#[tokio::test]
async fn a_download_of_a_file_that_is_gone_takes_it_off_the_list() {
    let house = House::new();
    let (path, _) = house.copy_in("demo-1.0.tar.gz", b"x");
    house.scan().await;
    house.take_out(&path).await;
    assert!(matches!(
        house.index.download(&path).await,
        Err(DownloadError::NotFound)
    ));
    assert_eq!(house.page("demo").await, None);
}

#[tokio::test]
async fn an_unlisted_file_is_not_given_out() {
    let house = House::new();
    let (path, _) = house.copy_in("demo-1.0.tar.gz", b"x");
    assert!(matches!(
        house.index.download(&path).await,
        Err(DownloadError::NotFound)
    ));
}
