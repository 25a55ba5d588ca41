//! Comparing what is recorded of a file with the file itself, and mending what can be proven. Nobody
//! waits for it: this is for whoever checks a whole index, all at once or a file now and then.

mod marks;

use std::sync::Arc;

use tokio::task::spawn_blocking;
use wheelhouse_standards::digest::{Digests, Sha256Digest};

use crate::change::Learned;
use crate::contents::{read_contents, read_metadata};
use crate::damage::ALTERED;
use crate::identity::Fingerprint;
use crate::index::Index;
use crate::mark::deleted_under;
use crate::path::FilePath;
use crate::ports::{BroughtBack, Content, OpenError, OpenFile, PlaceError, StoreError};
use crate::record::{Contents, FileRecord, MetadataSummary};
use crate::withdrawn::{digests_of, reason_of};

pub use marks::{MarksDiffer, written_marks};

/// How closely a file is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Depth {
    /// Whether it is there, as large as recorded, and whether what could not be read can be now.
    Presence,
    /// Every byte of it.
    Bytes,
}

/// What a look at a file showed.
#[derive(Debug)]
pub enum Verified {
    /// Everything that was looked at is as it is recorded.
    Whole,
    /// Something is not.
    Faulty(Vec<Fault>),
    /// Somebody is changing the file at this moment.
    Changing,
    /// The place of the file cannot be read for now, for this reason.
    Away(String),
}

/// Something that is not as it is recorded.
#[derive(Debug)]
pub struct Fault {
    /// What kind of thing.
    pub kind: FaultKind,
    /// What is wrong, as a sentence.
    pub sentence: String,
    /// What would mend it.
    pub cure: Cure,
}

/// What kind of thing is not as it is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// There is no file.
    Gone,
    /// There is no content, or it has another size, where the catalog is the truth.
    Damaged,
    /// Another file is there than the one that was recorded.
    Changed,
    /// The bytes do not have the digest that was recorded.
    Altered,
    /// Another digest than SHA-256 was recorded wrong.
    Digest,
    /// The core metadata could not be read, and can be.
    Readable,
    /// The core metadata that was recorded is not what the file says.
    Metadata,
    /// Whether a provenance stands beside the file was recorded wrong.
    Provenance,
}

/// What mends a fault.
#[derive(Debug)]
pub enum Cure {
    /// Nothing that is here.
    None,
    /// To record what the file says.
    Learn(Box<Learned>),
    /// To take note of what is at the path now.
    Adopt,
}

/// What became of an attempt to mend something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mended {
    /// It is right now, by this.
    Yes(&'static str),
    /// It is as it was, for this reason.
    No(String),
}

impl Index {
    /// Compares a record with its file. Changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog or the files cannot be read.
    pub async fn verify(&self, record: &FileRecord, depth: Depth) -> Result<Verified, StoreError> {
        let opened = self.files.open(&record.path, Some(&record.fingerprint));
        let file = match opened.await {
            Ok(file) => file,
            Err(OpenError::NotFound) => {
                return Ok(faulty(
                    FaultKind::Gone,
                    "there is no such file any more".to_owned(),
                    Cure::Adopt,
                ));
            }
            Err(OpenError::Damaged(reason)) => {
                return Ok(faulty(FaultKind::Damaged, reason, Cure::None));
            }
            Err(OpenError::Away(place)) => return Ok(Verified::Away(place)),
            Err(OpenError::Store(error)) => return Err(error),
        };
        let is_recorded = file.fingerprint == record.fingerprint;
        // What was read under this fingerprint is what is there, however young it is.
        let is_known = is_recorded && record.contents.is_some();
        if !(file.settled || is_known) {
            return Ok(Verified::Changing);
        }
        if !is_recorded {
            return Ok(faulty(
                FaultKind::Changed,
                changed(&record.fingerprint, &file.fingerprint),
                Cure::Adopt,
            ));
        }
        let mut faults = match depth {
            Depth::Bytes => match self.verify_bytes(record, file).await? {
                Some(faults) => faults,
                None => return Ok(Verified::Changing),
            },
            Depth::Presence => self.verify_readable(record, file).await?,
        };
        if !faults.iter().any(|fault| fault.kind == FaultKind::Altered) {
            faults.extend(self.verify_provenance(record).await?);
        }
        Ok(if faults.is_empty() {
            Verified::Whole
        } else {
            Verified::Faulty(faults)
        })
    }

