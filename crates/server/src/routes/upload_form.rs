//! Reading an upload's form, as it comes: the files go to the store at once, fields that nobody
//! asks for go nowhere.

mod browser;

use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use multer::{Field, Multipart};
use wheelhouse_index::Index;
use wheelhouse_index::ports::{PlaceError, StagedFile, Staging};
use wheelhouse_standards::check::FormFields;

use crate::drained::DrainedBody;
use crate::error::ApiError;
use crate::metrics::RequestLimit;

pub(crate) use browser::{BrowserForm, PartOfForm};

/// The field with the attestations of the file.
const ATTESTATIONS: &str = "attestations";
/// Fields that some action asks for. All others are read and forgotten: what a file is, the file
/// says.
const KEPT_FIELDS: &[&str] = &[
    ":action",
    "protocol_version",
    "name",
    "version",
    "metadata_version",
    "filetype",
    "pyversion",
    "md5_digest",
    "sha256_digest",
    "blake2_256_digest",
    ATTESTATIONS,
];
/// The other fields that may be given once. What they say is read from the file.
const SINGLE_FIELDS: &[&str] = &[
    "comment",
    "summary",
    "description",
    "description_content_type",
    "keywords",
    "home_page",
    "download_url",
    "author",
    "author_email",
    "maintainer",
    "maintainer_email",
    "license",
    "license_expression",
    "requires_python",
];
/// How much is kept of a field, in bytes.
const MAX_FIELD_BYTES: usize = 64 * 1024;
/// How much is kept of the attestations, in bytes: two of them have some 20 000.
const MAX_ATTESTATIONS_BYTES: usize = 512 * 1024;
/// Most bytes in all fields that are not files: descriptions can be long.
const MAX_FIELDS_BYTES: u64 = 32 * 1024 * 1024;
/// Most parts of a form.
const MAX_PARTS: usize = 20_000;
/// Largest urlencoded form, in bytes.
const MAX_URLENCODED_BYTES: usize = 100 * 1024;

/// An upload's form.
#[derive(Default)]
pub(crate) struct UploadForm {
    fields: HashMap<&'static str, String>,
    /// The fields of [`SINGLE_FIELDS`] that came, and the first one that came again.
    single: HashSet<&'static str>,
    repeated: Option<&'static str>,
    /// The file in `content`.
    pub(crate) content: Option<ReceivedFile>,
    /// The file in `gpg_signature`.
    pub(crate) signature: Option<ReceivedFile>,
}

/// A file that was received whole.
pub(crate) struct ReceivedFile {
    /// The name that the form gives it, unchecked.
    pub(crate) file_name: String,
    pub(crate) staged: Box<dyn StagedFile>,
    /// The media type that the form gives it.
    pub(crate) content_type: Option<String>,
}

