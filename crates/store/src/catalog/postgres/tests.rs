//! What a catalog in PostgreSQL promises beyond the port: that nothing is recorded by halves, who is
//! refused and why, that it goes on after the database was away, and where its serials go on.

use std::time::Duration;

use wheelhouse_index::change::Attribution;
use wheelhouse_index::ports::{AccessChange, AccessRecord, AccessStore as _, Committed, CopyScope};

use super::plan::Plan;
use super::writer::Settled;
use super::*;
use crate::catalog::sqlite::{SqliteCatalog, SqliteOptions, WhenDamaged};
use crate::conformance::access_store::access_store_promises;
use crate::conformance::catalog::{
    FixedClock, NOW_SECONDS, catalog_promises, change_in, contents, core, found, record,
};
use crate::conformance::catalog_copy::{Copied, catalog_copy_promises, fill, furnish, rows};
use crate::conformance::download_counts::download_counts_promises;
use cluster::Database;

pub(super) mod cluster;
mod replicas;

catalog_promises!({
    let database = Database::new().await;
    (Arc::new(database.open().await), database)
});

download_counts_promises!({
    let database = Database::new().await;
    (Arc::new(database.open().await), database)
});

access_store_promises!({
    let database = Database::new().await;
    (database.open().await, database)
});

catalog_copy_promises!({
    let (one, other) = (Database::new().await, Database::new().await);
    let catalogs = (one.open().await, other.open().await);
    (Arc::new(catalogs.0), Arc::new(catalogs.1), (one, other))
});

#[tokio::test]
async fn a_copy_goes_from_one_kind_of_database_to_the_other_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = |name: &str| {
        let options = SqliteOptions {
            clock: Arc::new(FixedClock),
            serial_mark: None,
            when_damaged: WhenDamaged::Refuse,
        };
        SqliteCatalog::open(&folder.path().join(name), &options).unwrap()
    };
    let database = Database::new().await;
    let (one, between, two) = (sqlite("one"), database.open().await, sqlite("two"));
    furnish(&one).await;
    let copied = fill(&one, &between).await;
    let everything = CopyScope::Everything;
    let catalogs: [&dyn Copied; 2] = [&between, &two];
    fill(&between, &two).await;
    for catalog in catalogs {
        assert_eq!(rows(catalog, everything).await.1, copied);
    }
}

fn adding(name: &str) -> Change {
    change_in(IndexName::main(), vec![found(record(name, 1))])
}

async fn add(catalog: &PostgresCatalog, name: &str) -> Serial {
    match catalog.commit(adding(name)).await.unwrap() {
        Committed::Applied(applied) => applied.serial,
        other => panic!("not recorded: {other:?}"),
    }
}

async fn count(catalog: &PostgresCatalog) -> u64 {
    catalog.counts(&IndexName::main()).await.unwrap().files
}

/// Ends all connections to the database but the one that asks for it.
async fn cut(database: &Database) {
    let client = database.client().await;
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()";
    client.query(sql, &[]).await.unwrap();
}

#[tokio::test]
async fn everything_is_there_for_another_server_over_the_same_database() {
    let database = Database::new().await;
    let (one, other) = (database.open().await, database.open().await);
    let mut demo = record("demo-1.zip", 1);
    let serial = add(&one, "demo-1.zip").await;
    let learned = Learned {
        path: demo.path.clone(),
        fingerprint: demo.fingerprint,
        contents: contents("A demo"),
        metadata: Some(core("A demo")),
    };
    let known = one.learn(&IndexName::main(), vec![learned]).await;
    assert_eq!(known.unwrap(), 1);
    assert_eq!(other.head().await.unwrap(), serial);
    demo.contents = Some(contents("A demo"));
    let file = other.file(&IndexName::main(), &demo.path).await.unwrap();
    assert_eq!(file, Some(demo));
    assert_eq!(add(&other, "demo-2.zip").await, Serial(serial.0 + 1));
    assert_eq!(add(&one, "demo-3.zip").await, Serial(serial.0 + 2));
}

