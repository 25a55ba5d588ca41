//! The one place where failures become statuses.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER, VARY, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use hyper::ext::ReasonPhrase;
use wheelhouse_index::access::AccessError;
use wheelhouse_index::compare::CompareError;
use wheelhouse_index::download::DownloadError;
use wheelhouse_index::inspect::InspectError;
use wheelhouse_index::manage::ManageError;
use wheelhouse_index::ports::{IdentifyError, StoreError};
use wheelhouse_index::publish::PublishError;

use crate::metrics::RequestLimit;

/// The challenge of every 401, in the realm that pypiserver's users have stored passwords for.
pub(crate) const CHALLENGE: &str = r#"Basic realm="pypi", charset="UTF-8""#;
/// Longest reason phrase, in bytes.
const MAX_PHRASE_BYTES: usize = 500;

/// A refused or failed request.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    /// What the client may know.
    pub(crate) detail: String,
    /// When the client may try again, in seconds.
    pub(crate) retry_after_seconds: Option<u32>,
    /// Which limit the request exceeded, if it did.
    pub(crate) limit: Option<RequestLimit>,
}

/// Names that are nearly what was asked for, for a page that says so: an extension of the answer.
#[derive(Debug, Clone)]
pub(crate) struct NearNames(pub(crate) Vec<String>);

/// Why a request was refused, for the log: an extension of the answer.
#[derive(Debug, Clone)]
pub(crate) struct Refusal(pub(crate) String);

impl ApiError {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            retry_after_seconds: None,
            limit: None,
        }
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is nothing at this address")
    }

    pub(crate) fn sign_in() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "a user name and a password are needed here",
        )
    }

    pub(crate) fn wrong_credentials() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "the user name or the password is wrong",
        )
    }

    pub(crate) fn later(detail: impl Into<String>) -> Self {
        Self {
            retry_after_seconds: Some(2),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
        }
    }

    /// The request exceeded a limit.
    pub(crate) fn beyond(
        limit: RequestLimit,
        status: StatusCode,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            limit: Some(limit),
            ..Self::new(status, detail)
        }
    }

    /// Somebody did too much of something: what, and when it may be tried again.
    pub(crate) fn too_often(detail: impl Into<String>, wait: Duration) -> Self {
        let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX);
        Self {
            retry_after_seconds: Some(seconds.saturating_add(1)),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, detail)
        }
    }

    /// Answers for a backend that could not do its work.
    fn of_store(error: &StoreError) -> Self {
        if error.is_held {
            return Self::later(error.source.to_string());
        }
        if error.is_away {
            tracing::warn!("a request has to wait: {error}");
            return Self::later(
                "the index cannot reach where it keeps its records at the moment; try again soon",
            );
        }
        if !error.is_full {
            return Self::internal(error);
        }
        tracing::error!("a request failed: {error}");
        Self::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "there is no space left to record this; nothing was changed",
        )
    }

    /// The cause goes to the log, once, here; the client learns only that it was not at fault.
    fn internal(cause: &dyn std::error::Error) -> Self {
        tracing::error!("a request failed: {cause}");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the server could not do this; its log says why, under the id of this request",
        )
    }

    /// Answers an uploader: the reason is in the status line too, and in the form that the
    /// client asked for.
    pub(crate) fn into_upload_response(self, accept: Option<&HeaderValue>) -> Response {
        let wants_json = accept
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(prefers_json);
        let phrase = phrase(&self.detail);
        let status = self.status;
        let mut response = if wants_json {
            let text = String::from_utf8_lossy(&phrase).into_owned();
            let body = serde_json::json!({
                "message": self.detail,
                "code": format!("{} {text}", status.as_u16()),
                "title": status.canonical_reason().unwrap_or_default(),
            });
            let detail = self.detail.clone();
            let mut response = self.into_response();
            *response.body_mut() = body.to_string().into();
            response
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response.extensions_mut().insert(Refusal(detail));
            response
        } else {
            self.into_response()
        };
        if let Ok(phrase) = ReasonPhrase::try_from(Bytes::from(phrase)) {
            response.extensions_mut().insert(phrase);
        }
        response
    }
}

/// Returns whether a client wants an error as JSON: it names the type, and wants no plain text
/// more.
fn prefers_json(accept: &str) -> bool {
    let quality = |wanted: &str| {
        accept.split(',').find_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let quality = parts.find_map(|part| part.strip_prefix("q=")?.trim().parse().ok());
            name.eq_ignore_ascii_case(wanted)
                .then_some(quality.unwrap_or(1.0_f32))
        })
    };
    let json = quality("application/json").unwrap_or(0.0);
    json > 0.0 && json >= quality("text/plain").unwrap_or(0.0)
}

