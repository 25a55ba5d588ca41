//! Looking inside a file: what is in it, and what one member of it says. Whoever asks may see the
//! file and download it; that is decided before.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wheelhouse_standards::archive::{self, ArchiveError, Limits, Listing, Member, MemberKind};
use wheelhouse_standards::digest::Sha256Digest;
use wheelhouse_standards::found::FileKind;
use wheelhouse_standards::inside::record::{self, RecordRow};
use wheelhouse_standards::inside::text::{Decoded, Encoding, decode};
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::version::VersionText;

use crate::compare::Comparison;
use crate::contents::Source;
use crate::download::{Download, DownloadError};
use crate::index::Index;
use crate::path::FilePath;
use crate::ports::StoreError;
use crate::record::FileRecord;

/// How much of a member is read, in bytes.
pub const READ_BYTES: u64 = 1 << 20;
/// How much is kept of what was read, in bytes.
const KEPT_BYTES: u64 = 32 << 20;
/// How long somebody waits for their turn.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much is shown of what is no text, in bytes.
const SHOWN_BYTES: usize = 256;

/// What is in a file.
#[derive(Debug, Clone)]
pub struct Inside {
    /// The file.
    pub record: FileRecord,
    /// Its members.
    pub listing: Arc<Listing>,
}

/// One member of a file.
#[derive(Debug, Clone)]
pub struct Looked {
    /// The file.
    pub record: FileRecord,
    /// The member.
    pub member: Member,
    /// How many members have its path.
    pub namesakes: usize,
    /// What it says.
    pub content: Arc<MemberContent>,
    /// If it is a wheel's `RECORD`: its lines, held against the wheel.
    pub lines: Option<Vec<RecordRow>>,
}

/// What a member says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberContent {
    /// It has no bytes of its own: a folder, a link or a device.
    None,
    /// It is text.
    Text {
        /// The text.
        text: String,
        /// What it was written in.
        encoding: Encoding,
        /// Whether there is more than was read.
        is_cut: bool,
    },
    /// It is not text: its first bytes.
    Binary(Vec<u8>),
    /// It cannot be read, for this reason.
    Unreadable(String),
}

/// Which member somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The one with this path. If there are several, the last one: that is what an installer
    /// leaves behind.
    Path(String),
    /// The one at this place.
    Place(usize),
}

/// Why nobody can look inside.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// The file cannot be given out.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// The file has no such member.
    #[error("there is no such member in this file")]
    NoMember,
    /// Too many others are looking inside of files.
    #[error("too many files are being looked into; try again in a moment")]
    Busy,
}

impl From<StoreError> for InspectError {
    fn from(error: StoreError) -> Self {
        Self::Download(error.into())
    }
}

/// What looking inside needs: turns, and what was found before. What is kept is found by the
/// digest of the file, so that it never becomes wrong.
#[derive(Debug)]
pub(crate) struct Inspector {
    permits: Arc<Semaphore>,
    kept: Cache<Key, Kept>,
}

/// What was found: of which content, under which name, and which part of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Listing(Sha256Digest, String),
    Member(Sha256Digest, String, usize),
    Comparison([Sha256Digest; 2], [String; 2]),
}

#[derive(Debug, Clone)]
pub(crate) enum Kept {
    Listing(Arc<Listing>),
    Member(Arc<MemberContent>),
    Comparison(Arc<Comparison>),
}

impl Kept {
    fn weight(&self) -> u32 {
        let bytes = match self {
            Self::Listing(listing) => listing
                .members
                .iter()
                .map(|member| size_of::<Member>() + member.path.len() + 16)
                .sum(),
            Self::Member(content) => match &**content {
                MemberContent::Text { text, .. } => text.len(),
                MemberContent::Binary(start) => start.len(),
                MemberContent::None | MemberContent::Unreadable(_) => 0,
            },
            Self::Comparison(comparison) => comparison.weight(),
        };
        u32::try_from(bytes + 1_024).unwrap_or(u32::MAX)
    }
}

impl Inspector {
    /// Lets half as many look inside at a time as files are read at a time: pages come first.
    pub(crate) fn new(reading_threads: usize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new((reading_threads / 2).max(1))),
            kept: Cache::builder()
                .max_capacity(KEPT_BYTES)
                .weigher(|_, kept: &Kept| kept.weight())
                .build(),
        }
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, InspectError> {
        let turn = Arc::clone(&self.permits).acquire_owned();
        match tokio::time::timeout(PATIENCE, turn).await {
            Ok(permit) => Ok(permit.expect("the semaphore is never closed")),
            Err(_) => Err(InspectError::Busy),
        }
    }

    /// Returns what is kept, or finds it on a blocking thread, when it is this one's turn.
    pub(crate) async fn find(
        &self,
        key: Key,
        find: impl FnOnce() -> Result<Kept, ArchiveError> + Send + 'static,
    ) -> Result<Kept, InspectError> {
        if let Some(kept) = self.kept.get(&key) {
            return Ok(kept);
        }
        let permit = self.turn().await?;
        // Somebody else may have found it while this one waited.
        if let Some(kept) = self.kept.get(&key) {
            return Ok(kept);
        }
        let found = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            find()
        });
        let found = found
            .await
            .map_err(|failure| StoreError::new("index", "look inside a file", failure))?
            .map_err(|failure| StoreError::new("index", "look inside a file", failure))?;
        self.kept.insert(key, found.clone());
        Ok(found)
    }
}

