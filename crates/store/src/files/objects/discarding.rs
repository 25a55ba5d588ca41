//! Deleted files, which may come back for a while: a tombstone takes the place of the record, and
//! the content stays where it is.

use std::sync::Arc;

use object_store::ObjectStoreExt as _;
use object_store::path::Path;
use uuid::Uuid;
use wheelhouse_index::identity::{Fingerprint, Timestamp};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{BroughtBack, PlaceError, StoreError};
use wheelhouse_standards::digest::Sha256Digest;

use super::Shared;
use super::failure::{BACKEND, is_missing, place_error, store_error};
use super::keys::{is_about, moment_in};
use super::record::{MAX_BYTES, Record};

/// Removes the records that say that a path has this content.
pub(super) async fn remove(
    shared: &Shared,
    path: &FilePath,
    sha256: &Sha256Digest,
) -> Result<(), PlaceError> {
    for key in records(shared, path, sha256).await? {
        delete(shared, &key).await?;
    }
    Ok(())
}

/// Puts a tombstone in the place of the records that say that a path has this content.
pub(super) async fn discard(
    shared: &Shared,
    path: &FilePath,
    sha256: &Sha256Digest,
    at: Timestamp,
) -> Result<(), PlaceError> {
    let records = records(shared, path, sha256).await?;
    let Some(first) = records.first() else {
        return Ok(());
    };
    let record = shared.get("read a record", first, MAX_BYTES).await?;
    if let Some(record) = record {
        let tombstone = shared.keys.tombstone(sha256, path, at);
        shared
            .put("write down that a file was deleted", &tombstone, record)
            .await?;
    }
    for key in &records {
        delete(shared, key).await?;
    }
    Ok(())
}

/// Puts the record back in the place of its tombstones. What is back already is so again: the
/// catalog may not have heard of it.
pub(super) async fn bring_back(
    shared: &Arc<Shared>,
    path: &FilePath,
    sha256: &Sha256Digest,
) -> Result<BroughtBack, PlaceError> {
    let tombstones = tombstones(shared, path, sha256).await?;
    let (newest, is_back) = match tombstones.last() {
        Some(newest) => (newest.clone(), false),
        None => match records(shared, path, sha256).await?.pop() {
            Some(record) => (record, true),
            None => return Ok(BroughtBack::NotKept),
        },
    };
    let Some(sealed) = shared.get("read a record", &newest, MAX_BYTES).await? else {
        return Ok(BroughtBack::NotKept);
    };
    let record = unsealed(&newest, &sealed)?;
    let key = shared.keys.record(sha256, path, Uuid::new_v4());
    if !is_back {
        shared.put("write a record", &key, sealed).await?;
    }
    // With the record in its place nobody takes the content away any more.
    if !shared.has_content(sha256, record.size_bytes).await? {
        if !is_back {
            delete(shared, &key).await?;
        }
        return Ok(BroughtBack::NotKept);
    }
    for key in &tombstones {
        delete(shared, key).await?;
    }
    Ok(BroughtBack::Content {
        fingerprint: Fingerprint::Object {
            size_bytes: record.size_bytes,
            sha256: *sha256,
        },
        uploaded_at: record.uploaded_at,
    })
}

/// Returns the size of the content that a path had, if it may come back.
pub(super) async fn kept(
    shared: &Shared,
    path: &FilePath,
    sha256: &Sha256Digest,
) -> Result<Option<u64>, StoreError> {
    let Some(newest) = tombstones(shared, path, sha256).await?.pop() else {
        return Ok(None);
    };
    let sealed = shared.get("read a record", &newest, MAX_BYTES).await?;
    sealed
        .map(|sealed| unsealed(&newest, &sealed).map(|record| record.size_bytes))
        .transpose()
}

/// Returns the tombstones of a path that had this content, the last one last.
async fn tombstones(
    shared: &Shared,
    path: &FilePath,
    sha256: &Sha256Digest,
) -> Result<Vec<Path>, StoreError> {
    let all = shared.list(&shared.keys.discarded(sha256)).await?;
    let keys = all.into_iter().map(|object| object.location);
    let mut tombstones: Vec<Path> = keys.filter(|key| is_about(key, path)).collect();
    tombstones.sort_by_key(moment_in);
    Ok(tombstones)
}

fn unsealed(key: &Path, sealed: &[u8]) -> Result<Record, StoreError> {
    Record::unseal(sealed)
        .map_err(|error| StoreError::new(BACKEND, "read a record", format!("{key}: {error}")))
}

async fn records(
    shared: &Shared,
    path: &FilePath,
    sha256: &Sha256Digest,
) -> Result<Vec<Path>, StoreError> {
    let all = shared.list(&shared.keys.records(sha256)).await?;
    let keys = all.into_iter().map(|object| object.location);
    Ok(keys.filter(|key| is_about(key, path)).collect())
}

async fn delete(shared: &Shared, key: &Path) -> Result<(), PlaceError> {
    match shared.store.delete(key).await {
        Err(error) if !is_missing(&error) => Err(place_error(
            "remove a record",
            &shared.options.place,
            &error,
        )),
        _ => Ok(()),
    }
}

/// Removes the tombstones from before a moment, and returns how many those were.
pub(super) async fn forget(shared: &Shared, before: Timestamp) -> Result<usize, StoreError> {
    let mut count = 0;
    for object in shared.list(&shared.keys.all_tombstones()).await? {
        let key = object.location;
        if moment_in(&key).is_some_and(|at| at.seconds() < before.seconds()) {
            match shared.store.delete(&key).await {
                Err(error) if !is_missing(&error) => {
                    return Err(store_error("forget a deleted file", &error));
                }
                _ => count += 1,
            }
        }
    }
    Ok(count)
}
