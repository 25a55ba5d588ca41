//! Sending files to an index: what is there already is not sent, what breaks off is tried again, and
//! what an index has in the end is looked at.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use url::Url;
use wheelhouse_standards::digest::{Digester, HashAlgorithm};
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_upstream::{
    IndexReader, LookupError, OutgoingFile, Progress, Sent, UploadError, Uploader, UpstreamFile,
    UpstreamPage,
};

use crate::distribution::Distribution;

/// How often a file is sent when the fault may pass.
const ATTEMPTS: u32 = 4;
/// How long to wait before the second attempt; each later wait is twice as long.
const DELAY: Duration = Duration::from_secs(1);
/// The longest wait that an index may ask for.
const MAX_WAIT: Duration = Duration::from_mins(1);

/// Where files go, and where it is looked at what became of them.
#[derive(Debug, Clone)]
pub struct Target {
    /// Sends the files.
    pub uploader: Uploader,
    /// The simple pages of the same index.
    pub pages: (IndexReader, Url),
    /// How many files are sent at once; at least one.
    pub jobs: usize,
    /// How long to wait before a file is sent again; each later wait is twice as long.
    pub delay: Duration,
}

impl Target {
    /// Returns a target with the usual patience.
    pub const fn new(uploader: Uploader, pages: (IndexReader, Url), jobs: usize) -> Self {
        Self {
            uploader,
            pages,
            jobs,
            delay: DELAY,
        }
    }
}

/// What an index has of a file before it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// There is no page of the project, or it is not shown to whoever asks.
    NoPage,
    /// Nothing of that name.
    Absent,
    /// This very file.
    Present,
    /// A file of that name with other bytes.
    Other,
    /// A file of that name; the index gives no digest to compare.
    Unknown,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The index took it, and says this about it all the same.
    Uploaded(Vec<String>),
    /// The index has had exactly this file before.
    AlreadyThere,
}

/// A file did not get there.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The page of its project cannot be read.
    #[error("{0}")]
    Page(#[from] LookupError),
    /// Another file has its name.
    #[error(
        "the index has another file of this name; raise the version{}",
        said(reason.as_deref())
    )]
    NameTaken {
        /// What the index says, if it was asked.
        reason: Option<String>,
    },
    /// It was not taken.
    #[error("{0}")]
    Upload(#[from] UploadError),
}

fn said(reason: Option<&str>) -> String {
    reason.map_or_else(String::new, |reason| format!(" ({reason})"))
}

/// Is told how the sending goes on.
pub trait Watcher: Send + Sync {
    /// So many more bytes of a file were sent.
    fn sent(&self, file: &Distribution, bytes: u64);
    /// A file is sent again from its beginning, after this.
    fn again(&self, file: &Distribution, reason: &str);
}

/// Returns what an index has of each file, in their order. Nothing is sent.
///
/// # Errors
/// [`LookupError`] if a page cannot be read.
pub async fn standings(
    target: &Target,
    files: &[Distribution],
) -> Result<Vec<Standing>, LookupError> {
    let mut found = Vec::with_capacity(files.len());
    let mut last: Option<(ProjectKey, Option<UpstreamPage>)> = None;
    for file in files {
        let page = match last.take() {
            Some((key, page)) if key == file.named.key => page,
            _ => page_of(target, &file.named.key).await?,
        };
        found.push(
            page.as_ref()
                .map_or(Standing::NoPage, |page| standing(page, file)),
        );
        last = Some((file.named.key.clone(), page));
    }
    Ok(found)
}

/// Sends files, some at once, and returns what became of each, in their order. After a failure no
/// other file is begun: those have no outcome.
pub async fn publish(
    target: &Target,
    files: &[Distribution],
    watcher: &Arc<dyn Watcher>,
) -> Vec<Option<Result<Outcome, PublishError>>> {
    let has_failed = std::sync::atomic::AtomicBool::new(false);
    let sending = files.iter().map(|file| {
        let (watcher, has_failed) = (Arc::clone(watcher), &has_failed);
        async move {
            use std::sync::atomic::Ordering::Relaxed;
            if has_failed.load(Relaxed) {
                return None;
            }
            let done = publish_one(target, file, &watcher).await;
            if done.is_err() {
                has_failed.store(true, Relaxed);
            }
            Some(done)
        }
    });
    stream::iter(sending)
        .buffered(target.jobs.max(1))
        .collect()
        .await
}

