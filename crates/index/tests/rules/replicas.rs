//! Several servers over one catalog: what one changes, the others know before it is answered.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use wheelhouse_index::access::Access;
use wheelhouse_index::actor::UserName;
use wheelhouse_index::audit::{AuditFilter, TrailEntry};
use wheelhouse_index::change::Attribution;
use wheelhouse_index::identity::{IndexName, Serial, Timestamp};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::permission::Role;
use wheelhouse_index::ports::{
    AccessChange, AccessRecord, AccessStore, Catalog, Held, LEASE, Observation, Progress, Replicas,
    Scan, StoreError, SystemClock,
};
use wheelhouse_index::publish::{ClaimedDigests, Overwrite, Upload};
use wheelhouse_index::replica::Replica;
use wheelhouse_index::{Index, IndexOptions};
use wheelhouse_standards::found::FoundFile;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_store::catalog::MemoryCatalog;
use wheelhouse_store::files::memory::MemoryFileStore;
use wheelhouse_testkit::Sdist;

use crate::house::{House, Told};

/// What all replicas share.
#[derive(Debug, Default)]
struct Town {
    leases: Mutex<BTreeMap<usize, (Progress, Instant)>>,
    access: AtomicU64,
}

/// One replica's way into it, which can be cut off.
#[derive(Debug)]
struct Way {
    town: Arc<Town>,
    catalog: Arc<MemoryCatalog>,
    number: usize,
    is_cut: AtomicBool,
}

impl Way {
    fn open(&self) -> Result<(), StoreError> {
        if self.is_cut.load(Ordering::Relaxed) {
            return Err(StoreError::new("test", "reach the town", "cut off").while_away(true));
        }
        Ok(())
    }
}

#[async_trait]
impl Replicas for Way {
    async fn report(&self, progress: Progress) -> Result<Progress, StoreError> {
        self.open()?;
        let lease = (progress, Instant::now() + LEASE);
        self.town
            .leases
            .lock()
            .expect("not poisoned")
            .insert(self.number, lease);
        self.heads().await
    }

    async fn heads(&self) -> Result<Progress, StoreError> {
        self.open()?;
        Ok(Progress {
            serial: self.catalog.head().await?,
            access: self.town.access.load(Ordering::Relaxed),
        })
    }

    async fn stirred(&self, at_most: Duration) {
        tokio::time::sleep(at_most.min(Duration::from_millis(5))).await;
    }

