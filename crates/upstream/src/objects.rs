//! The client that stores of objects are asked with.

use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;

use crate::client;
use crate::error::SetupError;
use crate::proxies::Proxies;

/// How long connecting may take: one that asks for the role of a machine where there is none
/// should not wait long.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a store may send nothing.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// Makes a client for requests to a store of objects. It follows nobody elsewhere: requests are
/// signed for one host.
///
/// # Errors
/// [`SetupError`] for a proxy address that cannot be used, or if the system's certificates cannot
/// be read.
pub fn client_for_objects(user_agent: &str, proxies: &Proxies) -> Result<Client, SetupError> {
    let builder = client::begin(user_agent)
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .redirect(Policy::none())
        // A compressed answer has no length that tells the size of an object.
        .no_gzip();
    client::finish(builder, proxies)
}
