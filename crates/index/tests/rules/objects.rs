//! The rules over a store of objects, where the catalog is the truth and several servers share
//! both.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use wheelhouse_index::change::{Attribution, EventKind};
use wheelhouse_index::download::DownloadError;
use wheelhouse_index::identity::{IndexName, Serial};
use wheelhouse_index::manage::{Part, Target, Wish};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{Catalog, FileStore};
use wheelhouse_index::publish::{ClaimedDigests, Overwrite, PublishError, Published, Upload};
use wheelhouse_index::replica::Replica;
use wheelhouse_index::{DeletedNames, Index, IndexOptions};
use wheelhouse_standards::found::FoundFile;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_store::catalog::MemoryCatalog;
use wheelhouse_store::files::objects::{Access, ObjectFileStore, ObjectsOptions};
use wheelhouse_testkit::Sdist;

use crate::failing::Moody;
use crate::house::House;

const FILE: &str = "demo-1.0.tar.gz";

/// What all servers of an index share.
struct Shared {
    catalog: Arc<dyn Catalog>,
    access: Access,
}

impl Shared {
    fn new() -> Self {
        Self {
            catalog: Arc::new(MemoryCatalog::new(&*House::clock())),
            access: Access::in_memory(),
        }
    }

    async fn server(&self) -> Arc<Index> {
        let place = "s3://wheels".parse().expect("a place");
        let options = ObjectsOptions::new(
            &place,
            IndexName::main(),
            uuid::Uuid::nil(),
            std::env::temp_dir(),
        );
        let store = ObjectFileStore::open(self.access.clone(), options).await;
        let store: Arc<dyn FileStore> = Arc::new(store.expect("its own place"));
        let options = IndexOptions {
            deleted_names: DeletedNames::UsedUp,
            ..IndexOptions::default()
        };
        let catalog = Arc::clone(&self.catalog);
        let index = Index::new(
            IndexName::main(),
            catalog,
            Arc::clone(&store),
            House::clock(),
            options,
            Vec::new(),
            Replica::alone(),
        );
        let (told, scanned) = tokio::sync::oneshot::channel();
        tokio::spawn(Arc::clone(&index).follow(store.observe(), told));
        scanned.await.expect("everything is listed at once");
        index
    }

    async fn kinds(&self) -> Vec<EventKind> {
        let events = self.catalog.events_after(Serial(0), usize::MAX).await;
        let events = events.expect("memory can be read");
        events.into_iter().map(|event| event.kind).collect()
    }
}

fn sdist(payload_bytes: usize) -> Vec<u8> {
    Sdist::named("demo").payload_bytes(payload_bytes).bytes()
}

async fn publish(
    index: &Arc<Index>,
    bytes: &[u8],
    overwrite: Overwrite,
) -> Result<Published, PublishError> {
    let mut staging = index.stage().await?;
    staging.write(Bytes::copy_from_slice(bytes)).await?;
    let upload = Upload {
        file_name: FILE.to_owned(),
        named: FoundFile::of(FILE).expect("a package file"),
        staged: staging.finish().await?,
        claimed: ClaimedDigests::default(),
        provenance: None,
    };
    let by = Attribution::system(index.now());
    index.publish(vec![upload], overwrite, by).await
}

async fn download(index: &Arc<Index>) -> Result<Vec<u8>, DownloadError> {
    let path: FilePath = FILE.parse().expect("a path");
    let download = index.download(&path).await?;
    let read = tokio::task::spawn_blocking(move || {
        let size = usize::try_from(download.content.size_bytes()).expect("small");
        let mut bytes = vec![0; size];
        let count = download.content.read_at(0, &mut bytes).expect("read");
        assert_eq!(count, size);
        bytes
    });
    Ok(read.await.expect("no panic"))
}