impl UploadForm {
    /// Returns a field's text without blanks around it, or `None` if it is not there, empty, or
    /// the `UNKNOWN` of old tools.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .get(name)
            .map(|text| text.trim())
            .filter(|text| !matches!(*text, "" | "UNKNOWN"))
    }

    /// Returns what the form says of the file in it.
    pub(crate) fn said(&self) -> FormFields<'_> {
        const DIGESTS: [&str; 3] = ["md5_digest", "sha256_digest", "blake2_256_digest"];
        let content = self.content.as_ref();
        FormFields {
            protocol_version: self.field("protocol_version"),
            name: self.field("name"),
            version: self.field("version"),
            metadata_version: self.field("metadata_version"),
            filetype: self.field("filetype"),
            pyversion: self.field("pyversion"),
            has_digest: DIGESTS.iter().any(|name| self.field(name).is_some()),
            content_type: content.and_then(|content| content.content_type.as_deref()),
            repeated: self.repeated,
        }
    }

    /// Reads a form.
    ///
    /// # Errors
    /// 400 for what is no form, 408 for a client that stalls, 413 and others for limits.
    pub(crate) async fn read(
        index: &Index,
        headers: &HeaderMap,
        body: DrainedBody,
        limits: FormLimits,
    ) -> Result<Self, ApiError> {
        let content_type = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Self::read_urlencoded(body, limits).await;
        }
        if !media_type.eq_ignore_ascii_case("multipart/form-data") {
            return Ok(Self::default());
        }
        let boundary = multer::parse_boundary(&content_type).map_err(|_| {
            ApiError::bad_request("the form's `Content-Type` names no boundary: send `multipart/form-data; boundary=…`")
        })?;
        let heads = HeadBudget::default();
        let body = heads.watch(body);
        Self::read_multipart(index, Multipart::new(body, boundary), &heads, limits).await
    }

    async fn read_urlencoded(mut body: DrainedBody, limits: FormLimits) -> Result<Self, ApiError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = patiently(limits.idle_timeout, body.next()).await? {
            let chunk = chunk.map_err(|_| broken())?;
            if bytes.len() + chunk.len() > MAX_URLENCODED_BYTES {
                return Err(ApiError::beyond(
                    RequestLimit::BodySize,
                    StatusCode::PAYLOAD_TOO_LARGE,
                    format!(
                        "the form is larger than {MAX_URLENCODED_BYTES} bytes; send files as multipart/form-data"
                    ),
                ));
            }
            bytes.extend_from_slice(&chunk);
        }
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(&bytes) {
            form.keep(&name, || value.into_owned())?;
        }
        Ok(form)
    }

    async fn read_multipart(
        index: &Index,
        mut parts: Multipart<'static>,
        heads: &HeadBudget,
        limits: FormLimits,
    ) -> Result<Self, ApiError> {
        let mut form = Self::default();
        let mut fields_bytes = 0;
        for _ in 0..MAX_PARTS {
            heads.limit();
            let next = patiently(limits.idle_timeout, parts.next_field()).await?;
            heads.release();
            let Some(mut part) = next.map_err(|error| no_form(&error))? else {
                return Ok(form);
            };
            let name = part.name().unwrap_or_default().to_owned();
            let file_name = part.file_name().map(str::to_owned);
            match (name.as_str(), file_name) {
                ("content", Some(file_name)) if form.content.is_none() => {
                    form.content = Some(receive(index, file_name, &mut part, limits).await?);
                }
                ("gpg_signature", Some(file_name)) if form.signature.is_none() => {
                    form.signature = Some(receive(index, file_name, &mut part, limits).await?);
                }
                ("content" | "gpg_signature", Some(_)) => {
                    return Err(ApiError::bad_request(format!(
                        "the form has more than one file in `{name}`; upload one file at a time"
                    )));
                }
                (name, Some(_)) => {
                    return Err(ApiError::bad_request(format!(
                        "the form has a file in `{name}`; files go into `content` and `gpg_signature`"
                    )));
                }
                (name, None) => {
                    let text = read_text(&mut part, name, &mut fields_bytes, limits).await?;
                    form.keep(name, || text)?;
                }
            }
        }
        Err(ApiError::bad_request(format!(
            "the form has more than {MAX_PARTS} parts"
        )))
    }

    fn keep(&mut self, name: &str, text: impl FnOnce() -> String) -> Result<(), ApiError> {
        let Some(&name) = KEPT_FIELDS.iter().find(|&&kept| kept == name) else {
            if let Some(&single) = SINGLE_FIELDS.iter().find(|&&single| single == name)
                && !self.single.insert(single)
            {
                self.repeated.get_or_insert(single);
            }
            return Ok(());
        };
        if self.fields.insert(name, text()).is_some() {
            return Err(ApiError::bad_request(format!(
                "the form has `{name}` more than once"
            )));
        }
        Ok(())
    }
}

/// Most bytes that may come between the data of one part and that of the next: heads are short,
/// and something is read ahead.
const MAX_HEAD_BYTES: u64 = 1024 * 1024;

/// Limits how much is read in search of the next part's data: the library would keep all of it,
/// and look through it again with each piece.
#[derive(Debug, Default, Clone)]
struct HeadBudget(Arc<AtomicU64>);

impl HeadBudget {
    fn limit(&self) {
        self.0.store(MAX_HEAD_BYTES, Ordering::Relaxed);
    }

    fn release(&self) {
        self.0.store(u64::MAX, Ordering::Relaxed);
    }

    /// Returns the body's data, up to an error where the budget is used up.
    fn watch(
        &self,
        body: DrainedBody,
    ) -> impl Stream<Item = Result<Bytes, Unreadable>> + Send + 'static {
        Watched {
            body,
            budget: self.clone(),
            run_bytes: 0,
        }
    }
}

/// A body's data within a [`HeadBudget`]. Now and then it says that nothing is there yet: the library
/// would take everything that has come, however much that is, before it hands anything on.
struct Watched {
    body: DrainedBody,
    budget: HeadBudget,
    run_bytes: usize,
}

/// How many bytes the library may take in one go.
const RUN_BYTES: usize = 256 << 10;

