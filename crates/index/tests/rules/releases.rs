//! What the index says of releases in full.

use wheelhouse_index::manage::{Part, Target, Wish};
use wheelhouse_index::release::Wanted;
use wheelhouse_standards::json_api::ReleaseDocument;
use wheelhouse_standards::name::ProjectKey;

use crate::house::House;

fn key() -> ProjectKey {
    ProjectKey::of("demo").expect("a name")
}

async fn house(names: &[&str]) -> House {
    let house = House::new();
    for name in names {
        house.copy_in(name, name.as_bytes());
    }
    house.scan().await;
    house
}

async fn document(house: &House, wanted: Wanted) -> Option<ReleaseDocument> {
    let shown = house.index.document(&key(), &wanted, "/files/").await;
    shown.expect("memory can be read").map(|shown| shown.page)
}

async fn yank(house: &House, version: &str) {
    let target = Target {
        project: key(),
        part: Part::Release(version.into()),
    };
    let reason = None;
    let by = wheelhouse_index::change::Attribution::system(house.index.now());
    let done = house.index.manage(Wish::Yank { target, reason }, by).await;
    done.expect("yanked");
}

#[tokio::test]
async fn releases_are_listed_oldest_first_with_their_files_and_no_signatures() {
    let names = [
        "demo-1.10.zip",
        "demo-1.0.zip",
        "demo-1.0.zip.asc",
        "demo-1.9rc1.zip",
        "sub/demo-1.0.0.tar.gz",
    ];
    let house = house(&names).await;
    let document = document(&house, Wanted::Latest).await.expect("it is there");
    let releases: Vec<_> = document
        .releases
        .expect("a document of a project has releases")
        .into_iter()
        .map(|(version, files)| {
            let names: Vec<_> = files
                .into_iter()
                .map(|file| (file.filename, file.is_signed))
                .collect();
            (version, names)
        })
        .collect();
    let expected: [(String, Vec<(String, bool)>); 3] = [
        (
            "1.0".into(),
            vec![
                ("demo-1.0.0.tar.gz".into(), false),
                ("demo-1.0.zip".into(), true),
            ],
        ),
        ("1.9rc1".into(), vec![("demo-1.9rc1.zip".into(), false)]),
        ("1.10".into(), vec![("demo-1.10.zip".into(), false)]),
    ];
    assert_eq!(releases, expected);
    assert_eq!(document.shown.version, "1.10");
    assert_eq!(document.shown.files[0].url, "/files/demo-1.10.zip");
}

#[tokio::test]
async fn json_03_the_latest_release_is_neither_yanked_nor_a_pre_release_if_there_is_another() {
    let house = house(&["demo-1.0.zip", "demo-2.0.zip", "demo-3.0rc1.zip"]).await;
    for (yanked, latest) in [
        ("", "2.0"),
        ("2.0", "1.0"),
        ("1.0", "3.0rc1"),
        ("3.0rc1", "2.0"),
    ] {
        if !yanked.is_empty() {
            yank(&house, yanked).await;
        }
        let document = document(&house, Wanted::Latest).await.expect("it is there");
        assert_eq!(document.shown.version, latest, "after a yank of {yanked:?}");
    }
}

#[tokio::test]
async fn json_02_a_version_is_found_in_any_spelling() {
    let house = house(&["demo-1.0.zip", "demo-1.0_odd.zip"]).await;
    for (version, is_found) in [
        ("1.0.0", true),
        ("v1", true),
        ("1.0", true),
        ("1.0_odd", true),
        ("1.1", false),
        ("", false),
    ] {
        let document = document(&house, Wanted::Release(version.into())).await;
        assert_eq!(document.is_some(), is_found, "{version:?}");
        assert!(document.is_none_or(|document| document.releases.is_none()));
    }
}

#[tokio::test]
async fn as_pypiserver_has_it_the_highest_version_stands_for_the_project() {
    let house = house(&[
        "demo-1.0.zip",
        "demo-01.5.zip",
        "demo-2.0rc1.zip",
        "demo.zip",
    ])
    .await;
    yank(&house, "2.0rc1").await;
    let document = document(&house, Wanted::Highest)
        .await
        .expect("it is there");
    let releases = document.releases.expect("a document of a project");
    let versions: Vec<_> = releases.iter().map(|(version, _)| &**version).collect();
    assert_eq!(versions, ["2.0rc1", "01.5", "1.0", ""]);
    assert_eq!(document.shown.version, "2.0rc1");
}
