//! What an operator may choose about the server. Both front doors set the same settings: no code
//! asks for the program's name.

use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use wheelhouse_index::ports::{AttestationVerifier, Disks};
use wheelhouse_index::publish::Overwrite;

use crate::abuse::AbuseLimits;
use crate::tls::Tls;
use wheelhouse_ui::Pages;

use crate::welcome::Welcome;

/// What an operator may choose about the server.
#[derive(Debug)]
pub struct Settings {
    /// What everything is served below: empty, or a path that begins with a slash and ends
    /// without one.
    pub base_path: String,
    /// The extra path of the health check, such as `/health`.
    pub health_path: Option<String>,
    /// The simple API's URL of the index to send people to for projects that are not here,
    /// without a final slash.
    pub fallback_url: Option<String>,
    /// What is at `/`.
    pub front_page: FrontPage,
    /// Makes the pages for people.
    pub pages: Arc<Pages>,
    /// `Cache-Control: public, max-age=…` of files, in seconds, or the store's own rule.
    pub file_max_age_seconds: Option<i64>,
    /// What files say about caching where `file_max_age_seconds` is not set.
    pub file_caching: FileCaching,
    /// For how long an address outside is good that downloads are sent to, where the file store
    /// can give one; or `None` to send the bytes from here.
    pub file_redirects: Option<Duration>,
    /// Whether uploads may replace files.
    pub overwrite: Overwrite,
    /// What credentials on a route that needs none are good for.
    pub needless_credentials: NeedlessCredentials,
    /// Whether people can sign in with a browser.
    pub web_sign_in: bool,
    /// What the actions `submit`, `verify` and `doc_upload` get.
    pub legacy_actions: LegacyActions,
    /// What becomes of attestations that come with uploads.
    pub attestations: Attestations,
    /// Whether answers that everybody may have say under which words a network forgets them.
    pub surrogate_keys: bool,
    /// The media type of `.tar.gz` files.
    pub tar_gz_type: &'static str,
    /// Peers whose `X-Forwarded-Host`, `-Proto` and `-Prefix` are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Peers whose `X-Forwarded-For` is believed.
    pub trusted_for_client_address: Vec<IpNet>,
    /// The certificate, if the server itself speaks HTTPS.
    pub tls: Option<Arc<Tls>>,
    /// For how many seconds browsers are to ask with HTTPS alone, once they have been told.
    pub hsts_seconds: Option<u64>,
    /// What requests may use up.
    pub limits: Limits,
    /// Bytes of rendered pages to keep.
    pub page_cache_bytes: u64,
    /// Bytes of files to keep.
    pub file_cache_bytes: u64,
    /// The folders whose room administrators are shown.
    pub disks: Arc<dyn Disks>,
}

/// What is at `/`.
#[derive(Debug)]
pub enum FrontPage {
    /// The home page: search, what is new, how to install from here.
    Home,
    /// A welcome page, as pypiserver has it.
    Welcome(Welcome),
}

/// What files say about caching.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileCaching {
    /// Nothing.
    Silent,
    /// Keep, and ask each time whether it is still the same.
    Revalidate,
    /// Keep, and never ask: a name never gets other bytes.
    Immutable,
}

/// What credentials on a route that needs none are good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NeedlessCredentials {
    /// Nothing: they are not looked at.
    Ignore,
    /// Wrong ones are refused, so that an expired password is noticed.
    Check,
}

/// What uploaders' actions of long ago get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LegacyActions {
    /// The polite nothing that pypiserver gives.
    Accept,
    /// 410, as at the public index.
    Gone,
}

/// What requests may use up.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The largest file that may be uploaded, in bytes.
    pub max_upload_bytes: u64,
    /// Connections at one time.
    pub max_connections: usize,
    /// How long a client may take to send the head of a request.
    pub header_timeout: Duration,
    /// How long a client may send or take nothing in the middle of a body.
    pub idle_timeout: Duration,
    /// How often something may be tried.
    pub abuse: AbuseLimits,
    /// How long requests may go on after the program was told to stop.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_upload_bytes: 4 * 1024 * 1024 * 1024,
            max_connections: 10_000,
            header_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_mins(1),
            drain_timeout: Duration::from_secs(30),
            abuse: AbuseLimits::default(),
        }
    }
}

/// What becomes of attestations that come with uploads.
#[derive(Debug, Clone)]
pub enum Attestations {
    /// The upload is refused: nothing is there to verify them with.
    Refuse,
    /// They are dropped.
    Ignore,
    /// They are verified, and kept with the file.
    Verify(Arc<dyn AttestationVerifier>),
}
