//! A file store over objects: contents that are written once and named by their digests, and a
//! sealed record beside each that says which file has it.
//!
//! The catalog is the truth: which path has which content is recorded there alone, and the catalog
//! sees to it that of many who want a path one gets it. Stores differ on conditional writes, and
//! nothing here relies on them.

mod content;
mod discarding;
mod failure;
mod keys;
mod location;
mod owner;
mod placing;
mod record;
mod sealed;
mod staging;
mod sweeping;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::signer::{Method, SignedUrlOptions, Signer};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use uuid::Uuid;
use wheelhouse_index::identity::{Fingerprint, IndexName, Timestamp};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::ports::{
    AddressMethod, BroughtBack, FileStore, ListedContents, MarksFile, MarksPlace, Observation,
    OpenError, OpenFile, PlaceError, SealedRecords, Staging, StoreError, Truth,
};
use wheelhouse_standards::digest::{HashAlgorithm, Sha256Digest};

pub use self::location::{Access, ObjectPlace, ObjectPlaceError, Surroundings};
pub use self::owner::{ObjectsError, TakeOver};

use self::content::ObjectContent;
use self::failure::{BACKEND, is_missing, is_unexplained, open_error, place_error, store_error};
use self::keys::Keys;
use self::owner::Conditions;
use self::staging::ObjectStaging;

/// Largest thing that may stand beside a file, in bytes.
const MAX_BESIDE_BYTES: u64 = 1024 * 1024;
/// Largest list of marks, in bytes.
const MAX_MARKS_BYTES: u64 = 256 * 1024 * 1024;
/// For how long content rests before it is looked at whether anything needs it, and once more
/// before it goes for good.
const REST: Duration = Duration::from_hours(24);

/// A file store over objects.
#[derive(Debug)]
pub struct ObjectFileStore {
    shared: Arc<Shared>,
    /// Nobody but the index changes anything: nothing is ever sent.
    observers: Mutex<Vec<mpsc::Sender<Observation>>>,
}

/// What an [`ObjectFileStore`] needs to know.
#[derive(Debug, Clone)]
pub struct ObjectsOptions {
    /// What people call the place of the objects.
    pub place: String,
    /// What all names of objects begin with, without a slash at either end.
    pub prefix: String,
    /// The index whose files these are.
    pub index: IndexName,
    /// The random id of the index, to which the place belongs from the first start on.
    pub owner: Uuid,
    /// A folder for uploads under way.
    pub spool: PathBuf,
    /// A digest to compute besides the three that are always kept.
    pub listed_hash: Option<HashAlgorithm>,
    /// For how long content that nothing names rests before it is taken away.
    pub rest: Duration,
}

impl ObjectsOptions {
    /// Returns options for a place.
    pub fn new(place: &ObjectPlace, index: IndexName, owner: Uuid, spool: PathBuf) -> Self {
        Self {
            place: place.to_string(),
            prefix: place.prefix().to_owned(),
            index,
            owner,
            spool,
            listed_hash: None,
            rest: REST,
        }
    }
}

/// What the store, its stagings and its files share.
#[derive(Debug)]
struct Shared {
    store: Arc<dyn ObjectStore>,
    signer: Option<Arc<dyn Signer>>,
    heads_are_gets: bool,
    keys: Keys,
    options: ObjectsOptions,
    parts: Arc<Semaphore>,
}

impl ObjectFileStore {
    /// Opens a place, and makes sure that it belongs to this index.
    ///
    /// # Errors
    /// [`ObjectsError`], with what to do about it.
    pub async fn open(access: Access, options: ObjectsOptions) -> Result<Self, ObjectsError> {
        let store = Self::over(access, options);
        let shared = &store.shared;
        let place = &shared.options.place;
        owner::claim(&*shared.store, &shared.keys, place, shared.options.owner).await?;
        match owner::try_conditions(&*shared.store, &shared.keys).await {
            Conditions::Heeded => tracing::debug!("`{place}` heeds conditions on writes"),
            Conditions::Ignored => tracing::info!(
                "`{place}` ignores conditions on writes; that does no harm, the catalog decides who gets a name"
            ),
            Conditions::Unknown => {
                tracing::info!("`{place}` does not tell about conditions on writes");
            }
        }
        Ok(store)
    }

