//! What owners do, and that it stays done.

use std::sync::Arc;

use wheelhouse_index::change::{Attribution, Change, EventKind, MarkChange};
use wheelhouse_index::identity::IndexName;
use wheelhouse_index::manage::{Done, ManageError, Part, Target, Wish};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::FileStore;
use wheelhouse_index::publish::{ClaimedDigests, Overwrite, PublishError};
use wheelhouse_index::withdrawn::MarksError;
use wheelhouse_index::{DeletedNames, IndexOptions};
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::{ProjectStatus, Yanked};
use wheelhouse_standards::version::VersionText;

use crate::house::House;

fn key(name: &str) -> ProjectKey {
    ProjectKey::of(name).expect("a name")
}

fn target(part: Part) -> Target {
    Target {
        project: key("demo"),
        part,
    }
}

fn release(version: &str) -> Target {
    target(Part::Release(VersionText::from(version)))
}

fn file(name: &str) -> Target {
    target(Part::File(name.to_owned()))
}

fn yank(target: Target) -> Wish {
    Wish::Yank {
        target,
        reason: Some("broken".to_owned()),
    }
}

fn status(status: ProjectStatus) -> Wish {
    Wish::SetStatus {
        project: key("demo"),
        status,
        reason: None,
    }
}

async fn wish(house: &House, wish: Wish) -> Result<Done, ManageError> {
    let plan = house.index.plan(&wish).await;
    let by = Attribution::system(house.index.now());
    let done = house.index.manage(wish, by).await;
    if let (Ok(plan), Ok(done)) = (&plan, &done) {
        assert_eq!(plan.steps, done.plan.steps, "the plan is what was done");
    }
    done
}

async fn house() -> House {
    let house = House::new();
    house.copy_in("demo-1.0.zip", b"one");
    house.copy_in("sub/demo-1.0.0-py3-none-any.whl", b"one wheel");
    house.copy_in("demo-2.0.zip", b"two");
    house.scan().await;
    house
}

async fn yanked(house: &House) -> Vec<String> {
    let page = house.page("demo").await.expect("a page");
    let files = page.files.into_iter();
    files
        .filter(|file| file.yanked != Yanked::No)
        .map(|file| file.filename)
        .collect()
}

async fn kinds(house: &House) -> Vec<EventKind> {
    let events = house.events().await;
    events.into_iter().map(|event| event.kind).skip(3).collect()
}

#[tokio::test]
async fn a_yanked_release_covers_every_spelling_and_what_comes_later() {
    let house = house().await;
    let done = wish(&house, yank(release("1"))).await.expect("yanked");
    assert!(done.serial.is_some());
    let first = ["demo-1.0.zip", "demo-1.0.0-py3-none-any.whl"];
    let mut shown = yanked(&house).await;
    shown.sort_by_key(|name| std::cmp::Reverse(name.clone()));
    assert_eq!(shown, first);
    house.publish("demo-1.0.tar.gz", b"later").await;
    assert_eq!(yanked(&house).await.len(), 3);
    let again = wish(&house, yank(release("1.0"))).await.expect("the same");
    assert_eq!((again.plan.steps.len(), again.serial), (0, None));
    wish(
        &house,
        Wish::Unyank {
            target: release("1.0.0"),
        },
    )
    .await
    .expect("unyanked");
    assert!(yanked(&house).await.is_empty());
}

#[tokio::test]
async fn a_yanked_file_is_one_file_and_is_unyanked_with_its_release() {
    let house = house().await;
    wish(&house, yank(file("demo-1.0.zip")))
        .await
        .expect("yanked");
    assert_eq!(yanked(&house).await, ["demo-1.0.zip"]);
    wish(
        &house,
        Wish::Unyank {
            target: release("1.0"),
        },
    )
    .await
    .expect("unyanked");
    assert!(yanked(&house).await.is_empty());
    wish(&house, yank(target(Part::Project)))
        .await
        .expect("yanked");
    assert_eq!(yanked(&house).await.len(), 3);
    let covered = wish(
        &house,
        Wish::Unyank {
            target: file("demo-2.0.zip"),
        },
    )
    .await;
    assert!(
        matches!(covered, Err(ManageError::Conflict(_))),
        "{covered:?}"
    );
    wish(
        &house,
        Wish::Unyank {
            target: target(Part::Project),
        },
    )
    .await
    .expect("unyanked");
    assert!(yanked(&house).await.is_empty());
}

