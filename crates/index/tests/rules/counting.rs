//! How downloads are counted: beside the requests, within bounds, once.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use wheelhouse_index::IndexOptions;
use wheelhouse_index::actor::Actor;
use wheelhouse_index::change::{Attribution, Change, MarkChange};
use wheelhouse_index::downloads::{Client, CountingOptions, Day, DownloadReport, Fetcher, Noted};
use wheelhouse_index::identity::IndexName;
use wheelhouse_index::mark::{Mark, ProjectMark};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::permission::{AccessRules, Lock, Principal, Sight};
use wheelhouse_index::ports::DownloadCount;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::ProjectStatus;

use crate::failing::Moody;
use crate::house::{BEGIN, House};

const PIP: &[u8] = br#"pip/26.3 {"python":"3.11.7","system":{"name":"Linux"}}"#;

fn key(name: &str) -> ProjectKey {
    ProjectKey::of(name).expect("a key")
}

fn path(name: &str) -> FilePath {
    name.parse().expect("a path")
}

async fn house_with(names: &[&str], options: IndexOptions) -> House {
    let house = House::with_options(options);
    for name in names {
        house.publish(name, name.as_bytes()).await;
    }
    house
}

async fn report(house: &House, project: &str) -> DownloadReport {
    let report = house.index.downloads(&key(project), 30).await;
    report.expect("told").expect("a project")
}

#[tokio::test]
async fn what_is_noted_is_told_by_all_that_is_counted() {
    let files = ["demo-1.0.zip", "demo-2.0.zip", "other-1.0.zip"];
    let house = house_with(&files, IndexOptions::default()).await;
    for (name, agent) in [
        ("demo-1.0.zip", Some(PIP)),
        ("demo-1.0.zip", Some(&b"curl/8"[..])),
        ("demo-2.0.zip", Some(PIP)),
        ("demo-1.0.zip", Some(PIP)),
        ("other-1.0.zip", None),
        // Looked for by clients, and no download.
        ("demo-1.0.zip.asc", Some(PIP)),
    ] {
        house.index.note_download(&path(name), agent);
    }
    house.index.write_last_downloads().await;

    let told = report(&house, "demo").await;
    assert_eq!((told.total, told.ever), (4, 4));
    assert_eq!(told.by_day.len(), 30);
    assert_eq!(told.by_day[29], (Day::of(house.index.now()), 4));
    assert!(told.by_day[..29].iter().all(|(_, count)| *count == 0));
    assert_eq!(told.by_month.len(), 1);
    let versions = [("1.0".to_owned(), 3), ("2.0".to_owned(), 1)];
    assert_eq!(told.by_version, versions);
    let files = [
        ("demo-1.0.zip".to_owned(), 3),
        ("demo-2.0.zip".to_owned(), 1),
    ];
    assert_eq!(told.by_file, files);
    let pythons = told.by_python.iter();
    let pythons: Vec<_> = pythons
        .map(|(python, count)| (python.map(|it| it.to_string()), *count))
        .collect();
    assert_eq!(pythons, [(Some("3.11".to_owned()), 3), (None, 1)]);
    assert_eq!(told.by_client, [(Client::Pip, 3), (Client::Script, 1)]);
    let all = house.index.all_downloads(30).await.expect("told");
    assert_eq!((all.total, all.by_client.len()), (5, 3));
    let most = house.index.most_downloaded(30, 1).await.expect("told");
    assert_eq!((most[0].project.as_str(), most[0].count), ("demo", 4));
    let noted = Noted {
        counted: 5,
        uncounted: 0,
        waiting: 0,
    };
    assert_eq!(house.index.noted_downloads(), noted);
}

#[tokio::test]
async fn nothing_is_noted_while_counting_is_off() {
    let counting = CountingOptions {
        is_on: false,
        ..CountingOptions::default()
    };
    let options = IndexOptions {
        counting,
        ..IndexOptions::default()
    };
    let house = house_with(&["demo-1.0.zip"], options).await;
    house.index.note_download(&path("demo-1.0.zip"), Some(PIP));
    house.index.write_last_downloads().await;
    assert_eq!(report(&house, "demo").await.ever, 0);
    assert_eq!(house.index.noted_downloads().uncounted, 0);
}

#[tokio::test]
async fn counts_wait_while_the_catalog_is_away_and_are_added_once() {
    let clock = House::clock();
    let moody = Arc::new(Moody::new(&*clock));
    let catalog = Arc::clone(&moody) as _;
    let house = House::with_catalog(IndexOptions::default(), catalog, clock);
    house.publish("demo-1.0.zip", b"demo").await;
    let note = || house.index.note_download(&path("demo-1.0.zip"), Some(PIP));
    note();
    moody.fails.store(true, Ordering::Relaxed);
    house.index.write_last_downloads().await;
    note();
    house.index.write_last_downloads().await;
    assert_eq!(report(&house, "demo").await.ever, 0);
    moody.fails.store(false, Ordering::Relaxed);
    house.index.write_last_downloads().await;
    house.index.write_last_downloads().await;
    assert_eq!(report(&house, "demo").await.ever, 2);

    // What may have been added is not added again.
    note();
    moody.is_struck_dumb.store(true, Ordering::Relaxed);
    house.index.write_last_downloads().await;
    moody.is_struck_dumb.store(false, Ordering::Relaxed);
    house.index.write_last_downloads().await;
    assert_eq!(report(&house, "demo").await.ever, 3);
    let noted = house.index.noted_downloads();
    assert_eq!((noted.counted, noted.uncounted), (2, 1));
}

