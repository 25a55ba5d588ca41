//! Removing releases.

use wheelhouse_index::actor::Actor;
use wheelhouse_index::change::{Attribution, EventKind};
use wheelhouse_index::manage::ManageError;
use wheelhouse_standards::name::ProjectKey;

use crate::house::House;

async fn remove(house: &House, name: &str, version: &str) -> Result<usize, ManageError> {
    let by = Attribution {
        actor: Actor::Anonymous,
        ..Attribution::system(house.index.now())
    };
    let project = ProjectKey::of(name).expect("a name");
    house.index.remove_release(project, version, by).await
}

#[tokio::test]
async fn all_files_of_the_release_go_in_every_spelling_and_no_others() {
    let house = House::new();
    house.copy_in("Rm_Me-1.0.zip", b"a");
    house.copy_in("sub/rm_me-1.0.0-py3-none-any.whl", b"b");
    house.copy_in("Rm_Me-1.0.zip.asc", b"c");
    house.copy_in("rm_me-2.0.tar.gz", b"d");
    house.scan().await;
    assert_eq!(
        remove(&house, "rm.me", "1.0").await.expect("it is there"),
        3
    );
    assert_eq!(house.listed("rm-me").await, ["rm_me-2.0.tar.gz"]);
    assert_eq!(house.files.paths().len(), 1);
    let removed = house.events().await;
    let removed = removed
        .iter()
        .filter(|event| event.kind == EventKind::Removed);
    assert_eq!(removed.count(), 3);
}

#[tokio::test]
async fn what_is_not_there_cannot_be_removed() {
    let house = House::new();
    house.copy_in("demo-1.0.zip", b"a");
    house.scan().await;
    for (name, version) in [("demo", "2.0"), ("other", "1.0")] {
        let error = remove(&house, name, version)
            .await
            .expect_err("it is not there");
        assert!(matches!(error, ManageError::NotFound(_)), "{error}");
    }
    assert_eq!(house.listed("demo").await.len(), 1);
}

#[tokio::test]
async fn the_name_of_a_removed_file_is_free_again() {
    let house = House::new();
    house.copy_in("demo-1.0.zip", b"a");
    house.scan().await;
    remove(&house, "demo", "1.0").await.expect("it is there");
    house.publish("demo-1.0.zip", b"other").await;
    assert_eq!(house.listed("demo").await, ["demo-1.0.zip"]);
}

#[tokio::test]
async fn a_project_that_comes_back_goes_on_with_its_serials() {
    let house = House::new();
    house.copy_in("demo-1.0.zip", b"a");
    house.scan().await;
    let before = house.page("demo").await.expect("a page").serial;
    remove(&house, "demo", "1.0").await.expect("it is there");
    house.publish("demo-1.0.zip", b"a").await;
    assert!(house.page("demo").await.expect("a page").serial > before);
}