    async fn await_others(&self, progress: Progress) -> Result<bool, StoreError> {
        self.open()?;
        let give_up = Instant::now() + LEASE;
        loop {
            let is_behind =
                self.town
                    .leases
                    .lock()
                    .expect("not poisoned")
                    .iter()
                    .any(|(number, lease)| {
                        *number != self.number
                            && lease.1 > Instant::now()
                            && !lease.0.includes(&progress)
                    });
            if !is_behind || Instant::now() > give_up {
                return Ok(!is_behind);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    async fn leave(&self) -> Result<(), StoreError> {
        self.town
            .leases
            .lock()
            .expect("not poisoned")
            .remove(&self.number);
        Ok(())
    }

    async fn take_turn(&self, _work: &str, _span: Duration) -> Result<bool, StoreError> {
        Ok(self.number == 0)
    }

    async fn hold(&self, _name: &str) -> Result<Box<dyn Held>, StoreError> {
        #[derive(Debug)]
        struct Nothing;
        impl Held for Nothing {}
        Ok(Box::new(Nothing))
    }
}

/// Counts what changes who may do what, as a database does by itself.
#[derive(Debug)]
struct Counted(Arc<MemoryCatalog>, Arc<Town>);

#[async_trait]
impl AccessStore for Counted {
    async fn access_records(&self) -> Result<Vec<AccessRecord>, StoreError> {
        self.0.access_records().await
    }

    async fn change_access(&self, change: AccessChange) -> Result<(), StoreError> {
        self.0.change_access(change).await?;
        self.1.access.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn claim(&self, key: &str, until: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
        self.0.claim(key, until, now).await
    }

    async fn audit_trail(
        &self,
        filter: &AuditFilter,
        limit: usize,
    ) -> Result<Vec<TrailEntry>, StoreError> {
        self.0.audit_trail(filter, limit).await
    }
}

struct Server {
    way: Arc<Way>,
    replica: Arc<Replica>,
    index: Arc<Index>,
    access: Arc<Access>,
    told: Arc<Told>,
    files: Arc<MemoryFileStore>,
}

async fn servers(count: usize) -> Vec<Server> {
    let catalog = Arc::new(MemoryCatalog::new(&*House::clock()));
    let files = Arc::new(MemoryFileStore::new());
    let town = Arc::new(Town::default());
    town.access.store(1, Ordering::Relaxed);
    let mut servers = Vec::new();
    for number in 0..count {
        let way = Arc::new(Way {
            town: Arc::clone(&town),
            catalog: Arc::clone(&catalog),
            number,
            is_cut: AtomicBool::new(false),
        });
        let replica = Replica::among(Arc::clone(&way) as _);
        let told = Arc::new(Told::default());
        let index = Index::new(
            IndexName::main(),
            Arc::clone(&catalog) as _,
            Arc::clone(&files) as _,
            Arc::new(SystemClock),
            IndexOptions::default(),
            vec![Arc::clone(&told) as _],
            Arc::clone(&replica),
        );
        let store: Arc<dyn AccessStore> =
            Arc::new(Counted(Arc::clone(&catalog), Arc::clone(&town)));
        let (locks, rules) = (Vec::new(), Vec::new());
        let clock = Arc::new(SystemClock);
        let access = Access::open(store, clock, locks, rules, Arc::clone(&replica)).await;
        let access = access.expect("memory can be read");
        assert!(!replica.is_fresh(), "nothing is believed before it follows");
        let follow = replica.follow(
            Arc::clone(&catalog) as _,
            Arc::clone(&access),
            vec![Arc::clone(&told) as _],
        );
        follow.await.expect("it follows");
        servers.push(Server {
            way,
            replica,
            index,
            access,
            told,
            files: Arc::clone(&files),
        });
    }
    servers
}

async fn upload(server: &Server, name: &str) {
    let mut staging = server.index.stage().await.expect("memory has room");
    let bytes = Bytes::from(Sdist::named("demo").bytes());
    staging.write(bytes).await.expect("memory has room");
    let upload = Upload {
        file_name: name.to_owned(),
        named: FoundFile::of(name).expect("a package file"),
        staged: staging.finish().await.expect("memory has room"),
        claimed: ClaimedDigests::default(),
        provenance: None,
    };
    let by = Attribution::system(server.index.now());
    let published = server.index.publish(vec![upload], Overwrite::Refuse, by);
    published.await.expect("it is published");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_known_everywhere_when_it_is_answered() {
    let servers = servers(3).await;
    for round in 0..20 {
        let maker = &servers[round % 3];
        upload(maker, &format!("demo-{round}.tar.gz")).await;
        let head = maker.index.head().await.expect("memory can be read");
        for other in &servers {
            let known = other.told.all();
            assert!(
                known.iter().any(|applied| applied.serial == head),
                "{round}: {known:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_is_cut_off_believes_nothing_and_holds_up_nobody_for_long() {
    let servers = servers(2).await;
    let [here, there] = &servers[..] else {
        panic!("two servers")
    };
    assert!(there.replica.is_fresh());
    there.way.is_cut.store(true, Ordering::Relaxed);
    let began = Instant::now();
    upload(here, "demo-1.tar.gz").await;
    assert!(began.elapsed() < LEASE * 3, "it waits for a lease at most");
    assert!(
        !there.replica.is_fresh(),
        "whoever is not waited for believes nothing"
    );
    let stale = there.replica.refresh().await.expect_err("it cannot know");
    assert!(stale.seconds < 60, "{stale:?}");
    assert!(there.told.all().is_empty());
    there.way.is_cut.store(false, Ordering::Relaxed);
    // Soon, for others are asked again after a pause.
    while there.replica.refresh().await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let head = here.index.head().await.expect("memory can be read");
    assert!(
        there
            .told
            .all()
            .iter()
            .any(|applied| applied.serial == head)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_cannot_ask_the_others_answers_when_their_leases_are_over() {
    let servers = servers(2).await;
    let [here, there] = &servers[..] else {
        panic!("two servers")
    };
    here.way.is_cut.store(true, Ordering::Relaxed);
    there.way.is_cut.store(true, Ordering::Relaxed);
    let began = Instant::now();
    upload(here, "demo-1.tar.gz").await;
    assert!(began.elapsed() >= LEASE, "{:?}", began.elapsed());
    assert!(
        !there.replica.is_fresh(),
        "it would answer from before the change, and not say so"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_all_servers_reads_in_the_background() {
    let servers = servers(2).await;
    let [first, second] = &servers[..] else {
        panic!("two servers")
    };
    let path: FilePath = "demo-1.tar.gz".parse().expect("a path");
    let fingerprint = second
        .files
        .put(&path, Sdist::named("demo").bytes(), Timestamp(0));
    let (sender, observed) = mpsc::channel(1);
    let scan = Scan {
        complete: true,
        files: vec![(path, fingerprint)],
        ..Scan::default()
    };
    let sent = sender.send(Observation::Scan(scan)).await;
    sent.expect("there is room");
    drop(sender);
    let (told, _) = oneshot::channel();
    Arc::clone(&second.index).follow(observed, told).await;
    let unread = async || {
        let counts = second.index.counts().await;
        counts.expect("memory can be read").unread
    };
    // The turn is always the first one's in this town.
    tokio::spawn(Arc::clone(&second.index).read_in_background());
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(unread().await, 1, "it is not this one's turn");
    tokio::spawn(Arc::clone(&first.index).read_in_background());
    while unread().await > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_do_what_is_the_same_everywhere_when_it_is_answered() {
    let servers = servers(2).await;
    let [here, there] = &servers[..] else {
        panic!("two servers")
    };
    let project = ProjectKey::of("demo").expect("a name");
    let owner = (UserName::new("ada"), Role::Owner);
    let by = Attribution::system(here.index.now());
    let given = here
        .access
        .give_role(&project, &owner.0, owner.1, by.clone());
    assert!(given.await.expect("memory can be written"));
    assert_eq!(there.access.roles(&project), std::slice::from_ref(&owner));
    let taken = there.access.take_role(&project, &owner.0, by);
    taken.await.expect("it is there");
    assert_eq!(here.access.roles(&project), []);
}

#[tokio::test]
async fn one_alone_is_always_fresh() {
    let replica = Replica::alone();
    assert!(replica.is_fresh());
    assert_eq!(replica.refresh().await, Ok(()));
    assert!(Progress::default().includes(&Progress {
        serial: Serial(0),
        access: 0
    }));
}
