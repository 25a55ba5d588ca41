//! The port for where the bytes are.

use std::fmt;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use tokio::sync::mpsc;
use wheelhouse_standards::digest::{Digests, Sha256Digest};

use super::{ListedContents, SealedRecords, StoreError};
use crate::identity::{Fingerprint, Timestamp};
use crate::path::FilePath;

/// The bytes of an index's files.
///
/// Every implementation passes `wheelhouse_store::conformance::file_store`: what all promise, and
/// what those promise whose [`truth`](Self::truth) is the same. A reader sees all of a placed file
/// or nothing of it; a placed file survives a crash from the moment that `place` answers.
///
/// What stands beside a file ([`FilePath::is_beside`]) has no record in the catalog. Every store
/// finds it by its path alone, and the last one that was placed there counts.
#[async_trait]
pub trait FileStore: fmt::Debug + Send + Sync + 'static {
    /// Returns who knows which file is at a path.
    fn truth(&self) -> Truth {
        Truth::Store
    }

    /// Begins a file that nobody sees yet.
    ///
    /// # Errors
    /// [`PlaceError::ReadOnly`] if nothing can be written here.
    async fn stage(&self) -> Result<Box<dyn Staging>, PlaceError>;

    /// Opens the file at `path`. `recorded` is the fingerprint in the file's record, if it has
    /// one: where the store is the truth what is there now is opened, whatever was recorded; where
    /// the catalog is, what was recorded, and there is nothing at a path without a record.
    async fn open(
        &self,
        path: &FilePath,
        recorded: Option<&Fingerprint>,
    ) -> Result<OpenFile, OpenError>;

    /// Removes the file at `path`, durably. A path without a file is not an error. Where the
    /// catalog is the truth, content that other paths have too stays.
    ///
    /// # Errors
    /// [`PlaceError::ReadOnly`] if the file cannot be removed.
    async fn remove(
        &self,
        path: &FilePath,
        recorded: Option<&Fingerprint>,
    ) -> Result<(), PlaceError>;

    /// Moves the file at `path` out of everybody's sight, durably, to where it is kept until
    /// [`forget_discarded`](Self::forget_discarded). A path without a file is not an error.
    /// `sha256` is the digest of its content. Content that other paths have too stays.
    ///
    /// # Errors
    /// [`PlaceError::ReadOnly`] if the file cannot be moved.
    async fn discard(
        &self,
        path: &FilePath,
        sha256: &Sha256Digest,
        at: Timestamp,
    ) -> Result<(), PlaceError>;

    /// Puts a file that was discarded back in its place, durably, if it is still kept.
    ///
    /// # Errors
    /// [`PlaceError::Exists`] if the path is taken, where the store is the truth.
    async fn bring_back(
        &self,
        path: &FilePath,
        sha256: &Sha256Digest,
    ) -> Result<BroughtBack, PlaceError>;

    /// Opens a file that was discarded and is still kept, and leaves it where it is; of several
    /// discardings of one file the last. `sha256` is the digest of its content, which is not
    /// looked at: whoever reads it does.
    async fn open_discarded(
        &self,
        path: &FilePath,
        sha256: &Sha256Digest,
    ) -> Result<Option<OpenFile>, StoreError>;

    /// Removes for good what was discarded before a moment, and returns how many files that were.
    async fn forget_discarded(&self, before: Timestamp) -> Result<usize, StoreError>;

    /// Takes away what nothing needs any more, where files share contents, and returns how many
    /// contents that were. What a listed file has stays, whatever else is missing, and so does what an
    /// upload under way has found there.
    async fn sweep(&self, _listed: &dyn ListedContents) -> Result<usize, StoreError> {
        Ok(0)
    }

    /// Returns the sealed records beside the contents, where the catalog is the truth.
    fn sealed_records(&self) -> Option<&dyn SealedRecords> {
        None
    }

    /// Returns what was last written by [`write_marks`](Self::write_marks), if anything was.
    async fn read_marks(&self) -> Result<Option<MarksFile>, StoreError>;

    /// Writes down, durably and beside the files, what they do not show by themselves. Empty
    /// bytes are written too.
    ///
    /// # Errors
    /// [`PlaceError::ReadOnly`] if there is no place for it.
    async fn write_marks(&self, bytes: Bytes) -> Result<MarksPlace, PlaceError>;

    /// Begins to tell what others put in, change and take away. Called once; a store that only
    /// the index itself changes gives a channel that never says anything.
    ///
    /// What is told has settled: a file that is still being written is not told.
    fn observe(&self) -> mpsc::Receiver<Observation>;

    /// Succeeds if files can be read, and says which place cannot be.
    async fn ready(&self) -> Result<(), StoreError>;

    /// Returns an address outside the server at which anybody can read this content for so long,
    /// with this method alone, if the store can give one. Only for whoever may read the file.
    async fn signed_address(
        &self,
        _path: &FilePath,
        _recorded: &Fingerprint,
        _method: AddressMethod,
        _valid_for: Duration,
    ) -> Result<Option<String>, StoreError> {
        Ok(None)
    }
}

/// Who knows which file is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Truth {
    /// The store, which others may change too: a record counts only while it fits what is there.
    Store,
    /// The catalog: the store keeps contents by their digests, and two files may share one. That a
    /// path is taken once is for the catalog to see to.
    Catalog,
}

/// What an address from [`FileStore::signed_address`] may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressMethod {
    /// `GET`.
    Get,
    /// `HEAD`.
    Head,
}

/// What became of a file that was to be brought back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BroughtBack {
    /// It is not kept.
    NotKept,
    /// It is at its path, as if somebody had put it there.
    AtItsPath,
    /// Its content can be opened. Where the catalog is the truth, it is the catalog's turn now.
    Content {
        /// Which content.
        fingerprint: Fingerprint,
        /// When the file was uploaded.
        uploaded_at: Timestamp,
    },
}

