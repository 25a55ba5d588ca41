//! What an upload needs to be taken, and what it leaves.

use wheelhouse_index::change::EventKind;
use wheelhouse_index::identity::Timestamp;
use wheelhouse_index::publish::{ClaimedDigests, Overwrite, PublishError, Published};
use wheelhouse_standards::simple::CoreMetadataMark;
use wheelhouse_testkit::{Sdist, Wheel};

use crate::house::{BEGIN, House};

#[tokio::test]
async fn an_uploaded_wheel_is_listed_with_what_is_inside() {
    let house = House::new();
    let wheel = Wheel::named("Demo.Pkg").field("Requires-Python", ">=3.8");
    assert_eq!(
        house.publish(&wheel.file_name(), &wheel.bytes()).await,
        Published::Recorded(Vec::new())
    );
    let page = house.page("demo-pkg").await.expect("a page");
    assert_eq!(page.versions, ["1.0"]);
    let file = &page.files[0];
    assert_eq!(file.url, "/packages/demo_pkg-1.0-py3-none-any.whl");
    assert_eq!(file.requires_python.as_deref(), Some(">=3.8"));
    assert_eq!(file.size_bytes, wheel.bytes().len() as u64);
    assert!(matches!(
        file.core_metadata,
        CoreMetadataMark::Present(Some(_))
    ));
    let uploaded = Timestamp::from(file.upload_time.expect("a time"));
    assert_eq!(uploaded.seconds(), BEGIN);
}

#[tokio::test]
async fn readers_of_the_journal_are_told_before_the_uploader() {
    let house = House::new();
    house
        .publish("demo-1.0.tar.gz", &Sdist::named("demo").bytes())
        .await;
    assert_eq!(house.told_projects(), ["demo"]);
}

#[tokio::test]
async fn the_same_bytes_again_change_nothing() {
    let house = House::new();
    let sdist = Sdist::named("demo").bytes();
    house.publish("demo-1.0.tar.gz", &sdist).await;
    assert_eq!(
        house.publish("demo-1.0.tar.gz", &sdist).await,
        Published::Identical
    );
    assert_eq!(house.events().await.len(), 1);
}

#[tokio::test]
async fn other_bytes_under_the_same_name_are_refused_and_leave_nothing() {
    let house = House::new();
    house
        .publish("demo-1.0.tar.gz", &Sdist::named("demo").bytes())
        .await;
    let other = Sdist::named("demo").payload_bytes(99).bytes();
    let refused = house
        .upload(
            &[("demo-1.0.tar.gz", &other)],
            ClaimedDigests::default(),
            Overwrite::Refuse,
        )
        .await;
    let error = refused.expect_err("the name is taken");
    assert!(matches!(error, PublishError::NameTaken { .. }), "{error}");
    assert!(
        error.to_string().starts_with("File already exists"),
        "{error}"
    );
    assert_eq!(house.events().await.len(), 1);
    assert_eq!(house.files.paths().len(), 1);
}

#[tokio::test]
async fn overwriting_replaces_the_file_where_it_is() {
    let house = House::new();
    let (path, _) = house.copy_in("team/demo-1.0.tar.gz", &Sdist::named("demo").bytes());
    house.scan().await;
    let other = Sdist::named("demo").payload_bytes(99).bytes();
    let published = house
        .upload(
            &[("demo-1.0.tar.gz", &other)],
            ClaimedDigests::default(),
            Overwrite::Allow,
        )
        .await;
    assert_eq!(published.expect("allowed"), Published::Recorded(Vec::new()));
    assert_eq!(house.files.paths(), [path]);
    let page = house.page("demo").await.expect("a page");
    assert_eq!(page.files.len(), 1);
    assert_eq!(page.files[0].size_bytes, other.len() as u64);
    let kinds: Vec<_> = house
        .events()
        .await
        .iter()
        .map(|event| event.kind)
        .collect();
    assert_eq!(kinds, [EventKind::Found, EventKind::Overwritten]);
}