/// Returns a text as a reason phrase: Latin-1 on one line, not too long.
pub(crate) fn phrase(text: &str) -> Vec<u8> {
    text.chars()
        .map(|c| match u8::try_from(u32::from(c)) {
            Ok(b) if b == b' ' || b.is_ascii_graphic() || b >= 0xa0 => b,
            Ok(b'\n' | b'\r' | b'\t') => b' ',
            _ => b'?',
        })
        .take(MAX_PHRASE_BYTES)
        .collect()
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (
            self.status,
            [(
                CONTENT_TYPE,
                HeaderValue::from_static("text/plain; charset=utf-8"),
            )],
            format!("{}\n", self.detail),
        )
            .into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE));
        }
        if self.status == StatusCode::NOT_ACCEPTABLE {
            headers.insert(VARY, HeaderValue::from_static("Accept"));
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if let Some(limit) = self.limit {
            response.extensions_mut().insert(limit);
        }
        response.extensions_mut().insert(Refusal(self.detail));
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::of_store(&error)
    }
}

impl From<AccessError> for ApiError {
    fn from(error: AccessError) -> Self {
        match &error {
            AccessError::NotFound(_) => Self::new(StatusCode::NOT_FOUND, error.to_string()),
            AccessError::Conflict(_) => Self::new(StatusCode::CONFLICT, error.to_string()),
            AccessError::BadName(_) => Self::bad_request(error.to_string()),
            AccessError::Store(source) => Self::of_store(source),
        }
    }
}

impl From<IdentifyError> for ApiError {
    fn from(error: IdentifyError) -> Self {
        match &error {
            IdentifyError::Busy => Self::later(error.to_string()),
            IdentifyError::Unavailable(source) => {
                tracing::error!("cannot check credentials: {source}");
                Self::later(error.to_string())
            }
        }
    }
}

impl From<DownloadError> for ApiError {
    fn from(error: DownloadError) -> Self {
        match &error {
            DownloadError::NotFound => Self::new(StatusCode::NOT_FOUND, error.to_string()),
            DownloadError::Changing => Self::later(error.to_string()),
            DownloadError::Away(place) => {
                tracing::error!("a file cannot be read: {place}");
                Self::later(error.to_string())
            }
            // The log has the reason already.
            DownloadError::Damaged(_) => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
            }
            DownloadError::Store(source) => Self::of_store(source),
        }
    }
}

impl From<InspectError> for ApiError {
    fn from(error: InspectError) -> Self {
        match error {
            InspectError::Download(source) => source.into(),
            InspectError::NoMember => Self::new(StatusCode::NOT_FOUND, error.to_string()),
            InspectError::Busy => Self::later(error.to_string()),
        }
    }
}

impl From<CompareError> for ApiError {
    fn from(error: CompareError) -> Self {
        match error {
            CompareError::NoProject | CompareError::NoRelease(_) | CompareError::NoFiles => {
                Self::new(StatusCode::NOT_FOUND, error.to_string())
            }
            CompareError::Inspect(source) => source.into(),
        }
    }
}

impl From<PublishError> for ApiError {
    fn from(error: PublishError) -> Self {
        match &error {
            PublishError::DigestMismatch { .. }
            | PublishError::NameUsed { .. }
            | PublishError::Unfit { .. }
            | PublishError::ProjectTooLarge { .. } => Self::bad_request(error.to_string()),
            PublishError::NameTaken { .. } => Self::new(StatusCode::CONFLICT, error.to_string()),
            PublishError::Changing { .. } => Self::later(error.to_string()),
            PublishError::Closed { .. } | PublishError::ReadOnly(_) => {
                Self::new(StatusCode::FORBIDDEN, error.to_string())
            }
            PublishError::Full => {
                tracing::error!("an upload failed: {error}");
                Self::new(StatusCode::INSUFFICIENT_STORAGE, error.to_string())
            }
            PublishError::Away(place) => {
                tracing::error!("an upload failed: {place}");
                Self::later(error.to_string())
            }
            PublishError::Store(source) => Self::of_store(source),
        }
    }
}

impl From<ManageError> for ApiError {
    fn from(error: ManageError) -> Self {
        match &error {
            ManageError::NotFound(_) => Self::new(StatusCode::NOT_FOUND, error.to_string()),
            ManageError::Conflict(_) => Self::new(StatusCode::CONFLICT, error.to_string()),
            ManageError::BadReason => Self::bad_request(error.to_string()),
            ManageError::ReadOnly(_) => Self::new(StatusCode::FORBIDDEN, error.to_string()),
            ManageError::Away(place) => {
                tracing::error!("a change failed: {place}");
                Self::later(error.to_string())
            }
            ManageError::Store(source) => Self::of_store(source),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_for_those_who_name_it_and_want_it_most() {
        for (accept, is_json) in [
            (
                "application/json;q=0.9, text/plain;q=0.8, text/html;q=0.7",
                true,
            ),
            ("Application/JSON", true),
            ("text/plain, application/json;q=0", false),
            ("application/json-seq", false),
            ("text/plain, application/json;q=0.5", false),
            ("*/*", false),
            ("", false),
        ] {
            assert_eq!(prefers_json(accept), is_json, "{accept}");
        }
    }

    #[test]
    fn a_reason_phrase_is_one_line_of_latin_1() {
        assert_eq!(phrase("a\r\nb é 名"), b"a  b \xe9 ?");
        assert_eq!(phrase(&"x".repeat(10_000)).len(), MAX_PHRASE_BYTES);
    }
}
