//! The promises of the port `DownloadCounts`. [`download_counts_promises!`] makes a test of each for
//! a backend.

use std::sync::Arc;

use wheelhouse_index::change::MarkChange;
use wheelhouse_index::downloads::{Client, Day, Days, Fetcher, Platform};
use wheelhouse_index::identity::{IndexName, Timestamp};
use wheelhouse_index::mark::{Mark, ProjectMark};
use wheelhouse_index::ports::{Catalog, DownloadCount, DownloadSums};
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::ProjectStatus;

use super::catalog::{change_in, found, record};

/// Makes a test of each promise. `$fresh` gives an empty catalog and whatever must outlive it.
macro_rules! download_counts_promises {
    ($fresh:expr) => {
        $crate::conformance::download_counts::download_counts_promises! { @each $fresh;
            nothing_is_counted_at_first
            counts_are_added_up_by_day_file_and_fetcher
            counts_are_no_change_of_the_journal
            counts_of_indexes_and_projects_are_kept_apart
            counts_that_many_add_at_one_time_are_all_there
            the_most_downloaded_projects_come_first
            old_days_are_folded_into_their_months_one_by_one
        }
    };
    (@each $fresh:expr; $($promise:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let (catalog, _kept) = $fresh;
                let catalog: std::sync::Arc<dyn wheelhouse_index::ports::Catalog> = catalog;
                $crate::conformance::download_counts::$promise(catalog).await;
            }
        )*
    };
}
pub(crate) use download_counts_promises;

/// The first of February 2024.
const FEBRUARY: i32 = 19_754;

fn main() -> IndexName {
    IndexName::main()
}

fn key(name: &str) -> ProjectKey {
    ProjectKey::of(name).expect("a key")
}

fn days(first: i32, last: i32) -> Days {
    Days {
        first: Day(first),
        last: Day(last),
    }
}

/// A fetcher as `client python platform`, with `-` for what is not known.
fn fetcher(text: &str) -> Fetcher {
    let [client, python, platform] = text.split(' ').collect::<Vec<_>>()[..] else {
        panic!("three words: {text}");
    };
    Fetcher {
        client: Client::from_name(client),
        python: python.parse().ok(),
        platform: Platform::from_name(platform.trim_matches('-')),
    }
}

fn count(project: &str, file: &str, day: i32, by: &str, count: u64) -> DownloadCount {
    DownloadCount {
        project: key(project),
        file_name: file.to_owned(),
        day: Day(day),
        fetcher: fetcher(by),
        count,
    }
}

async fn add(catalog: &dyn Catalog, counts: &[DownloadCount]) {
    let added = catalog.add_downloads(&main(), counts.to_vec()).await;
    added.expect("counted");
}

async fn sums_of(catalog: &dyn Catalog, project: &str, span: Days) -> DownloadSums {
    let (index, project) = (main(), key(project));
    let sums = catalog.project_downloads(&index, &project, span).await;
    sums.expect("sums")
}

async fn most(catalog: &dyn Catalog, span: Days, limit: usize) -> Vec<(String, u64)> {
    let most = catalog.most_downloaded(&main(), span, limit).await;
    let most = most.expect("projects").into_iter();
    most.map(|one| (one.project.to_string(), one.count))
        .collect()
}

pub(crate) async fn nothing_is_counted_at_first(catalog: Arc<dyn Catalog>) {
    let span = days(0, 30_000);
    let nothing = DownloadSums::default();
    assert_eq!(sums_of(&*catalog, "demo", span).await, nothing);
    let all = catalog.all_downloads(&main(), span).await;
    assert_eq!(all.expect("sums"), nothing);
    assert_eq!(most(&*catalog, span, 10).await, []);
    assert!(!catalog.fold_downloads(Day(30_000)).await.expect("folded"));
    add(&*catalog, &[]).await;
}

