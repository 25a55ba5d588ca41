//! Putting content into the store, and the sealed record beside it.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStoreExt as _, PutPayload};
use tokio::task::{JoinSet, spawn_blocking};
use uuid::Uuid;
use wheelhouse_index::identity::{Fingerprint, Timestamp};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{PlaceError, PlaceMode, PlacedFile, StoreError};
use wheelhouse_standards::digest::Sha256Digest;

use super::Shared;
use super::failure::{BACKEND, is_missing, place_error, store_error};
use super::record::Record;
use super::staging::{ObjectStaged, Spooled};

/// The size of a part of a large object, in bytes. A smaller object is written in one go.
pub(super) const PART_BYTES: usize = 8 * 1024 * 1024;
/// How many parts of one object are on their way at a time.
const PARTS_TOGETHER: usize = 4;
/// How many parts of all objects are in memory at a time.
pub(super) const PARTS_IN_MEMORY: usize = 8;

/// Puts a staged file into the store.
///
/// Content is never taken away while a record names it, and whoever takes content away looks for
/// records afterwards too. So the record is written once the content is there, and then it is
/// made sure that the content still is.
pub(super) async fn place(
    staged: ObjectStaged,
    path: &FilePath,
    mode: PlaceMode,
    uploaded_at: Timestamp,
) -> Result<Box<dyn PlacedFile>, PlaceError> {
    if path.is_beside() {
        return place_beside(staged, path).await;
    }
    let fingerprint = staged.fingerprint();
    let ObjectStaged {
        shared,
        spooled,
        digests,
        size_bytes,
    } = staged;
    let sha256 = digests.sha256;
    let is_there = mode == PlaceMode::New && shared.has_content(&sha256, size_bytes).await?;
    if !is_there {
        write_content(&shared, &sha256, &spooled, size_bytes).await?;
    }
    let record = Record {
        index: shared.options.index.clone(),
        path: path.clone(),
        size_bytes,
        digests,
        uploaded_at,
    };
    let key = shared.keys.record(&sha256, path, Uuid::new_v4());
    shared.put("write a record", &key, record.seal()).await?;
    if !shared.has_content(&sha256, size_bytes).await? {
        write_content(&shared, &sha256, &spooled, size_bytes).await?;
    }
    Ok(Box::new(ObjectPlaced {
        shared,
        fingerprint,
        back: Back::Delete(key),
    }))
}

/// Puts what stands beside a file where its path alone leads to.
async fn place_beside(
    staged: ObjectStaged,
    path: &FilePath,
) -> Result<Box<dyn PlacedFile>, PlaceError> {
    let fingerprint = staged.fingerprint();
    let ObjectStaged {
        shared,
        spooled,
        size_bytes,
        ..
    } = staged;
    let key = shared.keys.beside(path);
    let before = shared
        .get(
            "read what stands beside a file",
            &key,
            super::MAX_BESIDE_BYTES,
        )
        .await?;
    let bytes = read_part(&spooled, 0, size_bytes).await?;
    shared
        .put("write what stands beside a file", &key, bytes)
        .await?;
    let back = match before {
        Some(bytes) => Back::Write(key, bytes),
        None => Back::Delete(key),
    };
    Ok(Box::new(ObjectPlaced {
        shared,
        fingerprint,
        back,
    }))
}

/// Writes content, in parts if it is large.
async fn write_content(
    shared: &Arc<Shared>,
    sha256: &Sha256Digest,
    spooled: &Spooled,
    size_bytes: u64,
) -> Result<(), PlaceError> {
    let key = shared.keys.content(sha256);
    if size_bytes <= PART_BYTES as u64 {
        let _permit = shared.part().await;
        let bytes = read_part(spooled, 0, size_bytes).await?;
        return shared.put("write an object", &key, bytes).await;
    }
    let failed = |error: &object_store::Error| {
        place_error("write a large object", &shared.options.place, error)
    };
    let mut upload = shared
        .store
        .put_multipart(&key)
        .await
        .map_err(|e| failed(&e))?;
    let written = write_parts(shared, &mut *upload, spooled, size_bytes).await;
    let ended = match written {
        Ok(()) => upload.complete().await.map(|_| ()).map_err(|e| failed(&e)),
        Err(error) => Err(error),
    };
    if ended.is_err()
        && let Err(error) = upload.abort().await
    {
        tracing::warn!("parts of an upload that failed are left in the object store: {error}");
    }
    ended
}

async fn write_parts(
    shared: &Arc<Shared>,
    upload: &mut dyn object_store::MultipartUpload,
    spooled: &Spooled,
    size_bytes: u64,
) -> Result<(), PlaceError> {
    let failed = |error: &object_store::Error| {
        place_error("write a part of an object", &shared.options.place, error)
    };
    let mut parts = JoinSet::new();
    let mut offset = 0;
    while offset < size_bytes {
        if parts.len() == PARTS_TOGETHER {
            ended(parts.join_next().await)?.map_err(|e| failed(&e))?;
        }
        let permit = shared.part().await;
        let length = (size_bytes - offset).min(PART_BYTES as u64);
        let bytes = read_part(spooled, offset, length).await?;
        let part = upload.put_part(PutPayload::from_bytes(bytes));
        parts.spawn(async move {
            let _permit = permit;
            part.await
        });
        offset += length;
    }
    while let Some(part) = parts.join_next().await {
        ended(Some(part))?.map_err(|e| failed(&e))?;
    }
    Ok(())
}

type Part = Result<object_store::Result<()>, tokio::task::JoinError>;

fn ended(part: Option<Part>) -> Result<object_store::Result<()>, StoreError> {
    part.unwrap_or(Ok(Ok(())))
        .map_err(|failure| StoreError::new(BACKEND, "write a part of an object", failure))
}

async fn read_part(spooled: &Spooled, offset: u64, length: u64) -> Result<Bytes, StoreError> {
    let spooled = spooled.clone();
    let failed = |error: std::io::Error| StoreError::new(BACKEND, "read a temporary file", error);
    let length = usize::try_from(length).map_err(|e| failed(std::io::Error::other(e)))?;
    spawn_blocking(move || spooled.read(offset, length))
        .await
        .map_err(|failure| StoreError::new(BACKEND, "read a temporary file", failure))?
        .map_err(failed)
}

/// A file that was just put into the store.
struct ObjectPlaced {
    shared: Arc<Shared>,
    fingerprint: Fingerprint,
    back: Back,
}

/// What takes a placement back. Content stays until nothing has needed it for a while.
enum Back {
    Delete(Path),
    Write(Path, Bytes),
}

#[async_trait]
impl PlacedFile for ObjectPlaced {
    fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    async fn undo(self: Box<Self>) -> Result<(), StoreError> {
        let store = &self.shared.store;
        let done = match self.back {
            Back::Delete(key) => store.delete(&key).await,
            Back::Write(key, bytes) => store.put(&key, bytes.into()).await.map(|_| ()),
        };
        match done {
            Err(error) if !is_missing(&error) => Err(store_error("take a placement back", &error)),
            _ => Ok(()),
        }
    }
}