#[tokio::test]
async fn what_is_not_there_is_named_with_what_is() {
    let house = house().await;
    let unknown = Target {
        project: key("dem-o"),
        part: Part::Project,
    };
    for (target, hint) in [
        (release("3.0"), "there is `2.0`, `1.0`"),
        (file("demo-9.zip"), "`demo-2.0.zip`"),
        (unknown, "there is `demo`"),
    ] {
        for wished in [yank(target.clone()), Wish::Delete { target }] {
            let error = wish(&house, wished).await.expect_err("it is not there");
            assert!(matches!(error, ManageError::NotFound(_)));
            assert!(error.to_string().contains(hint), "{error}");
        }
    }
    let nothing = wish(
        &house,
        Wish::Undelete {
            target: release("1.0"),
        },
    )
    .await;
    assert!(matches!(nothing, Err(ManageError::NotFound(_))));
    for reason in ["", "  ", "two\nlines", "bell\u{7}", &"x".repeat(501)] {
        let bad = Wish::Yank {
            target: release("1.0"),
            reason: Some(reason.to_owned()),
        };
        assert!(matches!(
            wish(&house, bad).await,
            Err(ManageError::BadReason)
        ));
    }
    assert_eq!(kinds(&house).await, []);
}

#[tokio::test]
async fn a_quarantined_project_offers_nothing_and_takes_nothing() {
    let house = house().await;
    let path: FilePath = "demo-2.0.zip".parse().expect("a path");
    wish(&house, status(ProjectStatus::Quarantined))
        .await
        .expect("set");
    let page = house.page("demo").await.expect("its page says so");
    assert_eq!(page.status, ProjectStatus::Quarantined);
    assert!(page.offered_files().is_empty());
    assert!(
        house
            .index
            .project_list()
            .await
            .expect("a list")
            .projects
            .is_empty()
    );
    assert!(
        house
            .index
            .flat_list("/")
            .await
            .expect("a list")
            .page
            .files
            .is_empty()
    );
    assert!(
        house
            .index
            .document(
                &key("demo"),
                &wheelhouse_index::release::Wanted::Latest,
                "/"
            )
            .await
            .expect("an answer")
            .is_none()
    );
    assert!(house.index.download(&path).await.is_err());
    let refused = house
        .upload(
            &[("demo-3.0.zip", b"x")],
            ClaimedDigests::default(),
            Overwrite::Refuse,
        )
        .await
        .expect_err("closed");
    assert!(matches!(refused, PublishError::Closed { .. }));
    assert!(refused.to_string().contains("quarantined"), "{refused}");
    wish(&house, status(ProjectStatus::Deprecated))
        .await
        .expect("set");
    house
        .index
        .download(&path)
        .await
        .expect("it is offered again");
    house.publish("demo-3.0.zip", b"x").await;
    wish(&house, status(ProjectStatus::Active))
        .await
        .expect("set");
    assert!(house.index.marks(None).await.expect("marks").is_empty());
}

