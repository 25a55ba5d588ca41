//! The promises of the ports `CatalogSource`, `CatalogTarget` and `CatalogHold`.
//! [`catalog_copy_promises!`] makes a test of each for a backend.

use std::sync::Arc;

use serde_json::json;
use wheelhouse_index::actor::{Actor, UserName};
use wheelhouse_index::audit::{AuditEvent, AuditFilter, AuditKind};
use wheelhouse_index::change::{Attribution, Change, Departure, FileChange, Learned, MarkChange};
use wheelhouse_index::downloads::{Client, Day, Days, Fetcher};
use wheelhouse_index::identity::{IndexName, Serial, Timestamp};
use wheelhouse_index::mark::{Mark, ProjectMark};
use wheelhouse_index::ports::{
    AccessChange, AccessRecord, AccessStore, Catalog, CatalogHold, CatalogRow, CatalogSource,
    CatalogTarget, Committed, CopyScope, DownloadCount, FillError, Filled, Hold, PathOrMarks,
    StoreError,
};
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::ProjectStatus;

use super::catalog::{change_in, contents, core, found, record};

/// All that a catalog is which can be copied.
pub(crate) trait Copied:
    Catalog + AccessStore + CatalogSource + CatalogTarget + CatalogHold
{
}

impl<T: Catalog + AccessStore + CatalogSource + CatalogTarget + CatalogHold> Copied for T {}

/// Makes a test of each promise. `$fresh` gives two empty catalogs and whatever must outlive them.
macro_rules! catalog_copy_promises {
    ($fresh:expr) => {
        $crate::conformance::catalog_copy::catalog_copy_promises! { @each $fresh;
            a_copy_is_the_same_in_every_row
            a_copy_is_of_one_moment
            a_catalog_goes_on_after_it_was_filled
            a_filling_that_was_cut_short_goes_on
            what_is_not_empty_is_not_filled
            rows_take_the_place_of_what_was_there
            what_is_beside_the_journal_is_read_by_itself
            a_catalog_that_is_held_takes_nothing
        }
    };
    (@each $fresh:expr; $($promise:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let (one, other, _kept) = $fresh;
                let one: std::sync::Arc<dyn $crate::conformance::catalog_copy::Copied> = one;
                let other: std::sync::Arc<dyn $crate::conformance::catalog_copy::Copied> = other;
                $crate::conformance::catalog_copy::$promise(one, other).await;
            }
        )*
    };
}
pub(crate) use catalog_copy_promises;

type Shared = Arc<dyn Copied>;

fn main() -> IndexName {
    IndexName::main()
}

fn key(name: &str) -> ProjectKey {
    ProjectKey::of(name).expect("a name")
}

/// Fills a catalog with something of every kind.
pub(crate) async fn furnish(catalog: &dyn Copied) {
    let team: IndexName = "team".parse().expect("a name");
    for (index, name) in [
        (main(), "demo-1.zip"),
        (main(), "a/demo-2.zip"),
        (main(), "gone-1.zip"),
        (team, "demo-1.zip"),
    ] {
        add(catalog, &index, name).await;
    }
    let demo = record("demo-1.zip", 1);
    let learned = Learned {
        path: demo.path.clone(),
        fingerprint: demo.fingerprint,
        contents: contents("A demo \u{0}\u{1f980}"),
        metadata: Some(core("A demo \u{0}\u{1f980}")),
    };
    catalog
        .learn(&main(), vec![learned])
        .await
        .expect("learned");
    let removed = FileChange::Remove {
        kind: Departure::Removal,
        path: record("gone-1.zip", 1).path,
    };
    commit(catalog, change_in(main(), vec![removed])).await;
    let yanked = |reason: &str| Mark::YankedRelease {
        version: "1".into(),
        reason: Some(reason.into()),
    };
    mark(catalog, "demo", yanked("\u{0}odd"), 7).await;
    mark(catalog, "demo", yanked("better"), 7).await;
    let archived = Mark::Status {
        status: ProjectStatus::Archived,
        reason: None,
    };
    mark(catalog, "demo", archived, 9).await;
    catalog.change_access(access(1)).await.expect("written");
    catalog.change_access(access(2)).await.expect("written");
    let claimed = catalog.claim("once \u{0}", Timestamp(99), Timestamp(1));
    assert!(claimed.await.expect("claimed"));
    count(catalog, 20_000, 3).await;
    count(catalog, 19_000, 5).await;
    assert!(catalog.fold_downloads(Day(19_500)).await.expect("folded"));
}