    /// Reads a file to its end and compares all that it shows. `None` if it was changed meanwhile.
    async fn verify_bytes(
        &self,
        record: &FileRecord,
        file: OpenFile,
    ) -> Result<Option<Vec<Fault>>, StoreError> {
        let listed = self.options.listed_hash;
        let (named, file_name) = (record.named.clone(), record.file_name().to_owned());
        let read = blocking(move || {
            let read = read_contents(&*file.content, &named, &file_name, listed)?;
            Ok((read, file.content.fingerprint()?))
        });
        let ((contents, metadata), fingerprint) = match read.await {
            Ok(read) => read,
            // A store that says in the middle that the object is gone or another one.
            Err(error)
                if !error.is_away && matches!(record.fingerprint, Fingerprint::Object { .. }) =>
            {
                return match self
                    .files
                    .open(&record.path, Some(&record.fingerprint))
                    .await
                {
                    Err(OpenError::Damaged(_) | OpenError::NotFound) => Ok(None),
                    _ => Err(error),
                };
            }
            Err(error) => return Err(error),
        };
        if fingerprint != record.fingerprint {
            return Ok(None);
        }
        let found = contents.digests.sha256;
        let wanted = match record.fingerprint {
            Fingerprint::Object { sha256, .. } => Some(sha256),
            Fingerprint::File { .. } => record.contents.as_ref().map(|known| known.digests.sha256),
        };
        if let Some(wanted) = wanted.filter(|wanted| *wanted != found) {
            let sentence = match record.fingerprint {
                Fingerprint::Object { .. } => format!("{ALTERED}: its SHA-256 is {found}"),
                Fingerprint::File { .. } => format!(
                    "its bytes have the SHA-256 {found} and not {wanted}, though neither size nor time has changed: the disk has altered them"
                ),
            };
            return Ok(Some(vec![Fault {
                kind: FaultKind::Altered,
                sentence,
                cure: Cure::None,
            }]));
        }
        let Some(known) = &record.contents else {
            return Ok(Some(Vec::new()));
        };
        let whole = self.catalog.core_metadata(&self.name, &record.path).await?;
        let mut faults = Vec::new();
        let is_digest = known.digests.blake2b_256 != contents.digests.blake2b_256
            || known.digests.md5 != contents.digests.md5;
        if is_digest {
            faults.push((
                FaultKind::Digest,
                "its BLAKE2b or MD5 digest was recorded wrong".to_owned(),
            ));
        }
        match (&known.metadata, &contents.metadata) {
            (MetadataSummary::Unreadable(reason), MetadataSummary::Read { .. }) => {
                faults.push((FaultKind::Readable, readable(reason)));
            }
            // Why it cannot be read may be said in other words by another version.
            (MetadataSummary::Unreadable(_), MetadataSummary::Unreadable(_)) => {}
            (known, found) if known != found || whole != metadata => faults.push((
                FaultKind::Metadata,
                "its core metadata is not what was recorded".to_owned(),
            )),
            _ => {}
        }
        let learned = Learned {
            path: record.path.clone(),
            fingerprint,
            contents: Contents {
                has_provenance: known.has_provenance,
                ..contents
            },
            metadata: metadata.map(Box::new),
        };
        Ok(Some(
            faults
                .into_iter()
                .map(|(kind, sentence)| Fault {
                    kind,
                    sentence,
                    cure: Cure::Learn(Box::new(learned.clone())),
                })
                .collect(),
        ))
    }

    /// Looks whether core metadata that could not be read can be read now.
    async fn verify_readable(
        &self,
        record: &FileRecord,
        file: OpenFile,
    ) -> Result<Vec<Fault>, StoreError> {
        let Some(known) = &record.contents else {
            return Ok(Vec::new());
        };
        let MetadataSummary::Unreadable(reason) = &known.metadata else {
            return Ok(Vec::new());
        };
        let (named, file_name) = (record.named.clone(), record.file_name().to_owned());
        let read = blocking(move || {
            let read = read_metadata(&*file.content, &named, &file_name);
            Ok((read, file.content.fingerprint()?))
        });
        let ((summary, whole), fingerprint) = read.await?;
        if fingerprint != record.fingerprint || matches!(summary, MetadataSummary::Unreadable(_)) {
            return Ok(Vec::new());
        }
        Ok(vec![Fault {
            kind: FaultKind::Readable,
            sentence: readable(reason),
            cure: Cure::Learn(Box::new(Learned {
                path: record.path.clone(),
                fingerprint,
                contents: Contents {
                    metadata: summary,
                    ..known.clone()
                },
                metadata: whole.map(Box::new),
            })),
        }])
    }

    async fn verify_provenance(&self, record: &FileRecord) -> Result<Option<Fault>, StoreError> {
        let Some(known) = &record.contents else {
            return Ok(None);
        };
        let found = self.provenance_beside(&record.path, known.digests.sha256);
        let is_there = found.await?.is_some();
        if is_there == known.has_provenance {
            return Ok(None);
        }
        let metadata = self.catalog.core_metadata(&self.name, &record.path).await?;
        let sentence = if is_there {
            "a provenance of it stands beside it that is not shown"
        } else {
            "the provenance is gone that stood beside it"
        };
        Ok(Some(Fault {
            kind: FaultKind::Provenance,
            sentence: sentence.to_owned(),
            cure: Cure::Learn(Box::new(Learned {
                path: record.path.clone(),
                fingerprint: record.fingerprint,
                contents: Contents {
                    has_provenance: is_there,
                    ..known.clone()
                },
                metadata: metadata.map(Box::new),
            })),
        }))
    }

