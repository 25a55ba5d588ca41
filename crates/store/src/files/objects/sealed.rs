//! The sealed records, as somebody sees them who compares them with a catalog or makes one from them.

use async_trait::async_trait;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt as _};
use uuid::Uuid;
use wheelhouse_index::identity::Timestamp;
use wheelhouse_index::ports::{
    PathDigest, PlaceError, RecordName, SealedFile, SealedRecords, Shard, StoreError,
    StoredContent, UnsealError,
};
use wheelhouse_standards::digest::Sha256Digest;

use super::failure::{is_missing, place_error};
use super::keys::path_in;
use super::record::{MAX_BYTES, Record};
use super::{ObjectFileStore, Shared};

#[async_trait]
impl SealedRecords for ObjectFileStore {
    async fn shard(&self, first: u8) -> Result<Shard, StoreError> {
        let shared = &self.shared;
        // Records first: what was put there before its content was listed has its content.
        let records = listed(shared, "records", first).await?;
        let tombstones = listed(shared, "discarded", first).await?;
        let contents = listed(shared, "sha256", first).await?;
        let retired = listed(shared, "retired", first).await?;
        Ok(Shard {
            contents: stored(shared, &contents),
            retired: stored(shared, &retired),
            records: named(shared, &records),
            tombstones: named(shared, &tombstones),
        })
    }

    async fn records_of(&self, sha256: &Sha256Digest) -> Result<Vec<RecordName>, StoreError> {
        let records = self.shared.list(&self.shared.keys.records(sha256)).await?;
        Ok(named(&self.shared, &records))
    }

    async fn tombstones_of(&self, sha256: &Sha256Digest) -> Result<Vec<RecordName>, StoreError> {
        let tombstones = self
            .shared
            .list(&self.shared.keys.discarded(sha256))
            .await?;
        Ok(named(&self.shared, &tombstones))
    }

    async fn unseal(&self, record: &RecordName) -> Result<SealedFile, UnsealError> {
        let key = Path::from(record.name.as_str());
        let unreadable = |why: String| UnsealError::Unreadable(why);
        let Some(bytes) = self.shared.get("read a record", &key, MAX_BYTES).await? else {
            return Err(UnsealError::Gone);
        };
        let found = Record::unseal(&bytes).map_err(|error| unreadable(error.to_string()))?;
        if found.index != self.shared.options.index {
            return Err(unreadable(format!(
                "it is about a file of another index, `{}`",
                found.index
            )));
        }
        if found.digests.sha256 != record.sha256
            || record
                .path
                .is_some_and(|path| path != PathDigest::of(&found.path))
        {
            return Err(unreadable(format!(
                "it stands where it does not belong: it is about `{}`, SHA-256 {}",
                found.path, found.digests.sha256
            )));
        }
        Ok(SealedFile {
            index: found.index,
            path: found.path,
            size_bytes: found.size_bytes,
            digests: found.digests,
            uploaded_at: found.uploaded_at,
        })
    }

    async fn seal(&self, file: &SealedFile) -> Result<(), PlaceError> {
        let record = Record {
            index: file.index.clone(),
            path: file.path.clone(),
            size_bytes: file.size_bytes,
            digests: file.digests.clone(),
            uploaded_at: file.uploaded_at,
        };
        let keys = &self.shared.keys;
        let key = keys.record(&file.digests.sha256, &file.path, Uuid::new_v4());
        self.shared.put("write a record", &key, record.seal()).await
    }

    async fn remove_record(&self, record: &RecordName) -> Result<(), PlaceError> {
        let key = Path::from(record.name.as_str());
        match self.shared.store.delete(&key).await {
            Err(error) if !is_missing(&error) => Err(place_error(
                "remove a record",
                &self.shared.options.place,
                &error,
            )),
            _ => Ok(()),
        }
    }
}

async fn listed(shared: &Shared, kind: &str, first: u8) -> Result<Vec<ObjectMeta>, StoreError> {
    shared.list(&shared.keys.shard(kind, first)).await
}

fn stored(shared: &Shared, objects: &[ObjectMeta]) -> Vec<StoredContent> {
    let content = |object: &ObjectMeta| {
        Some(StoredContent {
            sha256: shared.keys.digest_in(&object.location)?,
            size_bytes: object.size,
            since: since(object),
        })
    };
    objects.iter().filter_map(content).collect()
}

fn named(shared: &Shared, objects: &[ObjectMeta]) -> Vec<RecordName> {
    let record = |object: &ObjectMeta| {
        Some(RecordName {
            name: object.location.to_string(),
            sha256: shared.keys.digest_in(&object.location)?,
            path: path_in(&object.location),
            since: since(object),
        })
    };
    objects.iter().filter_map(record).collect()
}

fn since(object: &ObjectMeta) -> Timestamp {
    Timestamp(object.last_modified.timestamp_micros())
}