#[tokio::test]
async fn a_file_in_a_sub_folder_takes_the_name_too() {
    let house = House::new();
    house.copy_in("team/demo-1.0.tar.gz", &Sdist::named("demo").bytes());
    house.scan().await;
    let other = Sdist::named("demo").payload_bytes(99).bytes();
    let refused = house
        .upload(
            &[("demo-1.0.tar.gz", &other)],
            ClaimedDigests::default(),
            Overwrite::Refuse,
        )
        .await;
    assert!(matches!(refused, Err(PublishError::NameTaken { .. })));
}

#[tokio::test]
async fn a_file_that_was_copied_in_unseen_takes_the_name_too() {
    let house = House::new();
    house.copy_in("demo-1.0.tar.gz", &Sdist::named("demo").bytes());
    let other = Sdist::named("demo").payload_bytes(99).bytes();
    let refused = house
        .upload(
            &[("demo-1.0.tar.gz", &other)],
            ClaimedDigests::default(),
            Overwrite::Refuse,
        )
        .await;
    assert!(matches!(refused, Err(PublishError::NameTaken { .. })));
    assert_eq!(house.listed("demo").await, ["demo-1.0.tar.gz"]);
}

#[tokio::test]
async fn a_wrong_digest_is_refused_and_leaves_nothing() {
    let house = House::new();
    let claimed = ClaimedDigests {
        md5: Some("0".repeat(32).parse().expect("a digest")),
        ..ClaimedDigests::default()
    };
    let sdist = Sdist::named("demo").bytes();
    let refused = house
        .upload(&[("demo-1.0.tar.gz", &sdist)], claimed, Overwrite::Allow)
        .await;
    let error = refused.expect_err("the digest is wrong");
    assert!(error.to_string().contains("md5 digest"), "{error}");
    assert!(house.files.paths().is_empty());
    assert_eq!(house.page("demo").await, None);
}

#[tokio::test]
async fn a_conflict_of_the_signature_keeps_the_package_out_too() {
    let house = House::new();
    let sdist = Sdist::named("demo").bytes();
    house.copy_in("demo-1.0.tar.gz.asc", b"an old signature");
    house.scan().await;
    let refused = house
        .upload(
            &[
                ("demo-1.0.tar.gz", &sdist),
                ("demo-1.0.tar.gz.asc", b"a new signature"),
            ],
            ClaimedDigests::default(),
            Overwrite::Refuse,
        )
        .await;
    assert!(matches!(refused, Err(PublishError::NameTaken { .. })));
    assert_eq!(house.files.paths().len(), 1);
}

#[tokio::test]
async fn a_package_and_its_signature_come_under_one_serial() {
    let house = House::new();
    let sdist = Sdist::named("demo").bytes();
    house
        .upload(
            &[
                ("demo-1.0.tar.gz", &sdist),
                ("demo-1.0.tar.gz.asc", b"a signature"),
            ],
            ClaimedDigests::default(),
            Overwrite::Refuse,
        )
        .await
        .expect("a fine upload");
    let events = house.events().await;
    assert_eq!(events.len(), 2);
    assert_eq!(events[0].serial, events[1].serial);
    let page = house.page("demo").await.expect("a page");
    assert_eq!(page.files.len(), 1);
    assert_eq!(page.files[0].gpg_sig, Some(true));
}

#[tokio::test]
async fn a_file_that_is_no_archive_is_kept_and_served() {
    let house = House::new();
    house
        .publish("demo-1.0-py3-none-any.whl", b"not a zip")
        .await;
    let page = house.page("demo").await.expect("a page");
    assert_eq!(page.files[0].core_metadata, CoreMetadataMark::Absent);
    assert!(page.files[0].sha256.is_some());
}

#[tokio::test]
async fn of_two_uploads_at_once_with_one_name_one_wins() {
    let house = House::new();
    let first = Sdist::named("demo").payload_bytes(50).bytes();
    let second = Sdist::named("demo").payload_bytes(60).bytes();
    let upload = async |bytes: &[u8]| {
        let files = [("demo-1.0.tar.gz", bytes)];
        house
            .upload(&files, ClaimedDigests::default(), Overwrite::Refuse)
            .await
    };
    let (one, two) = tokio::join!(upload(&first), upload(&second));
    assert_eq!(
        [one.is_ok(), two.is_ok()]
            .iter()
            .filter(|&&won| won)
            .count(),
        1
    );
    assert_eq!(house.listed("demo").await.len(), 1);
}
