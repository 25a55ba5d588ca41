//! The client: asks another index for a project's page.

use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Response, StatusCode, redirect};
use url::Url;
use wheelhouse_standards::name::ProjectKey;

use crate::client;
use crate::error::{LookupError, SetupError, ShownUrl, with_causes};
use crate::page::UpstreamPage;
use crate::proxies::Proxies;
use crate::{html, json};

/// How an [`IndexReader`] behaves. The default is right for the public index.
#[derive(Debug, Clone)]
pub struct ReaderSettings {
    /// What the index sees as the header `User-Agent`.
    pub user_agent: String,
    /// The proxies to go through.
    pub proxies: Proxies,
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// How long the index may be silent within an answer.
    pub silence_timeout: Duration,
    /// How long one answer may take, redirects and body included.
    pub total_timeout: Duration,
    /// The largest answer that is read, in bytes after decompression.
    pub max_page_bytes: usize,
    /// How many redirects are followed for one page.
    pub max_redirects: usize,
    /// Whether a redirect to another host counts as "not found": the index sends clients elsewhere
    /// for what it does not have.
    pub stays: bool,
    /// How often a page is asked for when the fault may pass; at least once.
    pub attempts: u32,
    /// How long to wait before the second attempt; each later wait is twice as long.
    pub retry_delay: Duration,
}

impl Default for ReaderSettings {
    fn default() -> Self {
        Self {
            user_agent: format!("wheelhouse/{}", env!("CARGO_PKG_VERSION")),
            proxies: Proxies::default(),
            connect_timeout: Duration::from_secs(10),
            silence_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_mins(2),
            // The largest page of the public index has some 30 MB.
            max_page_bytes: 128 * 1024 * 1024,
            max_redirects: 5,
            stays: false,
            attempts: 3,
            retry_delay: Duration::from_millis(500),
        }
    }
}

/// Reads the pages of other indexes.
///
/// Cheap to clone; clones share one pool of connections.
#[derive(Debug, Clone)]
pub struct IndexReader {
    pub(crate) client: Client,
    max_page_bytes: usize,
    stays: bool,
    attempts: u32,
    retry_delay: Duration,
    pub(crate) authorization: Option<HeaderValue>,
}

/// What is asked for: JSON where the index has it, else HTML.
const ACCEPTED: HeaderValue = HeaderValue::from_static(
    "application/vnd.pypi.simple.v1+json, \
     application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01",
);

impl IndexReader {
    /// Makes a reader.
    ///
    /// # Errors
    ///
    /// [`SetupError::Proxy`] for a proxy address that cannot be used, [`SetupError::Client`] if
    /// the system's certificates cannot be read.
    pub fn new(settings: &ReaderSettings) -> Result<Self, SetupError> {
        let builder = client::begin(&settings.user_agent)
            .connect_timeout(settings.connect_timeout)
            .read_timeout(settings.silence_timeout)
            .timeout(settings.total_timeout)
            .redirect(redirects(settings.max_redirects, settings.stays));
        let client = client::finish(builder, &settings.proxies)?;
        Ok(Self {
            client,
            max_page_bytes: settings.max_page_bytes,
            stays: settings.stays,
            attempts: settings.attempts.max(1),
            retry_delay: settings.retry_delay,
            authorization: None,
        })
    }

    /// Sends these credentials with each question: the value of the header `Authorization`. A
    /// redirect to another host goes without.
    #[must_use]
    pub fn with_authorization(mut self, value: &str) -> Self {
        self.authorization = client::authorization(value);
        self
    }

    /// Reads the page of `project` from the index whose simple pages are below `index`.
    ///
    /// A fault that may pass is tried again, as the settings say.
    ///
    /// # Errors
    ///
    /// As [`LookupError`] says, by its variants.
    ///
    /// Standard: Simple repository API.
    pub async fn project(
        &self,
        index: &Url,
        project: &ProjectKey,
    ) -> Result<UpstreamPage, LookupError> {
        let url = project_url(index, project);
        let mut delay = self.retry_delay;
        for _ in 1..self.attempts {
            match self.try_project(&url, project).await {
                Err(error) if error.is_passing() => {
                    tracing::debug!(error = %error, "the upstream failed, asking again");
                    tokio::time::sleep(delay).await;
                    delay *= 2;
                }
                result => return result,
            }
        }
        self.try_project(&url, project).await
    }

