//! Whose bucket it is: two indexes in one place would take each other's files away.

use std::time::Duration;

use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::failure::{is_missing, sentence, with_causes};
use super::keys::Keys;

/// How long to wait for others who claim a place at the same time, if the store does not keep them
/// from writing over each other. Once in the life of a place.
const DOUBT: Duration = Duration::from_secs(2);
/// Largest owner object that is read, in bytes.
const MAX_BYTES: u64 = 4 * 1024;

#[derive(Serialize, Deserialize)]
struct Owner {
    format: u32,
    id: String,
}

/// A place of objects cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ObjectsError {
    /// The name of the place is none.
    #[error("`{0}` is no place of objects: {1}")]
    Place(String, String),
    /// The store does not do what is asked of it.
    #[error("{0}")]
    Unusable(String),
    /// Another index keeps its files there.
    #[error(
        "`{place}` belongs to another index ({theirs}; this one is {ours}): two indexes in one place would take each other's files away; give this one a prefix of its own, or start it with the state folder that belongs to the files"
    )]
    Owned {
        /// The place.
        place: String,
        /// The id of the index that it belongs to.
        theirs: String,
        /// The id of this index.
        ours: String,
    },
    /// The same, for whoever would make a catalog from it.
    #[error(
        "`{place}` belongs to the index {theirs}, and the key of this state folder or database makes {ours}: put the key back that belongs to the files (`token-key` of the old state folder); if it is lost, and no server of that index runs any more, say --take-over"
    )]
    NotOurs {
        /// The place.
        place: String,
        /// The id of the index that it belongs to.
        theirs: String,
        /// The id of this index.
        ours: String,
    },
    /// Nobody has ever kept files there.
    #[error("there are no files of any index at `{0}`")]
    Nobodys(String),
}

/// Whether a place that belongs to another index is taken from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakeOver {
    /// No.
    No,
    /// Yes: the key of the other one is lost.
    Yes,
}

/// Whether a store heeds conditions on writes. Nothing relies on it: it is only reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conditions {
    Heeded,
    Ignored,
    Unknown,
}

/// Makes sure that a place belongs to an index, which it does from then on if it was nobody's.
pub(super) async fn claim(
    store: &dyn ObjectStore,
    keys: &Keys,
    place: &str,
    id: Uuid,
) -> Result<(), ObjectsError> {
    let key = keys.owner();
    let unusable = |error: &Error| ObjectsError::Unusable(sentence(place, error));
    if read(store, &key, place).await?.is_none() {
        let text = serde_json::to_vec(&Owner {
            format: 1,
            id: id.to_string(),
        })
        .expect("an id is JSON");
        match store
            .put_opts(&key, text.into(), PutMode::Create.into())
            .await
        {
            Ok(_) | Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => {}
            Err(error) => return Err(unusable(&error)),
        }
        // Somebody else who saw nobody's id, too, writes over ours where conditions are ignored.
        if try_conditions(store, keys).await != Conditions::Heeded {
            tokio::time::sleep(DOUBT).await;
        }
    }
    // Of two that began at one time, the one whose id is there now has the place.
    match read(store, &key, place).await? {
        Some(theirs) if theirs != id => Err(ObjectsError::Owned {
            place: place.to_owned(),
            theirs: theirs.to_string(),
            ours: id.to_string(),
        }),
        Some(_) => Ok(()),
        None => Err(ObjectsError::Unusable(format!(
            "`{place}` does not give back what was just written there"
        ))),
    }
}

/// Makes sure that a place belongs to an index, without changing anything.
pub(super) async fn expect(
    store: &dyn ObjectStore,
    keys: &Keys,
    place: &str,
    id: Uuid,
) -> Result<(), ObjectsError> {
    match read(store, &keys.owner(), place).await? {
        Some(theirs) if theirs != id => Err(ObjectsError::Owned {
            place: place.to_owned(),
            theirs: theirs.to_string(),
            ours: id.to_string(),
        }),
        Some(_) => Ok(()),
        None => Err(ObjectsError::Nobodys(place.to_owned())),
    }
}

/// Writes an index as the one that a place belongs to, whoever had it before.
pub(super) async fn take_over(
    store: &dyn ObjectStore,
    keys: &Keys,
    place: &str,
    id: Uuid,
) -> Result<(), ObjectsError> {
    write(store, &keys.owner(), place, id).await?;
    expect(store, keys, place, id).await
}

async fn write(
    store: &dyn ObjectStore,
    key: &Path,
    place: &str,
    id: Uuid,
) -> Result<(), ObjectsError> {
    let text = serde_json::to_vec(&Owner {
        format: 1,
        id: id.to_string(),
    })
    .expect("an id is JSON");
    let written = store.put(key, text.into()).await;
    written
        .map(|_| ())
        .map_err(|error| ObjectsError::Unusable(sentence(place, &error)))
}

async fn read(
    store: &dyn ObjectStore,
    key: &Path,
    place: &str,
) -> Result<Option<Uuid>, ObjectsError> {
    let unusable = |error: &Error| ObjectsError::Unusable(sentence(place, error));
    let found = match store.get(key).await {
        Ok(found) => found,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(unusable(&error)),
    };
    let unreadable = |why: &str| {
        ObjectsError::Unusable(format!(
            "`{key}` at `{place}` does not say whose files are there: {why}"
        ))
    };
    if found.meta.size > MAX_BYTES {
        return Err(unreadable("it is too large"));
    }
    let bytes = found.bytes().await.map_err(|error| unusable(&error))?;
    let owner: Owner =
        serde_json::from_slice(&bytes).map_err(|error| unreadable(&error.to_string()))?;
    if owner.format != 1 {
        return Err(unreadable("it is of a later format"));
    }
    let id = owner.id.parse();
    id.map(Some).map_err(|_| unreadable("its id is none"))
}

/// Finds out whether a store heeds conditions on writes.
pub(super) async fn try_conditions(store: &dyn ObjectStore, keys: &Keys) -> Conditions {
    let key = keys.trial(Uuid::new_v4());
    let create = || {
        let options: PutOptions = PutMode::Create.into();
        store.put_opts(&key, "trial".into(), options)
    };
    let (first, second) = (create().await, create().await);
    let conditions = match (first, second) {
        (Ok(_), Ok(_)) => Conditions::Ignored,
        (Ok(_), Err(Error::AlreadyExists { .. } | Error::Precondition { .. })) => {
            Conditions::Heeded
        }
        _ => Conditions::Unknown,
    };
    if let Err(error) = store.delete(&key).await {
        tracing::warn!(
            "an object of a trial is left in the object store: {}",
            with_causes(&error)
        );
    }
    conditions
}