pub(crate) async fn counts_are_added_up_by_day_file_and_fetcher(catalog: Arc<dyn Catalog>) {
    let (pip, uv) = ("pip 3.11 linux", "uv 3.13 macos");
    add(
        &*catalog,
        &[
            count("demo", "demo-1.zip", 100, pip, 1),
            count("demo", "demo-1.zip", 101, uv, 2),
            count("demo", "demo-2.zip", 101, uv, 5),
            // One that was counted twice in one batch.
            count("demo", "demo-1.zip", 100, pip, 1),
            count("demo", "demo-2.zip", 99, "other - -", 40),
        ],
    )
    .await;
    add(&*catalog, &[count("demo", "demo-1.zip", 101, uv, 10)]).await;
    let sums = sums_of(&*catalog, "demo", days(100, 101)).await;
    let expected = DownloadSums {
        // Whatever days are asked for.
        by_day: vec![(Day(99), 40), (Day(100), 2), (Day(101), 17)],
        by_month: Vec::new(),
        by_file: vec![("demo-1.zip".into(), 14), ("demo-2.zip".into(), 5)],
        by_fetcher: vec![(fetcher(pip), 2), (fetcher(uv), 17)],
    };
    assert_eq!(sums, expected);
    let one_day = sums_of(&*catalog, "demo", days(99, 99)).await;
    assert_eq!(one_day.by_file, [("demo-2.zip".to_owned(), 40)]);
    assert_eq!(one_day.by_fetcher, [(fetcher("other - -"), 40)]);
    let all = catalog.all_downloads(&main(), days(100, 101)).await;
    let expected = DownloadSums {
        by_file: Vec::new(),
        ..expected
    };
    assert_eq!(all.expect("sums"), expected);
}

pub(crate) async fn counts_are_no_change_of_the_journal(catalog: Arc<dyn Catalog>) {
    let head = catalog.head().await.expect("head");
    add(&*catalog, &[count("demo", "demo-1.zip", 1, "pip - -", 1)]).await;
    catalog.fold_downloads(Day(2)).await.expect("folded");
    assert_eq!(catalog.head().await.expect("head"), head);
    let events = catalog.events_after(head, 10).await.expect("events");
    assert_eq!(events.len(), 0);
    let counts = catalog.counts(&main()).await.expect("counts");
    assert_eq!((counts.projects, counts.files), (0, 0));
}

pub(crate) async fn counts_of_indexes_and_projects_are_kept_apart(catalog: Arc<dyn Catalog>) {
    let other: IndexName = "other".parse().expect("a name");
    let demo = count("demo", "demo-1.zip", 1, "pip 2.7 windows", 3);
    add(&*catalog, std::slice::from_ref(&demo)).await;
    add(&*catalog, &[count("demo2", "demo-1.zip", 1, "pip - -", 4)]).await;
    let added = catalog.add_downloads(&other, vec![demo]).await;
    added.expect("counted");
    let span = days(0, 10);
    let sums = sums_of(&*catalog, "demo", span).await;
    assert_eq!(sums.by_day, [(Day(1), 3)]);
    assert_eq!(sums.by_fetcher, [(fetcher("pip 2.7 windows"), 3)]);
    for (index, expected) in [(main(), 7), (other, 3)] {
        let all = catalog.all_downloads(&index, span).await.expect("sums");
        assert_eq!(all.by_day, [(Day(1), expected)], "{index}");
    }
}

pub(crate) async fn counts_that_many_add_at_one_time_are_all_there(catalog: Arc<dyn Catalog>) {
    let adding = (0..20).map(|number| {
        let catalog = Arc::clone(&catalog);
        tokio::spawn(async move {
            let mut counts: Vec<_> = (0..20)
                .map(|file| count("demo", &format!("demo-{file}.zip"), 1, "uv 3.12 linux", 1))
                .collect();
            // Two that take the same rows in another order must not wait for each other.
            if number % 2 == 1 {
                counts.reverse();
            }
            add(&*catalog, &counts).await;
        })
    });
    for added in futures_util::future::join_all(adding).await {
        added.expect("added");
    }
    let sums = sums_of(&*catalog, "demo", days(1, 1)).await;
    assert_eq!(sums.by_day, [(Day(1), 400)]);
    assert_eq!(sums.by_file.len(), 20);
    assert!(sums.by_file.iter().all(|(_, count)| *count == 20));
}