/// What was written beside the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarksFile {
    /// What people call the place where it is.
    pub place: String,
    /// The bytes.
    pub bytes: Bytes,
}

/// Where marks were written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MarksPlace {
    /// Beside the files: whoever has the files has the marks.
    WithFiles,
    /// Somewhere else, because the place of the files cannot be written.
    Aside,
}

/// A file that is being received. Dropping it leaves nothing behind.
#[async_trait]
pub trait Staging: Send {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`PlaceError::Full`] when the space is used up.
    async fn write(&mut self, bytes: Bytes) -> Result<(), PlaceError>;

    /// Ends the file: its bytes are hashed and synced when this answers.
    async fn finish(self: Box<Self>) -> Result<Box<dyn StagedFile>, PlaceError>;
}

/// A whole, hashed, synced file that nobody sees yet. Dropping it leaves nothing behind.
#[async_trait]
pub trait StagedFile: Send + Sync {
    /// Returns the digests of the content.
    fn digests(&self) -> &Digests;

    /// Returns the size in bytes.
    fn size_bytes(&self) -> u64;

    /// Returns the content, for looking into.
    fn content(&self) -> Arc<dyn Content>;

    /// Puts the file in its place, atomically and durably, with `uploaded_at` as its time of
    /// modification.
    ///
    /// Where the catalog is the truth, content that is there already need not be written again if
    /// `mode` is [`PlaceMode::New`]; it is written if it is [`PlaceMode::Replace`].
    ///
    /// # Errors
    /// [`PlaceError::Exists`] if the path is taken, `mode` is [`PlaceMode::New`] and the store is
    /// the truth.
    async fn place(
        self: Box<Self>,
        path: &FilePath,
        mode: PlaceMode,
        uploaded_at: Timestamp,
    ) -> Result<Box<dyn PlacedFile>, PlaceError>;
}

/// A file that was just put in place and can still be taken back, until it is kept. Dropping it
/// keeps it.
#[async_trait]
pub trait PlacedFile: Send {
    /// Returns the fingerprint of the file in its place.
    fn fingerprint(&self) -> Fingerprint;

    /// Puts everything back as it was before `place`.
    async fn undo(self: Box<Self>) -> Result<(), StoreError>;
}

/// Whether a file may take the place of another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlaceMode {
    /// Refuse a path that has a file.
    New,
    /// Take the place of the file at the path, if there is one.
    Replace,
}

/// A file could not be staged, placed or removed.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The path has a file already.
    #[error("a file with this name is there already")]
    Exists,
    /// Nothing can be written here, for this reason.
    #[error("the index cannot be written: {0}")]
    ReadOnly(String),
    /// There is no space left.
    #[error("there is no space left for the file")]
    Full,
    /// The place of the files cannot be reached for now, for this reason.
    #[error("the place of the files is away: {0}")]
    Away(String),
    /// Anything else.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An opened file.
#[derive(Debug)]
pub struct OpenFile {
    /// Which content of the path was opened.
    pub fingerprint: Fingerprint,
    /// Whether the file has settled: `false` while somebody is still writing it.
    pub settled: bool,
    /// The bytes.
    pub content: Arc<dyn Content>,
}

/// A file could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no file at the path.
    #[error("no such file")]
    NotFound,
    /// The place where the file would be is away for now, such as an unmounted volume.
    #[error("the place of this file is away: {0}")]
    Away(String),
    /// The content that was recorded is gone or altered, for this reason.
    #[error("{0}")]
    Damaged(String),
    /// Anything else.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Bytes that can be read at any place, by any number of readers.
pub trait Content: fmt::Debug + Send + Sync {
    /// Returns the size in bytes, as it was when the file was opened.
    fn size_bytes(&self) -> u64;

    /// Reads into `buffer` from `offset` and returns how many bytes that were; 0 at the end. May
    /// block: not for request threads.
    ///
    /// # Errors
    /// What the system says.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Reads as `read_at` does if that needs no waiting, else returns `None`.
    ///
    /// # Errors
    /// What the system says.
    fn try_read_at(&self, _offset: u64, _buffer: &mut [u8]) -> Option<io::Result<usize>> {
        None
    }

    /// Returns the bytes of a range, in pieces as they come, if that is how they are read best.
    /// Dropping the stream ends the reading. The range ends within the content.
    fn stream(&self, _range: Range<u64>) -> Option<BoxStream<'static, io::Result<Bytes>>> {
        None
    }

    /// Returns the fingerprint as it is now, to find out whether the bytes were changed while
    /// they were read.
    ///
    /// # Errors
    /// What the system says.
    fn fingerprint(&self) -> io::Result<Fingerprint>;
}

/// Something that a [`FileStore`] saw.
#[derive(Debug)]
pub enum Observation {
    /// What became of single files.
    Files(Vec<Seen>),
    /// Everything that is there.
    Scan(Scan),
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Where.
    pub path: FilePath,
    /// The file's fingerprint, or `None` if there is no file.
    pub fingerprint: Option<Fingerprint>,
}

/// Everything that is in a store.
#[derive(Debug, Default)]
pub struct Scan {
    /// The files that have settled, ordered by path as bytes, each path once.
    pub files: Vec<(FilePath, Fingerprint)>,
    /// Files that somebody is still writing, ordered likewise: neither to be listed anew nor to
    /// be taken for gone.
    pub unsettled: Vec<FilePath>,
    /// Whether every place was read to the end. If not, a file that is missing here must not be
    /// taken for gone.
    pub complete: bool,
}
