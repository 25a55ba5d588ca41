//! Whose place it is.

use std::sync::Arc;

use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
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

#[tokio::test]
async fn of_many_who_claim_a_place_at_one_time_all_but_one_are_refused() {
    let store = Arc::new(InMemory::new());
    let claims: Vec<_> = (1..=20)
        .map(|id| {
            let store = Arc::clone(&store);
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
    assert_eq!(count, 1);
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
