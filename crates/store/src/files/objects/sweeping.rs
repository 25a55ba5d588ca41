//! Content that nothing needs any more goes away: first aside, then for good.
//!
//! An upload may find content in the store, not write it again, and record its file at the very
//! moment at which the content is taken for needless. So content is copied aside before it is
//! removed, and records are looked for again after that: either they are seen here and the content
//! is put back, or the upload, which looks again once its record is written, sees that it is gone.
//! A server that ends between the two steps leaves the copy, which readers find too.
//!
//! That holds without any clock: how long content has rested decides only when it is looked at. What
//! it does not hold for is a file whose record was lost, for which nothing but the catalog speaks: so
//! the catalog is asked about whatever else would go.

use std::collections::HashSet;

use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt as _};
use wheelhouse_index::ports::{ListedContents, StoreError};
use wheelhouse_standards::digest::Sha256Digest;

use super::Shared;
use super::failure::{is_missing, store_error};

/// Takes aside all content that has rested for a while and that no record and no tombstone names,
/// and removes for good what was taken aside that long ago. Returns how many contents went aside.
pub(super) async fn sweep(
    shared: &Shared,
    listed: &dyn ListedContents,
) -> Result<usize, StoreError> {
    let mut count = 0;
    // A part at a time: a bucket may hold more names than fit into memory.
    for first in 0..=u8::MAX {
        let contents = shared.list(&shared.keys.shard("sha256", first)).await?;
        let contents: Vec<_> = contents
            .into_iter()
            .filter(|object| has_rested(shared, object))
            .collect();
        let retired = shared.list(&shared.keys.shard("retired", first)).await?;
        if contents.is_empty() && retired.is_empty() {
            continue;
        }
        let mut needed = needed(shared, first).await?;
        let contents = contents.iter();
        let contents: Vec<_> = contents
            .filter_map(|object| shared.keys.digest_in(&object.location))
            .collect();
        let retired = retired.iter().filter(|object| has_rested(shared, object));
        let retired: Vec<_> = retired
            .filter_map(|object| shared.keys.digest_in(&object.location))
            .collect();
        let doomed: HashSet<_> = contents
            .iter()
            .chain(&retired)
            .filter(|sha256| !needed.contains(sha256))
            .copied()
            .collect();
        if !doomed.is_empty() {
            needed.extend(spared(listed, &doomed).await?);
        }
        for sha256 in contents {
            if !needed.contains(&sha256) && retire(shared, &sha256).await? {
                count += 1;
            }
        }
        for sha256 in retired {
            end(shared, &sha256, needed.contains(&sha256)).await?;
        }
    }
    Ok(count)
}

/// Returns which contents without a record files have that are listed all the same.
async fn spared(
    listed: &dyn ListedContents,
    doomed: &HashSet<Sha256Digest>,
) -> Result<HashSet<Sha256Digest>, StoreError> {
    let spared = listed.listed_among(doomed).await?;
    if !spared.is_empty() {
        tracing::error!(
            files.count = spared.len(),
            "listed files have no sealed record beside their content; `wheelhouse check --repair` writes them again"
        );
    }
    Ok(spared)
}

fn has_rested(shared: &Shared, object: &ObjectMeta) -> bool {
    let age = std::time::SystemTime::now()
        .duration_since(object.last_modified.into())
        .unwrap_or_default();
    age >= shared.options.rest
}

/// Returns the digests that records and tombstones name.
async fn needed(shared: &Shared, first: u8) -> Result<HashSet<Sha256Digest>, StoreError> {
    let mut needed = HashSet::new();
    for kind in ["records", "discarded"] {
        let objects = shared.list(&shared.keys.shard(kind, first)).await?;
        needed.extend(
            objects
                .iter()
                .filter_map(|object| shared.keys.digest_in(&object.location)),
        );
    }
    Ok(needed)
}

async fn is_needed(shared: &Shared, sha256: &Sha256Digest) -> Result<bool, StoreError> {
    for key in [shared.keys.records(sha256), shared.keys.discarded(sha256)] {
        if !shared.list(&key).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Takes content aside, unless it turns out to be needed. Returns whether it is aside.
async fn retire(shared: &Shared, sha256: &Sha256Digest) -> Result<bool, StoreError> {
    let (content, retired) = (shared.keys.content(sha256), shared.keys.retired(sha256));
    copy(shared, &content, &retired).await?;
    delete(shared, &content).await?;
    if !is_needed(shared, sha256).await? {
        tracing::info!(file.sha256 = %sha256, "took content aside that no file has any more");
        return Ok(true);
    }
    copy(shared, &retired, &content).await?;
    Ok(false)
}

/// Removes for good what was taken aside, or puts it back if it is needed and not there.
async fn end(shared: &Shared, sha256: &Sha256Digest, was_needed: bool) -> Result<(), StoreError> {
    let (content, retired) = (shared.keys.content(sha256), shared.keys.retired(sha256));
    if was_needed || is_needed(shared, sha256).await? {
        let there = shared.store.head(&content).await;
        if there.is_err_and(|error| is_missing(&error)) {
            copy(shared, &retired, &content).await?;
        }
    }
    delete(shared, &retired).await
}

async fn copy(shared: &Shared, from: &Path, to: &Path) -> Result<(), StoreError> {
    let copied = shared.store.copy(from, to).await;
    copied.map_err(|error| store_error("copy an object", &error))
}

async fn delete(shared: &Shared, key: &Path) -> Result<(), StoreError> {
    match shared.store.delete(key).await {
        Err(error) if !is_missing(&error) => Err(store_error("remove an object", &error)),
        _ => Ok(()),
    }
}