async fn add(catalog: &dyn Copied, index: &IndexName, name: &str) {
    commit(
        catalog,
        change_in(index.clone(), vec![found(record(name, 1))]),
    )
    .await;
}

async fn commit(catalog: &dyn Copied, change: Change) {
    let committed = catalog.commit(change).await.expect("a commit");
    assert!(matches!(committed, Committed::Applied(_)), "{committed:?}");
}

async fn mark(catalog: &dyn Copied, project: &str, mark: Mark, since: i64) {
    let set = MarkChange::Set(ProjectMark {
        project: key(project),
        mark,
        since: Timestamp(since),
    });
    let change = Change {
        marks: vec![set],
        ..change_in(main(), Vec::new())
    };
    commit(catalog, change).await;
}

fn access(number: i64) -> AccessChange {
    AccessChange {
        put: vec![AccessRecord {
            kind: "token".into(),
            key: format!("\u{0}{number}"),
            body: json!({ "number": number }),
        }],
        remove: Vec::new(),
        events: vec![AuditEvent {
            kind: AuditKind::TokenMade,
            by: Attribution {
                actor: Actor::User(UserName::new("ada")),
                address: Some("::1".into()),
                agent: None,
                request_id: Some(format!("r{number}")),
                at: Timestamp(number),
            },
            project: Some(key("demo")),
            detail: json!({ "number": number }),
        }],
    }
}

async fn count(catalog: &dyn Copied, day: i32, count: u64) {
    let count = DownloadCount {
        project: key("demo"),
        file_name: "demo-1.zip".into(),
        day: Day(day),
        fetcher: Fetcher {
            client: Client::Pip,
            python: "3.11".parse().ok(),
            platform: None,
        },
        count,
    };
    catalog
        .add_downloads(&main(), vec![count])
        .await
        .expect("counted");
}

/// Returns all rows in the order in which they come, but claims and counts, which come in any.
pub(crate) async fn rows(catalog: &dyn Copied, scope: CopyScope) -> (Serial, Vec<CatalogRow>) {
    let mut copy = catalog.copy_rows(scope).await.expect("a copy");
    let mut rows = Vec::new();
    while let Some(some) = copy.next().await.expect("rows") {
        rows.extend(some);
    }
    rows.sort_by_key(|row| match row {
        CatalogRow::Claim(_) | CatalogRow::Downloads(_) => format!("z{row:?}"),
        CatalogRow::Key(_) => "zz".into(),
        _ => String::new(),
    });
    // What SQLite keeps elsewhere.
    rows.retain(|row| !matches!(row, CatalogRow::Key(_)));
    (copy.head, rows)
}

/// Copies everything, and returns the rows.
pub(crate) async fn fill(from: &dyn Copied, to: &dyn Copied) -> Vec<CatalogRow> {
    let (head, rows) = rows(from, CopyScope::Everything).await;
    to.begin_filling("test").await.expect("begun");
    for some in rows.chunks(3) {
        put(to, some).await;
    }
    to.end_filling(head).await.expect("ended");
    rows
}

async fn put(to: &dyn Copied, rows: &[CatalogRow]) {
    to.put_rows(rows.to_vec(), &Filled::default())
        .await
        .expect("put");
}

