//! What the catalog promises about marks.

use std::sync::Arc;

use wheelhouse_index::change::{Change, EventKind, EventSubject, MarkChange};
use wheelhouse_index::identity::{Serial, Timestamp};
use wheelhouse_index::mark::{Mark, ProjectMark};
use wheelhouse_index::ports::{Catalog, Committed, SearchTerms};
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::ProjectStatus;

use super::fixture::{apply, change_in, found, main, path, record};

fn key(name: &str) -> ProjectKey {
    ProjectKey::of(name).expect("a name")
}

fn marked(project: &str, mark: Mark, since: i64) -> ProjectMark {
    ProjectMark {
        project: key(project),
        mark,
        since: Timestamp(since),
    }
}

fn yanked(version: &str, reason: Option<&str>) -> Mark {
    Mark::YankedRelease {
        version: version.into(),
        reason: reason.map(str::to_owned),
    }
}

fn status(status: ProjectStatus) -> Mark {
    Mark::Status {
        status,
        reason: Some("because".into()),
    }
}

async fn say(catalog: &dyn Catalog, marks: Vec<MarkChange>) -> Committed {
    let change = Change {
        marks,
        ..change_in(main(), Vec::new())
    };
    catalog.commit(change).await.expect("a commit")
}

fn clear(project: &str, mark: Mark) -> MarkChange {
    MarkChange::Clear {
        project: key(project),
        mark,
    }
}

async fn all(catalog: &dyn Catalog) -> Vec<ProjectMark> {
    catalog.marks(&main(), None).await.expect("marks")
}

pub(crate) async fn marks_take_the_place_of_marks_about_the_same_thing(catalog: Arc<dyn Catalog>) {
    let set = |mark: &ProjectMark| MarkChange::Set(mark.clone());
    let first = marked("b", yanked("1.0", None), 1);
    let second = marked("b", yanked("1.0.0", Some("broken")), 2);
    let other = marked("b", yanked("1.1", None), 3);
    let before_b = marked("a", status(ProjectStatus::Archived), 4);
    say(&*catalog, vec![set(&first), set(&other)]).await;
    say(&*catalog, vec![set(&before_b), set(&second)]).await;
    assert_eq!(
        all(&*catalog).await,
        [before_b, second.clone(), other.clone()]
    );
    assert_eq!(
        catalog
            .marks(&main(), Some(&key("b")))
            .await
            .expect("marks"),
        [second, other.clone()]
    );
    say(&*catalog, vec![clear("b", yanked("1", None))]).await;
    assert_eq!(
        catalog
            .marks(&main(), Some(&key("b")))
            .await
            .expect("marks"),
        [other]
    );
}

pub(crate) async fn a_mark_that_is_there_and_one_that_is_not_change_nothing(
    catalog: Arc<dyn Catalog>,
) {
    let mark = marked("a", yanked("1.0", Some("broken")), 1);
    say(&*catalog, vec![MarkChange::Set(mark.clone())]).await;
    let head = catalog.head().await.expect("a head");
    let later = marked("a", mark.mark.clone(), 2);
    for change in [MarkChange::Set(later), clear("a", yanked("2.0", None))] {
        assert_eq!(say(&*catalog, vec![change]).await, Committed::Unchanged);
    }
    assert_eq!(catalog.head().await.expect("a head"), head);
    assert_eq!(all(&*catalog).await, [mark]);
}

pub(crate) async fn marks_come_with_their_project_and_outlive_its_files(catalog: Arc<dyn Catalog>) {
    let mark = marked("demo", yanked("1", None), 1);
    say(&*catalog, vec![MarkChange::Set(mark.clone())]).await;
    let project = || async { catalog.project(&main(), &key("demo")).await };
    assert_eq!(project().await.expect("a reading"), None);
    apply(&*catalog, vec![found(record("demo-1.zip", 1))]).await;
    let snapshot = project().await.expect("a reading").expect("a project");
    assert_eq!(snapshot.marks, std::slice::from_ref(&mark));
    let removal = wheelhouse_index::change::FileChange::Remove {
        kind: wheelhouse_index::change::Departure::Lost,
        path: path("demo-1.zip"),
    };
    apply(&*catalog, vec![removal]).await;
    assert_eq!(project().await.expect("a reading"), None);
    assert_eq!(all(&*catalog).await, [mark]);
}

