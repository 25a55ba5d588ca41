//! Sending files to an index, as twine and uv do.
//!
//! Standard: PyPA specifications, "Upload API for Package Indexes" (the form of the legacy API).

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Client, RequestBuilder, redirect};
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use url::Url;

use crate::client;
use crate::error::{SetupError, ShownUrl, with_causes};
use crate::proxies::Proxies;

/// How much of a file is read at once, in bytes.
const CHUNK_BYTES: usize = 256 * 1024;
/// How much of an answer is read, in bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// The longest reason that is shown, in characters.
const MAX_REASON_CHARS: usize = 1_000;
/// The header of our servers for a warning about an upload that was taken.
const UPLOAD_WARNING: &str = "x-upload-warning";

/// Sends files to the upload address of an index. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Uploader {
    client: Client,
    url: Url,
    authorization: Option<HeaderValue>,
}

/// A file that is to be sent.
#[derive(Debug, Clone)]
pub struct OutgoingFile {
    /// Where it is.
    pub path: PathBuf,
    /// What it is called.
    pub file_name: String,
    /// How large it is, in bytes.
    pub size_bytes: u64,
    /// The fields of the form beside the file, in their order.
    pub fields: Vec<(String, String)>,
}

/// Is told how many bytes of a file have been sent since the last time.
pub type Progress = Arc<dyn Fn(u64) + Send + Sync>;

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// The index took it, and says this about it all the same.
    Taken(Vec<String>),
    /// The index has a file of this name, with these bytes or with others: it says this.
    NameTaken(String),
}

/// How an address receives a form with nothing in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reception {
    /// It takes uploads, from whoever asks now.
    Open,
    /// It takes uploads from those who sign in otherwise: 401.
    SignIn,
    /// It takes none, with this status.
    Closed(u16),
}

impl Reception {
    pub(crate) const fn of(status: u16) -> Self {
        match status {
            401 => Self::SignIn,
            // Whoever says what is missing reads uploads.
            400 | 422 => Self::Open,
            status => Self::Closed(status),
        }
    }
}

/// A form with nothing in it.
pub(crate) fn empty_form(client: &Client, url: &Url) -> RequestBuilder {
    client
        .post(url.clone())
        .header(CONTENT_TYPE, "multipart/form-data; boundary=b")
        .body("--b--\r\n")
}