    /// Opens a place to look at what is there, for somebody who is not to change anything by that.
    ///
    /// # Errors
    /// [`ObjectsError`]; also if it is nobody's place.
    pub async fn open_to_look(
        access: Access,
        options: ObjectsOptions,
    ) -> Result<Self, ObjectsError> {
        let store = Self::over(access, options);
        let shared = &store.shared;
        let place = &shared.options.place;
        owner::expect(&*shared.store, &shared.keys, place, shared.options.owner).await?;
        Ok(store)
    }

    /// Opens a place to make a catalog from what is there. With [`TakeOver::Yes`] it belongs to this
    /// index from then on, whoever had it before.
    ///
    /// # Errors
    /// [`ObjectsError`]; also if it is nobody's place.
    pub async fn open_to_recover(
        access: Access,
        options: ObjectsOptions,
        take_over: TakeOver,
    ) -> Result<Self, ObjectsError> {
        let store = Self::over(access, options);
        let shared = &store.shared;
        let (place, id) = (&shared.options.place, shared.options.owner);
        match owner::expect(&*shared.store, &shared.keys, place, id).await {
            Ok(()) => {}
            Err(ObjectsError::Owned { theirs, .. }) if take_over == TakeOver::Yes => {
                owner::take_over(&*shared.store, &shared.keys, place, id).await?;
                tracing::warn!("`{place}` belonged to the index {theirs} and belongs to {id} now");
            }
            Err(ObjectsError::Owned {
                place,
                theirs,
                ours,
            }) => {
                return Err(ObjectsError::NotOurs {
                    place,
                    theirs,
                    ours,
                });
            }
            Err(error) => return Err(error),
        }
        Ok(store)
    }

