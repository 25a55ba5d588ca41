//! What many callers at the same time may rely on.

use std::collections::BTreeSet;
use std::sync::Arc;

use wheelhouse_index::identity::Serial;
use wheelhouse_index::ports::Catalog;

use super::fixture::{apply, change_in, file, found, main, record};

const WRITERS: i64 = 8;
const COMMITS: i64 = 25;

pub(crate) async fn commits_at_the_same_time_get_rising_serials(catalog: Arc<dyn Catalog>) {
    let start = catalog.head().await.unwrap();
    let writers = (0..WRITERS).map(|writer| {
        let catalog = Arc::clone(&catalog);
        tokio::spawn(async move {
            let name = format!("p{writer}-1.zip");
            let mut serials = Vec::new();
            for state in 1..=COMMITS {
                let serial = apply(&*catalog, vec![found(record(&name, state))])
                    .await
                    .serial;
                assert!(
                    catalog.head().await.unwrap() >= serial,
                    "one reads what one wrote"
                );
                serials.push(serial);
            }
            assert!(serials.is_sorted(), "{serials:?}");
            serials
        })
    });
    let writers: Vec<_> = writers.collect();
    let reader = tokio::spawn({
        let catalog = Arc::clone(&catalog);
        async move {
            let (mut seen, mut last) = (Vec::new(), start);
            while i64::try_from(seen.len()).unwrap() < WRITERS * COMMITS {
                let listing = catalog.projects(&main()).await.unwrap();
                let newest = listing.projects.iter().map(|entry| entry.last_serial).max();
                assert!(newest.unwrap_or(start) <= listing.serial);
                let events = catalog.events_after(last, 7).await.unwrap();
                if let Some(event) = events.last() {
                    last = event.serial;
                }
                seen.extend(events.into_iter().map(|event| event.serial));
                tokio::task::yield_now().await;
            }
            seen
        }
    });
    let mut serials: BTreeSet<Serial> = BTreeSet::new();
    for writer in writers {
        serials.extend(writer.await.unwrap());
    }
    assert_eq!(i64::try_from(serials.len()).unwrap(), WRITERS * COMMITS);
    let seen = reader.await.unwrap();
    assert!(
        seen.iter().eq(&serials),
        "a reader of the journal misses nothing"
    );
}

pub(crate) async fn a_commit_goes_on_when_nobody_waits_for_it(catalog: Arc<dyn Catalog>) {
    let change = change_in(main(), vec![found(record("demo-1.zip", 1))]);
    {
        let mut commit = std::pin::pin!(catalog.commit(change));
        // Asked once, then dropped.
        let asked =
            std::future::poll_fn(|context| std::task::Poll::Ready(commit.as_mut().poll(context)));
        let _ = asked.await;
    }
    // Comes after it in the order of serials.
    apply(&*catalog, vec![found(record("other-1.zip", 1))]).await;
    assert!(file(&*catalog, "demo-1.zip").await.is_some());
    let events = catalog.events_after(Serial(0), 9).await.unwrap();
    assert_eq!(events.len(), 2);
}
