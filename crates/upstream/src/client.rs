//! What all clients of this room have in common.

use reqwest::header::HeaderValue;
use reqwest::{Client, ClientBuilder};

use crate::error::{SetupError, with_causes};
use crate::proxies::Proxies;

/// Begins a client that takes no proxy from the environment, which this room does not read.
pub(crate) fn begin(user_agent: &str) -> ClientBuilder {
    // Fails only if a provider is there already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().user_agent(user_agent).no_proxy()
}

/// Makes the client, with the proxies that were handed in.
///
/// # Errors
/// [`SetupError`] for a proxy address that cannot be used, or if the system's certificates cannot
/// be read.
pub(crate) fn finish(mut builder: ClientBuilder, proxies: &Proxies) -> Result<Client, SetupError> {
    for proxy in proxies.build()? {
        builder = builder.proxy(proxy);
    }
    builder.build().map_err(|error| SetupError::Client {
        cause: with_causes(&error),
    })
}

/// Returns the value of a header `Authorization` that is shown nowhere, or `None` if it cannot be one.
pub(crate) fn authorization(value: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}