    /// Returns whether any file was ever recorded here and not removed for good.
    ///
    /// # Errors
    /// [`StoreError`] if that cannot be found out.
    pub async fn holds_files(&self) -> Result<bool, StoreError> {
        for below in [
            self.shared.keys.all_records(),
            self.shared.keys.all_tombstones(),
        ] {
            let first = self.shared.store.list(Some(&below)).try_next().await;
            if first
                .map_err(|error| store_error("list objects", &error))?
                .is_some()
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Opens a place without a look at whose it is, for tests of what is built upon it.
    pub fn of_anybody(access: Access, options: ObjectsOptions) -> Self {
        Self::over(access, options)
    }

    fn over(access: Access, options: ObjectsOptions) -> Self {
        let shared = Shared {
            store: access.store,
            signer: access.signer,
            heads_are_gets: access.heads_are_gets,
            keys: Keys::below(&options.prefix),
            options,
            parts: Arc::new(Semaphore::new(placing::PARTS_IN_MEMORY)),
        };
        Self {
            shared: Arc::new(shared),
            observers: Mutex::default(),
        }
    }
}

#[async_trait]
impl FileStore for ObjectFileStore {
    fn truth(&self) -> Truth {
        Truth::Catalog
    }

    async fn stage(&self) -> Result<Box<dyn Staging>, PlaceError> {
        Ok(Box::new(ObjectStaging::begin(Arc::clone(&self.shared))))
    }

    async fn open(
        &self,
        path: &FilePath,
        recorded: Option<&Fingerprint>,
    ) -> Result<OpenFile, OpenError> {
        let shared = &self.shared;
        let (key, found) = match recorded {
            None if path.is_beside() => {
                let key = shared.keys.beside(path);
                let found = shared.head(&key).await;
                let found = found.map_err(|error| open_error(&shared.options.place, &error))?;
                (key, found.ok_or(OpenError::NotFound)?)
            }
            None => return Err(OpenError::NotFound),
            Some(Fingerprint::File { .. }) => {
                return Err(OpenError::Damaged(
                    "its record is about a file in a folder, and not about an object".to_owned(),
                ));
            }
            Some(Fingerprint::Object { size_bytes, sha256 }) => {
                let found = shared.find_content(sha256).await;
                let found = found.map_err(|error| open_error(&shared.options.place, &error))?;
                let found = found.ok_or_else(|| {
                    OpenError::Damaged("its object is gone from the store".to_owned())
                })?;
                if found.size != *size_bytes {
                    return Err(OpenError::Damaged(format!(
                        "its object has {} bytes and not {size_bytes}",
                        found.size
                    )));
                }
                (shared.keys.content(sha256), found)
            }
        };
        let fingerprint = recorded.copied().unwrap_or(Fingerprint::Object {
            size_bytes: found.size,
            // Nobody knows it without reading; nobody compares what has no record.
            sha256: Sha256Digest::new([0; 32]),
        });
        let store = Arc::clone(&shared.store);
        Ok(OpenFile {
            fingerprint,
            settled: true,
            content: Arc::new(ObjectContent::new(store, key, fingerprint, found.e_tag)),
        })
    }

    async fn remove(
        &self,
        path: &FilePath,
        recorded: Option<&Fingerprint>,
    ) -> Result<(), PlaceError> {
        match recorded {
            Some(Fingerprint::Object { sha256, .. }) => {
                discarding::remove(&self.shared, path, sha256).await
            }
            _ => Ok(()),
        }
    }

    async fn discard(
        &self,
        path: &FilePath,
        sha256: &Sha256Digest,
        at: Timestamp,
    ) -> Result<(), PlaceError> {
        discarding::discard(&self.shared, path, sha256, at).await
    }

    async fn bring_back(
        &self,
        path: &FilePath,
        sha256: &Sha256Digest,
    ) -> Result<BroughtBack, PlaceError> {
        discarding::bring_back(&self.shared, path, sha256).await
    }

    async fn open_discarded(
        &self,
        path: &FilePath,
        sha256: &Sha256Digest,
    ) -> Result<Option<OpenFile>, StoreError> {
        let Some(size_bytes) = discarding::kept(&self.shared, path, sha256).await? else {
            return Ok(None);
        };
        let recorded = Fingerprint::Object {
            size_bytes,
            sha256: *sha256,
        };
        match self.open(path, Some(&recorded)).await {
            Ok(file) => Ok(Some(file)),
            // The tombstone outlived its content: it cannot come back.
            Err(OpenError::NotFound | OpenError::Damaged(_)) => Ok(None),
            Err(OpenError::Store(error)) => Err(error),
            Err(error @ OpenError::Away(_)) => {
                Err(StoreError::new(BACKEND, "open a deleted file", error).while_away(true))
            }
        }
    }

    async fn forget_discarded(&self, before: Timestamp) -> Result<usize, StoreError> {
        discarding::forget(&self.shared, before).await
    }

    async fn sweep(&self, listed: &dyn ListedContents) -> Result<usize, StoreError> {
        sweeping::sweep(&self.shared, listed).await
    }

    fn sealed_records(&self) -> Option<&dyn SealedRecords> {
        Some(self)
    }

    async fn read_marks(&self) -> Result<Option<MarksFile>, StoreError> {
        let key = self.shared.keys.marks(&self.shared.options.index);
        let bytes = self.shared.get("read marks", &key, MAX_MARKS_BYTES).await?;
        Ok(bytes.map(|bytes| MarksFile {
            place: format!("{key} at {}", self.shared.options.place),
            bytes,
        }))
    }

    async fn write_marks(&self, bytes: Bytes) -> Result<MarksPlace, PlaceError> {
        let key = self.shared.keys.marks(&self.shared.options.index);
        self.shared.put("write marks", &key, bytes).await?;
        Ok(MarksPlace::WithFiles)
    }

    fn observe(&self) -> mpsc::Receiver<Observation> {
        let (observer, observations) = mpsc::channel(1);
        let mut observers = self
            .observers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        observers.push(observer);
        observations
    }

    async fn ready(&self) -> Result<(), StoreError> {
        let found = self.shared.store.head(&self.shared.keys.owner()).await;
        match found {
            // A store that was made for a test has no owner.
            Err(error) if !is_missing(&error) => Err(store_error("read an object", &error)),
            _ => Ok(()),
        }
    }

    async fn signed_address(
        &self,
        path: &FilePath,
        recorded: &Fingerprint,
        method: AddressMethod,
        valid_for: Duration,
    ) -> Result<Option<String>, StoreError> {
        let (Some(signer), Fingerprint::Object { sha256, .. }) = (&self.shared.signer, recorded)
        else {
            return Ok(None);
        };
        let key = self.shared.keys.content(sha256);
        let method = match method {
            AddressMethod::Get => Method::GET,
            AddressMethod::Head if self.shared.heads_are_gets => Method::GET,
            AddressMethod::Head => Method::HEAD,
        };
        let named = named(path.file_name());
        let signed = match named {
            // A client that names what it gets after the address would name it after the digest.
            Some(disposition) => {
                let query = [("response-content-disposition", disposition)];
                let options = SignedUrlOptions::default().with_query(query);
                let signed = signer
                    .signed_url_opts(method.clone(), &key, valid_for, &options)
                    .await;
                match signed {
                    Err(object_store::Error::NotSupported { .. }) => {
                        signer.signed_url(method, &key, valid_for).await
                    }
                    signed => signed,
                }
            }
            None => signer.signed_url(method, &key, valid_for).await,
        };
        let signed = signed.map_err(|error| store_error("sign an address", &error))?;
        Ok(Some(signed.into()))
    }
}

/// Returns the header that names a download, if the name needs no quoting.
fn named(file_name: &str) -> Option<String> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"._-+!".contains(&b);
    file_name
        .bytes()
        .all(is_plain)
        .then(|| format!("attachment; filename=\"{file_name}\""))
}

impl Shared {
    /// Waits until there is room in memory for a part of an object.
    async fn part(&self) -> OwnedSemaphorePermit {
        let parts = Arc::clone(&self.parts);
        parts.acquire_owned().await.expect("it is never closed")
    }