pub(crate) async fn a_change_of_marks_is_an_event_with_what_was_and_is_said(
    catalog: Arc<dyn Catalog>,
) {
    let begin = catalog.head().await.expect("a head");
    let deleted = Mark::Deleted {
        path: path("demo-1.zip"),
        sha256: "22".repeat(32).parse().expect("a digest"),
    };
    let changes = vec![
        MarkChange::Set(marked("demo", yanked("1", None), 1)),
        MarkChange::Set(marked("demo", yanked("1", Some("why")), 2)),
        clear("demo", yanked("1", None)),
        MarkChange::Set(marked("demo", deleted.clone(), 3)),
        clear("demo", deleted.clone()),
        MarkChange::Set(marked("demo", status(ProjectStatus::Deprecated), 4)),
    ];
    let Committed::Applied(applied) = say(&*catalog, changes).await else {
        panic!("marks were changed");
    };
    assert_eq!(
        applied.serial,
        Serial(begin.0 + 1),
        "one commit, one serial"
    );
    assert_eq!(applied.projects, [key("demo")]);
    let events = catalog.events_after(begin, 100).await.expect("events");
    let told: Vec<_> = events
        .into_iter()
        .map(|event| {
            assert_eq!(
                (event.serial, &event.project),
                (applied.serial, &key("demo"))
            );
            match event.subject {
                EventSubject::Mark { before, after } => (event.kind, before, after),
                EventSubject::File { path, .. } => panic!("no file: {path}"),
            }
        })
        .collect();
    let (bare, why) = (yanked("1", None), yanked("1", Some("why")));
    let expected = [
        (EventKind::Yanked, None, Some(bare.clone())),
        (EventKind::Yanked, Some(bare), Some(why.clone())),
        (EventKind::Unyanked, Some(why), None),
        (EventKind::Withdrawn, None, Some(deleted.clone())),
        (EventKind::Readmitted, Some(deleted), None),
        (
            EventKind::StatusSet,
            None,
            Some(status(ProjectStatus::Deprecated)),
        ),
    ];
    assert_eq!(told, expected);
}

pub(crate) async fn quarantine_touches_every_path_and_shows_in_lists(catalog: Arc<dyn Catalog>) {
    apply(
        &*catalog,
        vec![
            found(record("demo-1.zip", 1)),
            found(record("sub/demo-2.zip", 2)),
        ],
    )
    .await;
    apply(&*catalog, vec![found(record("other-1.zip", 3))]).await;
    let listed = || async {
        let listing = catalog.projects(&main()).await.expect("a listing");
        let entries = listing.projects.into_iter();
        entries
            .map(|entry| (entry.key.to_string(), entry.status))
            .collect::<Vec<_>>()
    };
    let hits = || async {
        let hits = catalog.search(&main(), &SearchTerms::default(), 100).await;
        hits.expect("hits").len()
    };
    let quarantine = MarkChange::Set(marked("demo", status(ProjectStatus::Quarantined), 1));
    let archive = MarkChange::Set(marked("demo", status(ProjectStatus::Archived), 2));
    let (all, both) = (hits().await, [path("demo-1.zip"), path("sub/demo-2.zip")]);
    for (change, shown, paths) in [
        (quarantine, ProjectStatus::Quarantined, &both[..]),
        (archive, ProjectStatus::Archived, &both[..]),
        (
            clear("demo", status(ProjectStatus::Active)),
            ProjectStatus::Active,
            &[],
        ),
    ] {
        let Committed::Applied(applied) = say(&*catalog, vec![change]).await else {
            panic!("the status was changed");
        };
        assert_eq!(applied.paths, paths, "{shown:?}");
        let expected = [
            ("demo".to_owned(), shown),
            ("other".to_owned(), ProjectStatus::Active),
        ];
        assert_eq!(listed().await, expected);
        let hidden = if shown == ProjectStatus::Quarantined {
            2
        } else {
            0
        };
        assert_eq!(hits().await, all - hidden);
    }
    let files = catalog.files_after(&main(), None, 10).await.expect("files");
    let records = [record("demo-1.zip", 1), record("other-1.zip", 3)];
    for wanted in records {
        assert!(files.contains(&wanted), "a status takes no record away");
    }
}