#[tokio::test]
async fn a_flood_of_odd_agents_stays_within_the_bounds() {
    let house = house_with(&["demo-1.0.zip"], IndexOptions::default()).await;
    let demo = path("demo-1.0.zip");
    let mut sent = 0;
    for round in 0..4 {
        for number in 0..10_000 {
            let python = number % 300;
            let agent = format!(
                "pip/{number} {{\"python\":\"3.{python}\",\"system\":{{\"name\":\"{round}-{number}\"}}}}"
            );
            house.index.note_download(&demo, Some(agent.as_bytes()));
            sent += 1;
        }
        house.index.write_last_downloads().await;
    }
    let told = report(&house, "demo").await;
    assert_eq!(told.ever, sent);
    // 3.0 to 3.30, and none of them; one platform that is not known.
    assert_eq!(told.by_python.len(), 32);
    assert_eq!((told.by_platform.len(), told.by_client.len()), (1, 1));

    // More notes than there is room for are lost, and counted as that.
    for _ in 0..50_000 {
        house.index.note_download(&demo, None);
    }
    house.index.write_last_downloads().await;
    let noted = house.index.noted_downloads();
    assert!(noted.uncounted > 0, "{noted:?}");
    assert_eq!(noted.counted + noted.uncounted, sent + 50_000);
    assert_eq!(report(&house, "demo").await.ever, noted.counted);
}

#[tokio::test]
async fn only_so_many_different_counts_wait() {
    let clock = House::clock();
    let moody = Arc::new(Moody::new(&*clock));
    moody.fails.store(true, Ordering::Relaxed);
    let catalog = Arc::clone(&moody) as _;
    let house = House::with_catalog(IndexOptions::default(), catalog, clock);
    for number in 0..60_000 {
        let file = path(&format!("demo-{number}.zip"));
        house.index.note_download(&file, Some(PIP));
        if number % 10_000 == 9_999 {
            house.index.write_last_downloads().await;
        }
    }
    assert_eq!(house.index.noted_downloads().uncounted, 10_000);
    moody.fails.store(false, Ordering::Relaxed);
    house.index.write_last_downloads().await;
    assert_eq!(house.index.noted_downloads().counted, 50_000);
}

#[tokio::test]
async fn old_days_are_kept_by_month_alone() {
    let counting = CountingOptions {
        is_on: true,
        detail_days: 3,
    };
    let options = IndexOptions {
        counting,
        ..IndexOptions::default()
    };
    let house = house_with(&["demo-1.0.zip"], options).await;
    // The fourteenth of November.
    let today = i32::try_from(BEGIN / 86_400).expect("a day");
    for (earlier, count) in [(0, 1), (2, 2), (3, 4), (20, 8)] {
        let counted = DownloadCount {
            project: key("demo"),
            file_name: "demo-1.0.zip".into(),
            day: Day(today - earlier),
            fetcher: Fetcher {
                client: Client::Uv,
                python: None,
                platform: None,
            },
            count,
        };
        let index = IndexName::main();
        let added = house.catalog.add_downloads(&index, vec![counted]).await;
        added.expect("counted");
    }
    house.index.fold_downloads().await;
    let told = report(&house, "demo").await;
    let days: Vec<_> = told.by_day.iter().map(|(_, count)| *count).collect();
    assert_eq!(days, [2, 0, 1], "no more days are told than are kept");
    assert_eq!((told.total, told.ever), (3, 15));
    let months = told.by_month.iter();
    let months: Vec<_> = months
        .map(|(month, count)| (month.to_string(), *count))
        .collect();
    let expected = [("2023-10-01", 8), ("2023-11-01", 7)];
    assert_eq!(
        months,
        expected.map(|(month, count)| (month.to_owned(), count))
    );
}

#[tokio::test]
async fn counts_are_for_those_who_may_see_the_project() {
    let files = ["demo-1.0.zip", "hidden-1.0.zip", "bad-1.0.zip"];
    let house = house_with(&files, IndexOptions::default()).await;
    for name in files {
        house.index.note_download(&path(name), Some(PIP));
    }
    house.index.write_last_downloads().await;
    let quarantined = Change {
        index: IndexName::main(),
        by: Attribution::system(house.index.now()),
        expects: Vec::new(),
        files: Vec::new(),
        marks: vec![MarkChange::Set(ProjectMark {
            project: key("bad"),
            mark: Mark::Status {
                status: ProjectStatus::Quarantined,
                reason: None,
            },
            since: house.index.now(),
        })],
    };
    house.catalog.commit(quarantined).await.expect("a commit");
    assert_eq!(
        house
            .index
            .downloads(&key("nothing"), 30)
            .await
            .expect("told"),
        None
    );
    // Its owner has to know how far it got.
    assert_eq!(report(&house, "bad").await.ever, 1);

    let rule = "everybody list demo".parse().expect("a rule");
    let locks = [Lock::List];
    let rules = AccessRules::restricted(&locks, [rule]);
    let nobody = Principal::new(Actor::Anonymous);
    let sight = Sight::of(&rules, &nobody, &IndexName::main(), Vec::new());
    let seen = house.index.seen_with(&sight);
    assert_eq!(
        seen.downloads(&key("hidden"), 30).await.expect("told"),
        None
    );
    let most = seen.most_downloaded(30, 10).await.expect("told");
    let most: Vec<_> = most.iter().map(|one| one.project.as_str()).collect();
    assert_eq!(most, ["demo"]);
    let most = house.index.most_downloaded(30, 10).await.expect("told");
    let most: Vec<_> = most.iter().map(|one| one.project.as_str()).collect();
    assert_eq!(most, ["demo", "hidden"]);
}