    async fn try_project(
        &self,
        url: &Url,
        project: &ProjectKey,
    ) -> Result<UpstreamPage, LookupError> {
        let asked = ShownUrl::of(url);
        let mut request = self.client.get(url.clone()).header(ACCEPT, ACCEPTED);
        if let Some(value) = &self.authorization {
            request = request.header(AUTHORIZATION, value.clone());
        }
        let response = request
            .send()
            .await
            .map_err(|error| transport_error(asked.clone(), error))?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                return Err(LookupError::NotFound {
                    project: project.to_string(),
                    url: asked,
                });
            }
            status if self.stays && status.is_redirection() => {
                return Err(LookupError::NotFound {
                    project: project.to_string(),
                    url: asked,
                });
            }
            status => {
                return Err(LookupError::Status {
                    status: status.as_u16(),
                    url: ShownUrl::of(response.url()),
                });
            }
        }
        // Links on the page are relative to where the redirects ended.
        let base = response.url().clone();
        let form = PageForm::of(response.headers().get(CONTENT_TYPE));
        let body = self.body(response, &asked).await?;
        let malformed = |reason| LookupError::Malformed {
            url: asked.clone(),
            reason,
        };
        let page = match form.or_guess(&body) {
            PageForm::Json => json::project_page(&body, &base),
            PageForm::Html => html::project_page(&body, &base),
            PageForm::Other(found) => Err(format!("it is of the type `{found}`")),
            PageForm::Unsaid => Err("it does not say its type".to_owned()),
        }
        .map_err(malformed)?;
        let other_name = page
            .name
            .as_deref()
            .filter(|name| ProjectKey::of(name).as_ref() != Some(project));
        if let Some(name) = other_name {
            let reason = format!("it is the page of `{name}` and not of `{project}`");
            return Err(malformed(reason));
        }
        Ok(page)
    }

    async fn body(&self, mut response: Response, url: &ShownUrl) -> Result<Vec<u8>, LookupError> {
        let too_large = || LookupError::TooLarge {
            url: url.clone(),
            limit_bytes: self.max_page_bytes,
        };
        let announced = response
            .content_length()
            .map_or(0, |length| usize::try_from(length).unwrap_or(usize::MAX));
        if announced > self.max_page_bytes {
            return Err(too_large());
        }
        // The announcement is not trusted with more memory than a usual page needs.
        let mut body = Vec::with_capacity(announced.min(1 << 20));
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| transport_error(url.clone(), error))?
        {
            if body.len() + chunk.len() > self.max_page_bytes {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// Returns the URL of a project's page.
fn project_url(index: &Url, project: &ProjectKey) -> Url {
    let mut url = index.clone();
    url.set_query(None);
    url.set_fragment(None);
    if let Ok(mut parts) = url.path_segments_mut() {
        parts.pop_if_empty().push(project.as_str()).push("");
    }
    url
}

/// Why a redirect was not followed.
#[derive(Debug, thiserror::Error)]
enum RedirectFault {
    #[error("more than {0} redirects one after the other")]
    TooMany(usize),
    #[error("from https to plain http")]
    Downgrade,
}

fn redirects(limit: usize, stays: bool) -> redirect::Policy {
    redirect::Policy::custom(move |attempt| {
        let last = attempt.previous().last();
        if stays && last.is_some_and(|url| url.host() != attempt.url().host()) {
            return attempt.stop();
        }
        match redirect_fault(attempt.previous(), attempt.url(), limit) {
            Some(fault) => attempt.error(fault),
            None => attempt.follow(),
        }
    })
}

fn redirect_fault(previous: &[Url], next: &Url, limit: usize) -> Option<RedirectFault> {
    let came_safely = previous.last().is_some_and(|url| url.scheme() == "https");
    if previous.len() > limit {
        Some(RedirectFault::TooMany(limit))
    } else if came_safely && next.scheme() != "https" {
        Some(RedirectFault::Downgrade)
    } else {
        None
    }
}

/// The URL in the error is taken off: it would show user information, and stands in ours.
pub(crate) fn transport_error(url: ShownUrl, error: reqwest::Error) -> LookupError {
    let error = error.without_url();
    if error.is_redirect() {
        let reason = std::error::Error::source(&error)
            .map_or_else(|| error.to_string(), ToString::to_string);
        return LookupError::Redirect { url, reason };
    }
    let cause = with_causes(&error);
    let advice = if error.is_timeout() {
        "it took too long: check the network, or `https_proxy` if a proxy is needed"
    } else if cause.contains("certificate") {
        "if the index has a certificate of your own authority, name that in `SSL_CERT_FILE`"
    } else if error.is_connect() {
        "check the address, and `https_proxy` if a proxy is needed"
    } else {
        "the connection broke: try again"
    };
    LookupError::Network { url, cause, advice }
}

/// In which form a page came.
#[derive(Debug, PartialEq, Eq)]
enum PageForm {
    Json,
    Html,
    Other(String),
    Unsaid,
}

impl PageForm {
    fn of(content_type: Option<&HeaderValue>) -> Self {
        let Some(value) = content_type else {
            return Self::Unsaid;
        };
        let value = String::from_utf8_lossy(value.as_bytes());
        let media_type = value.split(';').next().unwrap_or_default().trim();
        match media_type.to_ascii_lowercase().as_str() {
            // The version within the page is checked later.
            "application/json" | "text/json" => Self::Json,
            "text/html" | "application/xhtml+xml" => Self::Html,
            simple if simple.starts_with("application/vnd.pypi.simple.") => {
                match simple.rsplit_once('+') {
                    Some((_, "json")) => Self::Json,
                    Some((_, "html")) => Self::Html,
                    _ => Self::Other(simple.to_owned()),
                }
            }
            "" | "application/octet-stream" | "text/plain" => Self::Unsaid,
            other => Self::Other(other.chars().take(100).collect()),
        }
    }

    /// Decides by the first character where the index does not tell, as plain file servers do.
    fn or_guess(self, body: &[u8]) -> Self {
        if self != Self::Unsaid {
            return self;
        }
        let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        match text.trim_ascii_start().first() {
            Some(b'{') => Self::Json,
            Some(b'<') => Self::Html,
            _ => Self::Unsaid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_is_below_the_index_whether_or_not_its_address_ends_in_a_slash() {
        for (index, name, page) in [
            ("https://index.example/simple/", "demo", "/simple/demo/"),
            (
                "https://index.example/simple",
                "Demo.Pkg",
                "/simple/demo-pkg/",
            ),
            ("https://index.example", "demo", "/demo/"),
            (
                "https://index.example/s?x=1#y",
                "a/b é?",
                "/s/a%2Fb%20%C3%A9%3F/",
            ),
            ("https://index.example/s/", "..", "/s/-/"),
        ] {
            let url = project_url(&index.parse().unwrap(), &ProjectKey::of(name).unwrap());
            let expected = format!("https://index.example{page}");
            assert_eq!(url.as_str(), expected, "from {index} and {name}");
        }
    }

    #[test]
    fn redirect_may_not_leave_https() {
        let [http, https]: [Url; 2] =
            ["http://a.example/", "https://a.example/"].map(|url| url.parse().unwrap());
        for (from, to, is_fault) in [
            (&http, &http, false),
            (&http, &https, false),
            (&https, &https, false),
            (&https, &http, true),
        ] {
            let fault = redirect_fault(std::slice::from_ref(from), to, 5);
            let is_downgrade = matches!(fault, Some(RedirectFault::Downgrade));
            assert_eq!(is_downgrade, is_fault, "{from} to {to}");
        }
    }

    #[test]
    fn form_is_told_by_the_type_or_else_by_the_first_character() {
        for (content_type, body, form) in [
            (
                Some("application/vnd.pypi.simple.v1+json"),
                "",
                PageForm::Json,
            ),
            (Some("Application/JSON; charset=utf-8"), "", PageForm::Json),
            (Some("text/html; charset=utf-8"), "{}", PageForm::Html),
            (None, "\u{feff} {}", PageForm::Json),
            (Some("text/plain"), "\n<html>", PageForm::Html),
            (None, "nothing", PageForm::Unsaid),
            (
                Some("image/png"),
                "",
                PageForm::Other("image/png".to_owned()),
            ),
        ] {
            let header = content_type.map(HeaderValue::from_static);
            let found = PageForm::of(header.as_ref()).or_guess(body.as_bytes());
            assert_eq!(found, form, "from {content_type:?} and {body:?}");
        }
    }
}