pub(crate) async fn a_copy_is_the_same_in_every_row(one: Shared, other: Shared) {
    furnish(&*one).await;
    let copied = fill(&*one, &*other).await;
    let kinds = copied.iter().map(std::mem::discriminant);
    let kinds: std::collections::HashSet<_> = kinds.collect();
    assert_eq!(kinds.len(), 8, "something of every kind");
    let (head, again) = rows(&*other, CopyScope::Everything).await;
    assert_eq!(again, copied);
    assert!(head >= one.head().await.expect("a head"));
    // What the tables keep besides the rows is right too.
    for index in [main(), "team".parse().expect("a name")] {
        assert_eq!(
            other.counts(&index).await.expect("counts"),
            one.counts(&index).await.expect("counts")
        );
        let (ours, theirs) = (one.projects(&index).await, other.projects(&index).await);
        let (ours, theirs) = (ours.expect("projects"), theirs.expect("projects"));
        assert_eq!(theirs.projects, ours.projects);
    }
    let status = other.projects(&main()).await.expect("projects").projects[0].status;
    assert_eq!(status, ProjectStatus::Archived);
    let days = Days {
        first: Day(0),
        last: Day(i32::MAX),
    };
    assert_eq!(
        other
            .project_downloads(&main(), &key("demo"), days)
            .await
            .expect("sums"),
        one.project_downloads(&main(), &key("demo"), days)
            .await
            .expect("sums")
    );
    assert_eq!(other.classifiers(&main()).await.expect("all").len(), 0);
    let claim = other.claim("once \u{0}", Timestamp(99), Timestamp(1)).await;
    assert!(!claim.expect("asked"), "what was used is used up");
}

pub(crate) async fn a_copy_is_of_one_moment(one: Shared, _other: Shared) {
    // More than are on their way at one time.
    let many: Vec<_> = (0..4_000)
        .map(|n| found(record(&format!("demo-{n}.zip"), 1)))
        .collect();
    commit(&*one, change_in(main(), many)).await;
    let head = one.head().await.expect("a head");
    let mut copy = one.copy_rows(CopyScope::Everything).await.expect("a copy");
    assert_eq!(copy.head, head);
    let first = copy.next().await.expect("rows").expect("some");
    for n in 0..20 {
        add(&*one, &main(), &format!("later-{n}.zip")).await;
    }
    let mut rows = first;
    while let Some(some) = copy.next().await.expect("rows") {
        rows.extend(some);
    }
    // Nothing comes behind the end, and that is no second one.
    assert!(copy.next().await.is_err());
    let files = rows.iter().filter(|row| matches!(row, CatalogRow::File(_)));
    assert_eq!(files.count(), 4_000);
    let events = rows
        .iter()
        .filter(|row| matches!(row, CatalogRow::Event(_)));
    assert_eq!(events.count(), 4_000);
}

pub(crate) async fn a_catalog_goes_on_after_it_was_filled(one: Shared, other: Shared) {
    furnish(&*one).await;
    let far = Serial(one.head().await.expect("a head").0 + 5_000);
    let (_, rows) = rows(&*one, CopyScope::Everything).await;
    other.begin_filling("test").await.expect("begun");
    put(&*other, &rows).await;
    other.end_filling(far).await.expect("ended");
    assert_eq!(other.head().await.expect("a head"), far);
    add(&*other, &main(), "demo-3.zip").await;
    let events = other.events_after(far, 10).await.expect("events");
    assert_eq!(events.len(), 1);
    assert!(events[0].serial > far);
    let demo = other
        .project(&main(), &key("demo"))
        .await
        .expect("read")
        .expect("there");
    assert_eq!(demo.files.len(), 3);
    assert_eq!(demo.marks.len(), 2);
    let trail = other
        .audit_trail(&AuditFilter::default(), 10)
        .await
        .expect("a trail");
    assert_eq!(trail.len(), 2);
    assert_eq!(other.access_records().await.expect("records").len(), 2);
}