impl Stream for Watched {
    type Item = Result<Bytes, Unreadable>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.run_bytes >= RUN_BYTES {
            self.run_bytes = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let chunk = match self.body.poll_next_unpin(context) {
            Poll::Ready(Some(Ok(chunk))) => chunk,
            Poll::Ready(Some(Err(_))) => return Poll::Ready(Some(Err(Unreadable::Broken))),
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Pending => {
                self.run_bytes = 0;
                return Poll::Pending;
            }
        };
        self.run_bytes += chunk.len();
        let left = self.budget.0.load(Ordering::Relaxed);
        if left != u64::MAX {
            match left.checked_sub(chunk.len() as u64) {
                Some(left) => self.budget.0.store(left, Ordering::Relaxed),
                None => return Poll::Ready(Some(Err(Unreadable::TooLong))),
            }
        }
        Poll::Ready(Some(Ok(chunk)))
    }
}

/// The body cannot be read on.
#[derive(Debug, Clone, Copy, thiserror::Error)]
enum Unreadable {
    #[error("the request ended in its middle")]
    Broken,
    #[error("the head of a part is too long")]
    TooLong,
}

/// What a form may use up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FormLimits {
    pub(crate) max_file_bytes: u64,
    pub(crate) idle_timeout: Duration,
}

async fn receive(
    index: &Index,
    file_name: String,
    part: &mut Field<'static>,
    limits: FormLimits,
) -> Result<ReceivedFile, ApiError> {
    let content_type = part.content_type().map(ToString::to_string);
    let mut staging: Box<dyn Staging> = index.stage().await?;
    let mut size_bytes = 0;
    while let Some(chunk) = next_chunk(part, limits).await? {
        size_bytes += chunk.len() as u64;
        if size_bytes > limits.max_file_bytes {
            let status = StatusCode::BAD_REQUEST;
            return Err(ApiError::beyond(
                RequestLimit::BodySize,
                status,
                format!(
                    "File too large: at most {} bytes may be uploaded; --max-upload-mib raises this limit",
                    limits.max_file_bytes
                ),
            ));
        }
        staging.write(chunk).await.map_err(not_stored)?;
    }
    let staged = staging.finish().await.map_err(not_stored)?;
    Ok(ReceivedFile {
        file_name,
        staged,
        content_type,
    })
}

async fn read_text(
    part: &mut Field<'static>,
    name: &str,
    fields_bytes: &mut u64,
    limits: FormLimits,
) -> Result<String, ApiError> {
    let most = match name {
        ATTESTATIONS => MAX_ATTESTATIONS_BYTES,
        _ => MAX_FIELD_BYTES,
    };
    let mut bytes = Vec::new();
    while let Some(chunk) = next_chunk(part, limits).await? {
        *fields_bytes += chunk.len() as u64;
        if *fields_bytes > MAX_FIELDS_BYTES {
            let status = StatusCode::BAD_REQUEST;
            return Err(ApiError::beyond(
                RequestLimit::BodySize,
                status,
                format!("the form's fields are larger than {MAX_FIELDS_BYTES} bytes together"),
            ));
        }
        // More than a kept field may have is not kept, of whatever field it is.
        let room = most.saturating_sub(bytes.len()).min(chunk.len());
        bytes.extend_from_slice(&chunk[..room]);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

async fn next_chunk(
    part: &mut Field<'static>,
    limits: FormLimits,
) -> Result<Option<Bytes>, ApiError> {
    let chunk = patiently(limits.idle_timeout, part.chunk()).await?;
    chunk.map_err(|error| no_form(&error))
}

async fn patiently<T>(patience: Duration, step: impl Future<Output = T>) -> Result<T, ApiError> {
    tokio::time::timeout(patience, step).await.map_err(|_| {
        ApiError::beyond(
            RequestLimit::BodyTime,
            StatusCode::REQUEST_TIMEOUT,
            format!("nothing came for {} seconds", patience.as_secs()),
        )
    })
}

fn no_form(error: &multer::Error) -> ApiError {
    match error {
        multer::Error::StreamReadFailed(_) | multer::Error::IncompleteStream => broken(),
        _ => ApiError::bad_request(format!(
            "the body is not the form that it says it is: {error}"
        )),
    }
}

fn broken() -> ApiError {
    ApiError::bad_request("the request ended in its middle; upload the file again")
}

fn not_stored(error: PlaceError) -> ApiError {
    wheelhouse_index::publish::PublishError::from(error).into()
}
