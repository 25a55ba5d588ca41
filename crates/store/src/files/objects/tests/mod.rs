//! What an [`ObjectFileStore`] does over memory and over a folder.

mod claiming;
mod sweeping;

use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use tempfile::TempDir;
use uuid::Uuid;
use wheelhouse_index::identity::IndexName;

use super::record::Record;
use super::{Access, ObjectFileStore, ObjectsOptions, Shared};
use crate::conformance::file_store::{Traces, content_promises, file_store_promises};

/// A store over objects that a test can look at, and the folders that it needs.
struct Bucket {
    shared: Arc<Shared>,
    _folder: TempDir,
}

impl Bucket {
    fn options(folder: &TempDir) -> ObjectsOptions {
        ObjectsOptions {
            rest: Duration::ZERO,
            ..ObjectsOptions::new(
                &"s3://wheels/team".parse().expect("a place"),
                IndexName::main(),
                Uuid::nil(),
                folder.path().to_owned(),
            )
        }
    }

    fn over(store: Arc<dyn ObjectStore>, folder: TempDir) -> (Arc<ObjectFileStore>, Self) {
        let options = Self::options(&folder);
        let access = Access {
            store,
            signer: None,
            heads_are_gets: false,
        };
        let store = Arc::new(ObjectFileStore::over(access, options));
        let shared = Arc::clone(&store.shared);
        let bucket = Self {
            shared,
            _folder: folder,
        };
        (store, bucket)
    }

    fn in_memory() -> (Arc<ObjectFileStore>, Self) {
        let folder = tempfile::tempdir().expect("a folder");
        Self::over(Arc::new(InMemory::new()), folder)
    }

    fn in_a_folder() -> (Arc<ObjectFileStore>, Self) {
        let folder = tempfile::tempdir().expect("a folder");
        let objects = folder.path().join("objects");
        std::fs::create_dir(&objects).expect("made");
        let store = LocalFileSystem::new_with_prefix(&objects).expect("a folder");
        Self::over(Arc::new(store), folder)
    }

    /// Returns the names of all objects of a kind, from the kind on.
    async fn keys(&self, kind: &str) -> Vec<String> {
        let all: Vec<_> = self
            .shared
            .store
            .list(None)
            .try_collect()
            .await
            .expect("listed");
        let mut keys: Vec<String> = all
            .into_iter()
            .filter_map(|object| {
                let key = object.location.as_ref().strip_prefix("team/")?;
                key.starts_with(kind).then(|| key.to_owned())
            })
            .collect();
        keys.sort();
        keys
    }

    /// Returns the files that records and tombstones name.
    async fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        for (kind, shown) in [("records", ""), ("discarded", "discarded: ")] {
            for key in self.keys(kind).await {
                let key = format!("team/{key}").into();
                let sealed = self.shared.get("read", &key, 1 << 20).await;
                // It may go while it is looked at.
                let Some(sealed) = sealed.expect("read") else {
                    continue;
                };
                let record = Record::unseal(&sealed).expect("a record");
                files.push(format!("{shown}{}", record.path));
            }
        }
        files.sort();
        files
    }
}

impl Traces for Bucket {
    fn traces(&self) -> Vec<String> {
        let looking = self.files();
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(looking))
    }
}

mod in_memory {
    use super::*;

    file_store_promises!(Bucket::in_memory());
    content_promises!(Bucket::in_memory());
}

mod in_a_folder {
    use super::*;

    file_store_promises!(Bucket::in_a_folder());
    content_promises!(Bucket::in_a_folder());
}