    /// Reads the file of a record to its end and returns its digests, or `None` if they are not those
    /// that were recorded, or nobody can tell now.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read.
    pub async fn proven_digests(&self, record: &FileRecord) -> Result<Option<Digests>, StoreError> {
        let opened = self.files.open(&record.path, Some(&record.fingerprint));
        let file = match opened.await {
            Ok(file) => file,
            Err(OpenError::Store(error)) => return Err(error),
            Err(_) => return Ok(None),
        };
        let digests = blocking(move || digests_of(&*file.content)).await?;
        let Fingerprint::Object { sha256, .. } = record.fingerprint else {
            return Ok(None);
        };
        Ok((digests.sha256 == sha256).then_some(digests))
    }

    /// Mends a fault of a record, as far as that can be proven.
    ///
    /// # Errors
    /// [`StoreError`] if the catalog or the files fail.
    pub async fn cure(
        self: &Arc<Self>,
        record: &FileRecord,
        fault: Fault,
    ) -> Result<Mended, StoreError> {
        match fault.cure {
            Cure::None => Ok(Mended::No(
                "upload the same file again to mend it".to_owned(),
            )),
            Cure::Learn(learned) => {
                let count = self.catalog.learn(&self.name, vec![*learned]).await?;
                Ok(if count == 1 {
                    Mended::Yes("recorded what the file says")
                } else {
                    Mended::No("the record has changed meanwhile".to_owned())
                })
            }
            Cure::Adopt => {
                if fault.kind == FaultKind::Gone
                    && let Some(mended) = self.out_of_the_bin(record).await?
                {
                    return Ok(mended);
                }
                Ok(if self.adopt(&record.path).await? {
                    Mended::Yes("recorded what is there now")
                } else {
                    Mended::No("nothing has changed at its path".to_owned())
                })
            }
        }
    }

    /// Puts a file back that lies among the deleted ones though nobody has deleted it, if its bytes
    /// are the ones that were recorded.
    async fn out_of_the_bin(
        self: &Arc<Self>,
        record: &FileRecord,
    ) -> Result<Option<Mended>, StoreError> {
        let Some(known) = &record.contents else {
            return Ok(None);
        };
        let sha256 = known.digests.sha256;
        let marks = self.catalog.marks(&self.name, Some(record.project()));
        if deleted_under(&marks.await?, record.file_name()).any(|gone| *gone == sha256) {
            return Ok(None);
        }
        match self.files.bring_back(&record.path, &sha256).await {
            Ok(BroughtBack::AtItsPath) => {}
            Ok(BroughtBack::NotKept | BroughtBack::Content { .. }) | Err(PlaceError::Exists) => {
                return Ok(None);
            }
            Err(error) => return reason_of(error).map(|reason| Some(Mended::No(reason))),
        }
        if self.digest_at(&record.path).await? == Some(sha256) {
            self.adopt(&record.path).await?;
            return Ok(Some(Mended::Yes(
                "put it back from among the deleted files",
            )));
        }
        let now = self.clock.now();
        if let Err(error) = self.files.discard(&record.path, &sha256, now).await {
            return reason_of(error).map(|reason| Some(Mended::No(reason)));
        }
        Ok(None)
    }

    async fn digest_at(&self, path: &FilePath) -> Result<Option<Sha256Digest>, StoreError> {
        let content: Arc<dyn Content> = match self.files.open(path, None).await {
            Ok(file) => file.content,
            Err(OpenError::Store(error)) => return Err(error),
            Err(_) => return Ok(None),
        };
        let digests = blocking(move || digests_of(&*content)).await?;
        Ok(Some(digests.sha256))
    }
}

fn faulty(kind: FaultKind, sentence: String, cure: Cure) -> Verified {
    Verified::Faulty(vec![Fault {
        kind,
        sentence,
        cure,
    }])
}

fn readable(reason: &str) -> String {
    format!("its core metadata can be read now, and could not when it was recorded ({reason})")
}

fn changed(recorded: &Fingerprint, found: &Fingerprint) -> String {
    let (recorded, found) = (recorded.size_bytes(), found.size_bytes());
    if recorded == found {
        "another file of the same size is there than the one that was recorded".to_owned()
    } else {
        format!(
            "the file that is there has {found} bytes, and the one that was recorded {recorded}"
        )
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, StoreError> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
        StoreError::new("index", "read a file", error)
    };
    let done = spawn_blocking(work).await;
    done.map_err(|failure| failed(failure.into()))?
        .map_err(|failure| failed(failure.into()))
}