pub(crate) async fn the_most_downloaded_projects_come_first(catalog: Arc<dyn Catalog>) {
    let names = ["few", "many", "equal", "also", "bad"];
    let files = names.map(|name| found(record(&format!("{name}-1.zip"), 1)));
    let mut change = change_in(main(), files.into());
    change.marks.push(MarkChange::Set(ProjectMark {
        project: key("bad"),
        mark: Mark::Status {
            status: ProjectStatus::Quarantined,
            reason: None,
        },
        since: Timestamp(1),
    }));
    catalog.commit(change).await.expect("a commit");
    let pip = "pip - -";
    let mut counts: Vec<_> = [
        ("few", 1),
        ("many", 9),
        ("equal", 4),
        ("also", 4),
        ("bad", 99),
    ]
    .map(|(name, number)| count(name, &format!("{name}-1.zip"), 10, pip, number))
    .into();
    // One that is gone, and one that was downloaded at another time.
    counts.push(count("gone", "gone-1.zip", 10, pip, 50));
    counts.push(count("few", "few-1.zip", 9, pip, 70));
    // Of two files, both count.
    counts.push(count("many", "many-2.zip", 11, pip, 1));
    add(&*catalog, &counts).await;
    let expected = [("many", 10), ("also", 4), ("equal", 4), ("few", 1)];
    let expected = expected.map(|(name, count)| (name.to_owned(), count));
    assert_eq!(most(&*catalog, days(10, 11), 10).await, expected);
    assert_eq!(most(&*catalog, days(10, 11), 2).await, expected[..2]);
    assert_eq!(most(&*catalog, days(1, 8), 2).await, []);
}

pub(crate) async fn old_days_are_folded_into_their_months_one_by_one(catalog: Arc<dyn Catalog>) {
    let (pip, uv) = ("pip 3.11 linux", "uv 3.13 macos");
    let first = FEBRUARY;
    add(
        &*catalog,
        &[
            count("demo", "demo-1.zip", first - 1, pip, 1),
            count("demo", "demo-1.zip", first, pip, 2),
            count("demo", "demo-2.zip", first, uv, 4),
            count("demo", "demo-1.zip", first + 28, uv, 8),
            count("demo", "demo-1.zip", first + 29, uv, 16),
        ],
    )
    .await;
    let fold = async || {
        catalog
            .fold_downloads(Day(first + 29))
            .await
            .expect("folded")
    };
    assert!(fold().await);
    let sums = sums_of(&*catalog, "demo", days(first, first + 40)).await;
    assert_eq!(
        sums.by_month,
        [(Day(first - 31), 1)],
        "the oldest one first"
    );
    assert_eq!(sums.by_day.len(), 3);
    assert!(fold().await && fold().await);
    assert!(!fold().await, "the day that was named is left");
    let expected = DownloadSums {
        by_day: vec![(Day(first + 29), 16)],
        by_month: vec![(Day(first - 31), 1), (Day(first), 14)],
        by_file: vec![("demo-1.zip".into(), 16)],
        by_fetcher: vec![(fetcher(uv), 16)],
    };
    let span = days(first - 31, first + 40);
    assert_eq!(sums_of(&*catalog, "demo", span).await, expected);
    let all = catalog.all_downloads(&main(), span).await.expect("sums");
    assert_eq!(all.by_month, expected.by_month);
    assert_eq!(all.by_day, expected.by_day);
    // What comes late for a day that is folded is folded too.
    add(&*catalog, &[count("demo", "demo-1.zip", first, pip, 100)]).await;
    assert!(fold().await);
    let sums = sums_of(&*catalog, "demo", span).await;
    assert_eq!(sums.by_month, [(Day(first - 31), 1), (Day(first), 114)]);
}
