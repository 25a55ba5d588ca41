//! What servers over one database know of each other.

use std::time::Duration;

use tokio::time::Instant;
use wheelhouse_index::ports::{AccessChange, AccessRecord, LEASE, Progress, Replicas as _};

use super::*;
use crate::catalog::PostgresReplicas;

async fn pair() -> (
    Database,
    PostgresCatalog,
    PostgresReplicas,
    PostgresReplicas,
) {
    let database = Database::new().await;
    let catalog = database.open().await;
    let one = catalog.replicas().await.unwrap();
    let other = catalog.replicas().await.unwrap();
    (database, catalog, one, other)
}

fn after(progress: Progress) -> Progress {
    Progress {
        serial: Serial(progress.serial.0 + 1),
        ..progress
    }
}

#[tokio::test]
async fn a_change_waits_for_everybody_with_a_lease_and_for_nobody_else() {
    let (_database, _catalog, one, other) = pair().await;
    let heads = one.heads().await.unwrap();
    assert!(
        one.await_others(after(heads)).await.unwrap(),
        "nobody is there"
    );
    assert_eq!(other.report(heads).await.unwrap(), heads);
    assert!(
        one.await_others(heads).await.unwrap(),
        "it has followed so far"
    );
    let waiting = one.await_others(after(heads));
    let following = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        other.report(after(heads)).await.unwrap();
        Instant::now()
    };
    let (waited, followed_at) = tokio::join!(
        async { (waiting.await.unwrap(), Instant::now()) },
        following
    );
    assert!(waited.0 && waited.1 >= followed_at - Duration::from_millis(20));
    // Who has gone, or says nothing any more, is not waited for.
    other.leave().await.unwrap();
    assert!(one.await_others(after(after(heads))).await.unwrap());
    other.report(heads).await.unwrap();
    let began = Instant::now();
    one.await_others(after(heads)).await.unwrap();
    assert!(began.elapsed() >= LEASE / 2, "the lease was believed");
    assert!(
        one.await_others(after(heads)).await.unwrap(),
        "it has run out"
    );
}

#[tokio::test]
async fn every_change_of_who_may_do_what_has_a_number() {
    let (database, catalog, one, other) = pair().await;
    let before = one.heads().await.unwrap();
    let put = AccessRecord {
        kind: "rule".to_owned(),
        key: "a".to_owned(),
        body: serde_json::json!({}),
    };
    let change = AccessChange {
        put: vec![put],
        ..AccessChange::default()
    };
    catalog.change_access(change).await.unwrap();
    let heads = other.heads().await.unwrap();
    assert!(heads.access > before.access, "{heads:?} after {before:?}");
    assert_eq!(heads.serial, before.serial);
    // Also one that a server of another version made.
    let client = database.client().await;
    client.execute("DELETE FROM access", &[]).await.unwrap();
    assert!(other.heads().await.unwrap().access > heads.access);
}

#[tokio::test]
async fn commits_of_others_stir_whoever_follows() {
    let (database, catalog, one, _other) = pair().await;
    let elsewhere = database.open().await;
    let head = add(&elsewhere, "demo-1.zip").await;
    // Woken by the notification, or by the poll behind it.
    one.stirred(Duration::from_secs(20)).await;
    assert_eq!(one.heads().await.unwrap().serial, head);
    assert_eq!(catalog.head().await.unwrap(), head);
}

#[tokio::test]
async fn work_is_done_by_one_until_its_turn_is_over() {
    let (_database, _catalog, one, other) = pair().await;
    let long = Duration::from_mins(1);
    assert!(one.take_turn("sweep", long).await.unwrap());
    assert!(!other.take_turn("sweep", long).await.unwrap());
    assert!(other.take_turn("count", long).await.unwrap());
    assert!(one.take_turn("sweep", Duration::ZERO).await.unwrap());
    assert!(other.take_turn("sweep", long).await.unwrap(), "it was over");
}

#[tokio::test]
async fn what_one_holds_the_other_waits_for() {
    let (database, _catalog, one, other) = pair().await;
    let held = one.hold("create demo").await.unwrap();
    let apart = other.hold("create another").await.unwrap();
    let waiting = other.hold("create demo");
    let early = tokio::time::timeout(Duration::from_millis(300), waiting).await;
    assert!(early.is_err(), "it is held");
    drop(held);
    let held = other.hold("create demo").await.unwrap();
    drop((held, apart));
    // A server that dies lets go of everything.
    let held = one.hold("create demo").await.unwrap();
    cut(&database).await;
    other.hold("create demo").await.unwrap();
    drop(held);
}
