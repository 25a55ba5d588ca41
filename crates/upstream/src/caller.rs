//! Calling the API of one of our servers: over the network, or over the socket in its state folder.

use std::path::Path;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, LOCATION};
use reqwest::{Client, ClientBuilder, Method, redirect};
use url::Url;

use crate::client;
use crate::error::{SetupError, with_causes};
use crate::proxies::Proxies;

/// Largest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 256 * 1024 * 1024;

/// Calls the API of a server.
#[derive(Debug, Clone)]
pub struct ApiCaller {
    client: Client,
    base: String,
    authorization: Option<HeaderValue>,
}

/// The answer to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiAnswer {
    /// The status.
    pub status: u16,
    /// Where a redirect leads.
    pub location: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// A call had no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The server cannot be reached, or does not answer.
    #[error("{0}")]
    NoAnswer(String),
    /// The answer is larger than anything that is asked for.
    #[error("the answer is too large")]
    TooLarge,
}

impl ApiCaller {
    /// Makes a caller of the server at `base`. Redirects are not followed, so that credentials
    /// reach nobody else.
    ///
    /// # Errors
    /// [`SetupError`] for a proxy address that cannot be used, or if the system's certificates
    /// cannot be read.
    pub fn over_network(
        base: &Url,
        user_agent: &str,
        proxies: &Proxies,
    ) -> Result<Self, SetupError> {
        let base = base.as_str().trim_end_matches('/').to_owned();
        Self::of(builder(user_agent), base, proxies)
    }

    /// Makes a caller of the server that listens on a socket.
    ///
    /// # Errors
    /// [`SetupError`] if the system's certificates cannot be read.
    pub fn over_socket(path: &Path, user_agent: &str) -> Result<Self, SetupError> {
        Self::of(
            builder(user_agent).unix_socket(path),
            "http://localhost".to_owned(),
            &Proxies::default(),
        )
    }

    fn of(builder: ClientBuilder, base: String, proxies: &Proxies) -> Result<Self, SetupError> {
        let client = client::finish(builder, proxies)?;
        Ok(Self {
            client,
            base,
            authorization: None,
        })
    }

    /// Sends these credentials with each call: the value of the header `Authorization`.
    #[must_use]
    pub fn with_authorization(mut self, value: &str) -> Self {
        self.authorization = client::authorization(value);
        self
    }

    /// Calls `path`, which begins with a slash and may have a query, with a body of JSON if there
    /// is one.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<ApiAnswer, CallError> {
        let failed = |error: &reqwest::Error| CallError::NoAnswer(with_causes(error));
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|error| CallError::NoAnswer(error.to_string()))?;
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if let Some(value) = &self.authorization {
            request = request.header(AUTHORIZATION, value.clone());
        }
        if let Some(body) = body {
            request = request
                .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
                .body(body);
        }
        let mut response = request.send().await.map_err(|error| failed(&error))?;
        let status = response.status().as_u16();
        let location = response.headers().get(LOCATION);
        let location = location.and_then(|value| value.to_str().ok());
        let location = location.map(str::to_owned);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(CallError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(ApiAnswer {
            status,
            location,
            body,
        })
    }
}

fn builder(user_agent: &str) -> ClientBuilder {
    client::begin(user_agent)
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_mins(5))
        .redirect(redirect::Policy::none())
}