    async fn head(&self, key: &Path) -> object_store::Result<Option<ObjectMeta>> {
        match self.store.head(key).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) if is_unexplained(&error) => Err(self.explained(error).await),
            Err(error) => Err(error),
        }
    }

    /// Asks for something else, whose refusal has a body that says why.
    async fn explained(&self, error: object_store::Error) -> object_store::Error {
        match self.store.get(&self.keys.owner()).await {
            Err(why) if !is_missing(&why) => why,
            _ => error,
        }
    }

    /// Looks for content, and puts it back if it was taken aside.
    async fn find_content(
        &self,
        sha256: &Sha256Digest,
    ) -> object_store::Result<Option<ObjectMeta>> {
        let key = self.keys.content(sha256);
        if let Some(found) = self.head(&key).await? {
            return Ok(Some(found));
        }
        let retired = self.keys.retired(sha256);
        if self.head(&retired).await?.is_none() {
            return Ok(None);
        }
        match self.store.copy(&retired, &key).await {
            Err(error) if !is_missing(&error) => Err(error),
            _ => self.head(&key).await,
        }
    }

    /// Returns whether content is there, as far as its size tells.
    async fn has_content(
        &self,
        sha256: &Sha256Digest,
        size_bytes: u64,
    ) -> Result<bool, PlaceError> {
        let found = self.find_content(sha256).await;
        let found =
            found.map_err(|e| place_error("look for an object", &self.options.place, &e))?;
        Ok(found.is_some_and(|found| found.size == size_bytes))
    }

    async fn put(
        &self,
        operation: &'static str,
        key: &Path,
        bytes: Bytes,
    ) -> Result<(), PlaceError> {
        let written = self.store.put(key, bytes.into()).await;
        written
            .map(|_| ())
            .map_err(|error| place_error(operation, &self.options.place, &error))
    }

    /// Reads a small object whole, if it is there.
    async fn get(
        &self,
        operation: &'static str,
        key: &Path,
        max_bytes: u64,
    ) -> Result<Option<Bytes>, StoreError> {
        let failed = |error: &object_store::Error| store_error(operation, error);
        let found = match self.store.get(key).await {
            Ok(found) => found,
            Err(error) if is_missing(&error) => return Ok(None),
            Err(error) => return Err(failed(&error)),
        };
        if found.meta.size > max_bytes {
            let reason = format!("{key} has more than {max_bytes} bytes");
            return Err(StoreError::new(BACKEND, operation, reason));
        }
        found.bytes().await.map(Some).map_err(|e| failed(&e))
    }

    /// Returns all objects below a name.
    async fn list(&self, below: &Path) -> Result<Vec<ObjectMeta>, StoreError> {
        let listed = self.store.list(Some(below)).try_collect().await;
        listed.map_err(|error| store_error("list objects", &error))
    }
}