/// A file was not sent.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// There was no answer, or the connection broke. The index may have the file all the same.
    #[error("no answer from `{url}`: {cause}")]
    NoAnswer {
        /// Where the file was sent.
        url: ShownUrl,
        /// What went wrong, with all its causes.
        cause: String,
    },
    /// The index asks to come again.
    #[error("`{url}` is busy: {reason}")]
    Later {
        /// Where the file was sent.
        url: ShownUrl,
        /// What the index says.
        reason: String,
        /// How long to wait, where it says.
        wait: Option<Duration>,
    },
    /// The credentials are missing or worth nothing here.
    #[error("`{url}` does not let this upload in (status {status}): {reason}")]
    Credentials {
        /// Where the file was sent.
        url: ShownUrl,
        /// The HTTP status code.
        status: u16,
        /// What the index says.
        reason: String,
    },
    /// The index does not take the file.
    #[error("`{url}` does not take it (status {status}): {reason}")]
    Refused {
        /// Where the file was sent.
        url: ShownUrl,
        /// The HTTP status code.
        status: u16,
        /// What the index says.
        reason: String,
    },
    /// The address is not that of uploads.
    #[error("`{url}` sends uploads on to `{location}`; give that address itself")]
    Elsewhere {
        /// Where the file was sent.
        url: ShownUrl,
        /// Where the index would have it.
        location: String,
    },
    /// The file on this machine cannot be read.
    #[error("cannot read `{path}`: {source}")]
    File {
        /// Where it is.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Uploader {
    /// Makes an uploader to an address. Redirects are not followed, so that credentials reach
    /// nobody else.
    ///
    /// # Errors
    /// [`SetupError`] for a proxy address that cannot be used, or if the system's certificates
    /// cannot be read.
    pub fn new(url: Url, user_agent: &str, proxies: &Proxies) -> Result<Self, SetupError> {
        let builder = client::begin(user_agent)
            .connect_timeout(Duration::from_secs(10))
            // An index may check a large file before it answers.
            .read_timeout(Duration::from_mins(5))
            .redirect(redirect::Policy::none());
        let client = client::finish(builder, proxies)?;
        Ok(Self {
            client,
            url,
            authorization: None,
        })
    }

    /// Sends these credentials with each file: the value of the header `Authorization`.
    #[must_use]
    pub fn with_authorization(mut self, value: &str) -> Self {
        self.authorization = client::authorization(value);
        self
    }

    /// Asks whether uploads are taken here, with a form that has nothing in it: an index that takes
    /// uploads says what is missing.
    ///
    /// # Errors
    /// [`UploadError::NoAnswer`].
    pub async fn ask(&self) -> Result<Reception, UploadError> {
        let mut request = empty_form(&self.client, &self.url);
        if let Some(value) = &self.authorization {
            request = request.header(AUTHORIZATION, value.clone());
        }
        let response = request
            .send()
            .await
            .map_err(|error| self.no_answer(error))?;
        Ok(Reception::of(response.status().as_u16()))
    }

    fn no_answer(&self, error: reqwest::Error) -> UploadError {
        UploadError::NoAnswer {
            url: ShownUrl::of(&self.url),
            cause: with_causes(&error.without_url()),
        }
    }

    /// Sends a file, once.
    ///
    /// # Errors
    /// [`UploadError`].
    pub async fn send(&self, file: &OutgoingFile, progress: Progress) -> Result<Sent, UploadError> {
        let unreadable = |source| UploadError::File {
            path: file.path.clone(),
            source,
        };
        let opened = File::open(&file.path).await.map_err(unreadable)?;
        let mut form = Form::new();
        for (name, value) in &file.fields {
            form = form.text(name.clone(), value.clone());
        }
        let body = Body::wrap_stream(chunks(opened, progress));
        let content =
            Part::stream_with_length(body, file.size_bytes).file_name(file.file_name.clone());
        let mut request = self
            .client
            .post(self.url.clone())
            .multipart(form.part("content", content));
        if let Some(value) = &self.authorization {
            request = request.header(AUTHORIZATION, value.clone());
        }
        let no_answer = |error| self.no_answer(error);
        let mut response = request.send().await.map_err(no_answer)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(no_answer)? {
            let room = MAX_ANSWER_BYTES.saturating_sub(body.len());
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
        let phrase = response.extensions().get::<hyper::ext::ReasonPhrase>();
        let phrase = phrase.map(|phrase| String::from_utf8_lossy(phrase.as_bytes()).into_owned());
        let reason = reason(response.headers(), &body, phrase.as_deref());
        self.judge(response.status().as_u16(), response.headers(), reason)
    }

    fn judge(&self, status: u16, headers: &HeaderMap, reason: String) -> Result<Sent, UploadError> {
        let url = ShownUrl::of(&self.url);
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        match status {
            200..=299 => {
                let warnings = headers.get_all(UPLOAD_WARNING).iter();
                let shown =
                    |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
                Ok(Sent::Taken(warnings.map(shown).collect()))
            }
            300..=399 => Err(UploadError::Elsewhere {
                url,
                location: text(LOCATION.as_str()).unwrap_or_default().to_owned(),
            }),
            _ if says_name_taken(status, &reason) => Ok(Sent::NameTaken(reason)),
            429 | 500 | 502..=504 => Err(UploadError::Later {
                url,
                reason,
                wait: text(RETRY_AFTER.as_str())
                    .and_then(|text| text.trim().parse().ok())
                    .map(Duration::from_secs),
            }),
            401 | 403 | 407 => Err(UploadError::Credentials {
                url,
                status,
                reason,
            }),
            _ => Err(UploadError::Refused {
                url,
                status,
                reason,
            }),
        }
    }
}

/// What indexes of all kinds answer where a name is taken.
fn says_name_taken(status: u16, reason: &str) -> bool {
    let reason = reason.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    match status {
        409 => true,
        400 => says(&["already exist", "updating asset", "already been taken"]),
        403 => says(&["overwrite artifact", "already exist"]),
        _ => false,
    }
}

/// Returns what an answer says, as one line of plain text.
fn reason(headers: &HeaderMap, body: &[u8], phrase: Option<&str>) -> String {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let body = String::from_utf8_lossy(body);
    let is_markup = content_type.is_some_and(|text| text.contains("html"));
    let text = if is_markup {
        without_markup(&body)
    } else {
        body.into_owned()
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    let line: String = words.join(" ").chars().take(MAX_REASON_CHARS).collect();
    // The phrase of the status line is all that twine's users see, so some indexes use it alone.
    match phrase.map(str::trim).filter(|phrase| !phrase.is_empty()) {
        Some(phrase) if line.is_empty() || is_markup => phrase.to_owned(),
        Some(phrase) if !line.contains(phrase) && phrase.len() > 20 => format!("{phrase}; {line}"),
        _ if line.is_empty() => "it does not say why".to_owned(),
        _ => line,
    }
}

fn without_markup(html: &str) -> String {
    let mut text = String::new();
    let mut is_within = false;
    for c in html.chars() {
        match c {
            '<' => is_within = true,
            '>' => {
                is_within = false;
                text.push(' ');
            }
            _ if !is_within => text.push(c),
            _ => {}
        }
    }
    text
}

fn chunks(file: File, progress: Progress) -> impl stream::Stream<Item = io::Result<Vec<u8>>> {
    stream::unfold(Some((file, progress)), |state| async move {
        let (mut file, progress) = state?;
        let mut chunk = vec![0; CHUNK_BYTES];
        match file.read(&mut chunk).await {
            Ok(0) => None,
            Ok(count) => {
                chunk.truncate(count);
                progress(count as u64);
                Some((Ok(chunk), Some((file, progress))))
            }
            Err(error) => Some((Err(error), None)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uploader() -> Uploader {
        let url = "http://ada:secret@127.0.0.1:9/legacy/?x=y"
            .parse()
            .expect("a URL");
        Uploader::new(url, "test", &Proxies::default()).expect("an uploader")
    }

    #[test]
    fn answers_of_all_indexes_are_understood() {
        let judge =
            |status, reason: &str| uploader().judge(status, &HeaderMap::new(), reason.to_owned());
        for (status, reason) in [
            (409, "Conflict"),
            (400, "File already exists. See …"),
            (400, "Repository does not allow updating assets: pypi"),
            (400, "Error: a name has already been taken"),
            (403, "Not enough permissions to overwrite artifact 'x'"),
        ] {
            assert!(
                matches!(judge(status, reason), Ok(Sent::NameTaken(_))),
                "{status} {reason}"
            );
        }
        assert!(matches!(judge(200, ""), Ok(Sent::Taken(_))));
        assert!(matches!(judge(201, ""), Ok(Sent::Taken(_))));
        assert!(matches!(judge(503, "x"), Err(UploadError::Later { .. })));
        assert!(matches!(
            judge(403, "x"),
            Err(UploadError::Credentials { .. })
        ));
        assert!(matches!(judge(400, "x"), Err(UploadError::Refused { .. })));
        let elsewhere = judge(308, "").expect_err("elsewhere").to_string();
        assert!(
            elsewhere.starts_with("`http://127.0.0.1:9/legacy/` sends"),
            "{elsewhere}"
        );
    }

    #[test]
    fn reasons_are_one_line_of_plain_text() {
        let html = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("text/html"))]);
        let plain = HeaderMap::new();
        for (headers, body, phrase, expected) in [
            (
                &html,
                "<html><h1>400</h1>\n<p>Bad &lt;x&gt;",
                Some("Bad filename"),
                "Bad filename",
            ),
            (&html, "<html><h1>400</h1>\n<p>Bad", None, "400 Bad"),
            (&plain, "no such\n user", Some("Forbidden"), "no such user"),
            (&plain, "", Some("Forbidden"), "Forbidden"),
            (&plain, "", None, "it does not say why"),
            (
                &plain,
                "see below",
                Some("the file name is not good"),
                "the file name is not good; see below",
            ),
        ] {
            assert_eq!(reason(headers, body.as_bytes(), phrase), expected, "{body}");
        }
        assert_eq!(reason(&plain, &[b'x'; 5_000], None).len(), MAX_REASON_CHARS);
    }
}
