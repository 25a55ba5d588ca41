//! What an index can do, found out by asking it as clients do. Nothing is changed there.

mod questions;

use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, redirect};
use url::{Origin, Url};
use wheelhouse_standards::name::ProjectKey;

use crate::client;
use crate::error::{LookupError, SetupError, ShownUrl, with_causes};
use crate::proxies::Proxies;
use crate::uploader::{Reception, empty_form};

/// How much of an answer is read, in bytes.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Asks indexes what they can do.
#[derive(Debug, Clone)]
pub struct Examiner {
    client: Client,
    /// Credentials with the only origin that they are for.
    authorization: Option<(Origin, HeaderValue)>,
}

/// What is examined.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The simple pages.
    pub index: Url,
    /// The address of uploads.
    pub upload: Url,
    /// The project whose page and files are looked at, or the first that the index lists.
    pub project: Option<ProjectKey>,
}

/// An ability of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ability {
    /// It is reached over https, or on this machine.
    Https,
    /// Pages can be read without credentials, or with those that were given.
    Reading,
    /// Pages come as JSON.
    Json,
    /// Pages come as HTML.
    Html,
    /// Any spelling of a name leads to the project.
    Names,
    /// Unknown projects are 404.
    Unknown,
    /// Files have SHA-256 digests.
    Digests,
    /// Files have upload times.
    UploadTimes,
    /// Files have sizes.
    Sizes,
    /// Wheels have their metadata beside them.
    MetadataFiles,
    /// Parts of files can be asked for.
    Ranges,
    /// Unchanged pages are not sent again.
    PageTags,
    /// Files that were fetched need not be sent again.
    FileCaching,
    /// Releases can be marked as yanked.
    Yanking,
    /// Uploads are taken.
    Uploading,
}

/// Whether an index has an ability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It has.
    Yes,
    /// It has not.
    No,
    /// That cannot be seen.
    Unseen,
}

/// What was found out about one ability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The ability.
    pub ability: Ability,
    /// Whether the index has it.
    pub verdict: Verdict,
    /// What was seen, in a few words.
    pub seen: String,
}

/// What was found out about an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examination {
    /// The project that was looked at.
    pub project: Option<ProjectKey>,
    /// The name and version of the server, where it says.
    pub server: Option<String>,
    /// The answers.
    pub answers: Vec<Answer>,
}

/// An answer to one request.
struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
    /// Where it came from, after redirects.
    url: Url,
}

impl Reply {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    fn is_json(&self) -> bool {
        self.header("content-type").contains("json")
    }
}

impl Examiner {
    /// Makes an examiner, with credentials if there are any: the value of the header
    /// `Authorization`, and the index that it is for. Files elsewhere are asked for without it.
    ///
    /// # Errors
    /// [`SetupError`] for a proxy address that cannot be used, or if the system's certificates
    /// cannot be read.
    pub fn new(
        user_agent: &str,
        proxies: &Proxies,
        authorization: Option<(&Url, &str)>,
    ) -> Result<Self, SetupError> {
        let builder = client::begin(user_agent)
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_mins(1))
            .redirect(redirect::Policy::limited(5));
        let client = client::finish(builder, proxies)?;
        let authorization = authorization
            .and_then(|(index, value)| Some((index.origin(), client::authorization(value)?)));
        Ok(Self {
            client,
            authorization,
        })
    }

    async fn ask(
        &self,
        method: Method,
        url: &Url,
        headers: &[(HeaderName, &str)],
    ) -> Result<Reply, LookupError> {
        let network = |error: reqwest::Error| LookupError::Network {
            url: ShownUrl::of(url),
            cause: with_causes(&error.without_url()),
            advice: "is this the address of an index, and can it be reached from here?",
        };
        let mut request = self.client.request(method, url.clone());
        if let Some((origin, value)) = &self.authorization
            && *origin == url.origin()
        {
            request = request.header(AUTHORIZATION, value.clone());
        }
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let mut response = request.send().await.map_err(network)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(network)? {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err(LookupError::TooLarge {
                    url: ShownUrl::of(url),
                    limit_bytes: MAX_BYTES,
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            url: response.url().clone(),
            body,
        })
    }

    async fn page(&self, url: &Url, accept: &str) -> Result<Reply, LookupError> {
        self.ask(Method::GET, url, &[(ACCEPT, accept)]).await
    }

    /// Sends a form with nothing in it: an index that takes uploads says what is missing.
    async fn reception(&self, url: &Url) -> Result<Reception, LookupError> {
        let request = empty_form(&self.client, url);
        let response = request.send().await.map_err(|error| LookupError::Network {
            url: ShownUrl::of(url),
            cause: with_causes(&error.without_url()),
            advice: "does uploading have another address?",
        })?;
        Ok(Reception::of(response.status().as_u16()))
    }
}