#[tokio::test]
async fn a_deleted_release_goes_under_one_serial_and_stays_away() {
    let house = house().await;
    let done = wish(
        &house,
        Wish::Delete {
            target: release("1.0"),
        },
    )
    .await
    .expect("deleted");
    assert_eq!(house.listed("demo").await, ["demo-2.0.zip"]);
    let serials: std::collections::HashSet<_> = house
        .events()
        .await
        .into_iter()
        .skip(3)
        .map(|event| event.serial)
        .collect();
    assert_eq!(serials, [done.serial.expect("a serial")].into());
    assert_eq!(
        kinds(&house).await,
        [
            EventKind::Removed,
            EventKind::Removed,
            EventKind::Withdrawn,
            EventKind::Withdrawn
        ]
    );
    // Copied in again, under the same name wherever it is.
    let (path, fingerprint) = house.copy_in("demo-1.0.zip", b"one");
    let (moved, moved_print) = house.copy_in("other/demo-1.0.0-py3-none-any.whl", b"one wheel");
    house
        .see(&[(&path, Some(fingerprint)), (&moved, Some(moved_print))])
        .await;
    house.scan().await;
    assert_eq!(house.listed("demo").await, ["demo-2.0.zip"]);
    assert_eq!(house.index.came_back().await, [path.clone(), moved]);
    assert!(house.index.download(&path).await.is_err());
    // Other bytes are another file.
    let (other, fingerprint) = house.copy_in("again/demo-1.0.zip", b"other");
    house.see(&[(&other, Some(fingerprint))]).await;
    assert_eq!(house.listed("demo").await.len(), 2);
}

#[tokio::test]
async fn what_was_deleted_comes_back_when_somebody_says_so() {
    let house = house().await;
    wish(
        &house,
        Wish::Delete {
            target: release("1.0"),
        },
    )
    .await
    .expect("deleted");
    let done = wish(
        &house,
        Wish::Undelete {
            target: file("demo-1.0.zip"),
        },
    )
    .await
    .expect("back");
    assert!(done.plan.warnings.is_empty(), "{:?}", done.plan.warnings);
    assert_eq!(house.listed("demo").await, ["demo-1.0.zip", "demo-2.0.zip"]);
    let at: FilePath = "demo-1.0.zip".parse().expect("a path");
    house.index.download(&at).await.expect("it is whole");
    // The other one's bytes are kept no more, but somebody has a copy.
    house
        .files
        .forget_discarded(wheelhouse_index::identity::Timestamp(i64::MAX))
        .await
        .expect("empty");
    let done = wish(
        &house,
        Wish::Undelete {
            target: release("1.0"),
        },
    )
    .await
    .expect("allowed");
    assert_eq!(done.plan.warnings.len(), 1, "{:?}", done.plan.warnings);
    let (path, print) = house.copy_in("sub/demo-1.0.0-py3-none-any.whl", b"one wheel");
    house.see(&[(&path, Some(print))]).await;
    assert_eq!(house.listed("demo").await.len(), 3);
    assert!(house.index.marks(None).await.expect("marks").is_empty());
}

#[tokio::test]
async fn a_hidden_file_is_shown_when_it_is_undeleted() {
    let house = house().await;
    wish(
        &house,
        Wish::Delete {
            target: release("2.0"),
        },
    )
    .await
    .expect("deleted");
    let (path, print) = house.copy_in("sub/demo-2.0.zip", b"two");
    house.see(&[(&path, Some(print))]).await;
    assert_eq!(house.listed("demo").await.len(), 2);
    wish(
        &house,
        Wish::Undelete {
            target: release("2.0"),
        },
    )
    .await
    .expect("back");
    assert_eq!(
        house.listed("demo").await.len(),
        4,
        "the kept one and the copy"
    );
    assert!(house.index.came_back().await.is_empty());
}

#[tokio::test]
async fn what_is_said_now_counts_and_not_what_was_noted_before() {
    let house = house().await;
    let target = release("2.0");
    wish(&house, Wish::Delete { target })
        .await
        .expect("deleted");
    let (path, print) = house.copy_in("sub/demo-2.0.zip", b"two");
    house.see(&[(&path, Some(print))]).await;
    assert_eq!(house.index.came_back().await.len(), 1);
    // As when a watcher looks at the file between an undelete's commit and its own notes.
    let said = house.index.marks(None).await.expect("marks");
    let cleared = said.into_iter().map(|marked| MarkChange::Clear {
        project: marked.project,
        mark: marked.mark,
    });
    let change = Change {
        index: IndexName::main(),
        by: Attribution::system(house.index.now()),
        expects: Vec::new(),
        files: Vec::new(),
        marks: cleared.collect(),
    };
    house.catalog.commit(change).await.expect("committed");
    house.see(&[(&path, Some(print))]).await;
    assert_eq!(house.listed("demo").await.len(), 3);
    assert!(house.index.came_back().await.is_empty());
}

