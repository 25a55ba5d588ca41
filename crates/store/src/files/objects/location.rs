//! Where objects are, and how they are reached. Nothing here reads the environment: what the
//! variables of each kind of store say is handed in.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, Checksum, S3ConditionalPut};
use object_store::azure::MicrosoftAzureBuilder;
use object_store::client::{HttpClient, HttpConnector};
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::signer::Signer;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};
use reqwest::Client;
use url::{Host, Url};

use super::failure::sentence;
use super::owner::ObjectsError;

/// For how long a request is tried again.
const RETRY_TIMEOUT: Duration = Duration::from_secs(20);
/// How often a request is tried again.
const MAX_RETRIES: usize = 4;

/// Where objects are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectPlace {
    /// A bucket of S3, or of a store that speaks its language.
    S3 {
        /// The bucket.
        bucket: String,
        /// What names begin with.
        prefix: String,
    },
    /// A bucket of Google Cloud Storage.
    Google {
        /// The bucket.
        bucket: String,
        /// What names begin with.
        prefix: String,
    },
    /// A container of Azure Blob Storage.
    Azure {
        /// The container.
        container: String,
        /// What names begin with.
        prefix: String,
    },
    /// A local folder that is used as if it were a bucket.
    Folder(PathBuf),
}

/// A text names no place of objects.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "it names no place of objects; write s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, az://CONTAINER/PREFIX or file:FOLDER"
)]
pub struct ObjectPlaceError(String);

impl ObjectPlace {
    /// Returns what names begin with: empty, or without a slash at either end.
    pub fn prefix(&self) -> &str {
        match self {
            Self::S3 { prefix, .. } | Self::Google { prefix, .. } | Self::Azure { prefix, .. } => {
                prefix
            }
            Self::Folder(_) => "",
        }
    }

    /// Returns what the names of the variables begin with that this kind of store is set up by.
    pub fn variables(&self) -> &'static [&'static str] {
        match self {
            Self::S3 { .. } => &["AWS_"],
            Self::Google { .. } => &["GOOGLE_"],
            Self::Azure { .. } => &["AZURE_"],
            Self::Folder(_) => &[],
        }
    }
}

impl FromStr for ObjectPlace {
    type Err = ObjectPlaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ObjectPlaceError(text.to_owned());
        if let Some(folder) = text.strip_prefix("file:") {
            let folder = folder.strip_prefix("//").unwrap_or(folder);
            return if folder.is_empty() {
                Err(wrong())
            } else {
                Ok(Self::Folder(folder.into()))
            };
        }
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_end_matches('/');
        let is_name = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        let is_part = |part: &str| {
            !part.is_empty() && !matches!(part, "." | "..") && part.bytes().all(is_name)
        };
        if !is_part(bucket) || !(prefix.is_empty() || prefix.split('/').all(is_part)) {
            return Err(wrong());
        }
        let (bucket, prefix) = (bucket.to_owned(), prefix.to_owned());
        match scheme {
            "s3" => Ok(Self::S3 { bucket, prefix }),
            "gs" => Ok(Self::Google { bucket, prefix }),
            "az" => Ok(Self::Azure {
                container: bucket,
                prefix,
            }),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for ObjectPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, bucket, prefix) = match self {
            Self::S3 { bucket, prefix } => ("s3", bucket, prefix),
            Self::Google { bucket, prefix } => ("gs", bucket, prefix),
            Self::Azure { container, prefix } => ("az", container, prefix),
            Self::Folder(folder) => return write!(f, "file:{}", folder.display()),
        };
        write!(f, "{scheme}://{bucket}")?;
        if prefix.is_empty() {
            Ok(())
        } else {
            write!(f, "/{prefix}")
        }
    }
}

/// What else is needed to reach a place.
#[derive(Clone, Default)]
pub struct Surroundings {
    /// The variables that this kind of store is set up by, with their values.
    pub variables: Vec<(String, String)>,
    /// The address of the store, if it is not the one that its kind has.
    pub endpoint: Option<String>,
    /// The region of the bucket.
    pub region: Option<String>,
    /// Whether the bucket is a part of the host's name, and not of the path.
    pub bucket_in_host: bool,
    /// Whether a store may be spoken to without encryption that is not on this machine.
    pub allow_http: bool,
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Secrets are among the values.
        let names: Vec<&str> = self
            .variables
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        f.debug_struct("Surroundings")
            .field("variables", &names)
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("bucket_in_host", &self.bucket_in_host)
            .field("allow_http", &self.allow_http)
            .finish()
    }
}

