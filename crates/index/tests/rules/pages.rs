//! What pages show.

use wheelhouse_index::{IndexOptions, SignatureListing};
use wheelhouse_standards::digest::HashAlgorithm;
use wheelhouse_standards::simple::FragmentHash;
use wheelhouse_testkit::Wheel;

use crate::house::House;

#[tokio::test]
async fn files_are_ordered_by_version_and_odd_versions_come_first() {
    let house = House::new();
    for version in ["1.10", "1.9", "odd", "1.0+local", "1.0"] {
        house.copy_in(&format!("demo-{version}.zip"), version.as_bytes());
    }
    house.scan().await;
    let listed = house.listed("demo").await;
    let valid: Vec<_> = listed.iter().filter(|name| !name.contains("odd")).collect();
    assert_eq!(
        valid,
        [
            "demo-1.0.zip",
            "demo-1.0+local.zip",
            "demo-1.9.zip",
            "demo-1.10.zip"
        ]
    );
}

#[tokio::test]
async fn spellings_of_one_version_are_one_release() {
    let house = House::new();
    house.copy_in("demo-1.0.tar.gz", b"a");
    house.copy_in("demo-1.0.0-py3-none-any.whl", b"b");
    house.scan().await;
    let page = house.page("demo").await.expect("a page");
    assert_eq!(page.files.len(), 2);
    assert_eq!(page.versions.len(), 1);
}

#[tokio::test]
async fn one_name_in_two_folders_is_two_links() {
    let house = House::new();
    house.copy_in("a/demo-1.0.tar.gz", b"a");
    house.copy_in("b/demo-1.0.tar.gz", b"b");
    house.scan().await;
    let page = house.page("demo").await.expect("a page");
    let urls: Vec<_> = page.files.iter().map(|file| file.url.as_str()).collect();
    assert_eq!(
        urls,
        ["/packages/a/demo-1.0.tar.gz", "/packages/b/demo-1.0.tar.gz"]
    );
}

#[tokio::test]
async fn names_that_need_quoting_are_quoted_in_links() {
    let house = House::new();
    house.copy_in("sp ace-1.0.zip", b"a");
    house.scan().await;
    let page = house.page("sp ace").await.expect("a page");
    assert_eq!(page.files[0].url, "/packages/sp%20ace-1.0.zip");
    assert_eq!(page.files[0].filename, "sp ace-1.0.zip");
}

#[tokio::test]
async fn signatures_are_links_of_their_own_where_the_operator_wants_it() {
    let house = House::with_options(IndexOptions {
        signatures: SignatureListing::Link,
        ..IndexOptions::default()
    });
    house.copy_in("demo-1.0.tar.gz", b"a");
    house.copy_in("demo-1.0.tar.gz.asc", b"b");
    house.scan().await;
    assert_eq!(
        house.listed("demo").await,
        ["demo-1.0.tar.gz", "demo-1.0.tar.gz.asc"]
    );
    assert_eq!(
        house.page("demo").await.expect("a page").files[0].gpg_sig,
        None
    );
}

#[tokio::test]
async fn html_shows_the_digest_that_the_operator_chose() {
    for (listed_hash, hex) in [
        (
            Some(HashAlgorithm::Md5),
            Some("0cc175b9c0f1b6a831c399e269772661"),
        ),
        (
            Some(HashAlgorithm::Sha1),
            Some("86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
        ),
        (None, None),
    ] {
        let house = House::with_options(IndexOptions {
            listed_hash,
            ..IndexOptions::default()
        });
        house.copy_in("demo-1.0.tar.gz", b"a");
        house.scan().await;
        let page = house.page("demo").await.expect("a page");
        let shown = match &page.files[0].listed_hash {
            FragmentHash::Other(digest) => Some(digest.hex.to_string()),
            _ => None,
        };
        assert_eq!(shown.as_deref(), hex, "{listed_hash:?}");
    }
}

#[tokio::test]
async fn metadata_is_given_out_as_it_stands_in_the_wheel() {
    let house = House::new();
    let wheel = Wheel::named("demo").field("Summary", "a demo");
    house.publish(&wheel.file_name(), &wheel.bytes()).await;
    let path = wheel.file_name().parse().expect("a path");
    let (_, metadata) = house
        .index
        .metadata_file(&path)
        .await
        .expect("a wheel has metadata");
    assert_eq!(metadata, wheel.metadata());
}

#[tokio::test]
async fn the_flat_list_holds_every_file() {
    let house = House::new();
    house.copy_in("b/other-1.0.zip", b"a");
    house.copy_in("a-1.0.zip", b"b");
    house.scan().await;
    let list = house
        .index
        .flat_list("/packages/")
        .await
        .expect("memory can be read");
    let paths: Vec<_> = list
        .page
        .files
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(paths, ["a-1.0.zip", "b/other-1.0.zip"]);
}