pub(crate) async fn a_filling_that_was_cut_short_goes_on(one: Shared, other: Shared) {
    furnish(&*one).await;
    let three: Vec<_> = (0..3)
        .map(|n| found(record(&format!("more-{n}.zip"), 1)))
        .collect();
    commit(&*one, change_in(main(), three)).await;
    let (head, rows) = rows(&*one, CopyScope::Everything).await;
    for cut in 1..rows.len() {
        let name = "test";
        if cut == 1 {
            other.begin_filling(name).await.expect("begun");
        }
        // One more each time, and what follows after the filling was begun again.
        let done = Filled {
            since: Serial(cut as u64),
            audit_events: 0,
        };
        let filling = other.begin_filling(name).await.expect("goes on");
        let is_wanted = |row: &&CatalogRow| match row {
            CatalogRow::Event(event) => event.serial > filling.journal,
            CatalogRow::Audit(_) => false,
            _ => true,
        };
        let some: Vec<_> = rows[..cut].iter().filter(is_wanted).cloned().collect();
        other.put_rows(some, &done).await.expect("put");
        let filling = other.begin_filling(name).await.expect("goes on");
        assert_eq!(filling.filled, Some(done));
        let last = rows[..cut].iter().filter_map(|row| match row {
            CatalogRow::File(row) => Some(&row.record.path),
            _ => None,
        });
        assert_eq!(filling.last_path.as_ref(), last.max());
    }
    let filling = other.begin_filling("test").await.expect("goes on");
    let rest: Vec<_> = rows
        .iter()
        .filter(|row| match row {
            CatalogRow::Event(event) => event.serial > filling.journal,
            _ => true,
        })
        .cloned()
        .collect();
    put(&*other, &rest).await;
    other.end_filling(head).await.expect("ended");
    let (_, copied) = self::rows(&*other, CopyScope::Everything).await;
    assert_eq!(copied, rows);
}

pub(crate) async fn what_is_not_empty_is_not_filled(one: Shared, other: Shared) {
    add(&*one, &main(), "demo-1.zip").await;
    let refused = one.begin_filling("test").await;
    assert!(
        matches!(refused, Err(FillError::NotEmpty(_))),
        "{refused:?}"
    );
    assert_eq!(other.being_filled().await.expect("asked"), None);
    other.begin_filling("a").await.expect("begun");
    assert_eq!(
        other.being_filled().await.expect("asked").as_deref(),
        Some("a")
    );
    let refused = other.begin_filling("b").await;
    assert!(
        matches!(refused, Err(FillError::NotEmpty(_))),
        "{refused:?}"
    );
    other.end_filling(Serial(1)).await.expect("ended");
    assert_eq!(other.being_filled().await.expect("asked"), None);
    // Rows are taken by a filling alone.
    let put = other.put_rows(Vec::new(), &Filled::default()).await;
    assert!(put.is_err());
}

pub(crate) async fn rows_take_the_place_of_what_was_there(one: Shared, other: Shared) {
    furnish(&*one).await;
    let (head, rows) = rows(&*one, CopyScope::Everything).await;
    other.begin_filling("test").await.expect("begun");
    let once_only = |row: &&CatalogRow| !matches!(row, CatalogRow::Audit(_) | CatalogRow::Event(_));
    let again: Vec<_> = rows.iter().filter(once_only).cloned().collect();
    put(&*other, &again).await;
    put(&*other, &rows).await;
    put(&*other, &again).await;
    let gone = record("demo-1.zip", 1).path;
    let marks = one.marks(&main(), Some(&key("demo"))).await.expect("marks");
    let states = vec![
        PathOrMarks::NoFile(main(), gone.clone()),
        PathOrMarks::NoFile(main(), record("never-1.zip", 1).path),
        PathOrMarks::Marks(main(), key("demo"), marks[1..].to_vec()),
        PathOrMarks::Marks(main(), key("other"), Vec::new()),
    ];
    other.put_state(states).await.expect("put");
    other
        .clear_beside(Some(Day(20_000)))
        .await
        .expect("cleared");
    other.end_filling(head).await.expect("ended");
    assert_eq!(other.file(&main(), &gone).await.expect("read"), None);
    let kept = other.marks(&main(), None).await.expect("marks");
    assert_eq!(kept, marks[1..]);
    assert_eq!(other.counts(&main()).await.expect("counts").files, 1);
    assert!(other.access_records().await.expect("records").is_empty());
    let (_, left) = self::rows(&*other, CopyScope::Everything).await;
    let counts = left
        .iter()
        .filter(|row| matches!(row, CatalogRow::Downloads(_)));
    assert_eq!(counts.count(), 3, "those of the month");
}

