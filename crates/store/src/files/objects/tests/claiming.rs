//! Whose place it is.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt as _, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use uuid::Uuid;

use super::Bucket;
use crate::files::objects::keys::Keys;
use crate::files::objects::owner::{Conditions, ObjectsError, claim, try_conditions};

const OURS: Uuid = Uuid::from_u128(1);
const THEIRS: Uuid = Uuid::from_u128(2);

#[tokio::test]
async fn a_place_belongs_to_whoever_claimed_it_first() {
    let store = InMemory::new();
    let keys = Keys::below("team");
    for _ in 0..2 {
        claim(&store, &keys, "s3://wheels/team", OURS)
            .await
            .expect("nobody else's");
    }
    let error = claim(&store, &keys, "s3://wheels/team", THEIRS).await;
    let error = error.expect_err("somebody else's");
    assert!(matches!(error, ObjectsError::Owned { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("`s3://wheels/team` belongs to another index"),
        "{text}"
    );
    let other_prefix = Keys::below("other");
    claim(&store, &other_prefix, "s3://wheels/other", THEIRS)
        .await
        .expect("a place of its own");
}

/// Lets twenty indexes claim a place at one time, and counts those who get it.
async fn winners<S: ObjectStore>(store: &Arc<S>) -> usize {
    let claims: Vec<_> = (1..=20)
        .map(|id| {
            let store = Arc::clone(store);
            tokio::spawn(async move {
                let keys = Keys::below("");
                claim(&*store, &keys, "s3://wheels", Uuid::from_u128(id))
                    .await
                    .is_ok()
            })
        })
        .collect();
    let mut count = 0;
    for claim in claims {
        count += usize::from(claim.await.expect("no panic"));
    }
    count
}

#[tokio::test]
async fn of_many_who_claim_a_place_at_one_time_all_but_one_are_refused() {
    assert_eq!(winners(&Arc::new(InMemory::new())).await, 1);
}

#[tokio::test]
async fn one_of_many_gets_a_place_that_ignores_conditions() {
    let store = Arc::new(Heedless(InMemory::new()));
    assert_eq!(winners(&store).await, 1);
    let keys = Keys::below("");
    let ignored = try_conditions(&*store, &keys).await;
    assert_eq!(ignored, Conditions::Ignored);
}

/// A store that answers as if conditions had been looked at, and writes all the same; slowly, so
/// that many are between looking and writing.
#[derive(Debug)]
struct Heedless(InMemory);

impl fmt::Display for Heedless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for Heedless {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let options = PutOptions {
            mode: PutMode::Overwrite,
            ..options
        };
        self.0.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.0.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.0.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.0.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.copy_opts(from, to, options).await
    }
}

#[tokio::test]
async fn an_owner_that_cannot_be_read_is_never_overwritten() {
    let store = InMemory::new();
    for text in [
        "",
        "{}",
        r#"{"format":2,"id":"00000000-0000-0000-0000-000000000001"}"#,
    ] {
        let key = Path::from("owner.json");
        store
            .put(&key, text.to_owned().into())
            .await
            .expect("written");
        let error = claim(&store, &Keys::below(""), "s3://wheels", OURS).await;
        let error = error.expect_err(text);
        assert!(matches!(error, ObjectsError::Unusable(_)), "{error}");
        let there = store.get(&key).await.expect("there").bytes().await;
        assert_eq!(there.expect("read"), text);
    }
}

#[tokio::test]
async fn a_trial_of_conditions_leaves_nothing() {
    let (_, bucket) = Bucket::in_memory();
    let conditions = try_conditions(&*bucket.shared.store, &bucket.shared.keys).await;
    assert_eq!(conditions, Conditions::Heeded);
    let store: &dyn ObjectStore = &*bucket.shared.store;
    assert_eq!(bucket.keys("").await, Vec::<String>::new(), "{store}");
}