/// A way to a place. Clones lead to the same place.
#[derive(Debug, Clone)]
pub struct Access {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) signer: Option<Arc<dyn Signer>>,
    /// Whether an address for `GET` is good for `HEAD` too, and there is none for `HEAD` alone.
    pub(super) heads_are_gets: bool,
}

impl Access {
    /// Makes a place in memory, for tests of what is built upon it.
    pub fn in_memory() -> Self {
        Self {
            store: Arc::new(InMemory::new()),
            signer: None,
            heads_are_gets: false,
        }
    }

    /// Finds the way to a place. Nothing is sent yet; what is sent later goes through `client`.
    ///
    /// # Errors
    /// [`ObjectsError`] if the surroundings do not suffice.
    pub fn to(
        place: &ObjectPlace,
        surroundings: &Surroundings,
        client: Client,
    ) -> Result<Self, ObjectsError> {
        let named = place.to_string();
        let failed = |error: object_store::Error| ObjectsError::Unusable(sentence(&named, &error));
        if let ObjectPlace::Folder(folder) = place {
            std::fs::create_dir_all(folder).map_err(|error| {
                ObjectsError::Unusable(format!("`{named}` cannot be made: {error}"))
            })?;
            let store = LocalFileSystem::new_with_prefix(folder).map_err(failed)?;
            return Ok(Self {
                store: Arc::new(store.with_fsync(true)),
                signer: None,
                heads_are_gets: false,
            });
        }
        let options = ClientOptions::new().with_allow_http(is_plain(&named, surroundings)?);
        let connector = Connector(client);
        match place {
            ObjectPlace::S3 { bucket, .. } => {
                let mut builder = AmazonS3Builder::new();
                for (key, value) in known(surroundings) {
                    builder = builder.with_config(key, value);
                }
                if let Some(endpoint) = &surroundings.endpoint {
                    builder = builder.with_endpoint(endpoint);
                }
                if let Some(region) = &surroundings.region {
                    builder = builder.with_region(region);
                }
                let store = builder
                    .with_bucket_name(bucket)
                    .with_virtual_hosted_style_request(surroundings.bucket_in_host)
                    .with_checksum_algorithm(Checksum::SHA256)
                    .with_conditional_put(S3ConditionalPut::ETagMatch)
                    .with_client_options(options)
                    .with_http_connector(connector)
                    .with_retry(retries())
                    .build()
                    .map_err(failed)?;
                Ok(Self::of(Arc::new(store)))
            }
            ObjectPlace::Google { bucket, .. } => {
                let mut builder = GoogleCloudStorageBuilder::new();
                for (key, value) in known(surroundings) {
                    builder = builder.with_config(key, value);
                }
                if let Some(endpoint) = &surroundings.endpoint {
                    builder = builder.with_base_url(endpoint);
                }
                let store = builder
                    .with_bucket_name(bucket)
                    .with_client_options(options)
                    .with_http_connector(connector)
                    .with_retry(retries())
                    .build()
                    .map_err(failed)?;
                Ok(Self::of(Arc::new(store)))
            }
            ObjectPlace::Azure { container, .. } => {
                let mut builder = MicrosoftAzureBuilder::new();
                for (key, value) in known(surroundings) {
                    builder = builder.with_config(key, value);
                }
                if let Some(endpoint) = &surroundings.endpoint {
                    builder = builder.with_endpoint(endpoint.clone());
                }
                let store = builder
                    .with_container_name(container)
                    .with_client_options(options)
                    .with_http_connector(connector)
                    .with_retry(retries())
                    .build()
                    .map_err(failed)?;
                Ok(Self {
                    heads_are_gets: true,
                    ..Self::of(Arc::new(store))
                })
            }
            ObjectPlace::Folder(_) => unreachable!("a folder was opened above"),
        }
    }