pub(crate) async fn what_is_beside_the_journal_is_read_by_itself(one: Shared, _other: Shared) {
    furnish(&*one).await;
    let scope = CopyScope::Beside {
        audit_skipped: 1,
        downloads_from: Some(Day(20_000)),
    };
    let (_, rows) = rows(&*one, scope).await;
    let count = |is: fn(&CatalogRow) -> bool| rows.iter().filter(|row| is(row)).count();
    assert_eq!(count(|row| matches!(row, CatalogRow::Access(_))), 2);
    assert_eq!(count(|row| matches!(row, CatalogRow::Claim(_))), 1);
    assert_eq!(count(|row| matches!(row, CatalogRow::Downloads(_))), 3);
    let trail: Vec<_> = rows
        .iter()
        .filter(|row| matches!(row, CatalogRow::Audit(_)))
        .collect();
    assert!(matches!(&trail[..], [CatalogRow::Audit(event)] if event.by.at == Timestamp(2)));
    assert_eq!(rows.len(), 7);
}

pub(crate) async fn a_catalog_that_is_held_takes_nothing(one: Shared, _other: Shared) {
    furnish(&*one).await;
    assert_eq!(one.held().await.expect("asked"), None);
    let hold = |name: &str, has_moved| Hold {
        name: name.into(),
        to: "postgres://there".into(),
        has_moved,
        since: Timestamp(5),
    };
    let (_, before) = rows(&*one, CopyScope::Everything).await;
    let head = one.head().await.expect("a head");
    for has_moved in [false, false, true] {
        let held = one.hold(&hold("a", has_moved)).await;
        assert_eq!(held.expect("held"), head);
        assert_eq!(one.held().await.expect("asked"), Some(hold("a", has_moved)));
        let demo = change_in(main(), vec![found(record("new-1.zip", 1))]);
        refused(one.commit(demo).await.map(|_| ()), has_moved);
        refused(one.change_access(access(9)).await, has_moved);
        let claim = one.claim("else", Timestamp(99), Timestamp(1)).await;
        refused(claim.map(|_| ()), has_moved);
        let counted = DownloadCount {
            project: key("demo"),
            file_name: "demo-1.zip".into(),
            day: Day(20_000),
            fetcher: Fetcher {
                client: Client::Uv,
                python: None,
                platform: None,
            },
            count: 1,
        };
        refused(one.add_downloads(&main(), vec![counted]).await, has_moved);
    }
    let other = one.hold(&hold("b", false)).await;
    assert!(other.is_err_and(|error| error.to_string().contains("postgres://there")));
    assert!(!one.release("b").await.expect("asked"));
    let (_, after) = rows(&*one, CopyScope::Everything).await;
    assert_eq!(after, before);
    assert!(one.release("a").await.expect("released"));
    assert_eq!(one.held().await.expect("asked"), None);
    add(&*one, &main(), "new-1.zip").await;
    one.change_access(access(9)).await.expect("written");
}

fn refused(outcome: Result<(), StoreError>, has_moved: bool) {
    let error = outcome.expect_err("the catalog is held");
    assert!(error.is_held && error.is_away, "{error}");
    let words = if has_moved {
        "has moved to postgres://there"
    } else {
        "about to move to postgres://there"
    };
    assert!(error.source.to_string().contains(words), "{error}");
}
