//! Small documents of others, over HTTPS: the configuration and the keys of issuers.

use std::time::Duration;

use reqwest::{Client, redirect};

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
        // Fails only if a provider is there already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(user_agent)
            .timeout(PATIENCE)
            .https_only(true)
            .redirect(redirect::Policy::none())
            .no_proxy();
        for proxy in proxies.build()? {
            builder = builder.proxy(proxy);
        }
        let client = builder.build().map_err(|error| SetupError::Client {
            cause: with_causes(&error),
        })?;
        Ok(Self { client })
    }

    /// Returns the document at a URL.
    ///
    /// # Errors
    /// A sentence that says why it cannot be had.
    pub async fn get(&self, url: &str) -> Result<Vec<u8>, String> {
        let failed = |error: reqwest::Error| with_causes(&error);
        let mut response = self.client.get(url).send().await.map_err(failed)?;
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
