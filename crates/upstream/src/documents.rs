//! Small documents of others, over HTTPS: the configuration and the keys of issuers.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, redirect};

use crate::client;
use crate::error::{SetupError, with_causes};
use crate::proxies::Proxies;

/// Largest document that is read, in bytes.
const MAX_BYTES: usize = 256 * 1024;
/// How long a document may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Reads small documents over HTTPS. Redirects are not followed.
#[derive(Debug, Clone)]
pub struct DocumentReader {
    client: Client,
}

impl DocumentReader {
    /// Makes a reader.
    ///
    /// # Errors
    /// [`SetupError`] for a proxy address that cannot be used, or if the system's certificates
    /// cannot be read.
    pub fn new(user_agent: &str, proxies: &Proxies) -> Result<Self, SetupError> {
        let builder = client::begin(user_agent)
            .timeout(PATIENCE)
            .https_only(true)
            .redirect(redirect::Policy::none());
        let client = client::finish(builder, proxies)?;
        Ok(Self { client })
    }

    /// Returns the document at a URL.
    ///
    /// # Errors
    /// A sentence that says why it cannot be had.
    pub async fn get(&self, url: &str) -> Result<Vec<u8>, String> {
        self.read(self.client.get(url), url).await
    }

    /// Sends a form to a URL, as this user with this password if there is one, and returns the answer.
    ///
    /// # Errors
    /// A sentence that says why it was not taken.
    pub async fn post_form(
        &self,
        url: &str,
        form: String,
        user: Option<(&str, &str)>,
    ) -> Result<Vec<u8>, String> {
        let mut request = self
            .client
            .post(url)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Accept", "application/json")
            .body(form);
        if let Some((user, password)) = user {
            request = request.basic_auth(user, Some(password));
        }
        self.read(request, url).await
    }

    async fn read(&self, request: RequestBuilder, url: &str) -> Result<Vec<u8>, String> {
        let failed = |error: reqwest::Error| with_causes(&error);
        let mut response = request.send().await.map_err(failed)?;
        if response.status() != 200 {
            return Err(format!("{url} answers {}", response.status().as_u16()));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if bytes.len() + chunk.len() > MAX_BYTES {
                return Err(format!("{url} is larger than {MAX_BYTES} bytes"));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}