async fn manage(index: &Arc<Index>, wish: impl FnOnce(Target) -> Wish) {
    let target = Target {
        project: ProjectKey::of("demo").expect("a name"),
        part: Part::Project,
    };
    let by = Attribution::system(index.now());
    index.manage(wish(target), by).await.expect("done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_servers_that_take_one_name_one_wins_and_all_serve_its_bytes() {
    for round in 0..20 {
        let shared = Shared::new();
        let mut servers = Vec::new();
        for _ in 0..3 {
            servers.push(shared.server().await);
        }
        let uploads: Vec<_> = (0..9_usize)
            .map(|number| {
                let server = Arc::clone(&servers[number % 3]);
                // Three contents, each from all servers.
                let bytes = sdist(10 + number / 3);
                tokio::spawn(async move {
                    (
                        number / 3,
                        publish(&server, &bytes, Overwrite::Refuse).await,
                    )
                })
            })
            .collect();
        let mut fine = Vec::new();
        for upload in uploads {
            match upload.await.expect("no panic") {
                (content, Ok(_)) => fine.push(content),
                (_, Err(PublishError::NameTaken { .. })) => {}
                (_, Err(error)) => panic!("round {round}: {error}"),
            }
        }
        assert_eq!(fine.len(), 3, "round {round}: all of one content, {fine:?}");
        assert!(fine.iter().all(|content| *content == fine[0]), "{fine:?}");
        assert_eq!(shared.kinds().await, [EventKind::Uploaded], "round {round}");
        for server in &servers {
            let bytes = download(server).await.expect("listed");
            assert!(bytes == sdist(10 + fine[0]), "round {round}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replacing_and_deleting_at_one_time_never_leave_a_file_that_cannot_be_served() {
    for round in 0..20 {
        let shared = Shared::new();
        let (one, other) = (shared.server().await, shared.server().await);
        publish(&one, &sdist(1), Overwrite::Refuse)
            .await
            .expect("new");
        let replacing = {
            let one = Arc::clone(&one);
            tokio::spawn(async move { publish(&one, &sdist(2), Overwrite::Allow).await })
        };
        let deleting = {
            let other = Arc::clone(&other);
            tokio::spawn(async move {
                let target = Target {
                    project: ProjectKey::of("demo").expect("a name"),
                    part: Part::Project,
                };
                let by = Attribution::system(other.now());
                other.manage(Wish::Delete { target }, by).await
            })
        };
        let replaced = replacing.await.expect("no panic");
        let deleted = deleting.await.expect("no panic");
        match download(&one).await {
            Ok(bytes) => assert!(bytes == sdist(1) || bytes == sdist(2), "round {round}"),
            Err(DownloadError::NotFound) => {
                assert!(deleted.is_ok(), "round {round}: {replaced:?}");
            }
            Err(error) => panic!("round {round}: {error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_is_deleted_while_it_is_uploaded_elsewhere_is_not_used_again() {
    for round in 0..200 {
        let shared = Shared::new();
        let (one, other) = (shared.server().await, shared.server().await);
        let uploading = {
            let one = Arc::clone(&one);
            tokio::spawn(async move { publish(&one, &sdist(1), Overwrite::Refuse).await })
        };
        // It may be deleted before the upload looks, between its looks, and before its commit.
        let uploaded = publish(&other, &sdist(2), Overwrite::Refuse).await;
        match uploaded {
            Ok(_) => manage(&other, |target| Wish::Delete { target }).await,
            Err(PublishError::NameTaken { .. }) => continue,
            Err(error) => panic!("round {round}: {error}"),
        }
        let came_too_late = uploading.await.expect("no panic");
        let is_right = matches!(
            came_too_late,
            Err(PublishError::NameTaken { .. } | PublishError::NameUsed { .. })
        );
        assert!(is_right, "round {round}: {came_too_late:?}");
        let gone = download(&one).await;
        assert!(matches!(gone, Err(DownloadError::NotFound)), "{round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_be_recorded_after_all_keeps_its_content_and_its_record() {
    let moody = Arc::new(Moody::new(&*House::clock()));
    let shared = Shared {
        catalog: Arc::clone(&moody) as _,
        access: Access::in_memory(),
    };
    let index = shared.server().await;
    moody.is_struck_dumb.store(true, Ordering::Relaxed);
    let told = publish(&index, &sdist(1), Overwrite::Refuse).await;
    assert!(matches!(told, Err(PublishError::Store(error)) if error.is_undecided));
    moody.is_struck_dumb.store(false, Ordering::Relaxed);
    assert_eq!(download(&index).await.expect("it was recorded"), sdist(1));
    // Its sealed record is there too: without it nobody could bring it back.
    manage(&index, |target| Wish::Delete { target }).await;
    manage(&index, |target| Wish::Undelete { target }).await;
    assert_eq!(download(&index).await.expect("it is back"), sdist(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_bytes_again_change_nothing_whichever_server_gets_them() {
    let shared = Shared::new();
    let (one, other) = (shared.server().await, shared.server().await);
    publish(&one, &sdist(1), Overwrite::Refuse)
        .await
        .expect("new");
    let again = publish(&other, &sdist(1), Overwrite::Refuse).await;
    assert_eq!(again.expect("the same"), Published::Identical);
    let taken = publish(&other, &sdist(2), Overwrite::Refuse).await;
    assert!(matches!(taken, Err(PublishError::NameTaken { .. })));
    assert_eq!(shared.kinds().await, [EventKind::Uploaded]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_file_keeps_its_name_and_comes_back_through_any_server() {
    let shared = Shared::new();
    let (one, other) = (shared.server().await, shared.server().await);
    publish(&one, &sdist(1), Overwrite::Refuse)
        .await
        .expect("new");
    manage(&one, |target| Wish::Delete { target }).await;
    let gone = download(&other).await;
    assert!(matches!(gone, Err(DownloadError::NotFound)));
    for bytes in [sdist(1), sdist(2)] {
        let refused = publish(&other, &bytes, Overwrite::Allow).await;
        assert!(matches!(refused, Err(PublishError::NameUsed { .. })));
    }
    manage(&other, |target| Wish::Undelete { target }).await;
    assert!(download(&one).await.expect("it is back") == sdist(1));
    assert_eq!(
        shared.kinds().await,
        [
            EventKind::Uploaded,
            EventKind::Removed,
            EventKind::Withdrawn,
            EventKind::Found,
            EventKind::Readmitted,
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn marks_of_the_catalog_count_and_not_those_beside_the_files() {
    let shared = Shared::new();
    let one = shared.server().await;
    publish(&one, &sdist(1), Overwrite::Refuse)
        .await
        .expect("new");
    manage(&one, |target| Wish::Yank {
        target,
        reason: None,
    })
    .await;
    // As another server leaves them that ends before its commit.
    let options = ObjectsOptions::new(
        &"s3://wheels".parse().expect("a place"),
        IndexName::main(),
        uuid::Uuid::nil(),
        std::env::temp_dir(),
    );
    let store = ObjectFileStore::open(shared.access.clone(), options).await;
    let empty = Bytes::from_static(b"{\"format\":1,\"index\":\"main\",\"marks\":[]}");
    let written = store.expect("its own place").write_marks(empty).await;
    written.expect("written");
    let marks = one.marks(None).await.expect("read");
    let other = shared.server().await;
    other.load_marks().await.expect("loaded");
    assert_eq!(other.marks(None).await.expect("read"), marks);
    assert_eq!(marks.len(), 1);
}