impl Index {
    /// Returns the record of a project's file, of one release if `version` is given, in any
    /// spelling.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog cannot be read.
    pub async fn file_named(
        &self,
        project: &ProjectKey,
        version: Option<&str>,
        file_name: &str,
    ) -> Result<Option<FileRecord>, StoreError> {
        let version = version.map(VersionText::from);
        let snapshot = self.view.project(project).await?;
        Ok(snapshot.and_then(|snapshot| {
            snapshot.files.into_iter().find(|record| {
                record.file_name() == file_name
                    && record.named.kind != FileKind::Signature
                    && version
                        .as_ref()
                        .is_none_or(|version| version.key() == record.named.version.key())
            })
        }))
    }

    /// Lists what is in the file at a path. What cannot be read of it ends the list, which says so.
    ///
    /// # Errors
    /// [`InspectError`].
    pub async fn inside(self: &Arc<Self>, path: &FilePath) -> Result<Inside, InspectError> {
        let download = self.download(path).await?;
        let listing = self.listing(&download).await?;
        Ok(Inside {
            record: download.record,
            listing,
        })
    }

    /// Reads one member of the file at a path, [`READ_BYTES`] at most.
    ///
    /// # Errors
    /// [`InspectError`].
    pub async fn member(
        self: &Arc<Self>,
        path: &FilePath,
        which: &Which,
    ) -> Result<Looked, InspectError> {
        let download = self.download(path).await?;
        let listing = self.listing(&download).await?;
        let member = match which {
            Which::Place(place) => listing.members.get(*place),
            Which::Path(path) => listing.members.iter().rfind(|member| member.path == *path),
        };
        let member = member.ok_or(InspectError::NoMember)?.clone();
        let namesakes = listing.members.iter().filter(|m| m.path == member.path);
        let namesakes = namesakes.count();
        let content = self.content(&download, &member).await?;
        let folder = member
            .path
            .strip_suffix("/RECORD")
            .filter(|folder| folder.ends_with(".dist-info") && !folder.contains('/'));
        let lines = match (folder, &*content) {
            (Some(folder), MemberContent::Text { text, .. })
                if download.record.named.kind == FileKind::Wheel =>
            {
                Some(record::check(text, folder, &listing.members))
            }
            _ => None,
        };
        Ok(Looked {
            record: download.record,
            member,
            namesakes,
            content,
            lines,
        })
    }

    async fn listing(&self, download: &Download) -> Result<Arc<Listing>, InspectError> {
        let (content, name) = (Arc::clone(&download.content), file_name(download));
        let key = Key::Listing(download.contents.digests.sha256, name.clone());
        let find = move || {
            let listed = archive::list(&Source(&*content), &name, &Limits::LOOKING);
            let listing = match listed {
                Err(error @ ArchiveError::OtherKind) => Listing {
                    members: Vec::new(),
                    is_cut: false,
                    stopped: Some(error.to_string()),
                },
                listed => listed?,
            };
            Ok(Kept::Listing(Arc::new(listing)))
        };
        match self.inspector.find(key, find).await? {
            Kept::Listing(listing) => Ok(listing),
            Kept::Member(_) | Kept::Comparison(_) => Err(InspectError::NoMember),
        }
    }

    async fn content(
        &self,
        download: &Download,
        member: &Member,
    ) -> Result<Arc<MemberContent>, InspectError> {
        if member.kind != MemberKind::File {
            return Ok(Arc::new(MemberContent::None));
        }
        let (content, name) = (Arc::clone(&download.content), file_name(download));
        let sha256 = download.contents.digests.sha256;
        let place = member.place;
        let key = Key::Member(sha256, name.clone(), place);
        let find = move || {
            let read = read_member(&Source(&*content), &name, place)?;
            Ok(Kept::Member(Arc::new(read)))
        };
        match self.inspector.find(key, find).await? {
            Kept::Member(content) => Ok(content),
            Kept::Listing(_) | Kept::Comparison(_) => Err(InspectError::NoMember),
        }
    }
}

fn file_name(download: &Download) -> String {
    download.record.file_name().to_owned()
}

fn read_member(
    source: &Source<'_>,
    file_name: &str,
    place: usize,
) -> Result<MemberContent, ArchiveError> {
    let mut found = None;
    let walked = archive::walk(source, file_name, &Limits::LOOKING, &mut |member, bytes| {
        if member.place != place {
            return Ok(ControlFlow::Continue(()));
        }
        found = Some(bytes.start(READ_BYTES)?);
        Ok(ControlFlow::Break(()))
    });
    match (walked, found) {
        (Err(error @ ArchiveError::Source(_)), _) => Err(error),
        (Err(error), _) => Ok(MemberContent::Unreadable(error.to_string())),
        (Ok(()), None) => Ok(MemberContent::Unreadable("it is not there".to_owned())),
        (Ok(()), Some((bytes, is_whole))) => Ok(match decode(&bytes, !is_whole) {
            Decoded::Text { text, encoding } => MemberContent::Text {
                text,
                encoding,
                is_cut: !is_whole,
            },
            Decoded::Binary => {
                MemberContent::Binary(bytes[..bytes.len().min(SHOWN_BYTES)].to_vec())
            }
        }),
    }
}