#[tokio::test]
async fn two_servers_that_record_at_the_same_time_give_each_serial_once() {
    let database = Database::new().await;
    let servers = [
        Arc::new(database.open().await),
        Arc::new(database.open().await),
    ];
    let mut tasks = Vec::new();
    for (number, server) in servers.iter().enumerate() {
        for n in 0..40 {
            let server = Arc::clone(server);
            tasks.push(tokio::spawn(async move {
                let name = if n % 2 == 0 {
                    format!("own{number}-{n}.zip")
                } else {
                    format!("same-{n}.zip")
                };
                server.commit(adding(&name)).await.unwrap()
            }));
        }
    }
    let mut serials = Vec::new();
    for task in tasks {
        if let Committed::Applied(applied) = task.await.unwrap() {
            serials.push(applied.serial.0);
        }
    }
    serials.sort_unstable();
    let expected: Vec<u64> = (NOW_SECONDS + 1..=NOW_SECONDS + 60).collect();
    assert_eq!(
        serials, expected,
        "of two that say the same one changes something"
    );
    assert_eq!(count(&servers[0]).await, 60);
}

#[tokio::test]
async fn a_change_that_fails_leaves_nothing_and_harms_no_other() {
    let database = Database::new().await;
    let catalog = Arc::new(database.open().await);
    let refusal = "
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'no'; END $$;
        CREATE TRIGGER refusal BEFORE INSERT ON events FOR EACH ROW
            WHEN (new.path LIKE 'bad-%') EXECUTE FUNCTION refuse()";
    database
        .client()
        .await
        .batch_execute(refusal)
        .await
        .unwrap();
    for count in [2, 200] {
        let names = (0..count).map(|n| format!("good{count}-{n}.zip"));
        let names = names.chain([format!("bad-{count}.zip")]);
        let changes = names.map(|name| found(record(&name, 1))).collect();
        let bad = catalog.commit(change_in(IndexName::main(), changes));
        let good = format!("fine-{count}.zip");
        let (bad, _) = tokio::join!(bad, add(&catalog, &good));
        let error = bad.expect_err("the trigger refuses it");
        assert!(!error.is_away && !error.is_full, "{error}");
        let error = error.to_string();
        assert!(
            error.starts_with("postgres: cannot record a change: no"),
            "{error}"
        );
    }
    assert_eq!(count(&catalog).await, 2);
    assert_eq!(catalog.head().await.unwrap(), Serial(NOW_SECONDS + 2));
    assert_eq!(catalog.events_after(Serial(0), 9).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_connection_that_is_killed_while_a_change_is_recorded_leaves_nothing_of_it() {
    let database = Database::new().await;
    let catalog = database.open().await;
    let client = database.client().await;
    let trap = "
        CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN new; END $$;
        CREATE TRIGGER trap BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION die()";
    client.batch_execute(trap).await.unwrap();
    let error = catalog
        .commit(adding("demo-1.zip"))
        .await
        .expect_err("killed");
    assert!(error.is_away, "{error}");
    assert_eq!(count(&catalog).await, 0);
    assert_eq!(catalog.head().await.unwrap(), Serial(NOW_SECONDS));
    client
        .batch_execute("DROP TRIGGER trap ON events")
        .await
        .unwrap();
    assert_eq!(add(&catalog, "demo-1.zip").await, Serial(NOW_SECONDS + 1));
}

#[tokio::test]
async fn what_became_of_a_transaction_is_told_by_its_number() {
    let database = Database::new().await;
    let catalog = database.open().await;
    let client = database.client().await;
    for (end, expected) in [("COMMIT", true), ("ROLLBACK", false)] {
        client.batch_execute("BEGIN").await.unwrap();
        let row = client.query_one(commit::LOCK, &[]).await.unwrap();
        let transaction = commit::Begun::of(&row).unwrap().transaction;
        let fate = writer::fate(&catalog.writes, &transaction);
        let ending = async {
            tokio::time::sleep(Duration::from_millis(150)).await;
            client.batch_execute(end).await.unwrap();
        };
        assert_eq!(tokio::join!(fate, ending).0, Some(expected), "{end}");
    }
}

#[tokio::test]
async fn a_commit_whose_numbers_somebody_else_got_is_not_taken_for_done() {
    let database = Database::new().await;
    let catalog = database.open().await;
    add(&catalog, "demo-1.zip").await;
    let change = |request: &str| Change {
        by: Attribution {
            request_id: Some(request.to_owned()),
            ..Attribution::system(Timestamp(1))
        },
        ..change_in(IndexName::main(), vec![found(record("other-1.zip", 1))])
    };
    let lost = [change("lost")];
    let client = pool::connection(&catalog.writes).await.unwrap();
    let plan = async |change: &[Change; 1]| {
        let (_, present) = commit::begin(&client, change).await.unwrap();
        let mut plan = Plan::new(present);
        plan.add(&change[0]).unwrap();
        plan
    };
    let became = async |plan: &Plan, tried| {
        let index = IndexName::main();
        writer::proven(&catalog.writes, &index, plan, Settled::FoundOut, tried).await
    };
    // As a database leaves it that was killed before any of it was on the disk.
    let planned = plan(&lost).await;
    client.batch_execute("ROLLBACK").await.unwrap();
    assert!(matches!(became(&planned, 1).await, Settled::Again));
    // Another server gets the serial.
    catalog.commit(change("another")).await.unwrap();
    assert!(matches!(became(&planned, 1).await, Settled::Again));
    assert!(matches!(became(&planned, 99).await, Settled::Failed(_)));

    let mut next = change("next");
    next.files = vec![found(record("next-1.zip", 1))];
    let next = [next];
    let planned = plan(&next).await;
    commit::write(&client, &IndexName::main(), &planned)
        .await
        .unwrap();
    assert!(matches!(became(&planned, 1).await, Settled::Done));
}

#[tokio::test]
async fn connections_that_were_cut_are_made_anew_unnoticed() {
    let database = Database::new().await;
    let catalog = database.open().await;
    let first = add(&catalog, "demo-1.zip").await;
    for round in 0..3 {
        cut(&database).await;
        assert_eq!(catalog.head().await.unwrap(), Serial(first.0 + round));
        cut(&database).await;
        add(&catalog, &format!("more-{round}.zip")).await;
        cut(&database).await;
        let put = wheelhouse_index::ports::AccessChange::default();
        catalog.change_access(put).await.unwrap();
        cut(&database).await;
        let claimed = catalog.claim("x", Timestamp(9), Timestamp(2)).await;
        assert_eq!(claimed.unwrap(), round == 0);
    }
}

#[tokio::test]
async fn a_database_that_is_gone_is_away_and_not_broken() {
    let database = Database::new().await;
    let catalog = database.open().await;
    add(&catalog, "demo-1.zip").await;
    let client = database.client_beside().await;
    let name = database.address().database().to_owned();
    let shut = |open| format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {open}");
    client.batch_execute(&shut(false)).await.unwrap();
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
    client.query(sql, &[&name]).await.unwrap();
    assert!(catalog.ready().await.expect_err("shut").is_away);
    let error = catalog.commit(adding("demo-2.zip")).await;
    assert!(error.expect_err("shut").is_away);
    let error = catalog.claim("x", Timestamp(2), Timestamp(1)).await;
    assert!(error.expect_err("shut").is_away);
    client.batch_execute(&shut(true)).await.unwrap();
    catalog.ready().await.unwrap();
    add(&catalog, "demo-2.zip").await;
}

#[tokio::test]
async fn a_lock_that_somebody_holds_for_too_long_is_given_up_on() {
    let database = Database::new().await;
    let catalog = database.open().await;
    let client = database.client().await;
    // For connections that are made from now on.
    let name = database.address().database().to_owned();
    client
        .batch_execute(&format!("ALTER DATABASE {name} SET lock_timeout = '200ms'"))
        .await
        .unwrap();
    client.batch_execute("BEGIN").await.unwrap();
    client.query_one(commit::LOCK, &[]).await.unwrap();
    let mut address = database.address();
    address.config.options("-c lock_timeout=200");
    let impatient = PostgresCatalog {
        reads: catalog.reads.clone(),
        writes: pool::pool(&address, 1).unwrap(),
        writer: Writer::start(pool::pool(&address, 1).unwrap()),
        address,
    };
    let error = impatient.commit(adding("demo-1.zip")).await;
    assert!(error.expect_err("locked").is_away);
    client.batch_execute("COMMIT").await.unwrap();
    add(&impatient, "demo-1.zip").await;
}

#[tokio::test]
async fn serials_go_on_above_all_that_were_used_when_the_database_was_restored() {
    let database = Database::new().await;
    let client = database.client().await;
    let head = {
        let catalog = database.open().await;
        add(&catalog, "demo-1.zip").await
    };
    assert_eq!(
        database.open().await.head().await.unwrap(),
        head,
        "a restart"
    );
    // As an old copy that was put back in another place says.
    let old = "UPDATE journal_head SET serial = 7, home = '1/00000001'";
    client.batch_execute(old).await.unwrap();
    assert_eq!(
        database.open().await.head().await.unwrap(),
        Serial(NOW_SECONDS)
    );
    let ahead = "UPDATE journal_head SET serial = 9000000000, home = 'another'";
    client.batch_execute(ahead).await.unwrap();
    assert_eq!(
        database.open().await.head().await.unwrap(),
        Serial(9_000_000_000)
    );
}

#[tokio::test]
async fn whoever_cannot_use_the_database_is_told_why_and_what_to_do() {
    let database = Database::new().await;
    let clock = || Arc::new(FixedClock);
    let told = async |address: &PostgresAddress| {
        let opened = PostgresCatalog::open(address, clock()).await;
        opened.expect_err("refused").to_string()
    };
    let mut missing = database.address();
    missing.config.dbname("nowhere");
    let error = told(&missing).await;
    assert!(error.contains("createdb --encoding=UTF8"), "{error}");

    let mut nobody = database.address();
    nobody.config.user("nobody");
    let error = told(&nobody).await;
    assert!(
        error.contains("does not let the user `nobody` in"),
        "{error}"
    );

    let nowhere = PostgresAddress::parse("postgres://x@%2Fnot%2Fthere/x", |_| None).unwrap();
    let error = told(&nowhere).await;
    assert!(error.contains("cannot be reached"), "{error}");
    let refused = PostgresAddress::parse("postgres://x@127.0.0.1:9/x", |_| None).unwrap();
    let error = told(&refused).await;
    assert!(error.contains("is PostgreSQL running there"), "{error}");

    let client = database.client().await;
    client
        .batch_execute("CREATE TABLE files (theirs int)")
        .await
        .unwrap();
    let error = told(&database.address()).await;
    assert!(error.contains("tables of another program"), "{error}");

    let database = Database::new().await;
    drop(database.open().await);
    let newer = "INSERT INTO schema_versions (version, compatible, name) VALUES (999, 990, 'x')";
    let client = database.client().await;
    client.batch_execute(newer).await.unwrap();
    let error = told(&database.address()).await;
    assert!(error.contains("schema version 999"), "{error}");
    assert!(error.contains("use the newer program"), "{error}");
}

#[tokio::test]
async fn changes_are_heard_of_at_once_and_after_the_connection_was_lost() {
    let database = Database::new().await;
    let (writer, reader) = (database.open().await, database.open().await);
    let mut changes = reader.changes().await.unwrap();
    let first = add(&writer, "demo-1.zip").await;
    let heard = tokio::time::timeout(Duration::from_secs(5), changes.next()).await;
    assert_eq!(heard.unwrap(), first);
    cut(&database).await;
    let second = add(&writer, "demo-2.zip").await;
    let heard = tokio::time::timeout(Duration::from_secs(5), changes.next()).await;
    assert_eq!(heard.unwrap(), second);
    assert_eq!(changes.head(), second);
}

#[tokio::test]
async fn a_change_of_who_may_do_what_is_heard_of_at_once() {
    let database = Database::new().await;
    let (writer, reader) = (database.open().await, database.open().await);
    let mut changes = reader.changes().await.unwrap();
    // The first is heard of when the connection listens, or a look says so.
    let head = add(&writer, "demo-1.zip").await;
    assert_eq!(changes.next().await, head);
    let put = vec![AccessRecord {
        kind: "role".to_owned(),
        key: "x".to_owned(),
        body: serde_json::json!({}),
    }];
    let change = AccessChange {
        put,
        ..AccessChange::default()
    };
    writer.change_access(change).await.unwrap();
    let heard = tokio::time::timeout(Duration::from_secs(5), changes.next()).await;
    assert_eq!(heard.unwrap(), head);
}

#[tokio::test]
async fn a_key_is_made_once_for_all_servers() {
    let database = Database::new().await;
    let (one, other) = (database.open().await, database.open().await);
    let fill = |byte| {
        move |key: &mut [u8; 32]| {
            key.fill(byte);
            Ok(())
        }
    };
    let (a, b) = tokio::join!(one.shared_key("x", fill(1)), other.shared_key("x", fill(2)));
    assert_eq!(a.unwrap(), b.unwrap());
    assert_eq!(one.shared_key("y", fill(3)).await.unwrap(), [3; 32]);
}

#[tokio::test]
async fn a_scan_of_many_files_is_one_commit() {
    let database = Database::new().await;
    let catalog = database.open().await;
    let changes = (0..5_000)
        .map(|n| found(record(&format!("p{}-{n}.zip", n % 700), 1)))
        .collect();
    let committed = catalog.commit(change_in(IndexName::main(), changes)).await;
    let Committed::Applied(applied) = committed.unwrap() else {
        panic!("nothing was there");
    };
    assert_eq!((applied.projects.len(), applied.paths.len()), (700, 5_000));
    let counts = catalog.counts(&IndexName::main()).await.unwrap();
    assert_eq!(
        (counts.projects, counts.files, counts.unread),
        (700, 5_000, 5_000)
    );
    let listing = catalog.projects(&IndexName::main()).await.unwrap();
    assert_eq!(listing.projects.len(), 700);
    let events = catalog.events_after(Serial(0), 10).await.unwrap();
    assert_eq!(events.len(), 5_000, "a serial is never split");
}

/// What must not get slower with the size of the index.
#[tokio::test]
async fn the_questions_of_every_request_are_answered_from_indexes() {
    let database = Database::new().await;
    let catalog = database.open().await;
    let changes = (0..20_000)
        .map(|n| found(record(&format!("p{}-{n}.zip", n % 4_000), 1)))
        .collect();
    catalog
        .commit(change_in(IndexName::main(), changes))
        .await
        .unwrap();
    let client = database.client().await;
    let prepare = "ANALYZE; SET plan_cache_mode = force_generic_plan";
    client.batch_execute(prepare).await.unwrap();
    for (sql, values) in [
        (read::PROJECT, "'main', 'p7'"),
        (read::FILE, "'main', 'p7-7.zip'"),
        (read::FILES_NAMED, "'main', 'p7-7.zip'"),
        (read::FILES_AFTER, "'main', 'p7', 10"),
        (read::UNREAD_AFTER, "'main', 'p7', 10"),
        (journal::EVENTS_AFTER, "5, 10"),
        (commit::FIND, "'main', '{p7-7.zip}'"),
        (
            commit::FINISH_PROJECTS,
            "'main', '{p7}', '{1}', '{1}', '{NULL}'",
        ),
    ] {
        let prepared = client.prepare(sql).await.unwrap();
        let types: Vec<_> = prepared.params().iter().map(ToString::to_string).collect();
        let types = types
            .join(", ")
            .replace("_text", "text[]")
            .replace("_int8", "bigint[]");
        client
            .batch_execute(&format!("DEALLOCATE ALL; PREPARE asked ({types}) AS {sql}"))
            .await
            .unwrap();
        let explain = format!("EXPLAIN EXECUTE asked ({values})");
        let steps = client.simple_query(&explain).await.unwrap();
        for step in steps {
            let tokio_postgres::SimpleQueryMessage::Row(row) = step else {
                continue;
            };
            let step = row.get(0).unwrap();
            let is_bad = ["files", "projects", "events"]
                .iter()
                .any(|table| step.contains(&format!("Seq Scan on {table}")));
            assert!(!is_bad, "{step} in {sql}");
        }
    }
}