#[tokio::test]
async fn an_upload_of_deleted_bytes_takes_the_deletion_back() {
    let house = house().await;
    wish(
        &house,
        Wish::Delete {
            target: release("2.0"),
        },
    )
    .await
    .expect("deleted");
    let (path, print) = house.copy_in("demo-2.0.zip", b"two");
    house.see(&[(&path, Some(print))]).await;
    assert_eq!(house.listed("demo").await.len(), 2);
    house.publish("demo-2.0.zip", b"two").await;
    assert_eq!(house.listed("demo").await.len(), 3);
    assert!(house.index.marks(None).await.expect("marks").is_empty());
    assert!(house.index.came_back().await.is_empty());
    house.scan().await;
    assert_eq!(house.listed("demo").await.len(), 3);
}

#[tokio::test]
async fn a_deleted_name_can_be_used_up() {
    let house = House::with_options(IndexOptions {
        deleted_names: DeletedNames::UsedUp,
        ..IndexOptions::default()
    });
    house.publish("demo-1.0.zip", b"one").await;
    wish(
        &house,
        Wish::Delete {
            target: release("1.0"),
        },
    )
    .await
    .expect("deleted");
    for bytes in [&b"one"[..], b"other"] {
        let refused = house
            .upload(
                &[("demo-1.0.zip", bytes)],
                ClaimedDigests::default(),
                Overwrite::Allow,
            )
            .await
            .expect_err("used up");
        assert!(matches!(refused, PublishError::NameUsed { .. }));
        assert!(
            !refused.to_string().contains("already exist"),
            "twine would pass over it"
        );
    }
    house.publish("demo-1.1.zip", b"one").await;
}

/// Another index over the same files, whose catalog is new.
async fn rebuilt(house: &House) -> Result<House, MarksError> {
    let again = House::over(house.files.clone());
    again.index.load_marks().await?;
    again.scan().await;
    Ok(again)
}

#[tokio::test]
async fn a_lost_catalog_offers_nothing_that_was_withdrawn() {
    let house = house().await;
    wish(&house, yank(release("2.0"))).await.expect("yanked");
    wish(
        &house,
        Wish::Delete {
            target: release("1.0"),
        },
    )
    .await
    .expect("deleted");
    wish(&house, status(ProjectStatus::Archived))
        .await
        .expect("set");
    house.copy_in("demo-1.0.zip", b"one");
    let again = rebuilt(&house).await.expect("readable");
    assert_eq!(again.listed("demo").await, ["demo-2.0.zip"]);
    assert_eq!(yanked(&again).await, ["demo-2.0.zip"]);
    let page = again.page("demo").await.expect("a page");
    assert_eq!(page.status, ProjectStatus::Archived);
    let marks = |house: &House| {
        let index = Arc::clone(&house.index);
        async move { index.marks(None).await.expect("marks") }
    };
    let (mut before, mut after) = (marks(&house).await, marks(&again).await);
    before.sort_by_key(|marked| marked.since);
    after.sort_by_key(|marked| marked.since);
    assert_eq!(before, after);
}

#[tokio::test]
async fn marks_that_cannot_be_read_keep_the_index_from_starting() {
    let house = house().await;
    house.files.write_marks("{".into()).await.expect("written");
    let Err(error) = rebuilt(&house).await else {
        panic!("what was withdrawn would be offered");
    };
    assert!(error.to_string().contains("memory"), "{error}");
}

#[tokio::test]
async fn marks_that_were_taken_away_by_hand_are_written_again() {
    let house = house().await;
    wish(&house, yank(release("2.0"))).await.expect("yanked");
    let written = house
        .files
        .read_marks()
        .await
        .expect("read")
        .expect("written");
    house.files.forget_marks();
    house.index.load_marks().await.expect("readable");
    assert_eq!(house.files.read_marks().await.expect("read"), Some(written));
    assert_eq!(yanked(&house).await, ["demo-2.0.zip"]);
}