    fn of(store: Arc<impl ObjectStore + Signer>) -> Self {
        Self {
            store: Arc::clone(&store) as _,
            signer: Some(store),
            heads_are_gets: false,
        }
    }
}

/// Returns the variables that a builder knows.
fn known<K: FromStr>(surroundings: &Surroundings) -> impl Iterator<Item = (K, &str)> {
    surroundings.variables.iter().filter_map(|(name, value)| {
        let key = name.to_ascii_lowercase().parse().ok()?;
        Some((key, value.as_str()))
    })
}

fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: MAX_RETRIES,
        retry_timeout: RETRY_TIMEOUT,
    }
}

/// Gives out the client that was handed in.
#[derive(Debug)]
struct Connector(Client);

impl HttpConnector for Connector {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

/// Returns whether the store is spoken to without encryption, if it may be.
fn is_plain(place: &str, surroundings: &Surroundings) -> Result<bool, ObjectsError> {
    let named = surroundings.endpoint.as_deref().or_else(|| {
        let is_endpoint = |name: &str| name.contains("ENDPOINT") && !name.contains("METADATA");
        let variables = surroundings.variables.iter();
        variables
            .filter(|(name, _)| is_endpoint(name))
            .map(|(_, value)| value.as_str())
            .next()
    });
    let url = named.map(Url::parse).transpose().map_err(|error| {
        ObjectsError::Place(
            place.to_owned(),
            format!("the address of its store is none ({error})"),
        )
    })?;
    let is_plain = url.as_ref().is_some_and(|url| url.scheme() == "http");
    if is_plain && !surroundings.allow_http && !url.as_ref().is_some_and(is_on_this_machine) {
        return Err(ObjectsError::Unusable(format!(
            "`{place}` would be spoken to without encryption at {}; use https, or say --files-plain-http if nobody else is on the way there",
            named.unwrap_or_default()
        )));
    }
    Ok(is_plain)
}

fn is_on_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_and_shown_the_same() {
        for (text, prefix) in [
            ("s3://wheels", ""),
            ("s3://wheels/team/main", "team/main"),
            ("gs://wheels/a", "a"),
            ("az://wheels/a", "a"),
            ("file:/srv/objects", ""),
        ] {
            let place: ObjectPlace = text.parse().expect(text);
            assert_eq!((place.to_string().as_str(), place.prefix()), (text, prefix));
        }
        let with_slash: ObjectPlace = "s3://wheels/team/".parse().expect("a place");
        assert_eq!(with_slash.to_string(), "s3://wheels/team");
        for text in [
            "",
            "s3://",
            "s3:wheels",
            "s3://a b",
            "s3://a/../b",
            "s3://a//b",
            "http://a/b",
            "file:",
            "s3://user:secret@host/b",
        ] {
            assert!(text.parse::<ObjectPlace>().is_err(), "{text}");
        }
    }

    #[test]
    fn plain_http_is_for_this_machine_unless_it_is_asked_for() {
        let place: ObjectPlace = "s3://wheels".parse().expect("a place");
        // Fails only if a provider is there already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().build().expect("a client");
        let way = |endpoint: &str, allow_http| {
            let surroundings = Surroundings {
                variables: vec![
                    ("AWS_ACCESS_KEY_ID".to_owned(), "a".to_owned()),
                    ("AWS_SECRET_ACCESS_KEY".to_owned(), "b".to_owned()),
                ],
                endpoint: Some(endpoint.to_owned()),
                allow_http,
                ..Surroundings::default()
            };
            Access::to(&place, &surroundings, client.clone()).map(|_| ())
        };
        for fine in [
            "http://127.0.0.1:8333",
            "http://[::1]:1",
            "http://localhost:1",
            "https://s3.corp.example",
        ] {
            way(fine, false).expect(fine);
        }
        let error = way("http://s3.corp.example", false).expect_err("not on this machine");
        assert!(error.to_string().contains("--files-plain-http"), "{error}");
        way("http://s3.corp.example", true).expect("it was asked for");
        way("no address", false).expect_err("no address");
    }
}
