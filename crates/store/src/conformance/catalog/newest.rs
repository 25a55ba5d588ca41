//! What came last, what classifiers lead to, and moments of the journal.

use std::sync::Arc;

use wheelhouse_index::change::{Attribution, Change, Learned, MarkChange};
use wheelhouse_index::identity::{Serial, Timestamp};
use wheelhouse_index::mark::{Mark, ProjectMark};
use wheelhouse_index::ports::{Catalog, Committed};
use wheelhouse_standards::metadata::CoreMetadata;
use wheelhouse_standards::simple::ProjectStatus;

use super::fixture::{apply, change_in, contents, found, key, main, record};

/// Puts a project in quarantine, at a moment.
async fn quarantine(catalog: &dyn Catalog, project: &str, at: i64) -> Serial {
    let change = Change {
        by: Attribution::system(Timestamp(at)),
        marks: vec![MarkChange::Set(ProjectMark {
            project: key(project),
            mark: Mark::Status {
                status: ProjectStatus::Quarantined,
                reason: None,
            },
            since: Timestamp(at),
        })],
        ..change_in(main(), Vec::new())
    };
    match catalog.commit(change).await.expect("a commit") {
        Committed::Applied(applied) => applied.serial,
        other => panic!("not recorded: {other:?}"),
    }
}

pub(crate) async fn the_newest_files_and_projects_come_first(catalog: Arc<dyn Catalog>) {
    let files = [
        ("b/old-1.0.zip", 10),
        ("old-2.0.zip", 50),
        ("new-1.0.zip", 40),
        ("same-1.0.zip", 40),
        ("bad-1.0.zip", 90),
        ("signed-1.0.zip.asc", 95),
    ];
    let records = files.map(|(path, at)| found(record(path, at)));
    apply(&*catalog, records.into()).await;
    quarantine(&*catalog, "bad", 5).await;

    let newest = catalog.newest_files(&main(), 9).await.unwrap();
    let paths: Vec<_> = newest.iter().map(|file| file.path.as_str()).collect();
    let order = [
        "old-2.0.zip",
        "same-1.0.zip",
        "new-1.0.zip",
        "b/old-1.0.zip",
    ];
    assert_eq!(paths, order);
    let newest = catalog.newest_files(&main(), 1).await.unwrap();
    assert_eq!(newest.len(), 1);

    let projects = catalog.newest_projects(&main(), 9).await.unwrap();
    let shown: Vec<_> = projects
        .iter()
        .map(|project| (project.key.as_str(), project.since.0))
        .collect();
    assert_eq!(shown, [("new", 40), ("same", 40), ("old", 10)]);
    assert_eq!(projects[0].display_name, "new");
    assert_eq!(catalog.newest_projects(&main(), 2).await.unwrap().len(), 2);
}

pub(crate) async fn classifiers_are_listed_once_and_lead_to_their_files(catalog: Arc<dyn Catalog>) {
    let files: [(&str, &[&str]); 4] = [
        ("a-1.0.zip", &["Topic :: B", "Topic :: A"]),
        ("a-2.0.zip", &["Topic :: B"]),
        ("b-1.0.zip", &[]),
        ("bad-1.0.zip", &["Topic :: B"]),
    ];
    let records = files.map(|(path, _)| record(path, 1));
    apply(&*catalog, records.clone().map(found).into()).await;
    let learned = files.iter().zip(&records);
    let learned = learned.map(|((_, classifiers), record)| Learned {
        path: record.path.clone(),
        fingerprint: record.fingerprint,
        contents: contents("a summary"),
        metadata: Some(Box::new(CoreMetadata {
            classifiers: classifiers.iter().map(ToString::to_string).collect(),
            ..CoreMetadata::default()
        })),
    });
    catalog.learn(&main(), learned.collect()).await.unwrap();
    quarantine(&*catalog, "bad", 5).await;

    let all = catalog.classifiers(&main()).await.unwrap();
    assert_eq!(all, ["Topic :: A", "Topic :: B"]);
    for (wanted, limit, expected) in [
        (vec!["Topic :: B"], 9, vec!["a 1.0", "a 2.0"]),
        (vec!["Topic :: B", "Topic :: A"], 9, vec!["a 1.0"]),
        (vec!["Topic :: B"], 1, vec!["a 1.0"]),
        (vec!["Topic"], 9, vec![]),
        (vec![], 9, vec!["a 1.0", "a 2.0", "b 1.0"]),
    ] {
        let wanted: Vec<_> = wanted.into_iter().map(str::to_owned).collect();
        let hits = catalog.classified(&main(), &wanted, limit).await.unwrap();
        let hits: Vec<_> = hits
            .iter()
            .map(|hit| format!("{} {}", hit.project, hit.version))
            .collect();
        assert_eq!(hits, expected, "{wanted:?}");
    }
}

pub(crate) async fn a_moment_is_found_in_the_journal(catalog: Arc<dyn Catalog>) {
    let before = |at| {
        let catalog = Arc::clone(&catalog);
        async move { catalog.serial_before(Timestamp(at)).await.unwrap() }
    };
    assert_eq!(before(100).await, Serial(0), "the journal is empty");
    let first = quarantine(&*catalog, "a", 10).await;
    let second = quarantine(&*catalog, "b", 20).await;
    for (at, serial) in [(10, Serial(0)), (11, first), (20, first), (21, second)] {
        assert_eq!(before(at).await, serial, "before {at}");
    }
}