async fn publish_one(
    target: &Target,
    file: &Distribution,
    watcher: &Arc<dyn Watcher>,
) -> Result<Outcome, PublishError> {
    let outgoing = OutgoingFile {
        path: file.path.clone(),
        file_name: file.file_name().to_owned(),
        size_bytes: file.size_bytes,
        fields: file.form(),
    };
    let shared = Arc::new(file.clone());
    let mut delay = target.delay;
    for attempt in 1.. {
        let (watched, of_file) = (Arc::clone(watcher), Arc::clone(&shared));
        let progress: Progress = Arc::new(move |bytes| watched.sent(&of_file, bytes));
        let error = match target.uploader.send(&outgoing, progress).await {
            Ok(Sent::Taken(warnings)) => return Ok(Outcome::Uploaded(warnings)),
            Ok(Sent::NameTaken(reason)) => return name_taken(target, file, reason).await,
            Err(error) => error,
        };
        let wait = match &error {
            UploadError::NoAnswer { .. } => delay,
            UploadError::Later { wait, .. } => wait.unwrap_or(delay).clamp(delay, MAX_WAIT),
            _ => return Err(error.into()),
        };
        // The index may have taken it before the answer was lost.
        if matches!(error, UploadError::NoAnswer { .. })
            && let Ok(Some(page)) = page_of(target, &file.named.key).await
            && standing(&page, file) == Standing::Present
        {
            return Ok(Outcome::Uploaded(Vec::new()));
        }
        if attempt == ATTEMPTS {
            return Err(error.into());
        }
        watcher.again(file, &error.to_string());
        tokio::time::sleep(wait).await;
        delay *= 2;
    }
    unreachable!("the last attempt returns")
}

/// Decides whether the file that has the name is this one.
async fn name_taken(
    target: &Target,
    file: &Distribution,
    reason: String,
) -> Result<Outcome, PublishError> {
    let page = page_of(target, &file.named.key).await?;
    if page.is_some_and(|page| standing(&page, file) == Standing::Present) {
        return Ok(Outcome::AlreadyThere);
    }
    Err(PublishError::NameTaken {
        reason: Some(reason),
    })
}

/// Returns the page of a project, if there is one.
async fn page_of(
    target: &Target,
    project: &ProjectKey,
) -> Result<Option<UpstreamPage>, LookupError> {
    let (reader, index) = &target.pages;
    match reader.project(index, project).await {
        Err(LookupError::NotFound { .. }) => Ok(None),
        found => found.map(Some),
    }
}

/// Returns what a page says of a file.
pub fn standing(page: &UpstreamPage, file: &Distribution) -> Standing {
    let named = |listed: &&UpstreamFile| listed.filename == file.file_name();
    let Some(listed) = page.files.iter().find(named) else {
        return Standing::Absent;
    };
    for (algorithm, hex) in &listed.hashes {
        let own = match algorithm.as_str() {
            "sha256" => Some(file.digests.sha256.to_string()),
            "md5" => Some(file.digests.md5.to_string()),
            other => other
                .parse()
                .ok()
                .and_then(|algorithm| digest_of(file, algorithm)),
        };
        if let Some(own) = own {
            let is_same = own.eq_ignore_ascii_case(hex);
            return if is_same {
                Standing::Present
            } else {
                Standing::Other
            };
        }
    }
    Standing::Unknown
}

fn digest_of(file: &Distribution, algorithm: HashAlgorithm) -> Option<String> {
    let mut digester = Digester::new(Some(algorithm));
    digester.update(&std::fs::read(&file.path).ok()?);
    let listed = digester.finish().listed?;
    Some(listed.hex.into())
}
